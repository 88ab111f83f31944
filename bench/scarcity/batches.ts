/** Batches of orders of the published setting (of one to three products) over stock for them all, for fewer, or for more. */
import type { Batch, Option } from '../../src/sourcing/batch.ts'
import { decideExactly } from './policies.ts'
import {
  type Dice,
  dice,
  itemCount,
  type Order,
  outside,
  placeCount,
  plenty,
  type Setting,
  settingOf,
  siteCount,
} from './setting.ts'

/** By line of the order: the place it comes from. */
export type Places = readonly number[]

export const decideOption = (order: Order, stock: Float64Array, prices: Float64Array | null): Option<Places> => {
  const { cost, places } = decideExactly(order, stock, prices)
  const uses = order.items.map((item, i) => ({ pair: item * placeCount + places[i]!, quantity: 1 }))
  const least = prices === null ? cost : uses.reduce((sum, { pair }) => sum + prices[pair]!, cost)
  return { plan: places, cost, parcels: new Set(places).size, uses, least }
}

/** As many orders as asked; of each product `ratio` times the units they ask for, spread over the places that carry it. */
export const batchOf = (seed: number, count: number, ratio: number): Batch<Order, Places> => {
  const setting = settingOf(seed, 0.75, 10_000)
  const roll = dice(seed + 77)
  const orders = Array.from({ length: count }, () => smallOrder(setting, roll))
  const wanted = new Float64Array(itemCount)
  for (const { items } of orders) for (const item of items) wanted[item]!++
  const stock = new Float64Array(itemCount * placeCount)
  wanted.forEach((units, item) => {
    stock[item * placeCount + outside] = plenty
    for (let unit = 0; unit < Math.round(ratio * units); unit++) stock[item * placeCount + placeFor(setting.stock, item, roll)]!++
  })
  return { orders: orders.map((order) => ({ order, present: null })), stock, decide: decideOption }
}

const linesMax = 3
/** Any products together, some asked for far more often: what few fixed baskets ask for can mostly not leave together. */
const smallOrder = (setting: Setting, roll: Dice): Order => {
  const { city } = setting.draw(roll)
  const size = 1 + Math.floor(roll() * linesMax)
  const items = new Set<number>()
  while (items.size < size) items.add(Math.floor(roll() * roll() * itemCount))
  return { city, items: [...items].sort((a, b) => a - b) }
}

/** A place by its share of the product's planned stock. */
const placeFor = (planned: Float64Array, item: number, roll: Dice): number => {
  const row = planned.subarray(item * placeCount, item * placeCount + siteCount)
  let at = roll() * row.reduce((sum, units) => sum + units, 0)
  for (let place = 0; place < siteCount; place++) {
    at -= row[place]!
    if (at < 0) return place
  }
  return outside
}
