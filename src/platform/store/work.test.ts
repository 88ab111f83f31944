import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { instant } from '../../kernel/time.ts'
import { MemoryBatches } from './memory.ts'
import { Aborted, Fault, isolateFaults, OutcomeUnknown, rerunAborted } from './work.ts'

const aborted = () => new Aborted('conflict', 'a race')

describe('Isolating faults', () => {
  it('runs a good batch once', async () => {
    const seen: (readonly number[])[] = []
    const run = (items: readonly number[]) => (seen.push(items), Promise.resolve(items.map((item) => item * 2)))
    assert.deepEqual(await isolateFaults([1, 2], run), [2, 4])
    assert.deepEqual(seen, [[1, 2]])
  })

  it('lets only the guilty command fail', async () => {
    const bug = new Error('seven')
    const outcomes = await isolateFaults([1, 7, 2], async (items) => {
      if (items.includes(7)) throw bug
      return items
    })
    assert.deepEqual([outcomes[0], outcomes[2]], [1, 2])
    assert.ok(outcomes[1] instanceof Fault)
    assert.equal(outcomes[1].cause, bug)
  })

  it('never reruns what may have been saved', async () => {
    let runs = 0
    const outcomes = await isolateFaults([1, 2, 3], () => {
      runs += 1
      return Promise.reject(new OutcomeUnknown('the line went dead'))
    })
    assert.equal(runs, 1)
    for (const outcome of outcomes) assert.ok(outcome instanceof Fault && outcome.cause instanceof OutcomeUnknown)
  })

  it('keeps an unknown outcome to the command whose own rerun had it', async () => {
    const outcomes = await isolateFaults([1, 2, 3], async (items) => {
      if (items.length > 1) throw new Error('a bug')
      if (items[0] === 2) throw new OutcomeUnknown('the line went dead')
      return items
    })
    assert.deepEqual([outcomes[0], outcomes[2]], [1, 3])
    assert.ok(outcomes[1] instanceof Fault && outcomes[1].cause instanceof OutcomeUnknown)
  })

  it('decides again what was aborted, and gives up in the end', async () => {
    let runs = 0
    assert.equal(
      await rerunAborted((attempt) => {
        runs += 1
        return attempt < 3 ? Promise.reject(aborted()) : Promise.resolve('done')
      }),
      'done',
    )
    assert.equal(runs, 4)
    runs = 0
    await assert.rejects(
      rerunAborted(() => {
        runs += 1
        return Promise.reject(aborted())
      }),
      Aborted,
    )
    assert.equal(runs, 7)
  })
})

describe('A batch in memory', () => {
  const at = instant(0)
  it('saves all or nothing', async () => {
    const batches = new MemoryBatches(() => at)
    const saved: string[] = []
    const batch = batches.batch(async (work) => {
      work.add({ apply: () => void saved.push('first') })
      work.add({
        check: () => {
          throw aborted()
        },
        apply: () => void saved.push('second'),
      })
    })
    await assert.rejects(batch, Aborted)
    assert.deepEqual(saved, [])
  })

  it('saves nothing where deciding throws, and the next one goes on', async () => {
    const batches = new MemoryBatches(() => at)
    const saved: string[] = []
    const bad = batches.batch(async (work) => {
      work.add({ apply: () => void saved.push('bad') })
      throw new Error('a bug')
    })
    const good = batches.batch(async (work) => work.add({ apply: () => void saved.push('good') }))
    await assert.rejects(bad, /a bug/)
    await good
    assert.deepEqual(saved, ['good'])
  })

  it('runs one after the other', async () => {
    const batches = new MemoryBatches(() => at)
    let running = 0
    await Promise.all(
      [1, 2, 3].map(() =>
        batches.batch(async () => {
          running += 1
          await new Promise((resolve) => setImmediate(resolve))
          assert.equal(running, 1)
          running -= 1
        }),
      ),
    )
  })
})
