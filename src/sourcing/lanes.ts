/** Which lanes bring the lines of a chosen parcel: the tables keep costs only, so the few chosen ones are worked out again. */
import { movedBy, NEVER, perKilo, type Problem } from './problem.ts'

/**
 * Which lane brings each line of `mask` to the hub by `day` at the least cost; -1 is the hub's own shelves. The tables of
 * `hub.ts` keep costs only: the few parcels that were chosen are worked out again here, with their lines alone.
 */
export const chooseLanes = (p: Problem, mask: number, hub: number, day: number, kept: Int32Array): Map<number, number> => {
  const lines: number[] = []
  for (let i = 0; i < p.n; i++) if ((mask >> i) & 1) lines.push(i)
  const ready0 = p.places.ready0[hub]!
  const own = lines.map((i) => {
    const at = i * p.places.W + hub
    return p.day[at] !== NEVER && Math.max(ready0, p.day[at]!) <= day ? p.cost[at]! : Number.POSITIVE_INFINITY
  })
  const lanes = p.transfers ? usefulLanes(p, lines, own, hub, day, kept) : []
  return searched(p, lines, own, lanes) ?? byTables(p, lines, own, lanes)
}

type Way = Readonly<{ lane: number; costs: readonly number[] }>
/** Steps of the search for the ways of one parcel; then the tables decide, which double with every line. */
const searchStepsMax = 4_000

/**
 * Depth first, line by line, the cheapest way first. A lane that is not open yet is counted with the least share of its
 * fixed cost that any line can bear, so few branches are entered. Null when the steps run out.
 */
const searched = (
  p: Problem,
  lines: readonly number[],
  own: readonly number[],
  lanes: readonly Way[],
): Map<number, number> | null => {
  const { length } = lines
  const fixed = lanes.map(({ lane }) => p.places.lanes[lane]!.fixed)
  const share = lanes.map(({ costs }, k) => fixed[k]! / costs.filter((cost, j) => cost < own[j]!).length)
  const order = lines.map((_, j) => j)
  const least = order.map((j) => lanes.reduce((best, { costs }, k) => Math.min(best, costs[j]! + share[k]!), own[j]!))
  // Lines with few ways first: they decide which lanes are open.
  const ways = order.map(
    (j) => lanes.filter(({ costs }) => costs[j]! < own[j]!).length + (own[j] === Number.POSITIVE_INFINITY ? 0 : 1),
  )
  order.sort((a, b) => ways[a]! - ways[b]! || a - b)
  const open = new Int32Array(lanes.length)
  const now = new Int32Array(length).fill(-1)
  let chosen: Int32Array | null = null
  let best = Number.POSITIVE_INFINITY
  let steps = 0
  const visit = (depth: number, sofar: number): void => {
    if (depth === length) {
      if (sofar < best) {
        best = sofar
        chosen = now.slice()
      }
      return
    }
    let rest = 0
    for (let d = depth + 1; d < length; d++) {
      const j = order[d]!
      let cheapest = least[j]!
      for (let k = 0; k < lanes.length; k++) if (open[k]! > 0 && lanes[k]!.costs[j]! < cheapest) cheapest = lanes[k]!.costs[j]!
      rest += cheapest
    }
    const j = order[depth]!
    const options: { k: number; cost: number }[] = own[j] === Number.POSITIVE_INFINITY ? [] : [{ k: -1, cost: own[j]! }]
    for (let k = 0; k < lanes.length; k++) {
      const cost = lanes[k]!.costs[j]! + (open[k] === 0 ? fixed[k]! : 0)
      if (lanes[k]!.costs[j]! < own[j]!) options.push({ k, cost })
    }
    options.sort((a, b) => a.cost - b.cost || a.k - b.k)
    for (const { k, cost } of options) {
      steps++
      if (steps > searchStepsMax) return
      const allowed = k >= 0 && open[k] === 0 ? restWith(k, depth) : rest
      if (sofar + cost + allowed >= best) continue
      if (k >= 0) open[k] = open[k]! + 1
      now[j] = k
      visit(depth + 1, sofar + cost)
      if (k >= 0) open[k] = open[k]! - 1
    }
  }
  const restWith = (opening: number, depth: number): number => {
    let rest = 0
    for (let d = depth + 1; d < length; d++) {
      const j = order[d]!
      let cheapest = Math.min(least[j]!, lanes[opening]!.costs[j]!)
      for (let k = 0; k < lanes.length; k++) if (open[k]! > 0 && lanes[k]!.costs[j]! < cheapest) cheapest = lanes[k]!.costs[j]!
      rest += cheapest
    }
    return rest
  }
  visit(0, 0)
  if (steps > searchStepsMax) return null
  const found: Int32Array = chosen ?? now
  return new Map(lines.map((i, j) => [i, found[j]! < 0 ? -1 : lanes[found[j]!]!.lane]))
}

const byTables = (p: Problem, lines: readonly number[], own: readonly number[], lanes: readonly Way[]): Map<number, number> => {
  const full = (1 << lines.length) - 1
  const rows = [sums(own, full)]
  for (const { lane, costs } of lanes) rows.push(withLane(rows.at(-1)!, costs, p.places.lanes[lane]!.fixed))
  const chosen = new Map(lines.map((i) => [i, -1]))
  let left = full
  for (let k = lanes.length; k > 0; k--) {
    const { lane, costs } = lanes[k - 1]!
    const part = partByLane(rows[k]!, rows[k - 1]!, sums(costs, full), p.places.lanes[lane]!.fixed, left)
    lines.forEach((i, j) => {
      if ((part >> j) & 1) chosen.set(i, lane)
    })
    left ^= part
  }
  return chosen
}

const usefulLanes = (
  p: Problem,
  lines: readonly number[],
  own: readonly number[],
  hub: number,
  day: number,
  kept: Int32Array,
): { lane: number; costs: number[] }[] => {
  const lanes: { lane: number; costs: number[] }[] = []
  for (let lane = p.places.laneFrom[hub]!; lane < p.places.laneFrom[hub + 1]!; lane++) {
    if (kept[lane] === 0) continue
    const way = p.places.lanes[lane]!
    const costs = lines.map((i) => {
      const at = i * p.places.W + way.from
      return ((kept[lane]! >> i) & 1) === 1 && movedBy(way, p.day[at]!) <= day
        ? p.cost[at]! + perKilo(p.weight[i]!, way.perKg)
        : Number.POSITIVE_INFINITY
    })
    const saves = costs.reduce((sum, cost, j) => sum + (cost < own[j]! ? own[j]! - cost : 0), 0)
    if (saves > way.fixed) lanes.push({ lane, costs })
  }
  return lanes
}

const sums = (costs: readonly number[], full: number): Float64Array => {
  const row = new Float64Array(full + 1)
  for (let m = 1; m <= full; m++) row[m] = row[m & (m - 1)]! + costs[31 - Math.clz32(m & -m)]!
  return row
}

/** As in hub.ts: pay the lane once, then let line after line come by it. */
const withLane = (before: Float64Array, costs: readonly number[], fixed: number): Float64Array => {
  const row = before.map((cost) => cost + fixed)
  costs.forEach((cost, j) => {
    if (cost === Number.POSITIVE_INFINITY) return
    const bit = 1 << j
    for (let m = bit; m < row.length; m = (m + 1) | bit) {
      const value = row[m ^ bit]! + cost
      if (value < row[m]!) row[m] = value
    }
  })
  for (let m = 0; m < row.length; m++) if (before[m]! < row[m]!) row[m] = before[m]!
  return row
}

const partByLane = (row: Float64Array, before: Float64Array, byLane: Float64Array, fixed: number, left: number): number => {
  if (row[left] === before[left]) return 0
  for (let part = left; part > 0; part = (part - 1) & left) {
    const cost = before[left ^ part]! + fixed + byLane[part]!
    if (cost === row[left]) return part
  }
  throw new Error('a lane made a parcel cheaper, yet no part of its lines says which')
}
