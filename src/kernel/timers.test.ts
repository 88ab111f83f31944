import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chance, every, later, nowMs, soon, type Timers, useTimers, wait } from './timers.ts'

describe('Waiting', () => {
  it('is by the machine’s clock, and can be called off', async (test) => {
    test.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
    const seen: string[] = []
    later(10, () => seen.push('later'))
    later(10, () => seen.push('never'))()
    const end = every(4, () => seen.push('again'))
    void wait(9).then(() => seen.push('waited'))
    test.mock.timers.tick(9)
    await Promise.resolve()
    end()
    test.mock.timers.tick(9)
    assert.deepEqual(seen, ['again', 'again', 'waited', 'later'])
  })

  it('is by other timers while they are used, for everybody, and as before afterwards', async () => {
    const asked: string[] = []
    const others: Timers = {
      nowMs: () => 7,
      later: (ms, run) => (asked.push(`later ${ms}`), run(), () => asked.push('called off')),
      every: (ms) => (asked.push(`every ${ms}`), () => undefined),
      soon: (run) => (asked.push('soon'), run()),
      chance: () => 0.5,
    }
    const putBack = useTimers(others)
    await wait(3)
    soon(() => asked.push('ran'))
    every(5, () => undefined)
    assert.deepEqual([nowMs(), chance(), ...asked], [7, 0.5, 'later 3', 'soon', 'ran', 'every 5'])
    putBack()
    assert.notEqual(nowMs(), 7)
    assert.ok(chance() < 1)
    await new Promise<void>((resolve) => soon(resolve))
    assert.equal(asked.length, 4)
  })
})
