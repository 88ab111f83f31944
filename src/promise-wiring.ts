/** What promises need of the rooms: the engine with the buffer of past deliveries, and with speed where a promise binds. */
import { type PlannedOrder } from './insights/lateness.ts'
import type { PlansOf } from './insights/lateness-reactions.ts'
import type { Source } from './inventory/contract.ts'
import { utilisationOf } from './inventory/network.ts'
import { nowhere, sourcingOver } from './inventory/sourcing.ts'
import type { Warehouses } from './inventory/warehouses-service.ts'
import type { OrderId } from './kernel/ids.ts'
import { type BufferDays, promising } from './orders/promise-day.ts'
import type { OrderRepository } from './orders/store.ts'
import { cheapest, type Network, type OrderFacts, type Policy, presets } from './sourcing/contract.ts'

export type PromisingOptions = Readonly<{
  source: Source
  /** The policy by which `source` decides an order. */
  policyFor: (order: OrderFacts) => Policy
  warehouses: Warehouses
  zone: string
  bufferDays: BufferDays
}>

/** What a shop forbids is not done to keep a day: speed decides only where its policy lets everything be done. */
const forbidsNothing = ({ allow, limits, filters, ladder }: Policy): boolean =>
  ladder === null &&
  allow.transfer &&
  allow.backorder &&
  allow.splitOrder &&
  allow.splitLine === 'whenNeeded' &&
  Object.values(limits).every((limit) => limit === null) &&
  Object.keys(filters).length === 0

const fastest = presets.find(({ name }) => name === 'fastest') ?? cheapest

/** Built after what `source` follows, so that it hears of a change second. */
export const promisingSource = ({ source, policyFor, warehouses, zone, bufferDays }: PromisingOptions): Source => {
  let network: Network | undefined
  let compiled: Source | undefined
  warehouses.onChange((seen) => {
    network = seen
    compiled = undefined
  })
  // Compiled when it is first needed: few promises ever bind.
  const hurried: Source = (request, stock) => {
    const { shippingMethod, channel, total, group, destination } = request
    const utilisation = () => (network === undefined ? undefined : utilisationOf(network, warehouses.backlog))
    if (!forbidsNothing(policyFor({ shippingMethod, channel, total, group, country: destination.country })))
      return nowhere(request, stock)
    compiled ??=
      network === undefined || network.warehouses.length === 0 ? nowhere : sourcingOver(network, fastest, zone, { utilisation })
    return compiled(request, stock)
  }
  return promising(source, hurried, bufferDays)
}

/** How orders were planned, for whoever compares that with what became of them. */
export const plansIn =
  (repository: OrderRepository): PlansOf =>
  async (ids) => {
    const plans = new Map<OrderId, PlannedOrder>()
    for (const [id, { state }] of await repository.get(ids)) {
      if (state.status !== 'live' || state.progress.plan.length === 0) continue
      const { placed, progress } = state
      plans.set(id, {
        service: placed.shippingMethod,
        country: progress.destination.country,
        promised: progress.promised,
        shipments: progress.plan,
      })
    }
    return plans
  }
