/** `/v1/warehouses`, `/v1/network`: the places, what carriers and vans between places charge, and how long they take. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import type { Place } from '../kernel/ids.ts'
import { type FieldProblem, Problem } from '../kernel/problem.ts'
import { actor, everyone, type Role } from '../platform/http/policy.ts'
import { type ProblemTable, unlessRefused } from '../platform/http/refusals.ts'
import { defaults, type LaneOverride, type Network, ownHolidays, type TransferTariff } from '../sourcing/contract.ts'
import { invalidNetwork, type NetworkReason } from './network-change.ts'
import type { NetworkSettings } from './network.ts'
import { deliveryServiceOf, tariffFields, warehouseId, warehouseSchema } from './network-schema.ts'
import type { WarehouseView } from './warehouse.ts'
import type { Warehouses } from './warehouses-service.ts'

export type NetworkDoors = Readonly<{
  warehouses: Warehouses
  geocode: (country: string, postalCode?: string) => Readonly<{ latitude: number; longitude: number }> | undefined
}>

const owners: readonly Role[] = ['owner', 'service']
const Settings = Type.Object(tariffFields, { additionalProperties: false })
type Settings = Static<typeof Settings>

const laneOf = ({ from, to, ...lane }: NonNullable<Settings['overrides']>[number]): LaneOverride => ({
  ...lane,
  from: from as Place,
  to: to as Place,
})

const settingsOf = ({ delivery, transfer, lanes, overrides }: Settings): NetworkSettings => ({
  ...(delivery === undefined ? {} : { delivery: delivery.map(deliveryServiceOf) }),
  ...(transfer === undefined ? {} : { transfer: transfer satisfies TransferTariff }),
  ...(lanes === undefined ? {} : { lanes }),
  ...(overrides === undefined ? {} : { overrides: overrides.map(laneOf) }),
})

/** Days are said by distance or by zone; nothing is guessed. */
const silentDays = ({ delivery = [] }: Settings): readonly FieldProblem[] =>
  delivery.flatMap(({ id, transit, zones }, s): FieldProblem[] => {
    const detail = `how long does ${id} take? Say transit (days by distance), or zones`
    return transit === undefined && zones === undefined ? [{ pointer: `/delivery/${s}/transit`, code: 'required', detail }] : []
  })

const networkProblems = {
  network_invalid: { status: 422, title: 'Network cannot work' },
} as const satisfies ProblemTable<NetworkReason>

const unlessSilent = (body: Settings): void => {
  const errors = silentDays(body)
  if (errors.length > 0) unlessRefused(invalidNetwork(errors), networkProblems)
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
          params: Type.Object({ id: warehouseId }),
          body: warehouseSchema,
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
          closedDays,
          openDays,
          id: params.id as Place,
        }
        const outcome = await warehouses.handle({ do: 'set warehouses', warehouses: [warehouse] }, actor(request))
        unlessRefused(outcome, networkProblems)
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
      async (request) => {
        unlessSilent(request.body)
        const settings = settingsOf(request.body)
        unlessRefused(await warehouses.handle({ do: 'set carriage', settings }, actor(request)), networkProblems)
        return view(warehouses.network)
      },
    )
  }
