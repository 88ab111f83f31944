/**
 * Runs operations against each other, a statement at a time in a given order, as PostgreSQL's isolation tester does: the
 * next letter of a schedule releases that party's next statement; one that waits for a lock stays on its way while others go
 * on; a deadlock is PostgreSQL's to solve, and whoever was aborted tries again and is scheduled further.
 */
import pg from 'pg'
import type { EmbeddedConnection } from '../../src/platform/postgres/embedded.ts'
import { type Ended, type Failed, Party } from './gate.ts'

/** At each turn the parties that could go, and which of them went. */
export type Turn = Readonly<{ ready: readonly string[]; chosen: string }>
/** Says who goes next. */
export type Choose = (ready: readonly string[], turns: readonly Turn[]) => string

export type Ran = Readonly<{
  /** A letter a statement, by which it can be run again. */
  schedule: string
  turns: readonly Turn[]
  ended: readonly Ended<unknown>[]
  /** What was sent, by whom, in order; `waits` where it met a lock. */
  trace: readonly string[]
  blocked: number
  failed: readonly Failed[]
}>

/** An answer that takes longer than this is looked into: its backend may wait for a lock. */
const askAfterMs = 1
/** Nothing moved for so long: not a wait for a lock that anybody here holds, but a fault of the explorer or of the product. */
const stuckMs = 15_000

export class Scheduler {
  readonly #observer: pg.Client
  constructor(observer: pg.Client) {
    this.#observer = observer
  }

  /** A connection of its own, from which the others' backends are watched. */
  static async open(connection: EmbeddedConnection): Promise<Scheduler> {
    const observer = new pg.Client(connection)
    await observer.connect()
    return new Scheduler(observer)
  }

  close(): Promise<void> {
    return this.#observer.end()
  }

  async run(operations: readonly (() => Promise<unknown>)[], choose: Choose): Promise<Ran> {
    const bell = new Bell()
    const parties = operations.map((_, index) => new Party(nameOf(index), () => bell.ring()))
    const waiting = new Set<Party>()
    const trace: string[] = []
    const turns: Turn[] = []
    let blocked = 0
    const note = (party: Party): void => {
      blocked += 1
      trace.push(`${party.name} waits`)
    }
    const ending: Promise<Ended<unknown>>[] = []
    // One after the other, so that two of one process are two batches of it, each with statements of its own.
    for (const [index, party] of parties.entries()) {
      ending.push(party.run(operations[index] ?? nothing))
      await this.#steady(parties.slice(0, index + 1), waiting, bell, note)
    }
    for (;;) {
      await this.#steady(parties, waiting, bell, note)
      const ready = parties.filter((party) => party.isReady).map(({ name }) => name)
      if (ready.length === 0) {
        if (parties.every(({ isOver }) => isOver)) break
        // All wait for locks: PostgreSQL finds the ring and breaks it.
        await bell.rings(stuckMs)
        continue
      }
      const chosen = choose(ready, turns)
      const party = parties.find(({ name }) => name === chosen)
      if (party === undefined || !ready.includes(chosen)) throw new Error(`${chosen} cannot go: ${ready.join(', ')} can`)
      turns.push({ ready, chosen })
      trace.push(`${chosen} ${party.next ?? ''}`)
      party.release()
    }
    return {
      schedule: turns.map(({ chosen }) => chosen).join(''),
      turns,
      ended: await Promise.all(ending),
      trace,
      blocked,
      failed: parties.flatMap(({ failed }) => failed),
    }
  }

  /** Until each party is over, has a statement to send, or waits for a lock that another one holds. */
  async #steady(parties: readonly Party[], waiting: Set<Party>, bell: Bell, note: (party: Party) => void): Promise<void> {
    const since = performance.now()
    for (;;) {
      // What changes while the database is asked about locks makes its answer old: it is asked again.
      const before = bell.count
      for (const party of waiting) if (party.pid === undefined) waiting.delete(party)
      if (waiting.size > 0) for (const party of await this.#freed(waiting)) waiting.delete(party)
      const moving = parties.filter((party) => !party.isOver && !party.isReady && !waiting.has(party))
      if (moving.length === 0 && bell.count === before) return
      if (moving.length === 0) continue
      if (performance.now() - since > stuckMs) {
        for (const party of parties) party.open()
        throw new Error(`nothing moves: ${moving.map(describeParty).join('; ')}`)
      }
      await bell.rings(askAfterMs)
      const asked = moving.filter((party) => party.pid !== undefined)
      if (asked.length === 0) continue
      const held = await this.#held(asked)
      for (const party of asked) {
        if (party.pid === undefined || !held.has(party.pid)) continue
        waiting.add(party)
        note(party)
      }
    }
  }

  /** Of those that waited, those whose lock was given to them: their answer is coming. */
  async #freed(waiting: ReadonlySet<Party>): Promise<readonly Party[]> {
    const held = await this.#held([...waiting])
    return [...waiting].filter(({ pid }) => pid === undefined || !held.has(pid))
  }

  /** Which of these backends wait for another one's lock. */
  async #held(asked: readonly Party[]): Promise<ReadonlySet<number>> {
    const pids = asked.flatMap(({ pid }) => pid ?? [])
    const { rows } = await this.#observer.query<{ pid: number }>({
      name: 'held',
      text: 'select pid from unnest($1::int[]) as asked (pid) where cardinality(pg_blocking_pids(pid)) > 0',
      values: [pids],
    })
    return new Set(rows.map(({ pid }) => pid))
  }
}

/** `a`, `b`, `c`. */
const nameOf = (index: number): string => String.fromCharCode('a'.charCodeAt(0) + index)
const nothing = (): Promise<void> => Promise.resolve()
const describeParty = ({ name, pid, sent }: Party): string =>
  `${name} after ${sent.at(-1) ?? 'nothing'}${pid === undefined ? '' : ` in backend ${pid}`}`

/** Rung whenever a party changed; whoever waits for it hears it once. */
class Bell {
  /** How often it rang so far. */
  count = 0
  #rung = false
  #hear: (() => void) | undefined

  ring(): void {
    this.count += 1
    this.#rung = true
    this.#hear?.()
  }

  /** When it rings next, or has rung since it was last heard; at the latest after so long. */
  async rings(withinMs: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, withinMs)
        this.#hear = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      this.#hear = undefined
    }
    this.#rung = false
    // What the answer lets go on goes on in this turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve))
  }
}
