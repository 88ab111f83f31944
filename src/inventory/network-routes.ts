/** `/v1/warehouses`, `/v1/network`: the places, what carriers and vans between places charge, and how long they take. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import type { Day, Place } from '../kernel/ids.ts'
import { type FieldProblem, Problem } from '../kernel/problem.ts'
import { everyone, type Role } from '../platform/http/policy.ts'
import {
  defaults,
  type DeliveryService,
  type LaneOverride,
  type Network,
  networkFaults,
  ownHolidays,
  type TransferTariff,
} from '../sourcing/contract.ts'
import { networkBody, type NetworkSettings } from './network.ts'
import type { WarehouseView } from './warehouse.ts'
import type { Warehouses } from './warehouses-service.ts'

export type NetworkDoors = Readonly<{
  warehouses: Warehouses
  geocode: (country: string, postalCode?: string) => Readonly<{ latitude: number; longitude: number }> | undefined
}>

const owners: readonly Role[] = ['owner', 'service']
const closed = { additionalProperties: false } as const
const outsideId = '^[A-Za-z0-9 ._:\\-]{1,64}$'
/** 10,000.00: a price above it is meant as "never", and then the service or lane is better left out. */
const centsMax = 1_000_000
const daysMax = 60
/** Rows of a tariff, named days, services: an order looks at all of them. */
const rowsMax = 100
const namedDaysMax = 500
const zonesMax = 500
const prefixesMax = 5_000
const overridesMax = 5_000

const cents = Type.Integer({ minimum: 0, maximum: centsMax })
const days = Type.Integer({ minimum: 0, maximum: daysMax })
const weekdays = Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), { minItems: 1, maxItems: 7, uniqueItems: true })
const namedDays = Type.Array(Type.String({ format: 'day' }), { maxItems: namedDaysMax, uniqueItems: true })
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
const Warehouse = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    country,
    postalCode: Type.String({ minLength: 1, maxLength: 20 }),
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
const ends = { from: Type.String({ pattern: outsideId }), to: Type.String({ pattern: outsideId }) }
const Override = Type.Union([
  Type.Object({ ...ends, closed: Type.Literal(true) }, closed),
  Type.Object({ ...ends, fixedCents: cents, perKgCents: cents, days, ...times }, closed),
])
const Settings = Type.Object(
  {
    delivery: Type.Optional(Type.Array(Service, { minItems: 1, maxItems: rowsMax })),
    transfer: Type.Optional(Transfer),
    lanes: Type.Optional(Type.Union([Type.Literal('all'), Type.Literal('listed')])),
    overrides: Type.Optional(Type.Array(Override, { maxItems: overridesMax })),
  },
  closed,
)

const { id: _id, carrier: _carrier, transit: _transit, ...serviceDefaults } = defaults.delivery
const anyDistance = [{ upToKm: null, days: 0 }]

/** What nobody said has its default; prices that are not said are 0, and zones say their own days. */
const serviceOf = ({ closedDays, ...said }: Static<typeof Service>): DeliveryService => ({
  ...serviceDefaults,
  baseCents: 0,
  perKgCents: 0,
  per100KmCents: 0,
  transit: anyDistance,
  ...said,
  ...(closedDays === undefined ? {} : { closedDays: closedDays as Day[] }),
})

const laneOf = ({ from, to, ...lane }: Static<typeof Override>): LaneOverride => ({ ...lane, from: from as Place, to: to as Place })

const settingsOf = ({ delivery, transfer, lanes, overrides }: Static<typeof Settings>): NetworkSettings => ({
  ...(delivery === undefined ? {} : { delivery: delivery.map(serviceOf) }),
  ...(transfer === undefined ? {} : { transfer: transfer satisfies TransferTariff }),
  ...(lanes === undefined ? {} : { lanes }),
  ...(overrides === undefined ? {} : { overrides: overrides.map(laneOf) }),
})

/** Days are said by distance or by zone; nothing is guessed. */
const silentDays = ({ delivery = [] }: Static<typeof Settings>): readonly FieldProblem[] =>
  delivery.flatMap(({ id, transit, zones }, s): FieldProblem[] => {
    const detail = `how long does ${id} take? Say transit (days by distance), or zones`
    return transit === undefined && zones === undefined ? [{ pointer: `/delivery/${s}/transit`, code: 'required', detail }] : []
  })

const networkProblems = { network_invalid: { status: 422, title: 'Network cannot work' } } as const

const unlessFaulty = (errors: readonly FieldProblem[]): void => {
  const [first] = errors
  if (first === undefined) return
  throw new Problem('network_invalid', networkProblems.network_invalid, `${first.pointer}: ${first.detail ?? first.code}.`, {
    errors,
  })
}

/** What the change would break; faults that are there already are not its own. */
const faultsOfWarehouse = (network: Network, warehouse: WarehouseView): readonly FieldProblem[] => {
  const others = network.warehouses.filter(({ id }) => id !== warehouse.id)
  const known = new Set(networkFaults(network).map(({ pointer, detail }) => `${pointer} ${detail}`))
  const at = `/warehouses/${others.length}`
  return networkFaults({ ...network, warehouses: [...others, warehouse] }).flatMap((fault): FieldProblem[] => {
    if (fault.pointer.startsWith(`${at}/`)) return [{ ...fault, pointer: fault.pointer.slice(at.length) }]
    if (known.has(`${fault.pointer} ${fault.detail}`) || fault.code !== 'never') return []
    return [{ ...fault, pointer: '/workdays' }]
  })
}

export const networkRoutes =
  ({ warehouses, geocode }: NetworkDoors): FastifyPluginAsyncTypebox =>
  async (edge) => {
    edge.get(
      '/v1/warehouses',
      { schema: { summary: 'Warehouses', tags: ['stock'] }, config: { policy: { roles: everyone } } },
      async () => ({ data: await warehouses.read() }),
    )

    edge.put(
      '/v1/warehouses/:id',
      {
        schema: {
          summary: 'Add or change a warehouse',
          tags: ['stock'],
          params: Type.Object({ id: Type.String({ pattern: outsideId }) }),
          body: Warehouse,
        },
        config: { policy: { roles: owners } },
      },
      async (request) => {
        const { body, params } = request
        const position =
          body.latitude !== undefined && body.longitude !== undefined
            ? { latitude: body.latitude, longitude: body.longitude }
            : geocode(body.country, body.postalCode)
        if (position === undefined)
          throw new Problem(
            'address_undeliverable',
            { status: 422, title: 'Place not found' },
            `${body.country} ${body.postalCode} is on no map of ours: send latitude and longitude.`,
            { errors: [{ pointer: '/postalCode', code: 'unknown_postal_code' }] },
          )
        const { closedDays = [], openDays = [], holidays = ownHolidays(body.country), ...said } = body
        const warehouse: WarehouseView = {
          ...defaults.warehouse,
          ...said,
          ...position,
          holidays,
          closedDays: closedDays as Day[],
          openDays: openDays as Day[],
          id: params.id as Place,
        }
        await warehouses.read()
        unlessFaulty(faultsOfWarehouse(warehouses.network, warehouse))
        await warehouses.save([warehouse])
        return warehouse
      },
    )

    const view = ({ version, delivery, transfer, lanes, overrides }: Network) => ({ version, delivery, transfer, lanes, overrides })
    edge.get(
      '/v1/network',
      {
        schema: { summary: 'What carriers and vans between warehouses charge, and how long they take', tags: ['stock'] },
        config: { policy: { roles: owners } },
      },
      async () => {
        await warehouses.read()
        return view(warehouses.network)
      },
    )

    edge.put(
      '/v1/network',
      {
        schema: { summary: 'Replace that; what is left out has its default', tags: ['stock'], body: Settings },
        config: { policy: { roles: owners } },
      },
      async ({ body }) => {
        const known = await warehouses.read()
        const settings = settingsOf(body)
        const faults = networkFaults({ version: '', ...networkBody(known, settings) })
        // A shop says its tariffs before its first warehouse, or after.
        unlessFaulty([...silentDays(body), ...faults.filter(({ pointer }) => pointer !== '/warehouses')])
        await warehouses.setTariffs(settings)
        return view(warehouses.network)
      },
    )
  }
