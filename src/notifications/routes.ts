import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Instant, OrderId } from '../kernel/ids.ts'
import { Problem } from '../kernel/problem.ts'
import { requiredKey } from '../platform/http/idempotency.ts'
import { office } from '../platform/http/policy.ts'
import { type ProblemTable, unlessRefused } from '../platform/http/refusals.ts'
import { idOf, pageById, paged, pageQuery } from '../platform/http/pages.ts'
import type { NotificationStatus, NotificationView } from './contract.ts'
import type { RetryReason, Sending } from './sending-service.ts'
import type { NotificationOfOrder, NotificationRepository, OutboxEntry } from './store.ts'
import { sentenceOf } from './wording.ts'

export const notificationProblems: ProblemTable<RetryReason> = {
  notification_not_found: { status: 404, title: 'No such notification' },
  notification_not_failed: { status: 409, title: 'Only a notification that failed can be sent again' },
}

const uuid = Type.Unsafe<string>({ type: 'string', pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' })
const orderId = Type.Unsafe<OrderId>(uuid)
const status = Type.Unsafe<NotificationStatus>({ type: 'string', enum: ['PENDING', 'SENT', 'FAILED'] })
const user = Type.String({ minLength: 1, maxLength: 64 })
const closed = { additionalProperties: false }
const listing = Type.Object({ ...pageQuery, status: Type.Optional(status), user: Type.Optional(user) }, closed)
const channels = Type.Object({ email: Type.Optional(Type.Boolean()), sms: Type.Optional(Type.Boolean()) }, closed)

const viewOf = (row: NotificationOfOrder): NotificationView => ({
  id: row.id,
  orderId: row.order,
  orderNumber: row.card.number,
  ...(row.user === null ? {} : { userId: row.user }),
  kind: row.kind,
  channel: row.channel,
  status: row.status,
  message: sentenceOf(row),
  attempts: row.attempts,
  ...(row.lastError === null ? {} : { lastError: row.lastError }),
  createdAt: row.createdAt,
  ...(row.sentAt === null ? {} : { sentAt: row.sentAt }),
})

const entryOf = ({ subject, html, ...entry }: OutboxEntry) => ({
  ...entry,
  ...(subject === null ? {} : { subject }),
  ...(html === null ? {} : { html }),
})

export type NotificationRoutesOptions = Readonly<{ store: NotificationRepository; sending: Sending; now: () => Instant }>

export const notificationRoutes =
  ({ store, sending, now }: NotificationRoutesOptions): FastifyPluginAsyncTypebox =>
  async (edge) => {
    const config = { policy: { roles: office } }

    edge.get(
      '/v1/orders/:id/notifications',
      {
        schema: {
          summary: 'Messages about an order',
          params: Type.Object({ id: orderId }),
          querystring: Type.Object(pageQuery, closed),
        },
        config,
      },
      async ({ params, query }) => {
        const { limit, after } = pageById(query)
        return paged(await store.list({ order: params.id, before: after, limit: limit + 1 }), limit, viewOf, idOf)
      },
    )

    edge.get(
      '/v1/notifications',
      { schema: { summary: 'Messages, newest first', querystring: listing }, config },
      async ({ query: { status, user, ...query } }) => {
        const { limit, after } = pageById(query)
        return paged(await store.list({ status, user, before: after, limit: limit + 1 }), limit, viewOf, idOf)
      },
    )

    edge.get(
      '/v1/notifications/outbox',
      {
        schema: {
          summary: 'Mails and texts as they were sent, where no real provider is configured',
          querystring: Type.Object(pageQuery, closed),
        },
        config,
      },
      async ({ query }) => {
        const { limit, after } = pageById(query)
        return paged(await store.outbox(limit + 1, after), limit, entryOf, idOf)
      },
    )

    edge.post(
      '/v1/notifications/:id/retry',
      { schema: { summary: 'Send a failed message again', params: Type.Object({ id: uuid }) }, config },
      async (request, reply) => {
        const key = requiredKey(request, 'notification_retry', now())
        const { id, replayed } = unlessRefused(await sending.retry(request.params.id, key), notificationProblems)
        if (replayed) reply.header('Idempotent-Replayed', 'true')
        const row = await store.get(id)
        if (row === undefined)
          throw new Problem('notification_not_found', notificationProblems.notification_not_found, 'no such notification')
        return viewOf(row)
      },
    )

    edge.get(
      '/v1/users/:user/notification-channels',
      { schema: { summary: 'Channels on which a user is written to', params: Type.Object({ user }) }, config },
      async ({ params }) => channelsOf(params.user),
    )

    edge.put(
      '/v1/users/:user/notification-channels',
      { schema: { summary: 'Switch a channel on or off for a user', params: Type.Object({ user }), body: channels }, config },
      async ({ params, body }) => {
        for (const channel of ['email', 'sms'] as const) {
          const wanted = body[channel]
          if (wanted !== undefined) await store.setChannel(params.user, channel, wanted)
        }
        return channelsOf(params.user)
      },
    )

    const channelsOf = async (user: string) => {
      const muted = await store.mutedOf(user)
      return { email: !muted.includes('email'), sms: !muted.includes('sms') }
    }
  }
