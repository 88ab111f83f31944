import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Pace } from './pace.ts'

describe('What follows from commands', () => {
  it('goes on at once while nobody is kept waiting', () => {
    assert.equal(new Pace({ backlog: () => 0, busy: () => 1 }).rest(100), 0)
    assert.equal(new Pace({ backlog: () => 8, busy: () => 1 }).rest(100), 0)
  })

  it('rests the longer the more callers wait', () => {
    const rested = [10, 24, 40, 200].map((waiting) => new Pace({ backlog: () => waiting, busy: () => 1 }).rest(100))
    assert.deepEqual(rested, [56.25, 450, 900, 900])
  })

  it('rests the less the more time there is to spare, until very many wait', () => {
    const rested = [1, 0.6, 0.4].map((share) =>
      [40, 120, 200].map((n) => new Pace({ backlog: () => n, busy: () => share }).rest(100)),
    )
    assert.deepEqual(
      rested.map((row) => row.map(Math.round)),
      [
        [900, 900, 900],
        [450, 450, 900],
        [0, 450, 900],
      ],
    )
  })

  it('rests in proportion to its work while callers queue up, and never for long', () => {
    const pace = new Pace({ backlog: () => 200 })
    assert.deepEqual(
      [10, 1, 1_000].map((ms) => pace.rest(ms)),
      [90, 20, 5_000],
    )
  })

  it('gets its turn again when the rush lasts, and yields anew in the next one', (test) => {
    let now = 0
    let waiting = 200
    test.mock.method(performance, 'now', () => now)
    const pace = new Pace({ backlog: () => waiting })
    assert.equal(pace.rest(10), 90)
    now += 10_001
    assert.equal(pace.rest(10), 20)
    waiting = 0
    assert.equal(pace.rest(10), 0)
    waiting = 200
    assert.equal(pace.rest(10), 90)
  })

  it('is over as soon as the rush is, or the process', async (test) => {
    let now = 0
    let waiting = 200
    let isStopped = false
    test.mock.method(performance, 'now', () => now)
    test.mock.timers.enable({ apis: ['setTimeout'] })
    const pace = new Pace({ backlog: () => waiting })
    let isOver = false
    const rest = (): void => {
      isOver = false
      void pace.makeRoom(1_000, () => isStopped).then(() => (isOver = true))
    }
    const pass = async (ms: number): Promise<void> => {
      now += ms
      test.mock.timers.tick(ms)
      await new Promise((resolve) => setImmediate(resolve))
    }
    rest()
    await pass(100)
    assert.equal(isOver, false)
    waiting = 0
    await pass(20)
    assert.equal(isOver, true)
    waiting = 200
    rest()
    await pass(20)
    assert.equal(isOver, false)
    isStopped = true
    await pass(20)
    assert.equal(isOver, true)
  })

  it('knows whether anybody waits for an answer', () => {
    assert.deepEqual(
      [0, 0.1, 1, 50].map((backlog) => new Pace({ backlog: () => backlog }).hasCallers()),
      [false, false, true, true],
    )
  })

  it('waits for company while there is much to do, but not for what is enough already', () => {
    const rests = [0, 0.4, 0.6, 0.8, 1].map((share) => new Pace({ busy: () => share }).gathering(10))
    assert.deepEqual(rests.map(Math.round), [0, 0, 60, 120, 120])
    assert.equal(new Pace({ busy: () => 1 }).gathering(500), 0)
  })
})
