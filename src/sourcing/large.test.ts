import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { anyShape, dice, randomInstance, type Shape } from '../../tests/support/sourcing-random.ts'
import { faults } from '../../tests/support/sourcing-reference.ts'
import { effort, resetEffort } from './effort.ts'
import { exact } from './exact.ts'
import { solveLarge } from './large.ts'
import { writePlan } from './plan.ts'
import { buildProblem, preparePlaces } from './problem.ts'
import { solve } from './solve.ts'
import { linesToCut } from './split.ts'

const plain: Omit<Shape, 'lines' | 'places' | 'density'> = {
  lanes: 'all',
  lots: false,
  services: 1,
  tariffs: false,
  arrivals: false,
  shadow: false,
  unfilled: false,
  time: false,
}

describe('The search for large orders, on orders the exact tables hold', () => {
  it('claims the optimum only where it is one, and its gap holds', () => {
    let proven = 0
    let compared = 0
    for (let seed = 1; compared < 500; seed++) {
      const roll = dice(seed * 13)
      const x = randomInstance(roll, anyShape(roll, 1 + roll(10), 1 + roll(5)))
      const p = buildProblem(preparePlaces(x.wh, x.lanes), x)
      if (linesToCut(p, x).length > 0) continue
      const best = exact(p, null)
      const found = solveLarge(p, null)
      assert.equal(found === null, best === null, `seed ${seed}`)
      if (found === null || best === null) continue
      compared++
      const truth = writePlan(p, best.parcels, best.left, best.score)
      const plan = writePlan(p, found.parcels, found.left, found.bound)
      assert.deepEqual(faults(x, plan), [], `seed ${seed}`)
      assert.ok(truth.cost !== null && plan.cost !== null && plan.cost >= truth.cost, `seed ${seed}`)
      assert.ok(
        plan.cost * (1 - plan.gap) <= truth.cost + 1e-6,
        `seed ${seed}: gap ${plan.gap}, ${plan.cost} against ${truth.cost}`,
      )
      if (!plan.optimal) continue
      proven++
      assert.deepEqual([plan.cost, plan.parcels], [truth.cost, truth.parcels], `seed ${seed}`)
    }
    assert.ok(proven > 300, `only ${proven} of ${compared} proven`)
  })
})

describe('Bundles and one parcel in the search for large orders', () => {
  it('are kept, and a plan is found wherever there is one', () => {
    let compared = 0
    let met = 0
    for (let seed = 1; compared < 500; seed++) {
      const roll = dice(seed * 17)
      const x = randomInstance(roll, anyShape(roll, 2 + roll(7), 1 + roll(5)))
      const together = x.qty.map(() => roll(4))
      const bonds = { oneParcel: roll(3) === 0, together }
      const p = buildProblem(preparePlaces(x.wh, x.lanes), x, bonds)
      if (linesToCut(p, x).length > 0) continue
      compared++
      const best = exact(p, null)
      const found = solveLarge(p, null)
      assert.equal(found === null, best === null, `seed ${seed}`)
      if (found === null || best === null) continue
      const truth = writePlan(p, best.parcels, best.left, best.score)
      const plan = writePlan(p, found.parcels, found.left, found.bound)
      assert.deepEqual(faults(x, plan), [], `seed ${seed}`)
      const parcelOf = x.qty.map((_, line) => plan.shipments.findIndex(({ lines }) => lines.some((one) => one.line === line)))
      together.forEach((group, a) => {
        together.forEach((other, b) => {
          if (group > 0 && group === other) assert.equal(parcelOf[a], parcelOf[b], `seed ${seed}: lines ${a} and ${b}`)
        })
      })
      if (bonds.oneParcel) assert.ok(plan.parcels <= 1, `seed ${seed}`)
      assert.ok(truth.cost !== null && plan.cost !== null && plan.cost >= truth.cost, `seed ${seed}`)
      assert.ok(plan.cost * (1 - plan.gap) <= truth.cost + 1e-6, `seed ${seed}: gap ${plan.gap}`)
      if (plan.optimal) assert.equal(plan.cost, truth.cost, `seed ${seed}`)
      if (plan.cost === truth.cost) met++
    }
    assert.ok(met > 300, `only ${met} of ${compared} as cheap as can be`)
  })
})

describe('An order of 1,114 lines', () => {
  for (const [places, density, more] of [
    [5, 60, {}],
    [5, 90, { services: 2, time: true }],
    [10, 60, {}],
    [50, 60, {}],
  ] as const) {
    it(`over ${places} places is sourced with a plan without faults and a gap below a tenth`, () => {
      const drawn = randomInstance(dice(places + density), { ...plain, ...more, lines: 1114, places, density })
      const x = { ...drawn, stock: drawn.stock.map((row, i) => row.map((units, w) => (w === i % places ? units + 10 : units))) }
      const plan = solve(x)
      assert.notEqual(plan.cost, null)
      assert.deepEqual(faults(x, plan), [])
      assert.ok(plan.optimal || plan.gap < 0.1, `gap ${plan.gap}`)
    })
  }
})

describe('An order as large as is taken: 2,000 lines over fifty places, every one a hub', () => {
  it('is sourced in bounded work, with a plan without faults and a certified gap', () => {
    const options: Partial<Shape> = {
      services: 2,
      time: true,
      lots: true,
      shadow: true,
      unfilled: true,
      tariffs: true,
      arrivals: true,
    }
    const drawn = randomInstance(dice(5), { ...plain, ...options, lines: 2000, places: 50, density: 30 })
    const x = { ...drawn, stock: drawn.stock.map((row, i) => row.map((units, w) => (w === i % 50 ? units + 10 : units))) }
    resetEffort()
    const plan = solve(x)
    assert.notEqual(plan.cost, null)
    assert.deepEqual(faults(x, plan), [])
    assert.ok(plan.optimal || (plan.gap > 0 && plan.gap < 0.5), `gap ${plan.gap}`)
    assert.ok(effort.ascents <= 500, `${effort.ascents} bounds worked out`)
  })
})
