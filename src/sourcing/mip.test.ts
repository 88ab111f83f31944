import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import highsModule, { type LegacyHighs } from 'highs'
import { mipOf } from '../../tests/support/sourcing-mip.ts'
import { anyShape, dice, randomInstance } from '../../tests/support/sourcing-random.ts'
import { faults, servedWhole } from '../../tests/support/sourcing-reference.ts'
import { solve } from './solve.ts'

/** The package's types describe its CommonJS form, where the loader is one level deeper. */
const loadHighs = highsModule as unknown as () => Promise<LegacyHighs>

/** Beyond plain enumeration: up to ten lines and six places, all options but weight steps, against a MIP solver. */
describe('Sourcing against HiGHS', () => {
  it('agrees in sixty instances', async () => {
    const highs = await loadHighs()
    let compared = 0
    for (let seed = 1; compared < 60; seed++) {
      const roll = dice(seed * 977)
      const x = randomInstance(roll, { ...anyShape(roll, 4 + roll(7), 3 + roll(4)), density: 60, tariffs: false })
      if (x.qty.some((_, i) => !servedWhole(x, i))) continue
      compared++
      const plan = solve(x)
      const solution = highs.solve(mipOf(x), { mip_rel_gap: 0, mip_abs_gap: 0 })
      assert.equal(solution.Status, 'Optimal', `seed ${seed}`)
      assert.equal(plan.optimal, true, `seed ${seed}`)
      assert.equal(plan.cost, Math.round(solution.ObjectiveValue), `seed ${seed}`)
      assert.deepEqual(faults(x, plan), [], `seed ${seed}`)
    }
  })
})
