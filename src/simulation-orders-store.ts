/**
 * What a simulation reads: orders as they were placed, a page at a time, and stock as it is. On a connection of its own on
 * which PostgreSQL itself refuses to write, so that no fault of ours can change a row of the shop.
 */
import type { ReadOnlyShop, ShopReader } from './insights/simulation-question.ts'
import type { SimulatedOrder } from './insights/simulation.ts'
import type { StockRow } from './insights/simulation-stock.ts'
import type { Day, Instant, OrderId, Sku } from './kernel/ids.ts'
import type { Database } from './platform/postgres/database.ts'

/** Whoever reads longer than this for one answer is stuck: all lines of 50,000 orders are summed in some seconds. */
const statementSeconds = 120

/** By time: ids are UUIDv7. Orders that were cancelled or ran out are left out, since nothing was sent for them. */
const chosen = `phase in ('open', 'completed')
  and ($1::date is null or placed_at >= $1::date::timestamp at time zone $5)
  and ($2::date is null or placed_at < ($2::date + 1)::timestamp at time zone $5)
  and ($3::int8 is null or number >= $3) and ($4::int8 is null or number <= $4)`
const spanSql = `with chosen as materialized (select id, placed_at from orders.orders where ${chosen} order by id desc limit $6)
  select count(*)::int4 as orders, (select id from chosen order by id limit 1) as first, (select id from chosen order by id desc limit 1) as last,
    min(placed_at) as from, max(placed_at) as to from chosen`
/** What leaves a warehouse: bundles are carried by their components, charges by nobody. */
const unitLines = `json_to_recordset(placed.lines) as line (sku text, quantity int8, grams int8, kind text, parent int4) where line.kind in ('product', 'component')`
const placedOf = `platform.journal j on j.stream = o.id and j.version = 1
  cross join lateral json_to_record(j.body) as placed (destination json, "shippingMethod" text, promised date, lines json)`
const within = `select id, number, placed_at, progress ->> 'promised' as promised from orders.orders where ${chosen} and id >= $6 and id <= $7`
const pageSql = `select o.id, o.number, o.placed_at as at, o.promised, placed.destination, placed."shippingMethod", placed.promised as wished, lines.lines
  from (${within} and ($8::uuid is null or id > $8) order by id limit $9) o join ${placedOf}
  cross join lateral (select coalesce(json_agg(json_build_array(line.sku, line.quantity, line.grams, line.parent)), '[]') as lines from ${unitLines}) as lines
  order by o.id`
const demandSql = `select line.sku, sum(line.quantity)::int8 as units from (${within}) o join ${placedOf} cross join lateral
  (select line.sku, line.quantity from ${unitLines}) as line group by line.sku order by line.sku`
const freeSql = `select sku, place, greatest(0, on_hand - reserved - safety)::int8 as units from inventory.levels
  where sku = any($1::text[]) and place = any($2::text[])`
/** What the orders themselves took, net of what they gave back: with it, stock is as if they had not come. */
const takenSql = `select l.sku, l.place, sum(l.reserved - l.on_hand)::int8 as units from inventory.ledger l join (${within}) o on o.id = l.order_id
  where l.place = any($8::text[]) group by l.sku, l.place having sum(l.reserved - l.on_hand) <> 0`

type PageRow = Readonly<{
  id: OrderId
  number: number
  at: Instant
  promised: Day | null
  wished: Day | null
  destination: SimulatedOrder['destination']
  shippingMethod: string
  lines: readonly (readonly [sku: Sku, quantity: number, grams: number, parent: number | null])[]
}>
type SpanRow = Readonly<{ orders: number; first: OrderId | null; last: OrderId | null; from: Instant; to: Instant }>
type UnitRow = Readonly<{ sku: Sku; place: StockRow[1]; units: number }>

const orderOf = ({ id, number, at, promised, wished, destination, shippingMethod, lines }: PageRow): SimulatedOrder => ({
  id,
  number,
  at,
  destination,
  shippingMethod,
  lines: lines.map(([sku, quantity, grams, parent]) => ({
    sku,
    quantity,
    grams,
    ...(parent === null ? {} : { together: String(parent) }),
  })),
  ...(wished === null ? {} : { wishedBy: wished }),
  ...(promised === null ? {} : { promised }),
})

/** A connection on which every statement that would change something is an error. */
export const readOnlyClient = async (database: Database) => {
  const client = await database.client()
  await client.query(`set default_transaction_read_only = on; set statement_timeout = '${statementSeconds}s'`)
  return client
}

/** @param zone the shop's: where a day of the range begins and ends. */
export const readOnlyShop =
  (database: Database, zone: string): ReadOnlyShop =>
  async (use) => {
    const client = await readOnlyClient(database)
    try {
      const read = async <Row>(text: string, values: readonly unknown[]): Promise<readonly Row[]> =>
        (await client.query<Row & Record<string, unknown>>(text, [...values])).rows
      const reader: ShopReader = {
        span: async (range, ordersMax) => {
          const days = 'last' in range || 'numbers' in range ? [null, null] : [range.from ?? null, range.to ?? null]
          const numbers = 'numbers' in range ? range.numbers : [null, null]
          const filter = [...days, ...numbers, zone]
          const limit = 'last' in range ? range.last : ordersMax + 1
          const [row] = await read<SpanRow>(spanSql, [...filter, limit])
          if (row === undefined || row.first === null || row.last === null) return undefined
          const span = [...filter, row.first, row.last]
          return {
            orders: row.orders,
            from: row.from,
            to: row.to,
            page: async (after, limit) => (await read<PageRow>(pageSql, [...span, after ?? null, limit])).map(orderOf),
            demand: async () => (await read<UnitRow>(demandSql, span)).map(({ sku, units }) => [sku, units] as const),
            taken: async (places) => (await read<UnitRow>(takenSql, [...span, places])).map(rowOf),
          }
        },
        free: async (skus, places) => (await read<UnitRow>(freeSql, [skus, places])).map(rowOf),
      }
      return await use(reader)
    } finally {
      await client.end()
    }
  }

const rowOf = ({ sku, place, units }: UnitRow): StockRow => [sku, place, units]
