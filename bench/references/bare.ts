/**
 * Reference (c), and the ceiling of reads: the same edge and the same paths with the same schemas, key, body hash and an
 * answer of the same size, that read, price and store nothing: `bare.ts ANSWER`, an order's JSON.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { instant } from '../../src/kernel/time.ts'
import { OrderIdParams, PlaceOrder } from '../../src/orders/schemas.ts'
import { createApp } from '../../src/platform/http/app.ts'
import { requiredKey } from '../../src/platform/http/idempotency.ts'
import { everyone } from '../../src/platform/http/policy.ts'
import { silentLog } from '../../src/platform/log.ts'
import { onStop } from '../../src/platform/process.ts'

const answer: unknown = JSON.parse(process.argv[2] ?? '{}')
const config = { policy: { roles: everyone } }
const read = { params: OrderIdParams, querystring: Type.Object({ expand: Type.Optional(Type.String()) }) }
const room: FastifyPluginAsyncTypebox = async (edge) => {
  edge.post('/v1/orders', { schema: { body: PlaceOrder }, config }, async (request, reply) => {
    requiredKey(request, 'place-order', instant(Date.now()), 'for_ever')
    reply.code(201).header('etag', '"v2"').header('location', '/v1/orders/none')
    return answer
  })
  edge.get('/v1/orders/:id', { schema: read, config }, async (_, reply) => {
    reply.header('etag', '"v20"')
    return answer
  })
}
const app = await createApp({
  log: silentLog,
  version: 'bench',
  authenticate: () => Promise.resolve({ id: 'bench', role: 'owner', scopes: [] }),
  demo: () => undefined,
  rooms: [room],
})
onStop(() => app.close())
process.stdout.write(`${await app.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 })}\n`)
