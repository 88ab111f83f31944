/** A range of seeds, in a process of its own. */
import { constants, setPriority } from 'node:os'
import { answering } from '../support/apart.ts'
import { drawOperations } from './operations.ts'
import { report } from './report.ts'
import { simulate } from './simulate.ts'

export type Range = Readonly<{ first: number; count: number }>
export type Tried = Readonly<{ counts: Readonly<Record<string, number>>; failed: readonly string[] }>

/** So many failing seeds are told in full: each is shortened first, which takes its time. */
const toldMax = 2
/** One in so many has all its orders: many small worlds and some crowded ones find more in the same time than either. */
const crowdedEvery = 4
/** One in so many is of the whole shop, and crowded: twice the work of another. */
const wholeEvery = 8

answering(async ({ first, count }: Range): Promise<Tried> => {
  // Virtual time loses nothing by waiting, and what runs beside it may be real processes with real clocks.
  setPriority(constants.priority.PRIORITY_LOW)
  const counts: Record<string, number> = {}
  const failed: string[] = []
  for (let seed = first; seed < first + count; seed++) {
    const few = seed % crowdedEvery !== 0
    const run = await simulate(seed, { operations: drawOperations(seed, few), whole: seed % wholeEvery === crowdedEvery })
    for (const [name, counted] of Object.entries(run.counts)) counts[name] = (counts[name] ?? 0) + counted
    if (run.violations.length > 0)
      failed.push(failed.length < toldMax ? await report(run, few ? ' --few' : '') : `seed ${seed} fails too`)
  }
  return { counts, failed }
})
