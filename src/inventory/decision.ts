/**
 * The record of a decision: what sourcing saw when it answered, small enough to be kept with every order, and the same
 * question again from that record, so that its reasons can be worked out whenever somebody asks. Pure.
 */
import type { Place, Sku } from '../kernel/ids.ts'
import type { Decision, Destination, PlacedLine, Shipment } from '../orders/contract.ts'
import type { CostParts, Levels, Network, Policy, Sourced, SourcingOrder, Supply } from '../sourcing/contract.ts'
import type { SourceDecision } from './planner.ts'

export type Asked = Readonly<{
  network: Network
  policy: Policy
  order: SourcingOrder
  levels: Levels
  sourced: Sourced
  /** The order's number of each line that was asked about. */
  lineNumbers: readonly number[]
}>

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** Written for every order that is placed: plain loops, and nothing is made for what an order does not have. */
export const decisionOf = ({ network, policy, order, levels, sourced, lineNumbers }: Asked): SourceDecision => {
  const skus = skusOf(order, lineNumbers)
  const decision: Writable<SourceDecision> = {
    at: order.at,
    network: network.version,
    policy: policy.id,
    cost: sourced.cost,
    optimal: sourced.optimal,
    parts: sourced.shipments.map(({ parts }) => partsThatCost(parts)),
    places: placesOf(network),
    free: skus.map((sku) => levels.available(sku)),
  }
  if (sourced.gap !== 0) decision.gap = sourced.gap
  if (sourced.bounded !== undefined) decision.bounded = sourced.bounded
  if (sourced.step !== undefined) decision.step = sourced.step
  if (order.allow.backorder.includes(true)) {
    decision.waits = lineNumbers.filter((_, at) => order.allow.backorder[at] === true)
    const lots = lotsOf(skus, levels)
    if (lots.length > 0) decision.lots = lots
  }
  const prices = levels.price === undefined ? noPrices : pricesOf(skus, levels.price, network)
  if (prices.length > 0) decision.prices = prices
  if (levels.utilisation !== undefined) decision.utilisation = levels.utilisation
  return decision
}

/** Each once, in the order of the order's lines. */
const skusOf = ({ lines }: SourcingOrder, lineNumbers: readonly number[]): readonly Sku[] => {
  const numberOf = (at: number) => lineNumbers[at] ?? at
  let sorted = true
  for (let at = 1; at < lines.length && sorted; at++) sorted = numberOf(at - 1) <= numberOf(at)
  const inOrder = sorted
    ? lines
    : lines
        .map((line, at) => ({ line, at }))
        .sort((a, b) => numberOf(a.at) - numberOf(b.at))
        .map(({ line }) => line)
  return [...new Set(inOrder.map(({ sku }) => sku))]
}

const placesByNetwork = new WeakMap<Network, readonly Place[]>()
const placesOf = (network: Network): readonly Place[] => {
  const known = placesByNetwork.get(network)
  if (known !== undefined) return known
  const places = network.warehouses.map(({ id }) => id)
  placesByNetwork.set(network, places)
  return places
}

type LotRow = NonNullable<Decision['lots']>[number]
const lotsOf = (skus: readonly Sku[], levels: Levels): readonly LotRow[] =>
  skus.flatMap((sku, product) => levels.lots(sku).map(({ place, day, quantity }): LotRow => [product, place, day, quantity]))

type PriceRow = NonNullable<Decision['prices']>[number]
const noPrices: readonly PriceRow[] = []
const pricesOf = (skus: readonly Sku[], price: NonNullable<Levels['price']>, network: Network): readonly PriceRow[] => {
  let rows: PriceRow[] | undefined
  for (const [product, sku] of skus.entries()) {
    price(sku)?.forEach((cents, w) => {
      const place = network.warehouses[w]?.id
      if (cents !== 0 && place !== undefined) (rows ??= []).push([product, place, cents])
    })
  }
  return rows ?? noPrices
}

const partsThatCost = (parts: CostParts): Readonly<Record<string, number>> => {
  const some: Record<string, number> = {}
  for (const name in parts) if (parts[name as keyof CostParts] !== 0) some[name] = parts[name as keyof CostParts]
  return some
}

export type Recorded = Readonly<{
  decision: Decision
  shipments: readonly Shipment[]
  placed: readonly PlacedLine[]
  /** Where it went when it was decided. */
  destination: Destination
  shippingMethod?: string
}>

/** The question that `decision` answered, in the order of warehouses of `network`, which is the one it was decided over. */
export const questionOf = (recorded: Recorded, network: Network): Readonly<{ order: SourcingOrder; levels: Levels }> => {
  const { decision, shipments, placed, destination, shippingMethod } = recorded
  const units = new Map<number, number>()
  for (const { lines } of shipments) for (const { line, quantity } of lines) units.set(line, (units.get(line) ?? 0) + quantity)
  const numbers = [...units.keys()].sort((a, b) => a - b)
  const order: SourcingOrder = {
    at: decision.at,
    destination,
    ...(shippingMethod === undefined ? {} : { shippingMethod }),
    lines: numbers.map((line) => {
      const { sku, grams, parent } = lineOf(placed, line)
      // What is missed at picking is found again by itself: the rest of its bundle has left or stays where it is.
      const tied = parent !== undefined && decision.cause !== 'short'
      return { sku, grams, quantity: units.get(line) ?? 0, ...(tied ? { together: String(parent) } : {}) }
    }),
    allow: { backorder: numbers.map((line) => decision.waits?.includes(line) === true), split: true, transfer: true },
  }
  return { order, levels: levelsOf(decision, network, [...new Set(order.lines.map(({ sku }) => sku))]) }
}

const lineOf = (placed: readonly PlacedLine[], line: number): PlacedLine => {
  const found = placed[line]
  if (found === undefined) throw new Error(`units were set aside for line ${line} of ${placed.length}`)
  return found
}

const levelsOf = (decision: Decision, network: Network, skus: readonly Sku[]): Levels => {
  const column = new Map<Place, number>(decision.places.map((place, at) => [place, at]))
  const free = new Map(skus.map((sku, at) => [sku, decision.free[at] ?? []]))
  const lots = new Map<Sku, Supply[]>()
  const { utilisation } = decision
  for (const [product, place, day, quantity] of decision.lots ?? []) {
    const sku = skus[product]
    if (sku !== undefined) lots.set(sku, [...(lots.get(sku) ?? []), { place, day, quantity }])
  }
  return {
    available: (sku) => network.warehouses.map(({ id }) => free.get(sku)?.[column.get(id) ?? -1] ?? 0),
    lots: (sku) => lots.get(sku) ?? [],
    ...(utilisation === undefined
      ? {}
      : { utilisation: network.warehouses.map(({ id }) => utilisation[column.get(id) ?? -1] ?? 0) }),
    ...(decision.prices === undefined ? {} : { price: priceOf(decision.prices, network, skus) }),
  }
}

const priceOf = (prices: NonNullable<Decision['prices']>, network: Network, skus: readonly Sku[]): NonNullable<Levels['price']> => {
  const cents = new Map(prices.map(([product, place, price]) => [`${skus[product]}\n${place}`, price]))
  return (sku) => network.warehouses.map(({ id }) => cents.get(`${sku}\n${id}`) ?? 0)
}
