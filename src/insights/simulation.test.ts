import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Day, Instant, OrderId, Place, Sku } from '../kernel/ids.ts'
import { defaults, type Network, networkFaults, type Policy, policyOf, presets } from '../sourcing/contract.ts'
import { changeNetwork } from './simulation-network.ts'
import { simulate, type SimulatedOrder, Simulation, type SimulationReport } from './simulation.ts'
import { type Layout, layoutOf, spreadOut } from './simulation-stock.ts'

const zone = 'Europe/London'
const warehouse = (id: string, latitude: number, longitude: number) => ({
  ...defaults.warehouse,
  id: id as Place,
  name: id,
  country: 'GB',
  postalCode: '',
  latitude,
  longitude,
})
const network: Network = {
  version: '1',
  warehouses: [warehouse('GLA', 55.86, -4.25), warehouse('LDS', 53.8, -1.55), warehouse('LON', 51.5, -0.12)],
  delivery: [defaults.delivery],
  transfer: defaults.transfer,
  lanes: 'all',
  overrides: [],
}
const places = network.warehouses.map(({ id }) => id)
const cities = {
  glasgow: { country: 'GB', postalCode: 'G1', latitude: 55.87, longitude: -4.24 },
  leeds: { country: 'GB', postalCode: 'LS1', latitude: 53.8, longitude: -1.54 },
  london: { country: 'GB', postalCode: 'N1', latitude: 51.54, longitude: -0.1 },
}
type City = keyof typeof cities
const named = (...names: readonly string[]): readonly Policy[] =>
  names.map((name) => presets.find((preset) => preset.name === name) ?? policyOf({ name }, 1))

const order = (number: number, city: City, units: Readonly<Record<string, number>>, more: Partial<SimulatedOrder> = {}) => ({
  id: `00000000-0000-7000-8000-${String(number).padStart(12, '0')}` as OrderId,
  number,
  // A Tuesday morning: what is here leaves today.
  at: '2026-11-24T09:00:00.000Z' as Instant,
  destination: cities[city],
  shippingMethod: 'standard',
  lines: Object.entries(units).map(([sku, quantity]) => ({ sku: sku as Sku, quantity, grams: 500 })),
  ...more,
})
const stock = (units: Readonly<Record<string, readonly [number, number, number]>>): Layout =>
  new Map(Object.entries(units).map(([sku, row]) => [sku as Sku, row]))
const run = (orders: readonly SimulatedOrder[], layout: Layout, policies: readonly Policy[], over = network): SimulationReport =>
  simulate({ network: over, policies, stock: layout, zone }, orders)
const closing = (...close: readonly string[]): Network => {
  const changed = changeNetwork(network, { close: [...close] }, networkFaults)
  if ('errors' in changed) throw new Error(JSON.stringify(changed.errors))
  return changed.network
}

const somewhere = fc.constantFrom<City>('glasgow', 'leeds', 'london')
const baskets = fc.array(
  fc.record({
    city: somewhere,
    units: fc.dictionary(fc.constantFrom('mug', 'cap', 'pen', 'hat'), fc.integer({ min: 1, max: 9 }), { minKeys: 1 }),
  }),
  { minLength: 1, maxLength: 12 },
)
const ordersOf = (drawn: readonly Readonly<{ city: City; units: Record<string, number> }>[]): readonly SimulatedOrder[] =>
  drawn.map(({ city, units }, index) => order(1001 + index, city, units))

describe('Simulating orders of the past', () => {
  it('adds up what a policy comes to', () => {
    const orders = [order(1001, 'leeds', { mug: 2 }), order(1002, 'london', { mug: 1, cap: 1 }), order(1003, 'leeds', { pen: 5 })]
    const { orders: count, policies } = run(orders, stock({ mug: [0, 3, 0], cap: [0, 0, 1] }), named('closest'))
    assert.equal(count, 3)
    const [figures] = policies
    assert.equal(figures?.policy, 'closest@1')
    assert.deepEqual([figures.orders, figures.filled, figures.partly, figures.unfilled], [3, 2, 0, 1])
    assert.deepEqual(figures.units, { asked: 9, sent: 4, unfilled: 5 })
    // One parcel from Leeds; one each from Leeds and London, since `closest` moves nothing.
    assert.deepEqual([figures.parcels, figures.parcelsPerOrder, figures.splitRate, figures.transfers], [3, 1.5, 0.5, 0])
    assert.deepEqual(
      figures.load.map(({ warehouse: id, parcels, units }) => [id, parcels, units]),
      [
        ['GLA', 0, 0],
        ['LDS', 2, 3],
        ['LON', 1, 1],
      ],
    )
    const { total, carrier, handling, transfer, perOrder } = figures.cost
    assert.equal(carrier + handling + transfer, total)
    assert.equal(handling, 3 * 65 + 4 * 4)
    assert.equal(perOrder, total / 2)
    // Sent on the day; Leeds to London is less than 600 km: two days.
    assert.equal(figures.averageDays, (1 + 2) / 2)
    assert.equal(figures.lateRate, null)
    assert.equal(figures.optimalRate, 1)
  })

  it('counts transfers, and orders that come after their promised day', () => {
    const promised = (day: string) => ({ promised: day as Day })
    const orders = [
      order(1001, 'leeds', { mug: 1, cap: 1 }, promised('2026-11-25')),
      order(1002, 'leeds', { mug: 1 }, promised('2026-11-25')),
    ]
    const [figures] = run(orders, stock({ mug: [0, 2, 0], cap: [0, 0, 1] }), named('consolidate')).policies
    assert.deepEqual([figures?.transfers, figures?.splitRate, figures?.lateRate], [1, 0, 0.5])
  })

  it('gives each policy a stock of its own', () => {
    const orders = [order(1001, 'leeds', { mug: 1 }), order(1002, 'leeds', { mug: 1 })]
    const layout = stock({ mug: [0, 1, 1] })
    const alone = run(orders, layout, named('closest')).policies
    const both = run(orders, layout, named('cheapest', 'closest', 'fastest')).policies
    assert.deepEqual(both[1], alone[0])
    assert.deepEqual(
      both.map(({ units }) => units.unfilled),
      [0, 0, 0],
    )
    assert.deepEqual([...(layout === 'ample' ? [] : layout)], [['mug', [0, 1, 1]]])
  })

  it('costs more where a warehouse is closed', () => {
    const orders = [order(1001, 'glasgow', { mug: 1 }), order(1002, 'leeds', { mug: 2 }), order(1003, 'london', { cap: 1 })]
    const cost = (over: Network): number => run(orders, 'ample', named('cheapest'), over).policies[0]?.cost.total ?? 0
    assert.ok(cost(network) < cost(closing('GLA')))
    assert.ok(cost(closing('GLA')) < cost(closing('GLA', 'LDS')))
  })

  it('knows no policy that pays less than money alone, where there is enough of everything', () =>
    fc.assert(
      fc.property(baskets, (drawn) => {
        const money = policyOf({ name: 'money', weights: { money: 1 } }, 1)
        const { differences } = run(ordersOf(drawn), 'ample', [
          money,
          ...named('closest', 'fastest', 'fewestSplits', 'consolidate', 'loadBalanced'),
        ])
        for (const { cost, cheaper } of differences) assert.ok(cost >= 0 && cheaper === 0, JSON.stringify(differences))
      }),
      { numRuns: 60 },
    ))

  it('says of each order what the sums say of all', () =>
    fc.assert(
      fc.property(baskets, fc.integer({ min: 0, max: 60 }), (drawn, units) => {
        const orders = ordersOf(drawn)
        const demand = (['mug', 'cap', 'pen', 'hat'] as Sku[]).map((sku) => [sku, units] as const)
        const question = {
          network,
          policies: named('cheapest', 'closest', 'fastest'),
          stock: spreadOut(demand, places, 1, 7),
          zone,
        }
        const simulation = new Simulation(question)
        const outcomes = orders.map((each) => simulation.decide(each))
        const { policies, differences } = simulation.report()
        assert.deepEqual(simulate(question, orders), { orders: orders.length, policies, differences })
        for (const [p, figures] of policies.entries()) {
          const sum = (of: (outcome: (typeof outcomes)[number][number]) => number) =>
            outcomes.reduce((all, each) => all + (each[p] === undefined ? 0 : of(each[p])), 0)
          assert.equal(
            figures.cost.total,
            sum(({ cost }) => cost),
          )
          assert.equal(
            figures.parcels,
            sum(({ parcels }) => parcels),
          )
          assert.equal(
            figures.units.unfilled,
            sum(({ unfilled }) => unfilled),
          )
          assert.equal(
            figures.units.sent,
            figures.load.reduce((all, { units: taken }) => all + taken, 0),
          )
          assert.equal(
            figures.parcels,
            figures.load.reduce((all, { parcels }) => all + parcels, 0),
          )
          // What is sent was there.
          assert.ok(figures.units.sent <= 4 * units)
        }
        for (const [index, difference] of differences.entries()) {
          const [first, other] = [policies[0], policies[index + 1]]
          assert.equal(difference.cost, (other?.cost.total ?? 0) - (first?.cost.total ?? 0))
          assert.equal(difference.parcels, (other?.parcels ?? 0) - (first?.parcels ?? 0))
          assert.equal(difference.unfilled, (other?.units.unfilled ?? 0) - (first?.units.unfilled ?? 0))
          assert.equal(difference.cheaper + difference.same + difference.dearer, orders.length)
          assert.equal(
            difference.histogram.reduce((all, bin) => all + bin.orders, 0),
            orders.length,
          )
          assert.ok(difference.mostSaved.every(({ cost, unfilled }) => cost < 0 && unfilled === 0))
        }
      }),
      { numRuns: 60 },
    ))

  it('names the orders that differ most, at most ten, the most first', () => {
    const orders = Array.from({ length: 15 }, (_, index) => order(1001 + index, 'london', { mug: 1 + index }))
    const far = policyOf({ name: 'far', weights: { money: 1 }, filters: { warehouses: ['GLA'] } }, 1)
    const [difference] = run(orders, 'ample', [...named('cheapest'), far]).differences
    assert.equal(difference?.dearer, 15)
    assert.equal(difference.mostLost.length, 10)
    const costs = difference.mostLost.map(({ cost }) => cost)
    assert.deepEqual(
      costs,
      costs.toSorted((a, b) => b - a),
    )
    assert.deepEqual(difference.mostSaved, [])
    const [back] = run(orders, 'ample', [far, ...named('cheapest')]).differences
    assert.equal(back?.cost, -difference.cost)
    assert.equal(back.mostSaved.length, 10)
  })

  it('spreads parcels where a policy weighs load', () => {
    const orders = Array.from({ length: 60 }, (_, index) => order(1001 + index, 'leeds', { mug: 1 }))
    const shares = (policy: Policy): number =>
      Math.max(...(run(orders, 'ample', [policy]).policies[0]?.load.map(({ share }) => share) ?? []))
    assert.equal(shares(policyOf({ name: 'near', weights: { money: 1 } }, 1)), 1)
    assert.ok(shares(policyOf({ name: 'even', weights: { money: 1, load: 400 } }, 1)) < 0.7)
  })
})

describe('The stock of a simulation', () => {
  it('is spread by seed, product and place alone, to the last unit', () => {
    const demand = [['mug' as Sku, 101] as const, ['cap' as Sku, 7] as const]
    const all = spreadOut(demand, places, 0.9, 1)
    assert.deepEqual(spreadOut(demand.toReversed(), places, 0.9, 1), new Map([...(all as Map<Sku, number[]>)].toReversed()))
    const sums = [...(all as Map<Sku, number[]>).values()].map((row) => row.reduce((sum, units) => sum + units, 0))
    assert.deepEqual(sums, [91, 6])
    assert.notDeepEqual(spreadOut(demand, places, 0.9, 2), all)
  })

  it('is the sum of rows, scaled once, without places that there are not', () => {
    const row = (place: string, units: number) => ['mug' as Sku, place as Place, units] as const
    const rows = [row('LDS', 3), row('LDS', 4), row('LON', 1), row('closed', 50)]
    assert.deepEqual(layoutOf(rows, places), new Map([['mug', [0, 7, 1]]]))
    assert.deepEqual(layoutOf(rows, places, 0.5), new Map([['mug', [0, 3, 0]]]))
  })
})

describe('Another network', () => {
  const change = (asked: Parameters<typeof changeNetwork>[1]) => changeNetwork(network, asked, networkFaults)
  const errors = (asked: Parameters<typeof changeNetwork>[1]) => {
    const changed = change(asked)
    return 'errors' in changed ? changed.errors.map(({ pointer, code }) => `${pointer} ${code}`) : []
  }

  it('has what is said to be different and keeps the rest', () => {
    const changed = change({
      close: ['GLA'],
      warehouses: [
        { id: 'BHM', latitude: 52.48, longitude: -1.9 },
        { id: 'LDS', handlingDays: 2 },
      ],
      delivery: [{ id: 'van', carrier: 'Van', baseCents: 100 }],
    })
    assert.ok('network' in changed)
    assert.deepEqual(
      changed.network.warehouses.map(({ id, handlingDays, cutOff }) => [id, handlingDays, cutOff]),
      [
        ['LDS', 2, '14:00'],
        ['LON', 0, '14:00'],
        ['BHM', 0, '14:00'],
      ],
    )
    assert.deepEqual(
      changed.network.delivery.map(({ id, baseCents, perKgCents }) => [id, baseCents, perKgCents]),
      [['van', 100, 0]],
    )
    assert.equal(changed.network.transfer, network.transfer)
  })

  it('says what is wrong with it, field by field', () => {
    assert.deepEqual(errors({ close: ['LDS', 'nowhere'] }), ['/close/1 warehouse_unknown'])
    assert.deepEqual(errors({ close: ['GLA', 'LDS', 'LON'] }), ['/close required'])
    assert.deepEqual(errors({ warehouses: [{ id: 'BHM' }] }), ['/warehouses/0/latitude required'])
    assert.deepEqual(errors({ overrides: [{ from: 'LDS', to: 'nowhere', closed: true }] }), ['/overrides/0/to warehouse_unknown'])
  })
})
