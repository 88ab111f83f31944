/** How a network is said as JSON: by its owner, who sets it, and by whoever asks what another would do. Pure. */
import { type Static, Type } from 'typebox'
import type { Day } from '../kernel/ids.ts'
import { defaults, type DeliveryService } from '../sourcing/contract.ts'

/** 10,000.00: a price above it is meant as "never", and then the service or lane is better left out. */
const centsMax = 1_000_000
const daysMax = 60
/** Rows of a tariff, named days, services: an order looks at all of them. */
const rowsMax = 100
const namedDaysMax = 500
const zonesMax = 500
const prefixesMax = 5_000
const overridesMax = 5_000
const closed = { additionalProperties: false } as const

const cents = Type.Integer({ minimum: 0, maximum: centsMax })
const days = Type.Integer({ minimum: 0, maximum: daysMax })
const weekdays = Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), { minItems: 1, maxItems: 7, uniqueItems: true })
const namedDays = Type.Array(Type.Unsafe<Day>({ type: 'string', format: 'day' }), { maxItems: namedDaysMax, uniqueItems: true })
const country = Type.String({ pattern: '^[A-Z]{2}$' })
const countries = Type.Array(country, { minItems: 1, maxItems: 250, uniqueItems: true })
const orNull = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) => Type.Union([schema, Type.Null()])

const Region = Type.Object(
  {
    country,
    state: Type.Optional(Type.String({ maxLength: 10 })),
    region: Type.Optional(Type.String({ maxLength: 10 })),
  },
  closed,
)
export const warehouseId = Type.String({ pattern: '^[A-Za-z0-9 ._:\\-]{1,64}$' })
const name = Type.String({ minLength: 1, maxLength: 200 })
const postalCode = Type.String({ minLength: 1, maxLength: 20 })
const mayBeSaid = {
  latitude: Type.Optional(Type.Number({ minimum: -90, maximum: 90 })),
  longitude: Type.Optional(Type.Number({ minimum: -180, maximum: 180 })),
  timeZone: Type.Optional(Type.String({ maxLength: 60 })),
  cutOff: Type.Optional(Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$' })),
  workdays: Type.Optional(weekdays),
  holidays: Type.Optional(orNull(Region)),
  closedDays: Type.Optional(namedDays),
  openDays: Type.Optional(namedDays),
  handlingDays: Type.Optional(days),
  unitsPerDay: Type.Optional(orNull(Type.Integer({ minimum: 1, maximum: 10_000_000 }))),
  pickCents: Type.Optional(cents),
  perUnitCents: Type.Optional(cents),
  hub: Type.Optional(Type.Boolean()),
  blockedCountries: Type.Optional(Type.Array(country, { maxItems: 250, uniqueItems: true })),
}
export const warehouseSchema = Type.Object({ name, country, postalCode, ...mayBeSaid }, closed)
/** What is left out is as it is, or, of a warehouse that is added, as sourcing has it by default. */
export const changedWarehouseSchema = Type.Object(
  {
    id: warehouseId,
    name: Type.Optional(name),
    country: Type.Optional(country),
    postalCode: Type.Optional(postalCode),
    ...mayBeSaid,
  },
  closed,
)

const upTo = orNull(Type.Integer({ minimum: 1, maximum: 1_000_000_000 }))
const Transit = Type.Array(Type.Object({ upToKm: upTo, days }, closed), { minItems: 1, maxItems: rowsMax })
const times = {
  departureDays: Type.Optional(weekdays),
  movingDays: Type.Optional(weekdays),
  crossDockDays: Type.Optional(days),
}
const Zone = Type.Object(
  {
    countries: Type.Optional(countries),
    postalPrefixes: Type.Optional(
      Type.Array(Type.String({ pattern: '^[A-Za-z0-9 -]{1,10}$' }), { minItems: 1, maxItems: prefixesMax }),
    ),
    baseCents: cents,
    perKgCents: Type.Optional(cents),
    transitDays: days,
  },
  closed,
)
const Service = Type.Object(
  {
    id: Type.String({ pattern: '^[A-Za-z0-9._\\-]{1,64}$' }),
    carrier: Type.String({ minLength: 1, maxLength: 100 }),
    baseCents: Type.Optional(cents),
    perKgCents: Type.Optional(cents),
    per100KmCents: Type.Optional(cents),
    transit: Type.Optional(Transit),
    abroad: Type.Optional(Type.Object({ cents, days }, closed)),
    steps: Type.Optional(orNull(Type.Array(Type.Object({ upToGrams: upTo, cents }, closed), { minItems: 1, maxItems: rowsMax }))),
    zones: Type.Optional(Type.Array(Zone, { minItems: 1, maxItems: zonesMax })),
    pickupDays: Type.Optional(weekdays),
    deliveryDays: Type.Optional(weekdays),
    movingDays: Type.Optional(weekdays),
    holidays: Type.Optional(Type.Boolean()),
    closedDays: Type.Optional(namedDays),
    countries: Type.Optional(orNull(countries)),
    shippingMethods: Type.Optional(Type.Array(Type.String({ pattern: '^[a-z0-9_-]{1,32}$' }), { minItems: 1, maxItems: 50 })),
  },
  closed,
)
const Transfer = Type.Object({ fixedCents: cents, perKgCents: cents, transit: Transit, ...times }, closed)
const Override = Type.Union([
  Type.Object({ from: warehouseId, to: warehouseId, closed: Type.Literal(true) }, closed),
  Type.Object({ from: warehouseId, to: warehouseId, fixedCents: cents, perKgCents: cents, days, ...times }, closed),
])
/** What carriers and vans between warehouses charge, and how long they take: each list in place of the whole one before. */
export const tariffFields = {
  delivery: Type.Optional(Type.Array(Service, { minItems: 1, maxItems: rowsMax })),
  transfer: Type.Optional(Transfer),
  lanes: Type.Optional(Type.Union([Type.Literal('all'), Type.Literal('listed')])),
  overrides: Type.Optional(Type.Array(Override, { maxItems: overridesMax })),
}

const { id: _id, carrier: _carrier, transit: _transit, ...serviceDefaults } = defaults.delivery
const anyDistance = [{ upToKm: null, days: 0 }]

/** What nobody said has its default; prices that are not said are 0, and zones say their own days. */
export const deliveryServiceOf = (said: Static<typeof Service>): DeliveryService => ({
  ...serviceDefaults,
  baseCents: 0,
  perKgCents: 0,
  per100KmCents: 0,
  transit: anyDistance,
  ...said,
})
