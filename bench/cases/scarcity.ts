/**
 * Scarce stock, order by order, in the published setting (Jasin and Sinha 2015, Ma 2023): the nearest place, the exact
 * decision for each order by itself, and the same under the replay price. Ratios are of sums over the same orders.
 */
import type { BenchCase, BenchOptions, Result } from '../case.ts'
import { costOfSequence, type Way, ways } from '../scarcity/policies.ts'
import { settingOf } from '../scarcity/setting.ts'

const periods = 10_000
/** The issue asks for six instances of three sequences; with eight the standard error is a third of the margin. */
const instances = 8
const sequences = 3
/** A product lies at a place with this chance. The first is the one with marks. */
const carries = [0.75, 0.5, 0.25] as const

type Ratios = Readonly<{ exact: number; priced: number; micros: number }>

const ratiosOf = (carry: number, instance: number): Ratios => {
  const setting = settingOf(instance, carry, periods)
  const sums: Record<Way, number> = { closest: 0, myopic: 0, replay: 0 }
  let replayMs = 0
  for (let sequence = 0; sequence < sequences; sequence++)
    for (const way of ways) {
      const began = performance.now()
      sums[way] += costOfSequence(setting, 1_000 * instance + sequence, periods, way)
      if (way === 'replay') replayMs += performance.now() - began
    }
  return {
    exact: sums.myopic / sums.closest,
    priced: sums.replay / sums.myopic,
    micros: (replayMs * 1_000) / (sequences * periods),
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
/** Of the mean over instances: sequences of one instance are no independent witnesses. */
const standardError = (values: readonly number[]): number => {
  const middle = mean(values)
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0)
  return Math.sqrt(squares / (values.length - 1) / values.length)
}

const run = async ({ say }: BenchOptions): Promise<readonly Result[]> =>
  carries.map((carry, at) => {
    const all = Array.from({ length: instances }, (_, instance) => ratiosOf(carry, instance + 1))
    const of = (figure: (ratios: Ratios) => number) => all.map(figure)
    const [exact, priced] = [of((one) => one.exact), of((one) => one.priced)]
    const percent = (value: number) => `${(100 * (value - 1)).toFixed(2)} %`
    const error = (values: readonly number[]) => `± ${(100 * standardError(values)).toFixed(2)} %`
    say(`carried with ${carry}: exact ${percent(mean(exact))}, priced ${percent(mean(priced))}`)
    return {
      name: `scarcity, a product is carried with ${carry}: ${instances} instances of ${sequences} sequences of ${periods.toLocaleString('en-GB')} periods`,
      figures: {
        exactAgainstClosest: `${percent(mean(exact))} ${error(exact)}`,
        pricedAgainstExact: `${percent(mean(priced))} ${error(priced)}`,
        pricedMicrosAPeriod: mean(of((one) => one.micros)),
      },
      ...(at === 0
        ? {
            marks: [
              { what: 'exact ÷ closest', value: mean(exact), mark: 0.98, atMost: true },
              { what: 'replay price ÷ exact', value: mean(priced), mark: 0.965, atMost: true },
            ],
          }
        : {}),
    }
  })

export const scarcityCase: BenchCase = {
  name: 'scarcity',
  what: 'the cost of deciding by the nearest place, exactly, and under scarcity prices, in the published setting',
  run,
}
