/** Another network than the shop's: what is different about it, as JSON, and the network that comes of it. Pure. */
import { type Static, Type } from '@fastify/type-provider-typebox'
import type { FieldProblem } from '../kernel/problem.ts'
import type { Day, Place } from '../kernel/ids.ts'
import {
  defaults,
  type DeliveryService,
  type LaneOverride,
  type Network,
  type TransferTariff,
  type Warehouse,
} from '../sourcing/contract.ts'

/** A network with more places than this is another shop; the other bounds are those of `PUT /v1/network`. */
const warehousesMax = 500
const rowsMax = 100
const zonesMax = 500
const prefixesMax = 5_000
const overridesMax = 5_000
const centsMax = 1_000_000
const daysMax = 60
const namedDaysMax = 500
const closed = { additionalProperties: false } as const

const id = Type.String({ pattern: '^[A-Za-z0-9 ._:\\-]{1,64}$' })
const cents = Type.Integer({ minimum: 0, maximum: centsMax })
const days = Type.Integer({ minimum: 0, maximum: daysMax })
const weekdays = Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), { minItems: 1, maxItems: 7, uniqueItems: true })
const namedDays = Type.Array(Type.Unsafe<Day>({ type: 'string', format: 'day' }), { maxItems: namedDaysMax, uniqueItems: true })
const country = Type.String({ pattern: '^[A-Z]{2}$' })
const countries = Type.Array(country, { minItems: 1, maxItems: 250, uniqueItems: true })
const orNull = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) => Type.Union([schema, Type.Null()])
const upTo = orNull(Type.Integer({ minimum: 1, maximum: 1_000_000_000 }))
const transit = Type.Array(Type.Object({ upToKm: upTo, days }, closed), { minItems: 1, maxItems: rowsMax })
const steps = Type.Array(Type.Object({ upToGrams: upTo, cents }, closed), { minItems: 1, maxItems: rowsMax })
const region = Type.Object(
  { country, state: Type.Optional(Type.String({ maxLength: 10 })), region: Type.Optional(Type.String({ maxLength: 10 })) },
  closed,
)

/** What is left out is as it is, or, of a warehouse that is added, as sourcing has it by default. */
const ChangedWarehouse = Type.Object(
  {
    id,
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    country: Type.Optional(country),
    postalCode: Type.Optional(Type.String({ maxLength: 20 })),
    latitude: Type.Optional(Type.Number({ minimum: -90, maximum: 90 })),
    longitude: Type.Optional(Type.Number({ minimum: -180, maximum: 180 })),
    timeZone: Type.Optional(Type.String({ maxLength: 60 })),
    cutOff: Type.Optional(Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$' })),
    workdays: Type.Optional(weekdays),
    holidays: Type.Optional(orNull(region)),
    closedDays: Type.Optional(namedDays),
    openDays: Type.Optional(namedDays),
    handlingDays: Type.Optional(days),
    unitsPerDay: Type.Optional(orNull(Type.Integer({ minimum: 1, maximum: 10_000_000 }))),
    pickCents: Type.Optional(cents),
    perUnitCents: Type.Optional(cents),
    hub: Type.Optional(Type.Boolean()),
    blockedCountries: Type.Optional(Type.Array(country, { maxItems: 250, uniqueItems: true })),
  },
  closed,
)
const times = {
  departureDays: Type.Optional(weekdays),
  movingDays: Type.Optional(weekdays),
  crossDockDays: Type.Optional(days),
}
const ChangedZone = Type.Object(
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
/** Whole: what is not said is not taken from the service that it takes the place of. */
const ChangedService = Type.Object(
  {
    id,
    carrier: Type.String({ minLength: 1, maxLength: 100 }),
    baseCents: Type.Optional(cents),
    perKgCents: Type.Optional(cents),
    per100KmCents: Type.Optional(cents),
    transit: Type.Optional(transit),
    abroad: Type.Optional(Type.Object({ cents, days }, closed)),
    steps: Type.Optional(orNull(steps)),
    zones: Type.Optional(Type.Array(ChangedZone, { minItems: 1, maxItems: zonesMax })),
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
const ChangedTransfer = Type.Object({ fixedCents: cents, perKgCents: cents, transit, ...times }, closed)
const ChangedLane = Type.Union([
  Type.Object({ from: id, to: id, closed: Type.Literal(true) }, closed),
  Type.Object({ from: id, to: id, fixedCents: cents, perKgCents: cents, days, ...times }, closed),
])

export const networkChangeSchema = Type.Object(
  {
    close: Type.Optional(Type.Array(id, { maxItems: warehousesMax, description: 'warehouses that are not there' })),
    warehouses: Type.Optional(
      Type.Array(ChangedWarehouse, { maxItems: warehousesMax, description: 'changed, or added where there is none of that id' }),
    ),
    delivery: Type.Optional(
      Type.Array(ChangedService, { minItems: 1, maxItems: rowsMax, description: 'in place of all delivery services' }),
    ),
    transfer: Type.Optional(ChangedTransfer),
    lanes: Type.Optional(Type.Union([Type.Literal('all'), Type.Literal('listed')])),
    overrides: Type.Optional(Type.Array(ChangedLane, { maxItems: overridesMax, description: 'in place of all overrides' })),
  },
  closed,
)
export type NetworkChange = Static<typeof networkChangeSchema>

const { id: _id, carrier: _carrier, transit: _transit, ...serviceDefaults } = defaults.delivery
/** As `PUT /v1/network` has it: prices that are not said are 0, and so are days. */
const serviceOf = (said: Static<typeof ChangedService>): DeliveryService => ({
  ...serviceDefaults,
  baseCents: 0,
  perKgCents: 0,
  per100KmCents: 0,
  transit: [{ upToKm: null, days: 0 }],
  ...said,
})

export type Changed = Readonly<{ network: Network } | { errors: readonly FieldProblem[] }>

/** @param check finds what keeps the network that comes of it from being sourced over. */
export const changeNetwork = (
  network: Network,
  change: NetworkChange,
  check: (network: Network) => readonly FieldProblem[],
): Changed => {
  const errors: FieldProblem[] = []
  const known = new Map<string, Warehouse>(network.warehouses.map((warehouse) => [warehouse.id, warehouse]))
  const ids = [...known.keys()].join(', ')
  for (const [index, { id: place, ...said }] of (change.warehouses ?? []).entries()) {
    const before = known.get(place)
    const { latitude = before?.latitude, longitude = before?.longitude } = said
    if (latitude === undefined || longitude === undefined) {
      const detail = `${place} is new: say its latitude and longitude; there are ${ids}`
      errors.push({ pointer: `/warehouses/${index}/latitude`, code: 'required', detail })
      continue
    }
    const blank = { ...defaults.warehouse, name: place, country: network.warehouses[0]?.country ?? 'GB', postalCode: '' }
    known.set(place, { ...blank, ...before, ...said, id: place, latitude, longitude } as Warehouse)
  }
  for (const [index, place] of (change.close ?? []).entries())
    if (!known.delete(place)) {
      const detail = `there is no warehouse ${place}; there are ${ids}`
      errors.push({ pointer: `/close/${index}`, code: 'warehouse_unknown', detail })
    }
  if (known.size === 0) errors.push({ pointer: '/close', code: 'required', detail: 'a network needs a warehouse: leave one open' })
  if (errors.length > 0) return { errors }
  const left = (place: Place): boolean => known.has(place)
  const changed: Network = {
    version: `${network.version} changed`,
    warehouses: [...known.values()],
    delivery: change.delivery === undefined ? network.delivery : change.delivery.map(serviceOf),
    transfer: (change.transfer as TransferTariff | undefined) ?? network.transfer,
    lanes: change.lanes ?? network.lanes,
    // Lanes of a warehouse that is closed go with it.
    overrides:
      (change.overrides as readonly LaneOverride[] | undefined) ??
      network.overrides.filter(({ from, to }) => left(from) && left(to)),
  }
  const faults = check(changed)
  return faults.length > 0 ? { errors: faults } : { network: changed }
}
