/** `/track/…`: an order's page for whoever has its signed link. No key, no account, works without scripts. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { OrderId } from '../kernel/ids.ts'
import { Problem } from '../kernel/problem.ts'
import { readCursor, signCursor } from '../platform/http/cursors.ts'
import { orderProblems } from './problems.ts'
import type { OrderReads } from './reads-service.ts'
import { trackingPage } from './tracking.ts'

/** The path of an order's page; the id in it is signed, so that nobody finds others by trying. */
export const trackingPath = (id: OrderId): string => `/track/${signCursor(id)}`

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}

export const trackingRoutes =
  (reads: OrderReads): FastifyPluginAsyncTypebox =>
  async (edge) => {
    edge.get(
      '/track/:token',
      {
        schema: {
          summary: "A customer's page of an order, by its signed link",
          tags: ['orders'],
          params: Type.Object({ token: Type.String({ maxLength: 200 }) }),
        },
        config: { policy: { roles: 'public' } },
      },
      async (request, reply) => {
        const read = await reads.one(readCursor(request.params.token) as OrderId)
        if (read === undefined) throw new Problem('order_not_found', orderProblems.order_not_found, 'There is no such order.')
        return reply.headers(headers).send(trackingPage(read.order))
      },
    )
  }
