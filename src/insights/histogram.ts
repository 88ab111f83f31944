/**
 * Percentiles from counts: durations fall into bins whose borders grow by 2 %, so a bin's middle is within 1 % of
 * whatever fell into it, and histograms of any spans of time are merged by adding (as in DDSketch). Pure.
 */
export type Bins = readonly Readonly<{ bin: number; count: number }>[]

/** Borders 1.02 apart: the middle of a bin is off by at most (1.02 − 1) / (1.02 + 1) = 0.99 %. */
const growth = 1.02
/** What took less than a millisecond: the clock of the journal is no finer. */
const atOnce = -1

export const binOf = (durationMs: number): number => (durationMs < 1 ? atOnce : Math.ceil(Math.log(durationMs) / Math.log(growth)))

export const middleOf = (bin: number): number => (bin === atOnce ? 0 : (2 * growth ** bin) / (growth + 1))

/** The duration that the share `quantile` of all did not exceed (nearest rank); undefined where there is none. */
export const quantileOf = (bins: Bins, quantile: number): number | undefined => {
  const total = bins.reduce((sum, { count }) => sum + count, 0)
  if (total === 0) return undefined
  const rank = Math.max(1, Math.ceil(quantile * total))
  let passed = 0
  for (const { bin, count } of [...bins].sort((a, b) => a.bin - b.bin)) {
    passed += count
    if (passed >= rank) return middleOf(bin)
  }
  return undefined
}
