/** Another network than the shop's: what is different about it, as JSON, and the network that comes of it. Pure. */
import { type Static, Type } from '@fastify/type-provider-typebox'
import { changedWarehouseSchema, deliveryServiceOf, tariffFields, warehouseId } from '../inventory/contract.ts'
import type { FieldProblem } from '../kernel/problem.ts'
import type { Place } from '../kernel/ids.ts'
import { defaults, type LaneOverride, type Network, type TransferTariff, type Warehouse } from '../sourcing/contract.ts'

/** A network with more places than this is another shop. */
const warehousesMax = 500

export const networkChangeSchema = Type.Object(
  {
    close: Type.Optional(Type.Array(warehouseId, { maxItems: warehousesMax, description: 'warehouses that are not there' })),
    warehouses: Type.Optional(
      Type.Array(changedWarehouseSchema, {
        maxItems: warehousesMax,
        description: 'changed, or added where there is none of that id',
      }),
    ),
    ...tariffFields,
  },
  { additionalProperties: false },
)
export type NetworkChange = Static<typeof networkChangeSchema>

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
    delivery: change.delivery === undefined ? network.delivery : change.delivery.map(deliveryServiceOf),
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
