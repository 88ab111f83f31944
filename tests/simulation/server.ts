/**
 * The database as all processes see it: one truth in memory with the constraints of the tables, row locks, one clock, and
 * a log of commits, of which the standby may lack the last.
 */
import type { Instant } from '../../src/kernel/ids.ts'
import { instant } from '../../src/kernel/time.ts'
import type { MemoryWrite, Write } from '../../src/platform/store/work.ts'
import { Locks, Transaction } from './locks.ts'
import type { Trace } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import { type Stores, storesOf } from './stores.ts'

/** A write says which rows it touches, so that it waits for who holds them. */
export type SimulatedWrite = MemoryWrite & Readonly<{ rows?: readonly string[]; isEmpty?: boolean }>

/** Until the standby answers: longer than anybody rests who looks by himself. */
const awayMs = 600
/** A Saturday morning: nothing in the simulation depends on when it runs. */
export const beganAt = Date.parse('2026-11-21T08:00:00Z')

export class Server {
  readonly stores: Stores
  readonly locks: Locks
  /** Since its standby does not answer: what was committed then is gone when the standby takes over. */
  #unreplicatedFrom: number | undefined
  isAway = false
  /** Raised with each fail-over: another server, other connections. */
  epoch = 0
  readonly #scheduler: Scheduler
  readonly #trace: Trace
  readonly #open = new Set<Transaction>()

  constructor(scheduler: Scheduler, trace: Trace) {
    this.#trace = trace
    this.#scheduler = scheduler
    this.locks = new Locks(scheduler)
    this.stores = storesOf(() => this.now())
  }

  /** The one clock that facts are stamped by. */
  now(): Instant {
    return instant(beganAt + Math.floor(this.#scheduler.now))
  }

  begin(owner: string): Transaction {
    const transaction = new Transaction(owner)
    this.#open.add(transaction)
    return transaction
  }

  /** All of it, or nothing. @throws what a constraint says */
  async commit(transaction: Transaction, writes: readonly Write[]): Promise<void> {
    transaction.state = 'committing'
    try {
      const saved = writes.map((write) => write as SimulatedWrite)
      await this.locks.take(
        transaction,
        saved.flatMap(({ rows }) => rows ?? []),
      )
      if (saved.length > 0) this.#save(saved)
    } finally {
      this.end(transaction)
    }
  }

  #save(writes: readonly SimulatedWrite[]): void {
    const { journal } = this.stores.records
    const before = journal.length
    this.stores.store.commit(writes)
    for (const { position, stream, version, fact } of journal.slice(before))
      this.#trace.add('journal', `${position}: ${fact.type} of ${stream}@${version}`, () => JSON.stringify(fact))
  }

  /** Without a commit: nothing of it was saved. */
  end(transaction: Transaction): void {
    this.#open.delete(transaction)
    this.locks.release(transaction)
  }

  /** A process is gone, or its lines are: what it had not sent to commit is rolled back. */
  hangUp(owner: string): void {
    for (const transaction of this.#open) if (transaction.owner === owner && transaction.state === 'open') this.end(transaction)
  }

  loseStandby(): void {
    this.#unreplicatedFrom ??= this.stores.store.made
  }

  /** It has caught up: nothing is in danger any more. */
  standbyIsBack(): void {
    this.#unreplicatedFrom = undefined
  }

  /** Whether a commit may be reported. One that wrote nothing waits for no standby, whatever it has read. */
  isReplicated(wrote: boolean): boolean {
    return !wrote || this.#unreplicatedFrom === undefined
  }

  get hasStandby(): boolean {
    return this.#unreplicatedFrom === undefined
  }

  /** The standby takes over, without what it lacks. @returns how many commits are gone. */
  failOver(): number {
    const { store } = this.stores
    for (const transaction of this.#open) if (transaction.state === 'open') this.end(transaction)
    const lost = this.#unreplicatedFrom === undefined ? 0 : store.lose(store.made - this.#unreplicatedFrom)
    this.#unreplicatedFrom = undefined
    this.isAway = true
    this.epoch += 1
    this.#scheduler.after(awayMs, () => {
      this.isAway = false
    })
    return lost
  }
}
