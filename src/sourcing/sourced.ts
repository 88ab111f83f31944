/**
 * From the solver's choice to the answer that other rooms read: SKUs become the order's lines again, days become dates,
 * and each parcel says what it weighs part by part, and what it costs in money where that is something else.
 */
import type { Place } from '../kernel/ids.ts'
import { dayText } from './calendar.ts'
import type { Lane } from './instance.ts'
import type { Network } from './network.ts'
import { priceParcel, type Load, type Parcel } from './plan.ts'
import { arrival, exactCentsMax, perKilo, type Pricing, SCALE, stepCents } from './problem.ts'
import type { CostParts, PaidParts, Sourced, SourcedLine, SourcedShipment, SourcingOrder } from './request.ts'
import type { Solved } from './solve.ts'
import type { Tables } from './tables.ts'
import { laneKey } from './weigh.ts'

/** What the solver sees as one line: all lines of a SKU. */
export type Unit = { readonly lines: number[]; quantity: number; group: number }
export type Found = Readonly<{
  p: Pricing
  units: readonly Unit[]
  solved: Solved
  /** Cents for leaving each unit out. */
  fines: readonly number[]
  /** What a parcel from each place weighs for its load; null where that does not count. */
  loads: Float64Array | null
}>
type Task = Readonly<{ network: Network; tables: Tables; order: SourcingOrder }>

export const written = (task: Task, found: Found | null, dropped: ReadonlySet<number>): Sourced => {
  const left = [...dropped]
  if (found === null) return { shipments: [], unfilled: unfilledOf(task.order, left), cost: 0, parcels: 0, optimal: true, gap: 0 }
  const { units, solved } = found
  for (const u of solved.left) left.push(...(units[u]?.lines ?? []))
  const share = units.some(({ lines }) => lines.length > 1) ? sharing(task.order, units) : null
  const shipments = solved.parcels.map((parcel) => shipmentOf(task, found, parcel, share))
  const cost = shipments.reduce((sum, shipment) => sum + shipment.cost, 0)
  // Fines are the same in plan and bound: what is compared is the carriage of what is sent.
  const fines = solved.left.reduce((sum, u) => sum + (found.fines[u] ?? 0), 0)
  // Above this, cents and parcels no longer fit one number exactly, so nothing is proven.
  const exact = cost + fines <= exactCentsMax
  const optimal = exact && solved.bound >= (cost + fines) * SCALE + shipments.length
  const least = exact ? Math.max(0, Math.floor(solved.bound / SCALE) - fines) : 0
  const gap = optimal || cost <= least ? 0 : (cost - least) / cost
  return { shipments, unfilled: unfilledOf(task.order, left), cost, parcels: shipments.length, optimal, gap }
}

const unfilledOf = (order: SourcingOrder, lines: readonly number[]) =>
  lines.toSorted((a, b) => a - b).map((line) => ({ line, quantity: order.lines[line]?.quantity ?? 0 }))

type Share = (load: Load) => Readonly<{ line: number; quantity: number }>[]
/** Units of a SKU go to its lines in the order's order. */
const sharing = (order: SourcingOrder, units: readonly Unit[]): Share => {
  const open = units.map((unit) => unit.lines.map((line) => ({ line, quantity: order.lines[line]?.quantity ?? 0 })))
  return (load) => {
    const shares: { line: number; quantity: number }[] = []
    let left = load.quantity
    for (const waiting of open[load.line] ?? []) {
      const quantity = Math.min(left, waiting.quantity)
      if (quantity === 0) continue
      waiting.quantity -= quantity
      left -= quantity
      shares.push({ line: waiting.line, quantity })
    }
    return shares
  }
}

const shipmentOf = (task: Task, found: Found, parcel: Parcel, share: Share | null): SourcedShipment => {
  const { tables } = task
  const { p } = found
  const service = p.places.services[parcel.service]
  const calendar = service === undefined ? undefined : tables.calendars.get(service)
  if (service === undefined || calendar === undefined) throw new Error('a parcel by no service')
  const { cost, day, arrives } = priceParcel(p, parcel)
  const shipment = {
    place: placeOf(task, p, p.places.serviceHub[parcel.service] ?? 0),
    service: service.id,
    dispatch: dayText(tables.today + (calendar.dispatched[day] ?? day)),
    arrives: dayText(tables.today + arrives),
    lines: linesOf(task, found, parcel, share),
    cost,
    parts: partsOf(task, found, parcel, arrival(service, day)),
  }
  const money = moneyOf(task, p, parcel)
  return money === null ? shipment : { ...shipment, money }
}

const placeOf = ({ network: { warehouses } }: Task, { places }: Pricing, w: number): Place =>
  warehouses[places.callers[w] ?? 0]?.id ?? warehouses[0]!.id

/** @param share null where every unit is one line */
const linesOf = (task: Task, { p, units }: Found, { loads }: Parcel, share: Share | null): SourcedLine[] => {
  const { today } = task.tables
  const lines: SourcedLine[] = []
  for (const load of loads) {
    const from = placeOf(task, p, load.from)
    const kind = load.lane >= 0 ? 'transfer' : load.lot === null ? 'stock' : 'supply'
    const ready = dayText(today + load.ready)
    const awaits = load.lot === null ? null : dayText(today + load.lot)
    if (share === null) lines.push({ line: units[load.line]!.lines[0]!, quantity: load.quantity, from, kind, ready, awaits })
    else for (const { line, quantity } of share(load)) lines.push({ line, quantity, from, kind, ready, awaits })
  }
  return lines
}

/** The parcel's share of the score, part by part. */
const partsOf = ({ tables }: Task, { p, loads }: Found, parcel: Parcel, arrives: number): CostParts => {
  const { places } = p
  const service = places.services[parcel.service]!
  const hub = places.serviceHub[parcel.service]!
  const load = loads?.[hub] ?? 0
  const far = tables.paid?.services.get(service)?.distance ?? 0
  const timeOfUnit = p.perDay * arrives + p.late * Math.max(0, arrives - p.promiseDay)
  const parts = {
    carrier: service.base - far,
    handling: places.fixed[hub]! - load,
    transfer: 0,
    time: 0,
    split: p.split,
    load,
    distance: far,
    opportunity: 0,
  }
  let grams = 0
  const used: number[] = []
  for (const piece of parcel.loads) {
    const perUnit = places.perUnit[piece.from]!
    grams += piece.grams
    parts.carrier += perKilo(piece.grams, service.perKg)
    parts.handling += piece.quantity * perUnit
    parts.opportunity += piece.quantity * (piece.unitCost - perUnit)
    parts.time += piece.quantity * timeOfUnit
    const lane = piece.lane < 0 ? undefined : places.lanes[piece.lane]
    if (lane === undefined) continue
    parts.transfer += perKilo(piece.grams, lane.perKg)
    if (used.includes(piece.lane)) continue
    used.push(piece.lane)
    const away = paidLane(tables, p, lane)?.distance ?? 0
    parts.transfer += lane.fixed - away
    parts.distance += away
  }
  parts.carrier += stepCents(service, grams)
  return parts
}

const paidLane = ({ paid }: Tables, { places }: Pricing, lane: Lane) =>
  paid?.lanes.get(laneKey(places.callers[lane.from]!, places.callers[lane.to]!))

/** What is really paid for the parcel; null where the score's parts are that already. */
const moneyOf = ({ tables, network }: Task, p: Pricing, parcel: Parcel): PaidParts | null => {
  const { paid } = tables
  if (paid === null) return null
  const { places } = p
  const service = paid.services.get(places.services[parcel.service]!)!.real
  const warehouse = (k: number) => network.warehouses[places.callers[k]!]!
  const money = { carrier: service.base, handling: warehouse(places.serviceHub[parcel.service]!).pickCents, transfer: 0 }
  let grams = 0
  const used = new Set<number>()
  for (const load of parcel.loads) {
    grams += load.grams
    money.carrier += perKilo(load.grams, service.perKg)
    money.handling += load.quantity * warehouse(load.from).perUnitCents
    if (load.lane < 0) continue
    const lane = paidLane(tables, p, places.lanes[load.lane]!)!.real
    money.transfer += perKilo(load.grams, lane.perKg) + (used.has(load.lane) ? 0 : lane.fixed)
    used.add(load.lane)
  }
  money.carrier += stepCents(service, grams)
  return money
}

/** A line that came out in pieces: from two places, or in two parcels. */
export const tornLine = ({ shipments }: Sourced): number | undefined => {
  const whole = new Map<number, string>()
  for (const [parcel, { lines }] of shipments.entries()) {
    for (const { line, from } of lines) {
      const way = `${parcel} ${from}`
      if ((whole.get(line) ?? way) !== way) return line
      whole.set(line, way)
    }
  }
  return undefined
}

/** What a plan costs the shop, whatever the policy weighs. */
export const paidCents = ({ shipments }: Sourced): number =>
  shipments.reduce((sum, { parts, money }) => {
    const { carrier, handling, transfer } = money ?? parts
    return sum + carrier + handling + transfer
  }, 0)
