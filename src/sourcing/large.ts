/**
 * Orders with more lines than the exact tables hold. Lines that nothing tells apart are merged, dual ascent bounds from
 * below, local search from above, and branching over facilities and sources closes what is between, within a counted
 * amount of work: the same order always gets the same answer, and the answer says what is proven.
 */
import { ascend, CLOSED, FREE, OPEN, type Ascent } from './bounds.ts'
import { effort } from './effort.ts'
import { type Facilities, layFacilities, NOWHERE } from './facilities.ts'
import { bundleLines, mergeLines } from './merge.ts'
import { loadOf, type Load, type Parcel } from './plan.ts'
import { leastStep, type Limit, SCALE, stepCents, type Problem } from './problem.ts'

/** Entries looked at in one search: about 0.4 s (measured at 1,114 lines, fifty places). */
const searchWorkMax = 600_000_000
/** Above this the model with one facility a dispatch day would be too large; days are relaxed then. */
const entriesMax = 1_500_000
/** Laying one out costs about as much as five steps (measured at 1,114 lines over fifty places). */
export const cellsMaxOf = ({ steps }: Limit): number => steps / 5
/** Merging compares lines by their ranking of entries as text: not above this. */
const mergeMax = 1_000_000

export type Answer = Readonly<{ parcels: readonly Parcel[]; left: readonly number[]; bound: number }>
type Incumbent = { score: number; choice: Int32Array }
/** Rounds of an ascent where the work is limited; few lines rise in as many as it takes (20 find most of it). */
const limitedRounds = 24

type Search = {
  p: Problem
  model: Facilities
  weight: Float64Array
  work: number
  /** As much of the work as ascents made. */
  ascents: number
  workMax: number
  best: Incumbent
  exact: boolean
}
type Node = Readonly<{ facilityState: Uint8Array; sourceState: Uint8Array; bound: number }>

/** Null when no plan was found: then a line that must be served has no source. */
export const solveLarge = (p: Problem, lineOf: readonly number[] | null): Answer | null => {
  const entries = entriesByDay(p)
  // That estimate is high: with few days about a third is laid.
  const byDay = entries <= (p.limit === null ? entriesMax : 3 * cellsMaxOf(p.limit))
  if (!byDay && entries <= entriesMax && p.limit !== null) p.limit.cut = true
  const free = layFacilities(p, byDay, p.together !== null || p.oneParcel)
  const laid = p.together === null ? free : bundleLines(free, p.together)
  const model = p.limit === null && laid.entryCost.length <= mergeMax ? mergeLines(laid) : laid
  const search: Search = {
    p,
    model,
    weight: Float64Array.from(model.members, (members) => members.reduce((sum, i) => sum + p.weight[i]!, 0)),
    work: 0,
    ascents: 0,
    workMax: p.limit === null ? searchWorkMax : Math.max(0, p.limit.left),
    best: { score: Number.POSITIVE_INFINITY, choice: new Int32Array(model.n) },
    exact: byDay && p.places.services.every((service) => service.tariff === null),
  }
  const searched = p.oneParcel ? oneFacilityEach(search) : branch(search, root(model))
  spend(search)
  if (search.best.score === Number.POSITIVE_INFINITY) return null
  const unbundled = root(free)
  const bound =
    p.together === null ? searched : Math.min(searched, ascend(free, unbundled.facilityState, unbundled.sourceState).sum)
  return answer(search, bound, lineOf)
}

const entriesByDay = (p: Problem): number => {
  let lots = 0
  const days = new Set<number>()
  for (const day of p.day) days.add(day)
  for (let v = 0; v < p.places.services.length; v++) {
    const hub = p.places.serviceHub[v]!
    const sources = 1 + (p.transfers ? p.places.laneFrom[hub + 1]! - p.places.laneFrom[hub]! : 0)
    lots += sources * Math.min(days.size * 2, 1 + days.size + sources) * p.n
  }
  return lots
}

const root = (model: Facilities): Node => ({
  facilityState: new Uint8Array(model.fixed.length),
  sourceState: new Uint8Array(model.sourceFixed.length),
  bound: 0,
})

/** One parcel only: each facility in turn is the only one open. */
const oneFacilityEach = (search: Search): number => {
  const { model } = search
  let bound = Number.POSITIVE_INFINITY
  for (let e = 0; e < model.fixed.length; e++) {
    const node = root(model)
    node.facilityState.fill(CLOSED)
    node.facilityState[e] = FREE
    model.sourceLane.forEach((lane, s) => {
      if (lane === NOWHERE) node.facilityState[model.sourceFacility[s]!] = FREE
    })
    bound = Math.min(bound, branch(search, node))
  }
  return bound
}

/** Depth first; returns what no plan below the start node can undercut. */
const branch = (search: Search, start: Node): number => {
  const { p, model } = search
  const stack: Node[] = [start]
  let unproven = Number.POSITIVE_INFINITY
  let first = true
  while (stack.length > 0) {
    if (search.work > search.workMax && !first) {
      if (p.limit !== null) p.limit.cut = true
      break
    }
    const node = stack.pop()!
    if (node.bound >= search.best.score) continue
    const ascent = ascended(search, node)
    const bound = Math.max(ascent.sum, node.bound)
    if (bound >= search.best.score) continue
    const on = tight(model, ascent)
    const choice = new Int32Array(model.n)
    offer(search, evaluate(search, on, choice), choice)
    if (first) improve(search, on, node)
    first = false
    if (bound >= search.best.score) continue
    const next = branchOn(model, node, choice)
    if (next === null) unproven = Math.min(unproven, bound)
    else stack.push(child(node, next, CLOSED, bound), child(node, next, OPEN, bound))
  }
  return stack.reduce((least, node) => Math.min(least, node.bound), Math.min(unproven, search.best.score))
}

/** What was searched counts against the limit, and in the counters. */
const spend = ({ p, work, ascents }: Search): void => {
  effort.entries += work - ascents
  if (p.limit !== null) p.limit.left -= work
}

const ascended = (search: Search, { facilityState, sourceState }: Node): Ascent => {
  const { p, model } = search
  if (p.limit === null) {
    // Every round raises every line, mostly past a few entries.
    const asked = model.entryCost.length * 12 + model.n * Math.min(400, model.n) * 8
    search.work += asked
    search.ascents += asked
    return ascend(model, facilityState, sourceState)
  }
  const before = effort.entries
  const ascent = ascend(model, facilityState, sourceState, 0, limitedRounds)
  // A raise goes over its entries three times; slots and sources are copied once an ascent.
  const looked = effort.entries - before
  search.work += 3 * looked + model.entryCost.length + 4 * model.sourceFixed.length
  search.ascents += looked
  return ascent
}

type Pick = Readonly<{ facility: number } | { source: number }>
const child = (node: Node, pick: Pick, state: number, bound: number): Node => {
  const facilityState = node.facilityState.slice()
  const sourceState = node.sourceState.slice()
  if ('facility' in pick) facilityState[pick.facility] = state
  else sourceState[pick.source] = state
  return { facilityState, sourceState, bound }
}

/** The dearest facility in use that is not decided yet, then the dearest such source. */
const branchOn = (model: Facilities, node: Node, choice: Int32Array): Pick | null => {
  let facility = -1
  let source = -1
  for (const at of choice) {
    if (at < 0) continue
    const s = model.entrySource[at]!
    const e = model.sourceFacility[s]!
    const freeFacility = node.facilityState[e] === FREE && model.fixed[e]! > 0
    const freeSource = node.sourceState[s] === FREE && model.sourceFixed[s]! > 0
    if (freeFacility && (facility < 0 || model.fixed[e]! > model.fixed[facility]!)) facility = e
    if (freeSource && (source < 0 || model.sourceFixed[s]! > model.sourceFixed[source]!)) source = s
  }
  if (facility >= 0) return { facility }
  return source >= 0 ? { source } : null
}

/** The sources the ascent has paid for in full. */
const tight = ({ sourceFacility }: Facilities, ascent: Ascent): Uint8Array => {
  const { sourceSlack, facilitySlack, sourceState, facilityState } = ascent
  const on = new Uint8Array(sourceFacility.length)
  for (let s = 0; s < on.length; s++) {
    const e = sourceFacility[s]!
    if (sourceSlack[s] !== 0 || sourceState[s] === CLOSED) continue
    if (facilitySlack[e] === 0 && facilityState[e] !== CLOSED) on[s] = 1
  }
  return on
}

/** The sources of one facility, and leaving out. */
const onlyOf = ({ sourceFacility, sourceLane }: Facilities, e: number): Uint8Array<ArrayBuffer> => {
  const on = new Uint8Array(sourceFacility.length)
  for (let s = 0; s < on.length; s++) if (sourceFacility[s] === e || sourceLane[s] === NOWHERE) on[s] = 1
  return on
}

/** Each line takes its cheapest source that is on; what nobody takes is not paid for. Parcels' steps are priced by weight. */
const evaluate = (search: Search, on: Uint8Array, choice: Int32Array): number => {
  const { p, model, weight } = search
  const facilities = new Float64Array(model.fixed.length).fill(-1)
  const sources = new Uint8Array(model.sourceFixed.length)
  let score = 0
  // Where work is counted closely, a line costs more than the entries it passes over.
  if (p.limit !== null) search.work += sources.length + 3 * model.n
  for (let i = 0; i < model.n; i++) {
    let at = model.lineFrom[i]!
    const end = model.lineFrom[i + 1]!
    while (at < end && on[model.entrySource[at]!] === 0) at++
    search.work += at - model.lineFrom[i]! + 1
    choice[i] = at < end ? at : -1
    if (at === end) return Number.POSITIVE_INFINITY
    const source = model.entrySource[at]!
    const facility = model.sourceFacility[source]!
    score += model.entryCost[at]!
    if (sources[source] === 0) score += model.sourceFixed[source]!
    if (facilities[facility]! < 0) score += model.fixed[facility]!
    sources[source] = 1
    facilities[facility] = Math.max(0, facilities[facility]!) + weight[i]!
  }
  if (search.exact) return score
  facilities.forEach((grams, e) => {
    const service = grams < 0 || model.service[e]! < 0 ? undefined : p.places.services[model.service[e]!]
    if (service !== undefined) score += (stepCents(service, grams) - leastStep(service)) * SCALE
  })
  return score
}

const offer = (search: Search, score: number, choice: Int32Array): boolean => {
  if (score >= search.best.score) return false
  search.best = { score, choice: choice.slice() }
  return true
}

/** Turns sources on and off while that pays; also from every facility alone, which is where a good plan often lies. */
const improve = (search: Search, start: Uint8Array, node: Node): void => {
  const { model, workMax } = search
  // In little work, bettering the first plan finds more than branching from it.
  const [alonesMax, turnsMax] = search.p.limit === null ? [workMax / 4, workMax / 2] : [workMax / 2, (workMax * 7) / 8]
  const choice = new Int32Array(model.n)
  let on = start.slice()
  let score = evaluate(search, on, choice)
  for (let e = 0; e < model.fixed.length; e++) {
    if (node.facilityState[e] === CLOSED) continue
    const alone = onlyOf(model, e)
    if (search.p.limit !== null) search.work += alone.length
    const other = evaluate(search, alone, choice)
    offer(search, other, choice)
    if (other >= score) continue
    score = other
    on = alone
    if (search.work > alonesMax) break
  }
  for (let improved = true; improved; ) {
    improved = false
    for (let s = 0; s < on.length && search.work <= turnsMax; s++) {
      if (node.facilityState[model.sourceFacility[s]!] === CLOSED) continue
      on[s] = 1 - on[s]!
      const other = evaluate(search, on, choice)
      if (other < score) {
        score = other
        improved = true
        offer(search, score, choice)
      } else on[s] = 1 - on[s]!
    }
  }
  if (search.p.limit !== null && search.work > turnsMax) search.p.limit.cut = true
}

const answer = (search: Search, bound: number, lineOf: readonly number[] | null): Answer => {
  const { p, model } = search
  const loads = new Map<number, Load[]>()
  const left: number[] = []
  search.best.choice.forEach((at, k) => {
    const source = model.entrySource[at]!
    const facility = model.sourceFacility[source]!
    model.members[k]!.forEach((i, member) => {
      const lane = model.mixed?.get(source)?.[member] ?? model.sourceLane[source]!
      const line = lineOf === null ? i : lineOf[i]!
      if (lane === NOWHERE) left.push(line)
      else {
        const load = loadOf(p, i, p.places.serviceHub[model.service[facility]!]!, lane, line)
        const sofar = loads.get(facility)
        if (sofar === undefined) loads.set(facility, [load])
        else sofar.push(load)
      }
    })
  })
  const parcels = [...loads]
    .sort((a, b) => a[0] - b[0])
    .map(
      ([facility, own]): Parcel => ({
        service: model.service[facility]!,
        loads: own.sort((a, b) => a.line - b.line),
      }),
    )
  return { parcels, left: left.sort((a, b) => a - b), bound }
}
