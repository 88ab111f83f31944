/** A hundred orders over one stock: as they come, with swaps, with prices, with both; against the certified bound. */
import { type Batched, firstCome, sourceBatch } from '../../src/sourcing/batch.ts'
import type { BenchCase, BenchOptions, Figures, Result } from '../case.ts'
import { batchOf } from '../scarcity/batches.ts'

const size = 100
const seeds = 10
const ratios = [0.8, 1, 1.3] as const
type Way = 'firstCome' | 'swaps' | 'prices' | 'both'
const ways: Readonly<Record<Way, (batch: ReturnType<typeof batchOf>) => Batched<unknown>>> = {
  firstCome: (batch) => firstCome(batch),
  swaps: (batch) => sourceBatch(batch, { prices: false }),
  prices: (batch) => sourceBatch(batch, { swaps: false }),
  both: (batch) => sourceBatch(batch),
}
type Seen = Readonly<{ overBound: number; extraParcels: number; ms: number }>

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

const resultOf = (ratio: number): Result => {
  const seen: Record<Way, Seen[]> = { firstCome: [], swaps: [], prices: [], both: [] }
  for (let seed = 1; seed <= seeds; seed++) {
    const batch = batchOf(seed, size, ratio)
    const { lowerBound } = sourceBatch(batch)
    for (const way of Object.keys(ways) as Way[]) {
      const began = performance.now()
      const { cost, parcels } = ways[way](batch)
      seen[way].push({ overBound: cost / lowerBound - 1, extraParcels: parcels - size, ms: performance.now() - began })
    }
  }
  const of = (way: Way, figure: (one: Seen) => number): number => mean(seen[way].map(figure))
  const figures: Figures = Object.fromEntries(
    (Object.keys(ways) as Way[]).flatMap((way): [string, number | string][] => [
      [`${way}OverBound`, `${(100 * of(way, ({ overBound }) => overBound)).toFixed(2)} %`],
      [`${way}ExtraParcels`, of(way, ({ extraParcels }) => extraParcels)],
      [`${way}Ms`, of(way, ({ ms }) => ms)],
    ]),
  )
  const extra = of('both', ({ extraParcels }) => extraParcels) / of('firstCome', ({ extraParcels }) => extraParcels)
  const worst = Math.max(...seen.both.map(({ overBound }) => overBound))
  return {
    name: `batch of ${size} orders, stock is ${ratio} of demand`,
    figures,
    ...(ratio === 1
      ? {
          marks: [
            { what: '% above the bound, the worst of all seeds', value: 100 * worst, mark: 2, atMost: true },
            { what: 'extra parcels ÷ first-come', value: extra, mark: 0.75, atMost: true },
          ],
        }
      : {}),
  }
}

const run = async ({ say }: BenchOptions): Promise<readonly Result[]> =>
  ratios.map((ratio) => {
    say(`stock is ${ratio} of demand`)
    return resultOf(ratio)
  })

export const batchCase: BenchCase = {
  name: 'batch',
  what: 'a hundred orders over one stock: as they come, and decided together',
  run,
}
