/**
 * Phase P: the cheapest partition of the lines into parcels. The parcel with the lowest line is chosen first, so subsets
 * that hold line 0 need no table; twelve lines take 88,600 steps at most.
 */
import { best, bestService, exactLinesMax } from './hub.ts'
import { SCALE, type Problem } from './problem.ts'

const total = new Float64Array(1 << exactLinesMax)
const taken = new Int32Array(1 << exactLinesMax)

/** In `bestService`: no parcel, the line is left out. */
export const LEFT_OUT = -1

/** A line left out counts as a parcel that is none; where one parcel is all there may be, `oneParcel` counts them. */
export const allowUnfilled = (p: Problem): void => {
  if (p.oneParcel) return
  for (let i = 0; i < p.n; i++) {
    if (p.unfilled[i]! * SCALE >= best[1 << i]!) continue
    best[1 << i] = p.unfilled[i]! * SCALE
    bestService[1 << i] = LEFT_OUT
  }
}

/** The score of the cheapest plan; Infinity when there is none. */
export const partition = (p: Problem): number => {
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
  for (let part = (rest - 1) & rest; rest !== 0; part = (part - 1) & rest) {
    const score = best[part | low]! + total[rest ^ part]!
    if (score < least) {
      least = score
      choice = part | low
    }
    if (part === 0) break
  }
  total[m] = least
  taken[m] = choice
  return least
}

/** The parcel's lines, then what is left out, line by line; called instead of the tables. */
const oneParcel = (p: Problem): number => {
  const full = (1 << p.n) - 1
  let least = Number.POSITIVE_INFINITY
  let choice = 0
  for (let m = full; m >= 0; m--) {
    let score = m === 0 ? 0 : best[m]!
    for (let rest = full ^ m; rest !== 0; rest &= rest - 1) score += p.unfilled[31 - Math.clz32(rest & -rest)]! * SCALE
    if (score >= least) continue
    least = score
    choice = m
  }
  taken[full] = choice
  return least
}

/** The chosen parts, in the order of their lowest line; lines that are in none are left out. */
export const chosenParts = (p: Problem): number[] => {
  const full = (1 << p.n) - 1
  if (p.oneParcel) return taken[full] === 0 ? [] : [taken[full]!]
  const parts: number[] = []
  for (let m = full; m !== 0; m ^= taken[m]!) {
    const part = taken[m]!
    if (bestService[part] !== LEFT_OUT || (part & (part - 1)) !== 0) parts.push(part)
  }
  return parts
}
