import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loopBusy } from './loop.ts'

describe('The event loop', () => {
  it('knows how busy the process is', async () => {
    const busy = loopBusy(200)
    assert.equal(busy(), 0, 'nothing is said of a moment')
    await new Promise((resolve) => setTimeout(resolve, 250))
    assert.ok(busy() < 0.5, `${busy()} while it waited`)
    const until = performance.now() + 400
    while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve))
    assert.ok(busy() > 0.5, `${busy()} while it worked`)
  })
})
