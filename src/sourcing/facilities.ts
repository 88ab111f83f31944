/**
 * The order as a two-level location problem: a facility is (hub, service[, dispatch day]), its sources are the hub's own
 * shelves and the lanes to it, an entry says what a line costs by a source. Line by line it is additive, so it bounds
 * every plan from below, and where no tariff has steps it is the order itself. All money here is in score (see SCALE).
 */
import { effort } from './effort.ts'
import type { Lane } from './instance.ts'
import { arrival, carried, leastStep, movedBy, NEVER, perKilo, SCALE, type Problem } from './problem.ts'

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
  entryFacility: Int32Array
  entryCost: Float64Array
  entrySlot: Int32Array
  slots: number
  /** Lines of the order behind each line of the model. */
  members: readonly (readonly number[])[]
  /** Lanes of the members, for sources by which a bundle's lines come in several ways; null where there are no bundles. */
  mixed: ReadonlyMap<number, readonly number[]> | null
}>

/** The model without its entries: what is laid grows in buffers that are kept from order to order. */
export type Draft = {
  facilities: number
  sources: number
  fixed: Float64Array
  service: Int32Array
  day: Int32Array
  sourceFacility: Int32Array
  sourceFixed: Float64Array
  sourceLane: Int32Array
}
const draft: Draft = {
  facilities: 0,
  sources: 0,
  fixed: new Float64Array(64),
  service: new Int32Array(64),
  day: new Int32Array(64),
  sourceFacility: new Int32Array(256),
  sourceFixed: new Float64Array(256),
  sourceLane: new Int32Array(256),
}

const openFacility = (fixed: number, service: number, day: number): void => {
  const at = draft.facilities++
  if (at === draft.fixed.length) {
    draft.fixed = longer(draft.fixed)
    draft.service = longerInts(draft.service)
    draft.day = longerInts(draft.day)
  }
  draft.fixed[at] = fixed
  draft.service[at] = service
  draft.day[at] = day
}

const openSource = (facility: number, fixed: number, lane: number): void => {
  const at = draft.sources++
  if (at === draft.sourceFixed.length) {
    draft.sourceFacility = longerInts(draft.sourceFacility)
    draft.sourceFixed = longer(draft.sourceFixed)
    draft.sourceLane = longerInts(draft.sourceLane)
  }
  draft.sourceFacility[at] = facility
  draft.sourceFixed[at] = fixed
  draft.sourceLane[at] = lane
}

const longer = (row: Float64Array, least = 0): Float64Array<ArrayBuffer> => {
  const grown = new Float64Array(Math.max(row.length, least) * 2)
  grown.set(row)
  return grown
}
const longerInts = (row: Int32Array): Int32Array => {
  const grown = new Int32Array(row.length * 2)
  grown.set(row)
  return grown
}

/** Cents of a line by a source of the model laid last; Infinity where it has it not, or its shelves have it as cheaply. */
export const centsBy = (source: number, i: number, n: number): number => grid[source * n + i]!

/** Cents of the cheapest parcel with line `i` alone, by the least any step asks. */
export const centsAlone = (i: number): number => alone[i]!

/** Cents of [source × lines + line] of the model being laid, Infinity where the source does not have the line. */
let grid = new Float64Array(0)
/** A grid above this (8 MB) is let go after use. */
const gridKeptMax = 1_000_000
/** Cents of the cheapest parcel with this line alone; and what the service asks for the line's weight. */
let alone = new Float64Array(64)
let byWeight = new Float64Array(64)

/**
 * With `byDay` each dispatch day is a facility of its own and the model is exact but for tariffs; without, days are
 * relaxed. Left out of it are entries that cannot matter: a lane that is no cheaper than the hub's own shelves, and what
 * costs more than a parcel of its own. No line's price ever rises to such an entry, so all bounds hold for it too.
 * `whole` keeps them: a bundle's lines need each other's entries.
 */
export const layFacilities = (p: Problem, byDay: boolean, whole = false): Facilities => {
  const { services, serviceHub } = p.places
  draft.facilities = 0
  draft.sources = 0
  if (alone.length < p.n) {
    alone = new Float64Array(p.n * 2)
    byWeight = new Float64Array(p.n * 2)
  }
  for (let i = 0; i < p.n; i++) alone[i] = p.unfilled[i]!
  listOffers(p)
  if (!byDay) fromShelvesAlone(p)
  let hub = -1
  let days: readonly number[] = relaxed
  for (let v = 0; v < services.length; v++) {
    if (byDay && serviceHub[v] !== hub) days = dispatchDays(p, serviceHub[v]!)
    hub = serviceHub[v]!
    for (const day of days) addFacility(p, v, day, whole)
  }
  addNowhere(p)
  const model = packGrid(p.n, whole)
  if (grid.length > gridKeptMax) grid = new Float64Array(0)
  return model
}
const relaxed: readonly number[] = [NEVER]

const dispatchDays = (p: Problem, hub: number): number[] => {
  const days = new Set<number>()
  const ready0 = p.places.ready0[hub]!
  const note = (i: number, from: number, lane: Lane | null) => {
    const day = p.day[i * p.places.W + from]!
    if (day === NEVER) return
    const there = lane === null ? day : movedBy(lane, day)
    if (there !== NEVER) days.add(Math.max(ready0, there))
  }
  for (let i = 0; i < p.n; i++) {
    note(i, hub, null)
    for (let lane = p.places.laneFrom[hub]!; p.transfers && lane < p.places.laneFrom[hub + 1]!; lane++) {
      note(i, p.places.lanes[lane]!.from, p.places.lanes[lane]!)
    }
  }
  return [...days].sort((a, b) => a - b)
}

/** The lines that can ever leave each place, place after place. */
let offers = new Int32Array(1024)
let offerFrom = new Int32Array(128)

const listOffers = (p: Problem): void => {
  const { W } = p.places
  if (offers.length < p.n * W) offers = new Int32Array(p.n * W * 2)
  if (offerFrom.length <= W) offerFrom = new Int32Array(W * 2)
  let count = 0
  for (let w = 0; w < W; w++) {
    offerFrom[w] = count
    for (let i = 0; i < p.n; i++) if (p.day[i * W + w] !== NEVER) offers[count++] = i
  }
  offerFrom[W] = count
}

/** Lanes that cost more than the parcels known by then are not laid at all, so the hubs' own shelves are looked at first. */
const fromShelvesAlone = (p: Problem): void => {
  const { services, serviceHub, ready0, fixed, W } = p.places
  const single = alone
  for (let v = 0; v < services.length; v++) {
    const service = services[v]!
    const hub = serviceHub[v]!
    const parcel = service.base + leastStep(service) + fixed[hub]! + p.split
    for (let k = offerFrom[hub]!; k < offerFrom[hub + 1]!; k++) {
      const i = offers[k]!
      const arrives = arrival(service, Math.max(ready0[hub]!, p.day[i * W + hub]!))
      if (arrives === NEVER) continue
      const cents = parcel + p.cost[i * W + hub]! + carried(p, i, service, arrives)
      if (cents < single[i]!) single[i] = cents
    }
  }
}

const addFacility = (p: Problem, v: number, day: number, whole: boolean): void => {
  const { places } = p
  const service = places.services[v]!
  const hub = places.serviceHub[v]!
  if (day !== NEVER && arrival(service, day) === NEVER) return
  const fixed = service.base + leastStep(service) + places.fixed[hub]! + p.split
  openFacility(fixed * SCALE + 1, v, day)
  for (let i = 0; i < p.n; i++) byWeight[i] = perKilo(p.weight[i]!, service.perKg)
  const shelves = addSource(p, SHELVES, -1, fixed, whole)
  if (!p.transfers) return
  for (let lane = places.laneFrom[hub]!; lane < places.laneFrom[hub + 1]!; lane++)
    addSource(p, lane, whole ? -1 : shelves, fixed, whole)
}

/** The number of the source, -1 when it has nothing that matters. */
const addSource = (p: Problem, lane: number, shelves: number, fixed: number, whole: boolean): number => {
  const { places, n, day, cost, qty, weight } = p
  const { W } = places
  const facility = draft.facilities - 1
  const service = places.services[draft.service[facility]!]!
  const hub = places.serviceHub[draft.service[facility]!]!
  const way = lane === SHELVES ? null : places.lanes[lane]!
  const from = way === null ? hub : way.from
  const laneFixed = way === null ? 0 : way.fixed
  const price = way === null ? 0 : way.perKg
  const latest = draft.day[facility]!
  const ready0 = places.ready0[hub]!
  const source = draft.sources
  const row = source * n
  const own = shelves * n
  if (row + n > grid.length) grid = longer(grid, row + n)
  const cells = grid
  const single = alone
  const carriage = byWeight
  const opening = fixed + laneFixed
  let used = false
  let known = NEVER
  let unitTime = 0
  // Rows are mostly short: calling the runtime's fill would take longer.
  for (let i = row; i < row + n; i++) cells[i] = Number.POSITIVE_INFINITY
  const lines = offers
  const last = offerFrom[from + 1]!
  for (let k = offerFrom[from]!; k < last; k++) {
    const i = lines[k]!
    const at = i * W + from
    const ready = Math.max(ready0, way === null ? day[at]! : movedBy(way, day[at]!))
    if (ready > latest || ready === NEVER) continue
    const out = latest === NEVER ? ready : latest
    if (out !== known) {
      known = out
      const arrives = arrival(service, out)
      unitTime = arrives === NEVER ? Number.POSITIVE_INFINITY : p.perDay * arrives + p.late * Math.max(0, arrives - p.promiseDay)
    }
    const cents = cost[at]! + (price === 0 ? 0 : perKilo(weight[i]!, price)) + carriage[i]! + qty[i]! * unitTime
    if (cents === Number.POSITIVE_INFINITY || (shelves >= 0 && cells[own + i]! <= cents)) continue
    cells[row + i] = cents
    if (whole || cents <= single[i]!) used = true
    if (cents + opening < single[i]!) single[i] = cents + opening
  }
  if (!used) return -1
  openSource(facility, laneFixed * SCALE, lane)
  return source
}

const addNowhere = (p: Problem): void => {
  if (p.unfilled.every((cents) => cents === Number.POSITIVE_INFINITY)) return
  const row = draft.sources * p.n
  if (row + p.n > grid.length) grid = longer(grid, row + p.n)
  openSource(draft.facilities, 0, NOWHERE)
  openFacility(0, -1, NEVER)
  grid.set(p.unfilled, row)
}

let keys = new Float64Array(256)
/** Cents above this, or sources, and a sort key of both would not be exact. */
const keyCentsMax = 2 ** 33
const keySourcesMax = 2 ** 20
let entrySources = new Int32Array(1024)
let entryCosts = new Float64Array(1024)

/** The grid's rows become each line's entries, from the cheapest on; equal ones in the order of their sources. */
const packGrid = (n: number, whole: boolean): Facilities => {
  const { sources } = draft
  effort.cells += sources * n
  if (keys.length < sources) keys = new Float64Array(sources * 2)
  const cells = grid
  const row = keys
  const lineFrom = new Int32Array(n + 1)
  let all = 0
  for (let i = 0; i < n; i++) {
    const most = whole ? Number.MAX_VALUE : Math.min(alone[i]!, Number.MAX_VALUE)
    let count = 0
    let largest = 0
    for (let s = 0, at = i; s < sources; s++, at += n) {
      const cents = cells[at]!
      if (cents > most) continue
      row[count++] = cents * keySourcesMax + s
      if (cents > largest) largest = cents
    }
    if (all + count > entryCosts.length) {
      entryCosts = longer(entryCosts, all + count)
      const grown = new Int32Array(entryCosts.length)
      grown.set(entrySources)
      entrySources = grown
    }
    if (largest > keyCentsMax || sources > keySourcesMax) sortRow(i, n, most, all)
    else {
      sortKeys(count)
      for (let k = 0; k < count; k++) {
        // A remainder of doubles is slow, and by a power of two this one is exact.
        const s = row[k]! - Math.floor(row[k]! / keySourcesMax) * keySourcesMax
        entrySources[all + k] = s
        entryCosts[all + k] = cells[s * n + i]! * SCALE
      }
    }
    all += count
    lineFrom[i + 1] = all
  }
  const model = finish(
    draft,
    lineFrom,
    entrySources.slice(0, all),
    entryCosts.slice(0, all),
    Array.from({ length: n }, (_, i) => [i]),
  )
  if (all > gridKeptMax) {
    entrySources = new Int32Array(1024)
    entryCosts = new Float64Array(1024)
  }
  return model
}

/** The same order without keys. */
const sortRow = (i: number, n: number, most: number, first: number): void => {
  const order: number[] = []
  for (let s = 0; s < draft.sources; s++) if (grid[s * n + i]! <= most) order.push(s)
  order.sort((a, b) => grid[a * n + i]! - grid[b * n + i]! || a - b)
  order.forEach((s, k) => {
    entrySources[first + k] = s
    entryCosts[first + k] = grid[s * n + i]! * SCALE
  })
}

/** Up to this many keys, insertion is faster than the runtime's sort (measured). */
const insertionMax = 24
const sortKeys = (count: number): void => {
  if (count > insertionMax) {
    keys.subarray(0, count).sort()
    return
  }
  for (let k = 1; k < count; k++) {
    const key = keys[k]!
    let at = k
    while (at > 0 && keys[at - 1]! > key) {
      keys[at] = keys[at - 1]!
      at--
    }
    keys[at] = key
  }
}

/** Slots and facilities of entries that are sorted. */
export const finish = (
  laid: Draft,
  lineFrom: Int32Array,
  entrySource: Int32Array,
  entryCost: Float64Array,
  members: readonly (readonly number[])[],
): Facilities => {
  const { facilities, sources } = laid
  const sourceFacility = laid.sourceFacility.slice(0, sources)
  const entrySlot = new Int32Array(entrySource.length)
  const entryFacility = new Int32Array(entrySource.length)
  const slotOf = new Int32Array(facilities)
  let slots = 0
  for (let i = 0; i < members.length; i++) {
    const first = slots
    for (let at = lineFrom[i]!; at < lineFrom[i + 1]!; at++) {
      const facility = sourceFacility[entrySource[at]!]!
      // A slot of this line is above `first`; what an earlier line left here is not.
      if (slotOf[facility]! <= first) slotOf[facility] = ++slots
      entryFacility[at] = facility
      entrySlot[at] = slotOf[facility]! - 1
    }
  }
  return {
    n: members.length,
    fixed: laid.fixed.slice(0, facilities),
    service: laid.service.slice(0, facilities),
    day: laid.day.slice(0, facilities),
    sourceFacility,
    sourceFixed: laid.sourceFixed.slice(0, sources),
    sourceLane: laid.sourceLane.slice(0, sources),
    lineFrom,
    entrySource,
    entryFacility,
    entryCost,
    entrySlot,
    slots,
    members,
    mixed: null,
  }
}
