/** Reference (c): the same route with the same schema, key, body hash and answer, that prices and stores nothing. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { requiredKey } from '../src/platform/http/idempotency.ts'
import { createApp } from '../src/platform/http/app.ts'
import { everyone } from '../src/platform/http/policy.ts'
import { silentLog } from '../src/platform/log.ts'
import { PlaceOrder } from '../src/orders/schemas.ts'
import { instant } from '../src/kernel/time.ts'

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
process.stdout.write(`${await app.listen({ port: 0, host: '127.0.0.1' })}\n`)
process.once('SIGTERM', () => void app.close().then(() => process.exit(0)))
