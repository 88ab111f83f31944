/** How much work the bounds save, in steps that are the same on every machine: speed that a test can hold on to. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { tasksOf } from '../../bench/sourcing/orders.ts'
import { anyShape, dice, randomInstance } from '../../tests/support/sourcing-random.ts'
import { faults } from '../../tests/support/sourcing-reference.ts'
import { effort, resetEffort } from './effort.ts'
import { exact, exactWithoutBounds } from './exact.ts'
import { writePlan } from './plan.ts'
import { buildProblem, noBonds, preparePlaces, SCALE } from './problem.ts'
import { solvePrepared } from './solve.ts'

const tableSteps = () => effort.evaluations + effort.joins + effort.partitions

describe('Ten lines over fifty places, five of them hubs', () => {
  /** Steps an order, about a tenth above what was seen. */
  for (const [density, most] of [
    [30, 82_000],
    [60, 11_000],
    [90, 8_500],
  ] as const) {
    it(`takes at most ${most.toLocaleString('en-GB')} steps an order at stock ${density} %, a tenth of those without bounds`, () => {
      const tasks = tasksOf({ lines: 10, places: 50, hubs: 5, density, basket: false }, 200)
      resetEffort()
      for (const { places, order } of tasks) assert.equal(solvePrepared(places, order, noBonds).optimal, true)
      const bounded = tableSteps() / tasks.length
      assert.equal(effort.ascents, tasks.length)
      assert.ok(bounded <= most, `${bounded} steps`)
      resetEffort()
      for (const { places, order } of tasks.slice(0, 20)) exactWithoutBounds(buildProblem(places, order, noBonds))
      const plain = tableSteps() / 20
      assert.ok(plain >= 10 * bounded, `${plain} steps without bounds, ${bounded} with them`)
    })
  }

  it('costs what it costs without bounds', () => {
    for (const density of [30, 60, 90]) {
      for (const { places, order } of tasksOf({ lines: 9, places: 30, hubs: 5, density, basket: false }, 40)) {
        const p = buildProblem(places, order, noBonds)
        const plain = exactWithoutBounds(p)
        assert.ok(plain !== null)
        const { cost, parcels } = writePlan(p, plain.parcels, plain.left, plain.score)
        const plan = solvePrepared(places, order, noBonds)
        assert.deepEqual([plan.cost, plan.parcels], [cost, parcels])
      }
    }
  })
})

describe('Two lines over ten places', () => {
  it('take the tables at once: fewer than 40 prices an order, and no bound', () => {
    const tasks = tasksOf({ lines: 2, places: 10, hubs: 5, density: 60, basket: false }, 500)
    resetEffort()
    for (const { places, order } of tasks) solvePrepared(places, order, noBonds)
    assert.equal(effort.ascents, 0)
    assert.ok(effort.evaluations / tasks.length < 40, `${effort.evaluations / tasks.length}`)
  })
})

describe('The bounds', () => {
  it('lose nothing in 4,000 instances with all options, steps, bundles and one parcel among them', () => {
    let bounded = 0
    for (let seed = 1; seed <= 4000; seed++) {
      const roll = dice(seed * 7919)
      const x = randomInstance(roll, { ...anyShape(roll, 7 + roll(3), 5 + roll(5)), lanes: 'all' })
      const bonds = roll(3) > 0 ? noBonds : { oneParcel: roll(2) === 0, together: x.qty.map(() => roll(5)) }
      const p = buildProblem(preparePlaces(x.wh, x.lanes), x, bonds)
      const plain = exactWithoutBounds(p)
      resetEffort()
      const found = exact(p, null)
      bounded += effort.ascents
      assert.equal(found?.score, plain?.score, `seed ${seed}`)
      if (found === null) continue
      const plan = writePlan(p, found.parcels, found.left, found.score)
      assert.deepEqual(faults(x, plan), [], `seed ${seed}`)
      assert.equal((plan.cost ?? 0) * SCALE + plan.parcels, found.score, `seed ${seed}: the plan costs what the tables say`)
    }
    assert.ok(bounded > 2000, `only ${bounded} went by bounds`)
  })
})
