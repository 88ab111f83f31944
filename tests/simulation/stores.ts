/** The memory forms of all rooms' stores, together: what survives every crash. */
import { memoryFulfilmentStores } from '../../src/fulfilment/store.memory.ts'
import { memoryPolicies } from '../../src/inventory/policies-store.ts'
import { MemoryPrices } from '../../src/inventory/prices-store.memory.ts'
import { MemoryWarehouses } from '../../src/inventory/warehouses-store.memory.ts'
import { MemoryInventory } from '../../src/inventory/store.memory.ts'
import type { Stored } from '../../src/kernel/decider.ts'
import type { Instant } from '../../src/kernel/ids.ts'
import { notificationsInMemory } from '../../src/notifications/store.memory.ts'
import { MemoryListing, memoryRecent } from '../../src/orders/listing-store.memory.ts'
import { MemoryOrders } from '../../src/orders/store.memory.ts'
import { MemoryPayments } from '../../src/payments/store.memory.ts'
import { MemoryJournal } from '../../src/platform/bus/journal.memory.ts'
import { MemoryPositions, MemoryPositionTables } from '../../src/platform/bus/positions.memory.ts'
import { MemoryRecords } from '../../src/platform/records/memory.ts'
import { MemoryBatches, MemoryStore } from '../../src/platform/store/memory.ts'
import type { Write } from '../../src/platform/store/work.ts'
import { MemoryTaskRows } from '../../src/platform/tasks/rows.memory.ts'
import { MemoryStreams, type StreamStore } from '../../src/platform/streams/store.ts'
import { memoryReturns } from '../../src/returns/store.ts'
import { memoryShippingStores } from '../../src/shipping/store.memory.ts'

/** More than any outage leaves unreplicated. */
const commitsKept = 10_000

class CountedStore extends MemoryStore {
  /** Commits that are in it. */
  made = 0
  override commit(writes: readonly Write[]): void {
    super.commit(writes)
    this.made += 1
  }
  override lose(commits: number): number {
    const lost = super.lose(commits)
    this.made -= lost
    return lost
  }
}

export const storesOf = (clock: () => Instant) => {
  const store = new CountedStore(commitsKept)
  const records = new MemoryRecords()
  const journal = new MemoryJournal(records)
  const tables = new MemoryPositionTables()
  const orders = new MemoryOrders(clock)
  const inventory = new MemoryInventory(clock)
  // Statements of their own only: batches are the simulation's, so that several are open at once.
  const statements = new MemoryBatches(clock, store)
  return {
    store,
    records,
    journal,
    tables,
    positions: new MemoryPositions(tables, statements, journal, clock),
    tasks: new MemoryTaskRows(records, statements, clock),
    orders,
    listing: new MemoryListing(orders),
    recent: memoryRecent(orders, clock),
    warehouses: new MemoryWarehouses(inventory),
    sourcing: { policies: memoryPolicies(), prices: new MemoryPrices(clock) },
    inventory,
    payments: new MemoryPayments(),
    fulfilment: memoryFulfilmentStores(),
    shipping: memoryShippingStores(),
    returns: memoryReturns(),
    notifications: notificationsInMemory(clock, store),
  }
}
export type Stores = ReturnType<typeof storesOf>

/** What stands in a room's table of streams. */
export const rowsOf = <State>(store: StreamStore<State>): ReadonlyMap<string, Stored<State>> => {
  if (!(store instanceof MemoryStreams)) throw new Error('this store keeps nothing in memory')
  return store.rows
}
