/**
 * What a batch writes beside its states, whichever room it is: facts into the journal, tasks, idempotency keys and
 * personal data. One port, a PostgreSQL and a memory form.
 */
import type { Fact, Origin } from '../../kernel/event.ts'
import type { Instant, PersonRef } from '../../kernel/ids.ts'
import type { Work, Write } from '../store/work.ts'

/** A stream's new facts: the first one's version, and the rest follow without a gap. */
export type Append = Readonly<{ stream: string; firstVersion: number; facts: readonly Fact[]; origin: Origin; at: Instant }>

/** Something to do outside, or later. `key` names what it is about (an order, a payment) for people who look at the list. */
export type Task = Readonly<{ id: string; kind: string; key: string; dueAt: Instant; body: Readonly<Record<string, unknown>> }>

/** A caller's promise that a request is the same one as before. `expiresAt` undefined: kept for ever. */
export type KeyClaim = Readonly<{ scope: string; key: string; hash: string; expiresAt?: Instant | undefined }>
export type KeyFound = Readonly<{ hash: string; object: string }>

export type Person = Readonly<Record<string, unknown>>

export interface Records {
  append(appends: readonly Append[]): Write
  schedule(tasks: readonly Task[]): Write
  claim(claims: readonly (KeyClaim & Readonly<{ object: string }>)[]): Write
  describe(people: readonly Readonly<{ ref: PersonRef; body: Person }>[]): Write
  /** The claims that were made before, by `scope` + newline + `key`. */
  claimed(work: Work, claims: readonly KeyClaim[]): Promise<ReadonlyMap<string, KeyFound>>
  people(refs: readonly PersonRef[]): Promise<ReadonlyMap<string, Person>>
}

export const keyName = (claim: Pick<KeyClaim, 'scope' | 'key'>): string => `${claim.scope}\n${claim.key}`

/** Keys of commands other than placing an order are kept this long (I2). */
export const keyHoursKept = 72

/**
 * The shape of an event's body as this version writes it. A change of shape raises the number here, and an upcaster in
 * the room turns the older one into the newer.
 */
export const eventVersion = (fact: Fact): number => eventVersions[fact.type] ?? 1
const eventVersions: Readonly<Record<string, number>> = {}
