/** How the network changes: what is there and a command give a refusal, or what is there then and the facts. Pure. */
import { type Refusal, refuse } from '../kernel/decider.ts'
import type { Place } from '../kernel/ids.ts'
import type { FieldProblem } from '../kernel/problem.ts'
import { defaults, type Network, networkFaults, ownHolidays } from '../sourcing/contract.ts'
import { canonical, networkBody, type NetworkSettings } from './network.ts'
import { type WarehouseView, wholeWarehouse } from './warehouse.ts'

export type NetworkState = Readonly<{ warehouses: readonly WarehouseView[]; settings: NetworkSettings }>

/** Pointers of its faults begin at the settings (`/delivery/0/id`), the warehouse (`/workdays`) or, of several, their list (`/1/workdays`). */
export type NetworkCommand = Readonly<
  | { do: 'set warehouses'; warehouses: readonly WarehouseView[] }
  /** All else about them stays as it is, or has its default where they are new. */
  | { do: 'place warehouses'; warehouses: readonly PlacedWarehouse[] }
  | { do: 'set carriage'; settings: NetworkSettings }
>
export type PlacedWarehouse = Pick<WarehouseView, 'id' | 'name' | 'country' | 'postalCode' | 'latitude' | 'longitude'>
export type NetworkReason = 'network_invalid'

/** One fact a stream. */
export type NetworkEvent = Readonly<
  | { type: 'WarehouseAdded'; warehouse: Place; is: WarehouseView }
  | { type: 'WarehouseChanged'; warehouse: Place; was: WarehouseView; is: WarehouseView }
  /** What carriers and vans between warehouses charge, and how long they take; what is absent has its default. */
  | { type: 'CarriageChanged'; was: NetworkSettings; is: NetworkSettings }
>

/** Only what differs from before. */
export type NetworkChange = Readonly<{
  warehouses: readonly WarehouseView[]
  settings?: NetworkSettings
  facts: readonly NetworkEvent[]
}>

export const changeNetwork = (state: NetworkState, command: NetworkCommand): NetworkChange | Refusal<NetworkReason> => {
  if (command.do === 'set carriage') return setCarriage(state, command.settings)
  const before = new Map(state.warehouses.map((warehouse) => [warehouse.id, warehouse]))
  const asked =
    command.do === 'set warehouses'
      ? command.warehouses
      : command.warehouses.map((placed) => ({
          ...defaults.warehouse,
          holidays: ownHolidays(placed.country),
          ...before.get(placed.id),
          ...placed,
        }))
  return setWarehouses(state, before, asked.map(wholeWarehouse))
}

const setCarriage = ({ warehouses, settings: was }: NetworkState, is: NetworkSettings): NetworkChange | Refusal<NetworkReason> => {
  // A shop says its tariffs before its first warehouse, or after.
  const faults = faultsOf({ warehouses, settings: is }).filter(({ pointer }) => pointer !== '/warehouses')
  if (faults.length > 0) return invalidNetwork(faults)
  if (canonical(was) === canonical(is)) return { warehouses: [], facts: [] }
  return { warehouses: [], settings: is, facts: [{ type: 'CarriageChanged', was, is }] }
}

const setWarehouses = (
  state: NetworkState,
  before: ReadonlyMap<Place, WarehouseView>,
  asked: readonly WarehouseView[],
): NetworkChange | Refusal<NetworkReason> => {
  const faults = newFaults(state, asked)
  if (faults.length > 0) return invalidNetwork(faults)
  const warehouses = asked.filter((is) => canonical(before.get(is.id) ?? null) !== canonical(is))
  const facts = warehouses.map((is): NetworkEvent => {
    const was = before.get(is.id)
    return was === undefined
      ? { type: 'WarehouseAdded', warehouse: is.id, is }
      : { type: 'WarehouseChanged', warehouse: is.id, was, is }
  })
  return { warehouses, facts }
}

/** What the change would break; faults that are there already are not its own. */
const newFaults = (state: NetworkState, asked: readonly WarehouseView[]): readonly FieldProblem[] => {
  const ids = new Set(asked.map(({ id }) => id))
  const others = state.warehouses.filter(({ id }) => !ids.has(id))
  const known = new Set(faultsOf(state).map(textOf))
  const at = (index: number): string => (asked.length === 1 ? '' : `/${index}`)
  return faultsOf({ ...state, warehouses: [...others, ...asked] }).flatMap((fault): FieldProblem[] => {
    const index = Number(/^\/warehouses\/(\d+)\//.exec(fault.pointer)?.[1] ?? -1)
    if (index >= others.length)
      return [{ ...fault, pointer: fault.pointer.replace(`/warehouses/${index}`, at(index - others.length)) }]
    if (known.has(textOf(fault)) || fault.code !== 'never') return []
    return [{ ...fault, pointer: `${at(0)}/workdays` }]
  })
}

const faultsOf = ({ warehouses, settings }: NetworkState): readonly FieldProblem[] =>
  networkFaults({ version: '', ...networkBody(warehouses, settings) } satisfies Network)

/** Without its pointer, which counts warehouses: the words name them. */
const textOf = ({ code, detail }: FieldProblem): string => `${code} ${detail}`

export const invalidNetwork = (errors: readonly FieldProblem[]): Refusal<NetworkReason> => {
  const [first] = errors
  return refuse('network_invalid', `${first?.pointer}: ${first?.detail ?? first?.code}.`, { errors })
}
