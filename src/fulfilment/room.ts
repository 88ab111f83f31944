/** The whole room, put together: what `main.ts` and `flow.ts` take. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Instant, OrderId } from '../kernel/ids.ts'
import type { LineUnits } from '../orders/contract.ts'
import type { Reaction } from '../platform/bus/consumers.ts'
import type { Work } from '../platform/store/work.ts'
import type { TaskHandler } from '../platform/tasks/worker.ts'
import type { CancelAsked, FulfilmentQueries } from './contract.ts'
import { ordersFollowed, parcelsFollowed, transfersFollowed } from './reactions.ts'
import { fulfilmentRoutes } from './routes.ts'
import { type FulfilmentOptions, FulfilmentService } from './service.ts'
import { transferRoutes } from './transfer-routes.ts'

export type Fulfilment = Readonly<{
  service: FulfilmentService
  /** `followOrders`: plans, arrivals, holds, addresses, cancellations; the others as they say. */
  reactions: Readonly<{ followOrders: Reaction; followTransfers: Reaction; followParcels: Reaction }>
  tasks: readonly TaskHandler[]
  routes: readonly FastifyPluginAsyncTypebox[]
  queries: FulfilmentQueries
  /** `cancelWithin` in the shape in which orders asks for it. */
  cancelling: Readonly<{ prepare: (work: Work, orders: readonly OrderId[]) => Promise<Veto> }>
}>
type Units = CancelAsked['lines']
export type Veto = Readonly<{
  check: (order: OrderId, lines: Units) => readonly LineUnits[]
  apply: (order: OrderId, lines: Units) => void
  finish: () => void
}>

const prepareCancel =
  (service: FulfilmentService) =>
  async (work: Work, orders: readonly OrderId[]): Promise<Veto> => {
    const session = await service.cancelWithin(
      work,
      orders.map((order) => ({ order, lines: 'all' })),
    )
    return {
      check: (order, lines) => session.check({ order, lines }).blocked,
      apply: (order, lines) => void session.apply({ order, lines }, 'cancelled'),
      finish: () => work.add(...session.writes()),
    }
  }

/** @param now a hint of the time, for the end of idempotency keys; facts carry the batch's own. */
export const createFulfilment = ({ now, ...options }: FulfilmentOptions & Readonly<{ now: () => Instant }>): Fulfilment => {
  const service = new FulfilmentService(options)
  return {
    service,
    reactions: {
      followOrders: ordersFollowed(service),
      followTransfers: transfersFollowed(service),
      followParcels: parcelsFollowed(service),
    },
    tasks: [],
    routes: [fulfilmentRoutes(service, now), transferRoutes(service, now)],
    queries: service,
    cancelling: { prepare: prepareCancel(service) },
  }
}
