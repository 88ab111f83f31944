import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { collectAll, IdleMemory } from './idle-memory.ts'

describe('Memory of a process that idles', () => {
  it('is given back once after the start, and once after each time of work', async () => {
    const shares = [0.3, 0.01, 0, 0.02, 0.01, 0.6, 0.2, 0.01, 0.01]
    const collected: number[] = []
    let looked = 0
    const memory = new IdleMemory(
      () => shares[looked] ?? 0,
      () => Promise.resolve(void collected.push(looked)),
    )
    for (; looked < shares.length; looked++) await memory.look()
    assert.deepEqual(collected, [1, 7])
  })

  it('is owed still where collecting failed', async () => {
    let tries = 0
    const memory = new IdleMemory(
      () => 0,
      () => Promise.reject(new Error(`try ${++tries}`)),
    )
    await assert.rejects(memory.look(), /try 1/)
    await assert.rejects(memory.look(), /try 2/)
  })

  it('goes back to the machine', async () => {
    let garbage: object[] | undefined = Array.from({ length: 1_000_000 }, (_, index) => ({ index, text: `${index}` }))
    const before = process.memoryUsage().heapTotal
    assert.ok(garbage.length > 0)
    garbage = undefined
    await collectAll()
    const freed = before - process.memoryUsage().heapTotal
    assert.ok(freed > 20e6, `${freed} bytes`)
  })
})
