/**
 * What-if: orders of the past through the same engine under other policies, another network or another stock. It is handed
 * plain data and gives figures back, so it cannot change a shop: there is no store in its reach. Pure.
 */
import type { Day, Instant, OrderId, Place } from '../kernel/ids.ts'
import { dayIn, daysBetween } from '../kernel/time.ts'
import {
  createSourcer,
  type Destination,
  type Network,
  paidCents,
  type Policy,
  type RequestLine,
  type Sourced,
  type Sourcer,
  type SourcingOrder,
} from '../sourcing/contract.ts'
import { Busy } from './simulation-load.ts'
import { Comparison, type Outcome, type PolicyDifference, type PolicyFigures, Tally } from './simulation-figures.ts'
import { type Layout, PrivateStock } from './simulation-stock.ts'

/** An order as it was placed, without anything that names a person. */
export type SimulatedOrder = Readonly<{
  id: OrderId
  number: number
  at: Instant
  destination: Destination
  shippingMethod: string
  lines: readonly RequestLine[]
  /** The day the buyer was held to before ordering (`POST /v1/promises`): the engine heeds it. */
  wishedBy?: Day
  /** The day promised with the order: who comes after it is late. */
  promised?: Day
}>
export type SimulationQuestion = Readonly<{
  network: Network
  policies: readonly Policy[]
  stock: Layout
  /** The shop's: what day an order is of. */
  zone: string
}>
export type SimulationReport = Readonly<{
  orders: number
  policies: readonly PolicyFigures[]
  differences: readonly PolicyDifference[]
}>

type Side = Readonly<{ policy: Policy; sourcer: Sourcer; stock: PrivateStock; tally: Tally; busy: Busy }>

/** Orders are handed in one by one, in the order in which they came, so that a caller may look up in between. */
export class Simulation {
  readonly #places: readonly Place[]
  readonly #zone: string
  readonly #sides: readonly Side[]
  readonly #comparisons: readonly Comparison[]
  #orders = 0

  constructor({ network, policies, stock, zone }: SimulationQuestion) {
    this.#places = network.warehouses.map(({ id }) => id)
    this.#zone = zone
    this.#sides = policies.map((policy) => ({
      policy,
      sourcer: createSourcer(network, policy),
      stock: new PrivateStock(stock, this.#places),
      tally: new Tally(),
      busy: new Busy(network.warehouses),
    }))
    this.#comparisons = policies.slice(1).map(() => new Comparison())
  }

  /** @returns what became of it under each policy, in their order. */
  decide(order: SimulatedOrder): readonly Outcome[] {
    this.#orders += 1
    const request = requestOf(order)
    const day = dayIn(this.#zone, order.at)
    const outcomes = this.#sides.map(({ sourcer, stock, tally, busy }) => {
      const sourced = sourcer.source(request, stock.levels(busy.on(day)))
      stock.take(request, sourced)
      busy.add(sourced)
      const outcome = outcomeOf(order, sourced, day)
      tally.add(outcome)
      return outcome
    })
    const [first, ...others] = outcomes
    if (first !== undefined)
      for (const [index, other] of others.entries()) this.#comparisons[index]?.add(order.id, order.number, first, other)
    return outcomes
  }

  report(): SimulationReport {
    const [first] = this.#sides
    return {
      orders: this.#orders,
      policies: this.#sides.map(({ policy, tally }) => tally.figures(policy.id, this.#places)),
      differences: this.#sides
        .slice(1)
        .flatMap(({ policy }, index) => this.#comparisons[index]?.difference(policy.id, first?.policy.id ?? '') ?? []),
    }
  }
}

/** All at once. */
export const simulate = (question: SimulationQuestion, orders: Iterable<SimulatedOrder>): SimulationReport => {
  const simulation = new Simulation(question)
  for (const order of orders) simulation.decide(order)
  return simulation.report()
}

const requestOf = ({ at, destination, shippingMethod, lines, wishedBy }: SimulatedOrder): SourcingOrder => ({
  at,
  destination,
  shippingMethod,
  lines,
  allow: { backorder: lines.map(() => false), split: true, transfer: true },
  ...(wishedBy === undefined ? {} : { wishedBy }),
})

const outcomeOf = ({ lines, promised }: SimulatedOrder, sourced: Sourced, day: Day): Outcome => {
  const { shipments, unfilled, parcels, optimal, gap } = sourced
  const paid = { carrier: 0, handling: 0, transfer: 0 }
  const load = new Map<Place, { parcels: number; units: number }>()
  const loadOf = (place: Place) => {
    const known = load.get(place) ?? { parcels: 0, units: 0 }
    load.set(place, known)
    return known
  }
  let transfers = 0
  let last: Day | undefined
  for (const { place, arrives, lines: sent, parts, money } of shipments) {
    const { carrier, handling, transfer } = money ?? parts
    paid.carrier += carrier
    paid.handling += handling
    paid.transfer += transfer
    loadOf(place).parcels += 1
    for (const { from, quantity } of sent) loadOf(from).units += quantity
    // What comes to a parcel from one place travels together.
    transfers += new Set(sent.flatMap(({ from }) => (from === place ? [] : [from]))).size
    if (last === undefined || arrives > last) last = arrives
  }
  return {
    cost: paidCents(sourced),
    ...paid,
    parcels,
    transfers,
    days: last === undefined ? null : daysBetween(day, last),
    late: last === undefined || promised === undefined ? null : last > promised,
    units: lines.reduce((sum, { quantity }) => sum + quantity, 0),
    unfilled: unfilled.reduce((sum, { quantity }) => sum + quantity, 0),
    optimal,
    gap,
    load: [...load].map(([place, sums]) => ({ place, ...sums })),
  }
}
