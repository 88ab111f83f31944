/**
 * Reference (c): the same route with the same schema, key, body hash and an answer of the same size, that prices and
 * stores nothing: `bare.ts ANSWER`, an order's JSON.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { instant } from '../../src/kernel/time.ts'
import { PlaceOrder } from '../../src/orders/schemas.ts'
import { createApp } from '../../src/platform/http/app.ts'
import { requiredKey } from '../../src/platform/http/idempotency.ts'
import { everyone } from '../../src/platform/http/policy.ts'
import { silentLog } from '../../src/platform/log.ts'
import { onStop } from '../../src/platform/process.ts'

const answer: unknown = JSON.parse(process.argv[2] ?? '{}')
const room: FastifyPluginAsyncTypebox = async (edge) => {
  edge.post('/v1/orders', { schema: { body: PlaceOrder }, config: { policy: { roles: everyone } } }, async (request, reply) => {
    requiredKey(request, 'place-order', instant(Date.now()), 'for_ever')
    reply.code(201).header('etag', '"v2"').header('location', '/v1/orders/none')
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
