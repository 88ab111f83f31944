/** The network that orders are sourced over, put together from warehouses and the owner's settings. Pure. */
import type { Place } from '../kernel/ids.ts'
import {
  defaults,
  type DeliveryService,
  type LaneOverride,
  type Levels,
  type Network,
  type TransferTariff,
} from '../sourcing/contract.ts'
import type { WarehouseView } from './warehouse.ts'

/** What the owner set of carriage; what is absent has sourcing's defaults. */
export type NetworkSettings = Readonly<{
  delivery?: readonly DeliveryService[]
  transfer?: TransferTariff
  lanes?: Network['lanes']
  overrides?: readonly LaneOverride[]
}>

/** Units that each place has yet to send. */
export type Backlog = ReadonlyMap<Place, number>

export const networkBody = (warehouses: readonly WarehouseView[], settings: NetworkSettings): Omit<Network, 'version'> => ({
  warehouses,
  delivery: settings.delivery ?? [defaults.delivery],
  transfer: settings.transfer ?? defaults.transfer,
  lanes: settings.lanes ?? 'all',
  overrides: settings.overrides ?? [],
})

/** The same text for the same content, in whatever order its fields were said. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )

/** The share of a day's work that each place has on its hands, in the network's order; undefined where none has a limit. */
export const utilisationOf = ({ warehouses }: Network, backlog: Backlog): Levels['utilisation'] =>
  warehouses.every(({ unitsPerDay }) => unitsPerDay === undefined || unitsPerDay === null)
    ? undefined
    : warehouses.map(({ id, unitsPerDay }) =>
        unitsPerDay === undefined || unitsPerDay === null ? 0 : (backlog.get(id) ?? 0) / unitsPerDay,
      )
