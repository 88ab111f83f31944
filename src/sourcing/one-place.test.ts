import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { anyShape, type Dice, dice, randomInstance } from '../../tests/support/sourcing-random.ts'
import type { Instance } from './instance.ts'
import { fromOnePlace } from './one-place.ts'
import { buildProblem, preparePlaces } from './problem.ts'
import { solveProblem } from './solve.ts'

/** Prices of few values, so that many plans cost the same: what wins then must be the same as well. */
const coarse = (x: Instance, step: number): Instance => {
  const rounded = (cents: number) => Math.round(cents / step) * step
  const plain = (one: Instance['wh'][number]['services'][number]) => ({
    ...one,
    base: rounded(one.base),
    perKg: 0,
    tariff: one.tariff?.map(({ upToGrams, cents }) => ({ upToGrams, cents: rounded(cents) })) ?? null,
  })
  return {
    ...x,
    wh: x.wh.map((site) => ({
      ...site,
      pick: rounded(site.pick),
      perUnit: rounded(site.perUnit),
      load: rounded(site.load),
      services: site.services.map(plain),
    })),
    lanes: x.lanes.map((lane) => ({ ...lane, fixed: rounded(lane.fixed), perKg: 0 })),
    shadow: x.shadow?.map((row) => row.map(rounded)) ?? null,
    pol: { ...x.pol, perDay: rounded(x.pol.perDay), late: rounded(x.pol.late), split: rounded(x.pol.split) },
  }
}

const steps = [1, 50, 200] as const
const instanceOf = (roll: Dice): Instance => {
  const shape = { ...anyShape(roll, 1 + roll(4), 1 + roll(6)), lots: false, density: [60, 90, 100][roll(3)] ?? 90 }
  const x = randomInstance(roll, shape)
  const step = steps[roll(steps.length)] ?? 1
  return step === 1 ? x : coarse(x, step)
}

describe('Everything from one place', () => {
  it('is the very plan that the tables find, with its cost and its place among equals, in 20,000 instances', () => {
    let taken = 0
    for (let seed = 1; seed <= 20_000; seed++) {
      const roll = dice(seed * 6_007)
      const x = instanceOf(roll)
      const places = preparePlaces(x.wh, x.lanes)
      const least = Math.min(...x.pol.unfilled.map((fine) => fine ?? Number.POSITIVE_INFINITY))
      const quick = fromOnePlace(places, x, least)
      if (quick === null) continue
      taken++
      const bonds = roll(2) === 0 ? undefined : { oneParcel: roll(2) === 0, together: x.qty.map(() => roll(3)) }
      assert.deepEqual(quick, solveProblem(buildProblem(places, x, bonds), x), `seed ${seed}: ${JSON.stringify(x)}`)
    }
    assert.ok(taken > 7_000, `only ${taken} came from one place`)
  })

  it('is left to the tables where a second parcel, a lane or a line left out may be cheaper', () => {
    const x = twoPlaces
    assert.notEqual(quickOf(x), null)
    assert.equal(
      quickOf({
        ...x,
        stock: [
          [5, 0],
          [0, 5],
        ],
      }),
      null,
      'no place has both',
    )
    assert.equal(
      quickOf({
        ...x,
        shadow: [
          [0, 900],
          [900, 0],
        ],
      }),
      null,
      'each is cheaper elsewhere than a second parcel costs',
    )
    assert.equal(quickOf({ ...x, pol: { ...x.pol, unfilled: [700, 700] } }), null, 'leaving one out costs as little')
    const lane = { from: 1, to: 0, fixed: 10, perKg: 0, days: 0 }
    const moved = {
      ...x,
      shadow: [
        [0, 100],
        [100, 0],
      ],
      pol: { ...x.pol, transfers: true },
    }
    assert.equal(quickOf({ ...moved, lanes: [lane] }), null, 'a lane saves more than it costs')
    assert.notEqual(quickOf({ ...moved, lanes: [{ ...lane, fixed: 101 }] }), null)
  })
})

const quickOf = (x: Instance) =>
  fromOnePlace(preparePlaces(x.wh, x.lanes), x, Math.min(...x.pol.unfilled.map((fine) => fine ?? Number.POSITIVE_INFINITY)))

const twoPlaces: Instance = {
  n: 2,
  W: 2,
  qty: [1, 1],
  grams: [100, 100],
  stock: [
    [5, 5],
    [5, 5],
  ],
  incoming: [[], []],
  lanes: [],
  shadow: null,
  wh: ['a', 'b'].map((id) => ({
    id,
    pick: 100,
    perUnit: 0,
    load: 0,
    ready0: 0,
    noHub: false,
    services: [{ id: 's', base: 600, perKg: 0, days: 1, arr: null, tariff: null }],
  })),
  pol: { perDay: 0, late: 0, promiseDay: null, split: 0, unfilled: [null, null], transfers: false, backorder: false },
}
