/** Many lines within a limit: the work is bounded in counted steps, the plan is whole and right, and the gap holds. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { tasksOf } from '../../bench/sourcing/orders.ts'
import { anyShape, dice, randomInstance } from '../../tests/support/sourcing-random.ts'
import { faults } from '../../tests/support/sourcing-reference.ts'
import type { Instant, Place, Sku } from '../kernel/ids.ts'
import { effort, resetEffort } from './effort.ts'
import type { Instance } from './instance.ts'
import { limitOf } from './limited.ts'
import { defaults, type Network } from './network.ts'
import { writePlan } from './plan.ts'
import { cheapest } from './presets.ts'
import { buildProblem, noBonds, preparePlaces, type Places } from './problem.ts'
import { solvePrepared, solveProblem } from './solve.ts'
import { createSourcer } from './source.ts'

const steps = 300_000
type Order = Omit<Instance, 'wh' | 'lanes'>

const within = (places: Places, order: Order, stepsMax = steps, bonds = noBonds) => {
  const limit = limitOf(stepsMax)
  const p = buildProblem(places, order, bonds, limit)
  const solved = solveProblem(p, order)
  return { plan: solved === null ? null : writePlan(p, solved.parcels, solved.left, solved.bound), limit }
}

const permuted = (order: Order): Order => {
  const turned = <T>(row: readonly T[]) => row.toReversed()
  return {
    ...order,
    qty: turned(order.qty),
    grams: turned(order.grams),
    stock: turned(order.stock),
    incoming: turned(order.incoming),
    pol: { ...order.pol, unfilled: turned(order.pol.unfilled) },
  }
}

describe('An order of many lines over fifty places, within a limit', () => {
  for (const [lines, hubs] of [
    [13, 50],
    [30, 5],
    [30, 50],
    [200, 5],
    [200, 50],
    [1114, 5],
    [1114, 50],
  ] as const) {
    it(`of ${lines} lines and ${hubs} hubs costs bounded work, whole, without faults, and the same in any order of lines`, () => {
      for (const density of [30, 60, 90]) {
        for (const { places, order, sites, lanes } of tasksOf({ lines, places: 50, hubs, density, basket: lines > 100 }, 4)) {
          resetEffort()
          const { plan, limit } = within(places, order)
          // What is laid out, by day up to three times as much, and the places once more; past the limit one bound at most.
          assert.ok(effort.cells <= (3 * steps) / 5 + 3 * lines * 50, `${effort.cells} cells`)
          assert.ok(effort.entries <= 2 * steps, `${effort.entries} entries`)
          assert.ok(plan !== null && plan.unfilled.length === 0)
          assert.deepEqual(faults({ ...order, wh: sites, lanes }, plan), [])
          if (!limit.cut) assert.equal(plan.optimal, true)
          assert.deepEqual(within(places, order).plan, plan)
          const turned = within(places, permuted(order)).plan
          assert.deepEqual([turned?.cost, turned?.parcels, turned?.gap], [plan.cost, plan.parcels, plan.gap])
        }
      }
    })
  }
})

describe('The gap of a limited search', () => {
  it('is never below the true one where the whole search proves the optimum', () => {
    let cut = 0
    for (const [lines, hubs] of [
      [13, 5],
      [20, 8],
      [30, 5],
    ] as const) {
      for (const { places, order } of tasksOf({ lines, places: 20, hubs, density: 40, basket: false }, 12)) {
        const best = solvePrepared(places, order, noBonds)
        if (!best.optimal || best.cost === null) continue
        for (const stepsMax of [1, 2_000, 20_000, steps]) {
          const { plan, limit } = within(places, order, stepsMax)
          assert.ok(plan !== null && plan.cost !== null && plan.cost >= best.cost)
          assert.ok(plan.cost * (1 - plan.gap) <= best.cost + 1e-6, `${plan.gap}: ${plan.cost} against ${best.cost}`)
          if (plan.optimal) assert.equal(plan.cost, best.cost)
          if (limit.cut) cut++
        }
      }
    }
    assert.ok(cut > 40, `only ${cut} were cut`)
  })

  it('holds with tariffs, dates, supply, cut lines, bundles and lines that may be left out', () => {
    let compared = 0
    for (let seed = 1; compared < 40; seed++) {
      const roll = dice(seed * 104_729)
      const x = randomInstance(roll, anyShape(roll, 13 + roll(6), 2 + roll(5)))
      const bonds = roll(2) === 0 ? noBonds : { oneParcel: roll(4) === 0, together: x.qty.map(() => roll(5)) }
      const places = preparePlaces(x.wh, x.lanes)
      const whole = buildProblem(places, x, bonds)
      const found = solveProblem(whole, x)
      const best = found === null ? null : writePlan(whole, found.parcels, found.left, found.bound)
      for (const stepsMax of [1, 5_000]) {
        const { plan } = within(places, x, stepsMax, bonds)
        if (plan === null) continue
        assert.deepEqual(faults(x, plan), [], `seed ${seed}`)
        if (best?.optimal !== true || best.cost === null || plan.cost === null) continue
        compared++
        assert.ok(plan.cost >= best.cost && plan.cost * (1 - plan.gap) <= best.cost + 1e-6, `seed ${seed}: gap ${plan.gap}`)
      }
    }
  })
})

describe('A sourcer with a limit', () => {
  const site = (w: number, hub: boolean) => ({
    ...defaults.warehouse,
    id: `W${w}` as Place,
    name: `Warehouse ${w}`,
    country: 'GB',
    postalCode: 'LS1',
    latitude: 51 + w / 4,
    longitude: -2,
    hub,
  })
  const network: Network = {
    version: 'gb@1',
    warehouses: Array.from({ length: 8 }, (_, w) => site(w, w < 3)),
    delivery: [defaults.delivery],
    transfer: defaults.transfer,
    lanes: 'all',
    overrides: [],
  }
  const destination = { country: 'GB', postalCode: 'LS1 4AP', latitude: 53.8, longitude: -1.55 }
  const at = '2026-03-02T10:00:00.000Z' as Instant

  it('leaves out only what the whole search leaves out, and is then no longer limited', () => {
    let refused = 0
    let cut = 0
    for (let seed = 1; seed <= 12; seed++) {
      const roll = dice(seed * 31)
      const lines = Array.from({ length: 14 + roll(6) }, (_, i) => ({
        sku: `P${i}` as Sku,
        quantity: 1 + roll(3),
        grams: 100 + roll(900),
        ...(roll(3) === 0 ? { together: String(roll(3)) } : {}),
      }))
      const stock = new Map(lines.map(({ sku }) => [sku, network.warehouses.map(() => (roll(100) < 30 ? roll(5) : 0))]))
      const order = {
        at,
        destination,
        lines,
        allow: { backorder: lines.map(() => false), split: roll(4) > 0, transfer: roll(3) > 0 },
      }
      const levels = { available: (sku: Sku) => stock.get(sku) ?? [], lots: () => [] }
      const { source } = createSourcer(network, cheapest)
      const whole = source(order, levels)
      const limited = source(order, levels, 1)
      assert.deepEqual(limited.unfilled.length, whole.unfilled.length, `seed ${seed}`)
      if (whole.unfilled.length > 0) {
        refused++
        assert.deepEqual(limited, whole, `seed ${seed}`)
      } else if (limited.bounded !== undefined) {
        cut++
        assert.equal(limited.optimal, false)
        assert.deepEqual(source(order, levels, limited.bounded), limited)
      }
    }
    assert.ok(refused > 0 && cut > 0, `${refused} refused, ${cut} cut`)
  })
})
