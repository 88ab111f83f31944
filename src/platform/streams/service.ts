/**
 * Lock → decide → save, for rooms whose objects are streams: the one way a command changes anything. Callers' commands
 * gather in a micro-batch; reactions hand theirs over in the batch that also moves their position.
 */
import { type Change, type Decider, Deciding, isRefusal, type Refusal, refuse } from '../../kernel/decider.ts'
import type { Fact, Origin } from '../../kernel/event.ts'
import type { Instant } from '../../kernel/ids.ts'
import { type BatchLimits, microBatch } from '../../kernel/micro-batch.ts'
import type { Append, KeyClaim, Records } from '../records/records.ts'
import { Aborted, type Batches, Fault, isolateFaults, type Work, type Write } from '../store/work.ts'
import type { StreamStore } from './store.ts'

/** A command as a door sends it: the instant is stamped by the batch that decides it. */
export type Unstamped<Command> = Command extends { at: Instant } ? Omit<Command, 'at'> : Command

export type Asked<Command> = Readonly<{
  id: string
  command: Unstamped<Command>
  origin: Origin
  /** Present where the caller sent an Idempotency-Key. */
  key?: KeyClaim | undefined
  /** The version the caller saw (`If-Match`): another one is refused as `version_mismatch`. */
  expected?: number | undefined
}>

export type Answer<Event, State> = Readonly<{
  id: string
  version: number
  state: State
  events: readonly Event[]
  replayed: boolean
}>

/** Refusals that the machinery itself gives, in every room. */
export type CommonReason = 'version_mismatch' | 'idempotency_key_reused'
export type Outcome<Event, State, Reason extends string> = Answer<Event, State> | Refusal<Reason | CommonReason>

/** All changes of a batch at once, so that what follows from many of them can be written as one. */
export type Effects<Event, State> = (changes: readonly Change<Event, State>[], work: Work) => readonly Write[]

export type StreamServiceOptions<Command, Event extends Fact, State, Reason extends string> = Readonly<{
  name: string
  batches: Batches
  records: Records
  store: StreamStore<State>
  decider: Decider<Command, Event, State, Reason>
  /** What else the changes of a batch write: tasks, rows of a log. Pure: it returns writes, it does nothing. */
  effects?: Effects<Event, State>
  /** `streamLimits` where absent. */
  limits?: BatchLimits
  /** Called after the commit. */
  committed: () => void
}>

/** A few dozen rows a batch keep a lock short; 10,000 waiting is seconds of work, beyond which a 503 is kinder. */
export const streamLimits = { itemsMax: 128, inFlightMax: 1, waitingMax: 10_000 } as const

export class StreamService<Command, Event extends Fact, State, Reason extends string> {
  readonly #options: StreamServiceOptions<Command, Event, State, Reason>
  readonly handle: (asked: Asked<Command>) => Promise<Outcome<Event, State, Reason>>

  constructor(options: StreamServiceOptions<Command, Event, State, Reason>) {
    this.#options = options
    const { name, limits = streamLimits } = options
    const together = microBatch(name, (batch: readonly Asked<Command>[]) => this.#commit(batch), limits)
    this.handle = async (asked) => {
      const outcome = await together(asked)
      if (outcome instanceof Fault) throw outcome.cause
      return outcome
    }
  }

  async #commit(batch: readonly Asked<Command>[]): Promise<readonly (Outcome<Event, State, Reason> | Fault)[]> {
    const outcomes = await isolateFaults(batch, (items) => this.#options.batches.batch((work) => this.within(work, items)))
    this.#options.committed()
    return outcomes
  }

  /** Decides commands inside a batch that someone else began and will save: a reaction, or an inline wire. */
  async within(work: Work, batch: readonly Asked<Command>[]): Promise<readonly Outcome<Event, State, Reason>[]> {
    const { records, store, decider } = this.#options
    const claims = batch.flatMap(({ key }) => (key === undefined ? [] : [key]))
    const keys = new KeysInBatch(await records.claimed(work, claims))
    const replayed = batch.flatMap(({ key }) => (key === undefined ? [] : (keys.find(key)?.object ?? [])))
    const stored = await store.lock(work, [...batch.map(({ id }) => id), ...replayed])
    const deciding = new Deciding(decider, stored)
    const origins = new Map<string, Origin>()

    const outcomes = batch.map((asked): Outcome<Event, State, Reason> => {
      const known = asked.key === undefined ? undefined : keys.find(asked.key)
      if (known !== undefined) {
        if (known.hash !== asked.key?.hash) return keyReused()
        return { id: known.object, ...deciding.current(known.object), events: [], replayed: true }
      }
      const { version } = deciding.current(asked.id)
      if (asked.expected !== undefined && asked.expected !== version) return versionMismatch(asked.expected, version)
      const decided = deciding.consider(asked.id, { ...asked.command, at: work.now } as Command)
      if (isRefusal(decided)) return decided
      deciding.keep(asked.id, decided)
      if (asked.key !== undefined) keys.claim(asked.key, asked.id)
      origins.set(asked.id, asked.origin)
      return { id: asked.id, ...decided, replayed: false }
    })

    await unlessRepeated(records, work, keys, batch, outcomes)
    this.keep(work, deciding.changes, origins)
    if (keys.made.length > 0) work.add(records.claim(keys.made))
    return outcomes
  }

  /** Saves what was decided with this room's rules, here or in someone else's batch, with everything that follows from it. */
  keep(work: Work, changes: readonly Change<Event, State>[], origins: ReadonlyMap<string, Origin>): void {
    if (changes.length === 0) return
    const { records, store, effects } = this.#options
    work.add(store.save(changes), records.append(changes.map((change) => appendOf(change, origins.get(change.id), work.now))))
    if (effects !== undefined) work.add(...effects(changes, work))
  }
}

export const appendOf = <Event extends Fact>(change: Change<Event, unknown>, origin: Origin | undefined, at: Instant): Append => ({
  stream: change.id,
  firstVersion: change.version - change.events.length + 1,
  facts: change.events,
  origin: origin ?? { actor: 'system' },
  at,
})

export const versionMismatch = (expected: number, version: number): Refusal<CommonReason> =>
  refuse('version_mismatch', `it is at version ${version}, not ${expected}: read it again and repeat the change`, { version })
export const keyReused = (): Refusal<CommonReason> =>
  refuse('idempotency_key_reused', 'this Idempotency-Key was used with another body: send a new key for a new request')

/** The keys of a batch: those found in the database and those that the batch itself makes. */
export class KeysInBatch {
  readonly made: (KeyClaim & { object: string })[] = []
  readonly #known: Map<string, Readonly<{ hash: string; object: string }>>
  constructor(found: ReadonlyMap<string, Readonly<{ hash: string; object: string }>>) {
    this.#known = new Map(found)
  }
  find({ scope, key }: KeyClaim): Readonly<{ hash: string; object: string }> | undefined {
    return this.#known.get(`${scope}\n${key}`)
  }
  claim(claim: KeyClaim, object: string): void {
    this.#known.set(`${claim.scope}\n${claim.key}`, { hash: claim.hash, object })
    this.made.push({ ...claim, object })
  }
}

/**
 * Keys are read before rows are locked. Whoever then waited for a row may have waited for the first call of his own command,
 * and be refused for what that one did: such a batch is decided again, and finds the key. Nobody else pays for the look.
 */
export const unlessRepeated = async (
  records: Records,
  work: Work,
  keys: KeysInBatch,
  batch: readonly Readonly<{ key?: KeyClaim | undefined }>[],
  outcomes: readonly unknown[],
): Promise<void> => {
  const refused = batch.flatMap(({ key }, index) =>
    key !== undefined && isRefusal(outcomes[index]) && keys.find(key) === undefined ? [key] : [],
  )
  if (refused.length > 0 && (await records.claimed(work, refused)).size > 0)
    throw new Aborted('conflict', 'its key was saved while it waited for its rows')
}
