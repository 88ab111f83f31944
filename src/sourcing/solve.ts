/**
 * The sourcing solver: an instance in, the cheapest plan out (cents, then parcels). Exact for up to twelve lines and any
 * tariff; beyond that, and where a line must be cut, `optimal` is claimed only when proven and `gap` certified otherwise.
 */
import { exact } from './exact.ts'
import { parseInstance, type Instance, type Plan } from './instance.ts'
import { solveLarge } from './large.ts'
import { costOf, finesOf, noPlan, writePlan } from './plan.ts'
import { type Bonds, buildProblem, noBonds, type Places, preparePlaces, type Problem, SCALE } from './problem.ts'
import { linesToCut, type Solved, solveCut } from './split.ts'

/**
 * The exact tables double with every line; the search mostly proves its answer sooner. From here on it goes first, with a
 * little work, and the tables decide what it leaves open (five places, warm: 12 lines 10 ms by tables, 0.5 ms by search).
 */
const searchFirstFrom = 9
const searchFirstWorkMax = 400_000
/** In wide networks laying out the search costs more than the tables do. */
const searchFirstWaysMax = 64
/** More lines than this are solved by bounds and search. */
const exactOrderLinesMax = 12

export const solve = (instance: Instance): Plan => solvePrepared(preparePlaces(instance.wh, instance.lanes), instance, noBonds)

/** The same with the network half prepared, for many orders over one network. */
export const solvePrepared = (places: Places, order: Omit<Instance, 'wh' | 'lanes'>, bonds: Bonds): Plan => {
  const p = buildProblem(places, order, bonds)
  const solved = solveProblem(p, order)
  return solved === null ? noPlan(p.n) : writePlan(p, solved.parcels, solved.left, solved.bound)
}

/** Null when no plan exists. `bound` is a score that no plan undercuts. */
export const solveProblem = (p: Problem, order: Pick<Instance, 'stock' | 'incoming' | 'pol'>): Solved | null => {
  const cut = linesToCut(p, order)
  return cut.length > 0 ? solveCut(p, order, cut) : p.n <= exactOrderLinesMax ? solveFew(p) : solveLarge(p, null)
}

const solveFew = (p: Problem): Solved | null => {
  const { lanes, services } = p.places
  const narrow = p.transfers && lanes.length > 0 && lanes.length + services.length <= searchFirstWaysMax
  const searched = narrow && p.n >= searchFirstFrom && !p.oneParcel && p.together === null
  const quick = searched ? proven(p, solveLarge(p, null, searchFirstWorkMax)) : null
  if (quick !== null) return quick
  const found = exact(p, null)
  return found === null ? null : { parcels: found.parcels, left: found.left, bound: found.score }
}

const proven = (p: Problem, answer: Solved | null): Solved | null => {
  if (answer === null) return null
  const score = (costOf(p, answer.parcels) + finesOf(p, answer.left)) * SCALE + answer.parcels.length
  return answer.bound >= score ? answer : null
}

/** One line of text to one line of text, for `waybill source --instance`. Throws InstanceError with the field at fault. */
export const sourceInstanceText = (line: string): string => JSON.stringify(solve(parseInstance(line)))
export type { Solved }
