/** How far each reaction has come, and what waits or was given up. All that `consumers.ts` asks of a database, and its PostgreSQL form. */
import { type Database, sql } from '../postgres/database.ts'
import type { Batches, SqlWrite, Work, Write } from '../store/work.ts'

/** Parked events are tried this often, waiting 1, 2, 4 … seconds: about four minutes in all, then they are dead letters. */
export const attemptsMax = 8
/** Parked events tried in one batch. */
const retriedMax = 200

export type Position = Readonly<{ position: number; blocked: ReadonlySet<string> }>
export type ParkedEvent = Readonly<{ position: number; key: string }>

export interface Positions extends Batches {
  /** Makes reactions known that are new. */
  know(names: readonly string[]): Promise<void>
  all(): Promise<ReadonlyMap<string, number>>
  /** Whether behind a reaction's position there is an event of a type it wants. */
  isBehind(wanted: readonly Readonly<{ name: string; type: string }>[]): Promise<boolean>
  /**
   * Takes a reaction's position row, and with it the right to handle its events; undefined while another process has it.
   * Which of the keys wait is asked behind the lock.
   */
  own(work: Work, name: string, keys: readonly string[]): Promise<Position | undefined>
  /** Saved with the effects, in the same statement. */
  moved(name: string, position: number): Write
  /** Moves on those that met nothing of theirs; who is being moved by another process is left to it. */
  moveQuiet(names: readonly string[], positions: readonly number[]): Promise<void>
  park(work: Work, name: string, events: readonly ParkedEvent[], reason: string): Promise<void>
  unpark(work: Work, name: string, position: number): Promise<void>
  /** Reactions with parked events that are due. */
  dueParked(names: readonly string[]): Promise<readonly string[]>
  /** The first parked event of each key that is due, as many as one batch may try. */
  firstParked(work: Work, name: string): Promise<readonly number[]>
  /** Runs a step of a batch so that, if it cannot be saved, nothing of it is, and `otherwise` is done instead. */
  guarded(work: Work, step: () => Promise<void>, otherwise: (fault: unknown) => Promise<void>): Promise<void>
}

export class PostgresPositions implements Positions {
  readonly #database: Database
  constructor(database: Database) {
    this.#database = database
  }

  batch<Result>(decide: (work: Work) => Promise<Result>): Promise<Result> {
    return this.#database.batch(decide)
  }

  async know(names: readonly string[]): Promise<void> {
    const client = await this.#database.client()
    try {
      await client.query('insert into platform.consumers (name) select unnest($1::text[]) on conflict do nothing', [names])
    } finally {
      await client.end()
    }
  }

  async all(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#database.read<{ name: string; position: number }>('select name, position from platform.consumers')
    return new Map(rows.map(({ name, position }) => [name, position]))
  }

  async isBehind(wanted: readonly Readonly<{ name: string; type: string }>[]): Promise<boolean> {
    const [row] = await this.#database.read<{ behind: boolean }>(
      // In the order of positions, so that the index is walked from there: a position with nothing behind it costs one look.
      `select exists (select 1 from unnest($1::text[], $2::text[]) as r (name, type) join platform.consumers c on c.name = r.name
         cross join lateral (select 1 from platform.journal j where j.position > c.position and j.type = r.type order by j.position limit 1) j) as behind`,
      [wanted.map(({ name }) => name), wanted.map(({ type }) => type)],
    )
    return row?.behind === true
  }

  /** The waiting keys by a statement of its own behind the lock: its snapshot must see what the last owner parked. */
  async own(work: Work, name: string, keys: readonly string[]): Promise<Position | undefined> {
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

  moved(name: string, position: number): SqlWrite {
    return {
      name: 'platform.consumers',
      sql: 'update platform.consumers c set position = t.position from unnest($1::text[], $2::int8[]) as t (name, position) where c.name = t.name returning 1',
      guarded: true,
      types: ['text', 'int8'],
      columns: [[name], [position]],
    }
  }

  async moveQuiet(names: readonly string[], positions: readonly number[]): Promise<void> {
    await this.#database.read(
      `update platform.consumers c set position = t.position from unnest($1::text[], $2::int8[]) as t (name, position)
        where c.name = t.name and c.position < t.position
          and c.name in (select name from platform.consumers where name = any($1::text[]) order by name for update skip locked)`,
      [names, positions],
      'consumer_move_quiet',
    )
  }

  async park(work: Work, name: string, events: readonly ParkedEvent[], reason: string): Promise<void> {
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

  async unpark(work: Work, name: string, position: number): Promise<void> {
    const statement = { name: 'unpark', text: 'delete from platform.parked where consumer = $1 and position = $2' }
    await sql(work).query(statement, [name, position])
  }

  async dueParked(names: readonly string[]): Promise<readonly string[]> {
    const rows = await this.#database.read<{ consumer: string }>(
      `select n as consumer from unnest($1::text[]) n,
        lateral (select 1 from platform.parked where consumer = n and not dead and due_at <= now() limit 1) due`,
      [names],
      'parked_due',
    )
    return rows.map(({ consumer }) => consumer)
  }

  async firstParked(work: Work, name: string): Promise<readonly number[]> {
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

  /** In a savepoint. */
  async guarded(work: Work, step: () => Promise<void>, otherwise: (fault: unknown) => Promise<void>): Promise<void> {
    const pg = sql(work)
    const before = pg.writes.splice(0)
    await pg.query({ name: 'savepoint_event', text: 'savepoint event' }, [])
    try {
      await step()
      await pg.flush()
    } catch (fault) {
      await pg.query({ name: 'rollback_event', text: 'rollback to savepoint event' }, [])
      pg.writes.length = 0
      await otherwise(fault)
    }
    pg.writes.push(...before)
  }
}
