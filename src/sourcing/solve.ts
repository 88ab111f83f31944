/**
 * The sourcing solver: an instance in, the cheapest plan out (cents, then parcels). Exact for up to twelve lines and any
 * tariff; beyond that, and where a line must be cut, `optimal` is claimed only when proven and `gap` certified otherwise.
 */
import { callersParcels, canonicalLines, reorderLines, reorderOrder } from './canonical.ts'
import { exact } from './exact.ts'
import { fromOnePlace } from './one-place.ts'
import { parseInstance, type Instance, type Plan } from './instance.ts'
import { solveMany } from './limited.ts'
import { noPlan, writePlan } from './plan.ts'
import { type Bonds, buildProblem, noBonds, type Places, preparePlaces, pricingOf, type Problem } from './problem.ts'
import { linesToCut, type Solved, solveCut } from './split.ts'

/** More lines than this are solved by bounds and search. */
const exactOrderLinesMax = 12

export const solve = (instance: Instance): Plan => solvePrepared(preparePlaces(instance.wh, instance.lanes), instance, noBonds)

/** The same with the network half prepared, for many orders over one network. */
export const solvePrepared = (places: Places, order: Omit<Instance, 'wh' | 'lanes'>, bonds: Bonds): Plan => {
  const quick = order.incoming.some((lots) => lots.length > 0) ? null : fromOnePlace(places, order, leastFine(order.pol))
  if (quick !== null) return writePlan({ ...pricingOf(places, order.pol), unfilled: [] }, quick.parcels, quick.left, quick.bound)
  const p = buildProblem(places, order, bonds)
  const solved = solveProblem(p, order)
  return solved === null ? noPlan(p.n) : writePlan(p, solved.parcels, solved.left, solved.bound)
}

const leastFine = ({ unfilled }: Instance['pol']): number =>
  unfilled.reduce<number>((least, fine) => Math.min(least, fine ?? least), Number.POSITIVE_INFINITY)

/** Null when no plan exists. `bound` is a score that no plan undercuts. */
export const solveProblem = (p: Problem, order: Pick<Instance, 'stock' | 'incoming' | 'pol'>): Solved | null => {
  const lines = canonicalLines(p, order)
  if (lines === null) return solveSorted(p, order)
  const solved = solveSorted(reorderLines(p, lines), reorderOrder(order, lines))
  if (solved === null) return null
  const left = solved.left.map((line) => lines[line]!).sort((a, b) => a - b)
  return { parcels: callersParcels(solved.parcels, lines), left, bound: solved.bound }
}

const solveSorted = (p: Problem, order: Pick<Instance, 'stock' | 'incoming' | 'pol'>): Solved | null => {
  const cut = linesToCut(p, order)
  return cut.length > 0 ? solveCut(p, order, cut) : p.n <= exactOrderLinesMax ? solveFew(p) : solveMany(p, null)
}

const solveFew = (p: Problem): Solved | null => {
  const found = exact(p, null)
  return found === null ? null : { parcels: found.parcels, left: found.left, bound: found.score }
}

/** One line of text to one line of text, for `waybill source --instance`. Throws InstanceError with the field at fault. */
export const sourceInstanceText = (line: string): string => JSON.stringify(solve(parseInstance(line)))
export type { Solved }
