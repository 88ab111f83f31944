/**
 * Many lines in little work, where an answer cannot wait (placement). As much as fits is laid out: every place's own shelves
 * always, and of the lanes those to the hubs that look best. What is left out is made good by a bound of its own, in which
 * a place is a place whichever way its goods go, so that the gap is certified for the whole order all the same.
 */
import { ascend } from './bounds.ts'
import { effort } from './effort.ts'
import { type Draft, type Facilities, finish, NOWHERE } from './facilities.ts'
import { type Answer, cellsMaxOf, solveLarge } from './large.ts'
import { arrival, leastStep, type Limit, movedBy, NEVER, perKilo, type Places, type Problem, SCALE } from './problem.ts'

/** Rounds of the ascent over places, as in the search. */
const placeRounds = 24

/** A limit for one answer. */
export const limitOf = (steps: number): Limit => ({ steps, left: steps, cut: false })

/** Many lines, in as much work as the problem allows. Null when no plan was found. */
export const solveMany = (p: Problem, lineOf: readonly number[] | null): Answer | null => {
  if (p.limit === null || sourcesOf(p.places, p.transfers) * p.n <= cellsMaxOf(p.limit)) return solveLarge(p, lineOf)
  p.limit.cut = true
  const { places, lanes } = trimmed(p, cellsMaxOf(p.limit))
  // A plan that leaves out what the whole order could send is no plan.
  const found = solveLarge({ ...p, places }, lineOf)
  if (found === null || found.left.length > 0) return solveLarge(p, lineOf)
  const parcels = found.parcels.map(({ service, loads }) => ({
    service,
    loads: loads.map((load) => (load.lane < 0 ? load : { ...load, lane: lanes[load.lane]! })),
  }))
  return { parcels, left: found.left, bound: leastByPlaces(p) }
}

const sourcesOf = ({ services, serviceHub, laneFrom }: Places, transfers: boolean): number => {
  if (!transfers) return services.length
  return serviceHub.reduce((sources, hub) => sources + laneFrom[hub + 1]! - laneFrom[hub]!, services.length)
}

/** The places with lanes to the hubs that look best only; `lanes` are the numbers that these had. */
const trimmed = (p: Problem, cellsMax: number): Readonly<{ places: Places; lanes: readonly number[] }> => {
  const { W, laneFrom, serviceFrom, services, lanes: all } = p.places
  const least = hubCents(p)
  const hubs = Array.from({ length: W }, (_, h) => h).sort((a, b) => least[a]! - least[b]! || a - b)
  let room = Math.floor(cellsMax / p.n) - services.length
  const kept = new Uint8Array(W)
  for (const h of hubs) {
    const sources = (serviceFrom[h + 1]! - serviceFrom[h]!) * (laneFrom[h + 1]! - laneFrom[h]!)
    if (sources === 0 || sources > room) continue
    kept[h] = 1
    room -= sources
  }
  const lanes: number[] = []
  const from = new Int32Array(W + 1)
  const leastLane = new Float64Array(W).fill(Number.POSITIVE_INFINITY)
  for (let h = 0; h < W; h++) {
    for (let lane = laneFrom[h]!; kept[h] === 1 && lane < laneFrom[h + 1]!; lane++) lanes.push(lane)
    from[h + 1] = lanes.length
    if (kept[h] === 1) leastLane[h] = p.places.leastLane[h]!
  }
  return { places: { ...p.places, lanes: lanes.map((lane) => all[lane]!), laneFrom: from, leastLane }, lanes }
}

/** About what everything in one parcel from each hub costs: what it lacks comes by its cheapest lane from the cheapest place. */
const hubCents = (p: Problem): Float64Array => {
  const { W, fixed, serviceFrom, services, lanes, laneFrom } = p.places
  const cents = new Float64Array(W).fill(Number.POSITIVE_INFINITY)
  const cheapest = new Float64Array(p.n).fill(Number.POSITIVE_INFINITY)
  let weight = 0
  for (let i = 0; i < p.n; i++) {
    weight += p.weight[i]!
    for (let w = 0; w < W; w++) if (p.day[i * W + w] !== NEVER) cheapest[i] = Math.min(cheapest[i]!, p.cost[i * W + w]!)
  }
  for (let h = 0; h < W; h++) {
    let lane = Number.POSITIVE_INFINITY
    for (let k = laneFrom[h]!; k < laneFrom[h + 1]!; k++) lane = Math.min(lane, lanes[k]!.perKg)
    if (lane === Number.POSITIVE_INFINITY) continue
    let goods = 0
    for (let i = 0; i < p.n; i++)
      goods += p.day[i * W + h] === NEVER ? cheapest[i]! + perKilo(p.weight[i]!, lane) : p.cost[i * W + h]!
    for (let v = serviceFrom[h]!; v < serviceFrom[h + 1]!; v++) {
      const service = services[v]!
      cents[h] = Math.min(cents[h]!, service.base + fixed[h]! + perKilo(weight, service.perKg) + goods)
    }
  }
  effort.entries += 2 * p.n * W
  return cents
}

/** The least that a place asks for being used at all, and for weight, over all ways from it to the buyer. */
type Ways = Readonly<{ opening: Float64Array; perKg: Float64Array; parcel: Float64Array }>
const waysOf = (p: Problem): Ways => {
  const { W, fixed, services, serviceHub, serviceFrom, lanes } = p.places
  const never = () => new Float64Array(W).fill(Number.POSITIVE_INFINITY)
  const ways = { opening: never(), perKg: never(), parcel: never() }
  const weighed = never()
  services.forEach((service, v) => {
    const h = serviceHub[v]!
    ways.parcel[h] = Math.min(ways.parcel[h]!, service.base + leastStep(service) + fixed[h]! + p.split)
    weighed[h] = Math.min(weighed[h]!, service.perKg)
  })
  ways.opening.set(ways.parcel)
  ways.perKg.set(weighed)
  if (!p.transfers) return ways
  for (const { from, to, fixed: cents, perKg } of lanes) {
    if (serviceFrom[to] === serviceFrom[to + 1]) continue
    ways.opening[from] = Math.min(ways.opening[from]!, cents)
    ways.perKg[from] = Math.min(ways.perKg[from]!, perKg + weighed[to]!)
  }
  return ways
}

/**
 * A score that no plan undercuts. Every place that gives units is paid for once, with the cheaper of a parcel of its own
 * and a lane from it, and one place more: the one that a parcel leaves from is paid for in full.
 */
const leastByPlaces = (p: Problem): number => {
  const ways = waysOf(p)
  const model = layPlaces(p, ways)
  if (model === null) return 0
  const { sum } = ascend(model, new Uint8Array(model.fixed.length), new Uint8Array(model.sourceFixed.length), 0, placeRounds)
  const parcel = ways.parcel.reduce(
    // The reach of a place without a service is infinite both ways, and the difference no number.
    (least, cents, w) => (cents === Number.POSITIVE_INFINITY ? least : Math.min(least, cents - Math.min(cents, ways.opening[w]!))),
    Number.POSITIVE_INFINITY,
  )
  const none = p.unfilled.reduce((all, fine) => all + fine, 0) * SCALE
  return Math.min(sum + (parcel === Number.POSITIVE_INFINITY ? 0 : parcel * SCALE + 1), none)
}

/** Beyond these a key of both would not be exact. */
const keyPlaces = 1024
const keyCentsMax = 2 ** 42

const layPlaces = (p: Problem, ways: Ways): Facilities | null => {
  const { n } = p
  const { W } = p.places
  if (W >= keyPlaces) return null
  effort.cells += n * W
  const timeOf = earliest(p)
  const lineFrom = new Int32Array(n + 1)
  const row = new Float64Array(W + 1)
  let sources = new Int32Array(n * 8)
  let costs = new Float64Array(n * 8)
  let all = 0
  for (let i = 0; i < n; i++) {
    const keys = row.subarray(0, rowOf(p, ways, timeOf, i, row))
    keys.sort()
    if (all + keys.length > costs.length) {
      sources = grown(sources, new Int32Array((all + keys.length) * 2))
      costs = grown(costs, new Float64Array((all + keys.length) * 2))
    }
    for (const key of keys) {
      const cents = Math.floor(key / keyPlaces)
      if (cents > keyCentsMax) return null
      sources[all] = key - cents * keyPlaces
      costs[all++] = cents * SCALE
    }
    lineFrom[i + 1] = all
  }
  const members = Array.from({ length: n }, (_, i) => [i])
  return finish(placesDraft(ways.opening), lineFrom, sources.subarray(0, all), costs.subarray(0, all), members)
}

const grown = <Row extends Int32Array | Float64Array>(row: Row, larger: Row): Row => {
  larger.set(row)
  return larger
}

/** A line's places that can matter, as sort keys: what costs more than another place opened for it alone never does. */
const rowOf = (p: Problem, ways: Ways, timeOf: (w: number, day: number) => number, i: number, row: Float64Array): number => {
  const { W } = p.places
  let most = p.unfilled[i]!
  let count = 0
  for (let w = 0; w < W; w++) {
    const day = p.day[i * W + w]!
    if (day === NEVER || ways.opening[w] === Number.POSITIVE_INFINITY) continue
    const time = timeOf(w, day)
    if (time === Number.POSITIVE_INFINITY) continue
    // Two roundings, of half a cent each.
    const carriage = Math.max(0, Math.floor((p.weight[i]! * ways.perKg[w]!) / 1000) - 1)
    const cents = Math.floor(p.cost[i * W + w]!) + carriage + p.qty[i]! * time
    if (cents > most) continue
    most = Math.min(most, cents + ways.opening[w]!)
    row[count++] = cents * keyPlaces + w
  }
  if (p.unfilled[i] !== Number.POSITIVE_INFINITY && p.unfilled[i]! <= most) row[count++] = p.unfilled[i]! * keyPlaces + W
  return count
}

/** The least that a unit's days weigh when it leaves a place's shelves on a day, by whichever way is there first. */
const earliest = (p: Problem): ((w: number, day: number) => number) => {
  if (p.perDay === 0 && p.late === 0) return () => 0
  const { services, serviceFrom, lanes, ready0 } = p.places
  const outOf = lanesFrom(p)
  const known = new Map<number, number>()
  const weighed = (arrives: number): number =>
    arrives === NEVER ? Number.POSITIVE_INFINITY : p.perDay * arrives + p.late * Math.max(0, arrives - p.promiseDay)
  const fromHub = (h: number, day: number): number => {
    let least = Number.POSITIVE_INFINITY
    for (let v = serviceFrom[h]!; v < serviceFrom[h + 1]!; v++) least = Math.min(least, weighed(arrival(services[v]!, day)))
    return least
  }
  return (w, day) => {
    const key = day * keyPlaces + w
    const before = known.get(key)
    if (before !== undefined) return before
    let least = fromHub(w, Math.max(ready0[w]!, day))
    for (const lane of outOf[w]!) {
      const there = movedBy(lanes[lane]!, day)
      if (there !== NEVER) least = Math.min(least, fromHub(lanes[lane]!.to, Math.max(ready0[lanes[lane]!.to]!, there)))
    }
    known.set(key, least)
    return least
  }
}

const lanesFrom = ({ places: { W, lanes }, transfers }: Problem): readonly (readonly number[])[] => {
  const out = Array.from({ length: W }, (): number[] => [])
  if (transfers) lanes.forEach(({ from }, lane) => out[from]!.push(lane))
  return out
}

/** A facility with one source for each place, and one for what is left out. */
const placesDraft = (opening: Float64Array): Draft => {
  const count = opening.length + 1
  const each = Int32Array.from({ length: count }, (_, k) => k)
  return {
    facilities: count,
    sources: count,
    fixed: Float64Array.from(each, (k) => ((opening[k] ?? 0) === Number.POSITIVE_INFINITY ? 0 : (opening[k] ?? 0) * SCALE)),
    service: each,
    day: each,
    sourceFacility: each,
    sourceFixed: new Float64Array(count),
    sourceLane: new Int32Array(count).fill(NOWHERE),
  }
}
