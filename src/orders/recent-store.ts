/** The last orders as they were asked for, and how many come a day: what scarcity is reckoned from. */
import type { Database } from '../platform/postgres/database.ts'
import type { RecentOrder, RecentOrders } from './contract.ts'

/** One index is walked backwards; a shop with more a day is measured by its last hours. */
const countedMax = 20_000
const countedDays = 7
/** A shop that opened an hour ago has not a day's orders an hour. */
const spanDaysMin = 1
/** Of a sample's lines together: beyond it the sample is the newest orders that fit. */
const linesMax = 6_000

type Row = Readonly<{ orders: readonly RecentOrder[]; a_day: number }>

const recentSql = `with newest as materialized (
    select id, placed_at from orders.listing order by placed_at desc, id desc limit $1),
  asked as (
    select n.placed_at, n.id, j.body, json_array_length(j.body->'lines') as lines
      from newest n join platform.journal j on j.stream = n.id and j.version = 1),
  sized as (select *, sum(lines) over (order by placed_at desc, id desc) as so_far from asked),
  counted as (
    select count(*)::float8 as orders, extract(epoch from now() - min(placed_at)) / 86400 as days
      from (select placed_at from orders.listing order by placed_at desc, id desc limit ${countedMax}) l
     where placed_at > now() - interval '${countedDays} days')
  select (select coalesce(orders / greatest(days, ${spanDaysMin}), 0) from counted)::float8 as a_day,
    coalesce((select json_agg(json_build_object('destination', body->'destination', 'shippingMethod', body->'shippingMethod',
        'channel', body->'channel', 'total', body->'totals'->'total', 'group', body->'customerGroup',
        'lines', (select coalesce(json_agg(json_build_object('sku', l->'sku', 'quantity', l->'quantity', 'grams', l->'grams')), '[]')
          from json_array_elements(body->'lines') l where l->>'kind' in ('product', 'component'))) order by placed_at desc, id desc)
      from sized where so_far <= ${linesMax}), '[]') as orders`

/** In one statement, newest first. */
export const recentOrders =
  (database: Database) =>
  async (limit: number): Promise<RecentOrders> => {
    const [row] = await database.read<Row>(recentSql, [limit])
    return { orders: row?.orders ?? [], perDay: row?.a_day ?? 0 }
  }
