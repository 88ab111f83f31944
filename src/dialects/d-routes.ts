/** Dialect D: `/oms/orders` (requirements D2, D3). One envelope for every answer, errors included. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isRefusal, refuse } from '../kernel/decider.ts'
import { optionalKey } from '../platform/http/idempotency.ts'
import { actor } from '../platform/http/policy.ts'
import { etag } from '../platform/http/versions.ts'
import { changesAsked } from './d-changes.ts'
import type { DialectPorts, OrderSeen } from './ports.ts'
import { envelope, type Items, problemIn, unlessRefused } from './problems.ts'
import {
  buyers,
  closed,
  linesMax,
  mayCancel,
  noOrder,
  oneOf,
  onlyFor,
  orderParams,
  outsideId,
  readers,
  seenVersion,
  units,
  unlessStale,
  version,
  visible,
} from './requests.ts'
import { orderOfD, statusOfD } from './shapes.ts'
import { takeStep } from './steps-service.ts'

const tags = ['dialect D']
const postOrder = {
  summary: 'Place an order; what is sold out is cancelled, the rest goes on',
  tags,
  body: Type.Object(
    {
      userId: outsideId,
      orderItems: Type.Array(Type.Object({ productId: outsideId, quantity: units }, closed), { minItems: 1, maxItems: linesMax }),
    },
    closed,
  ),
}
const getOrder = { summary: 'One order', tags, params: orderParams }
const itemStatus = oneOf('PENDING', 'EXECUTED', 'CANCELED', 'CANCELLED')
const putOrder = {
  summary: 'Change or cancel an order or the items named, or carry it on',
  tags,
  params: orderParams,
  body: Type.Object(
    {
      status: Type.Optional(oneOf('PENDING', 'EXECUTED', 'SHIPPED', 'DELIVERED', 'CANCELED', 'CANCELLED')),
      orderItems: Type.Optional(
        Type.Array(
          Type.Object({ productId: outsideId, quantity: Type.Optional(units), status: Type.Optional(itemStatus) }, closed),
          { minItems: 1, maxItems: linesMax },
        ),
      ),
      version: Type.Optional(version),
    },
    { ...closed, minProperties: 1 },
  ),
}

const success = (reply: FastifyReply, order: OrderSeen) => {
  reply.header('etag', etag(order.version))
  return { success: true, data: orderOfD(order), error: null }
}

export const orderRoutesOfD =
  ({ orders, now }: DialectPorts): FastifyPluginAsyncTypebox =>
  async (edge) => {
    const found = async (request: FastifyRequest, id: string): Promise<OrderSeen> => {
      const order = await orders.read(id)
      if (order === undefined || !visible(request, order)) throw noOrder(id)
      return order
    }

    edge.post('/oms/orders', { schema: postOrder, config: { policy: buyers, problems: envelope } }, async (request, reply) => {
      const { userId, orderItems } = request.body
      onlyFor(request, userId)
      const outcome = await orders.place({
        dialect: 'd',
        user: userId,
        items: orderItems.map(({ productId: sku, quantity }) => ({ sku, quantity })),
        onShortage: 'cancelLine',
        origin: actor(request),
        key: optionalKey(request, 'place-order:d', now(), 'for_ever'),
      })
      const { order, replayed } = unlessRefused(outcome, {
        name: 'orderItems',
        skus: orderItems.map(({ productId }) => productId),
      })
      if (replayed) reply.header('idempotent-replayed', 'true')
      reply.code(201).header('location', `/oms/orders/${order.id}`)
      return success(reply, order)
    })

    edge.get(
      '/oms/orders/:orderId',
      { schema: getOrder, config: { policy: readers, problems: envelope } },
      async (request, reply) => success(reply, await found(request, request.params.orderId)),
    )

    edge.put(
      '/oms/orders/:orderId',
      { schema: putOrder, config: { policy: readers, problems: envelope } },
      async (request, reply) => {
        const { status, orderItems, version: said } = request.body
        const order = await found(request, request.params.orderId)
        const expected = seenVersion(request, said)
        if (status === 'SHIPPED' || status === 'DELIVERED') {
          if (orderItems !== undefined)
            throw problemIn(refuse('contradiction', `orderItems: a PUT either changes items or sets ${status}, not both`))
          return success(reply, await takeStep(orders, request, { order, step: status, expected }))
        }
        mayCancel(request)
        const cancelling = status === 'CANCELED' || status === 'CANCELLED'
        const key = optionalKey(request, `change:${order.id}`, now())
        const asked = { id: order.id, reason: 'customer_request', origin: actor(request), key, expected }
        if (orderItems === undefined) {
          if (cancelling) return success(reply, unlessRefused(await orders.cancel(asked)).order)
          unlessStale(order, expected)
          const is = statusOfD(order)
          if (status === is) return success(reply, order)
          throw problemIn(
            refuse(
              'step_impossible',
              `status: the order is ${is}; PENDING and EXECUTED are the inventory's answer and cannot be set`,
            ),
          )
        }
        const lines = changesAsked(orderItems, order.items, cancelling)
        if (isRefusal(lines)) throw problemIn(lines)
        if (lines.length === 0) {
          unlessStale(order, expected)
          return success(reply, order)
        }
        const items: Items = { name: 'orderItems', skus: orderItems.map(({ productId }) => productId) }
        return success(reply, unlessRefused(await orders.change({ ...asked, lines }), items).order)
      },
    )
  }
