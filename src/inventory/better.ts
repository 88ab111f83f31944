/**
 * Better ways for orders that hold their units already and whose work has not begun: the batch search of sourcing, in the
 * words of a reservation. Pure; a generator that lets others in after every few decisions.
 */
import type { Day, OrderId, Sku } from '../kernel/ids.ts'
import type { Shipment } from '../orders/contract.ts'
import {
  betterOrders,
  type HoldingOrder,
  type Levels,
  type Move,
  type Network,
  type OrderFacts,
  type Policy,
} from '../sourcing/contract.ts'
import { decisionOf } from './decision.ts'
import type { ReserveRequest, SourceDecision, StockSeen } from './planner.ts'
import { questionTo, shipmentOf } from './sourcing.ts'

export type Bettering = Readonly<{
  id: OrderId
  /** All units that are ordered now and not sent. */
  request: ReserveRequest
  promised: Day | null
  /** Its units where they lie now; all of them. */
  held: HoldingOrder['held']
}>
export type BetterMove = Readonly<{ id: OrderId; saving: number; shipments: readonly Shipment[]; decision: SourceDecision }>
/** Moves that need each other's units: all of them, or none. */
export type BetterGroup = Readonly<{ saving: number; moves: readonly BetterMove[] }>

export type BetterOptions = Readonly<{
  network: Network
  policyFor: (facts: OrderFacts) => Policy
  price?: Levels['price']
  /** Cents as the policy weighs them: what each order that moves must save. */
  leastSaving: number
}>

/** @param free units beside those that the orders hold */
export function* betterPlans(
  asked: readonly Bettering[],
  free: StockSeen['free'],
  { network, policyFor, price, leastSaving }: BetterOptions,
): Generator<void, readonly BetterGroup[]> {
  const available = (sku: Sku): readonly number[] => {
    const levels = free(sku)
    return network.warehouses.map(({ id }) => levels.find(({ place }) => place === id)?.units ?? 0)
  }
  const holding = asked.map(({ id, request, promised, held }): HoldingOrder => {
    const { shippingMethod, destination, channel, total, group } = request
    const policy = policyFor({ shippingMethod, country: destination.country, channel, total, group })
    return { id, order: questionTo(inHand(request)), policy, promised, held, mayMove: true }
  })
  const stock = { available, lots: () => [], ...(price === undefined ? {} : { price }) }
  const { groups } = yield* betterOrders(network, holding, stock, leastSaving)
  const byId = new Map(asked.map((one, at) => [one.id as string, { one, holding: holding[at] }]))
  const moveOf = ({ id, saving, after }: Move): BetterMove[] => {
    const known = byId.get(id)
    if (known?.holding === undefined) return []
    const { one, holding: held } = known
    const lines = inHand(one.request).lines
    return [
      {
        id: one.id,
        saving,
        shipments: after.shipments.map((shipment) => shipmentOf(shipment, lines)),
        decision: decisionOf({
          network,
          policy: held.policy,
          order: held.order,
          levels: withHeld(stock, one, network),
          sourced: after,
          lineNumbers: lines.map(({ line }) => line),
        }),
      },
    ]
  }
  return groups.map(({ saving, moves }) => ({ saving, moves: moves.flatMap(moveOf) }))
}

/** What is in hand is not given up for what is to come. */
const inHand = (request: ReserveRequest) => ({ ...request, lines: request.lines.map((line) => ({ ...line, waits: false })) })

const withHeld = (levels: Levels, { held }: Bettering, network: Network): Levels => ({
  ...levels,
  available: (sku) => {
    const own = held.filter((entry) => entry.sku === sku)
    return levels
      .available(sku)
      .map((units, at) =>
        own.reduce((sum, { place, quantity }) => (place === network.warehouses[at]?.id ? sum + quantity : sum), units),
      )
  },
})
