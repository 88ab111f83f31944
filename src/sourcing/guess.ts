/**
 * A plan at hand before any table: every line by the cheapest source that the dual ascent has paid for, less the sources
 * and facilities that are better left closed. It is priced by the real tariff, so it limits what the tables must look at.
 */
import { type Ascent } from './bounds.ts'
import { type Facilities, NOWHERE } from './facilities.ts'
import { loadOf, type Load, type Parcel, priceParcel } from './plan.ts'
import { type Problem, SCALE } from './problem.ts'

export type Guess = Readonly<{ score: number; parcels: readonly Parcel[]; left: readonly number[] }>

let on = new Uint8Array(256)
let sourceUsed = new Uint8Array(256)
let facilityUsed = new Uint8Array(256)
let choice = new Int32Array(64)
let trial = new Int32Array(64)

export const guess = (p: Problem, model: Facilities, ascent: Ascent): Guess | null => {
  const sources = model.sourceFixed.length
  if (on.length < sources) {
    on = new Uint8Array(sources * 2)
    sourceUsed = new Uint8Array(sources * 2)
    facilityUsed = new Uint8Array(sources * 2)
  }
  if (choice.length < model.n) {
    choice = new Int32Array(model.n)
    trial = new Int32Array(model.n)
  }
  for (let s = 0; s < sources; s++)
    on[s] = ascent.sourceSlack[s] === 0 && ascent.facilitySlack[model.sourceFacility[s]!] === 0 ? 1 : 0
  let score = assign(model)
  if (score === Number.POSITIVE_INFINITY) return null
  keep(model)
  for (let improved = true; improved; ) {
    improved = false
    for (let i = 0; i < model.n; i++) {
      const source = model.entrySource[choice[i]!]!
      const better = Math.min(without(model, source, false, score), without(model, source, true, score))
      if (better >= score) continue
      score = better
      improved = true
    }
  }
  return priced(p, model)
}

const keep = (model: Facilities): void => {
  for (let i = 0; i < model.n; i++) choice[i] = trial[i]!
}

/** The score with the source, or its whole facility, closed; when it is better, that is kept. */
const without = (model: Facilities, source: number, facility: boolean, score: number): number => {
  const e = model.sourceFacility[source]!
  let first = source
  let last = source
  if (facility) {
    while (first > 0 && model.sourceFacility[first - 1] === e) first--
    while (last + 1 < model.sourceFacility.length && model.sourceFacility[last + 1] === e) last++
  }
  const closed: number[] = []
  for (let s = first; s <= last; s++) {
    if (on[s] === 0) continue
    on[s] = 0
    closed.push(s)
  }
  const other = closed.length === 0 ? score : assign(model)
  if (other < score) keep(model)
  else for (const s of closed) on[s] = 1
  return other
}

/** Each line by its cheapest source that is on; fills `trial`. Infinity when some line has none. */
const assign = (model: Facilities): number => {
  sourceUsed.fill(0, 0, model.sourceFixed.length)
  facilityUsed.fill(0, 0, model.fixed.length)
  let score = 0
  for (let i = 0; i < model.n; i++) {
    let at = model.lineFrom[i]!
    const end = model.lineFrom[i + 1]!
    while (at < end && on[model.entrySource[at]!] === 0) at++
    if (at === end) return Number.POSITIVE_INFINITY
    trial[i] = at
    const source = model.entrySource[at]!
    const facility = model.entryFacility[at]!
    score += model.entryCost[at]!
    if (sourceUsed[source] === 0) score += model.sourceFixed[source]!
    if (facilityUsed[facility] === 0) score += model.fixed[facility]!
    sourceUsed[source] = 1
    facilityUsed[facility] = 1
  }
  return score
}

const priced = (p: Problem, model: Facilities): Guess => {
  const loads = new Map<number, Load[]>()
  const left: number[] = []
  let cents = 0
  for (let i = 0; i < model.n; i++) {
    const source = model.entrySource[choice[i]!]!
    const lane = model.sourceLane[source]!
    if (lane === NOWHERE) {
      left.push(i)
      cents += p.unfilled[i]!
      continue
    }
    const facility = model.sourceFacility[source]!
    const load = loadOf(p, i, p.places.serviceHub[model.service[facility]!]!, lane, i)
    const sofar = loads.get(facility)
    if (sofar === undefined) loads.set(facility, [load])
    else sofar.push(load)
  }
  const parcels: Parcel[] = []
  for (const [facility, own] of loads) {
    const parcel = { service: model.service[facility]!, loads: own }
    cents += priceParcel(p, parcel).cost
    parcels.push(parcel)
  }
  return { score: cents * SCALE + parcels.length, parcels, left }
}
