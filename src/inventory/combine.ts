/** What it saves when two orders that leave one place for one address share a parcel, where their policy allows. Pure. */
import type { Day, OrderId, Place } from '../kernel/ids.ts'
import type { Levels, Network, OrderFacts, Policy, Sourced, Sourcer, SourcingOrder } from '../sourcing/contract.ts'
import type { Bettering } from './better.ts'
import type { ReserveRequest } from './planner.ts'
import { questionTo } from './sourcing.ts'

export type Combination = Readonly<{
  orders: readonly OrderId[]
  place: Place
  /** The day on which the parcel that they share arrives. */
  arrives: Day
  /** Cents, as the policy weighs them: of all the orders together. */
  saving: number
  policy: string
}>
/** Who decides an order, over which network. */
export type Deciding = Readonly<{
  network: Network
  policyFor: (facts: OrderFacts) => Policy
  sourcerFor: (facts: OrderFacts) => Sourcer
}>

export const factsOf = ({ shippingMethod, destination, channel, total, group }: ReserveRequest): OrderFacts => ({
  shippingMethod,
  country: destination.country,
  channel,
  total,
  group,
})

/**
 * Each alone and both together, by the same policy, at the same moment, over the units that they hold and no others.
 * @returns undefined where they do not leave in one parcel each, from one place, or one policy does not want it for both
 */
export const combination = (
  [a, b]: readonly [Bettering, Bettering],
  { network, policyFor, sourcerFor }: Deciding,
): Combination | undefined => {
  const facts = factsOf(a.request)
  const policy = policyFor(facts)
  if (policy.mergeOrders !== true || policyFor(factsOf(b.request)).id !== policy.id) return undefined
  const { source } = sourcerFor(facts)
  const parcelOf = (order: SourcingOrder, ...whose: readonly Bettering[]) => {
    const sourced = source({ ...order, allow: { ...order.allow, split: false } }, heldBy(whose, network))
    return onlyParcel(sourced)
  }
  const [first, second] = [inHand(a), inHand(b)]
  const alone = [parcelOf(first, a), parcelOf(second, b)]
  const together = parcelOf({ ...first, ...joined(first, second) }, a, b)
  if (together === undefined || alone.some((one) => one?.place !== together.place)) return undefined
  const saving = alone.reduce((sum, one) => sum + (one?.cost ?? 0), 0) - together.cost
  return { orders: [a.id, b.id], place: together.place, arrives: together.arrives, saving, policy: policy.id }
}

const onlyParcel = ({ shipments, unfilled }: Sourced) =>
  unfilled.length === 0 && shipments.length === 1 ? shipments[0] : undefined

const inHand = ({ request }: Bettering): SourcingOrder =>
  questionTo({ ...request, lines: request.lines.map((line) => ({ ...line, waits: false })) })

/** Bundles of different orders are different bundles. */
const joined = (a: SourcingOrder, b: SourcingOrder): Pick<SourcingOrder, 'lines' | 'allow'> => {
  const named = ({ lines }: SourcingOrder, prefix: string) =>
    lines.map((line) => (line.together === undefined ? line : { ...line, together: `${prefix}${line.together}` }))
  const backorder = [...a.allow.backorder, ...b.allow.backorder]
  return { lines: [...named(a, 'a'), ...named(b, 'b')], allow: { ...a.allow, backorder } }
}

const heldBy = (whose: readonly Bettering[], { warehouses }: Network): Levels => ({
  available: (sku) =>
    warehouses.map(({ id }) =>
      whose
        .flatMap(({ held }) => held)
        .reduce((sum, entry) => (entry.sku === sku && entry.place === id ? sum + entry.quantity : sum), 0),
    ),
  lots: () => [],
})
