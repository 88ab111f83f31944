import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { binOf, middleOf, quantileOf } from './histogram.ts'

const binsOf = (durations: readonly number[]) => {
  const counts = new Map<number, number>()
  for (const bin of durations.map(binOf)) counts.set(bin, (counts.get(bin) ?? 0) + 1)
  return [...counts].map(([bin, count]) => ({ bin, count }))
}
const duration = fc.integer({ min: 1, max: 400 * 86_400_000 })

describe('A histogram of durations', () => {
  it('keeps every duration to within 1 %', () =>
    fc.assert(fc.property(duration, (ms) => Math.abs(middleOf(binOf(ms)) - ms) <= ms * 0.01)))

  it('gives percentiles to within 1 % of the exact ones', () =>
    fc.assert(
      fc.property(
        fc.array(duration, { minLength: 1, maxLength: 300 }),
        fc.constantFrom(0.5, 0.9, 0.99, 1),
        (durations, quantile) => {
          const sorted = [...durations].sort((a, b) => a - b)
          const exact = sorted[Math.ceil(quantile * sorted.length) - 1] ?? 0
          const told = quantileOf(binsOf(durations), quantile) ?? Number.NaN
          return Math.abs(told - exact) <= exact * 0.01
        },
      ),
    ))

  it('is merged by adding', () => {
    const [early, late] = [binsOf([1_000, 2_000, 3_000]), binsOf([50_000, 60_000])]
    assert.equal(quantileOf([...early, ...late], 0.9), quantileOf(binsOf([1_000, 2_000, 3_000, 50_000, 60_000]), 0.9))
  })

  it('knows what took no time at all', () => assert.equal(quantileOf(binsOf([0, 0, 5_000]), 0.5), 0))
  it('has no percentile without a duration', () => assert.equal(quantileOf([], 0.5), undefined))
})
