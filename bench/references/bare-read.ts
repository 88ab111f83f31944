/**
 * The ceiling of reads: the same edge, the same path with the same schema, an answer of the same size and shape, and
 * nothing read: `bare-read.ts ANSWER`, an order's JSON.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { OrderIdParams } from '../../src/orders/schemas.ts'
import { createApp } from '../../src/platform/http/app.ts'
import { everyone } from '../../src/platform/http/policy.ts'
import { silentLog } from '../../src/platform/log.ts'
import { onStop } from '../../src/platform/process.ts'

const answer: unknown = JSON.parse(process.argv[2] ?? '{}')
const schema = { params: OrderIdParams, querystring: Type.Object({ expand: Type.Optional(Type.String()) }) }
const room: FastifyPluginAsyncTypebox = async (edge) => {
  edge.get('/v1/orders/:id', { schema, config: { policy: { roles: everyone } } }, async (_, reply) => {
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
