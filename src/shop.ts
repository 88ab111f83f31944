/** One shop, put together: its database, its rooms, and what they need of each other. Used by the server, the CLI and the tests. */
import { join } from 'node:path'
import type { FastifyPluginAsync } from 'fastify'
import { cartRoutes } from './carts/routes.ts'
import { Carts } from './carts/service.ts'
import { PostgresCarts } from './carts/store.ts'
import { PostgresCatalog } from './catalog/store.ts'
import { Catalog } from './catalog/service.ts'
import { productRoutes, promotionRoutes } from './catalog/routes.ts'
import { contactsFrom, dialectPorts, stockQueries } from './dialect-ports.ts'
import { dialectRoutes } from './dialects/dialect-routes.ts'
import { measuredOf } from './measured-store.ts'
import { addressLines, cancelling, homeOf, inBackground, repeating } from './shop-wiring.ts'
import { createFulfilment } from './fulfilment/room.ts'
import { postgresFulfilmentStores } from './fulfilment/store.ts'
import { addressBookIn, outwardCode } from './imports/contract.ts'
import { Keys } from './identity/keys-store.ts'
import { Users } from './identity/users-service.ts'
import { PostgresUsers } from './identity/users-store.ts'
import { stockMoves } from './inventory/reactions.ts'
import { inventoryRoutes } from './inventory/routes.ts'
import { Inventory } from './inventory/service.ts'
import { nowhere, sourcingOver } from './inventory/sourcing.ts'
import { PostgresInventory } from './inventory/store.ts'
import { Warehouses } from './inventory/warehouses-service.ts'
import type { Instant } from './kernel/ids.ts'
import type { BatchLimits } from './kernel/micro-batch.ts'
import { Reaper } from './orders/expiry-service.ts'
import type { IntakePorts } from './orders/intake-service.ts'
import { fillListing } from './orders/listing-reactions.ts'
import { postgresListing } from './orders/listing-store.ts'
import { Placement } from './orders/placement-service.ts'
import { followFulfilment, followParcels, followPayments, followStock, followTransfers } from './orders/reactions.ts'
import { OrderReads } from './orders/reads-service.ts'
import { followReturns, returnableOrders } from './orders/returns-reactions.ts'
import { orderRoutes } from './orders/routes.ts'
import { trackingPath, trackingRoutes } from './orders/tracking-routes.ts'
import { OrderService } from './orders/service.ts'
import { PostgresOrders } from './orders/store.ts'
import { stuckRoutes } from './orders/stuck-routes.ts'
import { postgresStuck } from './orders/stuck-store.ts'
import { returnDecider } from './returns/return.ts'
import { createReturns } from './returns/room.ts'
import { createInsights } from './insights/insights.ts'
import { createNotifications } from './notifications/notifications.ts'
import { fulfilmentOrder } from './fulfilment/fulfilment-order.ts'
import { transfer } from './fulfilment/transfer.ts'
import { payment } from './payments/payment.ts'
import { parcel } from './shipping/parcel.ts'
import { createShipping } from './shipping/room.ts'
import { postgresShippingStores } from './shipping/store.ts'
import { createPayments, paymentsInPostgres } from './payments/room.ts'
import { Consumers } from './platform/bus/consumers.ts'
import { JournalReader } from './platform/bus/journal.ts'
import { WakeUps } from './platform/bus/wake.ts'
import type { Configuration } from './platform/config/config.ts'
import type { Logger } from './platform/log.ts'
import { type Connection, Database } from './platform/postgres/database.ts'
import { migrate, type MigrationFolder } from './platform/postgres/migrations.ts'
import { PostgresRecords } from './platform/records/postgres.ts'
import { TaskWorker } from './platform/tasks/worker.ts'
import { cheapest, defaults, type Network } from './sourcing/contract.ts'
import type { Source } from './inventory/planner.ts'
import { flow } from './flow.ts'

export const roomsWithTables = [
  'platform',
  'identity',
  'catalog',
  'carts',
  'inventory',
  'orders',
  'payments',
  'fulfilment',
  'shipping',
  'returns',
  'notifications',
  'insights',
] as const
const migrationFolders: readonly MigrationFolder[] = roomsWithTables.map((room) => ({
  room,
  folder: join(import.meta.dirname, room, 'migrations'),
}))
const dataFolder = join(import.meta.dirname, '..', 'data')

export type ShopOptions = Readonly<{
  connection: Connection
  configuration: Configuration
  log: Logger
  environment: Readonly<Record<string, string | undefined>>
  /** Where this server is reached; known only after listening. */
  baseUrl: () => string
  say?: (line: string) => void
  /** Only the benchmark changes these: how orders are gathered into batches. */
  placementLimits?: Pick<BatchLimits, 'itemsMax' | 'inFlightMax'> | undefined
}>

/** Makes the schema what this version needs. */
export const prepareDatabase = async (database: Database, say: (line: string) => void): Promise<void> => {
  const client = await database.client()
  try {
    await migrate(client, migrationFolders, say)
  } finally {
    await client.end()
  }
}

export const openShop = async ({
  connection,
  configuration,
  log,
  environment,
  baseUrl,
  say = () => undefined,
  placementLimits,
}: ShopOptions) => {
  const database = new Database(connection, (fault) => log.warn({ fault: fault.message }, 'a database connection was lost'))
  await prepareDatabase(database, say)
  const records = new PostgresRecords(database)
  const journal = new JournalReader(database)
  const wakeUps = new WakeUps(database, log)
  const committed = (): void => wakeUps.signal()
  const now = (): Instant => database.nowEstimate()
  const addresses = addressBookIn(dataFolder)
  const geocode = (country: string, postalCode?: string) => addresses().geocode(country, postalCode)

  const keys = new Keys(database)
  const catalog = new Catalog({ batches: database, records, stores: new PostgresCatalog(database), committed })
  const warehouses = new Warehouses(database)
  const source = followNetwork(warehouses, configuration.timeZone)
  const stockStore = new PostgresInventory(database)
  const inventory = new Inventory({
    batches: database,
    records,
    repository: stockStore,
    source,
    threshold: (sku) => catalog.product(sku)?.lowStock ?? 5,
    committed,
  })

  const users = new Users({ batches: database, records, store: new PostgresUsers(database), now, committed })
  const stock = stockQueries(stockStore)
  const carts = new Carts({ batches: database, store: new PostgresCarts(database), catalog, stock, now })

  const orderStore = new PostgresOrders(database)
  const reads = new OrderReads(orderStore, records)
  const fulfilment = createFulfilment({
    batches: database,
    records,
    stores: postgresFulfilmentStores(database),
    committed,
    now,
    collectedWithin: (work, parcels) => shipping.service.collectedWithin(work, parcels),
  })
  const orders = new OrderService({
    batches: database,
    records,
    repository: orderStore,
    inventory,
    cancelling: cancelling(fulfilment),
    committed,
  })
  const placement = new Placement({
    batches: database,
    saveAtOnce: (writes) => database.save(writes),
    now,
    records,
    repository: orderStore,
    inventory,
    checkout: carts,
    ensureUsers: (ids, at) => users.ensureWrites(ids, at),
    committed,
    limits: placementLimits,
  })
  const payments = createPayments({
    batches: database,
    records,
    storage: paymentsInPostgres(database),
    orders: reads,
    now,
    signal: committed,
    baseUrl,
    log,
    environment,
  })

  const shipping = await createShipping({
    batches: database,
    records,
    stores: postgresShippingStores(database),
    baseUrl,
    committed,
    now,
    simulated: {
      mode: environment['WAYBILL_SIMULATED_CARRIER'] === 'auto' ? 'auto' : 'manual',
      secret: environment['WAYBILL_CARRIER_WEBHOOK_SECRET'],
    },
    recipient: async (order) => addressLines((await reads.one(order))?.person),
  })
  const returns = createReturns({ database, records, orders: returnableOrders(orderStore), warehouses, now, committed })
  const notifications = createNotifications({
    database,
    records,
    shop: { name: 'Waybill', url: configuration.publicUrl },
    smtpUrl: configuration.smtpUrl,
    mailFrom: configuration.mailFrom,
    parcels: shipping.queries,
    orderUrl: (order) => `${baseUrl()}${trackingPath(order)}`,
    committed,
  })
  const insights = createInsights({ database, journal, zone: configuration.timeZone })

  await warehouses.read()
  await catalog.ensure([])
  const rooms = {
    orders: {
      reactions: {
        listing: fillListing(postgresListing),
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
    insights,
  }
  const reactions = flow(rooms)
  const intake: IntakePorts = {
    ensureProducts: (skus) => catalog.ensure(skus),
    price: (request) => catalog.price(request),
    geocode,
    area: (country, postalCode) => (country === 'GB' ? (outwardCode(postalCode) ?? postalCode) : postalCode.slice(0, 3)),
    contactOf: contactsFrom(users, () => homeOf(warehouses).country),
    home: () => homeOf(warehouses),
    now,
    reservationSeconds: configuration.reservationTtlSeconds,
  }
  const consumers = new Consumers(database, journal, reactions, log, placement.backlog)
  const handlers = [...payments.tasks, ...fulfilment.tasks, ...shipping.tasks, ...notifications.tasks]
  const tasks = new TaskWorker(database, handlers, log, placement.backlog)
  const reaper = new Reaper(orders, orderStore, log)
  wakeUps.on(() => consumers.wake())
  wakeUps.on(() => tasks.wake())
  const cartSweep = repeating(3_600_000, 'carts past their end are swept later', () => carts.sweep(now()), log)
  const view = { publicUrl: baseUrl, trackingPath }

  const routes: readonly FastifyPluginAsync[] = [
    orderRoutes({ placement, orders, reads, repository: orderStore, intake, journal, records, view }),
    trackingRoutes(reads),
    inventoryRoutes({
      inventory,
      repository: stockStore,
      warehouses,
      unknownProducts: async (skus) => (await catalog.ensure(skus), skus.filter((sku) => catalog.product(sku) === undefined)),
      defaults: defaults.warehouse,
      geocode,
      now,
    }),
    cartRoutes(carts),
    ...dialectRoutes(
      dialectPorts({
        batches: database,
        records,
        wakeUps,
        catalog,
        inventory,
        stockStore,
        warehouses,
        placement,
        orders,
        reads,
        intake,
        carts,
        users,
        payments,
        fulfilment,
        shipping,
        payment: configuration.payment,
      }),
    ),
    productRoutes(catalog),
    promotionRoutes(catalog),
    payments.routes,
    ...fulfilment.routes,
    ...shipping.routes,
    returns.routes,
    stuckRoutes({ store: postgresStuck(database), orders: orderStore, zone: configuration.timeZone, committed }),
    notifications.routes,
    insights.routes,
  ] as readonly FastifyPluginAsync[]

  const measured = measuredOf(database, placement)
  const learning = inBackground('levels are learnt as they are asked for', (isStopped) => inventory.learnAll(isStopped), log)

  return {
    measured,
    database,
    records,
    journal,
    wakeUps,
    keys,
    catalog,
    carts,
    users,
    warehouses,
    inventory,
    stockStore,
    orders,
    orderStore,
    reads,
    placement,
    payments,
    fulfilment,
    shipping,
    returns,
    notifications,
    insights,
    reactions,
    intake,
    consumers,
    tasks,
    reaper,
    routes,
    now,
    geocode,
    /** Waits until reactions and tasks, in whichever process, have nothing left to do now. */
    settled: async (): Promise<void> => {
      while (!(await consumers.caughtUp()) || !(await tasks.quiet())) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, 20)
          wakeUps.once(() => {
            clearTimeout(timer)
            resolve()
          })
        })
      }
    },
    /** Begins to react: events, tasks, timers. */
    start: async (): Promise<void> => {
      learning.start()
      await wakeUps.start()
      await consumers.start()
      tasks.start()
      reaper.start()
      cartSweep.start()
    },
    stop: async (): Promise<void> => {
      await learning.stop()
      await cartSweep.stop()
      await reaper.stop()
      await consumers.stop()
      await tasks.stop()
      await wakeUps.stop()
    },
    close: async (): Promise<void> => {
      await notifications.close()
      await database.close()
    },
  }
}
/** Rooms whose objects are streams with one state row each: what `verify` folds beside orders. */
export const streamTables = [
  { table: 'payments.payments', decider: payment },
  { table: 'fulfilment.fulfilment_orders', decider: fulfilmentOrder },
  { table: 'fulfilment.transfers', decider: transfer },
  { table: 'shipping.parcels', decider: parcel },
  { table: 'returns.returns', decider: returnDecider },
] as const

export type Shop = Awaited<ReturnType<typeof openShop>>

/** The sourcing engine over the warehouses as they are: made anew when they change, not per order. */
const followNetwork = (warehouses: Warehouses, zone: string): Source => {
  let current: Source = nowhere
  warehouses.onChange(({ warehouses: all, tariffs, version }) => {
    const network: Network = {
      version,
      warehouses: all,
      delivery: tariffs.delivery ?? [defaults.delivery],
      transfer: tariffs.transfer ?? defaults.transfer,
      lanes: 'all',
      overrides: [],
    }
    current = all.length === 0 ? nowhere : sourcingOver(network, cheapest, zone)
  })
  return (request, stock) => {
    void warehouses.all
    return current(request, stock)
  }
}
