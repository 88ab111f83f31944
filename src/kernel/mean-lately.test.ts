import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MeanLately } from './mean-lately.ts'

describe('The mean of the last moments', () => {
  it('comes to what lasts, and forgets what is over', (test) => {
    let now = 1_000
    test.mock.method(performance, 'now', () => now)
    const mean = new MeanLately()
    const after = (ms: number): number => {
      now += ms
      return Math.round(mean.value() * 10) / 10
    }
    assert.equal(after(0), 0)
    mean.set(64)
    assert.deepEqual([after(0), after(20), after(130), after(600)], [0, 8, 40.5, 63.6])
    mean.set(0)
    assert.deepEqual([after(0), after(150), after(600)], [63.6, 23.4, 0.4])
  })

  it('is small for many who stay for a moment, and the same for few who stay', (test) => {
    let now = 0
    test.mock.method(performance, 'now', () => now)
    const [burst, steady] = [new MeanLately(), new MeanLately()]
    steady.set(3)
    const seen: number[] = []
    for (let round = 0; round < 10; round++) {
      burst.set(30)
      now += 10
      burst.set(0)
      now += 90
      seen.push(burst.value())
    }
    assert.ok(Math.max(...seen.slice(5)) < 3.5, String(seen))
    assert.ok(Math.abs(steady.value() - 3) < 0.01)
  })
})
