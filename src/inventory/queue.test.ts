/** Those who wait for a product at one place, when it comes in at another: lanes have days, and places calendars. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Day, Instant, OrderId, Place, Sku } from '../kernel/ids.ts'
import { defaults, type Network, supplyDaysOf, type Warehouse } from '../sourcing/contract.ts'
import { Queue, type QueueTimes } from './queue.ts'
import type { Lot, Waiting } from './store.ts'

const [leeds, york] = ['leeds', 'york'] as Place[] as [Place, Place]
const sku = 'lamp' as Sku
const warehouse = (id: Place): Warehouse => ({
  ...defaults.warehouse,
  id,
  name: id,
  country: 'GB',
  postalCode: 'LS1',
  latitude: 53.8,
  longitude: -1.5,
})
const network = (more: Partial<Network> = {}): Network => ({
  version: 'test@1',
  warehouses: [warehouse(leeds), warehouse(york)],
  delivery: [defaults.delivery],
  transfer: { ...defaults.transfer, transit: [{ upToKm: null, days: 2 }] },
  lanes: 'all',
  overrides: [],
  ...more,
})
const day = (text: string): Day => text as Day
const row = (expected: string, more: Partial<Waiting> = {}): Waiting => ({
  sku,
  order: 'first' as OrderId,
  line: 0,
  place: leeds,
  quantity: 2,
  kind: 'backorder',
  priority: 0,
  at: '2026-11-01T09:00:00.000Z' as Instant,
  promised: day(expected),
  expected: day(expected),
  ...more,
})
const lot = (on: string, place = leeds): Lot => ({
  id: `lot of ${on}`,
  sku,
  place,
  day: day(on),
  quantity: 2,
  received: 0,
  kind: 'purchase',
  reference: undefined,
  closed: false,
})
const timesAt = (now: string, over = network()): QueueTimes => ({
  zone: 'Europe/London',
  now: now as Instant,
  ...supplyDaysOf(over),
})
const thursday = '2026-11-26T09:00:00.000Z'

describe('Units at another place', () => {
  const shared = (expected: string, now: string, over = network()) => {
    const queue = new Queue([lot(expected)], [row(expected)], timesAt(now, over))
    const shares = queue.shares(sku, york, 2)
    for (const { row: waits, units } of shares) queue.fill(waits, units, york)
    return queue.events.flatMap((event) => (event.type === 'SupplyMoved' ? event.lines : []))
  }

  it('are had where the lane brings them sooner, and the order is told the lane’s day', () => {
    // Two working days under way: they leave on Thursday and are there on Monday.
    const [moved] = shared('2026-12-01', thursday)
    assert.deepEqual([moved?.was, moved?.now, moved?.ready], ['2026-12-01', '2026-11-30', '2026-11-30'])
    // After the cut-off they leave on Friday, and come no sooner than what is awaited.
    assert.deepEqual(shared('2026-12-01', '2026-11-26T15:00:00.000Z'), [])
    assert.deepEqual(shared('2026-11-30', thursday), [])
  })

  it('stay where no lane leads, and wait for the van’s day', () => {
    assert.deepEqual(shared('2026-12-09', thursday, network({ overrides: [{ from: york, to: leeds, closed: true }] })), [])
    const wednesdays = network({ transfer: { ...network().transfer, departureDays: [3] } })
    assert.deepEqual(
      shared('2026-12-09', thursday, wednesdays).map(({ ready }) => ready),
      ['2026-12-04'],
    )
    assert.deepEqual(shared('2026-12-04', thursday, wednesdays), [])
  })

  it('are compared with supply that travels too', () => {
    // Awaited in Leeds for Friday, and sent from York: there on Tuesday. What lies in York is there at once.
    const queue = new Queue([lot('2026-11-27')], [row('2026-11-27', { to: york })], timesAt(thursday))
    assert.deepEqual(
      queue.shares(sku, york, 2).map(({ units }) => units),
      [2],
    )
  })
})

describe('Supply that moves', () => {
  it('is told with the day on which it can be packed where it is sent from', () => {
    const queue = new Queue([lot('2026-12-01')], [row('2026-12-01', { to: york })], timesAt(thursday))
    queue.saveLot({ ...lot('2026-12-01'), day: day('2026-12-05') })
    queue.settle()
    const [event] = queue.events
    // Saturday: put away on Monday, two days under way.
    assert.ok(event?.type === 'SupplyMoved')
    assert.deepEqual(event.lines, [
      { line: 0, sku, place: leeds, quantity: 2, was: '2026-12-01', now: '2026-12-05', ready: '2026-12-09' },
    ])
  })

  it('that comes in early can be packed from then on, before the cut-off', () => {
    const early = (now: string) => {
      const queue = new Queue([lot('2026-12-09')], [row('2026-12-09')], timesAt(now))
      queue.fill(row('2026-12-09'), 2, leeds)
      return queue.events.flatMap((event) => (event.type === 'SupplyMoved' ? event.lines.map(({ ready }) => ready) : []))
    }
    assert.deepEqual(early(thursday), ['2026-11-26'])
    assert.deepEqual(early('2026-11-27T15:00:00.000Z'), ['2026-11-30'])
    // On its day it changes nothing, whatever the hour.
    assert.deepEqual(early('2026-12-09T20:00:00.000Z'), [])
  })
})
