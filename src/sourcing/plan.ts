/**
 * From the solver's choice to the plan people read. Each parcel is priced again by the published formula, from its own
 * lines, so a plan's parts always sum to its cost whatever path found it.
 */
import type { LineKind, Plan, PlanLine, PlanShipment } from './instance.ts'
import { arrival, exactCentsMax, movedBy, NEVER, perKilo, type Pricing, type Problem, SCALE, stepCents } from './problem.ts'

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
    ready: lane < 0 ? Math.max(p.places.ready0[hub]!, leaves) : movedBy(p.places.lanes[lane]!, leaves),
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
export const priceParcel = (p: Pricing, parcel: Parcel): { cost: number; day: number; arrives: number } => {
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

export const costOf = (p: Pricing, parcels: readonly Parcel[]): number =>
  parcels.reduce((sum, parcel) => sum + priceParcel(p, parcel).cost, 0)

/** Cents for leaving each line out. */
type Fines = Readonly<{ unfilled: ArrayLike<number> }>

/** `bound` is a score (see SCALE) that no plan of this order undercuts: the plan is optimal when it meets it. */
export const writePlan = (p: Pricing & Fines, parcels: readonly Parcel[], left: readonly number[], bound: number): Plan => {
  const shipments = parcels.map((parcel) => shipmentOf(p, parcel))
  const cost = shipments.reduce((sum, shipment) => sum + shipment.cost, finesOf(p, left))
  // Above this, cents and parcels no longer fit one number exactly, so nothing is proven.
  const optimal = cost <= exactCentsMax && bound >= cost * SCALE + shipments.length
  const least = cost <= exactCentsMax ? Math.max(0, Math.floor(bound / SCALE)) : 0
  const gap = optimal || cost <= least ? 0 : (cost - least) / cost
  return { cost, parcels: shipments.length, optimal, gap, shipments, unfilled: left }
}

export const finesOf = (p: Fines, left: readonly number[]): number => left.reduce((sum, i) => sum + p.unfilled[i]!, 0)

export const noPlan = (lines: number): Plan => ({
  cost: null,
  parcels: 0,
  optimal: true,
  gap: 0,
  shipments: [],
  unfilled: Array.from({ length: lines }, (_, i) => i),
})

const shipmentOf = (p: Pricing, parcel: Parcel): PlanShipment => {
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
