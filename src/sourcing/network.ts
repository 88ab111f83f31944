/** The network as data: places, what carriers charge and how long they take, and lanes between places. Immutable by version. */
import type { Place } from '../kernel/ids.ts'
import { minutesOf, weekdays } from './calendar.ts'

export type Warehouse = Readonly<{
  id: Place
  name: string
  /** ISO 3166, two letters. */
  country: string
  postalCode: string
  latitude: number
  longitude: number
  timeZone: string
  /** HH:MM on its own clock: an order placed later counts for the next working day. */
  cutOff: string
  /** 1 = Monday … 7 = Sunday. */
  workdays: readonly number[]
  handlingDays: number
  pickCents: number
  perUnitCents: number
  /** Whether goods may be moved here to leave in one parcel. */
  hub: boolean
}>

/** Rows from the nearest on; the last one is open (`upToKm` null). */
export type DaysByDistance = readonly Readonly<{ upToKm: number | null; days: number }>[]
export type WeightStep = Readonly<{ upToGrams: number | null; cents: number }>

export type DeliveryService = Readonly<{
  id: string
  carrier: string
  baseCents: number
  perKgCents: number
  per100KmCents: number
  transit: DaysByDistance
  abroad: Readonly<{ cents: number; days: number }>
  /** Cents by the parcel's weight, on top of the base; null where weight counts by the kilo alone. */
  steps: readonly WeightStep[] | null
  pickupDays: readonly number[]
  deliveryDays: readonly number[]
  /** Destination countries; null is everywhere. */
  countries: readonly string[] | null
}>

export type TransferTariff = Readonly<{ fixedCents: number; perKgCents: number; transit: DaysByDistance }>
export type LaneOverride = Readonly<
  { from: Place; to: Place; fixedCents: number; perKgCents: number; days: number } | { from: Place; to: Place; closed: true }
>

export type Network = Readonly<{
  version: string
  warehouses: readonly Warehouse[]
  delivery: readonly DeliveryService[]
  transfer: TransferTariff
  /** 'all': every place to every hub, priced by distance; overrides replace or close single lanes. 'listed': overrides only. */
  lanes: 'all' | 'listed'
  overrides: readonly LaneOverride[]
}>

/**
 * What a shop may start from: about what small British senders pay a parcel carrier, and a van that goes round anyway.
 * A parcel is dear to send at all and cheap to make heavier, so a second parcel costs more than moving a light line, and
 * moving a heavy or many-unit line (which also waits a day) costs more than a second parcel: baskets do both.
 */
export const defaults = {
  delivery: {
    id: 'standard',
    carrier: 'Parcel Carrier',
    baseCents: 395,
    perKgCents: 60,
    // Near is a little cheaper, so of two places that have everything the nearer one sends.
    per100KmCents: 12,
    transit: [
      { upToKm: 250, days: 1 },
      { upToKm: 600, days: 2 },
      { upToKm: null, days: 3 },
    ],
    abroad: { cents: 600, days: 5 },
    steps: null,
    pickupDays: [1, 2, 3, 4, 5],
    deliveryDays: [1, 2, 3, 4, 5, 6],
    countries: null,
  },
  transfer: { fixedCents: 120, perKgCents: 20, transit: [{ upToKm: null, days: 1 }] },
  warehouse: {
    timeZone: 'Europe/London',
    cutOff: '14:00',
    workdays: [1, 2, 3, 4, 5],
    handlingDays: 0,
    pickCents: 65,
    perUnitCents: 4,
    hub: true,
  },
} as const satisfies Readonly<{
  delivery: DeliveryService
  transfer: TransferTariff
  warehouse: Omit<Warehouse, 'id' | 'name' | 'country' | 'postalCode' | 'latitude' | 'longitude'>
}>

export type Position = Readonly<{ latitude: number; longitude: number }>

const earthRadiusKm = 6371
/** Great-circle distance; roads are longer, by about the same factor everywhere, which the tariff absorbs. */
export const distanceKm = (a: Position, b: Position): number => {
  const rad = Math.PI / 180
  const across = Math.sin(((b.latitude - a.latitude) * rad) / 2) ** 2
  const along = Math.sin(((b.longitude - a.longitude) * rad) / 2) ** 2
  const chord = across + Math.cos(a.latitude * rad) * Math.cos(b.latitude * rad) * along
  return 2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(chord)))
}

export const daysAt = (rows: DaysByDistance, km: number): number => {
  for (const row of rows) if (row.upToKm === null || km < row.upToKm) return row.days
  throw new RangeError('days by distance: the last row must be open (upToKm null)')
}

/** The network contradicts itself; found when it is loaded, not when an order comes. */
export const checkNetwork = (network: Network): void => {
  const ids = new Set<string>()
  if (network.warehouses.length === 0) throw new RangeError('a network needs a warehouse')
  for (const warehouse of network.warehouses) {
    if (ids.has(warehouse.id)) throw new RangeError(`warehouse ${warehouse.id} is there twice`)
    ids.add(warehouse.id)
    minutesOf(warehouse.cutOff)
    const open = weekdays(warehouse.workdays)
    for (const service of network.delivery) {
      if ((open & weekdays(service.pickupDays)) === 0)
        throw new RangeError(`${service.id} never collects while ${warehouse.id} is open`)
    }
  }
  for (const service of network.delivery) {
    weekdays(service.deliveryDays)
    if (service.transit.at(-1)?.upToKm !== null) throw new RangeError(`${service.id}: the last transit row must be open`)
    if (service.steps !== null && service.steps.at(-1)?.upToGrams !== null)
      throw new RangeError(`${service.id}: the last weight step must be open`)
  }
  if (network.transfer.transit.at(-1)?.upToKm !== null) throw new RangeError('transfer: the last transit row must be open')
  for (const lane of network.overrides) {
    if (!ids.has(lane.from) || !ids.has(lane.to)) throw new RangeError(`lane ${lane.from} to ${lane.to}: no such warehouse`)
  }
}
