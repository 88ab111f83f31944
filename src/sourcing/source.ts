/**
 * Sourcing an order: lines of one SKU are planned as one, the solver decides by the policy's terms, and its days become
 * dates. One function for the promise, the reservation, the release and the what-if. Pure: the order's instant is the clock.
 */
import type { Place } from '../kernel/ids.ts'
import { dayNumber, openAfter, openFrom } from './calendar.ts'
import type { Instance, Lot } from './instance.ts'
import type { Network, Warehouse } from './network.ts'
import type { Filters, Policy, Terms } from './policy.ts'
import { limitOf } from './limited.ts'
import { fromOnePlace } from './one-place.ts'
import { type Bonds, buildProblem, type Limit, pricingOf } from './problem.ts'
import type { Levels, Sourced, SourcingOrder } from './request.ts'
import { type Found, tornLine, type Unit, written } from './sourced.ts'
import { finesOfTerms, leastFineCents, loadCents, solveWithin, withLoads } from './terms.ts'
import { behindBacklog, horizonDays, type Tables, type TablesFor, tablesOf } from './tables.ts'
import { explainPlan, type Why } from './why.ts'

export type Sourcer = Readonly<{
  /**
   * The best plan for an order against these levels. Never throws for lack of stock: such lines are `unfilled`. With
   * `stepsMax` an order of many lines is searched for that many counted steps and no more, as far as all of it can be sent
   * by then: what would be left out is looked for without a limit.
   */
  source: (order: SourcingOrder, levels: Levels, stepsMax?: number) => Sourced
  /** Why it is that plan: candidates, exclusions and what each permission is worth. On demand; a few plans' work. */
  explain: (order: SourcingOrder, levels: Levels, result: Sourced) => Why
}>
type Engine = Readonly<{ source: Sourcer['source']; tablesFor: TablesFor; hidden: readonly boolean[] }>

export const createSourcer = (network: Network, policy: Policy): Sourcer => {
  const tables = new Map<string, TablesFor>()
  const engineOf = (terms: Terms): Engine => {
    const hidden = network.warehouses.map((warehouse) => isHidden(warehouse, terms.filters))
    const anyHidden = hidden.includes(true)
    // Steps of a ladder that differ in permissions alone share their tables, which are dear to build.
    const key = JSON.stringify([terms.weights.money, terms.weights.km, hidden])
    const tablesFor = tables.get(key) ?? tablesOf(withoutHubs(network, hidden), terms.weights)
    tables.set(key, tablesFor)
    const places = new Map<Place, number>(network.warehouses.map((warehouse, w) => [warehouse.id, w]))
    const source: Sourcer['source'] = (order, levels, stepsMax) => {
      const seen = anyHidden ? onlyVisible(network, hidden, levels) : levels
      const found = tablesFor(order.destination, order.at, order.shippingMethod)
      return planWithin(
        { network, terms, places, tables: behindBacklog(found, network, order, seen), order, levels: seen },
        stepsMax,
      )
    }
    return { source, tablesFor, hidden }
  }
  const engines = (policy.ladder ?? [policy]).map(engineOf)
  const engineOfStep = (step: number): Engine => {
    const engine = engines[step]
    if (engine === undefined) throw new Error(`${policy.id} has no step ${step + 1}`)
    return engine
  }

  const source: Sourcer['source'] = (order, levels, stepsMax) => {
    if (policy.ladder === null) return engineOfStep(0).source(order, levels, stepsMax)
    for (let step = 0; ; step++) {
      const found = engineOfStep(step).source(order, levels, stepsMax)
      if (found.unfilled.length === 0 || step === engines.length - 1) return { ...found, step: step + 1 }
    }
  }
  const explain: Sourcer['explain'] = (order, levels, result) => {
    // Alternatives are worked out under the terms that decided, so that their costs can be compared.
    const engine = engineOfStep((result.step ?? 1) - 1)
    const { km } = engine.tablesFor(order.destination, order.at, order.shippingMethod)
    // An alternative is compared with the plan, so neither is searched for longer than the other.
    const source: Sourcer['source'] = (other, seen) => engine.source(other, seen, result.bounded)
    return explainPlan({ network, policy, km, source, order, levels, result, hidden: engine.hidden })
  }
  return { source, explain }
}

const isHidden = ({ id, country }: Warehouse, filters: Filters): boolean =>
  filters.warehouses?.includes(id) === false ||
  filters.countries?.includes(country) === false ||
  filters.exceptWarehouses?.includes(id) === true ||
  filters.exceptCountries?.includes(country) === true

/** A place that is shut out takes no transfers either; it stays in the list, so that all keep their number. */
const withoutHubs = (network: Network, hidden: readonly boolean[]): Network =>
  hidden.includes(true)
    ? {
        ...network,
        warehouses: network.warehouses.map((warehouse, w) => (hidden[w] === true ? { ...warehouse, hub: false } : warehouse)),
      }
    : network

const onlyVisible = (network: Network, hidden: readonly boolean[], levels: Levels): Levels => {
  const out = new Set(network.warehouses.flatMap(({ id }, w) => (hidden[w] === true ? [id] : [])))
  return {
    ...levels,
    available: (sku) => levels.available(sku).map((units, w) => (hidden[w] === true ? 0 : units)),
    lots: (sku) => levels.lots(sku).filter(({ place }) => !out.has(place)),
  }
}

type Task = Readonly<{
  network: Network
  terms: Terms
  places: ReadonlyMap<Place, number>
  tables: Tables
  order: SourcingOrder
  levels: Levels
  limit: Limit | null
}>

/** The answer says at which limit its search ended; with that limit it is the same again. */
const planWithin = (task: Omit<Task, 'limit'>, stepsMax: number | undefined): Sourced => {
  if (stepsMax === undefined) return planAll({ ...task, limit: null })
  const limit = limitOf(stepsMax)
  const sourced = planAll({ ...task, limit })
  if (!limit.cut || (sourced.optimal && sourced.unfilled.length === 0)) return sourced
  return sourced.unfilled.length > 0 ? planAll({ ...task, limit: null }) : { ...sourced, bounded: stepsMax }
}

/** Lines of one SKU share its stock. When there is not enough for all of them, the last ones are left out, each whole. */
const planAll = (task: Task): Sourced => {
  const { order } = task
  const whole = task.terms.allow.splitLine === 'never'
  const dropped = new Set<number>()
  for (;;) {
    const units = unitsOf(order, dropped)
    if (units.length === 0) return written(task, null, dropped)
    const found = planUnits(task, units)
    if (found === null) return written(task, null, new Set(order.lines.keys()))
    const short = found.solved.left.find((u) => (units[u]?.lines.length ?? 0) > 1)
    if (short !== undefined) {
      dropWithBundle(order, units[short]?.lines.at(-1) ?? 0, dropped)
      continue
    }
    const sourced = written(task, found, dropped)
    const torn = whole ? tornLine(sourced) : undefined
    if (torn === undefined) return sourced
    dropWithBundle(order, torn, dropped)
  }
}

const dropWithBundle = (order: SourcingOrder, line: number, dropped: Set<number>): void => {
  const bundle = order.lines[line]?.together
  dropped.add(line)
  if (bundle !== undefined) order.lines.forEach((other, i) => other.together === bundle && dropped.add(i))
}

const unitsOf = (order: SourcingOrder, dropped: ReadonlySet<number>): Unit[] => {
  if (dropped.size === 0 && eachItsOwn(order)) return order.lines.map(({ quantity }, i) => ({ lines: [i], quantity, group: 0 }))
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

/** Up to this many lines, comparing all with all is quicker than a map. */
const comparedMax = 6
/** No two lines of one SKU, no bundles. */
const eachItsOwn = ({ lines }: SourcingOrder): boolean => {
  if (lines.length > comparedMax) return false
  for (let i = 0; i < lines.length; i++) {
    if (lines[i]?.together !== undefined) return false
    for (let j = 0; j < i; j++) if (lines[i]?.sku === lines[j]?.sku) return false
  }
  return true
}

/** Null when no plan keeps the limits of the policy. */
const planUnits = (task: Task, units: readonly Unit[]): Found | null => {
  const { order, tables, levels } = task
  const { weights, allow, limits } = task.terms
  const loads = loadCents(tables.places, weights.load, levels.utilisation)
  const places = withLoads(tables.places, loads)
  const incoming = incomingOf(task, units)
  const pol = {
    perDay: weights.perUnitDay,
    late: weights.late,
    promiseDay: order.wishedBy === undefined ? null : Math.max(0, dayNumber(order.wishedBy) - tables.today),
    split: weights.split,
    transfers: order.allow.transfer && allow.transfer && limits.maxTransfers !== 0,
    backorder: allow.backorder,
  }
  const shelved = { ...linesOf(task, units), n: units.length, shadow: pricesOf(task, units), pol }
  // One parcel without a transfer keeps every limit, and whatever belongs together is in it.
  const quick = incoming === null ? fromOnePlace(places, shelved, leastFineCents) : null
  if (quick !== null) return { p: pricingOf(places, pol), units, solved: quick, fines: none, loads }
  const lots = incoming ?? units.map(() => none)
  const fines = finesOfTerms(task.terms, { quantities: shelved.qty, lastLot: lastDay(lots) })
  const instance: Omit<Instance, 'wh' | 'lanes'> = {
    ...shelved,
    W: task.network.warehouses.length,
    incoming: lots,
    pol: { ...pol, unfilled: fines },
  }
  const bonds: Bonds = {
    oneParcel: !order.allow.split || !allow.splitOrder || limits.maxParcels === 1,
    together: units.some((unit) => unit.group !== 0) ? units.map((unit) => unit.group) : null,
  }
  const p = buildProblem(places, instance, bonds, task.limit)
  const solved = solveWithin(p, instance, limits)
  return solved === null ? null : { p, units, solved, fines, loads }
}

const linesOf = ({ order, levels }: Task, units: readonly Unit[]): Pick<Instance, 'qty' | 'grams' | 'stock'> => {
  const qty: number[] = []
  const grams: number[] = []
  const stock: (readonly number[])[] = []
  for (const unit of units) {
    const line = skuLine(order, unit)
    qty.push(unit.quantity)
    grams.push(line.grams)
    stock.push(levels.available(line.sku))
  }
  return { qty, grams, stock }
}

/** Null where no unit may wait for supply, or there is none. */
const incomingOf = (task: Task, units: readonly Unit[]): readonly (readonly Lot[])[] | null => {
  if (!task.terms.allow.backorder || !task.order.allow.backorder.includes(true)) return null
  const incoming = units.map((unit) => lotsOf(task, unit))
  return incoming.some((lots) => lots.length > 0) ? incoming : null
}

const lastDay = (incoming: readonly (readonly Lot[])[]): number =>
  incoming.reduce((latest, lots) => lots.reduce((later, { day }) => Math.max(later, day), latest), 0)

/** What a unit is worth to later orders, by unit and place; null where nothing is scarce. */
const pricesOf = ({ terms, order, levels, network }: Task, units: readonly Unit[]): Instance['shadow'] => {
  const { price } = levels
  if (price === undefined || terms.weights.scarcity === 0) return null
  const rows = units.map((unit) => price(skuLine(order, unit).sku))
  if (!rows.some((row) => row !== null)) return null
  return rows.map((row) => network.warehouses.map((_, w) => Math.round((row?.[w] ?? 0) * terms.weights.scarcity)))
}

const skuLine = (order: SourcingOrder, unit: Unit) => {
  const line = order.lines[unit.lines[0] ?? 0]
  if (line === undefined) throw new Error('a line of no order')
  return line
}

const none: readonly never[] = []
/** Supply is put away like an order is picked: from the next open day, after the place's handling days. */
const lotsOf = (task: Task, unit: Unit): readonly Lot[] => {
  const { order, tables } = task
  const { limits } = task.terms
  if (!unit.lines.every((line) => order.allow.backorder[line] === true)) return none
  const supply = task.levels.lots(skuLine(order, unit).sku)
  if (supply.length === 0) return none
  return supply.flatMap((lot): Lot[] => {
    const w = task.places.get(lot.place)
    const warehouse = w === undefined ? undefined : task.network.warehouses[w]
    const works = w === undefined ? undefined : tables.sites[w]?.works
    if (w === undefined || warehouse === undefined || works === undefined) return []
    const put = openAfter(openFrom(Math.max(tables.today, dayNumber(lot.day)), works), warehouse.handlingDays, works) - tables.today
    const day = Math.max(put, tables.ready0[w] ?? 0)
    return day > Math.min(horizonDays, limits.maxWaitDays ?? horizonDays) ? [] : [{ w, day, qty: lot.quantity }]
  })
}
