/** Row locks as PostgreSQL has them: held to the end of the transaction, waited for in turn, a deadlock's closer is its victim. */
import { Aborted } from '../../src/platform/store/work.ts'
import type { Scheduler } from './scheduler.ts'

/** What the product's connections allow a statement to wait for a lock. */
const lockTimeoutMs = 2_000

export class Transaction {
  readonly owner: string
  readonly held = new Set<string>()
  state: 'open' | 'committing' | 'over' = 'open'
  waitsFor: string | undefined

  constructor(owner: string) {
    this.owner = owner
  }
}

type Waiter = Readonly<{ transaction: Transaction; grant: () => void }>

export class Locks {
  readonly counts = { waits: 0, deadlocks: 0, timeouts: 0 }
  readonly #scheduler: Scheduler
  readonly #holders = new Map<string, Transaction>()
  readonly #queues = new Map<string, Waiter[]>()

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  /** One after the other, in the order in which they are named. */
  async take(transaction: Transaction, keys: Iterable<string>): Promise<void> {
    for (const key of keys) {
      // Its connection may be gone since it began to wait.
      if (transaction.state === 'over') throw new Error('the connection is gone')
      const holder = this.#holders.get(key)
      if (holder === transaction) continue
      if (holder === undefined) this.#give(key, transaction)
      else await this.#waitFor(key, transaction)
    }
  }

  /** Without waiting: `for update skip locked`. */
  tryTake(transaction: Transaction, key: string): boolean {
    const holder = this.#holders.get(key)
    if (holder === undefined) this.#give(key, transaction)
    return holder === undefined || holder === transaction
  }

  release(transaction: Transaction): void {
    transaction.state = 'over'
    for (const key of transaction.held) {
      this.#holders.delete(key)
      const queue = this.#queues.get(key) ?? []
      let next = queue.shift()
      while (next !== undefined && next.transaction.state === 'over') next = queue.shift()
      if (queue.length === 0) this.#queues.delete(key)
      if (next === undefined) continue
      this.#give(key, next.transaction)
      next.grant()
    }
    transaction.held.clear()
  }

  #give(key: string, transaction: Transaction): void {
    this.#holders.set(key, transaction)
    transaction.held.add(key)
  }

  async #waitFor(key: string, transaction: Transaction): Promise<void> {
    this.counts.waits += 1
    if (this.#closesCircle(key, transaction)) {
      this.counts.deadlocks += 1
      throw new Aborted('conflict', `deadlock at ${key}`)
    }
    transaction.waitsFor = key
    await new Promise<void>((resolve, reject) => {
      const queue = this.#queues.get(key) ?? []
      this.#queues.set(key, queue)
      const waiter: Waiter = {
        transaction,
        grant: () => {
          cancel()
          transaction.waitsFor = undefined
          resolve()
        },
      }
      const cancel = this.#scheduler.after(lockTimeoutMs, () => {
        const at = queue.indexOf(waiter)
        if (at >= 0) queue.splice(at, 1)
        transaction.waitsFor = undefined
        this.counts.timeouts += 1
        // Whose server is gone hears that, and not how long the wait was.
        const isGone = transaction.state === 'over'
        reject(isGone ? new Error('the connection is gone') : new Aborted('conflict', `waited too long for ${key}`))
      })
      queue.push(waiter)
    })
  }

  #closesCircle(key: string, transaction: Transaction): boolean {
    let wanted: string | undefined = key
    while (wanted !== undefined) {
      const holder = this.#holders.get(wanted)
      if (holder === undefined) return false
      if (holder === transaction) return true
      wanted = holder.waitsFor
    }
    return false
  }
}
