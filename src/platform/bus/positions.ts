/** How far each reaction has come, and what waits or was given up: the SQL of `consumers.ts`. */
import type { Database } from '../postgres/database.ts'
import { sql } from '../postgres/database.ts'
import type { SqlWrite, Work } from '../store/work.ts'

/** Parked events are tried this often, waiting 1, 2, 4 … seconds: about four minutes in all, then they are dead letters. */
const attemptsMax = 8
/** Parked events tried in one batch. */
const retriedMax = 200

export type Position = Readonly<{ position: number; blocked: ReadonlySet<string> }>

/**
 * Takes a reaction's position row, and with it the right to handle its events; undefined while another process has it.
 * Which of the keys wait is asked behind the lock, by a statement of its own: its snapshot must see what the last owner parked.
 */
export const own = async (work: Work, name: string, keys: readonly string[]): Promise<Position | undefined> => {
  const pg = sql(work)
  const [[row], blocked] = await Promise.all([
    pg.query<{ position: number }>(
      { name: 'consumer_own', text: 'select position from platform.consumers where name = $1 for update skip locked' },
      [name],
    ),
    keys.length === 0
      ? []
      : pg.query<{ key: string }>(
          {
            name: 'consumer_blocked',
            text: 'select distinct key from platform.parked where consumer = $1 and key = any($2::text[])',
          },
          [name, [...new Set(keys)]],
        ),
  ])
  return row === undefined ? undefined : { position: row.position, blocked: new Set(blocked.map(({ key }) => key)) }
}

/** Saved with the effects, in the same statement. */
export const moved = (name: string, position: number): SqlWrite => ({
  name: 'platform.consumers',
  sql: 'update platform.consumers c set position = t.position from unnest($1::text[], $2::int8[]) as t (name, position) where c.name = t.name returning 1',
  guarded: true,
  types: ['text', 'int8'],
  columns: [[name], [position]],
})

/** Moves on those that met nothing of theirs; who is being moved by another process is left to it. */
export const moveQuiet = async (database: Database, names: readonly string[], positions: readonly number[]): Promise<void> => {
  await database.read(
    `update platform.consumers c set position = t.position from unnest($1::text[], $2::int8[]) as t (name, position)
      where c.name = t.name and c.position < t.position
        and c.name in (select name from platform.consumers where name = any($1::text[]) order by name for update skip locked)`,
    [names, positions],
    'consumer_move_quiet',
  )
}

export const positionsOf = async (database: Database): Promise<ReadonlyMap<string, number>> => {
  const rows = await database.read<{ name: string; position: number }>('select name, position from platform.consumers')
  return new Map(rows.map(({ name, position }) => [name, position]))
}

export const park = async (
  work: Work,
  name: string,
  events: readonly Readonly<{ position: number; key: string }>[],
  reason: string,
): Promise<void> => {
  await sql(work).query(
    {
      name: 'consumer_park',
      text: `insert into platform.parked (consumer, position, key, reason, due_at)
        select $1, p, k, $4, now() + interval '1 second' from unnest($2::bigint[], $3::text[]) as t (p, k)
        on conflict (consumer, position) do update set attempts = parked.attempts + 1, reason = excluded.reason,
          due_at = now() + least(60, 2 ^ parked.attempts) * interval '1 second', dead = parked.attempts + 1 >= ${attemptsMax}`,
    },
    [name, events.map(({ position }) => position), events.map(({ key }) => key), reason],
  )
}

export const unpark = async (work: Work, name: string, position: number): Promise<void> => {
  const statement = { name: 'unpark', text: 'delete from platform.parked where consumer = $1 and position = $2' }
  await sql(work).query(statement, [name, position])
}

/** Reactions with parked events that are due. */
export const dueParked = async (database: Database): Promise<readonly string[]> => {
  const rows = await database.read<{ consumer: string }>(
    'select distinct consumer from platform.parked where not dead and due_at <= now()',
    [],
    'parked_due',
  )
  return rows.map(({ consumer }) => consumer)
}

/** The first parked event of each key that is due. */
export const firstParked = async (work: Work, name: string): Promise<readonly number[]> => {
  const rows = await sql(work).query<{ position: number }>(
    {
      name: 'parked_first',
      text: `select position from platform.parked p where consumer = $1 and not dead and due_at <= now()
        and not exists (select 1 from platform.parked e where e.consumer = p.consumer and e.key = p.key and e.position < p.position)
        order by position limit ${retriedMax}`,
    },
    [name],
  )
  return rows.map(({ position }) => position)
}
