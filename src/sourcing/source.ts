/**
 * Sourcing an order: lines of one SKU are planned as one, the solver decides, and its days become dates. One function for
 * the promise, the reservation, the release and the what-if. Pure: the order's instant is the clock.
 */
import type { Place } from '../kernel/ids.ts'
import { dayNumber, dayText, openAfter, openFrom } from './calendar.ts'
import type { Instance, Lot } from './instance.ts'
import type { Network } from './network.ts'
import { priceParcel, type Load, type Parcel } from './plan.ts'
import type { Policy } from './policy.ts'
import { arrival, type Bonds, buildProblem, perKilo, type Problem, SCALE, stepCents } from './problem.ts'
import type { CostParts, Levels, Sourced, SourcedLine, SourcedShipment, SourcingOrder } from './request.ts'
import { solveProblem, type Solved } from './solve.ts'
import { horizonDays, type Tables, tablesOf } from './tables.ts'
import { explainPlan, type Why } from './why.ts'

export type Sourcer = Readonly<{
  /** The cheapest plan for an order against these levels. Never throws for lack of stock: such lines are `unfilled`. */
  source: (order: SourcingOrder, levels: Levels) => Sourced
  /** Why it is that plan: candidates, exclusions and what each permission is worth. On demand; a few plans' work. */
  explain: (order: SourcingOrder, levels: Levels, result: Sourced) => Why
}>

/**
 * Leaving a line out is dearer than any way to send it: 1,000,000.00. With 2,000 such lines the sum is still exact.
 */
const leftOutCents = 100_000_000

export const createSourcer = (network: Network, policy: Policy): Sourcer => {
  const tablesFor = tablesOf(network)
  const places = new Map<Place, number>(network.warehouses.map((warehouse, w) => [warehouse.id, w]))
  const source: Sourcer['source'] = (order, levels) => {
    const tables = tablesFor(order.destination, order.at)
    return planAll({ network, policy, places, tables, order, levels })
  }
  const explain: Sourcer['explain'] = (order, levels, result) =>
    explainPlan({ network, policy, km: tablesFor(order.destination, order.at).km, source, order, levels, result })
  return { source, explain }
}

type Task = Readonly<{
  network: Network
  policy: Policy
  places: ReadonlyMap<Place, number>
  tables: Tables
  order: SourcingOrder
  levels: Levels
}>
/** What the solver sees as one line: all lines of a SKU. */
type Unit = { readonly lines: number[]; quantity: number; group: number }
type Found = Readonly<{ p: Problem; units: readonly Unit[]; solved: Solved }>

/** Lines of one SKU share its stock. When there is not enough for all of them, the last ones are left out, each whole. */
const planAll = (task: Task): Sourced => {
  const dropped = new Set<number>()
  for (;;) {
    const units = unitsOf(task.order, dropped)
    if (units.length === 0) return written(task, null, dropped)
    const found = planUnits(task, units)
    const short = found.solved.left.find((u) => (units[u]?.lines.length ?? 0) > 1)
    if (short === undefined) return written(task, found, dropped)
    dropWithBundle(task.order, units[short]?.lines.at(-1) ?? 0, dropped)
  }
}

const dropWithBundle = (order: SourcingOrder, line: number, dropped: Set<number>): void => {
  const bundle = order.lines[line]?.together
  dropped.add(line)
  if (bundle !== undefined) order.lines.forEach((other, i) => other.together === bundle && dropped.add(i))
}

const unitsOf = (order: SourcingOrder, dropped: ReadonlySet<number>): Unit[] => {
  const units: Unit[] = []
  const bySku = new Map<string, Unit>()
  const bundles = new Map<string, number>()
  order.lines.forEach((line, i) => {
    if (dropped.has(i)) return
    const group = line.together === undefined ? 0 : (bundles.get(line.together) ?? bundles.size + 1)
    if (line.together !== undefined) bundles.set(line.together, group)
    const known = bySku.get(line.sku)
    if (known === undefined) {
      const unit = { lines: [i], quantity: line.quantity, group }
      bySku.set(line.sku, unit)
      units.push(unit)
      return
    }
    known.lines.push(i)
    known.quantity += line.quantity
    // A SKU in two bundles ties them: both then leave together.
    if (known.group === 0) known.group = group
    else if (group !== 0) {
      for (const unit of units) if (unit.group === group) unit.group = known.group
      for (const [bundle, number] of bundles) if (number === group) bundles.set(bundle, known.group)
    }
  })
  return units
}

const planUnits = (task: Task, units: readonly Unit[]): Found => {
  const { order, policy, tables, levels } = task
  const instance: Omit<Instance, 'wh' | 'lanes'> = {
    n: units.length,
    W: task.network.warehouses.length,
    qty: units.map((unit) => unit.quantity),
    grams: units.map((unit) => skuLine(order, unit).grams),
    stock: units.map((unit) => levels.available(skuLine(order, unit).sku)),
    incoming: units.map((unit) => lotsOf(task, unit)),
    shadow: null,
    pol: {
      perDay: policy.perUnitDayCents,
      late: policy.latePerUnitDayCents,
      promiseDay: order.wishedBy === undefined ? null : Math.max(0, dayNumber(order.wishedBy) - tables.today),
      split: policy.splitCents,
      unfilled: units.map(() => leftOutCents),
      transfers: order.allow.transfer,
      backorder: true,
    },
  }
  const bonds: Bonds = {
    oneParcel: !order.allow.split,
    together: units.some((unit) => unit.group !== 0) ? units.map((unit) => unit.group) : null,
  }
  const p = buildProblem(tables.places, instance, bonds)
  const solved = solveProblem(p, instance)
  if (solved === null)
    return { p, units, solved: { parcels: [], left: units.map((_, u) => u), bound: units.length * leftOutCents * SCALE } }
  return { p, units, solved }
}

const skuLine = (order: SourcingOrder, unit: Unit) => {
  const line = order.lines[unit.lines[0] ?? 0]
  if (line === undefined) throw new Error('a line of no order')
  return line
}

const none: readonly Lot[] = []
/** Supply is put away like an order is picked: from the next open day, after the place's handling days. */
const lotsOf = (task: Task, unit: Unit): readonly Lot[] => {
  const { order, tables } = task
  if (!unit.lines.every((line) => order.allow.backorder[line] === true)) return none
  const supply = task.levels.lots(skuLine(order, unit).sku)
  if (supply.length === 0) return none
  return supply.flatMap((lot): Lot[] => {
    const w = task.places.get(lot.place)
    const warehouse = w === undefined ? undefined : task.network.warehouses[w]
    const mask = w === undefined ? undefined : tables.masks[w]
    if (w === undefined || warehouse === undefined || mask === undefined) return []
    const put = openAfter(openFrom(Math.max(tables.today, dayNumber(lot.day)), mask), warehouse.handlingDays, mask) - tables.today
    const day = Math.max(put, tables.ready0[w] ?? 0)
    return day > horizonDays ? [] : [{ w, day, qty: lot.quantity }]
  })
}

const written = (task: Task, found: Found | null, dropped: ReadonlySet<number>): Sourced => {
  const left = [...dropped]
  if (found === null) return { shipments: [], unfilled: unfilledOf(task.order, left), cost: 0, parcels: 0, optimal: true, gap: 0 }
  const { p, units, solved } = found
  for (const u of solved.left) left.push(...(units[u]?.lines ?? []))
  const share = sharing(task.order, units)
  const shipments = solved.parcels.map((parcel) => shipmentOf(task, p, parcel, share))
  const cost = shipments.reduce((sum, shipment) => sum + shipment.cost, 0)
  // Fines are the same in plan and bound: what is compared is the carriage of what is sent.
  const fines = solved.left.length * leftOutCents
  const optimal = solved.bound >= (cost + fines) * SCALE + shipments.length
  const least = Math.max(0, Math.floor(solved.bound / SCALE) - fines)
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

const shipmentOf = (task: Task, p: Problem, parcel: Parcel, share: Share): SourcedShipment => {
  const { tables } = task
  const service = p.places.services[parcel.service]
  const calendar = service === undefined ? undefined : tables.calendars.get(service)
  if (service === undefined || calendar === undefined) throw new Error('a parcel by no service')
  const { cost, day, arrives } = priceParcel(p, parcel)
  const date = (days: number) => dayText(tables.today + days)
  const place = (w: number) => task.network.warehouses[p.places.callers[w] ?? 0]?.id ?? task.network.warehouses[0]!.id
  return {
    place: place(p.places.serviceHub[parcel.service] ?? 0),
    service: service.id,
    dispatch: date(calendar.dispatched[day] ?? day),
    arrives: date(arrives),
    lines: parcel.loads.flatMap((load) =>
      share(load).map(
        ({ line, quantity }): SourcedLine => ({
          line,
          quantity,
          from: place(load.from),
          kind: load.lane >= 0 ? 'transfer' : load.lot === null ? 'stock' : 'supply',
          ready: date(load.ready),
          awaits: load.lot === null ? null : date(load.lot),
        }),
      ),
    ),
    cost,
    parts: partsOf(p, parcel, arrival(service, day)),
  }
}

const partsOf = (p: Problem, parcel: Parcel, arrives: number): CostParts => {
  const { places } = p
  const service = places.services[parcel.service]!
  const timeOfUnit = p.perDay * arrives + p.late * Math.max(0, arrives - p.promiseDay)
  const parts = {
    carrier: service.base,
    handling: places.fixed[places.serviceHub[parcel.service]!]!,
    transfer: 0,
    time: 0,
    split: p.split,
  }
  let grams = 0
  const paid = new Set<number>()
  for (const load of parcel.loads) {
    grams += load.grams
    parts.carrier += perKilo(load.grams, service.perKg)
    parts.handling += load.quantity * load.unitCost
    parts.time += load.quantity * timeOfUnit
    const lane = load.lane < 0 ? undefined : places.lanes[load.lane]
    if (lane === undefined) continue
    parts.transfer += perKilo(load.grams, lane.perKg) + (paid.has(load.lane) ? 0 : lane.fixed)
    paid.add(load.lane)
  }
  parts.carrier += stepCents(service, grams)
  return parts
}
