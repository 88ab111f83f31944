/** The rows of `platform.tasks` as the worker moves them: claimed under a lease, ended, put off, taken apart. */
import { randomUUID } from 'node:crypto'
import type { Instant } from '../../kernel/ids.ts'
import type { Database } from '../postgres/database.ts'
import { bundleKind, sizeOf } from './bundle.ts'
import type { ClaimedTask } from './handler.ts'

/** A worker that died holds its tasks this long: less than the half minute in which everything goes on again after a fault (PROMISES, I7). */
export const leaseSeconds = 20

/** So many tasks of a kind: in rows of their own, and as many again in bundles, of which the last may hold some more. */
export type Wanted = Readonly<{ kind: string; tasksMax: number }>
/** A row that is not over: when it is due again, and what went wrong. */
export type Later = Readonly<{ row: ClaimedTask; seconds: number; attempt: number; error: string | null; dead: boolean }>

/** Whoever looks at a row locks it, so no more bundles are looked at than hold what is wanted if each holds so many tasks. */
const bundledUsually = 8

/**
 * Each kind by itself, in the order of the index: one that has piled up keeps no other waiting. Of bundles as many as hold
 * the tasks that are wanted; those that were looked at beyond it are free again as the statement ends.
 */
const claimSql = `update platform.tasks set lease_until = now() + interval '${leaseSeconds} seconds', attempt = attempt + 1
  where id in (select due.id from unnest($1::text[], $2::int[], $3::int[]) as wanted (kind, most, rows),
    lateral (select id, sum(size) over (order by due_at, id) - size as before from (
      select t.id, t.due_at, t.size from platform.tasks t
       where t.kind = wanted.kind and not t.dead and t.due_at <= now() and (t.lease_until is null or t.lease_until < now())
        order by t.due_at limit wanted.rows for update skip locked) as seen) as due
    where due.before < wanted.most)
  returning id, kind, key, attempt, due_at, body`

/** Where another took the row over meanwhile, it is his. */
const renewSql = `update platform.tasks t set lease_until = now() + interval '${leaseSeconds} seconds'
  from unnest($1::uuid[], $2::int[]) as r (id, claimed) where t.id = r.id and t.attempt = r.claimed`

/** Where another took the row over meanwhile (its attempt counts on), it is his to say when it is due. */
const putOffSql = `update platform.tasks t set lease_until = null, due_at = now() + l.seconds * interval '1 second', attempt = l.attempt,
    last_error = l.error, dead = l.dead
  from unnest($1::uuid[], $2::int[], $3::float8[], $4::int[], $5::text[], $6::bool[]) as l (id, claimed, seconds, attempt, error, dead)
  where t.id = l.id and t.attempt = l.claimed`

/** What is left of a bundle becomes rows of its own as the bundle goes: both, or neither. */
const takeApartSql = `with apart as (
    delete from platform.tasks t using unnest($1::uuid[], $2::int[]) as b (id, claimed) where t.id = b.id and t.attempt = b.claimed returning t.id)
  insert into platform.tasks (id, kind, key, due_at, attempt, last_error, dead, size, body)
  select l.id, l.kind, l.key, now() + l.seconds * interval '1 second', l.attempt, l.error, l.dead, l.size, l.body
    from unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::float8[], $8::int[], $9::text[], $10::bool[], $11::int[], $12::json[])
      as l (bundle, id, kind, key, seconds, attempt, error, dead, size, body) join apart on apart.id = l.bundle`

export interface TaskRows {
  claim(wanted: readonly Wanted[]): Promise<ClaimedTask[]>
  /** Whoever still has them in hand holds them as long again. */
  renew(rows: readonly ClaimedTask[]): Promise<void>
  done(ids: readonly string[]): Promise<void>
  putOff(later: readonly Later[]): Promise<void>
  /** What is left of bundles becomes rows of its own. */
  takeApart(bundles: readonly ClaimedTask[], left: readonly Later[]): Promise<void>
  /** Whether a task of these kinds is due now, or being done by somebody. */
  isBusy(kinds: readonly string[]): Promise<boolean>
}

export class PostgresTaskRows implements TaskRows {
  readonly #database: Database
  constructor(database: Database) {
    this.#database = database
  }

  async claim(wanted: readonly Wanted[]): Promise<ClaimedTask[]> {
    if (wanted.length === 0) return []
    const kinds = wanted.flatMap(({ kind }) => [kind, bundleKind(kind)])
    const most = wanted.flatMap(({ tasksMax }) => [tasksMax, tasksMax])
    const lookedAt = wanted.flatMap(({ tasksMax }) => [tasksMax, Math.ceil(tasksMax / bundledUsually)])
    const rows = await this.#database.read<Omit<ClaimedTask, 'dueAt'> & { due_at: Instant }>(
      claimSql,
      [kinds, most, lookedAt],
      'tasks_claim',
    )
    return rows.map(({ due_at, ...task }) => ({ ...task, dueAt: due_at }))
  }

  async renew(rows: readonly ClaimedTask[]): Promise<void> {
    await this.#database.read(renewSql, [rows.map(({ id }) => id), rows.map(({ attempt }) => attempt)], 'tasks_renew')
  }

  async done(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#database.read('delete from platform.tasks where id = any($1::uuid[])', [ids], 'tasks_done')
  }

  async putOff(later: readonly Later[]): Promise<void> {
    if (later.length === 0) return
    const columns = [
      later.map(({ row }) => row.id),
      later.map(({ row }) => row.attempt),
      later.map(({ seconds }) => seconds),
      later.map(({ attempt }) => attempt),
      later.map(({ error }) => error),
      later.map(({ dead }) => dead),
    ]
    await this.#database.read(putOffSql, columns, 'tasks_later')
  }

  async takeApart(bundles: readonly ClaimedTask[], left: readonly Later[]): Promise<void> {
    if (bundles.length === 0) return
    const columns = [
      bundles.map(({ id }) => id),
      bundles.map(({ attempt }) => attempt),
      left.map(({ row }) => row.id),
      left.map(() => randomUUID()),
      left.map(({ row }) => row.kind),
      left.map(({ row }) => row.key),
      left.map(({ seconds }) => seconds),
      left.map(({ attempt }) => attempt),
      left.map(({ error }) => error),
      left.map(({ dead }) => dead),
      left.map(({ row }) => sizeOf(row)),
      left.map(({ row }) => JSON.stringify(row.body)),
    ]
    await this.#database.read(takeApartSql, columns, 'tasks_take_apart')
  }

  async isBusy(kinds: readonly string[]): Promise<boolean> {
    const [row] = await this.#database.read<{ busy: boolean }>(
      'select exists (select 1 from platform.tasks where not dead and due_at <= now() and kind = any($1::text[])) as busy',
      [kinds.flatMap((kind) => [kind, bundleKind(kind)])],
    )
    return row?.busy === true
  }
}
