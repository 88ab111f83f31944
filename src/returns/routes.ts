/** `/v1/returns`: a return is announced, received with what becomes of each unit, or called off. */
import { type FastifyPluginAsyncTypebox, type Static, Type } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Instant, OrderId, Place } from '../kernel/ids.ts'
import { Problem } from '../kernel/problem.ts'
import { requiredKey } from '../platform/http/idempotency.ts'
import { actor, staff } from '../platform/http/policy.ts'
import { type ProblemTable, unlessRefused } from '../platform/http/refusals.ts'
import { idOf, pageById, paged, pageQuery } from '../platform/http/pages.ts'
import { etag, ifMatch } from '../platform/http/versions.ts'
import { newId } from '../platform/ids.ts'
import type { ReturnableOrders } from './contract.ts'
import { isKnown, type Known, type ReturnReason, type ReturnStep } from './return.ts'
import type { ReturnService } from './service.ts'
import { lineOf, returnView } from './views.ts'

const uuid = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
const idParams = Type.Object({ id: Type.String({ pattern: uuid }) })
const orderId = Type.Unsafe<OrderId>({ type: 'string', pattern: uuid })
/** As many as an order may have, and as many units (DESIGN §13, limits). */
const [linesMax, unitsMax] = [2_000, 1_000_000]
const closed = { additionalProperties: false } as const
const lineUnits = { id: Type.String({ maxLength: 20 }), quantity: Type.Integer({ minimum: 1, maximum: unitsMax }) }
const status = Type.Unsafe<Known['status']>({ type: 'string', enum: ['expected', 'received', 'closed', 'cancelled'] })

const Announce = Type.Object(
  {
    orderId,
    lines: Type.Array(Type.Object(lineUnits, closed), { minItems: 1, maxItems: linesMax }),
    reason: Type.Optional(
      Type.String({ pattern: '^[a-z0-9_]{1,40}$', description: 'A code such as wrong_size: events hold no free text' }),
    ),
  },
  closed,
)
const Receive = Type.Object(
  {
    warehouse: Type.Unsafe<Place>({ type: 'string', pattern: '^[A-Za-z0-9_.:-]{1,64}$' }),
    lines: Type.Array(
      Type.Object(
        { ...lineUnits, disposition: Type.Union([Type.Literal('restock'), Type.Literal('damaged'), Type.Literal('write_off')]) },
        closed,
      ),
      // Each line may have come back in three conditions.
      { minItems: 1, maxItems: 3 * linesMax },
    ),
    refund: Type.Optional(
      Type.Union([
        Type.Literal('auto'),
        Type.Literal('none'),
        Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'Minor units' }),
      ]),
    ),
  },
  closed,
)
const ListQuery = Type.Object(
  {
    order: Type.Optional(orderId),
    status: Type.Optional(status),
    ...pageQuery,
  },
  closed,
)

export const returnProblems: ProblemTable<ReturnReason> = {
  order_not_found: { status: 404, title: 'No such order' },
  return_not_found: { status: 404, title: 'No such return' },
  return_exists: { status: 409, title: 'Return exists already' },
  return_not_open: { status: 409, title: 'Return is over' },
  line_not_found: { status: 422, title: 'No such line' },
  bundle_split: { status: 422, title: 'A bundle must stay together' },
  quantity_exceeds_returnable: { status: 409, title: 'More than can be returned' },
  quantity_exceeds_expected: { status: 409, title: 'More than was announced' },
  refund_exceeds_captured: { status: 422, title: 'More than can be given back' },
}

export type ReturnDoors = Readonly<{
  service: ReturnService
  orders: ReturnableOrders
  /** The warehouses there are: a read port of inventory's. */
  warehouses: Readonly<{ find: (place: Place) => unknown; read: () => Promise<readonly Readonly<{ id: string }>[]> }>
  now: () => Instant
}>

const announcers = { policy: { roles: [...staff, 'customer' as const] } }
const receivers = { policy: { roles: staff } }
const tags = ['returns']

export const returnRoutes =
  ({ service, orders, warehouses, now }: ReturnDoors): FastifyPluginAsyncTypebox =>
  async (edge) => {
    const show = (reply: FastifyReply, id: string, { version, state }: Readonly<{ version: number; state: Known }>) => {
      reply.header('etag', etag(version))
      return returnView(id, version, state)
    }
    /** Somebody else's order is no order to a customer: the same answer, so that nothing can be learned by asking. */
    const mayKnow = async ({ principal }: FastifyRequest, order: OrderId): Promise<boolean> => {
      const facts = await orders.one(order)
      return (
        facts !== undefined && (principal.role !== 'customer' || (principal.user !== undefined && facts.user === principal.user))
      )
    }
    const found = async (request: FastifyRequest, id: string): Promise<Readonly<{ version: number; state: Known }>> => {
      const stored = (await service.store.get([id])).get(id)
      if (stored === undefined || !isKnown(stored.state) || !(await mayKnow(request, stored.state.order)))
        throw new Problem('return_not_found', returnProblems.return_not_found, `There is no return ${id}.`)
      return { version: stored.version, state: stored.state }
    }
    const step = async (
      request: FastifyRequest,
      reply: FastifyReply,
      about: Readonly<{ id: string; order: OrderId; step: ReturnStep }>,
    ) => {
      const key = requiredKey(request, about.step.do === 'expect' ? 'return' : `return.${about.step.do}:${about.id}`, now())
      const asked = { ...about, origin: actor(request), key, expected: ifMatch(request) }
      const { id, version, state, replayed } = unlessRefused(await service.handle(asked), returnProblems)
      if (!isKnown(state)) throw new Error('a step leaves a return')
      if (replayed) reply.header('idempotent-replayed', 'true')
      if (about.step.do === 'expect') reply.code(201).header('location', `/v1/returns/${id}`)
      return show(reply, id, { version, state })
    }

    const listed = async (request: FastifyRequest, { order, status = 'expected', ...query }: Static<typeof ListQuery>) => {
      if (order === undefined && request.principal.role === 'customer')
        throw new Problem('invalid_request', { status: 400, title: 'The request is not well formed' }, 'Say which order.', {
          errors: [{ pointer: '/order', code: 'required' }],
        })
      if (order !== undefined && !(await mayKnow(request, order))) return { data: [], page: { next: null } }
      const { limit, after } = pageById(query)
      const [column, value] = order === undefined ? ['status', status] : ['order_id', order]
      const rows = await service.store.find(column, [value], limit + 1, after)
      return paged(rows, limit, ({ id, version, state }) => (isKnown(state) ? returnView(id, version, state) : undefined), idOf)
    }

    edge.post(
      '/v1/returns',
      { schema: { summary: 'Announce what comes back of an order', tags, body: Announce }, config: announcers },
      async (request, reply) => {
        const { orderId: order, lines, reason = 'unspecified' } = request.body
        if (!(await mayKnow(request, order)))
          throw new Problem('order_not_found', returnProblems.order_not_found, `There is no order ${order}.`)
        return step(request, reply, { id: newId(now()), order, step: { do: 'expect', lines: withLines(lines), reason } })
      },
    )

    edge.get(
      '/v1/returns',
      {
        schema: { summary: 'Returns of an order, or those in a status, newest first', tags, querystring: ListQuery },
        config: announcers,
      },
      (request) => listed(request, request.query),
    )

    edge.get(
      '/v1/returns/:id',
      { schema: { summary: 'One return', tags, params: idParams }, config: announcers },
      async (request, reply) => show(reply, request.params.id, await found(request, request.params.id)),
    )

    edge.post(
      '/v1/returns/:id/receive',
      {
        schema: {
          summary: 'It came back: what becomes of each unit, and what is given back',
          tags,
          params: idParams,
          body: Receive,
        },
        config: receivers,
      },
      async (request, reply) => {
        const { params, body, principal } = request
        const { warehouse: place, lines, refund = 'auto' } = body
        const { state } = await found(request, params.id)
        if (warehouses.find(place) === undefined && (await warehouses.read()).every(({ id }) => id !== place))
          throw new Problem('warehouse_unknown', { status: 422, title: 'No such warehouse' }, `There is no warehouse ${place}.`, {
            errors: [{ pointer: '/warehouse', code: 'warehouse_unknown' }],
          })
        if (principal.role === 'warehouse' && principal.place !== place)
          throw new Problem(
            'other_warehouse',
            { status: 403, title: 'It belongs to another warehouse' },
            `Your key is not for ${place}.`,
          )
        return step(request, reply, {
          id: params.id,
          order: state.order,
          step: { do: 'receive', place, lines: withLines(lines), refund },
        })
      },
    )

    edge.post(
      '/v1/returns/:id/cancel',
      { schema: { summary: 'It will not come', tags, params: idParams }, config: announcers },
      async (request, reply) => {
        const { state } = await found(request, request.params.id)
        return step(request, reply, { id: request.params.id, order: state.order, step: { do: 'cancel' } })
      },
    )
  }

const withLines = <Asked extends Readonly<{ id: string; quantity: number }>>(lines: readonly Asked[]) =>
  lines.map(({ id, ...units }, index) => {
    const line = lineOf(id)
    if (line !== undefined) return { ...units, line }
    throw new Problem('line_not_found', returnProblems.line_not_found, `There is no line ${id}.`, {
      errors: [{ pointer: `/lines/${index}/id`, code: 'line_not_found' }],
    })
  })
