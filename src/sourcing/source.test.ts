import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dice } from '../../tests/support/sourcing-random.ts'
import type { Day, Instant, Place, Sku } from '../kernel/ids.ts'
import { defaults, type Network, type Warehouse } from './network.ts'
import { cheapest } from './presets.ts'
import type { Levels, RequestLine, Sourced, SourcingOrder, Supply } from './request.ts'
import { agentsLevels, agentsNetwork, agentsOrders } from './samples/agents.ts'
import { createSourcer } from './source.ts'

const towns = [
  ['BHM', 52.48, -1.9],
  ['BRS', 51.45, -2.59],
  ['GLA', 55.86, -4.25],
  ['LON', 51.51, -0.12],
  ['MAN', 53.48, -2.24],
] as const
const warehouses = towns.map(
  ([id, latitude, longitude]): Warehouse => ({
    ...defaults.warehouse,
    id: id as Place,
    name: id,
    country: 'GB',
    postalCode: id,
    latitude,
    longitude,
  }),
)
const britain: Network = {
  version: 'gb@1',
  warehouses,
  delivery: [defaults.delivery],
  transfer: defaults.transfer,
  lanes: 'all',
  overrides: [],
}
const sourcer = createSourcer(britain, cheapest)

type Shelf = Partial<Record<(typeof towns)[number][0], number>>
const levels = (shelves: Record<string, Shelf>, lots: Record<string, readonly Supply[]> = {}): Levels => ({
  available: (sku) => towns.map(([id]) => shelves[sku]?.[id] ?? 0),
  lots: (sku) => lots[sku] ?? [],
})
const lot = (place: string, day: string, quantity: number): Supply => ({ place: place as Place, day: day as Day, quantity })
const line = (sku: string, quantity = 1, more: Partial<RequestLine> = {}): RequestLine => ({
  sku: sku as Sku,
  quantity,
  grams: 300,
  ...more,
})

/** Tuesday morning, to Leeds. */
const order = (lines: readonly RequestLine[], allow: Partial<SourcingOrder['allow']> = {}): SourcingOrder => ({
  at: '2026-11-24T09:00:00.000Z' as Instant,
  destination: { country: 'GB', postalCode: 'LS1 4DY', latitude: 53.8, longitude: -1.55 },
  lines,
  allow: { backorder: lines.map(() => true), split: true, transfer: true, ...allow },
})
const brief = (plan: Sourced) =>
  plan.shipments.map(
    (shipment) =>
      `${shipment.place} ${shipment.dispatch} ${shipment.lines.map((l) => `${l.line}:${l.quantity} ${l.kind} ${l.from}`).join(', ')}`,
  )

const sound = (asked: SourcingOrder, plan: Sourced) => {
  for (const shipment of plan.shipments) {
    assert.equal(
      Object.values(shipment.parts).reduce((sum, part) => sum + part, 0),
      shipment.cost,
    )
    assert.ok(shipment.arrives > shipment.dispatch)
    for (const l of shipment.lines) assert.ok(l.ready <= shipment.dispatch)
  }
  assert.equal(
    plan.shipments.reduce((sum, shipment) => sum + shipment.cost, 0),
    plan.cost,
  )
  asked.lines.forEach(({ quantity }, i) => {
    const sent = plan.shipments.flatMap((shipment) => shipment.lines).reduce((sum, l) => sum + (l.line === i ? l.quantity : 0), 0)
    const left = plan.unfilled.some((gone) => gone.line === i) ? quantity : 0
    assert.equal(sent + left, quantity, `line ${i}`)
  })
}
const plan = (asked: SourcingOrder, stock: Levels): Sourced => {
  const found = sourcer.source(asked, stock)
  sound(asked, found)
  return found
}

describe('Sourcing an order', () => {
  it('sends from the nearest of two places that have everything', () =>
    assert.deepEqual(brief(plan(order([line('mug')]), levels({ mug: { LON: 5, MAN: 5 } }))), ['MAN 2026-11-24 0:1 stock MAN']))

  it('moves a light line rather than send a second parcel', () =>
    assert.deepEqual(brief(plan(order([line('mug'), line('cup')]), levels({ mug: { MAN: 5 }, cup: { BHM: 5 } }))), [
      'MAN 2026-11-25 0:1 stock MAN, 1:1 transfer BHM',
    ]))

  it('sends two parcels where many units would wait', () =>
    assert.equal(plan(order([line('mug', 200), line('cup', 200)]), levels({ mug: { MAN: 500 }, cup: { BHM: 500 } })).parcels, 2))

  it('sends two parcels where nothing may be moved', () =>
    assert.equal(
      plan(order([line('mug'), line('cup')], { transfer: false }), levels({ mug: { MAN: 5 }, cup: { BHM: 5 } })).parcels,
      2,
    ))

  it('leaves a line out where one parcel is all there may be', () => {
    const found = plan(
      order([line('mug'), line('cup')], { transfer: false, split: false }),
      levels({ mug: { MAN: 5 }, cup: { BHM: 5 } }),
    )
    assert.deepEqual([found.parcels, found.unfilled.length, found.optimal], [1, 1, true])
  })

  it('waits for dated supply, and says for which', () => {
    const stock = levels({}, { mug: [lot('MAN', '2026-12-01', 3)] })
    const [shipment] = plan(order([line('mug', 2)]), stock).shipments
    assert.equal(shipment?.dispatch, '2026-12-01')
    assert.deepEqual(shipment?.lines[0], {
      line: 0,
      quantity: 2,
      from: 'MAN',
      kind: 'supply',
      ready: '2026-12-01',
      awaits: '2026-12-01',
    })
    assert.deepEqual(plan(order([line('mug', 2)], { backorder: [false] }), stock).unfilled, [{ line: 0, quantity: 2 }])
  })

  it('cuts a line no place has whole', () => {
    const found = plan(order([line('mug', 3)], { transfer: false }), levels({ mug: { MAN: 2, LON: 1 } }))
    assert.deepEqual(brief(found).toSorted(), ['LON 2026-11-24 0:1 stock LON', 'MAN 2026-11-24 0:2 stock MAN'])
    assert.equal(found.optimal, true)
  })

  it('leaves out only what cannot be served', () =>
    assert.deepEqual(plan(order([line('mug'), line('cup', 9)]), levels({ mug: { MAN: 5 }, cup: { BHM: 5 } })).unfilled, [
      { line: 1, quantity: 9 },
    ]))

  it('has an answer when there is nothing at all', () =>
    assert.deepEqual(plan(order([line('mug')]), levels({})), {
      shipments: [],
      unfilled: [{ line: 0, quantity: 1 }],
      cost: 0,
      parcels: 0,
      optimal: true,
      gap: 0,
    }))
})

describe('Lines of one SKU', () => {
  it('share its stock', () => {
    const found = plan(
      order([line('mug', 2), line('cup'), line('mug', 2)], { backorder: [false, false, false] }),
      levels({ mug: { MAN: 3 }, cup: { MAN: 1 } }),
    )
    assert.deepEqual(found.unfilled, [{ line: 2, quantity: 2 }])
    assert.deepEqual(brief(found), ['MAN 2026-11-24 0:2 stock MAN, 1:1 stock MAN'])
  })
  it('are both served where there is enough', () =>
    assert.deepEqual(brief(plan(order([line('mug', 2), line('mug', 1)]), levels({ mug: { MAN: 3 } }))), [
      'MAN 2026-11-24 0:2 stock MAN, 1:1 stock MAN',
    ]))
})

describe('The components of a bundle', () => {
  const together = { together: 'set' }
  const asked = (allow = {}) => order([line('pot', 100, together), line('lid', 100, together), line('mug')], allow)
  it('leave in one parcel though two would be cheaper', () => {
    const found = plan(asked(), levels({ pot: { MAN: 500 }, lid: { BHM: 500 }, mug: { MAN: 1 } }))
    const parcelOf = (i: number) => found.shipments.findIndex((shipment) => shipment.lines.some((l) => l.line === i))
    assert.equal(parcelOf(0), parcelOf(1))
    assert.equal(found.optimal, true)
  })
  it('stay out together when one cannot come', () => {
    const found = plan(asked({ transfer: false }), levels({ pot: { MAN: 500 }, lid: { BHM: 500 }, mug: { MAN: 1 } }))
    assert.deepEqual(
      found.unfilled.map((gone) => gone.line),
      [0, 1],
    )
  })
})

describe('Whatever is asked', () => {
  it('is answered soundly, and the same again, in 400 random orders', () => {
    const roll = dice(11)
    let moved = 0
    let parted = 0
    for (let k = 0; k < 400; k++) {
      const lines = Array.from({ length: 1 + roll(16) }, (_, i) =>
        line(`sku${roll(30)}`, 1 + roll(8), { grams: 50 + roll(900), ...(roll(6) === 0 ? { together: `set${i % 2}` } : {}) }),
      )
      const shelves = Object.fromEntries(
        Array.from({ length: 30 }, (_, s) => [
          `sku${s}`,
          Object.fromEntries(towns.map(([id]) => [id, roll(3) === 0 ? roll(12) : 0])),
        ]),
      )
      const lots = Object.fromEntries(
        Array.from({ length: 30 }, (_, s) => [
          `sku${s}`,
          roll(3) === 0 ? [lot(towns[roll(5)]?.[0] ?? 'LON', `2026-12-0${1 + roll(9)}`, 1 + roll(10))] : [],
        ]),
      )
      const asked = order(lines, { split: roll(5) > 0, transfer: roll(4) > 0, backorder: lines.map(() => roll(2) === 0) })
      const found = plan(asked, levels(shelves, lots))
      if (found.parcels > 1) parted++
      if (found.shipments.some((shipment) => shipment.lines.some((l) => l.kind === 'transfer'))) moved++
      for (const bundle of ['set0', 'set1']) {
        const parcels = new Set(
          found.shipments.flatMap((s, at) => s.lines.flatMap((l) => (lines[l.line]?.together === bundle ? [at] : []))),
        )
        assert.ok(parcels.size <= 1, `order ${k}: ${bundle} in ${parcels.size} parcels`)
        const out = lines.flatMap((l, i) => (l.together === bundle ? [found.unfilled.some((gone) => gone.line === i)] : []))
        assert.ok(new Set(out).size <= 1, `order ${k}: ${bundle} is torn`)
      }
      assert.deepEqual(createSourcer(britain, cheapest).source(asked, levels(shelves, lots)), found)
    }
    assert.ok(moved > 80 && parted > 80, `${moved} moved, ${parted} in several parcels`)
  })
})

describe('Why a plan is as it is', () => {
  const asked = order([line('mug'), line('cup')])
  const stock = levels({ mug: { MAN: 5, LON: 1 }, cup: { BHM: 5, LON: 1 } })
  it('tells candidates, who is out, and what each permission is worth', () => {
    const found = plan(asked, levels({ mug: { MAN: 5 }, cup: { BHM: 5 } }))
    const why = sourcer.explain(asked, levels({ mug: { MAN: 5 }, cup: { BHM: 5 } }), found)
    assert.deepEqual(
      why.candidates.map((c) => [c.place, c.used, c.lacks.length]),
      [
        ['MAN', true, 1],
        ['BHM', true, 1],
      ],
    )
    assert.deepEqual(
      why.excluded.map((e) => [e.place, e.reason]),
      [
        ['BRS', 'holds_nothing'],
        ['GLA', 'holds_nothing'],
        ['LON', 'holds_nothing'],
      ],
    )
    const [first] = why.alternatives
    const apart = sourcer.source(
      order([line('mug'), line('cup')], { transfer: false }),
      levels({ mug: { MAN: 5 }, cup: { BHM: 5 } }),
    )
    assert.deepEqual([first?.name, first?.parcels, first?.worseBy], ['without_transfer', 2, apart.cost - found.cost])
    assert.match(first?.words ?? '', /^without a transfer: \+\d+\.\d\d \(2 parcels\)$/)
  })
  it('never finds an alternative that is better', () => {
    const why = sourcer.explain(asked, stock, plan(asked, stock))
    for (const other of why.alternatives) assert.ok(!other.feasible || other.worseBy >= 0, other.words)
    for (const candidate of why.candidates) assert.ok(candidate.worseBy === null || candidate.worseBy >= 0, candidate.words)
  })
})

describe('The three orders of the sample with three warehouses', () => {
  const agents = createSourcer(agentsNetwork, cheapest)
  const expected = { 'order:123': ['warehouse1', 1], 'order:124': ['warehouse3', 1], 'order:125': ['warehouse2', 1] } as const
  for (const { id, order: asked } of agentsOrders) {
    it(`${id} leaves in one parcel, its goods brought together`, () => {
      const found = agents.source(asked, agentsLevels)
      sound(asked, found)
      const moved = found.shipments.flatMap((shipment) => shipment.lines).filter((l) => l.kind === 'transfer')
      assert.deepEqual([found.shipments[0]?.place, found.parcels], expected[id as keyof typeof expected])
      assert.deepEqual([moved.length, found.optimal, found.unfilled.length], [1, true, 0])
    })
    it(`${id} leaves in two where moving is dearer than a parcel`, () => {
      const dear = createSourcer(
        { ...agentsNetwork, version: 'agents-dear@1', transfer: { ...defaults.transfer, fixedCents: 2000 } },
        cheapest,
      )
      const found = dear.source(asked, agentsLevels)
      sound(asked, found)
      assert.equal(found.parcels, 2)
    })
  }
})

describe('A network that contradicts itself', () => {
  const refused = (change: Partial<Network>, message: RegExp) =>
    assert.throws(() => createSourcer({ ...britain, ...change }, cheapest), { name: 'RangeError', message })
  it('is refused when it is loaded', () => {
    refused({ warehouses: [] }, /needs a warehouse/)
    refused({ warehouses: warehouses.map((w) => ({ ...w, cutOff: '25:00' })) }, /HH:MM/)
    refused({ warehouses: warehouses.map((w) => ({ ...w, workdays: [7] })) }, /never collects/)
    refused({ overrides: [{ from: 'LON' as Place, to: 'NYC' as Place, closed: true }] }, /no such warehouse/)
  })
  it('a closed lane is not used', () => {
    const closed = warehouses.flatMap((a) => warehouses.map((b) => ({ from: a.id, to: b.id, closed: true }) as const))
    const apart = createSourcer({ ...britain, overrides: closed }, cheapest)
    assert.equal(apart.source(order([line('mug'), line('cup')]), levels({ mug: { MAN: 5 }, cup: { BHM: 5 } })).parcels, 2)
  })
})
