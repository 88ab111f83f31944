/**
 * The store of a room whose objects are one stream and one state row each: lock by id, save states and versions, find by
 * a few indexed columns. The hot rooms (orders, inventory) have layouts of their own; the others use this one.
 */
import type { Change, Stored } from '../../kernel/decider.ts'
import { type Database, sql } from '../postgres/database.ts'
import { gatheredById } from '../store/gather.ts'
import { demand, MemoryTable } from '../store/memory.ts'
import { Aborted, type ColumnType, type MemoryWrite, type SqlWrite, type Work, type Write } from '../store/work.ts'

export type Found<State> = Stored<State> & Readonly<{ id: string }>

export interface StreamStore<State> {
  /** Loads and locks, in id order, so that two batches that share objects queue up instead of deadlocking. */
  lock(work: Work, ids: readonly string[]): Promise<Map<string, Stored<State>>>
  save(changes: readonly Change<unknown, State>[]): Write
  get(ids: readonly string[]): Promise<Map<string, Stored<State>>>
  /**
   * Those whose indexed column equals one of the values, newest first; at most `limit`, before the id `before` if given. For
   * columns whose values few objects share: their ids are found first, so that the newest are never walked in search of them.
   */
  find(column: string, values: readonly string[], limit: number, before?: string): Promise<readonly Found<State>[]>
  /** Ids only, inside a batch and not locked: to lock them next. */
  idsBy(work: Work, column: string, values: readonly string[]): Promise<readonly string[]>
}

/** A table `(id uuid primary key, version int, state json, …columns)`. */
export type StreamTable<State> = Readonly<{
  table: string
  columns: Readonly<Record<string, StreamColumn<State>>>
}>
type StreamColumn<State> = Readonly<{
  type: ColumnType
  of: (state: State) => string | number | boolean | null
  /** As the table says it: whether a state may leave it out, and whether no two may have the same. */
  nullable?: boolean
  unique?: boolean
}>

export class PostgresStreams<State> implements StreamStore<State> {
  readonly #database: Database
  readonly #shape: StreamTable<State>
  readonly #saveSql: string
  readonly #gathered: (ids: readonly string[]) => Promise<Map<string, Stored<State>>>
  constructor(database: Database, shape: StreamTable<State>) {
    this.#database = database
    this.#shape = shape
    this.#gathered = gatheredById(`${shape.table} by id`, (ids) => this.#read(ids))
    const names = Object.keys(shape.columns)
    const types = Object.values(shape.columns).map(({ type }, index) => `$${index + 4}::${type}[]`)
    this.#saveSql = `insert into ${shape.table} (${['id', 'version', 'state', ...names].join(', ')})
      select * from unnest(${['$1::uuid[]', '$2::int[]', '$3::json[]', ...types].join(', ')})
      on conflict (id) do update set ${['version', 'state', ...names].map((name) => `${name} = excluded.${name}`).join(', ')}`
  }

  async lock(work: Work, ids: readonly string[]): Promise<Map<string, Stored<State>>> {
    if (ids.length === 0) return new Map()
    const statement = {
      name: `lock_${this.#shape.table}`,
      text: `select id, version, state from ${this.#shape.table} where id = any($1::uuid[]) order by id for update`,
    }
    const rows = await sql(work).query<Found<State>>(statement, [[...new Set(ids)]])
    return new Map(rows.map(({ id, version, state }) => [id, { version, state }]))
  }

  save(changes: readonly Change<unknown, State>[]): SqlWrite {
    const columns = Object.values(this.#shape.columns)
    return {
      name: this.#shape.table,
      sql: this.#saveSql,
      types: ['uuid', 'int4', 'json', ...columns.map(({ type }) => type)],
      columns: [
        changes.map(({ id }) => id),
        changes.map(({ version }) => version),
        changes.map(({ state }) => JSON.stringify(state)),
        ...columns.map(({ of }) => changes.map(({ state }) => of(state))),
      ],
    }
  }

  get(ids: readonly string[]): Promise<Map<string, Stored<State>>> {
    return this.#gathered(ids)
  }

  async #read(ids: readonly string[]): Promise<Map<string, Stored<State>>> {
    const text = `select id, version, state from ${this.#shape.table} where id = any($1::uuid[])`
    const rows = await this.#database.read<Found<State>>(text, [ids], `get_${this.#shape.table}`)
    return new Map(rows.map(({ id, version, state }) => [id, { version, state }]))
  }

  find(column: string, values: readonly string[], limit: number, before?: string): Promise<readonly Found<State>[]> {
    const type = this.#known(column)
    return this.#database.read<Found<State>>(
      `select id, version, state from ${this.#shape.table} where id = any(array(select id from ${this.#shape.table} where ${column} = any($1::${type}[])))
        and ($3::uuid is null or id < $3) order by id desc limit $2`,
      [values, limit, before ?? null],
      `find_${this.#shape.table}_${column}`,
    )
  }

  async idsBy(work: Work, column: string, values: readonly string[]): Promise<readonly string[]> {
    const type = this.#known(column)
    if (values.length === 0) return []
    const statement = {
      name: `ids_${this.#shape.table}_${column}`,
      text: `select id from ${this.#shape.table} where ${column} = any($1::${type}[])`,
    }
    const rows = await sql(work).query<{ id: string }>(statement, [values])
    return rows.map(({ id }) => id).sort()
  }

  #known(column: string): ColumnType {
    const type = this.#shape.columns[column]?.type
    if (type === undefined) throw new Error(`${this.#shape.table} has no column ${column}`)
    return type
  }
}

export class MemoryStreams<State> implements StreamStore<State> {
  readonly rows = new MemoryTable<string, Stored<State>>()
  readonly #table: string
  readonly #columns: StreamTable<State>['columns']
  constructor(shape: StreamTable<State>) {
    this.#table = shape.table
    this.#columns = shape.columns
  }

  lock(_work: Work, ids: readonly string[]): Promise<Map<string, Stored<State>>> {
    return this.get(ids)
  }

  save(changes: readonly Change<unknown, State>[]): MemoryWrite {
    return {
      apply: () => {
        for (const { id, version, state } of changes) {
          this.#demand(id, state)
          this.rows.set(id, { version, state })
        }
      },
      touches: changes.map(({ id }) => `${this.#table} ${id}`),
    }
  }

  get(ids: readonly string[]): Promise<Map<string, Stored<State>>> {
    const found = new Map<string, Stored<State>>()
    for (const id of ids) {
      const row = this.rows.get(id)
      if (row !== undefined) found.set(id, row)
    }
    return Promise.resolve(found)
  }

  find(column: string, values: readonly string[], limit: number, before?: string): Promise<readonly Found<State>[]> {
    return Promise.resolve(
      this.#matching(column, values)
        .filter(({ id }) => before === undefined || id < before)
        .slice(0, limit),
    )
  }

  idsBy(_work: Work, column: string, values: readonly string[]): Promise<readonly string[]> {
    return Promise.resolve(
      this.#matching(column, values)
        .map(({ id }) => id)
        .toReversed(),
    )
  }

  #demand(id: string, state: State): void {
    for (const [name, { of, nullable = false, unique = false }] of Object.entries(this.#columns)) {
      const value = of(state)
      demand(`${this.#table}.${name} is not null`, nullable || value !== null)
      if (unique && [...this.rows].some(([other, row]) => other !== id && of(row.state) === value))
        throw new Aborted('conflict', `${name} ${String(value)} is taken`)
    }
  }

  #matching(column: string, values: readonly string[]): Found<State>[] {
    const of = this.#columns[column]?.of
    if (of === undefined) throw new Error(`no column ${column}`)
    return [...this.rows]
      .filter(([, { state }]) => of(state) !== null && values.includes(String(of(state))))
      .map(([id, stored]) => ({ id, ...stored }))
      .sort((a, b) => (a.id < b.id ? 1 : -1))
  }
}
