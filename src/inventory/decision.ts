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

export const decisionOf = ({ network, policy, order, levels, sourced, lineNumbers }: Asked): SourceDecision => {
  const byNumber = order.lines.map(({ sku }, at) => ({ sku, number: lineNumbers[at] ?? at })).sort((a, b) => a.number - b.number)
  const skus = [...new Set(byNumber.map(({ sku }) => sku))]
  const waits = lineNumbers.filter((_, at) => order.allow.backorder[at] === true)
  const lots =
    waits.length === 0
      ? []
      : skus.flatMap((sku, product) =>
          levels
            .lots(sku)
            .map(({ place, day, quantity }): NonNullable<Decision['lots']>[number] => [product, place, day, quantity]),
        )
  const prices = skus.flatMap((sku, product) =>
    (levels.price?.(sku) ?? []).flatMap((cents, w): NonNullable<Decision['prices']>[number][] => {
      const place = network.warehouses[w]?.id
      return cents === 0 || place === undefined ? [] : [[product, place, cents]]
    }),
  )
  return {
    at: order.at,
    network: network.version,
    policy: policy.id,
    cost: sourced.cost,
    optimal: sourced.optimal,
    ...(sourced.gap === 0 ? {} : { gap: sourced.gap }),
    parts: sourced.shipments.map(({ parts }) => partsThatCost(parts)),
    places: network.warehouses.map(({ id }) => id),
    free: skus.map((sku) => levels.available(sku)),
    ...(lots.length === 0 ? {} : { lots }),
    ...(waits.length === 0 ? {} : { waits }),
    ...(prices.length === 0 ? {} : { prices }),
    ...(levels.utilisation === undefined ? {} : { utilisation: levels.utilisation }),
  }
}

const partsThatCost = (parts: CostParts): Readonly<Record<string, number>> => {
  const some: Record<string, number> = {}
  for (const name of Object.keys(parts) as (keyof CostParts)[]) if (parts[name] !== 0) some[name] = parts[name]
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
