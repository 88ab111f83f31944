/** The exact solver for few lines: parcels of all subsets (hub.ts), their cheapest partition (partition.ts), the plan. */
import { allowLines, leastScores, relax } from './bounds.ts'
import { effort } from './effort.ts'
import { guess, type Guess } from './guess.ts'
import { bestDay, bestService, exactLinesMax, priceHub, pricePlainly, startParcels } from './hub.ts'
import { chooseLanes } from './lanes.ts'
import { admitParts, chosenParts, partition, partitionWithin } from './partition.ts'
import { loadOf, type Parcel } from './plan.ts'
import type { Places, Problem } from './problem.ts'

/** Below this many steps the bounds cost more than the work they save (measured: five lines, ten places). */
const boundsPayFrom = 20_000

/** After so many hubs the plan at hand hardly betters any more. */
const hubsBeforeLimit = 4

export type Exact = Readonly<{ score: number; parcels: readonly Parcel[]; left: readonly number[] }>

/** What the tables hold beats this plan or there is none; null: the tables hold the optimum. */
let atHand: Guess | null = null
/** Every line, as a mask. */
const ALL = -1

/** Of each lane, the lines that the tables were filled with. */
let kept = new Int32Array(256)

/** The score of the optimum, Infinity when no plan serves what must be served. */
export const exactScore = (p: Problem): number => {
  if (p.n > exactLinesMax) throw new Error(`${p.n} lines are too many for the exact tables`)
  atHand = null
  if (p.n === 0) return 0
  const { lanes } = p.places
  if (kept.length < lanes.length) kept = new Int32Array(lanes.length)
  return fewForTables(p.places, p.n, p.transfers) ? allHubs(p, p.transfers && lanes.length > 0) : byBounds(p)
}

/** Whether the tables are filled for all hubs and lanes at once. */
export const fewForTables = ({ lanes }: Places, n: number, transfers: boolean): boolean =>
  !transfers || lanes.length === 0 || lanes.length * n * 2 ** (n - 1) < boundsPayFrom

const allHubs = (p: Problem, lanes: boolean): number => {
  startParcels(p)
  kept.fill(ALL)
  for (let h = 0; h < p.places.W; h++) priceHub(p, h, lanes, ALL, kept)
  admitParts(p)
  return partition(p)
}

/**
 * A plan at hand first; when the bound proves it, that is all. Otherwise the hubs from the most promising on, with the
 * lanes that may still pay: the first few usually hold the best plan, and a better plan rules more of the others out.
 */
const byBounds = (p: Problem): number => {
  const { W, laneFrom } = p.places
  const bonds = p.oneParcel || p.together !== null
  const bound = relax(p)
  const { model, ascent } = bound
  if (ascent.sum === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY
  const first = bonds ? null : guess(p, model, ascent)
  let limit = first === null ? Number.POSITIVE_INFINITY : first.score
  if (ascent.sum >= limit) {
    effort.atOnce++
    atHand = first
    return limit
  }
  const least = leastScores(p, bound)
  kept.fill(0)
  startParcels(p)
  for (let rank = 0; rank < W && least.hubs[least.order[rank]!]! < limit; rank++) {
    const h = least.order[rank]!
    const own = allowLines(p, bound, h, limit, kept)
    for (let lane = laneFrom[h]!; lane < laneFrom[h + 1]!; lane++) if (kept[lane] !== 0) effort.lanes++
    priceHub(p, h, true, own, kept)
    if (rank >= hubsBeforeLimit) continue
    admitParts(p)
    limit = Math.min(limit, partitionWithin(p, ascent.prices, ascent.sum, limit))
  }
  admitParts(p)
  // Up to and including the limit: the plan that set it may be one of the tables'.
  const score = partitionWithin(p, ascent.prices, ascent.sum, limit + 1)
  if (first === null || score < first.score) return score
  atHand = first
  return first.score
}

/** `lineOf[i]` names the caller's line that line `i` of this problem is a piece of. */
export const exact = (p: Problem, lineOf: readonly number[] | null): Exact | null => planOf(p, exactScore(p), lineOf)

/**
 * The same by the tables alone, without bounds, for every subset of the lines, hub, service, day and lane: what tests and the
 * benchmark compare with. With `dominance`, lanes that cannot pay are left out, as they are in the search with bounds.
 */
export const exactWithoutBounds = (p: Problem, dominance = false): Exact | null => {
  atHand = null
  if (kept.length < p.places.lanes.length) kept = new Int32Array(p.places.lanes.length)
  pricePlainly(!dominance)
  try {
    return planOf(p, allHubs(p, p.transfers && p.places.lanes.length > 0), null)
  } finally {
    pricePlainly(false)
  }
}

const planOf = (p: Problem, score: number, lineOf: readonly number[] | null): Exact | null => {
  if (score === Number.POSITIVE_INFINITY) return null
  if (atHand !== null) return { score, ...renamed(atHand, lineOf) }
  const served = new Uint8Array(p.n)
  const parcels = (p.n === 0 ? [] : chosenParts(p)).map((part) => parcelOf(p, part, served, lineOf))
  const left: number[] = []
  for (let i = 0; i < p.n; i++) if (served[i] === 0) left.push(lineOf === null ? i : lineOf[i]!)
  return { score, parcels, left }
}

const renamed = ({ parcels, left }: Guess, lineOf: readonly number[] | null): Omit<Exact, 'score'> =>
  lineOf === null
    ? { parcels, left }
    : {
        parcels: parcels.map(({ service, loads }) => ({
          service,
          loads: loads.map((load) => ({ ...load, line: lineOf[load.line]! })),
        })),
        left: left.map((i) => lineOf[i]!),
      }

const parcelOf = (p: Problem, part: number, served: Uint8Array, lineOf: readonly number[] | null): Parcel => {
  const service = bestService[part]!
  const hub = p.places.serviceHub[service]!
  const lanes = ownShelvesOnly(p, part, hub) ? null : chooseLanes(p, part, hub, bestDay[part]!, kept)
  const loads = []
  for (let i = 0; i < p.n; i++) {
    if (((part >> i) & 1) === 0) continue
    served[i] = 1
    loads.push(loadOf(p, i, hub, lanes === null ? -1 : lanes.get(i)!, lineOf === null ? i : lineOf[i]!))
  }
  return { service, loads }
}

/** True when no lane could be cheaper than the hub's shelves: then there is nothing to choose. */
const ownShelvesOnly = (p: Problem, part: number, hub: number): boolean => {
  const { W, laneFrom } = p.places
  if (!p.transfers || laneFrom[hub] === laneFrom[hub + 1]) return true
  for (let i = 0; i < p.n; i++) {
    if (((part >> i) & 1) === 0) continue
    if (p.now[i * W + hub] === 0) return false
    for (let w = 0; w < W; w++) if (p.cost[i * W + w]! < p.cost[i * W + hub]!) return false
  }
  return true
}
