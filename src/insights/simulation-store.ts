/** All the SQL of simulations as jobs: their own rows, and nothing else of the shop. */
import type { Instant } from '../kernel/ids.ts'
import { Aborted } from '../platform/store/work.ts'
import { type Database, sql } from '../platform/postgres/database.ts'
import type { Work } from '../platform/store/work.ts'
import type { SimulationAnswer, SimulationAsked } from './simulation-job.ts'

export type JobStatus = 'queued' | 'running' | 'done' | 'failed' | 'cancelled'
export type JobRow = Readonly<{
  id: string
  status: JobStatus
  askedBy: string
  askedAt: Instant
  startedAt: Instant | null
  endedAt: Instant | null
  done: number
  total: number | null
  question: SimulationAsked
  error: string | null
}>
export type ClaimedJob = Readonly<{ id: string; attempt: number; question: SimulationAsked }>

const columns = `id, status, asked_by as "askedBy", asked_at as "askedAt", started_at as "startedAt", ended_at as "endedAt", done, total, question, error`
const texts = {
  /** Waiting ones are counted under a lock, so that no two callers take the last place. */
  lock: { name: 'simulations_lock', text: 'select pg_advisory_xact_lock(5248209343)' },
  waiting: {
    name: 'simulations_waiting',
    text: `select count(*)::int4 as waiting from insights.simulations where status = 'queued'`,
  },
  forget: {
    name: 'simulations_forget',
    text: `delete from insights.simulations where id in (
      select id from insights.simulations where status in ('done', 'failed', 'cancelled') order by ended_at desc, id desc offset $1)`,
  },
  add: {
    name: 'simulations_add',
    text: 'insert into insights.simulations (id, status, question, asked_by, asked_at) values ($1, $2, $3, $4, $5)',
  },
  get: `select ${columns}, result from insights.simulations where id = $1`,
  list: `select ${columns} from insights.simulations order by asked_at desc, id desc`,
  /** The one that nobody works on any more goes first: while it stands as running no other can begin. */
  claim: `update insights.simulations set status = 'running', holder = $1, lease_until = now() + make_interval(secs => $2::float8),
      attempt = attempt + 1, started_at = coalesce(started_at, now()), done = 0, total = null
    where id = (select id from insights.simulations where (status = 'running' and lease_until < now())
        or (status = 'queued' and not exists (select 1 from insights.simulations where status = 'running'))
      order by status desc, asked_at, id limit 1 for update skip locked) returning id, attempt, question`,
  report: `update insights.simulations set done = $3, total = $4, lease_until = now() + make_interval(secs => $5::float8)
    where id = $1 and holder = $2 and status = 'running' returning 1`,
  end: `update insights.simulations set status = $3, result = $4, error = $5, ended_at = now(), holder = null, lease_until = null,
      done = coalesce($6::int4, done), total = coalesce($6::int4, total)
    where id = $1 and holder = $2 and status = 'running' returning 1`,
  release: `update insights.simulations set status = 'queued', holder = null, lease_until = null, attempt = attempt - 1, done = 0
    where id = $1 and holder = $2 and status = 'running'`,
  cancel: `update insights.simulations set status = 'cancelled', ended_at = now(), holder = null, lease_until = null
    where id = $1 and status in ('queued', 'running') returning 1`,
} as const

export class SimulationStore {
  readonly #database: Database
  constructor(database: Database) {
    this.#database = database
  }

  /** @returns whether there was room. What ended before the last `kept` is forgotten as a new one comes. */
  async add(work: Work, job: Readonly<{ id: string; question: SimulationAsked; askedBy: string }>, queue: Queue): Promise<boolean> {
    const at = sql(work)
    await at.query(texts.lock, [])
    const [row] = await at.query<{ waiting: number }>(texts.waiting, [])
    if ((row?.waiting ?? 0) >= queue.waitingMax) return false
    await at.query(texts.forget, [queue.keptMax])
    await at.query(texts.add, [job.id, 'queued', JSON.stringify(job.question), job.askedBy, work.now])
    return true
  }

  async get(id: string): Promise<(JobRow & Readonly<{ result: SimulationAnswer | null }>) | undefined> {
    const [row] = await this.#database.read<JobRow & { result: SimulationAnswer | null }>(texts.get, [id])
    return row
  }

  /** All that are kept, newest first, without their results. */
  list(): Promise<readonly JobRow[]> {
    return this.#database.read<JobRow>(texts.list)
  }

  /** The next one, if nobody works on one. */
  async claim(holder: string, leaseSeconds: number): Promise<ClaimedJob | undefined> {
    try {
      const [row] = await this.#database.read<ClaimedJob>(texts.claim, [holder, leaseSeconds])
      return row
    } catch (fault) {
      // Another process began one at the same moment.
      if (isTaken(fault)) return undefined
      throw fault
    }
  }

  /** @returns whether it is still ours: it may have been cancelled, or taken over. */
  async report(
    id: string,
    holder: string,
    progress: Readonly<{ done: number; total: number }> | undefined,
    leaseSeconds: number,
  ): Promise<boolean> {
    return (
      (await this.#database.read(texts.report, [id, holder, progress?.done ?? 0, progress?.total ?? null, leaseSeconds])).length > 0
    )
  }

  async end(id: string, holder: string, end: Ended): Promise<boolean> {
    const values =
      'result' in end
        ? [id, holder, 'done', JSON.stringify(end.result), null, end.result.orders + end.result.withoutUnits]
        : [id, holder, 'failed', null, end.error, null]
    return (await this.#database.read(texts.end, values)).length > 0
  }

  /** Whoever stops in order gives it back: another process goes on at once, and no attempt is counted. */
  async release(id: string, holder: string): Promise<void> {
    await this.#database.read(texts.release, [id, holder])
  }

  async cancel(id: string): Promise<boolean> {
    return (await this.#database.read(texts.cancel, [id])).length > 0
  }
}

export type Queue = Readonly<{ waitingMax: number; keptMax: number }>
export type Ended = Readonly<{ result: SimulationAnswer } | { error: string }>

const isTaken = (fault: unknown): boolean =>
  fault instanceof Aborted || (fault instanceof Error && 'code' in fault && fault.code === '23505')
