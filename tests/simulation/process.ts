/**
 * One process of Waybill: everything it asks of the world goes through `call`, where other work comes between, where calls
 * fail, and where the process may die. What is dead never hears an answer, so nothing of it goes on.
 */
import type { Instant } from '../../src/kernel/ids.ts'
import { instant, milliseconds } from '../../src/kernel/time.ts'
import { MemoryWork } from '../../src/platform/store/memory.ts'
import { Aborted, type Batches, OutcomeUnknown, type Work, type Write } from '../../src/platform/store/work.ts'
import type { Faults } from './faults.ts'
import type { Transaction } from './locks.ts'
import type { Random, Trace } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import { beganAt, type Server, type SimulatedWrite } from './server.ts'

export type Surroundings = Readonly<{
  scheduler: Scheduler
  random: Random
  server: Server
  trace: Trace
  /** As they are now: none once the seed heals. */
  faults: () => Faults
  counted: (fault: string) => void
}>

/** A batch that knows its transaction. */
export class SimulatedWork extends MemoryWork {
  readonly transaction: Transaction
  constructor(now: Instant, transaction: Transaction) {
    super(now)
    this.transaction = transaction
  }
}
export const transactionOf = (work: Work): Transaction => {
  if (!(work instanceof SimulatedWork)) throw new Error('a simulated store was handed a batch of another form')
  return work.transaction
}

/** Calls that are not the database's are named so. */
export const outside = 'outside: '
const standbyEveryMs = 20
const statementMs = { least: 0.2, most: 3 } as const
const slowMs = { least: 50, most: 3_000 } as const
/** So long the server needs to notice that its client is gone. */
const noticedMs = 5

export class Process implements Batches {
  readonly name: string
  readonly around: Surroundings
  alive = true
  readonly #onDeath: (() => void)[] = []
  /** What its own clock is ahead of the truth, until the database told it. */
  #offsetMs: number

  constructor(name: string, around: Surroundings, skewHours: number) {
    this.name = name
    this.around = around
    this.#offsetMs = skewHours * 3_600_000
  }

  /** As `Database.nowEstimate`: this machine's clock at first, the database's as last heard afterwards. */
  now(): Instant {
    return instant(beganAt + Math.floor(this.around.scheduler.now + this.#offsetMs))
  }

  /** As a shop does before it opens. */
  async learnTime(): Promise<void> {
    this.#heard(await this.call('read the time', () => this.around.server.now()))
  }

  whenDead(run: () => void): void {
    this.#onDeath.push(run)
  }

  crash(): void {
    if (!this.alive) return
    this.alive = false
    const { trace, scheduler, server, counted } = this.around
    trace.add(this.name, 'dies')
    counted('crash')
    scheduler.after(noticedMs, () => server.hangUp(this.name))
    for (const run of this.#onDeath) run()
  }

  /** Something asked of the outside: it takes its time, others do things meanwhile, and the process may die before or after it. */
  call<Result>(what: string, run: () => Result | Promise<Result>, ms?: number): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (!this.alive) return
      const { scheduler, random, server, trace, faults, counted } = this.around
      const { crash, slow } = faults()
      const { epoch } = server
      const dies = random.happens(crash) ? (random.happens(0.5) ? 'before' : 'after') : undefined
      let takes = ms ?? random.between(statementMs.least, statementMs.most)
      if (random.happens(slow)) {
        counted('slow')
        takes = random.between(slowMs.least, slowMs.most)
      }
      const carryOut = async (): Promise<void> => {
        try {
          const result = await run()
          if (dies === 'after') this.crash()
          if (this.alive) resolve(result)
        } catch (fault) {
          if (dies === 'after') this.crash()
          if (this.alive) reject(fault instanceof Error ? fault : new Error(String(fault)))
        }
      }
      scheduler.after(takes, () => {
        if (dies === 'before') this.crash()
        // What was on its way when its sender died may be lost with him.
        if (!this.alive && random.happens(0.5)) return
        trace.add(this.name, what)
        // For a moment there is no server: who asks it hears so, and all connections are new ones afterwards.
        if ((server.isAway || server.epoch !== epoch) && !what.startsWith(outside))
          return reject(new Error('the connection was refused'))
        void carryOut()
      })
    })
  }

  /** A statement that writes by itself: it is answered when the standby has it, and never where that never comes. */
  write<Result>(what: string, run: () => Result | Promise<Result>): Promise<Result> {
    const { server, scheduler } = this.around
    return this.call(what, async () => {
      const { epoch } = server
      while (!server.hasStandby) await scheduler.wait(standbyEveryMs)
      if (server.epoch !== epoch) throw new Error('the connection was lost')
      return run()
    })
  }

  /** A statement inside a transaction, which it may break. */
  statement<Result>(work: Work, what: string, run: (transaction: Transaction) => Result | Promise<Result>): Promise<Result> {
    const transaction = transactionOf(work)
    return this.call(what, () => {
      const { random, faults, counted, server } = this.around
      const { serialization, broken } = faults()
      if (transaction.state === 'over') throw new Error('the connection is gone')
      if (random.happens(serialization / 4)) {
        counted('serialization')
        throw new Aborted('conflict', 'a serialisation failure was drawn')
      }
      if (random.happens(broken)) {
        counted('broken')
        server.end(transaction)
        throw new Error('the connection was lost')
      }
      return run(transaction)
    })
  }

  async batch<Result>(decide: (work: Work) => Promise<Result>): Promise<Result> {
    const { server } = this.around
    const [transaction, now] = await this.call('begin', () => [server.begin(this.name), server.now()] as const)
    this.#heard(now)
    const work = new SimulatedWork(now, transaction)
    let result: Result
    try {
      result = await decide(work)
    } catch (fault) {
      await this.call('rollback', () => server.end(transaction))
      throw fault
    }
    await this.#commit(transaction, work.writes)
    return result
  }

  /** One guarded statement without a transaction around it. */
  async save(writes: readonly Write[]): Promise<void> {
    const { server } = this.around
    await this.#commit(server.begin(this.name), writes)
  }

  async #commit(transaction: Transaction, writes: readonly Write[]): Promise<void> {
    const { server, random, scheduler, faults, counted } = this.around
    const { serialization, lostAnswer, lostCommit } = faults()
    await this.call(`commit ${writes.length}`, async () => {
      if (transaction.state === 'over') throw new OutcomeUnknown('the connection is gone')
      if (random.happens(lostCommit)) {
        counted('lostCommit')
        server.end(transaction)
        throw new OutcomeUnknown('the line was cut before the commit arrived')
      }
      if (random.happens(serialization)) {
        counted('serialization')
        server.end(transaction)
        throw new Aborted('conflict', 'a serialisation failure was drawn')
      }
      const { epoch } = server
      await server.commit(transaction, writes)
      if (random.happens(lostAnswer)) {
        counted('lostAnswer')
        throw new OutcomeUnknown('the line was cut before the answer came')
      }
      await scheduler.wait(random.between(statementMs.least, statementMs.most))
      // With the server that had it the answer is gone too, whatever its standby knows.
      if (server.epoch !== epoch) throw new OutcomeUnknown('the connection was lost')
      if (!server.isReplicated(writes.some((write) => (write as SimulatedWrite).isEmpty !== true)))
        throw new OutcomeUnknown('the commit was not confirmed by its standby')
    })
  }

  #heard(now: Instant): void {
    this.#offsetMs = milliseconds(now) - beganAt - this.around.scheduler.now
  }
}
