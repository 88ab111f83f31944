import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { Callers } from './callers.ts'

describe('Callers at the door', () => {
  const at = (test: TestContext) => {
    const clock = { ms: 1_000 }
    test.mock.method(performance, 'now', () => clock.ms)
    return clock
  }

  it('are none where nobody came', () => {
    assert.equal(new Callers().waiting(), 0)
  })

  it('count by what they brought: little is one, a long order is many, an upload no rush', (test) => {
    const clock = at(test)
    const callers = new Callers()
    assert.deepEqual(
      [0, 400, 30_000, 900_000].map((bytes) => callers.came(bytes)),
      [1, 1, 75, 100],
    )
    clock.ms += 10_000
    assert.equal(callers.waiting(), 177)
  })

  it('are none again when all were answered, whatever they brought', (test) => {
    const clock = at(test)
    const callers = new Callers()
    const weights = [613, 1_021, 2_447, 9_973].map((bytes) => callers.came(bytes))
    for (const weight of weights) callers.answered(weight)
    clock.ms += 10_000
    assert.ok(callers.waiting() < 1e-9)
  })

  it('are remembered for some batches’ time after they were answered, and no longer', (test) => {
    const clock = at(test)
    const callers = new Callers()
    const weights = [callers.came(0), callers.came(800)]
    clock.ms += 10_000
    for (const weight of weights) callers.answered(weight)
    clock.ms += 100
    assert.equal(callers.waiting().toFixed(1), '1.5')
    clock.ms += 400
    assert.equal(callers.waiting().toFixed(1), '0.1')
  })
})
