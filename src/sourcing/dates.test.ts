/** The days that are promised, worked out by hand: through the real sourcer, and told step by step. 2026-11-24 is a Tuesday. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Day, Instant, Place, Sku } from '../kernel/ids.ts'
import { type DeliveryService, defaults, type Network, type TransferTariff, type Warehouse } from './network.ts'
import { cheapest } from './presets.ts'
import type { Levels, SourcingOrder } from './request.ts'
import { createSourcer } from './source.ts'
import { parcelSteps } from './steps.ts'

type Town = Pick<Warehouse, 'country' | 'latitude' | 'longitude' | 'timeZone' | 'holidays'>
const towns = {
  Berlin: { country: 'DE', latitude: 52.52, longitude: 13.4, timeZone: 'Europe/Berlin', holidays: { country: 'DE', state: 'BE' } },
  Munich: { country: 'DE', latitude: 48.14, longitude: 11.58, timeZone: 'Europe/Berlin', holidays: { country: 'DE', state: 'BY' } },
  'New York': { country: 'US', latitude: 40.71, longitude: -74, timeZone: 'America/New_York', holidays: { country: 'US' } },
  Tokyo: { country: 'JP', latitude: 35.68, longitude: 139.69, timeZone: 'Asia/Tokyo', holidays: { country: 'JP' } },
  Sydney: {
    country: 'AU',
    latitude: -33.87,
    longitude: 151.21,
    timeZone: 'Australia/Sydney',
    holidays: { country: 'AU', state: 'NSW' },
  },
} as const satisfies Record<string, Town>
type TownName = keyof typeof towns

const days = (...texts: string[]) => texts as Day[]
const monToFri = [1, 2, 3, 4, 5]
const monToSat = [1, 2, 3, 4, 5, 6]

type Case = Readonly<{
  from: TownName
  at: string
  leaves: string
  arrives: string
  place?: Partial<Warehouse>
  carrier?: Partial<DeliveryService>
  to?: string
  /** A second line lies here and is moved to `from`. */
  moved?: TownName
  lane?: Partial<TransferTariff>
  backlog?: number
  supply?: string
}>
const berlin = (at: string, leaves: string, arrives: string, more: Partial<Case> = {}): Case => ({
  from: 'Berlin',
  at,
  leaves,
  arrives,
  ...more,
})
const newYork = (at: string, leaves: string, arrives: string): Case => ({ from: 'New York', at, leaves, arrives })
const tokyo = (at: string, leaves: string, arrives: string): Case => ({ from: 'Tokyo', at, leaves, arrives })

const tables: Readonly<Record<string, Readonly<Record<string, Case>>>> = {
  'around the cut-off at 14:00 of the place': {
    'Berlin, a minute before': berlin('2026-11-24T12:59Z', '2026-11-24', '2026-11-25'),
    'Berlin, on the stroke': berlin('2026-11-24T13:00Z', '2026-11-25', '2026-11-26'),
    'Berlin, a minute after': berlin('2026-11-24T13:01Z', '2026-11-25', '2026-11-26'),
    'New York, a minute before': newYork('2026-11-17T18:59Z', '2026-11-17', '2026-11-18'),
    'New York, a minute after': newYork('2026-11-17T19:01Z', '2026-11-18', '2026-11-19'),
    'Tokyo, a minute before': tokyo('2026-11-24T04:59Z', '2026-11-24', '2026-11-25'),
    'Tokyo, a minute after': tokyo('2026-11-24T05:01Z', '2026-11-25', '2026-11-26'),
  },
  'where the day is another than in UTC': {
    'Tokyo, the next morning already': tokyo('2026-11-24T23:00Z', '2026-11-25', '2026-11-26'),
    'New York, the evening before still': newYork('2026-11-18T03:00Z', '2026-11-18', '2026-11-19'),
    'Sydney, the next morning in summer time': {
      from: 'Sydney',
      at: '2026-11-23T21:00Z',
      leaves: '2026-11-24',
      arrives: '2026-11-25',
    },
  },
  'when the clocks change': {
    'Berlin in spring, Friday before the cut-off': berlin('2026-03-27T12:59Z', '2026-03-27', '2026-03-30'),
    'Berlin in spring, Friday after it': berlin('2026-03-27T13:01Z', '2026-03-30', '2026-03-31'),
    'Berlin in spring, just after the lost hour': berlin('2026-03-29T01:30Z', '2026-03-30', '2026-03-31'),
    'Berlin in spring, Monday before the cut-off': berlin('2026-03-30T11:59Z', '2026-03-30', '2026-03-31'),
    'Berlin in spring, Monday after it': berlin('2026-03-30T12:01Z', '2026-03-31', '2026-04-01'),
    'Berlin in autumn, Friday after the cut-off': berlin('2026-10-23T12:01Z', '2026-10-26', '2026-10-27'),
    'Berlin in autumn, in the hour that comes twice': berlin('2026-10-25T01:30Z', '2026-10-26', '2026-10-27'),
    'Berlin in autumn, Monday before the cut-off': berlin('2026-10-26T12:59Z', '2026-10-26', '2026-10-27'),
    'New York in autumn, Friday before the cut-off': newYork('2026-10-30T17:59Z', '2026-10-30', '2026-11-02'),
    'New York in autumn, Monday before it': newYork('2026-11-02T18:59Z', '2026-11-02', '2026-11-03'),
    'New York in autumn, Monday after it': newYork('2026-11-02T19:01Z', '2026-11-03', '2026-11-04'),
  },
  'over a weekend': {
    'ordered on Saturday': berlin('2026-11-28T09:00Z', '2026-11-30', '2026-12-01'),
    'on an extra Saturday, collected': berlin('2026-11-28T09:00Z', '2026-11-28', '2026-11-30', {
      place: { openDays: days('2026-11-28') },
      carrier: { pickupDays: monToSat },
    }),
    'on an extra Saturday, not collected': berlin('2026-11-28T09:00Z', '2026-11-30', '2026-12-01', {
      place: { openDays: days('2026-11-28') },
    }),
    'under way and delivered on Saturday': berlin('2026-11-27T10:00Z', '2026-11-27', '2026-11-28', {
      carrier: { movingDays: monToSat },
    }),
    'under way on Saturday, not delivered then': berlin('2026-11-27T10:00Z', '2026-11-27', '2026-11-30', {
      carrier: { movingDays: monToSat, deliveryDays: monToFri },
    }),
    'two handling days from Thursday': berlin('2026-11-26T09:00Z', '2026-11-30', '2026-12-01', { place: { handlingDays: 2 } }),
    'a handling day from Friday afternoon': berlin('2026-11-27T14:00Z', '2026-12-01', '2026-12-02', { place: { handlingDays: 1 } }),
    'supply that comes on Saturday': berlin('2026-11-24T09:00Z', '2026-11-30', '2026-12-01', { supply: '2026-11-28' }),
  },
  'around holidays': {
    'under way over Christmas': berlin('2026-12-24T10:00Z', '2026-12-24', '2026-12-28'),
    'after the cut-off on Christmas Eve': berlin('2026-12-24T14:00Z', '2026-12-28', '2026-12-29'),
    'after the cut-off before Good Friday': berlin('2026-04-02T13:00Z', '2026-04-07', '2026-04-08'),
    'over New Year': berlin('2026-12-31T10:00Z', '2026-12-31', '2027-01-04'),
    'Corpus Christi, where it is kept': { from: 'Munich', at: '2026-06-04T08:00Z', leaves: '2026-06-05', arrives: '2026-06-08' },
    'Corpus Christi, where it is not': berlin('2026-06-04T08:00Z', '2026-06-04', '2026-06-05'),
    'Thanksgiving, the day before': newYork('2026-11-25T15:00Z', '2026-11-25', '2026-11-27'),
    'Culture Day, ordered the afternoon before': tokyo('2026-11-02T05:01Z', '2026-11-04', '2026-11-05'),
    "Bastille Day, the destination's": berlin('2026-07-13T10:00Z', '2026-07-13', '2026-07-15', { to: 'FR' }),
    "two days under way, over the destination's holiday": berlin('2026-07-13T10:00Z', '2026-07-13', '2026-07-16', {
      to: 'FR',
      carrier: { transit: [{ upToKm: null, days: 2 }] },
    }),
    'a carrier that keeps none': berlin('2026-07-13T10:00Z', '2026-07-13', '2026-07-14', {
      to: 'FR',
      carrier: { holidays: false },
    }),
    'a day the carrier is closed': berlin('2026-11-24T13:01Z', '2026-11-26', '2026-11-27', {
      carrier: { closedDays: days('2026-11-25') },
    }),
    'a day the place takes stock': berlin('2026-11-24T08:00Z', '2026-11-25', '2026-11-26', {
      place: { closedDays: days('2026-11-24') },
    }),
    'a holiday on which the place works, and the carrier does not': berlin('2026-05-14T08:00Z', '2026-05-15', '2026-05-18', {
      place: { openDays: days('2026-05-14') },
    }),
  },
  'with goods moved from another place': {
    'any working day, a day under way': berlin('2026-11-24T09:00Z', '2026-11-25', '2026-11-26', { moved: 'Munich' }),
    'over a weekend': berlin('2026-11-27T09:00Z', '2026-11-30', '2026-12-01', { moved: 'Munich' }),
    'that leave on Thursdays': berlin('2026-11-24T09:00Z', '2026-11-27', '2026-11-30', {
      moved: 'Munich',
      lane: { departureDays: [4] },
    }),
    'that leave on Thursdays, ordered on Thursday afternoon': berlin('2026-11-26T14:00Z', '2026-12-04', '2026-12-07', {
      moved: 'Munich',
      lane: { departureDays: [4] },
    }),
    'with a day of cross-docking': berlin('2026-11-26T09:00Z', '2026-11-30', '2026-12-01', {
      moved: 'Munich',
      lane: { crossDockDays: 1 },
    }),
    'that travel on Saturday too': berlin('2026-11-27T09:00Z', '2026-11-30', '2026-12-01', {
      moved: 'Munich',
      lane: { movingDays: monToSat },
    }),
    "on the sender's holiday": berlin('2026-06-04T08:00Z', '2026-06-08', '2026-06-09', { moved: 'Munich' }),
    "that arrive on the hub's holiday, with a day of cross-docking": {
      from: 'Munich',
      at: '2026-06-03T08:00Z',
      leaves: '2026-06-08',
      arrives: '2026-06-09',
      moved: 'Berlin',
      lane: { crossDockDays: 1 },
    },
    "that arrive on the hub's holiday": {
      from: 'Munich',
      at: '2026-06-03T08:00Z',
      leaves: '2026-06-05',
      arrives: '2026-06-08',
      moved: 'Berlin',
    },
  },
  'behind other orders, at 100 units a day': {
    'that leave room for one more': berlin('2026-11-24T09:00Z', '2026-11-24', '2026-11-25', { backlog: 99 }),
    'that fill the day': berlin('2026-11-24T09:00Z', '2026-11-25', '2026-11-26', { backlog: 100 }),
    'that fill two days and a half': berlin('2026-11-24T09:00Z', '2026-11-26', '2026-11-27', { backlog: 250 }),
    'over a weekend': berlin('2026-11-27T09:00Z', '2026-11-30', '2026-12-01', { backlog: 150 }),
  },
}

const warehouse = (name: TownName, more: Partial<Warehouse> = {}): Warehouse => ({
  ...defaults.warehouse,
  ...towns[name],
  id: name as Place,
  name,
  postalCode: '1',
  ...more,
})

const asked = ({ from, at, to, moved, supply }: Case): SourcingOrder => ({
  at: new Date(at).toISOString() as Instant,
  destination: {
    country: to ?? towns[from].country,
    postalCode: '1',
    latitude: towns[from].latitude,
    longitude: towns[from].longitude,
  },
  lines: [
    { sku: 'here' as Sku, quantity: 1, grams: 100 },
    ...(moved === undefined ? [] : [{ sku: 'there' as Sku, quantity: 1, grams: 100 }]),
  ],
  allow: { backorder: [supply !== undefined, false], split: false, transfer: true },
})

const sourced = (row: Case) => {
  const { from, place = {}, carrier = {}, moved, lane = {}, backlog, supply } = row
  const network: Network = {
    version: 'dates@1',
    warehouses: [
      warehouse(from, { ...place, ...(backlog === undefined ? {} : { unitsPerDay: 100 }) }),
      ...(moved === undefined ? [] : [warehouse(moved, { hub: false })]),
    ],
    delivery: [
      {
        ...defaults.delivery,
        transit: [{ upToKm: null, days: 1 }],
        abroad: { cents: 0, days: 0 },
        ...carrier,
      },
    ],
    transfer: { ...defaults.transfer, ...lane },
    lanes: 'all',
    overrides: [],
  }
  const order = asked(row)
  const levels: Levels = {
    available: (sku) => (sku === 'here' ? [supply === undefined ? 1 : 0, 0] : [0, 1]),
    lots: (sku) => (supply !== undefined && sku === 'here' ? [{ place: from as Place, day: supply as Day, quantity: 1 }] : []),
    ...(backlog === undefined ? {} : { utilisation: [backlog / 100, 0] }),
  }
  const { shipments, unfilled } = createSourcer(network, cheapest).source(order, levels)
  assert.deepEqual(unfilled, [])
  const [parcel, ...others] = shipments
  if (parcel === undefined || others.length > 0) throw new Error(`${shipments.length} parcels, not one`)
  return { parcel, steps: parcelSteps(network, { ...order, utilisation: levels.utilisation }, parcel) }
}

describe('The days of a parcel', () => {
  for (const [table, rows] of Object.entries(tables)) {
    describe(table, () => {
      for (const [label, row] of Object.entries(rows)) {
        it(label, () => {
          const { parcel, steps } = sourced(row)
          assert.deepEqual([parcel.dispatch, parcel.arrives], [row.leaves, row.arrives], steps.map(({ words }) => words).join('; '))
          const told = (name: string) => steps.findLast(({ step }) => step === name)?.day
          assert.deepEqual([told('collected'), told('delivered')], [row.leaves, row.arrives])
        })
      }
    })
  }

  it('are told step by step', () => {
    const { steps } = sourced(
      berlin('2026-11-24T13:01Z', '', '', {
        moved: 'Munich',
        place: { handlingDays: 1 },
        backlog: 150,
        lane: { departureDays: [5], crossDockDays: 1 },
      }),
    )
    assert.deepEqual(
      steps.map(({ place, words }) => `${place}: ${words}`),
      [
        'Berlin: ordered at 14:01 in Berlin on 2026-11-24',
        'Berlin: after the cut-off at 14:00: counts from 2026-11-25',
        'Berlin: handled in 1 working day: 2026-11-26',
        'Berlin: behind 1 working day of other orders: its turn is on 2026-11-27',
        'Munich: ordered at 14:01 in Munich on 2026-11-24',
        'Munich: after the cut-off at 14:00: counts from 2026-11-25',
        'Munich: leaves Munich on 2026-11-27',
        'Berlin: 1 working day under way: in Berlin on 2026-11-30',
        'Berlin: put together with the rest in 1 working day: 2026-12-01',
        'Berlin: Parcel Carrier collects on 2026-12-01',
        'Berlin: 1 working day under way: there on 2026-12-02',
        'Berlin: delivered on 2026-12-02',
      ],
    )
  })
})
