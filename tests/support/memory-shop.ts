/**
 * A whole shop in memory: the real rooms, reactions and tasks over the memory forms of their stores, as `shop.ts` puts them
 * together over PostgreSQL. Without doors, and without what only looks back (insights, lateness, simulations).
 */
import { Carts } from '../../src/carts/service.ts'
import { MemoryCarts } from '../../src/carts/store.memory.ts'
import { Catalog } from '../../src/catalog/service.ts'
import { MemoryCatalog } from '../../src/catalog/store.memory.ts'
import { contactsFrom, stockQueries } from '../../src/dialect-ports.ts'
import { flow } from '../../src/flow.ts'
import { createFulfilment } from '../../src/fulfilment/room.ts'
import { memoryFulfilmentStores } from '../../src/fulfilment/store.memory.ts'
import { Users } from '../../src/identity/users-service.ts'
import { MemoryUsers } from '../../src/identity/users-store.memory.ts'
import { memoryPolicies } from '../../src/inventory/policies-store.ts'
import { MemoryPrices } from '../../src/inventory/prices-store.memory.ts'
import { stockMoves } from '../../src/inventory/reactions.ts'
import { Inventory } from '../../src/inventory/service.ts'
import { createSourcing } from '../../src/inventory/sourcing-room.ts'
import { MemoryInventory } from '../../src/inventory/store.memory.ts'
import { Warehouses } from '../../src/inventory/warehouses-service.ts'
import { MemoryWarehouses } from '../../src/inventory/warehouses-store.memory.ts'
import type { Instant } from '../../src/kernel/ids.ts'
import type { MailPort, SmsPort } from '../../src/notifications/adapters/ports.ts'
import { createNotifications } from '../../src/notifications/notifications.ts'
import { notificationsInMemory } from '../../src/notifications/store.memory.ts'
import { Reaper } from '../../src/orders/expiry-service.ts'
import type { IntakePorts } from '../../src/orders/intake-service.ts'
import { fillListing } from '../../src/orders/listing-reactions.ts'
import { MemoryListing, memoryRecent } from '../../src/orders/listing-store.memory.ts'
import { Placement } from '../../src/orders/placement-service.ts'
import { followFulfilment, followParcels, followPayments, followStock, followTransfers } from '../../src/orders/reactions.ts'
import { OrderReads } from '../../src/orders/reads-service.ts'
import { followReturns, returnableOrders } from '../../src/orders/returns-reactions.ts'
import { OrderService } from '../../src/orders/service.ts'
import { MemoryOrders } from '../../src/orders/store.memory.ts'
import type { PaymentProvider } from '../../src/payments/provider.ts'
import { createPayments, paymentsInMemory } from '../../src/payments/room.ts'
import { Consumers } from '../../src/platform/bus/consumers.ts'
import { MemoryJournal } from '../../src/platform/bus/journal.memory.ts'
import type { Journal } from '../../src/platform/bus/journal.ts'
import { MemoryPositions, MemoryPositionTables } from '../../src/platform/bus/positions.memory.ts'
import type { Positions } from '../../src/platform/bus/positions.ts'
import { type Logger, silentLog } from '../../src/platform/log.ts'
import { MemoryRecords } from '../../src/platform/records/memory.ts'
import type { Records } from '../../src/platform/records/records.ts'
import { MemoryBatches, MemoryStore } from '../../src/platform/store/memory.ts'
import type { Batches, Write } from '../../src/platform/store/work.ts'
import { MemoryTaskRows } from '../../src/platform/tasks/rows.memory.ts'
import type { TaskRows } from '../../src/platform/tasks/rows.ts'
import { TaskWorker } from '../../src/platform/tasks/worker.ts'
import { promisingSource } from '../../src/promise-wiring.ts'
import { createReturns } from '../../src/returns/room.ts'
import { memoryReturns } from '../../src/returns/store.ts'
import type { Carrier } from '../../src/shipping/carrier.ts'
import { createShipping } from '../../src/shipping/room.ts'
import { memoryShippingStores } from '../../src/shipping/store.memory.ts'
import { addressLines, cancelling, homeOf } from '../../src/shop-wiring.ts'
import type { ShopStores } from '../../src/shop-stores.ts'

/** What is kept however many processes come and go: the database. */
export const memoryTables = (clock: () => Instant, database = new MemoryStore()) => {
  const records = new MemoryRecords()
  const orders = new MemoryOrders(clock)
  const stock = new MemoryInventory(clock)
  const stores = {
    catalog: new MemoryCatalog(),
    warehouses: new MemoryWarehouses(stock),
    stock,
    sourcing: { policies: memoryPolicies(), prices: new MemoryPrices(clock) },
    users: new MemoryUsers(records),
    carts: new MemoryCarts(),
    orders,
    listing: new MemoryListing(orders),
    recent: memoryRecent(orders, clock),
    fulfilment: memoryFulfilmentStores(),
    payments: paymentsInMemory(),
    shipping: memoryShippingStores(),
    returns: memoryReturns(),
    notifications: notificationsInMemory(clock, database),
  } satisfies ShopStores
  return { database, clock, records, journal: new MemoryJournal(records), positions: new MemoryPositionTables(), stores }
}
export type MemoryTables = ReturnType<typeof memoryTables>

/** All that a process asks of its database; the simulation puts itself in between. */
export type MemoryLine = Readonly<{
  batches: Batches
  save: (writes: readonly Write[]) => Promise<void>
  records: Records
  journal: Journal
  positions: Positions
  tasks: TaskRows
  stores: ShopStores
}>

/** One process's line to the database, and how the process dies. */
export const lineTo = (tables: MemoryTables): MemoryLine & Readonly<{ crash: () => void }> => {
  const { database, clock, records, journal, stores } = tables
  const batches = new MemoryBatches(clock, database)
  return {
    batches,
    save: (writes) => batches.save(writes),
    records,
    journal,
    positions: new MemoryPositions(tables.positions, batches, journal, clock),
    tasks: new MemoryTaskRows(records, batches, clock),
    stores,
    crash: () => batches.crash(),
  }
}

export type MemoryShopOptions = Readonly<{
  line: MemoryLine
  clock: () => Instant
  log?: Logger
  zone?: string
  reservationSeconds?: number
  /** Each in place of the simulated one. */
  provider?: PaymentProvider
  carrier?: Carrier
  mail?: MailPort
  sms?: SmsPort
}>

const baseUrl = 'http://shop.example'

/** One process. Waiting and chance are those of `kernel/timers.ts`. */
export const memoryShop = async (options: MemoryShopOptions) => {
  const { line, clock: now, log = silentLog, zone = 'Europe/London', reservationSeconds = 900 } = options
  const { batches, records, stores } = line
  const listeners: (() => void)[] = []
  const committed = (): void => {
    for (const wake of listeners) wake()
  }
  const shared = { batches, records, committed }

  const catalog = new Catalog({ ...shared, stores: stores.catalog })
  const warn = (fault: unknown, what: string): void => log.warn({ fault }, what)
  const warehouses = new Warehouses({ ...shared, store: stores.warehouses, warn })
  const sourcing = createSourcing({
    ...shared,
    storage: stores.sourcing,
    log,
    now,
    warehouses,
    zone,
    backlog: () => placement.backlog(),
    stock: stores.stock,
    recent: stores.recent,
  })
  const inventory = new Inventory({
    ...shared,
    repository: stores.stock,
    source: promisingSource({
      source: sourcing.engine.source,
      policyFor: (order) => sourcing.policies.choose(order).policy,
      warehouses,
      zone,
      bufferDays: () => 0,
    }),
    threshold: (sku) => catalog.product(sku)?.lowStock ?? 5,
    network: () => warehouses.network,
    zone,
  })
  const users = new Users({ ...shared, store: stores.users, now })
  const carts = new Carts({ batches, store: stores.carts, catalog, stock: stockQueries(stores.stock), now })
  const reads = new OrderReads(stores.orders, records)
  const fulfilment = createFulfilment({
    ...shared,
    stores: stores.fulfilment,
    now,
    collectedWithin: (work, parcels) => shipping.service.collectedWithin(work, parcels),
    callOffWithin: (work, parcels, origin) => shipping.service.callOffWithin(work, parcels, origin),
    endedWithin: (work, ids) => stores.orders.ended(work, ids),
  })
  const orders = new OrderService({
    ...shared,
    repository: stores.orders,
    inventory,
    cancelling: cancelling(fulfilment),
  })
  const placement = new Placement({
    ...shared,
    saveAtOnce: line.save,
    now,
    repository: stores.orders,
    inventory,
    checkout: carts,
    ensureUsers: (ids, at) => users.ensureWrites(ids, at),
  })
  const payments = createPayments({
    ...shared,
    storage: stores.payments,
    orders: reads,
    now,
    signal: committed,
    baseUrl,
    log,
    environment: {},
    provider: options.provider,
  })
  const shipping = await createShipping({
    ...shared,
    stores: stores.shipping,
    baseUrl: () => baseUrl,
    now,
    carriers: options.carrier === undefined ? [] : [options.carrier],
    recipient: async (order) => addressLines((await reads.one(order))?.person),
  })
  const returns = createReturns({
    ...shared,
    store: stores.returns,
    orders: returnableOrders(stores.orders),
    warehouses,
    now,
  })
  const notifications = createNotifications({
    ...shared,
    storage: stores.notifications,
    now,
    shop: { name: 'Waybill', url: baseUrl },
    parcels: shipping.queries,
    mail: options.mail,
    sms: options.sms,
  })
  await warehouses.read()
  await sourcing.policies.read()
  await catalog.ensure([])

  const reactions = flow({
    orders: {
      reactions: {
        listing: fillListing(stores.listing),
        followPayments: followPayments(orders),
        followStock: followStock(orders),
        followTransfers: followTransfers(orders),
        followFulfilment: followFulfilment(orders),
        followParcels: followParcels(orders),
        followReturns: followReturns(orders),
      },
    },
    inventory: { reactions: { stockMoves: stockMoves(inventory) } },
    payments,
    fulfilment,
    shipping,
    returns,
    notifications,
    insights: { reactions: [] },
  })
  const consumers = new Consumers(line.positions, line.journal, reactions, log, { backlog: placement.backlog })
  await line.positions.know(reactions.map(({ name }) => name))
  const handlers = [...payments.tasks, ...fulfilment.tasks, ...shipping.tasks, ...notifications.tasks]
  const tasks = new TaskWorker(line.tasks, handlers, log, { backlog: placement.backlog })
  listeners.push(
    () => consumers.wake(),
    () => tasks.wake(),
  )
  const intake: IntakePorts = {
    ensureProducts: (skus) => catalog.ensure(skus),
    price: (request) => catalog.price(request),
    // Everybody lives where the shop is: the map is files, and no part of it.
    geocode: () => ({ latitude: 53.8, longitude: -1.5 }),
    area: (_, postalCode) => postalCode.slice(0, 3),
    contactOf: contactsFrom(users, () => homeOf(warehouses).country),
    home: () => homeOf(warehouses),
    now,
    reservationSeconds,
  }
  return {
    catalog,
    warehouses,
    sourcing,
    inventory,
    users,
    carts,
    reads,
    orders,
    placement,
    payments,
    fulfilment,
    shipping,
    returns,
    notifications,
    intake,
    reactions,
    consumers,
    tasks,
    reaper: new Reaper(orders, stores.orders, log),
    /** Handles everything that is due now, and what comes of it. */
    settle: async (): Promise<void> => {
      do await consumers.settle()
      while ((await tasks.round()) > 0 || !(await consumers.caughtUp()))
    },
    start: async (): Promise<void> => {
      await consumers.start()
      tasks.start()
    },
    stop: async (): Promise<void> => {
      await consumers.stop()
      await tasks.stop()
    },
  }
}
