import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { batchOf, decideOption } from '../../bench/scarcity/batches.ts'
import { type Batch, type Batched, batchSteps, firstCome, type Option, sourceBatch } from './batch.ts'

const size = 100
const extraParcels = ({ parcels }: Batched<unknown>): number => parcels - size

/** Adds up what all options take: no unit is handed out twice. */
const assertStockKept = ({ stock }: Pick<Batch<never, never>, 'stock'>, { options }: Batched<unknown>): void => {
  const left = Float64Array.from(stock)
  for (const { uses } of options) for (const { pair, quantity } of uses) left[pair] = (left[pair] ?? 0) - quantity
  assert.ok(left.every((units) => units >= 0))
}

describe('Batches of a hundred orders whose stock fits demand', () => {
  it('cost at most two per cent more than the certified bound, each, and save a quarter of the extra parcels', () => {
    let [before, after] = [0, 0]
    for (const seed of [11, 12, 13, 14]) {
      const batch = batchOf(seed, size, 1)
      const [alone, together] = [firstCome(batch), sourceBatch(batch)]
      assertStockKept(batch, together)
      assert.ok(together.gap <= 0.02, `seed ${seed}: the gap is ${together.gap}`)
      assert.equal(
        together.cost,
        together.options.reduce((sum, { cost }) => sum + cost, 0),
      )
      assert.ok(alone.cost >= together.lowerBound)
      before += extraParcels(alone)
      after += extraParcels(together)
    }
    assert.ok(after <= 0.75 * before, `${after} of ${before}`)
  })

  it('is the same however often it is asked', () => {
    const batch = batchOf(15, 30, 1)
    assert.deepEqual(sourceBatch(batch), sourceBatch(batch))
  })
})

describe('A batch with stock for everybody', () => {
  it('is what each order would choose alone, and proven', () => {
    const { stock, ...batch } = batchOf(16, 20, 1)
    const ample = { ...batch, stock: Float64Array.from(stock, (units) => (units > 0 ? 1_000 : 0)) }
    const { gap, cost } = sourceBatch(ample)
    assert.equal(gap, 0)
    assert.equal(cost, firstCome(ample).cost)
  })

  it('may be empty', () => {
    assert.deepEqual(sourceBatch({ ...batchOf(1, 0, 1) }).options, [])
  })
})

describe('The bound of a batch', () => {
  it('lies under every way to send two orders, and the answer is the best of them', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const batch = batchOf(seed, 2, 1)
      const { cost, lowerBound } = sourceBatch(batch)
      const reversed = { ...batch, orders: batch.orders.toReversed() }
      const least = Math.min(firstCome(batch).cost, firstCome(reversed).cost)
      assert.ok(lowerBound <= cost && cost <= least, `seed ${seed}: ${lowerBound}, ${cost}, ${least}`)
    }
  })
})

describe('A batch of orders that hold units already', () => {
  const threshold = 20_000
  const held = (seed: number): Batch<Parameters<typeof decideOption>[0], readonly number[]> => {
    const batch = batchOf(seed, 40, 1)
    const { options } = firstCome(batch)
    return { ...batch, orders: batch.orders.map(({ order }, o) => ({ order, present: options[o] ?? assert.fail() })) }
  }

  it('moves those only that together save the threshold each', () => {
    const batch = held(21)
    const found = sourceBatch(batch, { threshold })
    const before = batch.orders.reduce((sum, { present }) => sum + (present?.cost ?? 0), 0)
    assertStockKept(batch, found)
    assert.ok(found.moved.length > 0)
    assert.ok(before - found.cost >= threshold * found.moved.length)
    const stayed = batch.orders.flatMap(({ present }, o) =>
      found.moved.includes(o) ? [] : [[present?.uses, found.options[o]?.uses]],
    )
    for (const [one, other] of stayed) assert.deepEqual(sorted(other), sorted(one))
  })

  it('moves nobody for a saving that is not worth it', () => {
    const { moved } = sourceBatch(held(22), { threshold: 100_000_000 })
    assert.deepEqual(moved, [])
  })

  it('does its work in small steps', () => {
    let sinceYield = 0
    let most = 0
    const batch = held(24)
    const counting = {
      ...batch,
      decide: (...asked: Parameters<typeof decideOption>) => {
        most = Math.max(most, ++sinceYield)
        return batch.decide(...asked)
      },
    }
    const steps = batchSteps(counting, { threshold })
    while (steps.next().done !== true) sinceYield = 0
    assert.ok(most <= 40, `${most} decisions without a pause`)
  })
})

const sorted = (uses: Option<unknown>['uses'] | undefined) => (uses ?? []).toSorted((a, b) => a.pair - b.pair)
