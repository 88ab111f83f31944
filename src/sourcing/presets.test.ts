import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dice } from '../../tests/support/sourcing-random.ts'
import type { Day, Instant, Place, Sku } from '../kernel/ids.ts'
import { defaults, type Network, type Warehouse } from './network.ts'
import { type Policy, policyOf, type PolicyText } from './policy.ts'
import { presets } from './presets.ts'
import type { Levels, RequestLine, Sourced, SourcingOrder } from './request.ts'
import { agentsLevels, agentsNetwork, agentsOrders } from './samples/agents.ts'
import { createSourcer } from './source.ts'
import { paidCents } from './sourced.ts'

const towns = { BHM: [52.48, -1.9], GLA: [55.86, -4.25], LON: [51.51, -0.12], MAN: [53.48, -2.24] } as const
type Town = keyof typeof towns
const ids = Object.keys(towns) as Town[]

/** Four places, each as usual but for what is said. */
const britain = (said: Partial<Record<Town, Partial<Warehouse>>> = {}, more: Partial<Network> = {}): Network => ({
  version: 'gb@1',
  warehouses: ids.map((id) => ({
    ...defaults.warehouse,
    id: id as string as Place,
    name: id,
    country: 'GB',
    postalCode: id,
    latitude: towns[id][0],
    longitude: towns[id][1],
    ...said[id],
  })),
  delivery: [defaults.delivery],
  transfer: defaults.transfer,
  lanes: 'all',
  overrides: [],
  ...more,
})
const levels = (shelves: Record<string, Partial<Record<Town, number>>>, more: Partial<Levels> = {}): Levels => ({
  available: (sku) => ids.map((id) => shelves[sku]?.[id] ?? 0),
  lots: () => [],
  ...more,
})
/** Tuesday morning, to Leeds: Manchester is the nearest, then Birmingham. */
const order = (lines: Record<string, number>, more: Partial<SourcingOrder> = {}): SourcingOrder => ({
  at: '2026-11-24T09:00:00.000Z' as Instant,
  destination: { country: 'GB', postalCode: 'LS1 4DY', latitude: 53.8, longitude: -1.55 },
  lines: Object.entries(lines).map(([sku, quantity]): RequestLine => ({ sku: sku as Sku, quantity, grams: 300 })),
  allow: { backorder: Object.keys(lines).map(() => true), split: true, transfer: true },
  ...more,
})
const preset = (name: string): Policy => {
  const found = presets.find((each) => each.name === name)
  assert.ok(found !== undefined, name)
  return found
}
const own = (text: Omit<PolicyText, 'name'>): Policy => policyOf({ name: 'own', ...text }, 1)
const money = { money: 1, perUnitDay: 3, late: 200 }
const decide = (policy: Policy, network: Network, asked: SourcingOrder, stock: Levels): Sourced => {
  const found = createSourcer(network, policy).source(asked, stock)
  for (const { parts, cost } of found.shipments)
    assert.equal(
      Object.values(parts).reduce((sum, part) => sum + part, 0),
      cost,
    )
  return found
}
const from = ({ shipments }: Sourced): string => shipments.map(({ place }) => place).join('+')

describe('The preset', () => {
  it('closest takes the nearest place, cheapest another', () => {
    const network = britain({ MAN: { pickCents: 2000 } })
    const stock = levels({ mug: { MAN: 5, LON: 5 } })
    assert.equal(from(decide(preset('cheapest'), network, order({ mug: 1 }), stock)), 'LON')
    assert.equal(from(decide(preset('closest'), network, order({ mug: 1 }), stock)), 'MAN')
  })
  it('fastest takes the place that is there first, cheapest another', () => {
    const network = britain({ MAN: { handlingDays: 4 }, GLA: { pickCents: 900 } })
    const stock = levels({ mug: { MAN: 5, GLA: 5 } })
    const still = order({ mug: 1 }, { allow: { backorder: [true], split: true, transfer: false } })
    const [slow] = decide(preset('cheapest'), network, still, stock).shipments
    const [fast] = decide(preset('fastest'), network, still, stock).shipments
    assert.deepEqual([slow?.place, fast?.place], ['MAN', 'GLA'])
    assert.ok(fast !== undefined && slow !== undefined && fast.arrives < slow.arrives)
  })
  it('fewestSplits takes the one place that has all, consolidate moves, cheapest sends two parcels', () => {
    const network = britain({ GLA: { pickCents: 9000 } })
    const asked = order({ mug: 200, cup: 200 })
    const stock = levels({ mug: { MAN: 500, GLA: 500 }, cup: { BHM: 500, GLA: 500 } })
    const moved = decide(preset('consolidate'), network, asked, stock)
    assert.equal(decide(preset('cheapest'), network, asked, stock).parcels, 2)
    assert.equal(from(decide(preset('fewestSplits'), network, asked, stock)), 'GLA')
    assert.deepEqual([moved.parcels, from(moved) === 'GLA'], [1, false])
    assert.ok(moved.shipments[0]?.lines.some(({ kind }) => kind === 'transfer'))
  })
  it('fewestSplits neither moves nor waits', () => {
    const lots: Levels['lots'] = (sku) => (sku === 'pot' ? [{ place: 'MAN' as Place, day: '2026-12-01' as Day, quantity: 9 }] : [])
    const asked = order({ mug: 1, cup: 1, pot: 1 })
    const found = decide(preset('fewestSplits'), britain(), asked, levels({ mug: { MAN: 5 }, cup: { BHM: 5 } }, { lots }))
    assert.deepEqual([found.parcels, found.unfilled], [2, [{ line: 2, quantity: 1 }]])
    assert.deepEqual(
      decide(preset('consolidate'), britain(), asked, levels({ mug: { MAN: 5 }, cup: { BHM: 5 } }, { lots })).unfilled,
      [],
    )
  })
  it('loadBalanced spares the place that is busy', () => {
    const stock = levels({ mug: { MAN: 5, BHM: 5 } }, { utilisation: [0.1, 0, 0, 1] })
    const spared = decide(preset('loadBalanced'), britain(), order({ mug: 1 }), stock)
    assert.equal(from(decide(preset('cheapest'), britain(), order({ mug: 1 }), stock)), 'MAN')
    assert.deepEqual([from(spared), spared.shipments[0]?.parts.load], ['BHM', 4])
  })
})

describe('What a plan weighs and what it costs', () => {
  const only = { filters: { warehouses: ['MAN', 'BHM'] }, limits: { maxParcels: 1 } }
  const asked = order({ mug: 2, cup: 1 })
  const stock = levels({ mug: { MAN: 5 }, cup: { BHM: 5 } })
  const plain = decide(own({ weights: money, ...only }), britain(), asked, stock)

  it('are the same where money counts at its face value', () => assert.equal(plain.shipments[0]?.money, undefined))
  it('are told apart where it does not', () => {
    const far = decide(own({ weights: { ...money, money: 0.5, km: 3 }, ...only }), britain(), asked, stock)
    const [shipment] = far.shipments
    assert.equal(from(far), from(plain))
    assert.equal(paidCents(far), paidCents(plain))
    assert.ok(paidCents(far) > 0 && shipment !== undefined)
    // From Manchester to Leeds, about 58 km, and from Birmingham to Manchester, about 113.
    assert.ok(Math.abs(shipment.parts.distance - 3 * (58 + 113)) < 30, `${shipment.parts.distance}`)
    assert.ok(Math.abs(shipment.parts.carrier - (shipment.money?.carrier ?? 0) / 2) <= 2)
  })
  it('holds what a scarce unit is worth to later orders', () => {
    const price: Levels['price'] = (sku) => (sku === 'mug' ? [0, 0, 0, 500] : null)
    const scarce = levels({ mug: { MAN: 5, BHM: 5 } }, { price })
    assert.equal(from(decide(own({ weights: money }), britain(), order({ mug: 1 }), scarce)), 'MAN')
    assert.equal(from(decide(preset('cheapest'), britain(), order({ mug: 1 }), scarce)), 'BHM')
    const forced = decide(
      own({ weights: { money: 1, scarcity: 0.5 }, filters: { warehouses: ['MAN'] } }),
      britain(),
      order({ mug: 2 }),
      scarce,
    )
    assert.equal(forced.shipments[0]?.parts.opportunity, 500)
  })
  it('leaves no line out to save, whatever the weights', () => {
    const many = decide(preset('fastest'), britain(), order({ mug: 20_000 }), levels({ mug: { GLA: 50_000 } }))
    assert.deepEqual([many.unfilled, many.optimal], [[], true])
    // Beyond what is counted exactly the plan is still whole, and is not called optimal.
    const vast = Object.fromEntries(Array.from({ length: 20 }, (_, k) => [`sku${k}`, 1_000_000]))
    const shelves = Object.fromEntries(Object.keys(vast).map((sku) => [sku, { GLA: 1_000_000 }]))
    const found = decide(preset('fastest'), britain(), order(vast), levels(shelves))
    assert.deepEqual([found.unfilled, found.optimal], [[], false])
  })
})

describe('A ladder', () => {
  const near = own({ weights: money, ladder: [{ filters: { warehouses: ['GLA'] } }, { filters: { warehouses: ['GLA', 'MAN'] } }] })
  it('stops at the first step that fills the whole order', () => {
    const found = decide(near, britain(), order({ mug: 1 }), levels({ mug: { GLA: 5, MAN: 5 } }))
    assert.deepEqual([from(found), found.step], ['GLA', 1])
  })
  it('goes on where a step leaves a line out', () => {
    const found = decide(near, britain(), order({ mug: 1, cup: 1 }), levels({ mug: { GLA: 5 }, cup: { MAN: 5 } }))
    assert.deepEqual([found.unfilled, found.step], [[], 2])
  })
  it('answers with its last step where none fills it', () => {
    const found = decide(near, britain(), order({ mug: 1, cup: 1 }), levels({ mug: { GLA: 5 }, cup: { LON: 5 } }))
    assert.deepEqual([found.unfilled, found.step], [[{ line: 1, quantity: 1 }], 2])
  })
  it('is explained by the step that decided, which says whom it shuts out', () => {
    const stock = levels({ mug: { GLA: 5, MAN: 5 } })
    const sourcer = createSourcer(britain(), near)
    const why = sourcer.explain(order({ mug: 1 }), stock, sourcer.source(order({ mug: 1 }), stock))
    for (const { feasible, worseBy } of why.alternatives) assert.ok(!feasible || worseBy >= 0)
    const reasons = why.excluded.map(({ place, reason }) => `${place} ${reason}`)
    assert.deepEqual(reasons, ['BHM shut_out', 'LON shut_out', 'MAN shut_out'])
  })
})

describe('A limit', () => {
  const three = levels({ mug: { MAN: 900 }, cup: { BHM: 900 }, pot: { LON: 900 } })
  const asked = order({ mug: 300, cup: 300, pot: 300 })
  it('of parcels is kept by moving', () => {
    assert.equal(decide(own({ weights: money }), britain(), asked, three).parcels, 3)
    const two = decide(own({ weights: money, limits: { maxParcels: 2 } }), britain(), asked, three)
    assert.deepEqual([two.parcels, two.unfilled, two.optimal], [2, [], true])
    assert.equal(decide(own({ weights: money, limits: { maxParcels: 1 } }), britain(), asked, three).parcels, 1)
  })
  it('of parcels that no plan keeps leaves the order unfilled', () => {
    const none = decide(own({ weights: money, limits: { maxParcels: 2 }, allow: { transfer: false } }), britain(), asked, three)
    assert.deepEqual([none.parcels, none.unfilled.length], [0, 3])
  })
  it('of transfers is kept by a second parcel', () => {
    const light = order({ mug: 1, cup: 1, pot: 1 })
    const moves = (policy: Policy) =>
      decide(policy, britain(), light, three).shipments.flatMap(({ lines }) => lines.filter(({ kind }) => kind === 'transfer'))
        .length
    assert.deepEqual(
      [
        moves(own({ weights: money })),
        moves(own({ weights: money, limits: { maxTransfers: 1 } })),
        moves(own({ weights: money, limits: { maxTransfers: 0 } })),
      ],
      [2, 1, 0],
    )
  })
  it('of days of waiting drops later supply', () => {
    const lots = () => [{ place: 'MAN' as Place, day: '2026-12-01' as Day, quantity: 5 }]
    const waits = (maxWaitDays: number) =>
      decide(own({ weights: money, limits: { maxWaitDays } }), britain(), order({ mug: 1 }), levels({}, { lots })).parcels
    assert.deepEqual([waits(6), waits(7)], [0, 1])
  })
  it('holds in 150 random orders, never cheaper than without', () => {
    const roll = dice(5)
    let [bound, proven] = [0, 0]
    for (let k = 0; k < 150; k++) {
      const skus = Array.from({ length: 2 + roll(5) }, (_, i) => `sku${i}`)
      const stock = levels(Object.fromEntries(skus.map((sku) => [sku, Object.fromEntries(ids.map((id) => [id, roll(2) * 900]))])))
      const some = order(Object.fromEntries(skus.map((sku) => [sku, 1 + roll(400)])))
      const free = decide(own({ weights: money }), britain(), some, stock)
      const limits = { maxParcels: 2, maxTransfers: roll(3) }
      const kept = decide(own({ weights: money, limits }), britain(), some, stock)
      if (kept.parcels === 0) continue
      if (free.parcels > 2) bound += 1
      if (free.parcels > 2 && kept.optimal) proven += 1
      assert.ok(kept.parcels <= 2 && kept.gap >= 0 && kept.gap < 1)
      if (kept.unfilled.length === free.unfilled.length) assert.ok(kept.cost >= free.cost)
    }
    assert.ok(bound > 10 && proven > 5, `${bound} bound, ${proven} proven`)
  })
  it('of two parcels is as good as the best two places, where nothing is moved, or says how far it may be off', () => {
    const roll = dice(7)
    const pairs = ids.flatMap((one, k) => ids.slice(k + 1).map((other) => [one, other]))
    const still = { transfer: false }
    let [proven, compared] = [0, 0]
    for (let k = 0; k < 120; k++) {
      const skus = Array.from({ length: 3 + roll(3) }, (_, i) => `sku${i}`)
      const stock = levels(
        Object.fromEntries(skus.map((sku) => [sku, Object.fromEntries(ids.map((id) => [id, Math.min(1, roll(3)) * 900]))])),
      )
      const some = order(Object.fromEntries(skus.map((sku) => [sku, 1 + roll(400)])))
      const kept = decide(own({ weights: money, allow: still, limits: { maxParcels: 2 } }), britain(), some, stock)
      const whole = pairs
        .map((warehouses) => decide(own({ weights: money, allow: still, filters: { warehouses } }), britain(), some, stock))
        .filter(({ unfilled }) => unfilled.length === 0)
      if (whole.length === 0) continue
      const least = Math.min(...whole.map(({ cost }) => cost))
      compared += 1
      assert.deepEqual(kept.unfilled, [])
      assert.ok(kept.cost >= least && least >= Math.floor(kept.cost * (1 - kept.gap)), `${kept.cost} ${kept.gap} ${least}`)
      if (kept.optimal) {
        proven += 1
        assert.equal(kept.cost, least)
      }
    }
    assert.ok(compared > 60 && proven > compared / 2, `${compared} compared, ${proven} proven`)
  })
})

describe('A permission', () => {
  const torn = levels({ mug: { MAN: 2, LON: 2 }, cup: { MAN: 5 } })
  it('not to cut a line leaves it out where no place has it whole', () => {
    const whole = own({ weights: money, allow: { splitLine: 'never' } })
    assert.deepEqual(decide(own({ weights: money }), britain(), order({ mug: 3, cup: 1 }), torn).unfilled, [])
    assert.deepEqual(decide(whole, britain(), order({ mug: 3, cup: 1 }), torn).unfilled, [{ line: 0, quantity: 3 }])
    assert.deepEqual(decide(whole, britain(), order({ mug: 2, cup: 1 }), torn).unfilled, [])
  })
  it('not to part an order leaves out what does not fit', () => {
    const apart = levels({ mug: { MAN: 5 }, cup: { BHM: 5 } })
    const one = own({ weights: money, allow: { splitOrder: false, transfer: false } })
    assert.deepEqual(decide(one, britain(), order({ mug: 1, cup: 1 }), apart).parcels, 1)
    assert.deepEqual(decide(one, britain(), order({ mug: 1, cup: 1 }), apart).unfilled.length, 1)
  })
  it('not to use a place hides its stock and moves nothing to it', () => {
    const apart = levels({ mug: { MAN: 5 }, cup: { BHM: 5 } })
    const asked = order({ mug: 1, cup: 1 })
    for (const out of ids) {
      const found = decide(own({ weights: money, filters: { exceptWarehouses: [out] } }), britain(), asked, apart)
      assert.ok(
        found.shipments.every(({ place, lines }) => place !== out && lines.every((line) => line.from !== out)),
        out,
      )
    }
    assert.equal(decide(own({ weights: money, filters: { exceptCountries: ['GB'] } }), britain(), asked, apart).parcels, 0)
  })
})

describe('A delivery service tied to a speed', () => {
  const express = { ...defaults.delivery, id: 'express', baseCents: 100, shippingMethods: ['express'] }
  const network = britain({}, { delivery: [defaults.delivery, express] })
  const by = (shippingMethod?: string) =>
    decide(
      preset('cheapest'),
      network,
      order({ mug: 1 }, shippingMethod === undefined ? {} : { shippingMethod }),
      levels({ mug: { MAN: 5 } }),
    ).shipments[0]?.service
  it('carries orders that ask for it, and no others', () =>
    assert.deepEqual([by('express'), by('standard'), by(), by('express')], ['express', 'standard', 'standard', 'express']))
})

describe('The three orders of the sample', () => {
  const dear: Network = { ...agentsNetwork, version: 'agents-dear@1', transfer: { ...defaults.transfer, fixedCents: 2000 } }
  for (const { id, order: asked } of agentsOrders) {
    it(`${id}: consolidated by every policy for which money counts, where that is cheaper`, () => {
      for (const name of ['cheapest', 'consolidate'])
        assert.equal(decide(preset(name), agentsNetwork, asked, agentsLevels).parcels, 1)
    })
    it(`${id}: parted where moving is dear, and told by how much that is cheaper`, () => {
      const sourcer = createSourcer(dear, preset('cheapest'))
      const found = sourcer.source(asked, agentsLevels)
      const brought = sourcer.source({ ...asked, allow: { ...asked.allow, split: false } }, agentsLevels)
      const one = sourcer.explain(asked, agentsLevels, found).alternatives.find(({ name }) => name === 'one_parcel')
      assert.deepEqual([found.parcels, brought.parcels, found.optimal], [2, 1, true])
      assert.equal(one?.worseBy, brought.cost - found.cost)
      assert.ok(one !== undefined && one.worseBy > 0)
      assert.equal(one.words, `in one parcel: +${(one.worseBy / 100).toFixed(2)} (1 parcel)`)
      assert.equal(decide(preset('consolidate'), dear, asked, agentsLevels).parcels, 1)
    })
  }
})
