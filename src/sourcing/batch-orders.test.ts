import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dice } from '../../tests/support/sourcing-random.ts'
import type { Day, Instant, Place, Sku } from '../kernel/ids.ts'
import { betterOrders, type Bettered, type HoldingOrder, sourceTogether } from './batch-orders.ts'
import { defaults, type Network } from './network.ts'
import { cheapest } from './presets.ts'
import type { Levels, Sourced, SourcingOrder } from './request.ts'
import { createSourcer } from './source.ts'

const towns = [
  ['BRS', 51.45, -2.59],
  ['GLA', 55.86, -4.25],
  ['LON', 51.51, -0.12],
  ['MAN', 53.48, -2.24],
] as const
/** Nothing is moved between places: then whole orders must be together. */
const network: Network = {
  version: 'gb@1',
  warehouses: towns.map(([id, latitude, longitude]) => ({
    ...defaults.warehouse,
    id: id as Place,
    name: id,
    country: 'GB',
    postalCode: id,
    latitude,
    longitude,
  })),
  delivery: [defaults.delivery],
  transfer: defaults.transfer,
  lanes: 'listed',
  overrides: [],
}
const near = { LON: [51.5, -0.1], GLA: [55.9, -4.2] } as const
type Shelf = Partial<Record<'BRS' | 'GLA' | 'LON' | 'MAN', number>>
const order = (to: keyof typeof near, ...skus: readonly string[]): SourcingOrder => ({
  // Tuesday morning.
  at: '2026-11-24T09:00:00.000Z' as Instant,
  destination: { country: 'GB', postalCode: 'X', latitude: near[to][0], longitude: near[to][1] },
  lines: skus.map((sku) => ({ sku: sku as Sku, quantity: 1, grams: 300 })),
  allow: { backorder: skus.map(() => false), split: true, transfer: true },
})
const levels = (shelves: Record<string, Shelf>): Levels => ({
  available: (sku) => towns.map(([id]) => shelves[sku]?.[id] ?? 0),
  lots: () => [],
})
const finish = <Answer>(steps: Generator<void, Answer>): Answer => {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}
const holding = (id: string, asked: SourcingOrder, from: readonly string[], more: Partial<HoldingOrder> = {}): HoldingOrder => ({
  id,
  order: asked,
  policy: cheapest,
  promised: null,
  mayMove: true,
  held: asked.lines.map(({ sku, quantity }, i) => ({ sku, quantity, place: (from[i] ?? from[0]) as Place })),
  ...more,
})
const better = (orders: readonly HoldingOrder[], shelves: Record<string, Shelf> = {}, threshold = 50): Bettered =>
  finish(betterOrders(network, orders, levels(shelves), threshold))
const arrival = ({ shipments }: Sourced): Day =>
  shipments.reduce<Day>((latest, { arrives }) => (arrives > latest ? arrives : latest), '' as Day)

/** Each holds what the other would have nearer. */
const crossed = () => [holding('a', order('LON', 'mug'), ['GLA']), holding('b', order('GLA', 'mug'), ['LON'])]

describe('Bettering orders that hold units', () => {
  it('exchanges what two hold crosswise, as one group', () => {
    const { groups } = better(crossed())
    assert.equal(groups.length, 1)
    assert.deepEqual(
      groups[0]?.moves.map(({ id, after }) => [id, after.shipments[0]?.place]),
      [
        ['a', 'LON'],
        ['b', 'GLA'],
      ],
    )
    assert.equal(
      groups[0]?.saving,
      groups[0]?.moves.reduce((sum, { before, after }) => sum + before.cost - after.cost, 0),
    )
  })

  it('leaves them where the saving is below the threshold', () => assert.deepEqual(better(crossed(), {}, 500).groups, []))

  it('leaves alone what may not move, and what it holds', () => {
    const [a, b] = crossed()
    assert.deepEqual(better([a ?? assert.fail(), { ...(b ?? assert.fail()), mayMove: false }]).groups, [])
  })

  it('brings an order together when the missing unit comes free', () => {
    const split = holding('a', order('LON', 'mug', 'pot'), ['LON', 'GLA'])
    assert.deepEqual(better([split]).groups, [])
    const [group] = better([split], { pot: { LON: 1 } }).groups
    assert.equal(group?.moves[0]?.before.parcels, 2)
    assert.equal(group?.moves[0]?.after.parcels, 1)
  })

  it('keeps a promise, however much a later day would save', () => {
    const split = holding('a', order('LON', 'mug', 'pot'), ['LON', 'BRS'])
    const together = { mug: { GLA: 1 }, pot: { GLA: 1 } }
    const [group] = better([split], together).groups
    const { before, after } = group?.moves[0] ?? assert.fail('nothing moved')
    assert.ok(arrival(after) > arrival(before), 'in one parcel it comes later')
    assert.deepEqual(better([{ ...split, promised: arrival(before) }], together).groups, [])
    assert.equal(better([{ ...split, promised: arrival(after) }], together).groups.length, 1)
  })

  it('makes nothing later that is late already', () => {
    const split = holding('a', order('LON', 'mug', 'pot'), ['LON', 'BRS'], { promised: '2026-11-01' as Day })
    assert.deepEqual(better([split], { mug: { GLA: 1 }, pot: { GLA: 1 } }).groups, [])
  })

  it('worsens no promise and takes no unit twice, whatever orders hold', () => {
    let moves = 0
    for (let seed = 1; seed <= 6; seed++) {
      const roll = dice(seed)
      const skus = ['mug', 'pot', 'cup', 'jug']
      const orders = Array.from({ length: 12 }, (_, o) => {
        const asked = order(roll(2) === 0 ? 'LON' : 'GLA', ...skus.filter(() => roll(2) === 0).concat(`own${o}`))
        const places = asked.lines.map(() => towns[roll(4)]?.[0] ?? 'LON')
        return holding(`${o}`, asked, places, { promised: ['2026-11-25', '2026-11-26', '2026-11-27'][roll(3)] as Day })
      })
      const free: Record<string, Shelf> = { mug: { LON: roll(2) }, pot: { MAN: roll(2) }, cup: { GLA: 1 } }
      const left = new Map<string, number>()
      const count = (sku: string, place: string, units: number) =>
        left.set(`${sku} ${place}`, (left.get(`${sku} ${place}`) ?? 0) + units)
      for (const [sku, shelf] of Object.entries(free)) for (const [place, units] of Object.entries(shelf)) count(sku, place, units)
      for (const { moves: group } of better(orders, free).groups)
        for (const { id, before, after } of group) {
          moves++
          const { promised, order: asked, held } = orders[Number(id)] ?? assert.fail()
          assert.ok(arrival(after) <= (promised ?? '') || arrival(after) <= arrival(before), `order ${id} of seed ${seed}`)
          assert.deepEqual(after.unfilled, [])
          for (const { sku, place, quantity } of held) count(sku, place, quantity)
          for (const { lines } of after.shipments)
            for (const { line, from, quantity } of lines) count(asked.lines[line]?.sku ?? '', from, -quantity)
        }
      assert.ok(
        [...left.values()].every((units) => units >= 0),
        `seed ${seed}`,
      )
    }
    assert.ok(moves > 10, `${moves} moves`)
  })
})

describe('Sourcing orders together', () => {
  const shelves = { mug: { LON: 1, MAN: 1 }, pot: { LON: 1, GLA: 1 } }

  it('gives the only place with both to the one who needs both', () => {
    const orders = [order('LON', 'mug'), order('LON', 'mug', 'pot'), order('GLA', 'pot')]
    const asked = orders.map((one) => ({ order: one, policy: cheapest, promised: null }))
    const { options, gap } = finish(sourceTogether(network, asked, levels(shelves)))
    assert.deepEqual(
      options.map(({ plan }) => plan.sourced.shipments.map(({ place }) => place)),
      [['MAN'], ['LON'], ['GLA']],
    )
    assert.equal(gap, 0)
    const alone = createSourcer(network, cheapest).source(orders[0] ?? assert.fail(), levels(shelves))
    assert.equal(alone.shipments[0]?.place, 'LON')
  })

  it('counts what is worth more to later orders', () => {
    const dear = { ...levels(shelves), price: (sku: Sku) => (sku === 'mug' ? [0, 0, 300, 0] : null) }
    const asked = [{ order: order('LON', 'mug'), policy: cheapest, promised: null }]
    const { options } = finish(sourceTogether(network, asked, dear))
    assert.equal(options[0]?.plan.sourced.shipments[0]?.place, 'MAN')
  })
})
