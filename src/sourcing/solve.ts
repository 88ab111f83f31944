/**
 * The sourcing solver: an instance in, the cheapest plan out (cents, then parcels). Exact for up to twelve lines and any
 * tariff; beyond that, and where a line must be cut, `optimal` is claimed only when proven and `gap` certified otherwise.
 */
import { exact } from './exact.ts'
import { parseInstance, type Instance, type Plan } from './instance.ts'
import { solveLarge } from './large.ts'
import { noPlan, writePlan } from './plan.ts'
import { buildProblem, type Places, preparePlaces, type Problem } from './problem.ts'
import { linesToCut, solveCut } from './split.ts'

/** More lines than this are solved by bounds and search. */
const exactOrderLinesMax = 12

export const solve = (instance: Instance): Plan => solvePrepared(preparePlaces(instance.wh, instance.lanes), instance, false)

/** The same with the network half prepared, for many orders over one network; `oneParcel` forbids a second parcel. */
export const solvePrepared = (places: Places, order: Omit<Instance, 'wh' | 'lanes'>, oneParcel: boolean): Plan => {
  const p = buildProblem(places, order, oneParcel)
  const cut = linesToCut(p, order)
  const solved = cut.length > 0 ? solveCut(p, order, cut) : p.n <= exactOrderLinesMax ? solveFew(p) : solveLarge(p, null)
  if (solved === null) return noPlan(p.n)
  return writePlan(p, solved.parcels, solved.left, solved.bound)
}

const solveFew = (p: Problem) => {
  const found = exact(p, null)
  return found === null ? null : { parcels: found.parcels, left: found.left, bound: found.score }
}

/** One line of text to one line of text, for `waybill source --instance`. Throws InstanceError with the field at fault. */
export const sourceInstanceText = (line: string): string => JSON.stringify(solve(parseInstance(line)))
