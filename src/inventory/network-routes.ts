/** `/v1/warehouses`, `/v1/network`: the places, what carriers and vans between places charge, and how long they take. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import type { Place } from '../kernel/ids.ts'
import { type FieldProblem, Problem } from '../kernel/problem.ts'
import { everyone, type Role } from '../platform/http/policy.ts'
import { defaults, type LaneOverride, type Network, networkFaults, ownHolidays, type TransferTariff } from '../sourcing/contract.ts'
import { networkBody, type NetworkSettings } from './network.ts'
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
