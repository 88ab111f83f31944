import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dice } from '../../tests/support/sourcing-random.ts'
import type { Day, Instant, Place, Sku } from '../kernel/ids.ts'
import type { Decision, PlacedLine } from '../orders/contract.ts'
import { cheapest, createSourcer, defaults, type Network } from '../sourcing/contract.ts'
import { questionOf } from './decision.ts'
import type { ReserveRequest, SourceLine, StockSeen } from './planner.ts'
import { sourcingOver } from './sourcing.ts'

const towns = { BHM: [52.48, -1.9], GLA: [55.86, -4.25], LON: [51.51, -0.12] } as const
const network: Network = {
  version: 'test@1',
  warehouses: Object.entries(towns).map(([id, [latitude, longitude]]) => ({
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
  lanes: 'all',
  overrides: [],
}
const places = network.warehouses.map(({ id }) => id)
const source = sourcingOver(network, cheapest, 'Europe/London')

/** An order of up to five lines that can be had from what lies about and what is on its way. */
const some = (seed: number) => {
  const roll = dice(seed)
  const skus = ['mug', 'tea', 'pot'] as Sku[]
  const units = new Map(skus.map((sku) => [sku, places.map(() => roll(6))]))
  const lots = new Map(
    skus.map((sku) => [
      sku,
      roll(2) === 0 ? [] : [{ place: places[roll(3)] ?? places[0], day: `2026-12-0${1 + roll(9)}`, quantity: 5 }],
    ]),
  )
  const grams = new Map(skus.map((sku) => [sku, 100 + roll(900)]))
  const placed = Array.from({ length: 1 + roll(5) }, (): PlacedLine => {
    const sku = skus[roll(3)] ?? ('mug' as Sku)
    const waits = roll(2) === 0
    return {
      sku,
      name: sku,
      quantity: 1 + roll(4),
      unitPrice: 100,
      discount: 0,
      kind: 'product',
      grams: grams.get(sku) ?? 0,
      ifShort: waits ? 'backorder' : 'refuse',
    }
  })
  const lines = placed.map(
    ({ sku, quantity, grams, ifShort }, line): SourceLine => ({
      line,
      sku,
      quantity,
      grams,
      ifShort,
      waits: ifShort === 'backorder',
    }),
  )
  const request: Omit<ReserveRequest, 'lines'> & { lines: readonly SourceLine[] } = {
    at: '2026-11-24T09:00:00.000Z' as Instant,
    destination: { country: 'GB', postalCode: 'LS1', latitude: 53.8, longitude: -1.55 },
    // A decision does not depend on the order in which lines are asked about.
    lines: roll(2) === 0 ? lines : lines.toReversed(),
    shippingMethod: 'standard',
  }
  const stock: StockSeen = {
    free: (sku) =>
      places.flatMap((place, at) => ((units.get(sku)?.[at] ?? 0) > 0 ? [{ place, units: units.get(sku)?.[at] ?? 0 }] : [])),
    lots: (sku) => (lots.get(sku) ?? []).map(({ place, day, quantity }) => ({ place: place as Place, day: day as Day, quantity })),
  }
  return { placed, request, stock }
}

describe('The record of a decision', () => {
  it('asks the same question again: the answer costs the same, in the same parcels', () => {
    const sourcer = createSourcer(network, cheapest)
    let kept = 0
    for (let seed = 1; seed <= 400; seed++) {
      const { placed, request, stock } = some(seed)
      const { shipments, unfilled, decision } = source(request, stock)
      assert.equal(decision === undefined, unfilled.length > 0, `seed ${seed}`)
      if (decision === undefined) continue
      kept += 1
      // As the journal keeps it.
      const read = JSON.parse(JSON.stringify({ cause: 'placed', ...decision })) as Decision
      const { order, levels } = questionOf({ decision: read, shipments, placed, destination: request.destination }, network)
      const again = sourcer.source(order, levels)
      assert.deepEqual(
        [again.cost, again.shipments.map(({ place, dispatch, arrives }) => [place, dispatch, arrives])],
        [decision.cost, shipments.map(({ place, dispatch, arrives }) => [place, dispatch, arrives])],
        `seed ${seed}`,
      )
      const parts = decision.parts.flatMap((part) => Object.values(part))
      assert.equal(
        parts.reduce((sum, cents) => sum + cents, 0),
        decision.cost,
      )
    }
    assert.ok(kept > 100, `${kept} of 400 orders could be had`)
  })

  it('is small: some 250 bytes for two lines over five places', () => {
    const five = Array.from(
      { length: 5 },
      (_, at) => ({ ...network.warehouses[at % 3], id: `P${at}` as Place }) as Network['warehouses'][number],
    )
    const free: StockSeen = { free: () => five.map(({ id }) => ({ place: id, units: 40 })), lots: () => [] }
    const { request } = some(1)
    const line = { sku: 'mug' as Sku, quantity: 2, grams: 200, ifShort: 'refuse', waits: false } as const
    const lines = [
      { ...line, line: 0 },
      { ...line, line: 1, sku: 'tea' as Sku },
    ]
    const { decision } = sourcingOver(
      { ...network, version: '0123456789ab', warehouses: five },
      cheapest,
      'Europe/London',
    )({ ...request, lines }, free)
    assert.ok(JSON.stringify(decision).length < 330, JSON.stringify(decision))
  })
})
