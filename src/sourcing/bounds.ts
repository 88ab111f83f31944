/**
 * Phase L: dual ascent. Each line offers a price; what it offers above an entry's cost pays for opening that source and
 * facility. Prices rise while somebody's fixed cost is not yet paid for, so their sum is below every plan, and a plan
 * that opens a facility costs at least that sum and what is still unpaid of it.
 */
import { type Facilities, layFacilities, NOWHERE } from './facilities.ts'
import type { Problem } from './problem.ts'

export const FREE = 0
export const OPEN = 1
export const CLOSED = 2

export type Ascent = {
  sum: number
  facilitySlack: Float64Array
  sourceSlack: Float64Array
  facilityState: Uint8Array
  sourceState: Uint8Array
}

/** Even raises before the last, unlimited one: more rounds sharpen the bound by less than they cost. */
const rounds = 10

/** Infinity: some line has no entry left. */
export const ascend = (model: Facilities, facilityState: Uint8Array, sourceState: Uint8Array): Ascent => {
  const facilitySlack = model.fixed.slice()
  const sourceSlack = model.sourceFixed.slice()
  let sum = 0
  facilityState.forEach((state, e) => {
    if (state !== OPEN) return
    sum += facilitySlack[e]!
    facilitySlack[e] = 0
  })
  sourceState.forEach((state, s) => {
    if (state !== OPEN) return
    sum += sourceSlack[s]!
    sourceSlack[s] = 0
  })
  const ascent: Ascent = { sum, facilitySlack, sourceSlack, facilityState, sourceState }
  const prices = startPrices(model, ascent)
  const paid = new Float64Array(model.slots)
  const paidSource = new Float64Array(model.entryCost.length)
  const step = Math.max(1, Math.floor(model.fixed.reduce((most, cost) => Math.max(most, cost), 0) / Math.min(model.n, rounds)))
  for (let round = 0; round <= rounds; round++) {
    const most = round === rounds ? Number.POSITIVE_INFINITY : step
    let risen = false
    for (let i = 0; i < model.n; i++) if (raise(model, ascent, prices, paid, paidSource, i, most)) risen = true
    if (!risen) break
  }
  for (let i = 0; i < model.n; i++) ascent.sum += prices[i]!
  return ascent
}

const startPrices = (model: Facilities, ascent: Ascent): Float64Array => {
  const prices = new Float64Array(model.n).fill(Number.POSITIVE_INFINITY)
  for (let i = 0; i < model.n; i++) {
    for (let at = model.lineFrom[i]!; at < model.lineFrom[i + 1]!; at++) {
      if (shut(model, ascent, at)) continue
      prices[i] = model.entryCost[at]!
      break
    }
  }
  return prices
}

const shut = (model: Facilities, ascent: Ascent, at: number): boolean => {
  const source = model.entrySource[at]!
  return ascent.sourceState[source] === CLOSED || ascent.facilityState[model.sourceFacility[source]!] === CLOSED
}

const raise = (
  model: Facilities,
  ascent: Ascent,
  prices: Float64Array,
  paid: Float64Array,
  paidSource: Float64Array,
  i: number,
  most: number,
): boolean => {
  const { entrySource, entryCost, entrySlot, sourceFacility } = model
  const { facilitySlack, sourceSlack } = ascent
  const price = prices[i]!
  if (price === Number.POSITIVE_INFINITY) return false
  const first = model.lineFrom[i]!
  const end = model.lineFrom[i + 1]!
  let target = price + most
  for (let at = first; at < end && entryCost[at]! < target; at++) {
    if (shut(model, ascent, at)) continue
    const source = entrySource[at]!
    const limit =
      entryCost[at]! + paidSource[at]! + sourceSlack[source]! + paid[entrySlot[at]!]! + facilitySlack[sourceFacility[source]!]!
    if (limit < target) target = limit
  }
  if (target <= price) return false
  // The facility pays only what the sources cannot, and what it pays helps all its sources.
  for (let at = first; at < end && entryCost[at]! < target; at++) {
    if (shut(model, ascent, at)) continue
    const source = entrySource[at]!
    const need = target - entryCost[at]! - paidSource[at]! - sourceSlack[source]! - paid[entrySlot[at]!]!
    if (need <= 0) continue
    paid[entrySlot[at]!] = paid[entrySlot[at]!]! + need
    facilitySlack[sourceFacility[source]!] = facilitySlack[sourceFacility[source]!]! - need
  }
  for (let at = first; at < end && entryCost[at]! < target; at++) {
    if (shut(model, ascent, at)) continue
    const source = entrySource[at]!
    const need = target - entryCost[at]! - paidSource[at]! - paid[entrySlot[at]!]!
    if (need <= 0) continue
    paidSource[at] = paidSource[at]! + need
    sourceSlack[source] = sourceSlack[source]! - need
  }
  prices[i] = target
  return true
}

/**
 * The least score of a plan that sends a parcel from the hub, or uses the lane; 0 is "not known". Whatever is at or above
 * a plan at hand can be left out without losing exactness.
 */
export const leastScores = (p: Problem): { hubs: Float64Array; lanes: Float64Array } => {
  const hubs = new Float64Array(p.places.W)
  const lanes = new Float64Array(p.places.lanes.length)
  const model = layFacilities(p, false)
  const ascent = ascend(model, new Uint8Array(model.fixed.length), new Uint8Array(model.sourceFixed.length))
  if (ascent.sum === Number.POSITIVE_INFINITY) return { hubs, lanes }
  hubs.fill(Number.POSITIVE_INFINITY)
  lanes.fill(Number.POSITIVE_INFINITY)
  model.sourceLane.forEach((lane, s) => {
    const facility = model.sourceFacility[s]!
    if (lane === NOWHERE) return
    const hub = p.places.serviceHub[model.service[facility]!]!
    const least = ascent.sum + ascent.facilitySlack[facility]!
    hubs[hub] = Math.min(hubs[hub]!, least)
    if (lane >= 0) lanes[lane] = Math.min(lanes[lane]!, least + ascent.sourceSlack[s]!)
  })
  return { hubs, lanes }
}
