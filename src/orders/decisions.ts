/** The decisions of an order's history: each time units were set aside, with the order as it stood just before. Pure. */
import type { Envelope } from '../kernel/event.ts'
import type { Decision, Destination, OrderEvent, PlacedLine, Shipment } from './contract.ts'
import { evolve } from './evolve.ts'
import { type Order, unplaced } from './order.ts'

export type Decided = Readonly<{
  decision: Decision
  shipments: readonly Shipment[]
  placed: readonly PlacedLine[]
  destination: Destination
  shippingMethod: string
}>

export const decisionsOf = (history: readonly Envelope[]): readonly Decided[] => {
  const found: Decided[] = []
  let order: Order = unplaced
  for (const { event } of history as readonly Envelope<OrderEvent>[]) {
    const isDecided = event.type === 'StockReserved' || event.type === 'PlanRevised'
    if (isDecided && event.decision !== undefined && order.status === 'live') {
      const { placed, progress } = order
      const { decision, shipments } = event
      const { lines, shippingMethod } = placed
      found.push({ decision, shipments, placed: lines, destination: progress.destination, shippingMethod })
    }
    order = evolve(order, event)
  }
  return found
}
