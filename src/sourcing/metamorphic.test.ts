/** What must hold between two instances, whatever the optimum is. Only answers proven optimal are compared. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { anyShape, dice, randomInstance, shuffled, type Dice } from '../../tests/support/sourcing-random.ts'
import { faults, servedWhole } from '../../tests/support/sourcing-reference.ts'
import type { Instance, Plan, Service, Site } from './instance.ts'
import { solve } from './solve.ts'

const instances = 300

/** Instances that need no cut: there the answer is always proven. The second may be a changed copy. */
const forEach = (factor: number, check: (x: Instance, plan: Plan, roll: Dice, told: string) => void): void => {
  for (let seed = 1, done = 0; done < instances; seed++) {
    const roll = dice(seed * factor)
    const x = randomInstance(roll, anyShape(roll, 1 + roll(8), 1 + roll(6)))
    if (x.qty.some((_, i) => !servedWhole(x, i))) continue
    done++
    const plan = solve(x)
    const told = `seed ${seed}: ${JSON.stringify(x)}`
    assert.equal(plan.optimal, true, told)
    assert.deepEqual(faults(x, plan), [], told)
    check(x, plan, roll, told)
  }
}

/** Infinity: no plan. */
const scoreOf = (plan: Plan): number => (plan.cost === null ? Number.POSITIVE_INFINITY : plan.cost + plan.parcels / 4096)
const costOf = (plan: Plan): number => plan.cost ?? Number.POSITIVE_INFINITY
const proven = (x: Instance): Plan => {
  const plan = solve(x)
  assert.equal(plan.optimal, true)
  assert.deepEqual(faults(x, plan), [])
  return plan
}
const withSites = (x: Instance, change: (site: Site) => Site): Instance => ({ ...x, wh: x.wh.map(change) })
const withServices = (x: Instance, change: (service: Service) => Service): Instance =>
  withSites(x, (site) => ({ ...site, services: site.services.map(change) }))

/** A line by what it is: two lines that nothing tells apart may change places. */
const namesOf = (x: Instance): string[] => {
  const order = x.wh.map((_, w) => w).sort((a, b) => ((x.wh[a]?.id ?? '') < (x.wh[b]?.id ?? '') ? -1 : 1))
  return x.qty.map((units, i) =>
    JSON.stringify([
      units,
      x.grams[i],
      x.pol.unfilled[i],
      order.map((w) => [
        x.stock[i]?.[w],
        x.shadow?.[i]?.[w],
        (x.incoming[i] ?? []).flatMap((lot) => (lot.w === w ? [[lot.day, lot.qty]] : [])),
      ]),
    ]),
  )
}
const byText = (a: string, b: string): number => (a < b ? -1 : 1)
const told = (x: Instance, plan: Plan): unknown => {
  const names = namesOf(x)
  const shipments = plan.shipments.map(({ lines, ...rest }) =>
    JSON.stringify([rest, lines.map(({ line, ...load }) => JSON.stringify([names[line], load])).sort(byText)]),
  )
  return [plan.cost, plan.parcels, shipments.sort(byText), plan.unfilled.map((line) => names[line] ?? '').sort(byText)]
}

describe('Changing places', () => {
  it('of lines, warehouses, lanes and services changes nothing, the chosen plan included', () => {
    forEach(11, (x, plan, roll, seed) => {
      const w = shuffled(
        roll,
        x.wh.map((_, k) => k),
      )
      const i = shuffled(
        roll,
        x.qty.map((_, k) => k),
      )
      const lines = <T>(row: readonly T[]): T[] => i.flatMap((k) => row.slice(k, k + 1))
      const places = <T>(row: readonly T[]): T[] => w.flatMap((k) => row.slice(k, k + 1))
      const moved: Instance = {
        ...x,
        qty: lines(x.qty),
        grams: lines(x.grams),
        stock: lines(x.stock).map(places),
        incoming: lines(x.incoming).map((lots) => lots.map((lot) => ({ ...lot, w: w.indexOf(lot.w) }))),
        lanes: shuffled(
          roll,
          x.lanes.map((lane) => ({ ...lane, from: w.indexOf(lane.from), to: w.indexOf(lane.to) })),
        ),
        shadow: x.shadow === null ? null : lines(x.shadow).map(places),
        wh: places(x.wh).map((site) => ({ ...site, services: shuffled(roll, site.services) })),
        pol: { ...x.pol, unfilled: lines(x.pol.unfilled) },
      }
      assert.deepEqual(told(moved, proven(moved)), told(x, plan), seed)
    })
  })
})

describe('Having more to choose from', () => {
  it('more stock never costs more', () => {
    forEach(13, (x, plan, roll, seed) => {
      const more = { ...x, stock: x.stock.map((row, i) => row.map((units) => units + (roll(4) === 0 ? (x.qty[i] ?? 0) : 0))) }
      assert.ok(scoreOf(proven(more)) <= scoreOf(plan), seed)
    })
  })

  it('another warehouse never costs more', () => {
    forEach(17, (x, plan, roll, seed) => {
      const { wh } = randomInstance(roll, anyShape(roll, 1, 1))
      const more: Instance = {
        ...x,
        W: x.W + 1,
        stock: x.stock.map((row, i) => [...row, roll(2) * (x.qty[i] ?? 0)]),
        shadow: x.shadow === null ? null : x.shadow.map((row) => [...row, roll(100)]),
        wh: [...x.wh, ...wh.map((site) => ({ ...site, id: 'another' }))],
        lanes: [...x.lanes, { from: x.W, to: 0, fixed: roll(200), perKg: roll(50), days: roll(3) }],
      }
      assert.ok(scoreOf(proven(more)) <= scoreOf(plan), seed)
    })
  })

  it('another lane, or another service, never costs more', () => {
    forEach(19, (x, plan, roll, seed) => {
      const lane = { from: roll(x.W), to: roll(x.W), fixed: roll(200), perKg: roll(50), days: roll(3) }
      assert.ok(scoreOf(proven({ ...x, lanes: [...x.lanes, lane] })) <= scoreOf(plan), seed)
      const service = { id: 'another', base: 100 + roll(600), perKg: roll(100), days: roll(5), arr: null, tariff: null }
      const more = withSites(x, (site) => (roll(2) === 0 ? site : { ...site, services: [...site.services, service] }))
      assert.ok(scoreOf(proven(more)) <= scoreOf(plan), seed)
    })
  })
})

describe('Dearer', () => {
  it('a higher tariff, lane or handling never costs less', () => {
    forEach(23, (x, plan, roll, seed) => {
      const services = withServices(x, (service) => ({
        ...service,
        base: service.base + roll(2) * roll(100),
        perKg: service.perKg + roll(2) * roll(20),
        tariff: service.tariff?.map((step) => ({ ...step, cents: step.cents + roll(80) })) ?? null,
      }))
      assert.ok(costOf(proven(services)) >= costOf(plan), seed)
      const lanes = { ...x, lanes: x.lanes.map((lane) => ({ ...lane, fixed: lane.fixed + roll(90), perKg: lane.perKg + roll(9) })) }
      assert.ok(costOf(proven(lanes)) >= costOf(plan), seed)
      const sites = withSites(x, (site) => ({ ...site, pick: site.pick + roll(90), perUnit: site.perUnit + roll(20) }))
      assert.ok(costOf(proven(sites)) >= costOf(plan), seed)
    })
  })

  it('all money times a whole number is the cost times that number, in as many parcels', () => {
    forEach(29, (drawn, _, roll, seed) => {
      // Whole kilograms: nothing is rounded.
      const x = { ...drawn, grams: drawn.grams.map((grams) => 1000 * (1 + (grams % 4))) }
      const plan = proven(x)
      const times = 2 + roll(6)
      const site = withSites(x, (one) => ({ ...one, pick: one.pick * times, perUnit: one.perUnit * times, load: one.load * times }))
      const scaled: Instance = {
        ...withServices(site, (service) => ({
          ...service,
          base: service.base * times,
          perKg: service.perKg * times,
          tariff: service.tariff?.map((step) => ({ ...step, cents: step.cents * times })) ?? null,
        })),
        lanes: x.lanes.map((lane) => ({ ...lane, fixed: lane.fixed * times, perKg: lane.perKg * times })),
        shadow: x.shadow?.map((row) => row.map((cents) => cents * times)) ?? null,
        pol: {
          ...x.pol,
          perDay: x.pol.perDay * times,
          late: x.pol.late * times,
          split: x.pol.split * times,
          unfilled: x.pol.unfilled.map((fine) => (fine === null ? null : fine * times)),
        },
      }
      const other = proven(scaled)
      assert.deepEqual([other.cost, other.parcels], [plan.cost === null ? null : plan.cost * times, plan.parcels], seed)
    })
  })

  it('a price of nothing is no price', () => {
    forEach(31, (x, _, _roll, seed) => {
      assert.deepEqual(solve({ ...x, shadow: x.stock.map((row) => row.map(() => 0)) }), solve({ ...x, shadow: null }), seed)
    })
  })
})

describe('Being allowed less', () => {
  it('without transfers, backorders or leaving lines out, never costs less', () => {
    forEach(37, (x, plan, _, seed) => {
      const fewer = [
        { ...x.pol, transfers: false },
        { ...x.pol, backorder: false },
        { ...x.pol, unfilled: x.pol.unfilled.map(() => null) },
      ]
      for (const pol of fewer) {
        const less = { ...x, pol }
        // A line that must then be cut is another problem.
        if (x.qty.some((_units, i) => !servedWhole(less, i))) continue
        assert.ok(scoreOf(proven(less)) >= scoreOf(plan), seed)
      }
    })
  })
})
