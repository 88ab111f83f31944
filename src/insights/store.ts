/** All the SQL of insights. Sums are added to, never rewritten; the schema is a parameter, so that a rebuild fills a second one. */
import type { Day, Instant, OrderId } from '../kernel/ids.ts'
import { type Database, sql } from '../platform/postgres/database.ts'
import type { ColumnType, SqlWrite, Work } from '../platform/store/work.ts'
import { cover, type Grain, type Span } from './calendar.ts'
import { type Figure, figureNames, type OrderLife, type Stage } from './order-life.ts'

export type FigureRow = Readonly<{ currency: string; at: Instant; figures: ReadonlyMap<Figure, number> }>
export type DurationRow = Readonly<{ currency: string; grain: Grain; at: Instant; stage: Stage; bin: number; count: number }>
export type PromotionRow = Readonly<{
  currency: string
  grain: Grain
  at: Instant
  code: string
  uses: number
  discount: number
  orderValue: number
}>
export type StockRow = Readonly<{ at: Instant; low: number; soldOut: number }>

export type IntervalSums = Readonly<{ index: number } & Record<Figure, number>>
export type StageBin = Readonly<{ stage: Stage; bin: number; count: number }>
export type PromotionSums = Readonly<{ code: string; uses: number; discount: number; orderValue: number }>

/** The best codes of a range; a shop that gives every customer a code of his own has thousands. */
const promotionsShownMax = 50

type LifeSql = Readonly<{
  id: OrderId
  currency: string
  placed_at: Instant
  imported: boolean
  prepaid: boolean
  paid_at: Instant | null
  ready_at: Instant | null
  in_transit_at: Instant | null
  completed_at: Instant | null
  promised: Day | null
  units: number
  value: number
  backordered: boolean
  closed: 'cancelled' | 'expired' | null
  parcels: OrderLife['parcels']
}>

const lifeOf = (row: LifeSql): OrderLife => ({
  currency: row.currency,
  placedAt: row.placed_at,
  imported: row.imported,
  prepaid: row.prepaid,
  paidAt: row.paid_at ?? undefined,
  readyAt: row.ready_at ?? undefined,
  inTransitAt: row.in_transit_at ?? undefined,
  completedAt: row.completed_at ?? undefined,
  promised: row.promised ?? undefined,
  units: row.units,
  value: row.value,
  backordered: row.backordered,
  closed: row.closed ?? undefined,
  parcels: row.parcels,
})

type Cell = string | number | boolean | null
type LifeEntry = readonly [OrderId, OrderLife]
/** One line a column: its name, its type, and where its value comes from. */
const lifeColumns: readonly (readonly [string, ColumnType, (entry: LifeEntry) => Cell])[] = [
  ['id', 'uuid', ([id]) => id],
  ['currency', 'text', ([, life]) => life.currency],
  ['placed_at', 'timestamptz', ([, life]) => life.placedAt],
  ['imported', 'bool', ([, life]) => life.imported],
  ['prepaid', 'bool', ([, life]) => life.prepaid],
  ['paid_at', 'timestamptz', ([, life]) => life.paidAt ?? null],
  ['ready_at', 'timestamptz', ([, life]) => life.readyAt ?? null],
  ['in_transit_at', 'timestamptz', ([, life]) => life.inTransitAt ?? null],
  ['completed_at', 'timestamptz', ([, life]) => life.completedAt ?? null],
  ['promised', 'date', ([, life]) => life.promised ?? null],
  ['units', 'int8', ([, life]) => life.units],
  ['value', 'int8', ([, life]) => life.value],
  ['backordered', 'bool', ([, life]) => life.backordered],
  ['closed', 'text', ([, life]) => life.closed ?? null],
  ['parcels', 'json', ([, life]) => JSON.stringify(life.parcels)],
]

const columnsOf = (lives: ReadonlyMap<OrderId, OrderLife>): readonly Cell[][] => {
  const entries = [...lives]
  return lifeColumns.map(([, , cell]) => entries.map(cell))
}

/** Names and types are constants of this file; no value of anyone else's becomes part of a statement's text. */
const upsert = (
  table: string,
  shape: Readonly<{ keys: readonly string[]; columns: readonly (readonly [string, ColumnType])[]; kind: 'set' | 'add' }>,
): Pick<SqlWrite, 'name' | 'sql' | 'types'> => {
  const names = shape.columns.map(([name]) => name)
  const short = table.slice(table.indexOf('.') + 1)
  const changes = names
    .filter((name) => !shape.keys.includes(name))
    .map((name) => `${name} = ${shape.kind === 'add' ? `${short}.${name} + ` : ''}excluded.${name}`)
  return {
    name: table,
    sql: `insert into ${table} (${names.join(', ')})
      select * from unnest(${shape.columns.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ')})
      on conflict (${shape.keys.join(', ')}) do update set ${changes.join(', ')}`,
    types: shape.columns.map(([, type]) => type),
  }
}

/**
 * The buckets of a span, each piece a range of the key. `offset 0` keeps the planner from joining the pieces to the whole
 * table, which it otherwise prefers: 415 ms for ten months of 150,000 orders.
 */
const pieces = 'unnest($2::text[], $3::timestamptz[], $4::timestamptz[]) as piece (grain, starts, ends)'
const within = 'currency = $1 and grain = piece.grain and at >= piece.starts and at < piece.ends'

export class InsightStore {
  readonly schema: string
  readonly #database: Database
  readonly #newOrders: Pick<SqlWrite, 'name' | 'sql' | 'types'>
  readonly #orders: Pick<SqlWrite, 'name' | 'sql' | 'types'>
  readonly #figures: Pick<SqlWrite, 'name' | 'sql' | 'types'>
  readonly #durations: Pick<SqlWrite, 'name' | 'sql' | 'types'>
  readonly #promotions: Pick<SqlWrite, 'name' | 'sql' | 'types'>
  readonly #stock: Pick<SqlWrite, 'name' | 'sql' | 'types'>

  constructor(database: Database, schema: 'insights' | 'insights_rebuild' = 'insights') {
    this.schema = schema
    this.#database = database
    this.#orders = upsert(`${schema}.orders`, {
      keys: ['id'],
      columns: lifeColumns.map(([name, type]) => [name, type]),
      kind: 'set',
    })
    this.#newOrders = {
      name: `${schema}.orders.new`,
      sql: this.#orders.sql.slice(0, this.#orders.sql.indexOf('on conflict')),
      types: this.#orders.types,
    }
    this.#figures = upsert(`${schema}.figures`, {
      keys: ['currency', 'at'],
      columns: [['currency', 'text'], ['at', 'timestamptz'], ...figureNames.map((name): [string, ColumnType] => [name, 'int8'])],
      kind: 'add',
    })
    this.#durations = upsert(`${schema}.durations`, {
      keys: ['currency', 'grain', 'at', 'stage', 'bin'],
      columns: [
        ['currency', 'text'],
        ['grain', 'text'],
        ['at', 'timestamptz'],
        ['stage', 'text'],
        ['bin', 'int4'],
        ['count', 'int8'],
      ],
      kind: 'add',
    })
    this.#promotions = upsert(`${schema}.promotions`, {
      keys: ['currency', 'grain', 'at', 'code'],
      columns: [
        ['currency', 'text'],
        ['grain', 'text'],
        ['at', 'timestamptz'],
        ['code', 'text'],
        ['uses', 'int8'],
        ['discount', 'int8'],
        ['order_value', 'int8'],
      ],
      kind: 'add',
    })
    this.#stock = upsert(`${schema}.stock`, {
      keys: ['at'],
      columns: [
        ['at', 'timestamptz'],
        ['low', 'int8'],
        ['sold_out', 'int8'],
      ],
      kind: 'add',
    })
  }

  /** What is remembered of these orders. Not locked: the reaction's position row keeps all others away. */
  async lives(work: Work, ids: readonly OrderId[]): Promise<Map<OrderId, OrderLife>> {
    if (ids.length === 0) return new Map()
    const statement = {
      name: `${this.schema}_lives`,
      text: `select ${lifeColumns.map(([name]) => name).join(', ')} from ${this.schema}.orders where id = any($1::uuid[])`,
    }
    const rows = await sql(work).query<LifeSql>(statement, [ids])
    return new Map(rows.map((row) => [row.id, lifeOf(row)]))
  }

  /** Those that are new: deciding row by row whether to insert or to update costs a half more, and a third record in the log. */
  addLives(lives: ReadonlyMap<OrderId, OrderLife>): SqlWrite {
    return { ...this.#newOrders, columns: columnsOf(lives) }
  }

  saveLives(lives: ReadonlyMap<OrderId, OrderLife>): SqlWrite {
    return { ...this.#orders, columns: columnsOf(lives) }
  }

  addFigures(rows: readonly FigureRow[]): SqlWrite {
    const sums = figureNames.map((name) => rows.map(({ figures }) => figures.get(name) ?? 0))
    return { ...this.#figures, columns: [rows.map(({ currency }) => currency), rows.map(({ at }) => at), ...sums] }
  }

  addDurations(rows: readonly DurationRow[]): SqlWrite {
    return {
      ...this.#durations,
      columns: [
        rows.map((row) => row.currency),
        rows.map((row) => row.grain),
        rows.map((row) => row.at),
        rows.map((row) => row.stage),
        rows.map((row) => row.bin),
        rows.map((row) => row.count),
      ],
    }
  }

  addPromotions(rows: readonly PromotionRow[]): SqlWrite {
    return {
      ...this.#promotions,
      columns: [
        rows.map((row) => row.currency),
        rows.map((row) => row.grain),
        rows.map((row) => row.at),
        rows.map((row) => row.code),
        rows.map((row) => row.uses),
        rows.map((row) => row.discount),
        rows.map((row) => row.orderValue),
      ],
    }
  }

  addStock(rows: readonly StockRow[]): SqlWrite {
    return { ...this.#stock, columns: [rows.map(({ at }) => at), rows.map(({ low }) => low), rows.map(({ soldOut }) => soldOut)] }
  }

  /** Currencies with orders in a span, the one with most orders first. Each is found by one look at the key; sums only part them. */
  async currencies({ from, to }: Span): Promise<readonly string[]> {
    const figures = `${this.schema}.figures`
    const rows = await this.#database.read<{ currency: string }>(
      `with recursive known as (
         (select currency from ${figures} order by currency limit 1)
         union all select (select f.currency from ${figures} f where f.currency > known.currency order by f.currency limit 1) from known where known.currency is not null
       ), present as (
         select currency from known where exists (select 1 from ${figures} f where f.currency = known.currency and f.at >= $1 and f.at < $2)
       )
       select currency from present order by case when (select count(*) from present) > 1
         then (select sum(f.orders) from ${figures} f where f.currency = present.currency and f.at >= $1 and f.at < $2) end desc, currency`,
      [from, to],
    )
    return rows.map(({ currency }) => currency)
  }

  /** Sums by interval; `starts` rises, and an interval ends where the next begins. Each is a range of the key. */
  figures(currency: string, starts: readonly Instant[], end: Instant): Promise<readonly IntervalSums[]> {
    // A sum of bigints is a numeric, which the driver hands over as text; no sum of ours leaves bigint.
    const sums = figureNames.map((name) => `sum(${name})::int8 as ${name}`).join(', ')
    return this.#database.read<IntervalSums>(
      `select piece.place - 1 as index, f.* from unnest($2::timestamptz[], $3::timestamptz[]) with ordinality as piece (starts, ends, place)
         cross join lateral (select ${sums} from ${this.schema}.figures where currency = $1 and at >= piece.starts and at < piece.ends offset 0) f
        where f.orders is not null order by 1`,
      [currency, starts, [...starts.slice(1), end]],
    )
  }

  durations(currency: string, span: Span): Promise<readonly StageBin[]> {
    return this.#database.read<StageBin>(
      `select d.stage, d.bin, sum(d.count)::int8 as count from ${pieces} cross join lateral (
         select stage, bin, count from ${this.schema}.durations where ${within} offset 0) d
        group by d.stage, d.bin`,
      [currency, ...covered(span)],
    )
  }

  promotions(currency: string, span: Span): Promise<readonly PromotionSums[]> {
    return this.#database.read<PromotionSums>(
      `select p.code, sum(p.uses)::int8 as uses, sum(p.discount)::int8 as discount, sum(p.order_value)::int8 as "orderValue"
        from ${pieces} cross join lateral (
          select code, uses, discount, order_value from ${this.schema}.promotions where ${within} offset 0) p
        group by p.code order by 2 desc, p.code limit ${promotionsShownMax}`,
      [currency, ...covered(span)],
    )
  }

  async stock({ from, to }: Span): Promise<Readonly<{ low: number; soldOut: number }>> {
    const [row] = await this.#database.read<{ low: number; soldOut: number }>(
      `select coalesce(sum(low), 0)::int8 as low, coalesce(sum(sold_out), 0)::int8 as "soldOut" from ${this.schema}.stock where at >= $1 and at < $2`,
      [from, to],
    )
    return row ?? { low: 0, soldOut: 0 }
  }
}

const covered = (span: Span): [readonly string[], readonly Instant[], readonly Instant[]] => {
  const pieces = cover(span)
  return [pieces.map(({ grain }) => grain), pieces.map(({ from }) => from), pieces.map(({ to }) => to)]
}
