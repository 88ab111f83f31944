/** Asks sourcing where an order's units come from, and says its answer in the words of a reservation. Pure. */
import { addDays, dayIn } from '../kernel/time.ts'
import type { Day, Place, Sku } from '../kernel/ids.ts'
import {
  createSourcer,
  type Levels,
  type Network,
  type OrderFacts,
  type Policy,
  type Sourced,
  type Sourcer,
  type SourcingOrder,
} from '../sourcing/contract.ts'
import type { Shipment, ShipmentLine } from '../orders/contract.ts'
import { decisionOf } from './decision.ts'
import type { Source, SourceLine, StockSeen } from './planner.ts'

/** By which policy an order is decided, and who else wants to hear of it. */
export type Deciders = (order: OrderFacts) => Readonly<{
  policy: Policy
  sourcer: Sourcer
  decided?: (order: SourcingOrder, levels: Levels, sourced: Sourced) => void
}>

/** What sourcing is asked for a request. */
export const questionTo = ({ at, destination, lines, shippingMethod }: Parameters<Source>[0]): SourcingOrder => ({
  shippingMethod,
  at,
  destination,
  lines: lines.map(({ sku, quantity, grams, parent }) =>
    parent === undefined ? { sku, quantity, grams } : { sku, quantity, grams, together: String(parent) },
  ),
  allow: { backorder: lines.map(({ waits }) => waits), split: true, transfer: true },
})

/**
 * What one order's search may cost while others wait behind it: about 5 ms (measured). Counted, so that the same order over the
 * same stock has the same answer on every machine. Orders of up to twelve lines are exact within 30 ms and not limited.
 */
export const placementStepsMax = 300_000

/** What the engine sees beside stock. */
export type Beside = Readonly<{ price?: Levels['price'] | undefined; utilisation?: () => Levels['utilisation'] }>

/** One policy for every order. */
export const sourcingOver = (network: Network, policy: Policy, zone: string, beside?: Beside): Source => {
  const always = { policy, sourcer: createSourcer(network, policy) }
  return sourcingBy(network, () => always, zone, beside)
}

/** @param zone the shop's: what "today" is for supply that should have come already. */
export const sourcingBy = (network: Network, deciders: Deciders, zone: string, { price, utilisation }: Beside = {}): Source => {
  const places = network.warehouses.map(({ id }) => id)
  return (request, stock) => {
    const { at, destination, lines, shippingMethod, channel, total, group, rehearsal, thorough } = request
    const { policy, sourcer, decided } = deciders({ shippingMethod, country: destination.country, channel, total, group })
    const order = questionTo(request)
    const busy = utilisation?.()
    const levels: Levels = { ...levelsOf(stock, places, () => dayIn(zone, at)), price, utilisation: busy }
    const sourced = sourcer.source(order, levels, thorough === true ? undefined : placementStepsMax)
    if (rehearsal !== true) decided?.(order, levels, sourced)
    const units = (entries: Sourced['unfilled']) =>
      entries.map(({ line, quantity }) => ({ line: lines[line]?.line ?? line, quantity }))
    return {
      shipments: sourced.shipments.map((shipment) => shipmentOf(shipment, lines)),
      unfilled: units(sourced.unfilled),
      // An order that cannot be had whole is refused or asked again without some lines: only what is kept is recorded.
      decision:
        sourced.unfilled.length > 0
          ? undefined
          : decisionOf({ network, policy, order, levels, sourced, lineNumbers: lines.map(({ line }) => line) }),
    }
  }
}

/** Without a warehouse nothing can be sourced, and nothing is: the shop is told by a refusal, not by a crash. */
export const nowhere: Source = ({ lines }) => ({ shipments: [], unfilled: lines.map(({ line, quantity }) => ({ line, quantity })) })

/** Levels mostly come in the order of places: the next one is looked at first. */
const rowOf = (free: ReturnType<StockSeen['free']>, places: readonly Place[]): readonly number[] => {
  const row: number[] = []
  let next = 0
  for (const place of places) {
    const level = free[next]?.place === place ? free[next] : free.find((other) => other.place === place)
    if (level !== undefined) next++
    row.push(level?.units ?? 0)
  }
  return row
}

/** Asked for more than once an order: by the solver, and for the record. */
const levelsOf = (stock: StockSeen, places: readonly Place[], today: () => Day): Levels => {
  const known = new Map<Sku, readonly number[]>()
  return {
    available: (sku) => {
      const before = known.get(sku)
      if (before !== undefined) return before
      const row = rowOf(stock.free(sku), places)
      known.set(sku, row)
      return row
    },
    /** Supply past its day and not received is expected tomorrow, never in the past. */
    lots: (sku) => {
      const lots = stock.lots(sku)
      if (lots.length === 0) return lots
      const tomorrow = addDays(today(), 1)
      return lots.filter(({ place }) => places.includes(place)).map((lot) => (lot.day < tomorrow ? { ...lot, day: tomorrow } : lot))
    },
  }
}

export const shipmentOf = (
  { place, dispatch, arrives, lines }: Sourced['shipments'][number],
  asked: readonly SourceLine[],
): Shipment => ({
  place,
  dispatch,
  arrives,
  lines: lines.map(({ line, quantity, from, kind, ready, awaits }): ShipmentLine => {
    const wanted = asked[line]
    if (wanted === undefined) throw new Error(`sourcing answered for line ${line}, which nobody asked about`)
    const units = { line: wanted.line, sku: wanted.sku, quantity, from }
    if (awaits !== null) return { ...units, kind: wanted.ifShort === 'preorder' ? 'preorder' : 'backorder', ready }
    return kind === 'transfer' ? { ...units, kind: 'transfer', ready } : { ...units, kind: 'stock' }
  }),
})
