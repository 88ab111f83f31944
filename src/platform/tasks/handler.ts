/** What does tasks: a handler a kind, which is handed a whole claim at once, so that its reads and writes are one statement each. */
import type { Instant } from '../../kernel/ids.ts'
import { settleEach } from '../store/settle.ts'
import type { Fault } from '../store/work.ts'

export type ClaimedTask = Readonly<{
  id: string
  kind: string
  key: string
  attempt: number
  dueAt: Instant
  body: Readonly<Record<string, unknown>>
}>
/** `again`: not done, no fault; asked again after that many seconds, and the attempt does not count. */
export type TaskResult = 'done' | Readonly<{ again: number }>
/** A task that failed says so with its `Fault`: its neighbours are done all the same, and it is tried again later. */
export type TaskOutcome = TaskResult | Fault

export type TaskHandler = Readonly<{
  kind: string
  /** One outcome a task, in order. What is thrown fails every task of the claim: only what concerns them all may be. */
  run: (tasks: readonly ClaimedTask[]) => Promise<readonly TaskOutcome[]>
  /** Tries before it is given up and shown as dead. */
  attemptsMax?: number
  /** Tasks a claim, where fewer than usual can be done within a lease. */
  tasksMax?: number
}>

/** For what asks an outside party task by task: a `run` that keeps at most so many questions open. */
export const oneByOne =
  (atOnceMax: number, run: (task: ClaimedTask) => Promise<TaskResult>): TaskHandler['run'] =>
  (tasks) =>
    settleEach(tasks, atOnceMax, run)
