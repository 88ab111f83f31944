/**
 * The order as a two-level location problem: a facility is (hub, service[, dispatch day]), its sources are the hub's own
 * shelves and the lanes to it, an entry says what a line costs by a source. Line by line it is additive, so it bounds
 * every plan from below, and where no tariff has steps it is the order itself. All money here is in score (see SCALE).
 */
import { arrival, carried, leastStep, NEVER, perKilo, SCALE, type Problem } from './problem.ts'

/** In `sourceLane`: the hub's own shelves, and the pseudo-source of a line left out. */
export const SHELVES = -1
export const NOWHERE = -2

export type Facilities = Readonly<{
  n: number
  /** Per facility: fixed cost, service, and dispatch day (NEVER where days are relaxed). */
  fixed: Float64Array
  service: Int32Array
  day: Int32Array
  /** Per source. */
  sourceFacility: Int32Array
  sourceFixed: Float64Array
  sourceLane: Int32Array
  /** Per line, entries from the cheapest on. `slot` numbers the pairs (line, facility). */
  lineFrom: Int32Array
  entrySource: Int32Array
  entryCost: Float64Array
  entrySlot: Int32Array
  slots: number
  /** Lines of the order behind each line of the model. */
  members: readonly (readonly number[])[]
}>

type Draft = {
  fixed: number[]
  service: number[]
  day: number[]
  sourceFacility: number[]
  sourceFixed: number[]
  sourceLane: number[]
}
type Entry = { source: number; cost: number }

/** With `byDay` each dispatch day is a facility of its own and the model is exact but for tariffs; without, days are relaxed. */
export const layFacilities = (p: Problem, byDay: boolean): Facilities => {
  const draft: Draft = { fixed: [], service: [], day: [], sourceFacility: [], sourceFixed: [], sourceLane: [] }
  const entries: Entry[][] = Array.from({ length: p.n }, () => [])
  for (let v = 0; v < p.places.services.length; v++) {
    if (!byDay) addFacility(p, draft, entries, v, NEVER)
    else for (const day of dispatchDays(p, p.places.serviceHub[v]!)) addFacility(p, draft, entries, v, day)
  }
  addNowhere(p, draft, entries)
  return pack(
    draft,
    entries,
    entries.map((_, i) => [i]),
  )
}

const dispatchDays = (p: Problem, hub: number): number[] => {
  const days = new Set<number>()
  const ready0 = p.places.ready0[hub]!
  const note = (i: number, from: number, more: number) => {
    const day = p.day[i * p.places.W + from]!
    if (day !== NEVER) days.add(Math.max(ready0, day + more))
  }
  for (let i = 0; i < p.n; i++) {
    note(i, hub, 0)
    for (let lane = p.places.laneFrom[hub]!; p.transfers && lane < p.places.laneFrom[hub + 1]!; lane++) {
      note(i, p.places.lanes[lane]!.from, p.places.lanes[lane]!.days)
    }
  }
  return [...days].sort((a, b) => a - b)
}

const addFacility = (p: Problem, draft: Draft, entries: Entry[][], v: number, day: number): void => {
  const { places } = p
  const service = places.services[v]!
  const hub = places.serviceHub[v]!
  if (day !== NEVER && arrival(service, day) === NEVER) return
  const facility = draft.fixed.length
  draft.fixed.push((service.base + leastStep(service) + places.fixed[hub]! + p.split) * SCALE + 1)
  draft.service.push(v)
  draft.day.push(day)
  addSource(p, draft, entries, facility, SHELVES)
  if (!p.transfers) return
  for (let lane = places.laneFrom[hub]!; lane < places.laneFrom[hub + 1]!; lane++) addSource(p, draft, entries, facility, lane)
}

const addSource = (p: Problem, draft: Draft, entries: Entry[][], facility: number, lane: number): void => {
  const { places } = p
  const service = places.services[draft.service[facility]!]!
  const hub = places.serviceHub[draft.service[facility]!]!
  const way = lane === SHELVES ? null : places.lanes[lane]!
  const from = way === null ? hub : way.from
  const latest = draft.day[facility]!
  const source = draft.sourceFacility.length
  let used = false
  for (let i = 0; i < p.n; i++) {
    const leaves = p.day[i * places.W + from]!
    if (leaves === NEVER) continue
    const ready = Math.max(places.ready0[hub]!, leaves + (way === null ? 0 : way.days))
    if (ready > latest) continue
    const arrives = arrival(service, latest === NEVER ? ready : latest)
    if (arrives === NEVER) continue
    const moved = way === null ? 0 : perKilo(p.weight[i]!, way.perKg)
    entries[i]!.push({ source, cost: (p.cost[i * places.W + from]! + moved + carried(p, i, service, arrives)) * SCALE })
    used = true
  }
  if (!used) return
  draft.sourceFacility.push(facility)
  draft.sourceFixed.push(way === null ? 0 : way.fixed * SCALE)
  draft.sourceLane.push(lane)
}

const addNowhere = (p: Problem, draft: Draft, entries: Entry[][]): void => {
  if (p.unfilled.every((cents) => cents === Number.POSITIVE_INFINITY)) return
  const source = draft.sourceFacility.length
  draft.sourceFacility.push(draft.fixed.length)
  draft.sourceFixed.push(0)
  draft.sourceLane.push(NOWHERE)
  draft.fixed.push(0)
  draft.service.push(-1)
  draft.day.push(NEVER)
  p.unfilled.forEach((cents, i) => {
    if (cents !== Number.POSITIVE_INFINITY) entries[i]!.push({ source, cost: cents * SCALE })
  })
}

const pack = (draft: Draft, entries: Entry[][], members: readonly (readonly number[])[]): Facilities => {
  const lineFrom = new Int32Array(entries.length + 1)
  entries.forEach((row, i) => {
    row.sort((a, b) => a.cost - b.cost || a.source - b.source)
    lineFrom[i + 1] = lineFrom[i]! + row.length
  })
  const all = lineFrom[entries.length]!
  const entrySource = new Int32Array(all)
  const entryCost = new Float64Array(all)
  const entrySlot = new Int32Array(all)
  const slotOf = new Int32Array(draft.fixed.length)
  let slots = 0
  let at = 0
  for (const row of entries) {
    const first = slots
    for (const { source, cost } of row) {
      const facility = draft.sourceFacility[source]!
      // A slot of this line is above `first`; what an earlier line left here is not.
      if (slotOf[facility]! <= first) slotOf[facility] = ++slots
      entrySource[at] = source
      entryCost[at] = cost
      entrySlot[at++] = slotOf[facility]! - 1
    }
  }
  return {
    n: entries.length,
    fixed: Float64Array.from(draft.fixed),
    service: Int32Array.from(draft.service),
    day: Int32Array.from(draft.day),
    sourceFacility: Int32Array.from(draft.sourceFacility),
    sourceFixed: Float64Array.from(draft.sourceFixed),
    sourceLane: Int32Array.from(draft.sourceLane),
    lineFrom,
    entrySource,
    entryCost,
    entrySlot,
    slots,
    members,
  }
}

/**
 * Lines that must leave together, as one line: all of them by one source. Looser consolidation of a bundle's parts is left
 * to the exact tables, so a large order with bundles is bounded by the model without this.
 */
export const bundleLines = (model: Facilities, together: Int32Array): Facilities => {
  const groups = new Map<string, number[]>()
  together.forEach((group, i) => {
    const key = group === 0 ? `line ${i}` : `group ${group}`
    groups.set(key, [...(groups.get(key) ?? []), i])
  })
  const members = [...groups.values()]
  const entries = members.map((group) => {
    const sums = new Map<number, { lines: number; cost: number }>()
    for (const i of group) {
      for (let at = model.lineFrom[i]!; at < model.lineFrom[i + 1]!; at++) {
        const sofar = sums.get(model.entrySource[at]!)
        sums.set(model.entrySource[at]!, { lines: (sofar?.lines ?? 0) + 1, cost: (sofar?.cost ?? 0) + model.entryCost[at]! })
      }
    }
    return [...sums].flatMap(([source, { lines, cost }]): Entry[] => (lines === group.length ? [{ source, cost }] : []))
  })
  return pack(draftOf(model), entries, members)
}

const draftOf = (model: Facilities): Draft => ({
  fixed: [...model.fixed],
  service: [...model.service],
  day: [...model.day],
  sourceFacility: [...model.sourceFacility],
  sourceFixed: [...model.sourceFixed],
  sourceLane: [...model.sourceLane],
})

/**
 * Merges lines no solution would tell apart: the same sources in the same order of cost. Whatever is open, each of them
 * takes the first open entry of that one ranking, so they take it together.
 */
export const mergeLines = (model: Facilities): Facilities => {
  const classes = new Map<string, number[]>()
  for (let i = 0; i < model.n; i++) {
    const key = model.entrySource.subarray(model.lineFrom[i], model.lineFrom[i + 1]).join()
    const known = classes.get(key)
    if (known === undefined) classes.set(key, [i])
    else known.push(i)
  }
  const groups = [...classes.values()]
  const entries = groups.map((group) => {
    const first = model.lineFrom[group[0]!]!
    const length = model.lineFrom[group[0]! + 1]! - first
    return Array.from({ length }, (_, k): Entry => {
      const cost = group.reduce((sum, i) => sum + model.entryCost[model.lineFrom[i]! + k]!, 0)
      return { source: model.entrySource[first + k]!, cost }
    })
  })
  return pack(
    draftOf(model),
    entries,
    groups.map((group) => group.flatMap((i) => model.members[i]!)),
  )
}
