/** Asks sourcing where an order's units come from, and says its answer in the words of a reservation. Pure. */
import { addDays, dayIn } from '../kernel/time.ts'
import type { Day, Place, Sku } from '../kernel/ids.ts'
import { createSourcer, type Network, type Policy, type Sourced, type Sourcer, type SourcingOrder } from '../sourcing/contract.ts'
import type { Shipment, ShipmentLine } from '../orders/contract.ts'
import type { Source, SourceLine, StockSeen } from './planner.ts'

/** @param zone the shop's: what "today" is for supply that should have come already. */
export const sourcingOver = (network: Network, policy: Policy, zone: string): Source => {
  const sourcer: Sourcer = createSourcer(network, policy)
  const places = network.warehouses.map(({ id }) => id)
  return ({ at, destination, lines }, stock) => {
    const order: SourcingOrder = {
      at,
      destination,
      lines: lines.map(({ sku, quantity, grams, parent }) =>
        parent === undefined ? { sku, quantity, grams } : { sku, quantity, grams, together: String(parent) },
      ),
      allow: { backorder: lines.map(({ waits }) => waits), split: true, transfer: true },
    }
    const sourced = sourcer.source(
      order,
      levelsOf(stock, places, () => dayIn(zone, at)),
    )
    const units = (entries: Sourced['unfilled']) =>
      entries.map(({ line, quantity }) => ({ line: lines[line]?.line ?? line, quantity }))
    return { shipments: sourced.shipments.map((shipment) => shipmentOf(shipment, lines)), unfilled: units(sourced.unfilled) }
  }
}

/** Without a warehouse nothing can be sourced, and nothing is: the shop is told by a refusal, not by a crash. */
export const nowhere: Source = ({ lines }) => ({ shipments: [], unfilled: lines.map(({ line, quantity }) => ({ line, quantity })) })

const levelsOf = (stock: StockSeen, places: readonly Place[], today: () => Day) => ({
  available: (sku: Sku): readonly number[] => {
    const free = stock.free(sku)
    return places.map((place) => free.find((level) => level.place === place)?.units ?? 0)
  },
  /** Supply past its day and not received is expected tomorrow, never in the past. */
  lots: (sku: Sku) => {
    const lots = stock.lots(sku)
    if (lots.length === 0) return lots
    const tomorrow = addDays(today(), 1)
    return lots.filter(({ place }) => places.includes(place)).map((lot) => (lot.day < tomorrow ? { ...lot, day: tomorrow } : lot))
  },
})

const shipmentOf = ({ place, dispatch, arrives, lines }: Sourced['shipments'][number], asked: readonly SourceLine[]): Shipment => ({
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
