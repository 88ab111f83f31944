/**
 * Phase L: dual ascent. Each line offers a price; what it offers above an entry's cost pays for opening that source and
 * facility. Prices rise while somebody's fixed cost is not yet paid for, so their sum is below every plan, and a plan
 * that opens a facility costs at least that sum and what is still unpaid of it.
 */
import { effort } from './effort.ts'
import { centsAlone, centsBy, type Facilities, layFacilities, SHELVES } from './facilities.ts'
import { type Problem, SCALE } from './problem.ts'

export const FREE = 0
export const OPEN = 1
export const CLOSED = 2

export type Ascent = {
  sum: number
  facilitySlack: Float64Array
  sourceSlack: Float64Array
  facilityState: Uint8Array
  sourceState: Uint8Array
  prices: Float64Array
}

/**
 * Even raises before the last, unlimited one. Many lines share a parcel's fixed cost, so each must rise by little: at
 * 1,114 lines 20 rounds leave the bound 11.5 % below the plan at hand, 400 rounds 9.4 %, and more hardly less (measured).
 */
const roundsLeast = 20
const roundsMost = 400

/** Entries that raises looked at, of the ascent at work. */
let looked = 0

/** What lines have paid, per slot and per entry, of the ascent at work; and as it was before a line took its money back. */
let paid = new Float64Array(1024)
let paidSource = new Float64Array(1024)
let paidBefore = new Float64Array(1024)
let paidSourceBefore = new Float64Array(1024)

/** Infinity: some line has no entry left. */
export const ascend = (
  model: Facilities,
  facilityState: Uint8Array,
  sourceState: Uint8Array,
  passes = 0,
  roundsMax = roundsMost,
): Ascent => {
  effort.ascents++
  looked = 0
  const facilitySlack = model.fixed.slice()
  const sourceSlack = model.sourceFixed.slice()
  let base = 0
  for (let e = 0; e < facilitySlack.length; e++) {
    if (facilityState[e] !== OPEN) continue
    base += facilitySlack[e]!
    facilitySlack[e] = 0
  }
  for (let s = 0; s < sourceSlack.length; s++) {
    if (sourceState[s] !== OPEN) continue
    base += sourceSlack[s]!
    sourceSlack[s] = 0
  }
  const prices = new Float64Array(model.n).fill(Number.POSITIVE_INFINITY)
  const ascent: Ascent = { sum: base, facilitySlack, sourceSlack, facilityState, sourceState, prices }
  startPrices(model, ascent)
  if (paidSource.length < model.entryCost.length) {
    paid = new Float64Array(model.entryCost.length * 2)
    paidSource = new Float64Array(paid.length)
    paidBefore = new Float64Array(paid.length)
    paidSourceBefore = new Float64Array(paid.length)
  }
  paid.fill(0, 0, model.slots)
  paidSource.fill(0, 0, model.entryCost.length)
  let dearest = 0
  for (let e = 0; e < model.fixed.length; e++) dearest = Math.max(dearest, model.fixed[e]!)
  const rounds = Math.min(roundsMax, Math.max(roundsLeast, model.n))
  const step = Math.max(1, Math.floor(dearest / rounds))
  for (let round = 0; round <= rounds; round++) {
    const most = round === rounds ? Number.POSITIVE_INFINITY : step
    let risen = false
    for (let i = 0; i < model.n; i++) if (raise(model, ascent, i, most)) risen = true
    if (!risen) break
  }
  ascent.sum = base + total(prices)
  for (let pass = 0; pass < passes && ascent.sum < Number.POSITIVE_INFINITY; pass++) if (!adjust(model, ascent, base)) break
  effort.entries += looked
  return ascent
}

const total = (prices: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < prices.length; i++) sum += prices[i]!
  return sum
}

/**
 * Each line in turn takes its money back, the others rise into what became free, and it rises last: kept where the sum
 * of prices is higher then. False when no line's turn helped.
 */
const adjust = (model: Facilities, ascent: Ascent, base: number): boolean => {
  const { facilitySlack, sourceSlack, prices } = ascent
  const facilityBefore = facilitySlack.slice()
  const sourceBefore = sourceSlack.slice()
  const pricesBefore = prices.slice()
  const [slots, entries] = [model.slots, model.entryCost.length]
  const [paidNow, paidThen] = [paid.subarray(0, slots), paidBefore.subarray(0, slots)]
  const [paidSourceNow, paidSourceThen] = [paidSource.subarray(0, entries), paidSourceBefore.subarray(0, entries)]
  let better = false
  for (let i = 0; i < model.n; i++) {
    facilityBefore.set(facilitySlack)
    sourceBefore.set(sourceSlack)
    pricesBefore.set(prices)
    paidThen.set(paidNow)
    paidSourceThen.set(paidSourceNow)
    takeBack(model, ascent, i)
    for (let k = 1; k <= model.n; k++) raise(model, ascent, (i + k) % model.n, Number.POSITIVE_INFINITY)
    const sum = base + total(prices)
    if (sum > ascent.sum) {
      ascent.sum = sum
      better = true
      continue
    }
    facilitySlack.set(facilityBefore)
    sourceSlack.set(sourceBefore)
    prices.set(pricesBefore)
    paidNow.set(paidThen)
    paidSourceNow.set(paidSourceThen)
  }
  return better
}

const takeBack = (
  model: Facilities,
  { facilitySlack, sourceSlack, facilityState, sourceState, prices }: Ascent,
  i: number,
): void => {
  let cheapest = Number.POSITIVE_INFINITY
  for (let at = model.lineFrom[i]!; at < model.lineFrom[i + 1]!; at++) {
    const source = model.entrySource[at]!
    const facility = model.entryFacility[at]!
    const slot = model.entrySlot[at]!
    sourceSlack[source] = sourceSlack[source]! + paidSource[at]!
    facilitySlack[facility] = facilitySlack[facility]! + paid[slot]!
    paidSource[at] = 0
    paid[slot] = 0
    if (cheapest === Number.POSITIVE_INFINITY && sourceState[source] !== CLOSED && facilityState[facility] !== CLOSED)
      cheapest = model.entryCost[at]!
  }
  prices[i] = cheapest
}

const startPrices = (model: Facilities, ascent: Ascent): void => {
  for (let i = 0; i < model.n; i++) {
    for (let at = model.lineFrom[i]!; at < model.lineFrom[i + 1]!; at++) {
      if (shut(model, ascent, at)) continue
      ascent.prices[i] = model.entryCost[at]!
      break
    }
  }
}

const shut = (model: Facilities, ascent: Ascent, at: number): boolean =>
  ascent.sourceState[model.entrySource[at]!] === CLOSED || ascent.facilityState[model.entryFacility[at]!] === CLOSED

const raise = (model: Facilities, ascent: Ascent, i: number, most: number): boolean => {
  const { entrySource, entryCost, entrySlot, entryFacility } = model
  const { facilitySlack, sourceSlack, prices } = ascent
  const price = prices[i]!
  if (price === Number.POSITIVE_INFINITY) return false
  const first = model.lineFrom[i]!
  const end = model.lineFrom[i + 1]!
  let target = price + most
  let at = first
  for (; at < end && entryCost[at]! < target; at++) {
    const limit =
      entryCost[at]! + paidSource[at]! + sourceSlack[entrySource[at]!]! + paid[entrySlot[at]!]! + facilitySlack[entryFacility[at]!]!
    if (limit >= target || shut(model, ascent, at)) continue
    target = limit
    if (target > price) continue
    looked += at - first + 1
    return false
  }
  looked += at - first
  if (target <= price) return false
  // The facility pays only what the sources cannot, and what it pays helps all its sources.
  for (at = first; at < end && entryCost[at]! < target; at++) {
    const slot = entrySlot[at]!
    const need = target - entryCost[at]! - paidSource[at]! - sourceSlack[entrySource[at]!]! - paid[slot]!
    if (need <= 0 || shut(model, ascent, at)) continue
    const facility = entryFacility[at]!
    paid[slot] = paid[slot]! + need
    facilitySlack[facility] = facilitySlack[facility]! - need
  }
  for (at = first; at < end && entryCost[at]! < target; at++) {
    const need = target - entryCost[at]! - paidSource[at]! - paid[entrySlot[at]!]!
    if (need <= 0 || shut(model, ascent, at)) continue
    const source = entrySource[at]!
    paidSource[at] = paidSource[at]! + need
    sourceSlack[source] = sourceSlack[source]! - need
  }
  prices[i] = target
  return true
}

/** The model with days relaxed, and its ascent; for many bounds of one order. */
/** More passes find little (measured at 10 lines, 50 places: the bound 5.4 % below the optimum, 4.1 after one, 3.9 after two). */
const adjustPasses = 2

export type Relaxed = Readonly<{ model: Facilities; ascent: Ascent }>
export const relax = (p: Problem): Relaxed => {
  const model = layFacilities(p, false)
  return {
    model,
    ascent: ascend(model, new Uint8Array(model.fixed.length), new Uint8Array(model.sourceFixed.length), adjustPasses),
  }
}

let hubs = new Float64Array(64)
let order = new Int32Array(64)

/**
 * Hubs from the most promising on, and the least score of a plan that sends a parcel from each. Whatever is at or above a
 * plan at hand can be left out without losing exactness. Both are the module's, for the order asked about last.
 */
export const leastScores = (p: Problem, { model, ascent }: Relaxed): { hubs: Float64Array; order: Int32Array } => {
  const { W, serviceHub } = p.places
  if (hubs.length < W) {
    hubs = new Float64Array(W)
    order = new Int32Array(W)
  }
  hubs.fill(Number.POSITIVE_INFINITY)
  for (let e = 0; e < model.fixed.length; e++) {
    if (model.service[e]! < 0) continue
    const hub = serviceHub[model.service[e]!]!
    const least = ascent.sum + ascent.facilitySlack[e]!
    if (least < hubs[hub]!) hubs[hub] = least
  }
  for (let h = 0; h < W; h++) {
    let at = h
    while (at > 0 && hubs[order[at - 1]!]! > hubs[h]!) {
      order[at] = order[at - 1]!
      at--
    }
    order[at] = h
  }
  return { hubs, order }
}

/**
 * Which lines may come by each lane of the hub, and from its own shelves (returned), in a plan below `limit`: a line that
 * comes dearer than its price makes the plan so much dearer than the bound.
 */
export const allowLines = (p: Problem, { model, ascent }: Relaxed, hub: number, limit: number, byLane: Int32Array): number => {
  const { laneFrom, serviceFrom, serviceHub } = p.places
  const { n } = p
  const first = laneFrom[hub]!
  const last = laneFrom[hub + 1]!
  byLane.fill(0, first, last)
  if (serviceFrom[hub] === serviceFrom[hub + 1]) return 0
  let source = 0
  let own = 0
  for (let e = 0; e < model.fixed.length; e++) {
    const v = model.service[e]!
    if (v < 0 || serviceHub[v] !== hub) continue
    const room = limit - ascent.sum - ascent.facilitySlack[e]!
    if (room <= 0) continue
    while (source < model.sourceLane.length && model.sourceFacility[source]! < e) source++
    const shelves = model.sourceFacility[source] === e && model.sourceLane[source] === SHELVES ? source++ : -1
    // Without shelves in the model they are dearer than a parcel alone, yet a bundle or a step may want them.
    for (let i = 0; i < n; i++) if (excess(ascent, shelves, -1, i, n) < room) own |= 1 << i
    for (let lane = first; lane < last; lane++) {
      const laid = model.sourceFacility[source] === e && model.sourceLane[source] === lane ? source++ : -1
      // A lane without a source in the model matters to nobody's price, so nobody has paid for it either.
      const left = room - (laid >= 0 ? ascent.sourceSlack[laid]! : p.places.lanes[lane]!.fixed * SCALE)
      if (left <= 0) continue
      for (let i = 0; i < n; i++) if (excess(ascent, laid, shelves, i, n) < left) byLane[lane] = byLane[lane]! | (1 << i)
    }
  }
  return own
}

/**
 * Where the model has no entry, the line comes no cheaper than by the shelves or than in a parcel of its own: then these
 * say the least.
 */
const excess = (ascent: Ascent, laid: number, shelves: number, i: number, n: number): number => {
  const cents = laid < 0 ? Number.POSITIVE_INFINITY : centsBy(laid, i, n)
  const known = cents < Number.POSITIVE_INFINITY ? cents : Math.min(centsAlone(i), shelves < 0 ? cents : centsBy(shelves, i, n))
  return Math.max(0, known * SCALE - ascent.prices[i]!)
}
