/** What the files of seeds share: a range of them, counted, and none of them breaking anything. */
import assert from 'node:assert/strict'
import { constants, setPriority } from 'node:os'
import { drawOperations } from './operations.ts'
import { report } from './report.ts'
import { simulate } from './simulate.ts'

/** So many failing seeds are told in full: each is shortened first, which takes its time. */
const toldMax = 2
/** One in so many has all its orders: many small worlds and some crowded ones find more in the same time than either. */
const crowdedEvery = 4

export const assertSeeds = async (first: number, count: number): Promise<void> => {
  // Virtual time loses nothing by waiting, and what runs beside it may be real processes with real clocks.
  setPriority(constants.priority.PRIORITY_LOW)
  const counts: Record<string, number> = {}
  const failed: string[] = []
  const began = performance.now()
  for (let seed = first; seed < first + count; seed++) {
    const few = seed % crowdedEvery !== 0
    const run = await simulate(seed, { operations: drawOperations(seed, few) })
    for (const [name, counted] of Object.entries(run.counts)) counts[name] = (counts[name] ?? 0) + counted
    if (run.violations.length > 0)
      failed.push(failed.length < toldMax ? await report(run, few ? ' --few' : '') : `seed ${seed} fails too`)
  }
  const perSecond = (count / ((performance.now() - began) / 1000)).toFixed(1)
  console.log(
    `${count} seeds from ${first}, ${perSecond} a second: ${Object.entries(counts)
      .map(([name, counted]) => `${name} ${counted}`)
      .join(', ')}`,
  )
  assert.deepEqual(failed, [], failed.join('\n'))
  // A seed in which nothing happened would prove nothing.
  assert.ok((counts['acknowledged'] ?? 0) > count && (counts['crash'] ?? 0) > 0)
}
