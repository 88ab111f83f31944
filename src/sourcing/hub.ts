/**
 * Phases A and C: the cheapest parcel for every subset of the lines, hub by hub. Sources join in order of their ready
 * day; `bring[k]` is the cheapest way to have subset k at the hub so far, so a parcel that waits is priced on exactly
 * the day it can leave. Buffers are the module's: one solve runs at a time, and none of this is asynchronous.
 */
import { effort } from './effort.ts'
import { arrival, carried, movedBy, NEVER, perKilo, SCALE, stepCents, type Problem } from './problem.ts'

/** 2^14 subsets: twelve lines, and the pieces of a split line beside them. */
export const exactLinesMax = 14
const size = 1 << exactLinesMax

/** Score (see SCALE) of the cheapest parcel carrying exactly this subset, and which parcel it is. */
export const best = new Float64Array(size)
export const bestService = new Int32Array(size)
export const bestDay = new Int32Array(size)
const grams = new Float64Array(size)
const bring = new Float64Array(size)
const opened = new Float64Array(size)
const sum = new Float64Array(size)
const addend = new Float64Array(exactLinesMax)
const ownCost = new Float64Array(exactLinesMax)
const ownDay = new Int32Array(exactLinesMax)
const laneCost = new Float64Array(exactLinesMax)
let days = new Int32Array(256)
let dayCount = 0

/**
 * For comparison: lanes are joined even where they cannot pay or are no cheaper than the hub's own shelves, and parcels are
 * priced on every day, even when nothing became cheaper since the day before.
 */
let plainly = false
export const pricePlainly = (yes: boolean): void => {
  plainly = yes
}

export const startParcels = (p: Problem): void => {
  const top = 1 << p.n
  for (let m = 0; m < top; m++) best[m] = Number.POSITIVE_INFINITY
  grams[0] = 0
  for (let m = 1; m < top; m++) grams[m] = grams[m & (m - 1)]! + p.weight[31 - Math.clz32(m & -m)]!
}

/** `own` and `kept[lane]` are the lines that bounds have not ruled out on the hub's shelves and on the lane. */
export const priceHub = (p: Problem, h: number, lanes: boolean, own: number, kept: Int32Array): void => {
  const { places, n } = p
  const services = places.serviceFrom[h + 1]! - places.serviceFrom[h]!
  if (services === 0) return
  const first = places.laneFrom[h]!
  const last = lanes && p.transfers ? places.laneFrom[h + 1]! : first
  const ready0 = places.ready0[h]!
  dayCount = 0
  let reach = 0
  let moved = 0
  for (let i = 0; i < n; i++) {
    const at = i * places.W + h
    ownCost[i] = p.cost[at]!
    ownDay[i] = p.day[at] === NEVER || ((own >> i) & 1) === 0 ? NEVER : Math.max(ready0, p.day[at]!)
    if (ownDay[i] === NEVER) continue
    reach |= 1 << i
    noteDay(ownDay[i]!)
  }
  for (let lane = first; lane < last; lane++) {
    if (kept[lane] === 0) continue
    for (let i = 0; i < n; i++) {
      if (((kept[lane]! >> i) & 1) === 0) continue
      const day = laneDay(p, lane, i, ready0)
      if (day === NEVER) continue
      // A lane helps a line that is not here by then, or is dearer here.
      if (!plainly && ownDay[i]! <= day && ownCost[i]! <= costByLane(p, lane, i)) continue
      reach |= 1 << i
      moved |= 1 << i
      noteDay(day)
    }
  }
  if (reach === 0) return
  effort.hubs++
  if (moved === 0) priceOwn(p, h)
  else priceMoved(p, h, first, last, moved, kept)
}

const noteDay = (day: number): void => {
  let at = dayCount
  while (at > 0 && days[at - 1]! > day) at--
  if (at > 0 && days[at - 1] === day) return
  if (dayCount === days.length) {
    const longer = new Int32Array(days.length * 2)
    longer.set(days)
    days = longer
  }
  for (let k = dayCount; k > at; k--) days[k] = days[k - 1]!
  days[at] = day
  dayCount++
}

const laneDay = (p: Problem, lane: number, i: number, ready0: number): number => {
  const from = p.places.lanes[lane]!
  const day = p.day[i * p.places.W + from.from]!
  return day === NEVER ? NEVER : Math.max(ready0, movedBy(from, day))
}

const costByLane = (p: Problem, lane: number, i: number): number => {
  const from = p.places.lanes[lane]!
  return p.cost[i * p.places.W + from.from]! + perKilo(p.weight[i]!, from.perKg)
}

/** Nothing is moved here: on each day the parcel takes any subset of what the hub itself has by then. */
const priceOwn = (p: Problem, h: number): void => {
  bring[0] = 0
  for (let k = 0; k < dayCount; k++) evaluate(p, h, days[k]!, mine(p, days[k]!), 0)
}

const mine = (p: Problem, day: number): number => {
  let mask = 0
  for (let i = 0; i < p.n; i++) if (ownDay[i]! <= day) mask |= 1 << i
  return mask
}

const priceMoved = (p: Problem, h: number, first: number, last: number, moved: number, kept: Int32Array): void => {
  for (let k = moved; k > 0; k = (k - 1) & moved) bring[k] = Number.POSITIVE_INFINITY
  bring[0] = 0
  const ready0 = p.places.ready0[h]!
  for (let d = 0; d < dayCount; d++) {
    const day = days[d]!
    let better = false
    for (let i = 0; i < p.n; i++) {
      if (ownDay[i] !== day) continue
      better = true
      if ((moved >> i) & 1) joinLine(moved, i, ownCost[i]!)
    }
    for (let lane = first; lane < last; lane++) {
      if ((kept[lane]! & moved) === 0) continue
      const mask = laneOffers(p, lane, day, ready0, kept[lane]! & moved)
      if (mask !== 0 && joinLane(p.places.lanes[lane]!.fixed, mask, moved)) better = true
    }
    if (better || plainly) evaluate(p, h, day, mine(p, day), moved)
  }
}

/** Lines this lane should be tried for once it can bring something new on `day`; fills `laneCost`. 0 when it cannot pay. */
const laneOffers = (p: Problem, lane: number, day: number, ready0: number, lines: number): number => {
  let mask = 0
  let fresh = false
  let saves = 0
  for (let i = 0; i < p.n; i++) {
    if (((lines >> i) & 1) === 0) continue
    const comes = laneDay(p, lane, i, ready0)
    if (comes > day) continue
    if (comes === day) fresh = true
    const cost = costByLane(p, lane, i)
    const here = ownDay[i]! <= day
    if (here && ownCost[i]! <= cost && !plainly) continue
    laneCost[i] = cost
    mask |= 1 << i
    saves += here ? ownCost[i]! - cost : Number.POSITIVE_INFINITY
  }
  return fresh && (saves > p.places.lanes[lane]!.fixed || plainly) ? mask : 0
}

const joinLine = (moved: number, i: number, cost: number): void => {
  const bit = 1 << i
  const others = moved ^ bit
  for (let k = others; ; k = (k - 1) & others) {
    const value = bring[k]! + cost
    if (value < bring[k | bit]!) bring[k | bit] = value
    if (k === 0) break
  }
}

/** `opened` is `bring` with the lane's fixed cost paid: line after line may then come by it. */
const joinLane = (fixed: number, mask: number, moved: number): boolean => {
  effort.joins += (1 << bitsIn(moved)) * (2 + bitsIn(mask))
  for (let k = moved; ; k = (k - 1) & moved) {
    opened[k] = bring[k]! + fixed
    if (k === 0) break
  }
  for (let rest = mask; rest !== 0; rest &= rest - 1) {
    const bit = rest & -rest
    const cost = laneCost[31 - Math.clz32(bit)]!
    const others = moved ^ bit
    for (let k = others; ; k = (k - 1) & others) {
      const value = opened[k]! + cost
      if (value < opened[k | bit]!) opened[k | bit] = value
      if (k === 0) break
    }
  }
  let better = false
  for (let k = moved; k > 0; k = (k - 1) & moved) {
    if (opened[k]! >= bring[k]!) continue
    bring[k] = opened[k]!
    better = true
  }
  return better
}

/** Every parcel that leaves hub `h` on `day`: lines outside `moved` come from its own shelves, the others as `bring` says. */
const evaluate = (p: Problem, h: number, day: number, own: number, moved: number): void => {
  const { places } = p
  let usable = own & ~moved
  for (let i = 0; i < p.n; i++) if ((moved >> i) & 1 && bring[1 << i]! < Number.POSITIVE_INFINITY) usable |= 1 << i
  if (usable === 0) return
  for (let v = places.serviceFrom[h]!; v < places.serviceFrom[h + 1]!; v++) {
    const service = places.services[v]!
    const arrives = arrival(service, day)
    if (arrives === NEVER) continue
    for (let i = 0; i < p.n; i++) {
      if ((usable >> i) & 1) addend[i] = carried(p, i, service, arrives) + ((moved >> i) & 1 ? 0 : ownCost[i]!)
    }
    effort.evaluations += (1 << bitsIn(usable)) - 1
    const fixed = service.base + places.fixed[h]! + p.split
    const stepped = service.tariff !== null
    sum[0] = 0
    for (let m = -usable & usable; m !== 0; m = (m - usable) & usable) {
      sum[m] = sum[m & (m - 1)]! + addend[31 - Math.clz32(m & -m)]!
      const cents = fixed + sum[m]! + bring[m & moved]! + (stepped ? stepCents(service, grams[m]!) : 0)
      const score = cents * SCALE + 1
      if (score >= best[m]!) continue
      best[m] = score
      bestService[m] = v
      bestDay[m] = day
    }
  }
}

export const bitsIn = (mask: number): number => {
  let count = 0
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++
  return count
}
