import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { hashOf } from './canonical.ts'
import { playedOn } from './differential.ts'
import { inMemory, onPostgres, type Truth } from './differential-forms.ts'

const seeds = 200

describe('One seed played in memory and on PostgreSQL', () => {
  let truth: Truth
  before(async () => {
    truth = await onPostgres()
  })
  after(() => truth.close())

  it('ends in the same state', { timeout: 600_000 }, async () => {
    const began = performance.now()
    let rows = 0
    for (let seed = 1; seed <= seeds; seed++) {
      const [memory, postgres] = [await playedOn(seed, inMemory()), await playedOn(seed, await truth.empty())]
      rows += postgres.length
      if (hashOf(memory) !== hashOf(postgres)) assert.deepEqual(memory, postgres, `seed ${seed}`)
    }
    console.log(`${seeds} seeds on both, ${rows} rows compared, ${((performance.now() - began) / 1000).toFixed(0)} s`)
    assert.ok(rows > seeds * 20, 'a seed that does nothing proves nothing')
  })
})
