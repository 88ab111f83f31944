/** Fulfilment orders over HTTP: a warehouse's list, and pick, short, pack, put back. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Instant, Place } from '../kernel/ids.ts'
import type { FulfilmentStatus } from '../orders/contract.ts'
import { requiredKey } from '../platform/http/idempotency.ts'
import { actor, type Policy, type Principal } from '../platform/http/policy.ts'
import { unlessRefused } from '../platform/http/refusals.ts'
import { idOf, pageById, paged, pageQuery } from '../platform/http/pages.ts'
import { etag, ifMatch } from '../platform/http/versions.ts'
import { newId } from '../platform/ids.ts'
import type { Unstamped } from '../platform/streams/service.ts'
import type { FulfilmentCommand } from './fulfilment-order.ts'
import {
  fulfilmentProblems,
  idParams,
  mayWorkAt,
  notFound,
  Optionally,
  orderId,
  parcelBody,
  place,
  someLines,
  words,
} from './requests.ts'
import type { FulfilmentService } from './service.ts'
import { fulfilmentView, pickList, pickListText } from './views.ts'
import { isLive, type Live } from './work.ts'

const policy: Policy = { roles: ['owner', 'customer_service', 'warehouse', 'service'] }
const workers: Policy = { roles: ['owner', 'warehouse', 'service'] }
const tags = ['fulfilment']
const statuses: readonly FulfilmentStatus[] = [
  'planned',
  'awaiting_stock',
  'awaiting_transfer',
  'released',
  'picking',
  'packed',
  'collected',
  'delivered',
  'short',
  'cancelled',
]
const parcelsMax = 200

const listSchema = {
  summary: 'List fulfilment orders, newest first',
  tags,
  querystring: Type.Object(
    { place: Type.Optional(place), status: Type.Optional(Type.String()), order: Type.Optional(orderId), ...pageQuery },
    { additionalProperties: false },
  ),
}
const oneSchema = { summary: 'One fulfilment order, with what may be done to it now', tags, params: idParams }
const pickListSchema = { summary: 'What to fetch, as JSON or text/plain', tags, params: idParams }
const pickSchema = {
  summary: 'Pick everything, or some lines',
  tags,
  params: idParams,
  body: Optionally({ lines: Type.Optional(someLines) }),
}
const shortSchema = {
  summary: 'Report units that are not there: they are sourced elsewhere, the rest goes on',
  tags,
  params: idParams,
  body: Type.Object({ lines: someLines }, { additionalProperties: false }),
}
const packSchema = {
  summary: 'Pack everything that is picked: into one parcel, or as named',
  tags,
  params: idParams,
  body: Optionally({ parcels: Type.Optional(Type.Array(parcelBody, { minItems: 1, maxItems: parcelsMax })) }),
}
const putBackSchema = {
  summary: 'Cancelled units are on their shelf again',
  tags,
  params: idParams,
  body: Optionally({ lines: Type.Optional(someLines) }),
}

/** The warehouse whose work is listed: one's own, or the one asked for. */
export const ownPlace = (principal: Principal, asked: Place | undefined): Place | undefined => {
  if (principal.role !== 'warehouse') return asked
  mayWorkAt(principal, ...(asked === undefined ? (principal.place === undefined ? [] : [principal.place]) : [asked]))
  return principal.place
}

export const fulfilmentRoutes =
  (service: FulfilmentService, now: () => Instant): FastifyPluginAsyncTypebox =>
  async (edge) => {
    const found = async (id: string, request: FastifyRequest): Promise<Readonly<{ version: number; state: Live }>> => {
      const stored = (await service.stores.fulfilments.get([id])).get(id)
      if (stored === undefined || !isLive(stored.state)) throw notFound('fulfilment_not_found')
      mayWorkAt(request.principal, stored.state.place)
      return { version: stored.version, state: stored.state }
    }
    const step = async (
      request: FastifyRequest,
      reply: FastifyReply,
      id: string,
      command: Unstamped<FulfilmentCommand>,
      handle: FulfilmentService['handle'] = (asked) => service.handle(asked),
    ): Promise<ReturnType<typeof fulfilmentView>> => {
      await found(id, request)
      const outcome = await handle({
        id,
        command,
        origin: actor(request),
        key: requiredKey(request, `fulfilment.${command.do}`, now()),
        expected: ifMatch(request),
      })
      const { version, state, replayed } = unlessRefused(outcome, fulfilmentProblems)
      if (!isLive(state)) throw notFound('fulfilment_not_found')
      if (replayed) reply.header('idempotent-replayed', 'true')
      reply.header('etag', etag(version))
      return fulfilmentView(id, version, state)
    }

    edge.get('/v1/fulfilment-orders', { schema: listSchema, config: { policy } }, async ({ query, principal }) => {
      const { limit, after } = pageById(query)
      const only = ownPlace(principal, query.place)
      const rows = await service.stores.fulfilments.list(
        { places: only === undefined ? undefined : [only], statuses: words(query.status, statuses, '/status'), order: query.order },
        { limit: limit + 1, after },
      )
      return paged(rows, limit, ({ id, version, state }) => (isLive(state) ? fulfilmentView(id, version, state) : undefined), idOf)
    })

    edge.get('/v1/fulfilment-orders/:id', { schema: oneSchema, config: { policy } }, async (request, reply) => {
      const { version, state } = await found(request.params.id, request)
      reply.header('etag', etag(version))
      return fulfilmentView(request.params.id, version, state)
    })

    edge.get('/v1/fulfilment-orders/:id/pick-list', { schema: pickListSchema, config: { policy } }, async (request, reply) => {
      const { state } = await found(request.params.id, request)
      const list = pickList(request.params.id, state)
      if (!(request.headers.accept ?? '').includes('text/plain')) return list
      return reply.type('text/plain; charset=utf-8').send(pickListText(list))
    })

    edge.post('/v1/fulfilment-orders/:id/pick', { schema: pickSchema, config: { policy: workers } }, (request, reply) =>
      step(request, reply, request.params.id, { do: 'pick', lines: request.body?.lines }),
    )
    edge.post('/v1/fulfilment-orders/:id/short', { schema: shortSchema, config: { policy: workers } }, (request, reply) =>
      step(request, reply, request.params.id, { do: 'short', lines: request.body.lines, by: actor(request).actor }),
    )
    edge.post('/v1/fulfilment-orders/:id/pack', { schema: packSchema, config: { policy: workers } }, (request, reply) => {
      const at = now()
      const parcels = request.body?.parcels?.map((parcel) => ({ ...parcel, parcel: newId(at) })) ?? [{ parcel: newId(at) }]
      // Who names parcels packs these alone; else what shares a parcel with other orders is packed with them.
      const handle = request.body?.parcels === undefined ? service.pack.bind(service) : undefined
      return step(request, reply, request.params.id, { do: 'pack', parcels }, handle)
    })
    edge.post('/v1/fulfilment-orders/:id/put-back', { schema: putBackSchema, config: { policy: workers } }, (request, reply) =>
      step(request, reply, request.params.id, { do: 'putBack', lines: request.body?.lines }),
    )
  }
