/** The figures of a what-if: sums a policy, and what each order would have come to under another one. Pure. */
import type { OrderId, Place } from '../kernel/ids.ts'

/** What became of one order under one policy. Money in cents as it is paid, whatever the policy weighs. */
export type Outcome = Readonly<{
  cost: number
  carrier: number
  handling: number
  transfer: number
  parcels: number
  /** Journeys between warehouses. */
  transfers: number
  /** From the order's day to the last parcel's arrival; null where nothing is sent. */
  days: number | null
  /** After the day it was promised for; null where none was, or nothing is sent. */
  late: boolean | null
  units: number
  unfilled: number
  optimal: boolean
  gap: number
  /** Parcels that leave each warehouse, and units taken from its stock. */
  load: readonly Readonly<{ place: Place; parcels: number; units: number }>[]
}>

export type WarehouseLoad = Readonly<{ warehouse: Place; parcels: number; units: number; share: number }>
/** Rates lie between 0 and 1 and are null where there is nothing to divide by. */
export type PolicyFigures = Readonly<{
  policy: string
  orders: number
  /** Everything that was asked for is sent; a part; nothing. */
  filled: number
  partly: number
  unfilled: number
  units: Readonly<{ asked: number; sent: number; unfilled: number }>
  cost: Readonly<{ total: number; carrier: number; handling: number; transfer: number; perOrder: number | null }>
  parcels: number
  parcelsPerOrder: number | null
  splitRate: number | null
  transfers: number
  transfersPerOrder: number | null
  averageDays: number | null
  lateRate: number | null
  optimalRate: number | null
  worstGap: number
  load: readonly WarehouseLoad[]
}>

/** Orders whose cost differs by this many cents, both ends included; null is open. */
export type HistogramBin = Readonly<{ from: number | null; to: number | null; orders: number }>
export type OrderDifference = Readonly<{
  order: OrderId
  number: number
  cost: number
  parcels: number
  transfers: number
  days: number | null
  unfilled: number
}>
/** The other policy less the first: below 0 it costs less. */
export type PolicyDifference = Readonly<{
  policy: string
  against: string
  cost: number
  parcels: number
  transfers: number
  unfilled: number
  cheaper: number
  same: number
  dearer: number
  /** Orders of which both send as many units, and what these differ by: a policy that sends less only seems cheap. */
  alike: Readonly<{ orders: number; cost: number }>
  histogram: readonly HistogramBin[]
  mostSaved: readonly OrderDifference[]
  mostLost: readonly OrderDifference[]
}>

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)

export class Tally {
  #orders = 0
  #filled = 0
  #partly = 0
  #asked = 0
  #unfilledUnits = 0
  #sent = 0
  #split = 0
  #parcels = 0
  #transfers = 0
  #days = 0
  #late = 0
  #due = 0
  #optimal = 0
  #worstGap = 0
  readonly #cost = { total: 0, carrier: 0, handling: 0, transfer: 0 }
  readonly #load = new Map<Place, { parcels: number; units: number }>()

  add(outcome: Outcome): void {
    const isSent = outcome.parcels > 0
    this.#orders += 1
    if (outcome.unfilled === 0) this.#filled += 1
    else if (isSent) this.#partly += 1
    this.#asked += outcome.units
    this.#unfilledUnits += outcome.unfilled
    if (isSent) this.#sent += 1
    if (outcome.parcels > 1) this.#split += 1
    this.#parcels += outcome.parcels
    this.#transfers += outcome.transfers
    this.#days += outcome.days ?? 0
    if (outcome.late !== null) this.#due += 1
    if (outcome.late === true) this.#late += 1
    if (outcome.optimal) this.#optimal += 1
    this.#worstGap = Math.max(this.#worstGap, outcome.gap)
    this.#cost.total += outcome.cost
    this.#cost.carrier += outcome.carrier
    this.#cost.handling += outcome.handling
    this.#cost.transfer += outcome.transfer
    for (const { place, parcels, units } of outcome.load) {
      const sums = this.#load.get(place) ?? { parcels: 0, units: 0 }
      sums.parcels += parcels
      sums.units += units
      this.#load.set(place, sums)
    }
  }

  figures(policy: string, places: readonly Place[]): PolicyFigures {
    const sentUnits = this.#asked - this.#unfilledUnits
    return {
      policy,
      orders: this.#orders,
      filled: this.#filled,
      partly: this.#partly,
      unfilled: this.#orders - this.#filled - this.#partly,
      units: { asked: this.#asked, sent: sentUnits, unfilled: this.#unfilledUnits },
      cost: { ...this.#cost, perOrder: ratio(this.#cost.total, this.#sent) },
      parcels: this.#parcels,
      parcelsPerOrder: ratio(this.#parcels, this.#sent),
      splitRate: ratio(this.#split, this.#sent),
      transfers: this.#transfers,
      transfersPerOrder: ratio(this.#transfers, this.#sent),
      averageDays: ratio(this.#days, this.#sent),
      lateRate: ratio(this.#late, this.#due),
      optimalRate: ratio(this.#optimal, this.#orders),
      worstGap: this.#worstGap,
      load: places.map((warehouse) => {
        const { parcels, units } = this.#load.get(warehouse) ?? { parcels: 0, units: 0 }
        return { warehouse, parcels, units, share: ratio(units, sentUnits) ?? 0 }
      }),
    }
  }
}

/** Cents: what a parcel more or less comes to lies in the outer bins, a few kilometres in the inner ones. */
const bins: readonly Readonly<{ from: number | null; to: number | null }>[] = [
  { from: null, to: -1_001 },
  { from: -1_000, to: -501 },
  { from: -500, to: -201 },
  { from: -200, to: -101 },
  { from: -100, to: -1 },
  { from: 0, to: 0 },
  { from: 1, to: 100 },
  { from: 101, to: 200 },
  { from: 201, to: 500 },
  { from: 501, to: 1_000 },
  { from: 1_001, to: null },
]
/** Enough to look at some by name; a file has them all. */
const topMax = 10

export class Comparison {
  readonly #sums = { cost: 0, parcels: 0, transfers: 0, unfilled: 0, cheaper: 0, same: 0, dearer: 0 }
  readonly #alike = { orders: 0, cost: 0 }
  readonly #counts = bins.map(() => 0)
  readonly #saved: OrderDifference[] = []
  readonly #lost: OrderDifference[] = []

  add(order: OrderId, number: number, first: Outcome, other: Outcome): void {
    const difference: OrderDifference = {
      order,
      number,
      cost: other.cost - first.cost,
      parcels: other.parcels - first.parcels,
      transfers: other.transfers - first.transfers,
      days: first.days === null || other.days === null ? null : other.days - first.days,
      unfilled: other.unfilled - first.unfilled,
    }
    const { cost } = difference
    this.#sums.cost += cost
    this.#sums.parcels += difference.parcels
    this.#sums.transfers += difference.transfers
    this.#sums.unfilled += difference.unfilled
    this.#sums[cost < 0 ? 'cheaper' : cost > 0 ? 'dearer' : 'same'] += 1
    if (difference.unfilled === 0) {
      this.#alike.orders += 1
      this.#alike.cost += cost
    }
    const bin = bins.findIndex(({ to }) => to === null || cost <= to)
    this.#counts[bin] = (this.#counts[bin] ?? 0) + 1
    // What is sent short is no saving: the lists compare like with like.
    if (difference.unfilled !== 0) return
    if (cost < 0) keep(this.#saved, difference, (a, b) => a.cost - b.cost)
    if (cost > 0) keep(this.#lost, difference, (a, b) => b.cost - a.cost)
  }

  difference(policy: string, against: string): PolicyDifference {
    return {
      policy,
      against,
      ...this.#sums,
      alike: { ...this.#alike },
      histogram: bins.map((bin, index) => ({ ...bin, orders: this.#counts[index] ?? 0 })),
      mostSaved: [...this.#saved],
      mostLost: [...this.#lost],
    }
  }
}

/** The first come stays first among equals, so that the list does not depend on how it was made. */
const keep = <Item>(list: Item[], item: Item, compare: (a: Item, b: Item) => number): void => {
  const at = list.findIndex((other) => compare(item, other) < 0)
  list.splice(at < 0 ? list.length : at, 0, item)
  if (list.length > topMax) list.pop()
}
