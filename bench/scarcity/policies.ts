/** Ways to decide the orders of the published setting one by one, as they come; and what each way costs in the end. */
import { replay } from '../../src/sourcing/replay.ts'
import { costOf } from '../../src/sourcing/plan.ts'
import { buildProblem, preparePlaces, type Places } from '../../src/sourcing/problem.ts'
import { solveProblem } from '../../src/sourcing/solve.ts'
import {
  cityCount,
  itemCount,
  nearest,
  type Order,
  outside,
  parcelCosts,
  placeCount,
  priceStep,
  sequenceOf,
  type Setting,
  siteCount,
  sitesFrom,
  unitCosts,
} from './setting.ts'

export type Decision = Readonly<{ cost: number; places: readonly number[] }>

const placesFrom: readonly Places[] = Array.from({ length: cityCount }, (_, city) => preparePlaces(sitesFrom(city), []))

/** The product's own decision: the engine over this city's places. `cost` leaves prices out. */
export const decideExactly = (order: Order, stock: Float64Array, prices: Float64Array | null): Decision => {
  const row = (from: Float64Array, item: number) => from.subarray(item * placeCount, (item + 1) * placeCount) as unknown as number[]
  const n = order.items.length
  const asked = {
    n,
    W: placeCount,
    qty: order.items.map(() => 1),
    grams: order.items.map(() => 0),
    stock: order.items.map((item) => row(stock, item)),
    incoming: order.items.map(() => []),
    shadow: prices === null ? null : order.items.map((item) => row(prices, item)),
    pol: {
      perDay: 0,
      late: 0,
      promiseDay: null,
      split: 0,
      unfilled: order.items.map(() => null),
      transfers: false,
      backorder: false,
    },
  }
  const p = buildProblem(placesFrom[order.city]!, asked)
  const solved = solveProblem(p, asked)
  if (solved === null) throw new Error('outside has everything, yet no plan was found')
  const places = order.items.map(() => outside)
  for (const { loads } of solved.parcels) for (const { line, from } of loads) places[line] = from
  const priced = prices === null ? 0 : order.items.reduce((sum, item, i) => sum + prices[item * placeCount + places[i]!]!, 0)
  return { cost: costOf(p, solved.parcels) - priced, places }
}

/** Every product from the nearest place that has it. */
export const decideNearest = (order: Order, stock: Float64Array): Decision => {
  const places = order.items.map((item) =>
    nearest(
      order.city,
      Array.from({ length: siteCount }, (_, place) => stock[item * placeCount + place]! > 0),
    ),
  )
  const units = places.reduce((sum, place) => sum + unitCosts[order.city]![place]!, 0)
  return { cost: [...new Set(places)].reduce((sum, place) => sum + parcelCosts[place]!, units), places }
}

export const ways = ['closest', 'myopic', 'replay'] as const
export type Way = (typeof ways)[number]
/** Of the stock's horizon, and how many of the last orders are decided again (SOURCING §5.1). */
const refreshes = 20
const replayed = 400

/** The cost of a whole sequence, in ten-thousandths of a dollar. */
export const costOfSequence = (setting: Setting, seed: number, periods: number, way: Way): number => {
  const orders = sequenceOf(setting, seed, periods)
  // What was ordered before stock was filled up: the shop knows its orders when the period begins.
  const past = sequenceOf(setting, seed + 500_000_000, 4 * replayed).filter((order) => order !== null)
  const stock = setting.stock.slice()
  const last = past.slice(-replayed)
  let prices: Float64Array | null = null
  let sum = 0
  orders.forEach((order, period) => {
    if (way === 'replay' && period % Math.ceil(periods / refreshes) === 0)
      prices = refreshed(last.slice(-replayed), stock, prices, (periods - period) * setting.arrives)
    if (order === null) return
    last.push(order)
    const { cost, places } = way === 'closest' ? decideNearest(order, stock) : decideExactly(order, stock, prices)
    sum += cost
    order.items.forEach((item, i) => {
      if (places[i] !== outside) stock[item * placeCount + places[i]!]!--
    })
  })
  return sum
}

const refreshed = (
  sample: readonly Order[],
  stock: Float64Array,
  start: Float64Array | null,
  toCome: number,
): Float64Array | null => {
  const same = new Map<string, { order: Order; times: number }>()
  for (const order of sample) {
    const key = `${order.city} ${order.items.join()}`
    const known = same.get(key)
    if (known === undefined) same.set(key, { order, times: 1 })
    else known.times++
  }
  const search = replay<Order>({
    orders: [...same.values()].map(({ order, times }) => ({
      order,
      times,
      lines: order.items.map((product) => ({ product, quantity: 1 })),
    })),
    weight: new Float64Array(itemCount).fill(toCome / sample.length),
    places: placeCount,
    stock,
    start,
    step: priceStep,
    decide: (order, prices, take) => {
      decideExactly(order, stock, prices).places.forEach((place, i) => take(order.items[i]!, place, 1))
    },
  })
  for (;;) {
    const { done, value } = search.next()
    if (done === true) return value.prices
  }
}
