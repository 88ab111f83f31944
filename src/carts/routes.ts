/**
 * Carts over HTTP. A user's cart belongs to that user; a guest's to whoever sends its token in `Cart-Token`; the office
 * and services reach all of them. Commands take If-Match, and work without it.
 */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { basketLimits, skuPattern } from '../catalog/contract.ts'
import { Problem, type ProblemKind } from '../kernel/problem.ts'
import { office, type Policy } from '../platform/http/policy.ts'
import { unlessRefused } from '../platform/http/refusals.ts'
import { etag, ifMatch } from '../platform/http/versions.ts'
import type { CartOwner, CartView } from './contract.ts'
import type { CartOutcome, CartRefusal, Carts } from './service.ts'
import { cartIdOf, guestOwner, newGuestToken, userOwner } from './service-owner.ts'

const policy: Policy = { roles: [...office, 'customer'] }
const tags = ['carts']
const strict = { additionalProperties: false }
const uuidPattern = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
const sku = Type.String({ pattern: skuPattern })
const cartParams = Type.Object({ cartId: Type.String({ pattern: uuidPattern }) })
const itemParams = Type.Object({ cartId: Type.String({ pattern: uuidPattern }), sku })
const quantity = Type.Integer({ minimum: 1, maximum: basketLimits.unitsMax })
const owned = Type.Object({ userId: Type.Optional(sku) }, strict)

const postCart = {
  summary: 'A cart: a user’s own, or a new guest’s with its token',
  tags,
  body: Type.Union([owned, Type.Null()]),
}
const getCart = {
  summary: 'What is in a cart, at today’s prices',
  tags,
  params: cartParams,
  querystring: Type.Object({ userId: Type.Optional(sku) }, strict),
}
const postItem = {
  summary: 'Put units in; they are not reserved',
  tags,
  params: cartParams,
  body: Type.Object({ sku, quantity, userId: Type.Optional(sku) }, strict),
}
const patchItem = {
  summary: 'Change an item’s quantity',
  tags,
  params: itemParams,
  body: Type.Object({ quantity }, strict),
}
const deleteItem = { summary: 'Take an item out', tags, params: itemParams }
const deleteItems = { summary: 'Empty the cart', tags, params: cartParams }

export const cartProblems = {
  insufficient_stock: { status: 409, title: 'Not enough stock' },
  item_not_found: { status: 404, title: 'Not in the cart' },
  currency_mixed: { status: 422, title: 'One currency an order' },
  cart_full: { status: 422, title: 'The cart is full' },
  quantity_too_large: { status: 422, title: 'Too many units' },
  cart_empty: { status: 409, title: 'The cart is empty' },
  product_unknown: { status: 422, title: 'No such product' },
  version_mismatch: { status: 412, title: 'It has changed since you read it' },
} as const satisfies Record<CartRefusal['refused'], ProblemKind>

const notFound = (): Problem =>
  new Problem('cart_not_found', { status: 404, title: 'No such cart' }, 'There is no such cart, or it is not yours.')

/** Whose cart a request may speak of, newest proof first: the caller's own user, the guest's token, the row itself for the office. */
const ownerOf = async (carts: Carts, request: FastifyRequest, cartId: string, userId?: string): Promise<CartOwner> => {
  const { principal, headers } = request
  const token = headers['cart-token']
  const inOffice = office.includes(principal.role)
  const claimed = [
    ...(principal.user === undefined ? [] : [userOwner(principal.user)]),
    ...(typeof token === 'string' ? [guestOwner(token)] : []),
    ...(inOffice && userId !== undefined ? [userOwner(userId)] : []),
  ]
  const owner = claimed.find((candidate) => cartIdOf(candidate) === cartId) ?? (inOffice ? await carts.ownerOf(cartId) : undefined)
  if (owner === undefined) throw notFound()
  return owner
}

const show = (reply: FastifyReply, outcome: CartOutcome): CartView => {
  const cart = unlessRefused(outcome, cartProblems)
  reply.header('etag', etag(cart.version))
  return cart
}

export const cartRoutes =
  (carts: Carts): FastifyPluginAsyncTypebox =>
  async (edge) => {
    edge.post('/v1/carts', { schema: postCart, config: { policy } }, async ({ body, principal }, reply) => {
      const user = principal.user ?? (office.includes(principal.role) ? body?.userId : undefined)
      if (body?.userId !== undefined && body.userId !== user) throw notFound()
      reply.code(201)
      if (user !== undefined) return show(reply, await carts.cartOf(userOwner(user)))
      const token = newGuestToken()
      return { ...show(reply, await carts.cartOf(guestOwner(token))), token }
    })

    edge.get('/v1/carts/:cartId', { schema: getCart, config: { policy } }, async (request, reply) => {
      const owner = await ownerOf(carts, request, request.params.cartId, request.query.userId)
      return show(reply, await carts.cartOf(owner))
    })

    edge.post('/v1/carts/:cartId/items', { schema: postItem, config: { policy } }, async (request, reply) => {
      const { sku, quantity, userId } = request.body
      const owner = await ownerOf(carts, request, request.params.cartId, userId)
      const cart = show(reply, await carts.add(owner, sku, quantity, ifMatch(request)))
      reply.code(201)
      return cart
    })

    edge.patch('/v1/carts/:cartId/items/:sku', { schema: patchItem, config: { policy } }, async (request, reply) => {
      const { cartId, sku } = request.params
      const owner = await ownerOf(carts, request, cartId)
      return show(reply, await carts.change(owner, sku, request.body.quantity, ifMatch(request)))
    })

    edge.delete('/v1/carts/:cartId/items/:sku', { schema: deleteItem, config: { policy } }, async (request, reply) => {
      const { cartId, sku } = request.params
      const owner = await ownerOf(carts, request, cartId)
      return show(reply, await carts.remove(owner, sku, ifMatch(request)))
    })

    edge.delete('/v1/carts/:cartId/items', { schema: deleteItems, config: { policy } }, async (request, reply) => {
      const owner = await ownerOf(carts, request, request.params.cartId)
      return show(reply, await carts.empty(owner, ifMatch(request)))
    })
  }
