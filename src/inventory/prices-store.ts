/** All the SQL of scarcity prices. One process at a time reckons them; all read them. */
import type { Day, Place, Sku } from '../kernel/ids.ts'
import type { Database } from '../platform/postgres/database.ts'

export type PriceRow = Readonly<{
  sku: Sku
  place: Place
  /** What a unit is worth to later orders. */
  cents: number
  /** Units free there when it was reckoned. */
  stock: number
  /** Units that the orders to come would take there, were it not for the price. */
  forecast: number
  /** Of how many orders the forecast was made. */
  orders: number
  /** When the product is expected to be filled up again. */
  until: Day
}>
export type PriceList = Readonly<{ version: number; rows: readonly PriceRow[] }>

export interface PriceRepository {
  /** True for one process, once a period: it reckons, the others go on with what is there. */
  lease(holder: string, everySeconds: number, leaseSeconds: number): Promise<boolean>
  /** The new list whole, in one statement; false when the lease had passed to another. */
  save(holder: string, rows: readonly PriceRow[]): Promise<boolean>
  /** Undefined when there is nothing newer than `version`. */
  newer(version: number): Promise<PriceList | undefined>
}

const sqlText = {
  lease: `update inventory.price_list set holder = $1, lease_until = now() + make_interval(secs => $3::float8)
     where id = 1 and (lease_until is null or lease_until < now())
       and (refreshed_at is null or refreshed_at <= now() - make_interval(secs => $2::float8)) returning 1`,
  save: `with list as (
      update inventory.price_list set refreshed_at = now(), lease_until = null, holder = null,
          version = version + (case when $2::int = 0 and not exists (select 1 from inventory.prices) then 0 else 1 end)
        where id = 1 and holder = $1 returning version),
    asked as (
      select list.version, t.* from list, unnest($3::text[], $4::text[], $5::int[], $6::int[], $7::int[], $8::int[], $9::date[])
        as t (sku, place, cents, stock, forecast, orders, until)),
    gone as (
      delete from inventory.prices p using list
        where not exists (select 1 from asked a where a.sku = p.sku and a.place = p.place)),
    kept as (
      insert into inventory.prices (sku, place, cents, version, stock, forecast, orders, until)
        select sku, place, cents, version, stock, forecast, orders, until from asked order by sku, place
      on conflict (sku, place) do update set cents = excluded.cents, version = excluded.version, stock = excluded.stock,
        forecast = excluded.forecast, orders = excluded.orders, until = excluded.until)
    select version from list`,
  newer: `select l.version, p.sku, p.place, p.cents, p.stock, p.forecast, p.orders, p.until
    from inventory.price_list l left join inventory.prices p on true where l.id = 1 and l.version > $1 order by p.sku, p.place`,
} as const

export const postgresPrices = (database: Database): PriceRepository => ({
  lease: async (holder, everySeconds, leaseSeconds) =>
    (await database.read(sqlText.lease, [holder, everySeconds, leaseSeconds])).length > 0,
  save: async (holder, rows) => {
    const columns = [
      rows.map(({ sku }) => sku),
      rows.map(({ place }) => place),
      rows.map(({ cents }) => cents),
      rows.map(({ stock }) => stock),
      rows.map(({ forecast }) => forecast),
      rows.map(({ orders }) => orders),
      rows.map(({ until }) => until),
    ]
    return (await database.read(sqlText.save, [holder, rows.length, ...columns])).length > 0
  },
  newer: async (version) => {
    const rows = await database.read<Omit<PriceRow, 'sku'> & { version: number; sku: Sku | null }>(sqlText.newer, [version])
    const [first] = rows
    if (first === undefined) return undefined
    return {
      version: first.version,
      rows: rows.flatMap(({ version: _, sku, ...row }) => (sku === null ? [] : [{ sku, ...row }])),
    }
  },
})
