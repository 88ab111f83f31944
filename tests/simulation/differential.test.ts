import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { askApart } from '../support/apart.ts'
import type { Played } from './differential-child.ts'

const seeds = 200

describe('One seed played in memory and on PostgreSQL', () => {
  it('ends in the same state', { timeout: 590_000 }, async ({ signal }) => {
    const began = performance.now()
    const { rows, differs } = await askApart<Played>(join(import.meta.dirname, 'differential-child.ts'), { seeds }, { signal })
    if (differs !== undefined) assert.deepEqual(differs.memory, differs.postgres, `seed ${differs.seed}`)
    console.log(`${seeds} seeds on both, ${rows} rows compared, ${((performance.now() - began) / 1000).toFixed(0)} s`)
    assert.ok(rows > seeds * 20, 'a seed that does nothing proves nothing')
  })
})
