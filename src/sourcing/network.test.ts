/** Zones, blocked countries, capacity and what is wrong with a network; and that the answer keeps to them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Day, Instant, Place, Sku } from '../kernel/ids.ts'
import { type DeliveryService, defaults, type Network, type Warehouse, zoneOf } from './network.ts'
import { networkFaults } from './network-check.ts'
import { cheapest } from './presets.ts'
import type { Levels, SourcingOrder } from './request.ts'
import { createSourcer } from './source.ts'

const warehouse = (id: string, latitude: number, more: Partial<Warehouse> = {}): Warehouse => ({
  ...defaults.warehouse,
  id: id as Place,
  name: id,
  country: 'GB',
  postalCode: id,
  latitude,
  longitude: -1.5,
  ...more,
})
const network = (warehouses: readonly Warehouse[], more: Partial<Network> = {}): Network => ({
  version: 'test@1',
  warehouses,
  delivery: [defaults.delivery],
  transfer: defaults.transfer,
  lanes: 'all',
  overrides: [],
  ...more,
})
const to = (country: string, postalCode: string, quantity = 1): SourcingOrder => ({
  at: '2026-11-24T09:00:00.000Z' as Instant,
  destination: { country, postalCode, latitude: 53.8, longitude: -1.5 },
  lines: [{ sku: 'mug' as Sku, quantity, grams: 500 }],
  allow: { backorder: [false], split: true, transfer: true },
})
const stocked = (more: Partial<Levels> = {}): Levels => ({ available: () => [50, 50], lots: () => [], ...more })
const sent = (over: Network, order: SourcingOrder, levels: Levels = stocked()) => {
  const { shipments, unfilled } = createSourcer(over, cheapest).source(order, levels)
  return { ...shipments[0], unfilled: unfilled.length }
}

describe('A service with zones', () => {
  const service: DeliveryService = {
    ...defaults.delivery,
    zones: [
      { countries: ['GB'], postalPrefixes: ['HS', 'ze1', 'KW 15'], baseCents: 1_500, transitDays: 4 },
      { countries: ['GB'], baseCents: 400, perKgCents: 0, transitDays: 1 },
      { countries: ['FR', 'DE'], baseCents: 900, transitDays: 3 },
    ],
  }
  const zoned = network([warehouse('LDS', 53.8)], { delivery: [service] })
  const zone = (country: string, postalCode: string) => zoneOf(service, { country, postalCode })

  it('is priced by the first that matches, spaces and case apart', () => {
    assert.deepEqual([zone('GB', 'hs1 2AA'), zone('GB', 'ZE1 0AA'), zone('GB', 'KW15 1AA')], [0, 0, 0])
    assert.deepEqual([zone('GB', 'H'), zone('GB', 'KW1 4XX'), zone('GB', ''), zone('DE', 'HS1')], [1, 1, 1, 2])
  })
  it('takes price and days of the zone, and the weight by the service where the zone does not say', () => {
    const carrier = (country: string, postalCode: string) => {
      const { parts, arrives } = sent(zoned, to(country, postalCode))
      return [parts?.carrier, arrives]
    }
    assert.deepEqual(carrier('GB', 'HS1 2AA'), [1_530, '2026-11-30'])
    assert.deepEqual(carrier('GB', 'LS1 4DY'), [400, '2026-11-25'])
    assert.deepEqual(carrier('FR', '75001'), [930, '2026-11-27'])
  })
  it('keeps neighbours in two zones apart, asked one after the other by one engine', () => {
    const sourcer = createSourcer(zoned, cheapest)
    const days = ['HS1', 'LS1', 'HS1'].map((code) => sourcer.source(to('GB', code), stocked()).shipments[0]?.arrives)
    assert.deepEqual(days, ['2026-11-30', '2026-11-25', '2026-11-30'])
  })
  it('does not serve where none matches, and says so', () => {
    const order = to('US', '10001')
    const sourcer = createSourcer(zoned, cheapest)
    const found = sourcer.source(order, stocked())
    assert.deepEqual(found.unfilled, [{ line: 0, quantity: 1 }])
    assert.deepEqual(
      sourcer.explain(order, stocked(), found).excluded.map(({ reason }) => reason),
      ['no_service'],
    )
  })
})

describe('A place that sends nothing to a country', () => {
  const blocked = network([warehouse('LDS', 53.8, { blockedCountries: ['FR'] }), warehouse('LON', 51.5)])
  it('leaves it to another', () => {
    assert.equal(sent(blocked, to('GB', 'LS1')).place, 'LDS')
    assert.equal(sent(blocked, to('FR', '75001')).place, 'LON')
  })
  it('still moves its goods to one that may', () => {
    const { place, lines } = sent(blocked, to('FR', '75001'), stocked({ available: () => [50, 0] }))
    assert.deepEqual([place, lines?.[0]?.kind, lines?.[0]?.from], ['LON', 'transfer', 'LDS'])
  })
})

describe('A place that is busy', () => {
  const near = warehouse('LDS', 53.8, { unitsPerDay: 10 })
  const busy = network([near, warehouse('LON', 51.5)])
  it('counts the units of the order itself', () => {
    const dispatch = (quantity: number) =>
      sent(network([near]), to('GB', 'LS1', quantity), { available: () => [50], lots: () => [], utilisation: [0.5] }).dispatch
    assert.deepEqual([dispatch(5), dispatch(6), dispatch(16)], ['2026-11-24', '2026-11-25', '2026-11-26'])
  })
  it('lets one that is free go first where days count', () => {
    const hurried = { ...cheapest, weights: { ...cheapest.weights, perUnitDay: 1_000 } }
    const from = (utilisation: number) =>
      createSourcer(busy, hurried).source(to('GB', 'LS1'), stocked({ utilisation: [utilisation, 0] })).shipments[0]?.place
    assert.deepEqual([from(0.5), from(4)], ['LDS', 'LON'])
  })
  it('never promises beyond the horizon, however much there is to do', () => {
    const { dispatch = '' } = sent(network([near]), to('GB', 'LS1'), { available: () => [50], lots: () => [], utilisation: [1e6] })
    assert.ok(dispatch > '2027-11-01' && dispatch < '2028-02-01', dispatch)
  })
})

describe('Lanes that are listed', () => {
  const places = [warehouse('LDS', 53.8), warehouse('LON', 51.5)]
  const moved = (over: Partial<Network>) =>
    sent(
      network(places, { delivery: [{ ...defaults.delivery, countries: ['GB'] }], ...over }),
      {
        ...to('GB', 'LS1'),
        lines: ['mug', 'cup'].map((sku) => ({ sku: sku as Sku, quantity: 1, grams: 100 })),
        allow: { backorder: [false, false], split: false, transfer: true },
      },
      { available: (sku) => (sku === 'mug' ? [1, 0] : [0, 1]), lots: () => [] },
    )
  it('are the only ones', () => {
    assert.equal(moved({ lanes: 'listed' }).unfilled, 1)
    const lane = { from: 'LON' as Place, to: 'LDS' as Place, fixedCents: 50, perKgCents: 0, days: 2 }
    const { dispatch, unfilled, parts } = moved({ lanes: 'listed', overrides: [lane] })
    assert.deepEqual([dispatch, unfilled, parts?.transfer], ['2026-11-26', 0, 50])
  })
})

describe('A network that cannot work', () => {
  const good = network([warehouse('LDS', 53.8), warehouse('LON', 51.5)])
  const faults = (change: Partial<Network>) =>
    networkFaults({ ...good, ...change }).map(({ pointer, code }) => `${pointer} ${code}`)
  const place = (more: Partial<Warehouse>) => faults({ warehouses: [warehouse('LDS', 53.8, more)] })
  const service = (more: Partial<DeliveryService>) => faults({ delivery: [{ ...defaults.delivery, ...more }] })
  const day = (text: string) => text as Day

  it('is not one that can', () => assert.deepEqual(faults({}), []))
  it('points at the field of a place', () => {
    assert.deepEqual(place({ timeZone: 'Europe/Leeds' }), ['/warehouses/0/timeZone unknown'])
    assert.deepEqual(place({ cutOff: '25:00' }), ['/warehouses/0/cutOff format'])
    assert.deepEqual(place({ closedDays: [day('2026-02-30')] }), ['/warehouses/0/closedDays/0 format'])
    assert.deepEqual(place({ closedDays: [day('2026-12-24')], openDays: [day('2026-12-24')] }), [
      '/warehouses/0/openDays contradiction',
    ])
    assert.deepEqual(place({ holidays: { country: 'XX' } }), ['/warehouses/0/holidays/country unknown'])
    assert.deepEqual(place({ holidays: { country: 'DE', state: 'XX' } }), ['/warehouses/0/holidays/state unknown'])
    assert.deepEqual(place({ holidays: { country: 'DE', state: 'BY', region: 'A' } }), [])
    assert.deepEqual(place({ workdays: [7] }), ['/delivery/0/pickupDays never'])
    assert.deepEqual(faults({ warehouses: [] }), ['/warehouses required'])
    assert.deepEqual(faults({ warehouses: [warehouse('LDS', 53.8), warehouse('LDS', 51.5)] }), ['/warehouses/1/id duplicate'])
  })
  it('points at the field of a service, all faults at once', () => {
    assert.deepEqual(service({ transit: [{ upToKm: 100, days: 1 }] }), ['/delivery/0/transit open_end'])
    const steps = [
      { upToGrams: 500, cents: 1 },
      { upToGrams: 500, cents: 2 },
      { upToGrams: null, cents: 3 },
    ]
    const zones = [
      { baseCents: 1, transitDays: 1 },
      { countries: ['GB'], baseCents: 1, transitDays: 1 },
    ]
    assert.deepEqual(service({ steps, zones, movingDays: [] }), [
      '/delivery/0/movingDays format',
      '/delivery/0/steps/1/upToGrams never_reached',
      '/delivery/0/zones/1 never_reached',
    ])
    assert.deepEqual(faults({ delivery: [defaults.delivery, defaults.delivery] }), ['/delivery/1/id duplicate'])
  })
  it('points at the field of a lane', () => {
    const lane = { from: 'LDS' as Place, to: 'LON' as Place, fixedCents: 0, perKgCents: 0, days: 1 }
    assert.deepEqual(faults({ overrides: [{ ...lane, to: 'NYC' as Place }] }), ['/overrides/0/to warehouse_unknown'])
    assert.deepEqual(faults({ overrides: [{ ...lane, departureDays: [7] }] }), ['/warehouses/0/workdays never'])
    assert.deepEqual(faults({ transfer: { ...defaults.transfer, movingDays: [9] } }), ['/transfer/movingDays format'])
  })
})
