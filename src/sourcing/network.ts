/** The network as data: places, what carriers charge and how long they take, and lanes between places. Immutable by version. */
import type { Day, Place } from '../kernel/ids.ts'

/** Whose public holidays: a country, or a part of it, as `date-holidays` names them. */
export type Region = Readonly<{ country: string; state?: string; region?: string }>

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
  /** Whose public holidays it keeps; null or absent: none. */
  holidays?: Region | null
  /** Closed on these days, whatever the weekday. */
  closedDays?: readonly Day[]
  /** Open on these days, whatever the weekday or holiday. */
  openDays?: readonly Day[]
  /** Units it picks and packs on a working day; null or absent: as many as come. */
  unitsPerDay?: number | null
  /** Countries it sends no parcel to; it may still move goods to a hub that does. */
  blockedCountries?: readonly string[]
}>

/** Rows from the nearest on; the last one is open (`upToKm` null). */
export type DaysByDistance = readonly Readonly<{ upToKm: number | null; days: number }>[]
export type WeightStep = Readonly<{ upToGrams: number | null; cents: number }>

/** A part of the world with a price and days of its own; what is not said matches everything. */
export type Zone = Readonly<{
  countries?: readonly string[]
  /** A postcode begins with one of these; spaces and case do not count. */
  postalPrefixes?: readonly string[]
  baseCents: number
  /** Else the service's. */
  perKgCents?: number
  transitDays: number
}>

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
  /** The speeds it is for: with them it serves only orders that ask for one of these; without, every order. */
  shippingMethods?: readonly string[]
  /** The first that matches gives price and days, in place of base, distance and abroad; where none does, it does not serve. */
  zones?: readonly Zone[]
  /** Weekdays that count as days under way; absent: the pickup days. */
  movingDays?: readonly number[]
  /** Keeps public holidays: collects on none of the sender's country, delivers on none of the destination's, moves on neither. */
  holidays?: boolean
  /** It neither collects nor moves nor delivers on these. */
  closedDays?: readonly Day[]
}>

/** When goods move between places. */
export type LaneTimes = Readonly<{
  /** Weekdays on which it leaves, if the sending place works; absent: every one of its working days. */
  departureDays?: readonly number[]
  /** Weekdays that count as days under way, less the sending place's holidays; absent: its working days. */
  movingDays?: readonly number[]
  /** Working days of the hub between arrival and packing; absent: 0. */
  crossDockDays?: number
}>
export type TransferTariff = LaneTimes & Readonly<{ fixedCents: number; perKgCents: number; transit: DaysByDistance }>
export type LaneOverride =
  | (LaneTimes & Readonly<{ from: Place; to: Place; fixedCents: number; perKgCents: number; days: number }>)
  | Readonly<{ from: Place; to: Place; closed: true }>

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
    holidays: true,
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
    holidays: null,
    closedDays: [],
    openDays: [],
    unitsPerDay: null,
    blockedCountries: [],
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

const plainPostcode = (postalCode: string): string => postalCode.replaceAll(/[\s-]/g, '').toUpperCase()

type To = Readonly<{ country: string; postalCode: string }>
type ZoneTest = Readonly<{ countries: ReadonlySet<string> | null; prefixes: ReadonlySet<string> | null; longest: number }>

const testsOf = ({ zones = [] }: DeliveryService): readonly ZoneTest[] =>
  zones.map(({ countries, postalPrefixes }) => {
    const prefixes = postalPrefixes?.map(plainPostcode)
    return {
      countries: countries === undefined ? null : new Set(countries),
      prefixes: prefixes === undefined ? null : new Set(prefixes),
      longest: prefixes === undefined ? 0 : prefixes.reduce((most, { length }) => Math.max(most, length), 0),
    }
  })
/** A carrier's list may have thousands of postcodes, and every order asks. */
const compiled = new WeakMap<DeliveryService, readonly ZoneTest[]>()

/** The zone of a service that a destination lies in, by number; -1: none. */
export const zoneOf = (service: DeliveryService, { country, postalCode }: To): number => {
  if (service.zones === undefined) return -1
  const tests = compiled.get(service) ?? testsOf(service)
  compiled.set(service, tests)
  const plain = plainPostcode(postalCode)
  return tests.findIndex(({ countries, prefixes, longest }) => {
    if (countries?.has(country) === false) return false
    if (prefixes === null) return true
    for (let length = 1; length <= longest && length <= plain.length; length++)
      if (prefixes.has(plain.slice(0, length))) return true
    return false
  })
}

/** Whether a parcel may go there from here by that service. */
export const serves = (warehouse: Warehouse, service: DeliveryService, to: To, shippingMethod: string): boolean =>
  warehouse.blockedCountries?.includes(to.country) !== true &&
  service.countries?.includes(to.country) !== false &&
  service.shippingMethods?.includes(shippingMethod) !== false &&
  (service.zones === undefined || zoneOf(service, to) >= 0)
