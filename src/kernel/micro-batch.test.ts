import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type BatchLimits, microBatch, Overloaded } from './micro-batch.ts'

const limits: BatchLimits = { itemsMax: 3, inFlightMax: 1, waitingMax: 100 }

/** A run that waits for its turn to be let go, batch by batch. */
const gated = () => {
  const batches: (readonly number[])[] = []
  const gates: PromiseWithResolvers<void>[] = []
  let begun = Promise.withResolvers<void>()
  const run = async (items: readonly number[]): Promise<readonly number[]> => {
    batches.push(items)
    const gate = Promise.withResolvers<void>()
    gates.push(gate)
    begun.resolve()
    begun = Promise.withResolvers<void>()
    await gate.promise
    return items.map((item) => item * 10)
  }
  return { run, batches, open: (index: number) => gates[index]?.resolve(), next: () => begun.promise }
}
const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('A micro-batch', () => {
  it('lets an idle command leave at once, alone', async () => {
    const seen: (readonly number[])[] = []
    const add = microBatch('t', (items: readonly number[]) => (seen.push(items), Promise.resolve(items)), limits)
    assert.equal(await add(7), 7)
    assert.deepEqual(seen, [[7]])
  })

  it('gathers what comes while a batch is on its way, in order, up to its limit', async () => {
    const { run, batches, open } = gated()
    const add = microBatch('t', run, limits)
    const first = add(1)
    await turn()
    const rest = [2, 3, 4, 5].map((item) => add(item))
    assert.deepEqual(batches, [[1]])
    open(0)
    assert.equal(await first, 10)
    await turn()
    assert.deepEqual(batches, [[1], [2, 3, 4]])
    open(1)
    await Promise.all(rest.slice(0, 3))
    await turn()
    assert.deepEqual(batches, [[1], [2, 3, 4], [5]])
    open(2)
    assert.deepEqual(await Promise.all(rest), [20, 30, 40, 50])
  })

  it('has no more batches on their way at once than allowed', async () => {
    const { run, batches, open } = gated()
    const add = microBatch('t', run, { ...limits, itemsMax: 1, inFlightMax: 2 })
    const all = [1, 2, 3].map((item) => add(item))
    await turn()
    assert.deepEqual(batches, [[1], [2]])
    open(1)
    await all[1]
    await turn()
    assert.deepEqual(batches, [[1], [2], [3]])
    open(0)
    open(2)
    await Promise.all(all)
  })

  it('refuses what is beyond its queue, and goes on with the rest', async () => {
    const { run, open } = gated()
    const add = microBatch('busy', run, { ...limits, waitingMax: 2 })
    const first = add(1)
    await turn()
    const waiting = [add(2), add(3)]
    assert.equal(add.waiting(), 2)
    await assert.rejects(add(4), (fault) => fault instanceof Overloaded && fault.queue === 'busy')
    open(0)
    await first
    await turn()
    open(1)
    assert.deepEqual(await Promise.all(waiting), [20, 30])
  })

  it('gives every caller of a batch its fault, and none of the next', async () => {
    let calls = 0
    const add = microBatch(
      't',
      (items: readonly number[]) => {
        calls += 1
        if (calls === 1) throw new Error('a bug')
        return Promise.resolve(items)
      },
      limits,
    )
    const both = await Promise.allSettled([add(1), add(2)])
    assert.deepEqual(
      both.map(({ status }) => status),
      ['rejected', 'rejected'],
    )
    assert.equal(await add(3), 3)
  })

  it('takes a wrong number of results for a fault', async () => {
    const add = microBatch('t', () => Promise.resolve([]), limits)
    await assert.rejects(add(1), /1 commands, 0 results/)
  })

  it('caps a batch by weight; what is heavier than a batch goes alone', async () => {
    const seen: (readonly number[])[] = []
    const run = (items: readonly number[]) => (seen.push(items), Promise.resolve(items))
    const add = microBatch('t', run, { itemsMax: 10, inFlightMax: 1, waitingMax: 100, weightMax: 10 }, (weight) => weight)
    await Promise.all([4, 6, 1, 50, 2, 3].map((weight) => add(weight)))
    assert.deepEqual(seen, [[4, 6], [1], [50], [2, 3]])
  })

  it('says when it is idle', async () => {
    const { run, open } = gated()
    const add = microBatch('t', run, limits)
    await add.idle()
    const first = add(1)
    await turn()
    let idle = false
    const waits = add.idle().then(() => (idle = true))
    await turn()
    assert.equal(idle, false)
    open(0)
    await first
    await waits
    assert.equal(idle, true)
  })

  it('answers each command with its own result, in order, whatever the limits', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 }),
        fc.record({
          itemsMax: fc.integer({ min: 1, max: 7 }),
          inFlightMax: fc.integer({ min: 1, max: 3 }),
          weightMax: fc.integer({ min: 1, max: 20 }),
        }),
        async (weights, given) => {
          const order: number[] = []
          const run = async (items: readonly { index: number; weight: number }[]) => {
            order.push(...items.map(({ index }) => index))
            const weight = items.reduce((sum, item) => sum + item.weight, 0)
            assert.ok(items.length <= given.itemsMax)
            assert.ok(items.length === 1 || weight <= given.weightMax)
            await turn()
            return items.map(({ index }) => `answer ${index}`)
          }
          const add = microBatch('t', run, { ...given, waitingMax: 1_000 }, ({ weight }) => weight)
          const answers = await Promise.all(weights.map((weight, index) => add({ index, weight })))
          assert.deepEqual(
            answers,
            weights.map((_, index) => `answer ${index}`),
          )
          assert.deepEqual(
            order,
            weights.map((_, index) => index),
          )
        },
      ),
      { numRuns: 60 },
    )
  })
})
