/** Dialect B, orders and their payments (requirements B4–B9, B11). Errors are problem+json. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isRefusal, refuse } from '../kernel/decider.ts'
import { optionalKey } from '../platform/http/idempotency.ts'
import { actor } from '../platform/http/policy.ts'
import { etag } from '../platform/http/versions.ts'
import type { CartView } from '../carts/contract.ts'
import type { DialectPorts, OrderSeen, PlaceAsked } from './ports.ts'
import { problemIn, unlessRefused } from './problems.ts'
import {
  buyers,
  closed,
  mayCancel,
  noOrder,
  oneOf,
  onlyFor,
  orderParams,
  outsideId,
  readers,
  seenVersion,
  unlessStale,
  version,
  visible,
} from './requests.ts'
import { orderOfB, paymentOfB, statusOfB } from './shapes.ts'
import { takeStep } from './steps-service.ts'

const tags = ['dialect B']
const method = Type.String({ pattern: '^[A-Z][A-Z0-9_]{0,39}$', description: 'CREDIT_CARD, DEBIT_CARD, PAYPAL …' })
const postOrder = {
  summary: 'Order what is in a cart',
  tags,
  body: Type.Object(
    { userId: outsideId, cartId: Type.String({ minLength: 1, maxLength: 64 }), paymentMethod: Type.Optional(method) },
    closed,
  ),
}
const getOrder = { summary: 'One order', tags, params: orderParams }
const putOrder = {
  summary: 'Cancel an order, or carry it on',
  tags,
  params: orderParams,
  body: Type.Object(
    { status: oneOf('PLACED', 'SHIPPED', 'DELIVERED', 'CANCELLED', 'CANCELED'), version: Type.Optional(version) },
    closed,
  ),
}
const deleteOrder = { summary: 'Cancel an order and forget it here', tags, params: orderParams }
const postPayment = {
  summary: 'Pay for an order',
  tags,
  params: orderParams,
  body: Type.Object({ paymentMethod: method }, closed),
}

/** An order that was deleted here is known by why it was cancelled: one fact, saved with the cancellation itself. */
const deletedReason = 'deleted_in_dialect_b'

export const orderRoutesOfB =
  ({ orders, carts, payments, now }: DialectPorts): FastifyPluginAsyncTypebox =>
  async (edge) => {
    const found = async (request: FastifyRequest, id: string): Promise<OrderSeen> => {
      const order = await orders.read(id)
      if (order === undefined || order.closedReason === deletedReason || !visible(request, order)) throw noOrder(id)
      return order
    }

    /** The order that this key made before, where there is one: the first answer again (B4). */
    const madeBefore = async (key: PlaceAsked['key']): Promise<string | undefined> => {
      const known = key === undefined ? undefined : await orders.known(key)
      if (known === undefined) return undefined
      if (known.hash === key?.hash) return known.object
      throw problemIn(refuse('idempotency_key_reused', 'this Idempotency-Key was used with another body'))
    }

    const empty = (cart: CartView) =>
      problemIn(
        refuse('cart_empty', 'cartId: the cart is empty: it was ordered already, or nothing was put in', {
          lastOrder: cart.lastOrder,
        }),
      )

    const placed = (reply: FastifyReply, orderId: string, replayed: boolean) => {
      if (replayed) reply.header('idempotent-replayed', 'true')
      reply.code(201).header('location', `/orders/${orderId}`)
      return { orderId, status: 'PLACED' }
    }

    edge.post('/orders', { schema: postOrder, config: { policy: buyers } }, async (request, reply) => {
      const { userId, cartId, paymentMethod } = request.body
      onlyFor(request, userId)
      const key = optionalKey(request, 'place-order:b', now(), 'for_ever')
      const cart = await carts.read(userId)
      if (cart.cartId !== cartId)
        throw problemIn(
          refuse('cart_not_found', `cartId: ${cartId} is not the cart of ${userId}`, {
            errors: [{ pointer: '/cartId', code: 'cart_not_found' }],
          }),
        )
      if (cart.items.length === 0) {
        const before = await madeBefore(key)
        if (before === undefined) throw empty(cart)
        return placed(reply, before, true)
      }
      const items = cart.items.map(({ sku, quantity }) => ({ sku, quantity }))
      const outcome = await orders.place({
        dialect: 'b',
        user: userId,
        items,
        onShortage: 'backorder',
        paymentMethod,
        cart: { cartId, items: cart.items },
        origin: actor(request),
        key,
      })
      if (isRefusal(outcome) && outcome.refused === 'cart_empty') {
        // Another request ordered the cart since it was read: this same one, sent twice, or one of its own.
        const before = await madeBefore(key)
        if (before === undefined) throw empty(await carts.read(userId))
        return placed(reply, before, true)
      }
      const { order, replayed } = unlessRefused(outcome, { name: 'cartItems', skus: items.map(({ sku }) => sku) })
      return placed(reply, order.id, replayed)
    })

    edge.get('/orders/:orderId', { schema: getOrder, config: { policy: readers } }, async (request, reply) => {
      const order = await found(request, request.params.orderId)
      reply.header('etag', etag(order.version))
      return orderOfB(order, order.prepaid ? await payments.ofOrder(order.id) : [])
    })

    edge.put('/orders/:orderId', { schema: putOrder, config: { policy: readers } }, async (request, reply) => {
      const { status, version: said } = request.body
      const order = await found(request, request.params.orderId)
      const expected = seenVersion(request, said)
      const answer = (after: OrderSeen) => {
        reply.header('etag', etag(after.version))
        return { orderId: after.id, status: statusOfB(after) }
      }
      if (status === 'SHIPPED' || status === 'DELIVERED')
        return answer(await takeStep(orders, request, { order, step: status, expected }))
      mayCancel(request)
      if (status === 'PLACED') {
        unlessStale(order, expected)
        if (statusOfB(order) === 'PLACED') return answer(order)
        throw problemIn(refuse('step_impossible', `status: the order is ${statusOfB(order)}, it cannot become PLACED again`))
      }
      const key = optionalKey(request, `cancel:${order.id}`, now())
      const asked = { id: order.id, reason: 'customer_request', origin: actor(request), key, expected }
      return answer(unlessRefused(await orders.cancel(asked)).order)
    })

    edge.delete('/orders/:orderId', { schema: deleteOrder, config: { policy: buyers } }, async (request, reply) => {
      const order = await found(request, request.params.orderId)
      const asked = { id: order.id, reason: deletedReason, origin: actor(request), expected: seenVersion(request) }
      const { changed } = unlessRefused(await orders.cancel(asked))
      if (!changed)
        throw problemIn(
          refuse('order_not_cancellable', 'the order is CANCELLED already: there is nothing left to cancel and delete'),
        )
      return reply.code(204).send()
    })

    edge.post('/orders/:orderId/payments', { schema: postPayment, config: { policy: buyers } }, async (request, reply) => {
      const order = await found(request, request.params.orderId)
      const key = optionalKey(request, `startPayment:${order.id}`, now())
      const payment = unlessRefused(await payments.start(order.id, request.body.paymentMethod, actor(request), key))
      reply.code(201)
      return paymentOfB(payment)
    })
  }
