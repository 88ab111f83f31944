/** The catalogue and the stock that a case begins with. */
import type pg from 'pg'
import type { Place, Sku } from '../src/kernel/ids.ts'
import type { Shop } from '../src/shop.ts'
import { defaults } from '../src/sourcing/contract.ts'
import { price } from './load/requests.ts'

export type Seed = Readonly<{
  /** Products `S1` … `Sn`. */
  products: number
  /** Of each product in each town, where there are not more than any run can sell. */
  units?: number
  /** So many products, the first ones, have `units`; the others have plenty. */
  scarce?: number
  /** So many products, the last ones, lie in one town only, each in the next: two of them never leave from one place unmoved. */
  apart?: number
}>

/** More units than any run can sell. */
const plenty = 100_000_000

/** Five British towns, as the demo has them. */
export const towns = [
  ['LDS1', 53.8, -1.55],
  ['LON1', 51.5, -0.12],
  ['GLA1', 55.86, -4.25],
  ['BHX1', 52.48, -1.9],
  ['BRS1', 51.45, -2.58],
] as const
const origin = { actor: 'bench' }

/** Every product at 2.55 and 500 g, counted in, and a promotion of a tenth. */
export const seed = async (shop: Shop, client: pg.Client, asked: Seed): Promise<void> => {
  const { products } = asked
  await shop.warehouses.save(
    towns.map(([id, latitude, longitude]) => ({
      ...defaults.warehouse,
      id: id as Place,
      name: id,
      country: 'GB',
      postalCode: 'LS1',
      latitude,
      longitude,
    })),
  )
  await shop.catalog.save(
    Array.from({ length: products }, (_, index) => ({
      sku: `S${index + 1}` as Sku,
      name: 'a thing',
      unitPrice: price,
      currency: 'GBP',
      grams: 500,
    })),
    origin,
  )
  await shop.catalog.changePromotions([{ do: 'save', draft: { code: 'BENCH', kind: 'percent', value: 1_000 } } as never], origin)
  await count(client, asked)
  await client.query('analyze')
}

/** Levels and the ledger that proves them, in one statement: through the door, 50,000 counts would take longer than a case. */
const count = async (client: pg.Client, { products, units = plenty, scarce = products, apart = 0 }: Seed): Promise<void> => {
  await client.query(
    `with counted as (
       insert into inventory.levels (sku, place, on_hand)
       select 'S' || s, p, case when s <= $4 then $2::int else $6::int end
         from generate_series(1, $3::int) s, unnest($1::text[]) with ordinality as t (p, n)
        where s <= $3 - $5::int or s % cardinality($1) = n - 1
       returning sku, place, on_hand
     )
     insert into inventory.ledger (at, sku, place, on_hand, reserved, in_transit, damaged, kind)
     select now(), sku, place, on_hand, 0, 0, 0, 'count' from counted`,
    [towns.map(([id]) => id), units, products, scarce, apart, plenty],
  )
}
