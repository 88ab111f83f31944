import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { anyShape, dice, randomInstance, shuffled } from '../../tests/support/sourcing-random.ts'
import { enumerateUnits, enumerateWhole, faults, leadsOut, servedWhole } from '../../tests/support/sourcing-reference.ts'
import type { Instance } from './instance.ts'
import { preparePlaces } from './problem.ts'
import { solve, solvePrepared } from './solve.ts'

const told = (x: Instance, seed: number) => `seed ${seed}: ${JSON.stringify(x)}`

/** All units of a line there are and will be: a line without any is the only one that no cutting can serve. */
const unitsOf = (x: Instance, i: number): number =>
  (x.stock[i] ?? []).reduce((a, b) => a + b, 0) +
  (x.pol.backorder ? (x.incoming[i] ?? []).reduce((sum, lot) => sum + lot.qty, 0) : 0)

describe('Sourcing few lines', () => {
  it('finds the optimum of a plain enumeration in 1,200 instances', () => {
    let compared = 0
    for (let seed = 1; compared < 1200; seed++) {
      const roll = dice(seed)
      const x = randomInstance(roll, anyShape(roll, 1 + roll(4), 1 + roll(4)))
      if (x.qty.some((_, i) => !servedWhole(x, i) && unitsOf(x, i) > 0)) continue
      compared++
      const plan = solve(x)
      const expected = enumerateWhole(x)
      if (expected === null && plan.cost === null) continue
      assert.deepEqual({ cost: plan.cost, parcels: plan.parcels }, expected, told(x, seed))
      assert.equal(plan.optimal, true)
      assert.deepEqual(faults(x, plan), [], told(x, seed))
    }
  })
})

describe('One parcel only, and lines that belong together', () => {
  it('finds the optimum of a plain enumeration in 500 instances', () => {
    let compared = 0
    for (let seed = 1; compared < 500; seed++) {
      const roll = dice(seed * 53)
      const x = randomInstance(roll, anyShape(roll, 2 + roll(4), 1 + roll(4)))
      if (x.qty.some((_, i) => !servedWhole(x, i) && unitsOf(x, i) > 0)) continue
      compared++
      const ties = { oneParcel: roll(2) === 0, together: x.qty.map(() => roll(3)) }
      const plan = solvePrepared(preparePlaces(x.wh, x.lanes), x, ties)
      const expected = enumerateWhole(x, ties)
      if (expected === null && plan.cost === null) continue
      assert.deepEqual({ cost: plan.cost, parcels: plan.parcels }, expected, `${JSON.stringify(ties)} ${told(x, seed)}`)
      assert.equal(plan.optimal, true)
      assert.deepEqual(faults(x, plan), [], told(x, seed))
    }
  })
})

describe('Cutting a line no place has whole', () => {
  it('never misses the optimum where it says so, and never by more than its gap', () => {
    let cut = 0
    let proven = 0
    for (let seed = 1; cut < 600; seed++) {
      const roll = dice(seed * 7919)
      const shape = anyShape(roll, 1 + roll(2), 2 + roll(2))
      const whole = randomInstance(roll, { ...shape, density: 10, unfilled: roll(3) === 0 })
      const x = {
        ...whole,
        // Five units of one line: too many to try every way, so the patterns must know what they do not prove.
        qty: whole.qty.map((q) => (shape.lines === 1 ? 5 : Math.min(q, 3))),
        stock: whole.stock.map((row) => row.map((units) => Math.min(units, shape.lines === 1 ? 4 : 2))),
      }
      const lines = x.qty.flatMap((_, i) => (servedWhole(x, i) ? [] : [i]))
      if (lines.length !== 1 || x.wh.some((_, w) => !leadsOut(x, w))) continue
      const plan = solve(x)
      let expected = enumerateUnits(x, lines)
      const without = enumerateWhole(x)
      if (without !== null && (expected === null || without.cost < expected.cost)) expected = without
      assert.equal(plan.cost === null, expected === null, told(x, seed))
      if (plan.cost === null || expected === null) continue
      cut++
      assert.deepEqual(faults(x, plan), [], told(x, seed))
      assert.ok(plan.cost >= expected.cost, `cheaper than all there is, ${told(x, seed)}`)
      assert.ok(
        plan.cost * (1 - plan.gap) <= expected.cost + 1e-6,
        `gap ${plan.gap} hides ${expected.cost} < ${plan.cost}, ${told(x, seed)}`,
      )
      if (!plan.optimal) continue
      proven++
      assert.equal(plan.cost, expected.cost, told(x, seed))
    }
    assert.ok(proven > 200, `only ${proven} of ${cut} proven`)
  })
})

describe('Whatever the order of the input', () => {
  it('the answer is the same', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const roll = dice(seed * 31)
      const x = randomInstance(roll, anyShape(roll, 1 + roll(7), 1 + roll(6)))
      const order = shuffled(
        roll,
        x.wh.map((_, w) => w),
      )
      const moved: Instance = {
        ...x,
        stock: x.stock.map((row) => order.map((w) => row[w] ?? 0)),
        incoming: x.incoming.map((lots) =>
          shuffled(
            roll,
            lots.map((lot) => ({ ...lot, w: order.indexOf(lot.w) })),
          ),
        ),
        lanes: shuffled(
          roll,
          x.lanes.map((lane) => ({ ...lane, from: order.indexOf(lane.from), to: order.indexOf(lane.to) })),
        ),
        shadow: x.shadow === null ? null : x.shadow.map((row) => order.map((w) => row[w] ?? 0)),
        wh: order.flatMap((w) => x.wh.slice(w, w + 1)).map((site) => ({ ...site, services: shuffled(roll, site.services) })),
      }
      assert.deepEqual(solve(moved), solve(x), told(x, seed))
    }
  })

  it('more stock is never dearer', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const roll = dice(seed * 101)
      const x = randomInstance(roll, anyShape(roll, 1 + roll(6), 1 + roll(5)))
      const more = { ...x, stock: x.stock.map((row, i) => row.map((units) => (roll(4) === 0 ? units + (x.qty[i] ?? 0) : units))) }
      const [before, after] = [solve(x), solve(more)]
      if (!before.optimal || !after.optimal || before.cost === null) continue
      // Whole lines stay whole: stock that makes a line whole may forbid a cheaper cut, so only whole plans compare.
      if (x.qty.some((_, i) => !servedWhole(x, i))) continue
      assert.ok(after.cost !== null && after.cost <= before.cost, told(x, seed))
    }
  })
})
