/** The heart alone, orders and stock without HTTP, on PostgreSQL or wholly in memory: for suites that run on both. */
import { randomBytes } from 'node:crypto'
import { Inventory } from '../../src/inventory/service.ts'
import { MemoryInventory } from '../../src/inventory/store.memory.ts'
import { type InventoryRepository, PostgresInventory } from '../../src/inventory/store.ts'
import type { Day, Instant, OrderId, Place, Sku } from '../../src/kernel/ids.ts'
import { instant } from '../../src/kernel/time.ts'
import type { PlacedLine } from '../../src/orders/contract.ts'
import { type Draft, type PlaceAsked, Placement } from '../../src/orders/placement-service.ts'
import { OrderService } from '../../src/orders/service.ts'
import { MemoryOrders } from '../../src/orders/store.memory.ts'
import { type OrderRepository, PostgresOrders } from '../../src/orders/store.ts'
import { Database } from '../../src/platform/postgres/database.ts'
import { migrate } from '../../src/platform/postgres/migrations.ts'
import { MemoryRecords } from '../../src/platform/records/memory.ts'
import { PostgresRecords } from '../../src/platform/records/postgres.ts'
import type { Records } from '../../src/platform/records/records.ts'
import { MemoryBatches } from '../../src/platform/store/memory.ts'
import type { Batches, Write } from '../../src/platform/store/work.ts'
import { testDatabase, type TestDatabase } from './database.ts'
import { nearest } from './stock.ts'

/** A database with the tables of some rooms, and our way to it. */
export const heartDatabase = async (
  rooms: readonly string[] = ['platform'],
): Promise<Readonly<{ database: Database; test: TestDatabase; close: () => Promise<void> }>> => {
  const test = await testDatabase()
  const database = new Database(test.config, () => undefined)
  const client = await database.client()
  const folders = rooms.map((room) => ({ room, folder: new URL(`../../src/${room}/migrations`, import.meta.url).pathname }))
  await migrate(client, folders, () => undefined)
  await client.end()
  return {
    database,
    test,
    close: async () => {
      await database.close()
      await test.drop()
    },
  }
}

/** A clock that stands until it is set. */
export type Clock = { now: Instant }

export type Heart = Readonly<{
  form: 'memory' | 'PostgreSQL'
  batches: Batches
  records: Records
  orderStore: OrderRepository
  stockStore: InventoryRepository
  inventory: Inventory
  placement: Placement
  orders: OrderService
  memory?: MemoryRecords
  /** The memory form's time; PostgreSQL has its own. */
  clock: Clock
  close: () => Promise<void>
}>

const assembled = (
  form: Heart['form'],
  clock: Clock,
  stores: Readonly<{ batches: Batches; records: Records; orderStore: OrderRepository; stockStore: InventoryRepository }>,
  more: Readonly<{ saveAtOnce?: (writes: readonly Write[]) => Promise<void>; memory?: MemoryRecords; close: () => Promise<void> }>,
): Heart => {
  const { batches, records, orderStore, stockStore } = stores
  const committed = (): void => undefined
  const inventory = new Inventory({ batches, records, repository: stockStore, source: nearest, threshold: () => 0, committed })
  const { saveAtOnce, memory, close } = more
  return {
    form,
    clock,
    ...stores,
    inventory,
    placement: new Placement({
      batches,
      records,
      repository: orderStore,
      inventory,
      committed,
      now: () => clock.now,
      ...(saveAtOnce === undefined ? {} : { saveAtOnce }),
    }),
    orders: new OrderService({ batches, records, repository: orderStore, inventory, committed }),
    ...(memory === undefined ? {} : { memory }),
    close,
  }
}

export const hearts = {
  memory: async (): Promise<Heart> => {
    const clock: Clock = { now: instant(Date.parse('2026-11-21T10:00:00Z')) }
    const memory = new MemoryRecords()
    const stores = {
      batches: new MemoryBatches(() => clock.now),
      records: memory,
      orderStore: new MemoryOrders(() => clock.now),
      stockStore: new MemoryInventory(() => clock.now),
    }
    return assembled('memory', clock, stores, { memory, close: () => Promise.resolve() })
  },
  PostgreSQL: async (): Promise<Heart> => {
    const { database, close } = await heartDatabase(['platform', 'orders', 'inventory'])
    const clock: Clock = { now: instant(Date.now()) }
    const stores = {
      batches: database,
      records: new PostgresRecords(database),
      orderStore: new PostgresOrders(database),
      stockStore: new PostgresInventory(database),
    }
    return assembled('PostgreSQL', clock, stores, { saveAtOnce: (writes) => database.save(writes), close })
  },
} as const

export const leeds = 'leeds' as Place
export const york = 'york' as Place
export const sku = (name: string): Sku => name as Sku
export const day = (text: string): Day => text as Day

export const stocked = async ({ inventory }: Heart, product: string, place: Place, quantity: number): Promise<void> => {
  await inventory.handle({
    command: { do: 'receive', sku: sku(product), place, quantity },
    origin: { actor: 'test' },
  })
}

export const line = (product: string, quantity: number, more: Partial<PlacedLine> = {}): PlacedLine => ({
  sku: sku(product),
  name: product,
  quantity,
  unitPrice: 100,
  discount: 0,
  kind: 'product',
  grams: 500,
  ifShort: 'refuse',
  ...more,
})

export const draft = (lines: readonly PlacedLine[], more: Partial<Draft> = {}): Draft => {
  const subtotal = lines.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0)
  return {
    channel: 'web',
    source: 'Web',
    dialect: 'v1',
    currency: 'GBP',
    lines,
    totals: { subtotal, discount: 0, shipping: 0, tax: 0, total: subtotal },
    terms: 'prepaid',
    capture: 'placement',
    onShortage: 'refuse',
    destination: { country: 'GB', postalCode: 'LS1', latitude: 53.8, longitude: -1.5 },
    shippingMethod: 'standard',
    ...more,
  }
}

export const asked = (lines: readonly PlacedLine[], more: Partial<PlaceAsked> = {}): PlaceAsked => ({
  draft: draft(lines),
  origin: { actor: 'test' },
  ...more,
})
export const freshKey = (hash = 'h') => ({ scope: 'test', key: randomBytes(8).toString('hex'), hash })

/** What an order holds, inside a batch of its own. */
export const holdingOf = ({ batches, stockStore }: Heart, order: OrderId) =>
  batches.batch(async (work) => (await stockStore.lockHoldings(work, [order])).get(order) ?? [])
