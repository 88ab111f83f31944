/** What simulations need of the shop: orders and stock that are only read, the network and the policies as they are. */
import { join } from 'node:path'
import { parseWarehouse, readCsvRows, warehousesHeader } from './imports/contract.ts'
import type { NetworkSeen } from './insights/simulation-question.ts'
import { simulationRoutes } from './insights/simulation-routes.ts'
import { Simulations } from './insights/simulation-service.ts'
import { SimulationStore } from './insights/simulation-store.ts'
import type { SourcingRoom } from './inventory/sourcing-room.ts'
import type { Warehouses } from './inventory/warehouses-service.ts'
import type { Instant } from './kernel/ids.ts'
import type { Logger } from './platform/log.ts'
import type { Database } from './platform/postgres/database.ts'
import type { Records } from './platform/records/records.ts'
import { readOnlyShop } from './simulation-orders-store.ts'
import { defaults, networkFaults, type Policy, type Warehouse } from './sourcing/contract.ts'

const demoWarehouses = join(import.meta.dirname, '..', 'data', 'demo-warehouses.csv')

export type SimulatingOptions = Readonly<{
  database: Database
  records: Records
  warehouses: Warehouses
  sourcing: Pick<SourcingRoom, 'policies' | 'engine'>
  zone: string
  now: () => Instant
  backlog: () => number
  log: Logger
}>

export const createSimulating = ({ database, records, warehouses, sourcing, zone, now, backlog, log }: SimulatingOptions) => {
  const network = async (): Promise<NetworkSeen> => {
    await warehouses.read()
    const seen = sourcing.engine.network
    return seen === undefined ? demoNetwork() : { network: seen, words: "the shop's own" }
  }
  const policyNamed = async (named: string): Promise<Policy | undefined> => {
    if (named.includes('@')) return sourcing.policies.at(named)
    const versions = (await sourcing.policies.read()).find(({ name }) => name === named)?.versions ?? []
    const chosen = versions.find(({ stage }) => stage === 'live') ?? versions.at(-1)
    return chosen === undefined ? undefined : sourcing.policies.at(`${named}@${chosen.version}`)
  }
  const shop = readOnlyShop(database, zone)
  const store = new SimulationStore(database)
  const simulations = new Simulations({
    store,
    batches: database,
    records,
    shop,
    network,
    faultsOf: networkFaults,
    zone,
    backlog,
    log,
  })
  const routes = simulationRoutes({ simulations, store, policyNamed, network, faultsOf: networkFaults, now })
  return { simulations, routes, shop, network, policyNamed, zone }
}
export type Simulating = ReturnType<typeof createSimulating>

/** Orders of the past are looked at before anybody set up a warehouse. */
const demoNetwork = async (): Promise<NetworkSeen> => {
  const found: Warehouse[] = []
  for await (const row of readCsvRows(demoWarehouses, warehousesHeader)) {
    const parsed = parseWarehouse(row)
    if (!parsed.ok) throw new Error(`${demoWarehouses}: ${parsed.fault.message}`)
    const { warehouse: id, postcode: postalCode, ...place } = parsed.value
    found.push({ ...defaults.warehouse, ...place, id, postalCode })
  }
  const { delivery, transfer } = defaults
  return {
    network: { version: 'demo', warehouses: found, delivery: [delivery], transfer, lanes: 'all', overrides: [] },
    words: `the demo's ${found.length} warehouses with the default tariffs, since the shop has none`,
  }
}
