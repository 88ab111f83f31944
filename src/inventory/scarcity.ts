/**
 * Which products are scarce, and what a unit of them is worth to the orders to come: the shop's last orders and today's
 * stock, put to the replay (sourcing/replay.ts) in its own words, and its answer as rows. Pure.
 */
import type { Day, Instant, Place, Sku } from '../kernel/ids.ts'
import { addDays, daysBetween } from '../kernel/time.ts'
import type { RecentOrder, RecentOrders } from '../orders/contract.ts'
import { type Network, replay, type ReplayOrder, type Sourcer, type SourcingOrder } from '../sourcing/contract.ts'
import type { LevelRow } from './levels.ts'
import { free } from './levels.ts'
import type { PriceRow } from './prices-store.ts'

/** Where no supply is dated, stock is taken to be filled up after so many days. */
export const replenishmentDays = 14
const replenishmentDaysMax = 90
/** Fewer orders say too little of those to come. */
const ordersMin = 50
/** A piece of a larger order: decided in a millisecond or so, so that nobody waits for one decision longer. */
const pieceLinesMax = 8
/** What a price moves by at first: about a fifth of a parcel with its picking, as published; 460 cents by default here. */
const stepCents = 100
/** A neighbourhood as sourcing tables have it, about 5 km: orders that agree in it are decided once. */
const cellsPerDegree = 20

export type ScarcityQuestion = Readonly<{
  at: Instant
  today: Day
  network: Network
  recent: RecentOrders
  levels: readonly LevelRow[]
  /** Dated supply that is still to come. */
  lots: readonly Readonly<{ sku: Sku; day: Day }>[]
  /** In force now. */
  prices: readonly PriceRow[]
  /** The engine that would decide this order now. */
  sourcerFor: (order: RecentOrder) => Sourcer
}>
type Piece = Readonly<{ order: SourcingOrder; sourcer: Sourcer }>

/** Yields after every decision. @returns the whole new list */
export function* reckonPrices(question: ScarcityQuestion): Generator<void, readonly PriceRow[]> {
  const { network, recent, today } = question
  if (recent.orders.length < ordersMin) return []
  const skus = [...new Set(recent.orders.flatMap(({ lines }) => lines.map(({ sku }) => sku)))].sort()
  const product = new Map<Sku, number>(skus.map((sku, at) => [sku, at]))
  const place = new Map<Place, number>(network.warehouses.map(({ id }, at) => [id, at]))
  const places = network.warehouses.length
  const pair = (row: Readonly<{ sku: Sku; place: Place }>): number | undefined => {
    const [p, w] = [product.get(row.sku), place.get(row.place)]
    return p === undefined || w === undefined ? undefined : p * places + w
  }
  const fill = (rows: readonly Readonly<{ sku: Sku; place: Place; units: number }>[]): Float64Array => {
    const table = new Float64Array(skus.length * places)
    for (const row of rows) {
      const at = pair(row)
      if (at !== undefined) table[at] = row.units
    }
    return table
  }
  const stock = fill(question.levels.map((row) => ({ sku: row.sku, place: row.place, units: free(row) })))
  const until = skus.map((sku) => filledUp(question, sku))
  const answer = yield* replay<Piece>({
    orders: piecesOf(question, product),
    weight: until.map((day) => (recent.perDay * Math.max(1, daysBetween(today, day))) / recent.orders.length),
    places,
    stock,
    start: fill(question.prices.map((row) => ({ sku: row.sku, place: row.place, units: row.cents }))),
    step: stepCents,
    decide: ({ order, sourcer }, prices, take) => {
      const row = (table: Float64Array, sku: Sku): number[] => {
        const from = (product.get(sku) ?? 0) * places
        return [...table.subarray(from, from + places)]
      }
      const { shipments } = sourcer.source(order, {
        available: (sku) => row(stock, sku),
        lots: () => [],
        price: (sku) => row(prices, sku),
      })
      for (const { lines } of shipments)
        for (const { line, quantity, from } of lines)
          take(product.get(order.lines[line]?.sku ?? ('' as Sku)) ?? 0, place.get(from) ?? 0, quantity)
    },
  })
  const { prices, forecast } = answer
  if (prices === null) return []
  return skus.flatMap((sku, p) =>
    network.warehouses.flatMap(({ id }, w): PriceRow[] => {
      const at = p * places + w
      const cents = prices[at] ?? 0
      if (cents === 0) return []
      return [
        {
          sku,
          place: id,
          cents,
          stock: stock[at] ?? 0,
          forecast: Math.round(forecast[at] ?? 0),
          orders: recent.orders.length,
          until: until[p] ?? today,
        },
      ]
    }),
  )
}

/** The day of the first supply that is still to come; overdue supply may come any day, so tomorrow. */
const filledUp = ({ lots, today }: ScarcityQuestion, sku: Sku): Day => {
  const days = lots.filter((lot) => lot.sku === sku).map(({ day }) => (day <= today ? addDays(today, 1) : day))
  const [first] = days.sort()
  const last = addDays(today, replenishmentDaysMax)
  if (first === undefined) return addDays(today, replenishmentDays)
  return first < last ? first : last
}

const piecesOf = (question: ScarcityQuestion, product: ReadonlyMap<Sku, number>): readonly ReplayOrder<Piece>[] => {
  const known = new Map<string, { -readonly [Key in keyof ReplayOrder<Piece>]: ReplayOrder<Piece>[Key] }>()
  for (const recent of question.recent.orders) {
    const sourcer = question.sourcerFor(recent)
    const { latitude, longitude, country } = recent.destination
    const where = `${country} ${Math.round(latitude * cellsPerDegree)} ${Math.round(longitude * cellsPerDegree)} ${recent.shippingMethod}`
    for (let from = 0; from < recent.lines.length; from += pieceLinesMax) {
      const lines = recent.lines.slice(from, from + pieceLinesMax).toSorted((a, b) => (a.sku < b.sku ? -1 : 1))
      const key = `${where} ${recent.channel} ${lines.map(({ sku, quantity }) => `${quantity} ${sku}`).join('\n')}`
      const same = known.get(key)
      if (same !== undefined && same.order.sourcer === sourcer) same.times++
      else
        known.set(same === undefined ? key : `${key}\n${known.size}`, {
          order: { order: sourcingOrder(question, recent, lines), sourcer },
          times: 1,
          lines: lines.map(({ sku, quantity }) => ({ product: product.get(sku) ?? 0, quantity })),
        })
    }
  }
  return [...known.values()]
}

const sourcingOrder = (
  { at }: ScarcityQuestion,
  { destination, shippingMethod }: RecentOrder,
  lines: RecentOrder['lines'],
): SourcingOrder => ({
  at,
  destination,
  shippingMethod,
  lines,
  allow: { backorder: lines.map(() => false), split: true, transfer: true },
})

/** Why shipping from here costs more than it seems, for the reasons of a decision. @param name the place's */
export const scarcityInWords = (row: PriceRow, name: string): string =>
  `${name} has ${row.stock} of ${row.sku} left, orders like the last ${row.orders} would take ${row.forecast} there before ${row.until}; ` +
  `shipping one from ${name} costs ${(row.cents / 100).toFixed(2)} more than it seems`
