/** The whole room, put together: what `main.ts` and `flow.ts` take. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Instant } from '../kernel/ids.ts'
import type { Reaction } from '../platform/bus/consumers.ts'
import type { TaskHandler } from '../platform/tasks/handler.ts'
import type { FulfilmentQueries } from './contract.ts'
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
}>

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
  }
}
