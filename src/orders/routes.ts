/** `/v1/orders`: place, read, list, cancel, hold, note, edit. Thin: the rules are in the deciders. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { isRefusal } from '../kernel/decider.ts'
import type { Instant, OrderId, PersonRef } from '../kernel/ids.ts'
import { Problem } from '../kernel/problem.ts'
import type { JournalReader } from '../platform/bus/journal.ts'
import { optionalKey, requiredKey } from '../platform/http/idempotency.ts'
import type { Records } from '../platform/records/records.ts'
import { actor, everyone, office, staff } from '../platform/http/policy.ts'
import { problemOf, unlessRefused } from '../platform/http/refusals.ts'
import { newId } from '../platform/ids.ts'
import { signCursor } from '../platform/http/cursors.ts'
import { pageById } from '../platform/http/pages.ts'
import { etag, ifMatch } from '../platform/http/versions.ts'
import { type AskedAddress, type Intake, type IntakePorts, intakeOrder } from './intake-service.ts'
import { expanded, expansionsOf } from './expand-service.ts'
import type { Live } from './order.ts'
import type { Placement } from './placement-service.ts'
import { orderProblems } from './problems.ts'
import { withFreshPromise } from './promise-routes.ts'
import type { Promises } from './promise-service.ts'
import type { OrderReads, OrderRead } from './reads-service.ts'
import {
  AddNote,
  CancelOrder,
  EditOrder,
  HoldOrder,
  MakeChoice,
  OrderIdParams,
  PlaceOrder,
  ReleaseHold,
  Replan,
  ListQuery,
} from './schemas.ts'
import type { OrderAnswer, OrderAsked, OrderService } from './service.ts'
import type { OrderRepository } from './store.ts'
import { lineIndex, orderView, type ViewSettings } from './view.ts'
import type { OrderReasons } from './why-service.ts'

export type OrderDoors = Readonly<{
  placement: Placement
  orders: OrderService
  reads: OrderReads
  repository: OrderRepository
  intake: IntakePorts
  journal: JournalReader
  records: Records
  view: ViewSettings
  reasons: OrderReasons
  promises: Promises
}>

export const orderRoutes =
  (doors: OrderDoors): FastifyPluginAsyncTypebox =>
  async (edge) => {
    const { placement, orders, reads, repository, intake, journal, records, view, reasons, promises } = doors
    const now = intake.now

    const show = (reply: FastifyReply, read: Omit<OrderRead, 'person'> & { person?: OrderRead['person'] }) => {
      reply.header('etag', etag(read.version))
      return orderView(read.id, read.version, read.order, read.updatedAt, read.person, view)
    }
    /** Somebody else's order is no order to a customer: the same answer, so that nothing can be learned by asking. */
    const visible = (request: FastifyRequest, order: Live | undefined): boolean =>
      order !== undefined && (request.principal.role !== 'customer' || order.placed.user === request.principal.user)
    const found = async (request: FastifyRequest, id: string): Promise<OrderRead> => {
      const read = await reads.one(id.toLowerCase() as OrderId)
      if (read === undefined || !visible(request, read.order))
        throw new Problem('order_not_found', orderProblems.order_not_found, `There is no order ${id}.`)
      return read
    }
    const step = async (
      request: FastifyRequest,
      reply: FastifyReply,
      id: string,
      command: OrderAsked['command'],
      more: Partial<OrderAsked> = {},
    ) => {
      const before = await found(request, id)
      const outcome = await orders.handle({
        id: before.id,
        command,
        origin: actor(request),
        expected: ifMatch(request),
        ...more,
      })
      const answer: OrderAnswer = unlessRefused(outcome, orderProblems)
      if (answer.replayed) reply.header('idempotent-replayed', 'true')
      return show(reply, { ...answer, person: (await reads.one(answer.id))?.person })
    }

    edge.post(
      '/v1/orders',
      { schema: { summary: 'Place an order', tags: ['orders'], body: PlaceOrder }, config: { policy: { roles: everyone } } },
      async (request, reply) => {
        const { body, principal } = request
        const key = requiredKey(request, 'place-order', now(), 'for_ever')
        const user = principal.role === 'customer' ? principal.user : body.userId
        const wanted: Intake = {
          dialect: 'v1',
          channel: body.channel ?? 'web',
          source: body.source ?? 'Web',
          user,
          customer: body.customer,
          address: body.shippingAddress,
          lines: body.lines,
          currency: body.currency,
          promotionCodes: body.promotionCodes ?? [],
          onShortage: body.onShortage ?? 'refuse',
          shippingMethod: body.shippingMethod ?? 'standard',
          terms: termsOf(request, body.paymentTerms),
          capture: body.payment?.capture ?? 'placement',
          paymentMethod: body.payment?.method,
          externalRef: body.externalRef,
          notes: body.notes,
          deliveryInstructions: body.deliveryInstructions ?? undefined,
          origin: actor(request),
          key,
          promise: body.promise,
          priority: officeOnly(request, 'priority', body.priority),
          customerGroup: officeOnly(request, 'customerGroup', body.customerGroup),
        }
        const asked = await intakeOrder(intake, wanted)
        if (isRefusal(asked)) throw problemOf(asked, orderProblems)
        const outcome = await placement.place(asked)
        if (isRefusal(outcome) && outcome.refused === 'promise_not_kept') throw await withFreshPromise(outcome, promises, wanted)
        const placed = unlessRefused(outcome, orderProblems)
        const person = placed.replayed ? (await reads.one(placed.id))?.person : asked.person
        reply.code(201).header('location', `/v1/orders/${placed.id}`)
        if (placed.replayed) reply.header('idempotent-replayed', 'true')
        return show(reply, { ...placed, person })
      },
    )

    edge.get(
      '/v1/orders/:id',
      {
        schema: {
          summary: 'One order',
          tags: ['orders'],
          params: OrderIdParams,
          querystring: Type.Object({ expand: Type.Optional(Type.String()) }),
        },
        config: { policy: { roles: everyone } },
      },
      async (request, reply) => {
        const read = await found(request, request.params.id)
        if (request.headers['if-none-match'] === etag(read.version)) return reply.code(304).send()
        const body = show(reply, read)
        const asked = expansionsOf(request.query.expand).filter(
          (name) => request.principal.role !== 'customer' || name === 'changeHistory',
        )
        return asked.length === 0 ? body : { ...body, ...(await expanded(read, asked, journal, records)) }
      },
    )

    edge.get(
      '/v1/orders/:id/events',
      { schema: { summary: "An order's history", tags: ['orders'], params: OrderIdParams }, config: { policy: { roles: office } } },
      async (request) => {
        const read = await found(request, request.params.id)
        return { data: await journal.history(read.id) }
      },
    )

    edge.get(
      '/v1/orders/:id/why',
      {
        schema: { summary: 'Why an order is sent from where it is', tags: ['orders'], params: OrderIdParams },
        config: { policy: { roles: staff } },
      },
      async (request) => reasons.of(await found(request, request.params.id)),
    )

    edge.get(
      '/v1/orders',
      {
        schema: { summary: 'Orders, newest first', tags: ['orders'], querystring: ListQuery },
        config: { policy: { roles: everyone } },
      },
      async (request, reply) => {
        const { query, principal } = request
        const { limit, after } = pageById(query)
        const ids = await repository.list({
          statuses: query.status?.split(','),
          user: principal.role === 'customer' ? (principal.user ?? '') : query.userId,
          email: query.email,
          externalRef: query.externalRef,
          number: query.number,
          text: query.q,
          from: query['placedAt[gte]'] as Instant | undefined,
          to: query['placedAt[lt]'] as Instant | undefined,
          after,
          limit: limit + 1,
        })
        const shown = await reads.many(ids.slice(0, limit))
        const last = ids.length > limit ? ids[limit - 1] : undefined
        const next = last === undefined ? null : signCursor(last)
        if (next !== null) reply.header('link', `</v1/orders?after=${next}>; rel="next"`)
        return {
          data: shown.flatMap((read) =>
            read === undefined ? [] : [orderView(read.id, read.version, read.order, read.updatedAt, read.person, view)],
          ),
          page: { next, previous: null },
        }
      },
    )

    edge.post(
      '/v1/orders/:id/cancel',
      {
        schema: { summary: 'Cancel an order, a line or units of it', tags: ['orders'], params: OrderIdParams, body: CancelOrder },
        config: { policy: { roles: everyone } },
      },
      (request, reply) => {
        const { reason = 'customer_request', lines, refund = 'auto' } = request.body
        const asked = lines?.map(({ id, quantity }, index) => ({ line: knownLine(id, index), quantity }))
        const key = requiredKey(request, `cancel:${request.params.id}`, now())
        return step(
          request,
          reply,
          request.params.id,
          { do: 'cancel', reason, by: actor(request).actor, refund, ...(asked === undefined ? {} : { lines: asked }) },
          { key },
        )
      },
    )

    edge.post(
      '/v1/orders/:id/choices',
      {
        schema: {
          summary: 'Say what becomes of units that will not come: wait, split, cancel',
          tags: ['orders'],
          params: OrderIdParams,
          body: MakeChoice,
        },
        config: { policy: { roles: everyone } },
      },
      (request, reply) => {
        const { choice, lines } = request.body
        const key = requiredKey(request, `choice:${request.params.id}`, now())
        const asked = lines === undefined ? {} : { lines: lines.map(({ id }, index) => knownLine(id, index)) }
        return step(request, reply, request.params.id, { do: 'choose', choice, by: actor(request).actor, ...asked }, { key })
      },
    )

    edge.post(
      '/v1/orders/:id/holds',
      {
        schema: { summary: 'Hold an order', tags: ['orders'], params: OrderIdParams, body: HoldOrder },
        config: { policy: { roles: office } },
      },
      (request, reply) => {
        const { kind, blocks = 'release' } = request.body
        return step(
          request,
          reply,
          request.params.id,
          { do: 'hold', hold: newId(now()), kind, blocks, by: actor(request).actor },
          { key: optionalKey(request, `hold:${request.params.id}`, now()) },
        )
      },
    )

    edge.post(
      '/v1/orders/:id/release',
      {
        schema: { summary: 'Release a hold by its id or kind', tags: ['orders'], params: OrderIdParams, body: ReleaseHold },
        config: { policy: { roles: office } },
      },
      (request, reply) =>
        step(
          request,
          reply,
          request.params.id,
          { do: 'release', hold: request.body.hold, by: actor(request).actor },
          { key: optionalKey(request, `release:${request.params.id}`, now()) },
        ),
    )

    edge.post(
      '/v1/orders/:id/replan',
      {
        schema: { summary: 'Send it another way, if that is better now', tags: ['orders'], params: OrderIdParams, body: Replan },
        config: { policy: { roles: office } },
      },
      (request, reply) =>
        step(
          request,
          reply,
          request.params.id,
          { do: 'replan', leastSaving: request.body.leastSaving ?? 1 },
          { key: optionalKey(request, `replan:${request.params.id}`, now()) },
        ),
    )

    edge.post(
      '/v1/orders/:id/notes',
      {
        schema: { summary: 'Add a note', tags: ['orders'], params: OrderIdParams, body: AddNote },
        config: { policy: { roles: office } },
      },
      (request, reply) => {
        const ref = newId(now()) as string as PersonRef
        const key = optionalKey(request, `note:${request.params.id}`, now())
        return step(
          request,
          reply,
          request.params.id,
          { do: 'addNote', note: ref, by: actor(request).actor },
          { key, person: { ref, body: { note: request.body.text, by: actor(request).actor } } },
        )
      },
    )

    edge.patch(
      '/v1/orders/:id',
      {
        schema: { summary: 'Change where an order goes', tags: ['orders'], params: OrderIdParams, body: EditOrder },
        config: { policy: { roles: everyone } },
      },
      async (request, reply) => {
        if (request.headers['if-match'] === undefined)
          throw new Problem(
            'version_required',
            { status: 428, title: 'If-Match is missing' },
            'Send If-Match with the ETag of the order as you read it.',
          )
        const read = await found(request, request.params.id)
        const address = request.body.shippingAddress as AskedAddress
        const position = intake.geocode(address.country, address.postalCode) ?? intake.geocode(address.country)
        if (position === undefined)
          throw new Problem('address_undeliverable', orderProblems.address_undeliverable, `No delivery to ${address.country}.`, {
            errors: [{ pointer: '/shippingAddress/country', code: 'unknown_country' }],
          })
        const ref = newId(now()) as string as PersonRef
        const destination = {
          country: address.country,
          postalCode: intake.area(address.country, address.postalCode ?? ''),
          ...position,
        }
        return step(
          request,
          reply,
          read.id,
          { do: 'changeAddress', contact: ref, destination, by: actor(request).actor },
          { person: { ref, body: { ...read.person, shippingAddress: address } } },
        )
      },
    )
  }

const officeOnly = <Asked>(request: FastifyRequest, field: string, asked: Asked | undefined): Asked | undefined => {
  if (asked === undefined || office.includes(request.principal.role)) return asked
  throw new Problem('forbidden', { status: 403, title: 'Not allowed' }, `${field} needs a key of the office.`, {
    more: { requiredRoles: office },
  })
}

const knownLine = (id: string, index: number): number => {
  const line = lineIndex(id)
  if (line !== undefined) return line
  throw new Problem('line_not_found', orderProblems.line_not_found, `There is no line ${id}.`, {
    errors: [{ pointer: `/lines/${index}/id`, code: 'line_not_found' }],
  })
}

const termsOf = (request: FastifyRequest, asked: 'prepaid' | 'on_account' | undefined): 'prepaid' | 'on_account' => {
  if (asked !== 'on_account') return 'prepaid'
  if (office.includes(request.principal.role)) return 'on_account'
  throw new Problem('forbidden', { status: 403, title: 'Not allowed' }, 'paymentTerms on_account needs a key of the office.', {
    more: { requiredRoles: office },
  })
}
