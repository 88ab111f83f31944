/**
 * From the solver's choice to the plan people read. Each parcel is priced again by the published formula, from its own
 * lines, so a plan's parts always sum to its cost whatever path found it.
 */
import type { LineKind, Plan, PlanLine, PlanShipment } from './instance.ts'
import { arrival, exactCentsMax, NEVER, perKilo, SCALE, stepCents, type Problem } from './problem.ts'

/** Units of one line in a parcel: from the hub's own shelves (`lane` -1) or by a lane. */
export type Load = {
  line: number
  quantity: number
  grams: number
  unitCost: number
  lane: number
  from: number
  ready: number
  lot: number | null
}
export type Parcel = Readonly<{ service: number; loads: readonly Load[] }>

/** Units of line `i` of this problem by this lane; `line` is the caller's line where `i` is only a piece of it. */
export const loadOf = (p: Problem, i: number, hub: number, lane: number, line: number): Load => {
  const from = lane < 0 ? hub : p.places.lanes[lane]!.from
  const at = i * p.places.W + from
  const leaves = p.day[at]!
  return {
    line,
    quantity: p.qty[i]!,
    grams: p.weight[i]!,
    unitCost: p.cost[at]! / p.qty[i]!,
    lane,
    from,
    ready: lane < 0 ? Math.max(p.places.ready0[hub]!, leaves) : leaves + p.places.lanes[lane]!.days,
    lot: p.now[at] === 1 ? null : leaves,
  }
}

/** Pieces of one line that come the same way in the same parcel are one piece. */
export const mergeLoads = (loads: readonly Load[]): Load[] => {
  const merged: Load[] = []
  for (const load of loads) {
    const twin = merged.find((other) => other.line === load.line && other.from === load.from && other.lane === load.lane)
    if (twin === undefined) merged.push({ ...load })
    else {
      twin.quantity += load.quantity
      twin.grams += load.grams
      twin.ready = Math.max(twin.ready, load.ready)
      twin.lot = twin.lot === null ? load.lot : Math.max(twin.lot, load.lot ?? 0)
    }
  }
  return merged
}

/** The parcel's cost and dates by the formula of SOURCING.md. */
export const priceParcel = (p: Problem, parcel: Parcel): { cost: number; day: number; arrives: number } => {
  const { places } = p
  const service = places.services[parcel.service]!
  const hub = places.serviceHub[parcel.service]!
  let day = places.ready0[hub]!
  for (const load of parcel.loads) day = Math.max(day, load.ready)
  const arrives = arrival(service, day)
  if (arrives === NEVER) throw new Error(`${service.id} does not leave ${places.ids[hub]} on day ${day}`)
  const time = p.perDay * arrives + p.late * Math.max(0, arrives - p.promiseDay)
  let cost = service.base + places.fixed[hub]! + p.split
  let grams = 0
  parcel.loads.forEach((load, k) => {
    grams += load.grams
    cost += load.quantity * (load.unitCost + time) + perKilo(load.grams, service.perKg)
    if (load.lane < 0) return
    const lane = places.lanes[load.lane]!
    cost += perKilo(load.grams, lane.perKg)
    if (parcel.loads.findIndex((other) => other.lane === load.lane) === k) cost += lane.fixed
  })
  return { cost: cost + stepCents(service, grams), day, arrives }
}

export const costOf = (p: Problem, parcels: readonly Parcel[]): number =>
  parcels.reduce((sum, parcel) => sum + priceParcel(p, parcel).cost, 0)

/** `bound` is a score (see SCALE) that no plan of this order undercuts: the plan is optimal when it meets it. */
export const writePlan = (p: Problem, parcels: readonly Parcel[], left: readonly number[], bound: number): Plan => {
  const shipments = parcels.map((parcel) => shipmentOf(p, parcel))
  const cost = shipments.reduce((sum, shipment) => sum + shipment.cost, finesOf(p, left))
  // Above this, cents and parcels no longer fit one number exactly, so nothing is proven.
  const optimal = cost <= exactCentsMax && bound >= cost * SCALE + shipments.length
  const least = cost <= exactCentsMax ? Math.max(0, Math.floor(bound / SCALE)) : 0
  const gap = optimal || cost <= least ? 0 : (cost - least) / cost
  return { cost, parcels: shipments.length, optimal, gap, shipments, unfilled: left }
}

export const finesOf = (p: Problem, left: readonly number[]): number => left.reduce((sum, i) => sum + p.unfilled[i]!, 0)

export const noPlan = (lines: number): Plan => ({
  cost: null,
  parcels: 0,
  optimal: true,
  gap: 0,
  shipments: [],
  unfilled: Array.from({ length: lines }, (_, i) => i),
})

const shipmentOf = (p: Problem, parcel: Parcel): PlanShipment => {
  const { places } = p
  const { cost, day, arrives } = priceParcel(p, parcel)
  const hub = places.ids[places.serviceHub[parcel.service]!]!
  return {
    hub,
    service: places.services[parcel.service]!.id,
    day,
    arrives,
    lines: parcel.loads.map(
      (load): PlanLine => ({
        line: load.line,
        quantity: load.quantity,
        from: places.ids[load.from]!,
        day: load.ready,
        kind: kindOf(load),
        lot: load.lot,
      }),
    ),
    cost,
  }
}

const kindOf = (load: Load): LineKind => (load.lane >= 0 ? 'transfer' : load.lot === null ? 'stock' : 'supply')

/**
 * Which lane brings each line of `mask` to the hub by `day` at the least cost; -1 is the hub's own shelves. The tables of
 * `hub.ts` keep costs only: the few parcels that were chosen are worked out again here, with their lines alone.
 */
export const chooseLanes = (p: Problem, mask: number, hub: number, day: number): Map<number, number> => {
  const lines: number[] = []
  for (let i = 0; i < p.n; i++) if ((mask >> i) & 1) lines.push(i)
  const ready0 = p.places.ready0[hub]!
  const full = (1 << lines.length) - 1
  const own = lines.map((i) => {
    const at = i * p.places.W + hub
    return p.day[at] !== NEVER && Math.max(ready0, p.day[at]!) <= day ? p.cost[at]! : Number.POSITIVE_INFINITY
  })
  const lanes = p.transfers ? usefulLanes(p, lines, own, hub, day) : []
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
): { lane: number; costs: number[] }[] => {
  const lanes: { lane: number; costs: number[] }[] = []
  for (let lane = p.places.laneFrom[hub]!; lane < p.places.laneFrom[hub + 1]!; lane++) {
    const way = p.places.lanes[lane]!
    const costs = lines.map((i) => {
      const at = i * p.places.W + way.from
      return p.day[at]! + way.days <= day ? p.cost[at]! + perKilo(p.weight[i]!, way.perKg) : Number.POSITIVE_INFINITY
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
