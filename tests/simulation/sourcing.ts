/** The real sourcing engine over the two places of a simulated shop. */
import { createSourcing, type SourcingStorage } from '../../src/inventory/sourcing-room.ts'
import type { InventoryRepository } from '../../src/inventory/store.ts'
import { Warehouses } from '../../src/inventory/warehouses-service.ts'
import type { MemoryWarehouses } from '../../src/inventory/warehouses-store.memory.ts'
import type { WarehouseStore } from '../../src/inventory/warehouses-store.ts'
import type { Instant } from '../../src/kernel/ids.ts'
import type { RecentOrders } from '../../src/orders/contract.ts'
import type { Logger } from '../../src/platform/log.ts'
import type { Records } from '../../src/platform/records/records.ts'
import type { Batches } from '../../src/platform/store/work.ts'
import { promisingSource } from '../../src/promise-wiring.ts'
import { site } from '../support/site.ts'

const zone = 'Europe/London'
/** The places as their owner has laid them in before the first order. */
export const layIn = (store: MemoryWarehouses): void =>
  store.save([site('leeds', 'LS1', 53.8, -1.55), site('york', 'YO1', 53.96, -1.08)]).apply()

export type SourcingLine = Readonly<{
  warehouses: WarehouseStore
  sourcing: SourcingStorage
  recent: (limit: number) => Promise<RecentOrders>
}>

export const openSourcing = async (
  line: SourcingLine &
    Readonly<{
      batches: Batches
      records: Records
      stock: InventoryRepository
      log: Logger
      now: () => Instant
      committed: () => void
      backlog: () => number
    }>,
) => {
  const warn = (fault: unknown, what: string): void => line.log.warn({ fault }, what)
  const warehouses = new Warehouses({ ...line, store: line.warehouses, warn })
  const { engine, policies } = createSourcing({ ...line, storage: line.sourcing, warehouses, zone })
  await warehouses.read()
  await policies.read()
  const policyFor = (order: Parameters<typeof policies.choose>[0]) => policies.choose(order).policy
  return {
    zone,
    network: () => warehouses.network,
    source: promisingSource({ source: engine.source, policyFor, warehouses, zone, bufferDays: () => 0 }),
  }
}
