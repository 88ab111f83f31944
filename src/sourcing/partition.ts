/**
 * Phase P: the cheapest partition of the lines into parcels. The parcel with the lowest line is chosen first, so subsets
 * that hold line 0 need no table; twelve lines take 88,600 steps at most.
 */
import { effort } from './effort.ts'
import { best, bestService, bitsIn, exactLinesMax } from './hub.ts'
import { SCALE, type Problem } from './problem.ts'

const total = new Float64Array(1 << exactLinesMax)
const taken = new Int32Array(1 << exactLinesMax)

/** In `bestService`: no parcel, the line is left out. */
const LEFT_OUT = -1

/**
 * Parcels that tear apart what belongs together are none. A line (or such a group) left out counts as a parcel that is
 * none; where one parcel is all there may be, `oneParcel` counts those.
 */
export const admitParts = (p: Problem): void => {
  const groups = groupMasks(p)
  if (groups.length > 0) {
    const top = 1 << p.n
    for (let m = 1; m < top; m++)
      if (groups.some((group) => (m & group) !== 0 && (m & group) !== group)) best[m] = Number.POSITIVE_INFINITY
  }
  if (p.oneParcel) return
  const bound = groups.reduce((all, group) => all | group, 0)
  for (let i = 0; i < p.n; i++) if (((bound >> i) & 1) === 0) admitLeftOut(1 << i, p.unfilled[i]!)
  for (const group of groups) admitLeftOut(group, finesIn(p, group))
}

const admitLeftOut = (mask: number, cents: number): void => {
  if (cents * SCALE >= best[mask]!) return
  best[mask] = cents * SCALE
  bestService[mask] = LEFT_OUT
}

const finesIn = (p: Problem, mask: number): number => {
  let sum = 0
  for (let rest = mask; rest !== 0; rest &= rest - 1) sum += p.unfilled[31 - Math.clz32(rest & -rest)]!
  return sum
}

const groupMasks = (p: Problem): readonly number[] => {
  if (p.together === null) return noGroups
  const masks = new Map<number, number>()
  p.together.forEach((group, i) => {
    if (group !== 0) masks.set(group, (masks.get(group) ?? 0) | (1 << i))
  })
  return [...masks.values()].filter((mask) => (mask & (mask - 1)) !== 0)
}
const noGroups: readonly number[] = []

/** The score of the cheapest plan; Infinity when there is none. */
export const partition = (p: Problem): number => {
  tried = null
  const top = 1 << p.n
  total[0] = 0
  if (p.oneParcel) return oneParcel(p)
  for (let m = 2; m < top; m += 2) cheapest(m)
  return cheapest(top - 1)
}

const cheapest = (m: number): number => {
  const low = m & -m
  const rest = m ^ low
  let least = best[m]!
  let choice = m
  if (rest === 0) return note(m, least, choice)
  effort.partitions += 1 << bitsIn(rest)
  for (let part = (rest - 1) & rest; ; part = (part - 1) & rest) {
    const score = best[part | low]! + total[rest ^ part]!
    if (score < least) {
      least = score
      choice = part | low
    }
    if (part === 0) break
  }
  return note(m, least, choice)
}

const note = (m: number, least: number, choice: number): number => {
  total[m] = least
  taken[m] = choice
  return least
}

/** The parcel's lines, and the fines for what is left out. */
const oneParcel = (p: Problem): number => {
  const full = (1 << p.n) - 1
  const groups = groupMasks(p)
  let least = Number.POSITIVE_INFINITY
  let choice = 0
  for (let m = full; m >= 0; m--) {
    const score = m === full ? best[m]! : (m === 0 ? 0 : best[m]!) + finesIn(p, full ^ m) * SCALE
    if (score >= least || groups.some((group) => (m & group) !== 0 && (m & group) !== group)) continue
    least = score
    choice = m
  }
  taken[full] = choice
  return least
}

/** Sums of prices by subset; and the parcels that fit below the limit, by lowest line, the least excess first. */
const priceOf = new Float64Array(1 << exactLinesMax)
const columnsMax = 400
const columns = new Int32Array(columnsMax)
const excess = new Float64Array(columnsMax)
const columnFrom = new Int32Array(exactLinesMax)
const columnEnd = new Int32Array(exactLinesMax)
/** Combinations tried before the table is filled after all; it takes twelve lines 88,600. */
const triesMax = 20_000

/** The combination found, and the one at work. */
let tried: number[] | null = null
const picked = new Int32Array(exactLinesMax)
let roomLeft = 0
let tries = 0

/**
 * The same for plans below `limit` only (Infinity: there is none), given prices whose sum no plan undercuts: a parcel
 * costs its lines' prices and an excess, and the excesses of a plan must fit between that sum and the limit. Few parcels
 * do, so their combinations are tried one after the other; where they are too many, the table above is filled.
 */
export const partitionWithin = (p: Problem, prices: Float64Array, sum: number, limit: number): number => {
  if (p.oneParcel || limit === Number.POSITIVE_INFINITY || !collect(p, prices, limit - sum)) return partition(p)
  tried = []
  roomLeft = limit - sum
  tries = 0
  combine((1 << p.n) - 1, 0, 0)
  effort.partitions += tries
  if (tries > triesMax) return partition(p)
  return tried.length === 0 ? Number.POSITIVE_INFINITY : sum + roomLeft
}

/** False when there are more columns than it pays to combine. */
const collect = (p: Problem, prices: Float64Array, room: number): boolean => {
  const top = 1 << p.n
  let count = 0
  priceOf[0] = 0
  for (let i = p.n - 1; i >= 0; i--) {
    const bit = 1 << i
    const price = prices[i]!
    columnFrom[i] = count
    for (let m = bit; m < top; m += bit << 1) {
      const paid = price + priceOf[m ^ bit]!
      priceOf[m] = paid
      const more = best[m]! - paid
      if (more >= room) continue
      if (count === columnsMax) return false
      let at = count++
      while (at > columnFrom[i]! && excess[at - 1]! > more) {
        excess[at] = excess[at - 1]!
        columns[at] = columns[at - 1]!
        at--
      }
      excess[at] = more
      columns[at] = m
    }
    columnEnd[i] = count
  }
  return true
}

const combine = (mask: number, depth: number, sofar: number): void => {
  if (mask === 0) {
    roomLeft = sofar
    tried = Array.from(picked.subarray(0, depth))
    return
  }
  const low = 31 - Math.clz32(mask & -mask)
  for (let at = columnFrom[low]!; at < columnEnd[low]!; at++) {
    if (sofar + excess[at]! >= roomLeft || ++tries > triesMax) return
    const part = columns[at]!
    if ((part & ~mask) !== 0) continue
    picked[depth] = part
    combine(mask ^ part, depth + 1, sofar + excess[at]!)
  }
}

/** The chosen parcels' lines, in the order of their lowest line; lines that are in none are left out. */
export const chosenParts = (p: Problem): number[] => {
  const full = (1 << p.n) - 1
  if (tried !== null) return tried.filter((part) => bestService[part] !== LEFT_OUT)
  if (p.oneParcel) return taken[full] === 0 ? [] : [taken[full]!]
  const parts: number[] = []
  for (let m = full; m !== 0; m ^= taken[m]!) if (bestService[taken[m]!] !== LEFT_OUT) parts.push(taken[m]!)
  return parts
}
