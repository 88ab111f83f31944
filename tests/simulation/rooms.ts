/** The real rooms of one process, wired as `shop.ts` wires them, over the simulated world. */
import { followFulfilment, followParcels, followPayments, followStock, followTransfers } from '../../src/orders/reactions.ts'
import type { FulfilmentStores } from '../../src/fulfilment/store.ts'
import type { InventoryRepository } from '../../src/inventory/store.ts'
import type { Instant } from '../../src/kernel/ids.ts'
import type { OrderRepository } from '../../src/orders/store.ts'
import type { PaymentRepository } from '../../src/payments/store.ts'
import type { Journal } from '../../src/platform/bus/journal.ts'
import type { Positions } from '../../src/platform/bus/positions.ts'
import type { Records } from '../../src/platform/records/records.ts'
import type { Batches, Write } from '../../src/platform/store/work.ts'
import type { TaskRows } from '../../src/platform/tasks/rows.ts'
import type { ReturnRepository } from '../../src/returns/store.ts'
import type { ShippingStores } from '../../src/shipping/store.ts'
import { createFulfilment } from '../../src/fulfilment/room.ts'
import { stockMoves } from '../../src/inventory/reactions.ts'
import { Inventory } from '../../src/inventory/service.ts'
import type { MailPort } from '../../src/notifications/adapters/ports.ts'
import { createNotifications, type NotificationStorage } from '../../src/notifications/notifications.ts'
import { fillListing } from '../../src/orders/listing-reactions.ts'
import type { ListingStore } from '../../src/orders/listing-store.ts'
import { Reaper } from '../../src/orders/expiry-service.ts'
import { Placement } from '../../src/orders/placement-service.ts'
import { OrderReads } from '../../src/orders/reads-service.ts'
import { followReturns, returnableOrders } from '../../src/orders/returns-reactions.ts'
import { OrderService } from '../../src/orders/service.ts'
import { paymentTasks } from '../../src/payments/adapters/provider-tasks.ts'
import type { PaymentProvider } from '../../src/payments/provider.ts'
import { paymentReactions } from '../../src/payments/reactions.ts'
import { PaymentService } from '../../src/payments/service.ts'
import { Consumers, type Reaction } from '../../src/platform/bus/consumers.ts'
import type { Logger } from '../../src/platform/log.ts'
import { TaskWorker } from '../../src/platform/tasks/worker.ts'
import { ordersFollowed } from '../../src/returns/reactions.ts'
import { ReturnService } from '../../src/returns/service.ts'
import type { Carrier } from '../../src/shipping/carrier.ts'
import { createShipping } from '../../src/shipping/room.ts'
import { cancelling } from '../../src/shop-wiring.ts'
import { nearest } from '../support/stock.ts'
import { openSourcing, type SourcingLine } from './sourcing.ts'

/** Everything outside that rooms ask, in whichever form. */
export type Line = Readonly<{
  batches: Batches
  save: (writes: readonly Write[]) => Promise<void>
  now: () => Instant
  log: Logger
  records: Records
  orders: OrderRepository
  inventory: InventoryRepository
  payments: PaymentRepository
  fulfilment: FulfilmentStores
  shipping: ShippingStores
  returns: ReturnRepository
  positions: Positions
  journal: Journal
  tasks: TaskRows
  provider: PaymentProvider
  carrier: Carrier
  /** Real sourcing, what customers are told, and what people look up; absent in seeds that have none of it. */
  whole?: (SourcingLine & Readonly<{ storage: NotificationStorage; mail: MailPort; listing: ListingStore }>) | undefined
  /** Every reaction as it is carried out, so that its effects can be counted. */
  watched?: (reaction: Reaction) => Reaction
}>

/** Where a page of the shop would be reached. */
const baseUrl = 'http://shop.example'

export const openRooms = async (line: Line) => {
  const { batches, records, now, log, orders: repository, provider, carrier, watched = (reaction) => reaction } = line
  const committed = (): void => {
    consumers.wake()
    tasks.wake()
  }
  const planned =
    line.whole === undefined
      ? { source: nearest }
      : await openSourcing({
          ...line.whole,
          batches,
          records,
          stock: line.inventory,
          log,
          now,
          committed,
          backlog: () => placement.backlog(),
        })
  const inventory = new Inventory({ batches, records, repository: line.inventory, threshold: () => 1, committed, ...planned })
  const shipping = await createShipping({
    batches,
    records,
    stores: line.shipping,
    baseUrl: () => baseUrl,
    committed,
    now,
    simulated: { secret: 'nobody signs here' },
    carriers: [carrier],
  })
  const fulfilment = createFulfilment({
    batches,
    records,
    stores: line.fulfilment,
    committed,
    now,
    collectedWithin: (work, parcels) => shipping.service.collectedWithin(work, parcels),
    callOffWithin: (work, parcels, origin) => shipping.service.callOffWithin(work, parcels, origin),
    endedWithin: (work, ids) => repository.ended(work, ids),
  })
  const orders = new OrderService({
    batches,
    records,
    repository,
    inventory,
    cancelling: cancelling(fulfilment),
    committed,
  })
  const placement = new Placement({
    batches,
    saveAtOnce: line.save,
    now,
    records,
    repository,
    inventory,
    committed,
  })
  const providers = new Map([[provider.name, provider]])
  const payments = new PaymentService({
    batches,
    records,
    store: line.payments,
    providers,
    provider: provider.name,
    now,
    signal: committed,
  })
  const returns = new ReturnService({
    batches,
    records,
    store: line.returns,
    orders: returnableOrders(repository),
    committed,
  })
  const notifications =
    line.whole === undefined
      ? undefined
      : createNotifications({
          ...line.whole,
          batches,
          records,
          committed,
          now,
          shop: { name: 'Waybill', url: baseUrl },
          parcels: shipping.queries,
        })
  const reactions = [
    ...paymentReactions({ service: payments, log }),
    followPayments(orders),
    fulfilment.reactions.followOrders,
    stockMoves(inventory),
    followStock(orders),
    fulfilment.reactions.followTransfers,
    followTransfers(orders),
    followFulfilment(orders),
    shipping.reactions.followFulfilment,
    fulfilment.reactions.followParcels,
    followParcels(orders),
    followReturns(orders),
    ordersFollowed(returns),
    ...(notifications?.reactions ?? []),
    ...(line.whole === undefined ? [] : [fillListing(line.whole.listing)]),
  ]
  const consumers = new Consumers(
    line.positions,
    line.journal,
    reactions.map((reaction) => watched(reaction)),
    log,
  )
  const handlers = [
    ...paymentTasks({ service: payments, providers, now, pageReady: () => undefined }),
    ...fulfilment.tasks,
    ...shipping.tasks,
    ...(notifications?.tasks ?? []),
  ]
  const tasks = new TaskWorker(line.tasks, handlers, log)
  const reaper = new Reaper(orders, repository, log)
  return {
    line,
    consumers,
    handlers,
    placement,
    orders,
    reads: new OrderReads(repository, records),
    inventory,
    payments,
    fulfilment: fulfilment.service,
    shipping: shipping.service,
    returns,
    reactions,
    start: async (): Promise<void> => {
      await consumers.start()
      tasks.start()
      reaper.start()
    },
  }
}
export type Rooms = Awaited<ReturnType<typeof openRooms>>
