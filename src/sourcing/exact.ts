/** The exact solver for few lines: parcels of all subsets (hub.ts), their cheapest partition (partition.ts), the plan. */
import { bestDay, bestService, exactLinesMax, priceHub, startParcels } from './hub.ts'
import { admitParts, chosenParts, partition } from './partition.ts'
import { chooseLanes, loadOf, type Parcel } from './plan.ts'
import type { Problem } from './problem.ts'
import { leastScores } from './bounds.ts'

/** Below this many steps the bounds cost more than the work they save (measured: five lines, ten places). */
const boundsPayFrom = 20_000

/** After so many hubs the plan at hand hardly betters any more. */
const hubsBeforeLimit = 4

export type Exact = Readonly<{ score: number; parcels: readonly Parcel[]; left: readonly number[] }>

/** The score of the optimum, Infinity when no plan serves what must be served. Only the tables are filled. */
export const exactScore = (p: Problem): number => {
  if (p.n > exactLinesMax) throw new Error(`${p.n} lines are too many for the exact tables`)
  if (p.n === 0) return 0
  startParcels(p)
  const { places } = p
  const lanes = p.transfers && places.lanes.length > 0
  if (!lanes || (places.lanes.length * p.n) << (p.n - 1) < boundsPayFrom) {
    for (let h = 0; h < places.W; h++) priceHub(p, h, lanes, null)
    admitParts(p)
    return partition(p)
  }
  return byBounds(p)
}

/**
 * Parcels without lanes first, for a plan at hand; then the hubs from the most promising on, with the lanes that may still
 * pay. The first few usually hold the best plan, and a better plan rules more of the others out.
 */
const byBounds = (p: Problem): number => {
  const { W, lanes } = p.places
  for (let h = 0; h < W; h++) priceHub(p, h, false, null)
  admitParts(p)
  let limit = partition(p)
  const least = leastScores(p)
  const keep = new Uint8Array(lanes.length)
  const order = Array.from({ length: W }, (_, h) => h).sort((a, b) => least.hubs[a]! - least.hubs[b]! || a - b)
  order.forEach((h, rank) => {
    if (least.hubs[h]! >= limit) return
    for (let lane = p.places.laneFrom[h]!; lane < p.places.laneFrom[h + 1]!; lane++) keep[lane] = least.lanes[lane]! < limit ? 1 : 0
    priceHub(p, h, true, keep)
    if (rank >= hubsBeforeLimit) return
    admitParts(p)
    limit = partition(p)
  })
  admitParts(p)
  return partition(p)
}

/** `lineOf[i]` names the caller's line that line `i` of this problem is a piece of. */
export const exact = (p: Problem, lineOf: readonly number[] | null): Exact | null => {
  const score = exactScore(p)
  if (score === Number.POSITIVE_INFINITY) return null
  const served = new Uint8Array(p.n)
  const parcels = (p.n === 0 ? [] : chosenParts(p)).map((part) => parcelOf(p, part, served, lineOf))
  const left: number[] = []
  for (let i = 0; i < p.n; i++) if (served[i] === 0) left.push(lineOf === null ? i : lineOf[i]!)
  return { score, parcels, left }
}

const parcelOf = (p: Problem, part: number, served: Uint8Array, lineOf: readonly number[] | null): Parcel => {
  const service = bestService[part]!
  const hub = p.places.serviceHub[service]!
  const lanes = ownShelvesOnly(p, part, hub) ? null : chooseLanes(p, part, hub, bestDay[part]!)
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
