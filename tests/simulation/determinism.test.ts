import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { regressions } from './regressions.ts'
import { report } from './report.ts'
import { simulate } from './simulate.ts'

describe('A simulated seed', () => {
  it('runs the same way twice', async () => {
    for (let seed = 1; seed <= 50; seed++) assert.equal((await simulate(seed)).hash, (await simulate(seed)).hash, `seed ${seed}`)
  })

  it('of the whole shop does too', async () => {
    const hash = async (seed: number): Promise<string> => (await simulate(seed, { whole: true })).hash
    for (let seed = 1; seed <= 5; seed++) assert.equal(await hash(seed), await hash(seed), `seed ${seed}`)
  })

  it('runs another way than its neighbour', async () => {
    assert.notEqual((await simulate(1)).hash, (await simulate(2)).hash)
  })

  for (const { seed, found } of regressions) {
    it(`shows no more that ${found} (seed ${seed})`, async () => {
      const run = await simulate(seed)
      assert.deepEqual(run.violations, [], run.violations.length === 0 ? '' : await report(run))
    })
  }
})
