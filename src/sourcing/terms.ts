/** A policy's terms on one problem: its limits, what leaving a line out costs, and the load of places. Pure. */
import type { Instance } from './instance.ts'
import { costOf, finesOf, type Parcel } from './plan.ts'
import type { Limits, Terms } from './policy.ts'
import { exactCentsMax, type Places, type Problem, SCALE } from './problem.ts'
import { type Solved, solveProblem } from './solve.ts'

/** Leaving a line out is dearer than any ordinary way to send it: 1,000,000.00. No fine of a few lines is less. */
export const leastFineCents = 100_000_000
/** An order's carriage, and the days a parcel travels: beyond both nothing ordinary goes. */
const dearCarriageCents = 5_000_000
const travelDays = 30
const farthestKm = 20_000
/** What a parcel or transfer too many is priced with, until a plan keeps the limits. */
const raises = [100, 1_000, 10_000, 100_000, 1_000_000] as const
/** How finely the least price is looked for: a step of the ten-fold falls to about 1 % of itself. */
const halvingsMax = 10

/**
 * What leaving each line out costs: more than everything the policy weighs for the whole order together, so that no line is
 * left out to save. Where that many cents are beyond what is exact, at least more than all that the line itself weighs;
 * such a plan is then never called optimal.
 */
export const finesOfTerms = (
  { weights, limits }: Terms,
  order: Readonly<{ quantities: readonly number[]; lastLot: number }>,
): readonly number[] => {
  const { money, km, perUnitDay, late, split, load } = weights
  const lines = order.quantities.length
  const raise = limits.maxParcels === null && limits.maxTransfers === null ? 0 : (raises.at(-1) ?? 0)
  const timeOfUnit = (perUnitDay + late) * (travelDays + order.lastLot)
  const time = timeOfUnit * order.quantities.reduce((sum, quantity) => sum + quantity, 0)
  const parcels = lines * (split + load + 2 * km * farthestKm + 2 * raise)
  const fine = Math.max(leastFineCents, 2 * Math.ceil(time + parcels + money * dearCarriageCents))
  const most = Math.floor(exactCentsMax / (2 * lines))
  return fine <= most ? order.quantities.map(() => fine) : order.quantities.map((quantity) => most + 2 * timeOfUnit * quantity)
}

/** Cents × utilisation² of each place, in the solver's order of places; null where load does not count. */
export const loadCents = (places: Places, weight: number, utilisation: readonly number[] | undefined): Float64Array | null =>
  weight === 0 || utilisation === undefined
    ? null
    : Float64Array.from(places.callers, (w) => Math.round(weight * (utilisation[w] ?? 0) ** 2))

export const withLoads = (places: Places, loads: Float64Array | null): Places =>
  loads === null ? places : { ...places, fixed: places.fixed.map((fixed, k) => fixed + (loads[k] ?? 0)) }

type Order = Pick<Instance, 'stock' | 'incoming' | 'pol'>

/**
 * The best plan within the limits. The solver counts neither parcels nor transfers against a limit, so what is too many
 * is priced, dearer step by step until a plan keeps the limits, then cheaper again as far as one still does. The bound
 * stays certified: under a price of λ a parcel, no plan of at most k parcels costs less than the least of
 * `cost + λ · parcels`, less λ · k. Null when even 10,000.00 a parcel or transfer leaves too many.
 */
export const solveWithin = (p: Problem, order: Order, limits: Limits): Solved | null => {
  const free = solveProblem(p, order) ?? nothing(p)
  if (limits.maxParcels === null && limits.maxTransfers === null) return free
  const { over, overTransfers } = excess(free, limits)
  if (over <= 0 && overTransfers <= 0) return free
  // What is only exceeded once the other is priced is priced as well, from then on.
  const search: Search = {
    p,
    order,
    limits,
    best: null,
    cost: Number.POSITIVE_INFINITY,
    bound: free.bound,
    parcels: over > 0,
    transfers: overTransfers > 0,
  }
  let low = 0
  for (const raise of raises) {
    if (!tried(search, raise)) {
      low = raise
      continue
    }
    let high: number = raise
    for (let k = 0; k < halvingsMax && high - low > 1 && !isSpent(p); k++) {
      const middle = Math.floor((low + high) / 2)
      if (tried(search, middle)) high = middle
      else low = middle
    }
    break
  }
  return search.best === null ? null : { ...search.best, bound: search.bound }
}

/** What the limit leaves goes into finding a plan that keeps the terms, not into a lower price. */
const isSpent = ({ limit }: Problem): boolean => {
  if (limit === null || limit.left > 0) return false
  limit.cut = true
  return true
}

type Search = {
  readonly p: Problem
  readonly order: Order
  readonly limits: Limits
  best: Solved | null
  cost: number
  bound: number
  parcels: boolean
  transfers: boolean
}

/** Solves with this price a parcel or transfer; true when the plan keeps the limits. */
const tried = (search: Search, raise: number): boolean => {
  const { p, order, limits } = search
  const perParcel = search.parcels ? raise : 0
  const perTransfer = search.transfers ? raise : 0
  const dearer = priced(p, perParcel, perTransfer)
  const solved = solveProblem(dearer, { ...order, pol: { ...order.pol, split: dearer.split } }) ?? nothing(p)
  const allowance = perParcel * (limits.maxParcels ?? 0) + perTransfer * (limits.maxTransfers ?? 0)
  search.bound = Math.max(search.bound, solved.bound - allowance * SCALE)
  const { over, overTransfers } = excess(solved, limits)
  if (over > 0) search.parcels = true
  if (overTransfers > 0) search.transfers = true
  if (over > 0 || overTransfers > 0) return false
  const cost = (costOf(p, solved.parcels) + finesOf(p, solved.left)) * SCALE + solved.parcels.length
  if (cost < search.cost) {
    search.best = solved
    search.cost = cost
  }
  return true
}

const excess = ({ parcels }: Solved, limits: Limits): Readonly<{ over: number; overTransfers: number }> => ({
  over: parcels.length - (limits.maxParcels ?? Number.POSITIVE_INFINITY),
  overTransfers: transfersOf(parcels) - (limits.maxTransfers ?? Number.POSITIVE_INFINITY),
})

const nothing = ({ n, unfilled }: Problem): Solved => ({
  parcels: [],
  left: Array.from({ length: n }, (_, i) => i),
  bound: unfilled.reduce((sum, fine) => sum + fine, 0) * SCALE,
})

/** Goods that come by one lane for one parcel are one transfer. */
const transfersOf = (parcels: readonly Parcel[]): number =>
  parcels.reduce((sum, { loads }) => sum + new Set(loads.flatMap(({ lane }) => (lane < 0 ? [] : [lane]))).size, 0)

const priced = (p: Problem, perParcel: number, perTransfer: number): Problem => {
  const lanes = p.places.lanes.map((lane) => ({ ...lane, fixed: lane.fixed + perTransfer }))
  const leastLane = p.places.leastLane.map((fixed) => fixed + perTransfer)
  return { ...p, split: p.split + perParcel, places: { ...p.places, lanes, leastLane } }
}
