/** Supply that moves, on calendars: the days of a parcel are those that it would have been planned with. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Day, Instant, Place, Sku } from '../kernel/ids.ts'
import { addDays } from '../kernel/time.ts'
import { type DeliveryService, defaults, type Network, type Warehouse } from './network.ts'
import { cheapest } from './presets.ts'
import type { Levels, SourcingOrder } from './request.ts'
import { createSourcer } from './source.ts'
import { supplyDaysOf } from './supply-days.ts'

const [leeds, york] = ['leeds', 'york'] as Place[] as [Place, Place]
const warehouse = (id: Place, more: Partial<Warehouse> = {}): Warehouse => ({
  ...defaults.warehouse,
  id,
  name: id,
  country: 'GB',
  postalCode: 'LS1',
  latitude: 53.8,
  longitude: -1.5,
  ...more,
})
const service: DeliveryService = { ...defaults.delivery, transit: [{ upToKm: null, days: 1 }], deliveryDays: [1, 2, 3, 4, 5] }
const network = (more: Partial<Network> = {}, places = [warehouse(leeds), warehouse(york)]): Network => ({
  version: 'test@1',
  warehouses: places,
  delivery: [service],
  transfer: { ...defaults.transfer, transit: [{ upToKm: null, days: 2 }] },
  lanes: 'all',
  overrides: [],
  ...more,
})
const way = { destination: { country: 'GB', postalCode: 'LS1 4AP', latitude: 53.8, longitude: -1.5 }, shippingMethod: 'standard' }
const day = (text: string): Day => text as Day
/** A Wednesday; the weeks around it have no holiday but those that are named. */
const wednesday = day('2026-11-25')
const planned = { place: leeds, dispatch: wednesday, arrives: day('2026-11-26') }

describe('Supply that moves', () => {
  it('is put away, collected and delivered on working days', () => {
    const days = supplyDaysOf(network({}, [warehouse(leeds, { handlingDays: 1 })]))
    // It comes in on a Saturday: put away on Monday, handled by Tuesday.
    assert.equal(days.fromSupply(leeds, leeds, day('2026-11-28')), '2026-12-01')
    assert.deepEqual(days.sent(planned, day('2026-12-01'), way), { dispatch: '2026-12-01', arrives: '2026-12-02' })
    // Packed on a Friday: the carrier is under way on Monday, and on a Saturday he collects nothing.
    assert.deepEqual(days.sent(planned, day('2026-11-27'), way), { dispatch: '2026-11-27', arrives: '2026-11-30' })
    assert.deepEqual(days.sent(planned, day('2026-11-28'), way), { dispatch: '2026-11-30', arrives: '2026-12-01' })
  })

  it('keeps the holidays of the place and of the carrier', () => {
    const kept = network({}, [warehouse(leeds, { holidays: { country: 'GB', state: 'ENG' } })])
    // Christmas is a Friday, and Boxing Day is had on Monday.
    assert.equal(supplyDaysOf(kept).fromSupply(leeds, leeds, day('2026-12-25')), '2026-12-29')
    assert.deepEqual(supplyDaysOf(kept).sent(planned, day('2026-12-24'), way), { dispatch: '2026-12-24', arrives: '2026-12-29' })
  })

  it('leaves on the day only before the cut-off', () => {
    const days = supplyDaysOf(network())
    const at = (time: string) => days.fromShelf(leeds, leeds, `2026-11-25T${time}:00.000Z` as Instant)
    assert.deepEqual([at('13:59'), at('14:00')], ['2026-11-25', '2026-11-26'])
    assert.equal(days.fromShelf(leeds, leeds, '2026-11-27T15:00:00.000Z' as Instant), '2026-11-30')
  })

  it('travels on the lane’s days', () => {
    const days = supplyDaysOf(network({ transfer: { ...network().transfer, departureDays: [2, 4], crossDockDays: 1 } }))
    const monday = '2026-11-23T09:00:00.000Z' as Instant
    // It leaves on Tuesday, is two days under way, and is put together with the rest on Friday.
    assert.equal(days.fromShelf(york, leeds, monday), '2026-11-27')
    // Supply of a Thursday leaves on that day, and arrives on Monday.
    assert.equal(days.fromSupply(york, leeds, day('2026-11-26')), '2026-12-01')
    const closed = supplyDaysOf(network({ overrides: [{ from: york, to: leeds, closed: true }] }))
    assert.equal(closed.fromSupply(york, leeds, day('2026-11-26')), undefined)
    assert.equal(closed.fromShelf('nowhere' as Place, leeds, monday), undefined)
  })

  it('goes by the service that it was planned with, and of several alike by the day that all keep', () => {
    const slow = { ...service, id: 'slow', transit: [{ upToKm: null, days: 3 }] }
    const weekends = { ...service, id: 'weekends', deliveryDays: [1, 2, 3, 4, 5, 6, 7], movingDays: [1, 2, 3, 4, 5, 6, 7] }
    const days = supplyDaysOf(network({ delivery: [weekends, slow, service] }))
    assert.deepEqual(days.sent(planned, day('2026-11-27'), way), { dispatch: '2026-11-27', arrives: '2026-11-30' })
    const three = { ...planned, arrives: day('2026-11-30') }
    assert.deepEqual(days.sent(three, day('2026-11-27'), way), { dispatch: '2026-11-27', arrives: '2026-12-02' })
    assert.equal(supplyDaysOf(network({ delivery: [{ ...service, countries: ['FR'] }] })).sent(planned, wednesday, way), undefined)
  })

  it('has the days that it would have been planned with', () => {
    const at = '2026-12-14T09:00:00.000Z' as Instant
    const over = network({ transfer: { ...network().transfer, departureDays: [1, 3] } }, [
      warehouse(leeds, { holidays: { country: 'GB', state: 'ENG' }, handlingDays: 1 }),
      warehouse(york, { hub: false, workdays: [1, 2, 3, 4, 5, 6], handlingDays: 2 }),
    ])
    const { source } = createSourcer(over, cheapest)
    const order: SourcingOrder = {
      at,
      ...way,
      lines: ['lamp', 'mug'].map((sku) => ({ sku: sku as Sku, quantity: 1, grams: 500, together: 'set' })),
      allow: { backorder: [true, false], split: true, transfer: true },
    }
    const days = supplyDaysOf(over)
    let compared = 0
    for (const place of [leeds, york]) {
      /** The mug lies in Leeds, so the lamp goes there; it is awaited for a day. */
      const planFor = (awaited: Day) => {
        const levels: Levels = {
          available: (sku) => (sku === 'mug' ? [1, 0] : [0, 0]),
          lots: (sku) => (sku === 'mug' ? [] : [{ place, day: awaited, quantity: 1 }]),
        }
        const { shipments } = source(order, levels)
        assert.equal(shipments.length, 1)
        const [parcel] = shipments
        return parcel ?? assert.fail()
      }
      for (let was = 1; was < 25; was += 3) {
        const before = planFor(addDays(day('2026-12-14'), was))
        for (let now = 1; now < 25; now++) {
          const awaited = addDays(day('2026-12-14'), now)
          const after = planFor(awaited)
          const ready = days.fromSupply(place, leeds, awaited) ?? assert.fail()
          const lamp = after.lines.find(({ line }) => line === 0)
          assert.equal(ready, lamp?.ready, `${place} ${awaited}`)
          assert.deepEqual(
            days.sent(before, ready, way),
            { dispatch: after.dispatch, arrives: after.arrives },
            `${place} ${awaited}`,
          )
          compared++
        }
      }
    }
    assert.equal(compared, 2 * 8 * 24)
  })
})
