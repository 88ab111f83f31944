/**
 * Orders with more lines than the exact tables hold. Lines that nothing tells apart are merged, dual ascent bounds from
 * below, local search from above, and branching over facilities and sources closes what is between, within a counted
 * amount of work: the same order always gets the same answer, and the answer says what is proven.
 */
import { ascend, CLOSED, FREE, OPEN, type Ascent } from './bounds.ts'
import { type Facilities, layFacilities, NOWHERE } from './facilities.ts'
import { bundleLines, mergeLines } from './merge.ts'
import { loadOf, type Load, type Parcel } from './plan.ts'
import { leastStep, SCALE, stepCents, type Problem } from './problem.ts'

/** Entries looked at in one search: about 0.4 s (measured at 1,114 lines, fifty places). */
const searchWorkMax = 600_000_000
/** Above this the model with one facility a dispatch day would be too large; days are relaxed then. */
const entriesMax = 1_500_000
/** Merging compares lines by their ranking of entries as text: not above this. */
const mergeMax = 1_000_000

export type Answer = Readonly<{ parcels: readonly Parcel[]; left: readonly number[]; bound: number }>
type Incumbent = { score: number; choice: Int32Array }
type Search = {
  p: Problem
  model: Facilities
  weight: Float64Array
  work: number
  workMax: number
  best: Incumbent
  exact: boolean
}
type Node = Readonly<{ facilityState: Uint8Array; sourceState: Uint8Array; bound: number }>

/** Null when no plan was found: then a line that must be served has no source. */
export const solveLarge = (p: Problem, lineOf: readonly number[] | null, workMax = searchWorkMax): Answer | null => {
  const byDay = entriesByDay(p) <= entriesMax
  const free = layFacilities(p, byDay, p.together !== null || p.oneParcel)
  const laid = p.together === null ? free : bundleLines(free, p.together)
  const model = laid.entryCost.length <= mergeMax ? mergeLines(laid) : laid
  const search: Search = {
    p,
    model,
    weight: Float64Array.from(model.members, (members) => members.reduce((sum, i) => sum + p.weight[i]!, 0)),
    work: 0,
    workMax,
    best: { score: Number.POSITIVE_INFINITY, choice: new Int32Array(model.n) },
    exact: byDay && p.places.services.every((service) => service.tariff === null),
  }
  const searched = p.oneParcel ? oneFacilityEach(search) : branch(search, root(model))
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
  const { model } = search
  const stack: Node[] = [start]
  let unproven = Number.POSITIVE_INFINITY
  let first = true
  while (stack.length > 0) {
    if (search.work > search.workMax && !first) break
    const node = stack.pop()!
    if (node.bound >= search.best.score) continue
    const ascent = ascend(model, node.facilityState, node.sourceState)
    // Every round raises every line, mostly past a few entries.
    search.work += model.entryCost.length * 12 + model.n * Math.min(400, model.n) * 8
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
const tight = (model: Facilities, ascent: Ascent): Uint8Array =>
  Uint8Array.from(model.sourceFacility, (e, s) =>
    ascent.sourceSlack[s] === 0 &&
    ascent.facilitySlack[e] === 0 &&
    ascent.sourceState[s] !== CLOSED &&
    ascent.facilityState[e] !== CLOSED
      ? 1
      : 0,
  )

/** Each line takes its cheapest source that is on; what nobody takes is not paid for. Parcels' steps are priced by weight. */
const evaluate = (search: Search, on: Uint8Array, choice: Int32Array): number => {
  const { p, model, weight } = search
  const facilities = new Float64Array(model.fixed.length).fill(-1)
  const sources = new Uint8Array(model.sourceFixed.length)
  let score = 0
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
  const { model } = search
  const choice = new Int32Array(model.n)
  let on = start.slice()
  let score = evaluate(search, on, choice)
  for (let e = 0; e < model.fixed.length; e++) {
    if (node.facilityState[e] === CLOSED) continue
    const alone = Uint8Array.from(model.sourceFacility, (facility, s) =>
      facility === e || model.sourceLane[s] === NOWHERE ? 1 : 0,
    )
    const other = evaluate(search, alone, choice)
    offer(search, other, choice)
    if (other >= score) continue
    score = other
    on = alone
    if (search.work > search.workMax / 4) break
  }
  for (let improved = true; improved; ) {
    improved = false
    for (let s = 0; s < on.length && search.work <= search.workMax / 2; s++) {
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
