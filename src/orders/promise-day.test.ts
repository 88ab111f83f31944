import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Day, Instant, Place, Sku } from '../kernel/ids.ts'
import type { Source, StockSeen } from '../inventory/contract.ts'
import type { Shipment, ShipmentLine } from './contract.ts'
import { type BufferDays, holdsUntil, type PlaceClock, promising } from './promise-day.ts'

const nothing: StockSeen = { free: () => [], lots: () => [] }
const units = (from: string, kind: ShipmentLine['kind'] = 'stock', line = 0): ShipmentLine => ({
  line,
  sku: 'mug' as Sku,
  quantity: 1,
  from: from as Place,
  kind,
})
const parcel = (place: string, arrives: string, lines: readonly ShipmentLine[] = [units(place)]): Shipment => ({
  place: place as Place,
  dispatch: arrives as Day,
  arrives: arrives as Day,
  lines,
})
const answers =
  (...shipments: readonly Shipment[]): Source =>
  () => ({ shipments, unfilled: [] })
const never: Source = () => assert.fail('asked although the promise is kept')
const noBuffer: BufferDays = () => 0
const request = {
  at: '2026-11-24T09:00:00.000Z' as Instant,
  destination: { country: 'GB', postalCode: 'LS1', latitude: 53.8, longitude: -1.5 },
  lines: [],
  shippingMethod: 'standard',
}
const by = (day: string) => ({ ...request, by: day as Day })

describe('The day that is promised', () => {
  it('is the last arrival, and nothing is added where nothing is known', () => {
    const answer = promising(
      answers(parcel('leeds', '2026-11-25'), parcel('york', '2026-11-26')),
      never,
      noBuffer,
    )(request, nothing)
    assert.equal(answer.promised, undefined)
  })

  it('allows for what is usual on each lane', () => {
    const asked: unknown[] = []
    const buffer: BufferDays = (lane) => {
      asked.push(lane)
      return lane.place === 'leeds' ? 3 : 0
    }
    const answer = promising(answers(parcel('leeds', '2026-11-25'), parcel('york', '2026-11-26')), never, buffer)(request, nothing)
    assert.equal(answer.promised, '2026-11-28')
    assert.deepEqual(asked[0], { place: 'leeds', service: 'standard', country: 'GB' })
  })

  it('crosses months', () =>
    assert.equal(promising(answers(parcel('leeds', '2026-11-29')), never, () => 2)(request, nothing).promised, '2026-12-01'))

  it('does not look at a parcel that lost all its lines', () => {
    const source = answers(parcel('leeds', '2026-11-25'), parcel('york', '2026-12-24', []))
    assert.equal(promising(source, never, () => 1)(request, nothing).promised, '2026-11-26')
  })
})

describe('A plan for an order that was promised', () => {
  const cheap = answers(parcel('york', '2026-11-27'))
  const fast = answers(parcel('leeds', '2026-11-25'))
  const planned = (source: Source, hurried: Source, day: string): readonly string[] =>
    promising(source, hurried, noBuffer)(by(day), nothing).shipments.map(({ place }) => place)

  it('is the usual one where that keeps the promise', () => assert.deepEqual(planned(cheap, never, '2026-11-27'), ['york']))
  it('is a faster one where only that keeps it', () => assert.deepEqual(planned(cheap, fast, '2026-11-26'), ['leeds']))
  it('is the usual one where none keeps it: speed that is too late is not worth its price', () =>
    assert.deepEqual(planned(cheap, fast, '2026-11-24'), ['york']))
  it('is the usual one where the faster one leaves something out', () => {
    const partly: Source = () => ({ shipments: [parcel('leeds', '2026-11-25')], unfilled: [{ line: 1, quantity: 1 }] })
    assert.deepEqual(planned(cheap, partly, '2026-11-26'), ['york'])
  })
  it('is not looked for when it cannot be had at all', () => {
    const short: Source = () => ({ shipments: [], unfilled: [{ line: 0, quantity: 1 }] })
    assert.equal(promising(short, never, noBuffer)(by('2026-11-24'), nothing).unfilled.length, 1)
  })
})

const clock = (id: string, more: Partial<PlaceClock> = {}): PlaceClock => ({
  id: id as Place,
  timeZone: 'Europe/London',
  cutOff: '14:00',
  workdays: [1, 2, 3, 4, 5],
  ...more,
})
const until = (plan: readonly Shipment[], clocks: readonly PlaceClock[], at: string): string | undefined =>
  holdsUntil(plan, clocks, at as Instant)

describe('How long a plan holds', () => {
  const fromLeeds = [parcel('leeds', '2026-11-25')]
  const leeds = [clock('leeds')]

  it('is until the next cut-off of the place that sends it', () => {
    assert.equal(until(fromLeeds, leeds, '2026-11-24T09:00:00.000Z'), '2026-11-24T14:00:00.000Z')
    assert.equal(until(fromLeeds, leeds, '2026-11-24T13:59:59.999Z'), '2026-11-24T14:00:00.000Z')
    assert.equal(until(fromLeeds, leeds, '2026-11-24T14:00:00.000Z'), '2026-11-25T14:00:00.000Z')
  })
  it('passes over days on which it is closed', () =>
    assert.equal(until(fromLeeds, leeds, '2026-11-27T15:00:00.000Z'), '2026-11-30T14:00:00.000Z'))
  it('is said in the place’s own time, in summer and over a change of the clocks', () => {
    assert.equal(until(fromLeeds, leeds, '2026-07-01T09:00:00.000Z'), '2026-07-01T13:00:00.000Z')
    const chicago = [clock('leeds', { timeZone: 'America/Chicago', cutOff: '20:30' })]
    assert.equal(until(fromLeeds, chicago, '2026-11-25T01:00:00.000Z'), '2026-11-25T02:30:00.000Z')
    const sunday = [clock('leeds', { timeZone: 'Europe/Berlin', cutOff: '03:30', workdays: [7] })]
    assert.equal(until(fromLeeds, sunday, '2026-03-28T12:00:00.000Z'), '2026-03-29T01:30:00.000Z')
    assert.equal(until(fromLeeds, sunday, '2026-10-24T12:00:00.000Z'), '2026-10-25T02:30:00.000Z')
  })
  it('is until the first of several, those that move goods included', () => {
    const moved = [parcel('leeds', '2026-11-26', [units('leeds'), units('york', 'transfer', 1)])]
    const both = [...leeds, clock('york', { cutOff: '11:00' }), clock('bath', { cutOff: '10:00' })]
    assert.equal(until(moved, both, '2026-11-24T09:00:00.000Z'), '2026-11-24T11:00:00.000Z')
  })
  it('is not said of what waits for supply', () =>
    assert.equal(
      until([parcel('leeds', '2026-12-24', [units('leeds', 'backorder')])], leeds, '2026-11-24T09:00:00.000Z'),
      undefined,
    ))
})
