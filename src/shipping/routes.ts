/** Parcels over HTTP: lists, one parcel, its label, news about it by hand, and a carrier's manifest. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { Instant, Place } from '../kernel/ids.ts'
import { Problem } from '../kernel/problem.ts'
import { instant } from '../kernel/time.ts'
import { requiredKey } from '../platform/http/idempotency.ts'
import { actor, type Policy } from '../platform/http/policy.ts'
import { unlessRefused } from '../platform/http/refusals.ts'
import { idOf, pageById, paged, pageQuery } from '../platform/http/pages.ts'
import { etag } from '../platform/http/versions.ts'
import type { Found } from '../platform/streams/store.ts'
import { isAnnounced, type LiveParcel, type Parcel } from './parcel.ts'
import {
  carrierName,
  idParams,
  manifest,
  manifestText,
  mayAsk,
  maySee,
  noParcel,
  orderParams,
  parcelProblems,
  place,
  reportable,
  shown,
  statusesOf,
} from './requests.ts'
import type { ShippingService } from './service.ts'
import type { Recipient } from './tasks.ts'

const policy: Policy = { roles: ['owner', 'customer_service', 'warehouse', 'service', 'logistics_partner'] }
const reporters: Policy = { roles: ['owner', 'warehouse', 'service', 'logistics_partner'] }
const settlers: Policy = { roles: ['owner', 'service', 'customer_service', 'warehouse'] }
const tags = ['shipping']
/** Parcels that wait for one collection. */
const manifestMax = 2_000
const parcelOf = ({ id, version, state }: Found<Parcel>) => (isAnnounced(state) ? shown(id, version, state) : undefined)
/** What a warehouse key without a warehouse sees. */
const nowhere = '' as Place

const listSchema = {
  summary: 'List parcels, newest first',
  tags,
  querystring: Type.Object(
    { status: Type.Optional(Type.String()), carrier: Type.Optional(carrierName), place: Type.Optional(place), ...pageQuery },
    { additionalProperties: false },
  ),
}
const ofOrderSchema = { summary: "An order's parcels", tags, params: orderParams }
const oneSchema = { summary: 'One parcel, with what may be done to it now', tags, params: idParams }
const labelSchema = { summary: 'Its label, to be printed', tags, params: idParams }
const trackSchema = {
  summary: 'News about a parcel, from staff or its carrier',
  tags,
  params: idParams,
  body: Type.Object(
    {
      status: Type.Union(reportable.map((status) => Type.Literal(status))),
      at: Type.Optional(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2}(\\.\\d+)?)?(Z|[+-]\\d{2}:?\\d{2})$' })),
      detail: Type.Optional(Type.String({ maxLength: 500 })),
    },
    { additionalProperties: false },
  ),
}
const settleSchema = {
  summary: 'Say that a parcel that went astray was seen to',
  tags,
  params: idParams,
  body: Type.Union([
    Type.Object({ note: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })) }, { additionalProperties: false }),
    Type.Null(),
  ]),
}
const manifestSchema = {
  summary: 'What waits for a carrier, as JSON or text/plain',
  tags,
  params: Type.Object({ carrier: carrierName }),
  querystring: Type.Object({ place: Type.Optional(place) }, { additionalProperties: false }),
}

const timeOf = (at: string | undefined): Instant | undefined => {
  if (at === undefined) return undefined
  const ms = Date.parse(at)
  if (!Number.isNaN(ms)) return instant(ms)
  throw new Problem('invalid_request', { status: 400, title: 'Request is not valid' }, '`at` is no time.', {
    errors: [{ pointer: '/at', code: 'invalid' }],
  })
}

export type ParcelDoors = Readonly<{ service: ShippingService; recipient: Recipient; now: () => Instant }>

export const parcelRoutes =
  ({ service, recipient, now }: ParcelDoors): FastifyPluginAsyncTypebox =>
  async (edge) => {
    const { parcels } = service.stores
    const found = async (request: FastifyRequest, id: string): Promise<Readonly<{ version: number; state: LiveParcel }>> => {
      const stored = (await parcels.get([id])).get(id)
      if (stored === undefined || !isAnnounced(stored.state) || !maySee(request.principal, stored.state)) throw noParcel()
      return { version: stored.version, state: stored.state }
    }

    edge.get('/v1/parcels', { schema: listSchema, config: { policy } }, async ({ query, principal }) => {
      const { limit, after } = pageById(query)
      const partner = principal.role === 'logistics_partner'
      if (query.carrier !== undefined) mayAsk(principal, query.carrier)
      const rows = await parcels.list(
        {
          carrier: partner ? (principal.carrier ?? '') : query.carrier,
          statuses: statusesOf(query.status),
          place: principal.role === 'warehouse' ? (principal.place ?? nowhere) : query.place,
        },
        { limit: limit + 1, after },
      )
      return paged(rows, limit, parcelOf, idOf)
    })

    edge.get('/v1/orders/:id/parcels', { schema: ofOrderSchema, config: { policy } }, async ({ params, principal }) => {
      const rows = await parcels.find('order_id', [params.id], manifestMax)
      const mine = rows.toReversed().filter(({ state }) => isAnnounced(state) && maySee(principal, state))
      return { data: mine.map(parcelOf) }
    })

    edge.get('/v1/parcels/:id', { schema: oneSchema, config: { policy } }, async (request, reply) => {
      const { version, state } = await found(request, request.params.id)
      reply.header('etag', etag(version))
      return shown(request.params.id, version, state)
    })

    edge.get('/v1/parcels/:id/label', { schema: labelSchema, config: { policy } }, async (request, reply) => {
      const { state } = await found(request, request.params.id)
      const carrier = service.carrier(state.carrier)
      const printed =
        state.label === undefined || (state.status === 'cancelled' && state.shared === undefined)
          ? undefined
          : await carrier?.label(state.label.tracking, await recipient(state.order))
      if (printed === undefined)
        throw new Problem(
          'label_not_ready',
          { status: 404, title: 'There is no label' },
          'The carrier has not made it yet, or the parcel is cancelled.',
        )
      return reply.type(printed.type).send(printed.body)
    })

    edge.post('/v1/parcels/:id/track', { schema: trackSchema, config: { policy: reporters } }, async (request, reply) => {
      const { id } = request.params
      await found(request, id)
      const { status, at, detail } = request.body
      const outcome = await service.note({
        id,
        command: { do: 'news', status, happenedAt: timeOf(at), raw: detail },
        origin: actor(request),
        key: requiredKey(request, 'parcel.track', now()),
      })
      const answer = unlessRefused(outcome, parcelProblems)
      if (!isAnnounced(answer.state)) throw noParcel()
      if (answer.replayed) reply.header('idempotent-replayed', 'true')
      reply.header('etag', etag(answer.version))
      return shown(id, answer.version, answer.state)
    })

    edge.post('/v1/parcels/:id/settle', { schema: settleSchema, config: { policy: settlers } }, async (request, reply) => {
      const { id } = request.params
      await found(request, id)
      const origin = actor(request)
      const outcome = await service.note({
        id,
        command: { do: 'settle', by: origin.actor, note: request.body?.note },
        origin,
        key: requiredKey(request, 'parcel.settle', now()),
      })
      const answer = unlessRefused(outcome, parcelProblems)
      if (!isAnnounced(answer.state)) throw noParcel()
      if (answer.replayed) reply.header('idempotent-replayed', 'true')
      reply.header('etag', etag(answer.version))
      return shown(id, answer.version, answer.state)
    })

    edge.get('/v1/carriers/:carrier/manifest', { schema: manifestSchema, config: { policy } }, async (request, reply) => {
      const { principal, params, query } = request
      mayAsk(principal, params.carrier)
      const at = principal.role === 'warehouse' ? (principal.place ?? nowhere) : query.place
      const rows = await parcels.list({ carrier: params.carrier, statuses: ['label_created'], place: at }, { limit: manifestMax })
      const waiting = rows.flatMap(({ id, state }) =>
        isAnnounced(state) && !state.held && !state.waitsForAddress ? [{ id, state }] : [],
      )
      const list = manifest(params.carrier, waiting.toReversed())
      if (!(request.headers.accept ?? '').includes('text/plain')) return list
      return reply.type('text/plain; charset=utf-8').send(manifestText(list))
    })
  }
