import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import highsModule, { type LegacyHighs } from 'highs'
import { mipOf, readObjective } from '../../tests/support/sourcing-mip.ts'
import { anyShape, dice, randomInstance, type Dice } from '../../tests/support/sourcing-random.ts'
import { faults, servedWhole } from '../../tests/support/sourcing-reference.ts'
import type { Instance, Site } from './instance.ts'
import { solve } from './solve.ts'

/** The package's types describe its CommonJS form, where the loader is one level deeper. */
const loadHighs = highsModule as unknown as () => Promise<LegacyHighs>
const highs = await loadHighs()

const densities = [30, 60, 90] as const

/** All options but weight steps: under these two parcels of one kind may pay, which the program does not know. */
const drawn = (roll: Dice, lines: number, places: number, hubs: number): Instance => {
  const x = randomInstance(roll, { ...anyShape(roll, lines, places), tariffs: false, density: densities[roll(3)] ?? 60 })
  return { ...x, lanes: x.lanes.filter((lane) => lane.to < hubs) }
}

const optimum = (x: Instance, cut: readonly number[] = []): { cost: number; parcels: number } | null => {
  const solution = highs.solve(mipOf(x, cut), { mip_rel_gap: 0, mip_abs_gap: 0 })
  if (solution.Status === 'Infeasible') return null
  assert.equal(solution.Status, 'Optimal')
  return readObjective(solution.ObjectiveValue)
}

const isWhole = (x: Instance): boolean => x.qty.every((_, i) => servedWhole(x, i))

const agree = (count: number, factor: number, draw: (roll: Dice) => Instance): void => {
  for (let seed = 1, compared = 0; compared < count; seed++) {
    const x = draw(dice(seed * factor))
    if (!isWhole(x)) continue
    compared++
    const plan = solve(x)
    assert.equal(plan.optimal, true, `seed ${seed}`)
    assert.deepEqual({ cost: plan.cost, parcels: plan.parcels }, optimum(x), `seed ${seed}`)
    assert.deepEqual(faults(x, plan), [], `seed ${seed}`)
  }
}

/** Beyond plain enumeration, against a MIP solver: 500 instances of up to ten lines in all. */
describe('Sourcing against HiGHS', () => {
  it('agrees in 400 instances of 1 to 10 lines and 3 to 6 places', () => {
    agree(400, 977, (roll) => drawn(roll, 1 + roll(10), 3 + roll(4), 6))
  })

  it('agrees in 100 instances of 4 to 10 lines and 7 to 25 places, two of them hubs', () => {
    agree(100, 991, (roll) => drawn(roll, 4 + roll(7), 7 + roll(19), 2))
  })

  it('agrees in 12 instances of 10 lines and 50 places', () => {
    agree(12, 997, (roll) => drawn(roll, 10, 50, 1))
  })
})

/** What is proven is the optimum, and no plan undercuts the gap. */
const certified = (x: Instance, cut: readonly number[], told: string): boolean => {
  const plan = solve(x)
  const least = optimum(x, cut)
  assert.equal(plan.cost === null, least === null, told)
  if (plan.cost === null || least === null) return true
  assert.deepEqual(faults(x, plan), [], told)
  assert.ok(plan.cost >= least.cost, told)
  assert.ok(plan.cost * (1 - plan.gap) <= least.cost + 1e-6, `gap ${plan.gap} hides ${least.cost} < ${plan.cost}, ${told}`)
  if (plan.optimal) assert.deepEqual({ cost: plan.cost, parcels: plan.parcels }, least, told)
  return plan.optimal
}

describe('The certified gap against HiGHS', () => {
  it('holds in 100 orders of 13 to 24 lines, nine in ten of them proven', () => {
    let proven = 0
    for (let seed = 1, compared = 0; compared < 100; seed++) {
      const roll = dice(seed * 1009)
      const x = drawn(roll, 13 + roll(12), 2 + roll(4), 3)
      if (!isWhole(x)) continue
      compared++
      if (certified(x, [], `seed ${seed}`)) proven++
    }
    assert.ok(proven >= 90, `${proven} proven`)
  })

  it('holds in 300 orders of which lines must be cut, four in five of them proven', () => {
    let proven = 0
    for (let seed = 1, compared = 0; compared < 300; seed++) {
      const roll = dice(seed * 1013)
      const x = scarce(roll, drawn(roll, 1 + roll(5), 2 + roll(4), 4))
      const cut = x.qty.flatMap((_, i) => (servedWhole(x, i) ? [] : [i]))
      if (cut.length === 0 || cut.some((i) => unitsOf(x, i) < (x.qty[i] ?? 0))) continue
      compared++
      if (certified(x, cut, `seed ${seed}`)) proven++
    }
    assert.ok(proven >= 240, `${proven} proven`)
  })

  it('has a plan where some lots come too late for any parcel (a fuzz found none there)', () => {
    certified(lateLot, [0, 1, 3], 'late lot')
    assert.notEqual(solve(lateLot).cost, null)
  })
})

const late = (w: number, id: string, numbers: readonly [number, number, number, number, number], arr: number[] | null): Site => {
  const [pick, perUnit, base, perKg, days] = numbers
  const service = { id: 's1', base, perKg, days, arr, tariff: null }
  return { id, pick, perUnit, load: w === 0 ? 1 : 0, ready0: w === 0 ? 0 : 1, noHub: true, services: [service] }
}
/** The lot of day 8 at the first place comes after its last parcel has left. */
const lateLot: Instance = {
  n: 4,
  W: 4,
  qty: [8, 8, 5, 7],
  grams: [2000, 2000, 2000, 1000],
  stock: [
    [2, 4, 4, 0],
    [4, 6, 4, 2],
    [0, 3, 0, 5],
    [4, 1, 2, 4],
  ],
  incoming: [[{ w: 3, day: 1, qty: 5 }], [{ w: 0, day: 8, qty: 4 }], [], []],
  lanes: [],
  shadow: [
    [60, 12, 94, 72],
    [10, 109, 26, 23],
    [77, 37, 70, 25],
    [58, 27, 87, 32],
  ],
  wh: [
    late(0, 'w613', [54, 58, 271, 47, 3], [3, 4, 5, 6, 7, 10, 10, 11]),
    late(1, 'w229', [139, 53, 492, 85, 3], null),
    late(2, 'w842', [115, 47, 322, 93, 2], null),
    late(3, 'w458', [54, 31, 463, 93, 2], [2, 3, 4, 5, 6, 9, 9, 10, 10, 11, 12, 13, 16, 17]),
  ],
  pol: {
    perDay: 0,
    late: 0,
    promiseDay: null,
    split: 112,
    unfilled: [null, null, null, null],
    transfers: true,
    backorder: true,
  },
}

/** Whole kilograms, so that every unit costs whole cents; few places have a line whole. */
const scarce = (roll: Dice, x: Instance): Instance => {
  const qty = x.qty.map(() => 1 + roll(8))
  return {
    ...x,
    qty,
    grams: x.grams.map((grams) => 1000 * (1 + (grams % 4))),
    stock: qty.map((need) => x.wh.map(() => (roll(6) === 0 ? need : roll(need)))),
    incoming: x.incoming.map((lots, i) => lots.map((lot) => ({ ...lot, qty: 1 + roll(qty[i] ?? 1) }))),
    // A place from which nothing leaves would make units that only seem to be there.
    wh: x.wh.map((site) => ({
      ...site,
      services: site.services.length > 0 ? site.services : [{ id: 'only', base: 500, perKg: 40, days: 2, arr: null, tariff: null }],
    })),
  }
}

const unitsOf = (x: Instance, i: number): number =>
  (x.stock[i] ?? []).reduce((sum, units) => sum + units, 0) +
  (x.pol.backorder ? (x.incoming[i] ?? []).reduce((sum, lot) => sum + lot.qty, 0) : 0)
