/** Deletes what is past its end, a small batch at a time. */
import type { Batches, Work } from './work.ts'

/** Deletes at most so many rows. @returns how many it deleted. */
export type Sweep = (work: Work, rowsMax: number) => Promise<number>

/** Small enough to hold no lock for long. */
const rowsMax = 500

/** @returns how many rows there were. */
export const swept = async (batches: Batches, sweep: Sweep): Promise<number> => {
  for (let total = 0; ; ) {
    const count = await batches.batch((work) => sweep(work, rowsMax))
    total += count
    if (count < rowsMax) return total
  }
}
