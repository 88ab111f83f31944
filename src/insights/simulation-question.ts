/** What may be asked of a simulation, by the command line and over HTTP, and the limits of it. Pure. */
import { Type } from '@fastify/type-provider-typebox'
import type { Day, Instant, OrderId, Place, Sku } from '../kernel/ids.ts'
import type { Network } from '../sourcing/contract.ts'
import type { SimulatedOrder } from './simulation.ts'
import { type Layout, layoutOf, spreadOut, type StockRow } from './simulation-stock.ts'

/** Some minutes under four policies on one core; a year of a middling shop. */
export const ordersMax = 50_000
/** Each policy decides every order again, on a stock of its own. */
export const policiesMax = 8
/** Where nobody says: enough for rates that stand still, a quarter of a minute. */
export const ordersDefault = 5_000
export const policiesDefault = ['cheapest', 'closest', 'fastest', 'fewestSplits'] as const
/** Beyond ten times what is asked for nothing changes any more. */
const factorMax = 10
const seedMax = 2_147_483_647

/** Days of the shop's zone and numbers, both ends included. */
export type OrderRange = Readonly<
  { from?: Day | undefined; to?: Day | undefined } | { last: number } | { numbers: readonly [number, number] }
>
export type StockAsked = Readonly<'current' | 'ample' | { scale: number } | { fill: number; seed?: number }>
/** Levels brought along, from a file. */
export type StockGiven = Readonly<{ rows: readonly StockRow[]; words: string }>

/** The network of a question before it is changed, and in words where it is from. */
export type NetworkSeen = Readonly<{ network: Network; words: string }>

export type OrderSpan = Readonly<{
  orders: number
  from: Instant
  to: Instant
  /** In order of time. */
  page: (after: OrderId | undefined, limit: number) => Promise<readonly SimulatedOrder[]>
  demand: () => Promise<readonly (readonly [sku: Sku, units: number])[]>
  taken: (places: readonly Place[]) => Promise<readonly StockRow[]>
}>
export type ShopReader = Readonly<{
  /** @param ordersMax at most one more than this are counted. Undefined where no order is in the range. */
  span: (range: OrderRange, ordersMax: number) => Promise<OrderSpan | undefined>
  free: (skus: readonly Sku[], places: readonly Place[]) => Promise<readonly StockRow[]>
}>
/** Hands out a reader that cannot write, and takes it back. */
export type ReadOnlyShop = <Result>(use: (reader: ShopReader) => Promise<Result>) => Promise<Result>

const closed = { additionalProperties: false } as const
const day = Type.Unsafe<Day>({ type: 'string', format: 'day' })
export const rangeSchema = Type.Union([
  Type.Object({ last: Type.Integer({ minimum: 1, maximum: ordersMax }) }, closed),
  Type.Object({ from: Type.Optional(day), to: Type.Optional(day) }, { ...closed, minProperties: 1 }),
])
export const stockSchema = Type.Union([
  Type.Literal('current'),
  Type.Literal('ample'),
  Type.Object({ scale: Type.Number({ minimum: 0, maximum: factorMax }) }, closed),
  Type.Object(
    {
      fill: Type.Number({ minimum: 0, maximum: factorMax }),
      seed: Type.Optional(Type.Integer({ minimum: 0, maximum: seedMax })),
    },
    closed,
  ),
])

export type StockLaid = Readonly<{ layout: Layout; words: string }>
export type StockRead = Readonly<{
  demand: readonly (readonly [sku: Sku, units: number])[]
  free: readonly StockRow[]
  taken: readonly StockRow[]
}>

/** Orders that were sent from here took their units here; where none did, there is no stock of theirs to go back to. */
export const stockDefault = ({ taken }: Pick<StockRead, 'taken'>): StockAsked => (taken.length > 0 ? 'current' : { fill: 1 })

const seedDefault = 1
export const layStock = (
  asked: StockAsked | StockGiven,
  { demand, free, taken }: StockRead,
  places: readonly Place[],
): StockLaid => {
  if (asked === 'ample') return { layout: 'ample', words: 'ample: every warehouse has whatever is asked for' }
  if (typeof asked === 'object' && 'rows' in asked) return { layout: layoutOf(asked.rows, places), words: asked.words }
  const rows = [...free, ...taken]
  const now = 'the levels as they are now and what these orders took'
  if (asked === 'current') return { layout: layoutOf(rows, places), words: `current: ${now}` }
  if ('scale' in asked) return { layout: layoutOf(rows, places, asked.scale), words: `${asked.scale} × ${now}` }
  const { fill, seed = seedDefault } = asked
  return {
    layout: spreadOut(demand, places, fill, seed),
    words: `made up: ${fill} × what these orders ask for of each product, spread over the warehouses by chance (seed ${seed})`,
  }
}
