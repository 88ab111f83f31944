/**
 * Does what a batch left to be done outside (a capture, a label, a mail) or later (a timer). Claims in batches, holds no
 * transaction while acting, and brings the answer back as a command; a task may run twice, so what it asks for carries a
 * key that the other side knows.
 */
import type { Instant } from '../../kernel/ids.ts'
import type { Logger } from '../log.ts'
import type { Database } from '../postgres/database.ts'

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
export type TaskHandler = Readonly<{
  kind: string
  /** A whole claim at once, so that a handler's own commands share batches. One answer a task, in order; a throw fails its task alone when it is rejected per task. */
  run: (task: ClaimedTask) => Promise<TaskResult>
  /** Tries before it is given up and shown as dead. */
  attemptsMax?: number
}>

/** As many as the provider's pool of connections serves at once; the rest waits in the table. */
const claimMax = 64
/** A worker that died holds its tasks this long. */
const leaseSeconds = 60
const attemptsDefault = 12
/** Seconds between tries: doubled each time up to ten minutes. */
const backoff = (attempt: number): number => Math.min(600, 2 ** Math.min(attempt, 10))
const pollMs = 500

export class TaskWorker {
  readonly #database: Database
  readonly #handlers: ReadonlyMap<string, TaskHandler>
  readonly #log: Logger
  #stopped = false
  #awake = false
  #wakeUp: (() => void) | undefined
  #running: Promise<void> | undefined

  constructor(database: Database, handlers: readonly TaskHandler[], log: Logger) {
    this.#database = database
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
  }

  /** Does what is due now. @returns how many tasks were taken. */
  async round(): Promise<number> {
    const tasks = await this.#claim()
    const results = await Promise.all(tasks.map((task) => this.#attempt(task)))
    await this.#finish(tasks, results)
    return tasks.length
  }

  /** Whether nothing is due now: not waiting, and not being done by anybody. */
  async quiet(): Promise<boolean> {
    const [row] = await this.#database.read<{ busy: boolean }>(
      'select exists (select 1 from platform.tasks where not dead and due_at <= now() and kind = any($1::text[])) as busy',
      [[...this.#handlers.keys()]],
    )
    return row?.busy !== true
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#awake = false
      let taken = 0
      try {
        taken = await this.round()
      } catch (fault) {
        // The database is away: leases run out and the tasks are taken again.
        this.#log.warn({ fault }, 'tasks pause')
      }
      if (taken === 0 && !this.#awake && !this.#stopped) await this.#sleep()
    }
  }

  async #sleep(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pollMs)
      this.#wakeUp = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wakeUp = undefined
  }

  async #claim(): Promise<ClaimedTask[]> {
    const rows = await this.#database.read<{
      id: string
      kind: string
      key: string
      attempt: number
      due_at: Instant
      body: Record<string, unknown>
    }>(
      `update platform.tasks set lease_until = now() + interval '${leaseSeconds} seconds', attempt = attempt + 1
        where id in (select id from platform.tasks where not dead and due_at <= now() and (lease_until is null or lease_until < now()) and kind = any($1::text[])
          order by due_at limit ${claimMax} for update skip locked)
       returning id, kind, key, attempt, due_at, body`,
      [[...this.#handlers.keys()]],
      'tasks_claim',
    )
    return rows.map(({ due_at, ...task }) => ({ ...task, dueAt: due_at }))
  }

  async #attempt(task: ClaimedTask): Promise<TaskResult | Readonly<{ failed: string; dead: boolean }>> {
    const handler = this.#handlers.get(task.kind)
    if (handler === undefined) return { failed: `nothing handles ${task.kind}`, dead: true }
    try {
      return await handler.run(task)
    } catch (fault) {
      const dead = task.attempt >= (handler.attemptsMax ?? attemptsDefault)
      this.#log.warn({ fault, task: task.kind, key: task.key, attempt: task.attempt, dead }, 'a task failed')
      return { failed: fault instanceof Error ? fault.message : String(fault), dead }
    }
  }

  async #finish(
    tasks: readonly ClaimedTask[],
    results: readonly (TaskResult | Readonly<{ failed: string; dead: boolean }>)[],
  ): Promise<void> {
    const done: string[] = []
    const later: { id: string; seconds: number; attempt: number; error: string | null; dead: boolean }[] = []
    for (const [index, task] of tasks.entries()) {
      const result = results[index]
      if (result === 'done' || result === undefined) done.push(task.id)
      else if ('again' in result)
        later.push({ id: task.id, seconds: result.again, attempt: task.attempt - 1, error: null, dead: false })
      else
        later.push({ id: task.id, seconds: backoff(task.attempt), attempt: task.attempt, error: result.failed, dead: result.dead })
    }
    if (done.length > 0) await this.#database.read('delete from platform.tasks where id = any($1::uuid[])', [done], 'tasks_done')
    if (later.length > 0) {
      await this.#database.read(
        `update platform.tasks t set lease_until = null, due_at = now() + l.seconds * interval '1 second', attempt = l.attempt, last_error = l.error, dead = l.dead
          from unnest($1::uuid[], $2::float8[], $3::int[], $4::text[], $5::bool[]) as l (id, seconds, attempt, error, dead) where t.id = l.id`,
        [
          later.map((l) => l.id),
          later.map((l) => l.seconds),
          later.map((l) => l.attempt),
          later.map((l) => l.error),
          later.map((l) => l.dead),
        ],
        'tasks_later',
      )
    }
  }
}
