/**
 * Does what a batch left to be done outside (a capture, a label, a mail) or later (a timer). Claims in batches, holds no
 * transaction while acting, and brings the answer back as a command; a task may run twice, so what it asks for carries a
 * key that the other side knows.
 */
import { every, later, nowMs, wait } from '../../kernel/timers.ts'
import { type Demand, Pace } from '../pace.ts'
import type { Logger } from '../log.ts'
import { Fault } from '../store/work.ts'
import { kindOf, together, unbundled } from './bundle.ts'
import type { ClaimedTask, TaskHandler, TaskOutcome } from './handler.ts'
import { type Later, leaseSeconds, type TaskRows } from './rows.ts'

/** Tasks of a kind a claim: beyond this a statement's own cost is no longer felt, and a crash repeats more. */
const tasksMaxDefault = 256
const attemptsDefault = 12
/** Seconds between tries: doubled each time up to ten minutes. */
const backoff = (attempt: number): number => Math.min(600, 2 ** Math.min(attempt, 10))
const pollMs = 500
/** After a claim that found nothing. Every commit wakes the worker, most leave no task: one claim in seven found any without it. */
const restMs = 20
/** Twice may fail before a lease is over. */
const renewEveryMs = (leaseSeconds * 1_000) / 4
/** So long a claim waits for all its kinds before the quick ones go on without the slow. */
const patienceMs = 200

type Begun = Readonly<{ taken: number; ended: Promise<unknown> }>

export class TaskWorker {
  readonly #rows: TaskRows
  readonly #handlers: ReadonlyMap<string, TaskHandler>
  readonly #log: Logger
  readonly #pace: Pace
  /** Kinds that are being done: none is claimed again before its last claim is over, so what is in hand is bounded. */
  readonly #inHand = new Map<string, Promise<void>>()
  #stopped = false
  #awake = false
  #wakeUp: (() => void) | undefined
  #running: Promise<void> | undefined

  constructor(
    rows: TaskRows,
    handlers: readonly TaskHandler[],
    log: Logger,
    /** Tasks make room for those who wait for an answer. */
    demand: Demand = {},
  ) {
    this.#pace = new Pace(demand)
    this.#rows = rows
    this.#handlers = new Map(handlers.map((handler) => [handler.kind, handler]))
    this.#log = log
  }

  start(): void {
    this.#running = this.#run()
  }

  wake(): void {
    this.#awake = true
    this.#wakeUp?.()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.wake()
    await this.#running
    await Promise.all(this.#inHand.values())
  }

  /** Does what is due now. @returns how many tasks were taken. */
  async round(): Promise<number> {
    const { taken, ended } = await this.#begin()
    await ended
    return taken
  }

  /** Whether nothing is due now: not waiting, and not being done by anybody. */
  async quiet(): Promise<boolean> {
    return !(await this.#rows.isBusy([...this.#handlers.keys()]))
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#awake = false
      const began = nowMs()
      let taken = 0
      try {
        taken = await this.#take()
      } catch (fault) {
        // The database is away: leases run out and the tasks are taken again.
        this.#log.warn({ fault }, 'tasks pause')
      }
      if (this.#stopped) return
      await this.#pace.makeRoom(nowMs() - began, () => this.#stopped)
      if (taken > 0) continue
      await wait(restMs)
      if (!this.#awake && !this.#stopped) await this.#sleep()
    }
  }

  async #take(): Promise<number> {
    const { taken, ended } = await this.#begin()
    await withPatience(ended)
    return taken
  }

  async #sleep(): Promise<void> {
    await new Promise<void>((resolve) => {
      const callOff = later(pollMs, resolve)
      this.#wakeUp = () => {
        callOff()
        resolve()
      }
    })
    this.#wakeUp = undefined
  }

  async #begin(): Promise<Begun> {
    const free = [...this.#handlers.values()].filter(({ kind }) => !this.#inHand.has(kind))
    const rows = await this.#rows.claim(free.map(({ kind, tasksMax = tasksMaxDefault }) => ({ kind, tasksMax })))
    let taken = 0
    const kinds = [...Map.groupBy(rows, ({ kind }) => kindOf(kind))].map(([kind, mine]) => {
      const tasks = mine.map(unbundled)
      taken += tasks.reduce((sum, { length }) => sum + length, 0)
      const carried = this.#carry(kind, mine, tasks).finally(() => {
        this.#inHand.delete(kind)
        // More of it may be due by now.
        this.wake()
      })
      this.#inHand.set(kind, carried)
      return carried
    })
    return { taken, ended: Promise.all(kinds) }
  }

  /** @param tasks those of each row. */
  async #carry(kind: string, rows: readonly ClaimedTask[], tasks: readonly (readonly ClaimedTask[])[]): Promise<void> {
    const outcomes = await this.#held(rows, this.#outcomes(kind, tasks.flat()))
    try {
      await this.#finish(rows, tasks, outcomes)
    } catch (fault) {
      this.#log.warn({ fault, task: kind }, 'how tasks ended was not written down: they are taken again after their lease')
    }
  }

  /** What takes longer than its lease is nobody else's as long as this process lives. */
  async #held<Result>(rows: readonly ClaimedTask[], doing: Promise<Result>): Promise<Result> {
    const renew = (): void => {
      this.#rows.renew(rows).catch((fault: unknown) => this.#log.warn({ fault }, 'tasks in hand were not held for longer'))
    }
    const callOff = every(renewEveryMs, renew)
    try {
      return await doing
    } finally {
      callOff()
    }
  }

  async #outcomes(kind: string, tasks: readonly ClaimedTask[]): Promise<readonly TaskOutcome[]> {
    try {
      const outcomes = await this.#handlers.get(kind)?.run(tasks)
      if (outcomes?.length === tasks.length) return outcomes
      throw new Error(`${kind}: ${tasks.length} tasks, ${outcomes?.length ?? 0} outcomes`)
    } catch (fault) {
      return tasks.map(() => new Fault(fault))
    }
  }

  async #finish(
    rows: readonly ClaimedTask[],
    tasks: readonly (readonly ClaimedTask[])[],
    outcomes: readonly TaskOutcome[],
  ): Promise<void> {
    const done: string[] = []
    const later: Later[] = []
    const apart: ClaimedTask[] = []
    const parts: Later[] = []
    let next = 0
    for (const [index, row] of rows.entries()) {
      const mine = tasks[index] ?? []
      const left = this.#left(mine, outcomes.slice(next, next + mine.length))
      next += mine.length
      const [only] = left
      if (only === undefined) done.push(row.id)
      // All of it waits in the same way, as a row that is no bundle always does: the row itself is put off.
      else if (left.length === 1 && unbundled(only.row).length === mine.length) later.push({ ...only, row })
      else {
        apart.push(row)
        parts.push(...left)
      }
    }
    await this.#rows.done(done)
    await this.#rows.putOff(later)
    await this.#rows.takeApart(apart, parts)
  }

  /** What is left of a row: those that only wait stay together, those that failed go on alone. */
  #left(tasks: readonly ClaimedTask[], outcomes: readonly TaskOutcome[]): readonly Later[] {
    const left: Later[] = []
    const waiting = new Map<number, [ClaimedTask, ...ClaimedTask[]]>()
    for (const [index, task] of tasks.entries()) {
      const outcome = outcomes[index] ?? 'done'
      if (outcome === 'done') continue
      if (outcome instanceof Fault) {
        left.push(this.#failed(task, outcome.cause))
        continue
      }
      const others = waiting.get(outcome.again)
      if (others === undefined) waiting.set(outcome.again, [task])
      else others.push(task)
    }
    for (const [seconds, group] of waiting) {
      const row = together(group)
      left.push({ row, seconds, attempt: row.attempt - 1, error: null, dead: false })
    }
    return left
  }

  #failed(task: ClaimedTask, fault: unknown): Later {
    const { kind, key, attempt } = task
    const dead = attempt >= (this.#handlers.get(kind)?.attemptsMax ?? attemptsDefault)
    this.#log.warn({ fault, task: kind, key, attempt, dead }, 'a task failed')
    const error = fault instanceof Error ? fault.message : String(fault)
    return { row: task, seconds: backoff(attempt), attempt, error, dead }
  }
}

const withPatience = (ended: Promise<unknown>): Promise<void> =>
  new Promise((resolve) => {
    const callOff = later(patienceMs, resolve)
    void ended.finally(() => {
      callOff()
      resolve()
    })
  })
