/** Deletes what is past its end, beside everything else: small batches, rests between them, and only so much at a time. */
import { nowMs, wait } from '../../kernel/timers.ts'
import type { Batches, Work } from './work.ts'

/** Deletes at most so many rows. @returns how many it deleted. */
export type Sweep = (work: Work, rowsMax: number) => Promise<number>

/** Some ten milliseconds' work, so that no lock is held for long. */
const rowsMax = 1_000
/** The rest waits for the next time: a shop that has kept things for years is not swept in one go, and stopping never waits for long. */
const batchesMax = 60
/** A fifth of one connection's time. */
const restShare = 4

/** @returns how many rows it deleted. */
export const swept = async (batches: Batches, sweep: Sweep): Promise<number> => {
  let total = 0
  for (let batch = 0; batch < batchesMax; batch++) {
    const began = nowMs()
    const count = await batches.batch((work) => sweep(work, rowsMax))
    total += count
    if (count < rowsMax) break
    await wait((nowMs() - began) * restShare)
  }
  return total
}
