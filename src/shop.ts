/** One shop, put together: its database, its rooms, and what they need of each other. Used by the server, the CLI and the tests. */
import { join } from 'node:path'
import type { FastifyPluginAsync } from 'fastify'
import { cartRoutes } from './carts/routes.ts'
import { Carts } from './carts/service.ts'
import { Catalog } from './catalog/service.ts'
import { productRoutes, promotionRoutes } from './catalog/routes.ts'
import { contactsFrom, dialectPorts, stockQueries } from './dialect-ports.ts'
import { dialectRoutes } from './dialects/dialect-routes.ts'
import { measuredOf } from './measured-store.ts'
import { postgresStores } from './shop-stores.ts'
import { prepareDatabase } from './shop-tables.ts'
import {
  addressLines,
  cancelling,
  following,
  homeOf,
  housekeeping,
  inBackground,
  pastTheirEnd,
  repeating,
  settling,
  simulatedCarrierIn,
} from './shop-wiring.ts'
import { createFulfilment } from './fulfilment/room.ts'
import { addressBookIn, outwardCode } from './imports/contract.ts'
import { Keys } from './identity/keys-store.ts'
import { userGroupRoutes } from './identity/users-routes.ts'
import { Users } from './identity/users-service.ts'
import { stockMoves } from './inventory/reactions.ts'
import { networkRoutes } from './inventory/network-routes.ts'
import { inventoryRoutes } from './inventory/routes.ts'
import { Inventory } from './inventory/service.ts'
import { betteringWays } from './inventory/better-service.ts'
import { createSourcing } from './inventory/sourcing-room.ts'
import { Explanations } from './inventory/why-service.ts'
import { Warehouses } from './inventory/warehouses-service.ts'
import type { Instant } from './kernel/ids.ts'
import type { BatchLimits } from './kernel/micro-batch.ts'
import { Reaper } from './orders/expiry-service.ts'
import type { IntakePorts } from './orders/intake-service.ts'
import { fillListing } from './orders/listing-reactions.ts'
import { Placement } from './orders/placement-service.ts'
import { followFulfilment, followParcels, followPayments, followStock, followTransfers } from './orders/reactions.ts'
import { OrderReads } from './orders/reads-service.ts'
import { followReturns, returnableOrders } from './orders/returns-reactions.ts'
import { Betterment } from './orders/better-service.ts'
import { promiseRoutes } from './orders/promise-routes.ts'
import { Promises } from './orders/promise-service.ts'
import { orderRoutes } from './orders/routes.ts'
import { trackingPath, trackingRoutes } from './orders/tracking-routes.ts'
import { OrderService } from './orders/service.ts'
import { stuckRoutes } from './orders/stuck-routes.ts'
import { OrderReasons } from './orders/why-service.ts'
import { postgresStuck } from './orders/stuck-store.ts'
import { createReturns } from './returns/room.ts'
import { createInsights } from './insights/insights.ts'
import { Lateness } from './insights/lateness-service.ts'
import { createNotifications } from './notifications/notifications.ts'
import { createShipping } from './shipping/room.ts'
import { createPayments } from './payments/room.ts'
import { JournalReader } from './platform/bus/journal.ts'
import { WakeUps } from './platform/bus/wake.ts'
import { Callers } from './platform/callers.ts'
import type { Configuration } from './platform/config/config.ts'
import type { Logger } from './platform/log.ts'
import { type Connection, Database } from './platform/postgres/database.ts'
import { PostgresRecords } from './platform/records/postgres.ts'
import { flow } from './flow.ts'
import { plansIn, promisingSource } from './promise-wiring.ts'
import { createSimulating } from './simulation-wiring.ts'

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
  await database.learnTime()
  const stores = postgresStores(database)
  const { stock: stockStore, orders: orderStore } = stores
  const records = new PostgresRecords(database)
  const journal = new JournalReader(database)
  const wakeUps = new WakeUps(database, log)
  const committed = (): void => wakeUps.signal()
  const now = (): Instant => database.nowEstimate()
  const callers = new Callers()
  const shared = { batches: database, records, committed }
  const addresses = addressBookIn(dataFolder)
  const geocode = (country: string, postalCode?: string) => addresses().geocode(country, postalCode)

  const keys = new Keys(database)
  const catalog = new Catalog({ ...shared, stores: stores.catalog })
  const warn = (fault: unknown, what: string): void => log.warn({ fault }, what)
  const warehouses = new Warehouses({ ...shared, store: stores.warehouses, warn })
  const sourcing = createSourcing({
    ...shared,
    storage: stores.sourcing,
    log,
    now,
    warehouses,
    zone: configuration.timeZone,
    backlog: () => backlog(),
    stock: stockStore,
    recent: stores.recent,
  })
  const inventory = new Inventory({
    ...shared,
    repository: stockStore,
    source: promisingSource({
      source: sourcing.engine.source,
      policyFor: (order) => sourcing.policies.choose(order).policy,
      warehouses,
      zone: configuration.timeZone,
      bufferDays: (lane) => lateness.bufferDays(lane),
    }),
    threshold: (sku) => catalog.product(sku)?.lowStock ?? 5,
    network: () => warehouses.network,
    zone: configuration.timeZone,
  })

  const users = new Users({ ...shared, store: stores.users, now })
  const stock = stockQueries(stockStore)
  const carts = new Carts({ batches: database, store: stores.carts, catalog, stock, now })

  const reads = new OrderReads(orderStore, records)
  const fulfilment = createFulfilment({
    ...shared,
    stores: stores.fulfilment,
    now,
    collectedWithin: (work, parcels) => shipping.service.collectedWithin(work, parcels),
    callOffWithin: (work, parcels, origin) => shipping.service.callOffWithin(work, parcels, origin),
    endedWithin: (work, ids) => orderStore.ended(work, ids),
  })
  const orders = new OrderService({
    ...shared,
    repository: orderStore,
    inventory,
    cancelling: cancelling(fulfilment),
  })
  const placement = new Placement({
    ...shared,
    saveAtOnce: (writes) => database.save(writes),
    now,
    repository: orderStore,
    inventory,
    checkout: carts,
    ensureUsers: (ids, at) => users.ensureWrites(ids, at),
    limits: placementLimits,
  })
  // Placements are counted by themselves too: not all come through the door.
  const backlog = (): number => Math.max(callers.waiting(), placement.backlog())
  const payments = createPayments({
    batches: database,
    records,
    storage: stores.payments,
    orders: reads,
    now,
    signal: committed,
    baseUrl,
    log,
    environment,
  })

  const shipping = await createShipping({
    ...shared,
    stores: stores.shipping,
    baseUrl,
    now,
    simulated: simulatedCarrierIn(environment),
    recipient: async (order) => addressLines((await reads.one(order))?.person),
  })
  const returns = createReturns({
    ...shared,
    store: stores.returns,
    orders: returnableOrders(orderStore),
    warehouses,
    now,
  })
  const notifications = createNotifications({
    ...shared,
    storage: stores.notifications,
    now,
    shop: { name: 'Waybill', url: configuration.publicUrl },
    smtpUrl: configuration.smtpUrl,
    mailFrom: configuration.mailFrom,
    parcels: shipping.queries,
    orderUrl: (order) => `${baseUrl()}${trackingPath(order)}`,
  })
  const insights = createInsights({ database, journal, zone: configuration.timeZone })
  const lateness = new Lateness({ database, plansOf: plansIn(orderStore), zone: configuration.timeZone, now })

  await warehouses.read()
  await lateness.read()
  await sourcing.policies.read()
  await catalog.ensure([])
  const rooms = {
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
    insights: { ...insights, reactions: [...insights.reactions, lateness.reaction] },
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
  const handlers = [...payments.tasks, ...fulfilment.tasks, ...shipping.tasks, ...notifications.tasks]
  const { consumers, tasks } = following({ database, journal, reactions, handlers, log, backlog })
  const reaper = new Reaper(orders, orderStore, log)
  for (const followers of [consumers, tasks]) wakeUps.on(() => followers.wake())
  const sweeping = housekeeping(pastTheirEnd({ batches: database, carts, records, notifications, now }), log)
  const shadowSaving = repeating(5_000, 'figures of shadow policies are saved later', () => sourcing.shadows.flush(), log)
  const pricing = repeating(60_000, 'scarcity prices are reckoned later', () => sourcing.prices.round(), log)
  const betterment = new Betterment({
    orders,
    repository: orderStore,
    ...betteringWays(sourcing, stockStore, records),
    leastSaving: configuration.replanSaving,
    backlog,
    now,
    log,
  })
  const bettering = repeating(60_000, 'orders are sent better later', () => betterment.round(), log)
  const overdue = repeating(600_000, 'those who wait for overdue supply are told later', () => inventory.reviewOverdue(), log)
  const { timeZone: zone } = configuration
  const simulating = createSimulating({ database, records, warehouses, sourcing, zone, now, backlog, log })
  const view = { publicUrl: baseUrl, trackingPath }
  const explanations = new Explanations({
    networkAt: (version) => warehouses.networkAt(version),
    policyAt: (id) => sourcing.policies.at(id),
  })
  const reasons = new OrderReasons(journal, (decided) => explanations.of(decided))

  const promises = new Promises({ intake, inventory, clocks: () => warehouses.all, ttlSeconds: configuration.promiseTtlSeconds })

  const routes: readonly FastifyPluginAsync[] = [
    orderRoutes({ placement, orders, reads, repository: orderStore, intake, journal, records, view, reasons, promises }),
    promiseRoutes(promises),
    trackingRoutes(reads),
    inventoryRoutes({
      inventory,
      repository: stockStore,
      warehouses,
      unknownProducts: async (skus) => (await catalog.ensure(skus), skus.filter((sku) => catalog.product(sku) === undefined)),
      now,
    }),
    networkRoutes({ warehouses, geocode }),
    sourcing.routes,
    cartRoutes(carts),
    userGroupRoutes(users),
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
    lateness.routes,
    simulating.routes,
  ] as readonly FastifyPluginAsync[]

  const measured = measuredOf(database, placement, promises, sourcing.engine)
  const learning = inBackground('levels are learnt as they are asked for', (isStopped) => inventory.learnAll(isStopped), log)

  /** What goes on beside requests and reactions. */
  const beside = [
    reaper,
    sweeping,
    { start: () => undefined, stop: () => sourcing.shadows.stop() },
    shadowSaving,
    ...(configuration.scarcity ? [pricing] : []),
    overdue,
    ...(configuration.replanSaving > 0 ? [bettering] : []),
    simulating.simulations,
  ]
  return {
    measured,
    callers,
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
    reasons,
    betterment,
    placement,
    payments,
    fulfilment,
    shipping,
    returns,
    notifications,
    insights,
    lateness,
    promises,
    simulating,
    reactions,
    intake,
    consumers,
    tasks,
    reaper,
    sourcing,
    routes,
    now,
    geocode,
    settled: settling(consumers, tasks, wakeUps),
    /** Begins to react: events, tasks, timers. */
    start: async (): Promise<void> => {
      learning.start()
      await wakeUps.start()
      await consumers.start()
      tasks.start()
      for (const one of beside) one.start()
    },
    stop: async (): Promise<void> => {
      await learning.stop()
      for (const one of beside.toReversed()) await one.stop()
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
export type Shop = Awaited<ReturnType<typeof openShop>>
