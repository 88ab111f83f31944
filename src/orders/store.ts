/** All the SQL of orders. The head and the progress are written at every step; the lines are the first event, written once. */
import type { Change, Stored } from '../kernel/decider.ts'
import type { Instant, OrderId } from '../kernel/ids.ts'
import { type Database, sql } from '../platform/postgres/database.ts'
import type { SqlWrite, Work, Write } from '../platform/store/work.ts'
import type { OrderEvent } from './contract.ts'
import { packProgress, unpackProgress } from './codec.ts'
import { type ListFilter, listOrders } from './listing-store.ts'
import type { Order, Placed } from './order.ts'
import { PlacedMemory } from './placed-memory.ts'

/** Requirement B13's repository: all data access of orders. */
export interface OrderRepository {
  lock(work: Work, ids: readonly OrderId[]): Promise<Map<OrderId, Stored<Order>>>
  /** Of these orders, those that are cancelled or expired; none of the others ends before the batch does. */
  ended(work: Work, ids: readonly OrderId[]): Promise<ReadonlySet<OrderId>>
  /** New orders: a plain insert, so that an id that exists aborts the batch. */
  add(changes: readonly Change<OrderEvent, Order>[], now: Instant): Write
  save(changes: readonly Change<OrderEvent, Order>[], now: Instant): Write
  get(ids: readonly OrderId[]): Promise<Map<OrderId, StoredOrder>>
  list(filter: ListFilter): Promise<readonly OrderId[]>
  idByNumber(number: number): Promise<OrderId | undefined>
  idsByExternalRef(refs: readonly string[]): Promise<ReadonlyMap<string, OrderId>>
  toExpire(limit: number): Promise<readonly OrderId[]>
  /** A block of order numbers: gaps are allowed, doubles are not. */
  numbers(count: number): Promise<readonly number[]>
}
export type StoredOrder = Stored<Order> & Readonly<{ updatedAt: Instant }>

type HeadRow = { id: OrderId; version: number; progress: Parameters<typeof unpackProgress>[0]; updated_at: Instant }
type PlacedRow = { id: OrderId; body: Omit<Placed, 'type'> }

const insertSql = `insert into orders.orders (id, number, version, status, phase, currency, total, user_id, external_ref, expires_at, placed_at, updated_at, progress)
  select * from unnest($1::uuid[], $2::bigint[], $3::int[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::json[])`
const updateSql = `update orders.orders o set version = t.version, status = t.status, phase = t.phase, total = t.total, expires_at = t.expires_at, updated_at = t.updated_at, progress = t.progress
  from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[], $7::timestamptz[], $8::json[]) as t (id, version, status, phase, total, expires_at, updated_at, progress)
  where o.id = t.id returning 1`
const headSql = 'select id, version, progress, updated_at from orders.orders where id = any($1::uuid[])'
/** Shared, so that warehouses do not wait for each other; whoever ends an order waits for them. */
const endedSql = 'select id, phase from orders.orders where id = any($1::uuid[]) order by id for share'
const placedSql = 'select stream as id, body from platform.journal where stream = any($1::uuid[]) and version = 1'

type Reading = Readonly<{
  heads: (ids: readonly OrderId[]) => Promise<readonly HeadRow[]>
  placed: (ids: readonly OrderId[]) => Promise<readonly PlacedRow[]>
}>

const live = (order: Order) => {
  if (order.status !== 'live') throw new Error('an order without a placement cannot be saved')
  return order
}

const ordersOf = (rows: readonly HeadRow[], placedById: ReadonlyMap<OrderId, Placed>): Map<OrderId, StoredOrder> =>
  new Map(
    rows.map(({ id, version, progress, updated_at: updatedAt }) => {
      const placed = placedById.get(id)
      if (placed === undefined) throw new Error(`order ${id} has no first fact`)
      return [id, { version, updatedAt, state: { status: 'live', placed, progress: unpackProgress(progress, placed) } }]
    }),
  )

export class PostgresOrders implements OrderRepository {
  readonly #database: Database
  readonly #placed = new PlacedMemory()
  constructor(database: Database) {
    this.#database = database
  }

  lock(work: Work, ids: readonly OrderId[]): Promise<Map<OrderId, Stored<Order>>> {
    const pg = sql(work)
    return this.#found(ids, {
      heads: (all) => pg.query<HeadRow>({ name: 'orders_lock', text: `${headSql} order by id for update` }, [all]),
      placed: (unknown) => pg.query<PlacedRow>({ name: 'orders_placed', text: placedSql }, [unknown]),
    })
  }

  async ended(work: Work, ids: readonly OrderId[]): Promise<ReadonlySet<OrderId>> {
    const rows = await sql(work).query<{ id: OrderId; phase: string }>({ name: 'orders_ended', text: endedSql }, [ids])
    return new Set(rows.flatMap(({ id, phase }) => (phase === 'cancelled' || phase === 'expired' ? [id] : [])))
  }

  add(changes: readonly Change<OrderEvent, Order>[], now: Instant): SqlWrite {
    const orders = changes.map(({ state }) => live(state))
    for (const { id, state } of changes) this.#placed.remember(id as OrderId, live(state).placed)
    return {
      name: 'orders.orders.new',
      sql: insertSql,
      types: [
        'uuid',
        'int8',
        'int4',
        'text',
        'text',
        'text',
        'int8',
        'text',
        'text',
        'timestamptz',
        'timestamptz',
        'timestamptz',
        'json',
      ],
      columns: [
        changes.map(({ id }) => id),
        orders.map(({ placed }) => placed.number),
        changes.map(({ version }) => version),
        orders.map(({ progress }) => progress.status),
        orders.map(({ progress }) => progress.phase),
        orders.map(({ placed }) => placed.currency),
        orders.map(({ progress }) => progress.totals.total),
        orders.map(({ placed }) => placed.user ?? null),
        orders.map(({ placed }) => placed.externalRef ?? null),
        orders.map(({ progress }) => progress.expiresAt ?? null),
        orders.map(({ placed }) => placed.placedAt),
        orders.map(() => now),
        orders.map(({ placed, progress }) => JSON.stringify(packProgress(progress, placed))),
      ],
    }
  }

  save(changes: readonly Change<OrderEvent, Order>[], now: Instant): SqlWrite {
    const orders = changes.map(({ state }) => live(state))
    return {
      name: 'orders.orders',
      sql: updateSql,
      guarded: true,
      types: ['uuid', 'int4', 'text', 'text', 'int8', 'timestamptz', 'timestamptz', 'json'],
      columns: [
        changes.map(({ id }) => id),
        changes.map(({ version }) => version),
        orders.map(({ progress }) => progress.status),
        orders.map(({ progress }) => progress.phase),
        orders.map(({ progress }) => progress.totals.total),
        orders.map(({ progress }) => progress.expiresAt ?? null),
        orders.map(() => now),
        orders.map(({ placed, progress }) => JSON.stringify(packProgress(progress, placed))),
      ],
    }
  }

  get(ids: readonly OrderId[]): Promise<Map<OrderId, StoredOrder>> {
    return this.#found(ids, {
      heads: (all) => this.#database.read<HeadRow>(headSql, [all], 'orders_get'),
      placed: (unknown) => this.#database.read<PlacedRow>(placedSql, [unknown], 'orders_placed'),
    })
  }

  /** Both are asked for at once: what was placed never changes, so neither waits for the other. */
  async #found(ids: readonly OrderId[], read: Reading): Promise<Map<OrderId, StoredOrder>> {
    if (ids.length === 0) return new Map()
    const all = [...new Set(ids)]
    const placed = this.#placed.known(all)
    const unknown = all.filter((id) => !placed.has(id))
    const [heads, rows] = await Promise.all([read.heads(all), unknown.length === 0 ? [] : read.placed(unknown)])
    // Another stream's first fact, if its id was asked for, is no placement.
    const orders = new Set(heads.map(({ id }) => id))
    for (const { id, body } of rows) {
      if (!orders.has(id)) continue
      const one: Placed = { type: 'OrderPlaced', ...body }
      placed.set(id, one)
      this.#placed.remember(id, one)
    }
    return ordersOf(heads, placed)
  }

  list(filter: ListFilter): Promise<readonly OrderId[]> {
    return listOrders(this.#database, filter)
  }

  async idByNumber(number: number): Promise<OrderId | undefined> {
    const [row] = await this.#database.read<{ id: OrderId }>('select id from orders.listing where number = $1', [number])
    return row?.id
  }

  async idsByExternalRef(refs: readonly string[]): Promise<ReadonlyMap<string, OrderId>> {
    const rows = await this.#database.read<{ id: OrderId; external_ref: string }>(
      'select id, external_ref from orders.listing where external_ref = any($1::text[])',
      [refs],
    )
    return new Map(rows.map(({ id, external_ref }) => [external_ref, id]))
  }

  async toExpire(limit: number): Promise<readonly OrderId[]> {
    const rows = await this.#database.read<{ id: OrderId }>(
      'select id from orders.orders where expires_at is not null and expires_at <= now() order by expires_at limit $1',
      [limit],
      'orders_to_expire',
    )
    return rows.map(({ id }) => id)
  }

  async numbers(count: number): Promise<readonly number[]> {
    const rows = await this.#database.read<{ number: number }>(
      `select nextval('orders.number') as number from generate_series(1, $1)`,
      [count],
      'orders_numbers',
    )
    return rows.map(({ number }) => number)
  }
}
