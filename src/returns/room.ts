/** The whole room, put together: what `main.ts` and `flow.ts` take. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Reaction } from '../platform/bus/consumers.ts'
import { ordersFollowed } from './reactions.ts'
import { type ReturnDoors, returnRoutes } from './routes.ts'
import { ReturnService, type ReturnServiceOptions } from './service.ts'

export type Returns = Readonly<{
  service: ReturnService
  reactions: Readonly<{ followOrders: Reaction }>
  routes: FastifyPluginAsyncTypebox
}>
export type ReturnOptions = ReturnServiceOptions & Pick<ReturnDoors, 'warehouses' | 'now'>

export const createReturns = ({ batches, records, store, orders, committed, warehouses, now }: ReturnOptions): Returns => {
  const service = new ReturnService({ batches, records, store, orders, committed })
  return {
    service,
    reactions: { followOrders: ordersFollowed(service) },
    routes: returnRoutes({ service, orders, warehouses, now }),
  }
}
