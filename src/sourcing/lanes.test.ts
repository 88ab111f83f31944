/** Lanes that leave on some days only: their tables instead of a number of days. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { anyShape, dice, type Dice, randomInstance } from '../../tests/support/sourcing-random.ts'
import { enumerateWhole, faults, servedWhole } from '../../tests/support/sourcing-reference.ts'
import type { Instance, Lane } from './instance.ts'
import { solve } from './solve.ts'

const tableDays = 40

/** Leaves every few days, takes some, and now and then ends early: never earlier in for later out. */
const scheduled = (roll: Dice, lane: Lane): Lane => {
  const every = 1 + roll(4)
  const end = roll(6) === 0 ? 2 + roll(6) : tableDays
  return { ...lane, arr: Array.from({ length: end }, (_, day) => Math.ceil(day / every) * every + lane.days) }
}

describe('Lanes with a timetable', () => {
  it('are used as a plain enumeration uses them, in 600 instances', () => {
    let compared = 0
    let otherwise = 0
    for (let seed = 1; compared < 600; seed++) {
      const roll = dice(seed * 29)
      const plain = randomInstance(roll, { ...anyShape(roll, 1 + roll(4), 2 + roll(3)), lanes: 'all', time: true })
      if (plain.qty.some((_, i) => !servedWhole(plain, i))) continue
      compared++
      const x: Instance = { ...plain, lanes: plain.lanes.map((lane) => scheduled(roll, lane)) }
      const plan = solve(x)
      const expected = enumerateWhole(x)
      if (expected === null && plan.cost === null) continue
      assert.deepEqual({ cost: plan.cost, parcels: plan.parcels }, expected, `seed ${seed}`)
      assert.equal(plan.optimal, true)
      assert.deepEqual(faults(x, plan), [], `seed ${seed}`)
      if (plan.cost !== solve(plain).cost) otherwise++
    }
    assert.ok(otherwise > 60, `${otherwise} would have been sent otherwise without the timetable`)
  })

  it('are the days they say where they leave every day', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const roll = dice(seed * 31)
      const plain = randomInstance(roll, { ...anyShape(roll, 1 + roll(9), 2 + roll(5)), lanes: 'all' })
      const daily = (lane: Lane): Lane => ({ ...lane, arr: Array.from({ length: tableDays }, (_, day) => day + lane.days) })
      assert.deepEqual(solve({ ...plain, lanes: plain.lanes.map(daily) }), solve(plain), `seed ${seed}`)
    }
  })
})
