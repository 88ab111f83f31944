/** All the SQL of carts: a row a cart, locked by id, written whole with its version. */
import type { Change, Stored } from '../kernel/decider.ts'
import type { Instant, OrderId } from '../kernel/ids.ts'
import { type Database, sql } from '../platform/postgres/database.ts'
import { gatheredById } from '../platform/store/gather.ts'
import type { ColumnType, SqlWrite, Work, Write } from '../platform/store/work.ts'
import type { Cart } from './cart.ts'
import type { CartItem, CartOwner } from './contract.ts'

export type CartChange = Change<unknown, Cart> & Readonly<{ owner: CartOwner; expiresAt: Instant }>
export type StoredCart = Stored<Cart> & Readonly<{ owner: CartOwner; expiresAt: Instant }>

/** Requirement B13's repository of carts. Carts past their end are there until they are swept; the service sees them as empty. */
export interface CartRepository {
  /** Loads and locks, in id order. */
  lock(work: Work, ids: readonly string[]): Promise<ReadonlyMap<string, StoredCart>>
  /** A cart that was changed by another process meanwhile aborts the batch. */
  save(changes: readonly CartChange[], now: Instant): readonly Write[]
  /** Empties locked carts without their state in hand: ordering's part of another room's batch. */
  emptied(carts: readonly Readonly<{ cartId: string; order: OrderId }>[], now: Instant): Write
  get(ids: readonly string[]): Promise<ReadonlyMap<string, StoredCart>>
  /** Deletes at most `limit` carts that ended before `now`; the number of those deleted. */
  sweep(work: Work, now: Instant, limit: number): Promise<number>
}

type CartRow = {
  id: string
  owner: CartOwner
  items: CartItem[]
  currency: string | null
  last_order: OrderId | null
  version: number
  expires_at: Instant
}
const columns = ['id', 'owner', 'items', 'currency', 'last_order', 'version', 'expires_at', 'updated_at']
const types: readonly ColumnType[] = ['uuid', 'text', 'json', 'text', 'uuid', 'int4', 'timestamptz', 'timestamptz']
const values = types.map((type, index) => `$${index + 1}::${type}[]`).join(', ')
const freshSql = `insert into carts.carts (${columns.join(', ')}) select * from unnest(${values})`
const changedSql = `update carts.carts c set items = t.items, currency = t.currency, last_order = t.last_order, version = t.version,
    expires_at = t.expires_at, updated_at = t.updated_at
  from unnest(${values}, $9::int4[]) as t (${columns.join(', ')}, before) where c.id = t.id and c.version = t.before returning 1`
const emptiedSql = `update carts.carts c set items = '[]', currency = null, last_order = t.last_order, version = c.version + 1, updated_at = t.at
  from unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) as t (id, last_order, at) where c.id = t.id returning 1`
const selectSql = 'select id, owner, items, currency, last_order, version, expires_at from carts.carts where id = any($1::uuid[])'

export class PostgresCarts implements CartRepository {
  readonly get: (ids: readonly string[]) => Promise<ReadonlyMap<string, StoredCart>>
  constructor(database: Database) {
    this.get = gatheredById('carts by id', async (ids) => byId(await database.read<CartRow>(selectSql, [ids], 'carts_get')))
  }

  async lock(work: Work, ids: readonly string[]): Promise<ReadonlyMap<string, StoredCart>> {
    if (ids.length === 0) return new Map()
    const statement = { name: 'carts_lock', text: `${selectSql} order by id for update` }
    return byId(await sql(work).query<CartRow>(statement, [[...new Set(ids)]]))
  }

  save(changes: readonly CartChange[], now: Instant): readonly SqlWrite[] {
    const before = ({ version, events }: CartChange): number => version - events.length
    const known = changes.filter((change) => before(change) > 0)
    return [
      {
        name: 'carts.fresh',
        sql: freshSql,
        types,
        columns: columnsOf(
          changes.filter((change) => before(change) === 0),
          now,
        ),
      },
      {
        name: 'carts.changed',
        sql: changedSql,
        types: [...types, 'int4'],
        columns: [...columnsOf(known, now), known.map(before)],
        guarded: true,
      },
    ]
  }

  emptied(carts: readonly Readonly<{ cartId: string; order: OrderId }>[], now: Instant): SqlWrite {
    return {
      name: 'carts.emptied',
      sql: emptiedSql,
      types: ['uuid', 'uuid', 'timestamptz'],
      columns: [carts.map(({ cartId }) => cartId), carts.map(({ order }) => order), carts.map(() => now)],
      guarded: true,
    }
  }

  async sweep(work: Work, now: Instant, limit: number): Promise<number> {
    const statement = {
      name: 'carts_sweep',
      text: `delete from carts.carts where id = any(array(
        select id from carts.carts where expires_at < $1::timestamptz order by expires_at limit $2 for update skip locked)) returning id`,
    }
    return (await sql(work).query(statement, [now, limit])).length
  }
}

const byId = (rows: readonly CartRow[]): ReadonlyMap<string, StoredCart> =>
  new Map(
    rows.map(({ id, owner, items, currency, last_order: lastOrder, version, expires_at: expiresAt }) => [
      id,
      { owner, version, expiresAt, state: { items, currency, ...(lastOrder === null ? {} : { lastOrder }) } },
    ]),
  )

const columnsOf = (changes: readonly CartChange[], now: Instant): SqlWrite['columns'] => [
  changes.map(({ id }) => id),
  changes.map(({ owner }) => owner),
  changes.map(({ state }) => JSON.stringify(state.items)),
  changes.map(({ state }) => state.currency),
  changes.map(({ state }) => state.lastOrder ?? null),
  changes.map(({ version }) => version),
  changes.map(({ expiresAt }) => expiresAt),
  changes.map(() => now),
]
