/** Transfers over HTTP: asked for, sent by one warehouse, received by the other, in parts and with what went wrong. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Instant, Place } from '../kernel/ids.ts'
import { requiredKey } from '../platform/http/idempotency.ts'
import { actor, type Policy } from '../platform/http/policy.ts'
import { unlessRefused } from '../platform/http/refusals.ts'
import { idOf, pageById, paged, pageQuery } from '../platform/http/pages.ts'
import { etag, ifMatch } from '../platform/http/versions.ts'
import { newId } from '../platform/ids.ts'
import type { Unstamped } from '../platform/streams/service.ts'
import {
  anyLines,
  idParams,
  mayWorkAt,
  notFound,
  Optionally,
  orderId,
  place,
  quantity,
  sku,
  someLines,
  transferProblems,
  words,
} from './requests.ts'
import { ownPlace } from './routes.ts'
import type { FulfilmentService } from './service.ts'
import { isRequested, type LiveTransfer, type TransferCommand, type TransferStatus } from './transfer.ts'
import { transferView } from './views.ts'

const policy: Policy = { roles: ['owner', 'customer_service', 'warehouse', 'service'] }
const workers: Policy = { roles: ['owner', 'warehouse', 'service'] }
const tags = ['transfers']
const statuses: readonly TransferStatus[] = ['requested', 'sent', 'received', 'declined', 'cancelled']
const linesMax = 2_000

const listSchema = {
  summary: 'List transfers, newest first',
  tags,
  querystring: Type.Object(
    { place: Type.Optional(place), status: Type.Optional(Type.String()), order: Type.Optional(orderId), ...pageQuery },
    { additionalProperties: false },
  ),
}
const oneSchema = { summary: 'One transfer, with what may be done to it now', tags, params: idParams }
const newSchema = {
  summary: 'Move stock from one warehouse to another, without an order',
  tags,
  body: Type.Object(
    {
      from: place,
      to: place,
      lines: Type.Array(Type.Object({ sku, quantity }, { additionalProperties: false }), { minItems: 1, maxItems: linesMax }),
    },
    { additionalProperties: false },
  ),
}
const sendSchema = { summary: 'The units left the sender', tags, params: idParams, body: Optionally({}) }
const receiveSchema = {
  summary: 'Units arrived: everything, or as named; `close` when nothing more will come',
  tags,
  params: idParams,
  body: Optionally({
    lines: Type.Optional(anyLines),
    damaged: Type.Optional(anyLines),
    missing: Type.Optional(anyLines),
    close: Type.Optional(Type.Boolean()),
  }),
}
const declineSchema = {
  summary: 'The sender has not got them: they are sourced elsewhere',
  tags,
  params: idParams,
  body: Optionally({ lines: Type.Optional(someLines) }),
}

export const transferRoutes =
  (service: FulfilmentService, now: () => Instant): FastifyPluginAsyncTypebox =>
  async (edge) => {
    const found = async (id: string): Promise<Readonly<{ version: number; state: LiveTransfer }>> => {
      const stored = (await service.stores.transfers.get([id])).get(id)
      if (stored === undefined || !isRequested(stored.state)) throw notFound('transfer_not_found')
      return { version: stored.version, state: stored.state }
    }
    const handle = async (request: FastifyRequest, reply: FastifyReply, id: string, command: Unstamped<TransferCommand>) => {
      const outcome = await service.handleTransfer({
        id,
        command,
        origin: actor(request),
        key: requiredKey(request, `transfer.${command.do}`, now()),
        expected: ifMatch(request),
      })
      const answer = unlessRefused(outcome, transferProblems)
      if (!isRequested(answer.state)) throw notFound('transfer_not_found')
      if (answer.replayed) reply.header('idempotent-replayed', 'true')
      reply.header('etag', etag(answer.version))
      return transferView(answer.id, answer.version, answer.state)
    }
    const step = async (
      request: FastifyRequest<{ Params: { id: string } }>,
      reply: FastifyReply,
      end: (state: LiveTransfer) => Place,
      command: Unstamped<TransferCommand>,
    ) => {
      const { state } = await found(request.params.id)
      mayWorkAt(request.principal, end(state))
      return handle(request, reply, request.params.id, command)
    }

    edge.get('/v1/transfers', { schema: listSchema, config: { policy } }, async ({ query, principal }) => {
      const { limit, after } = pageById(query)
      const rows = await service.stores.transfers.list(
        { place: ownPlace(principal, query.place), statuses: words(query.status, statuses, '/status'), order: query.order },
        { limit: limit + 1, after },
      )
      return paged(
        rows,
        limit,
        ({ id, version, state }) => (isRequested(state) ? transferView(id, version, state) : undefined),
        idOf,
      )
    })
    edge.get('/v1/transfers/:id', { schema: oneSchema, config: { policy } }, async (request, reply) => {
      const { version, state } = await found(request.params.id)
      mayWorkAt(request.principal, state.from, state.to)
      reply.header('etag', etag(version))
      return transferView(request.params.id, version, state)
    })
    edge.post('/v1/transfers', { schema: newSchema, config: { policy: workers } }, async (request, reply) => {
      const { from, to, lines } = request.body
      mayWorkAt(request.principal, from, to)
      const numbered = lines.map((units, line) => ({ line, ...units }))
      const view = await handle(request, reply, newId(now()), { do: 'request', from, to, lines: numbered })
      return reply.code(201).header('location', `/v1/transfers/${view.id}`).send(view)
    })
    edge.post('/v1/transfers/:id/send', { schema: sendSchema, config: { policy: workers } }, (request, reply) =>
      step(request, reply, ({ from }) => from, { do: 'send' }),
    )
    edge.post('/v1/transfers/:id/receive', { schema: receiveSchema, config: { policy: workers } }, (request, reply) =>
      step(request, reply, ({ to }) => to, { do: 'receive', ...request.body }),
    )
    edge.post('/v1/transfers/:id/decline', { schema: declineSchema, config: { policy: workers } }, (request, reply) =>
      step(request, reply, ({ from }) => from, { do: 'decline', lines: request.body?.lines }),
    )
  }
