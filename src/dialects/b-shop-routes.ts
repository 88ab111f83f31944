/** Dialect B, users, products and carts (requirements B1–B3). Errors are problem+json. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { basketLimits } from '../catalog/contract.ts'
import type { CartView } from '../carts/contract.ts'
import { type Refusal, refuse } from '../kernel/decider.ts'
import { parseMajor } from '../kernel/money.ts'
import { actor } from '../platform/http/policy.ts'
import { etag } from '../platform/http/versions.ts'
import { countryCode } from './countries.ts'
import type { DialectPorts, ProfileSaid, UserPorts, UserSeen } from './ports.ts'
import { problemIn, unlessRefused } from './problems.ts'
import { buyers, closed, onlyFor, outsideId, owners, readers, seenVersion, text, units, version } from './requests.ts'
import { cartOfB, productOfB, userOfB } from './shapes.ts'

const tags = ['dialect B']
const lengths = { name: 200, email: 254, address: 500, country: 80, postalCode: 20, phoneNumber: 40, description: 10_000 } as const
const part = (maxLength: number) => Type.Optional(Type.String({ maxLength, pattern: '^[^\\u0000]*$' }))
const address = Type.Unsafe<NonNullable<ProfileSaid['address']>>({
  type: ['string', 'object'],
  maxLength: lengths.address,
  pattern: '^[^\\u0000]*$',
  properties: {
    country: part(lengths.country),
    postalCode: part(lengths.postalCode),
    address: part(lengths.address),
    phoneNumber: part(lengths.phoneNumber),
  },
  additionalProperties: false,
})
const profile = {
  name: Type.Optional(text(lengths.name)),
  email: Type.Optional(Type.String({ maxLength: lengths.email, pattern: '^[^\\s@\\u0000]+@[^\\s@\\u0000]+$' })),
  address: Type.Optional(address),
}
const userParams = Type.Object({ userId: outsideId })
const productParams = Type.Object({ productId: outsideId })
const itemParams = Type.Object({ userId: outsideId, productId: outsideId })

const postUser = {
  summary: 'Create an account',
  tags,
  body: Type.Object({ userId: Type.Optional(outsideId), ...profile }, closed),
}
const getUser = { summary: 'View a profile', tags, params: userParams }
const putUser = {
  summary: 'Update an account; what is left out stays',
  tags,
  params: userParams,
  body: Type.Object({ ...profile, version: Type.Optional(version) }, closed),
}
const deleteUser = { summary: 'Delete an account; its orders stay, without a name', tags, params: userParams }
const getProduct = { summary: 'A product and its stock', tags, params: productParams }
const getAvailability = {
  summary: 'Whether so many can be sold now',
  tags,
  params: productParams,
  querystring: Type.Object({ quantity: Type.Optional(units) }, closed),
}
const putProduct = {
  summary: 'Update a product, or the stock that can be sold of it',
  tags,
  params: productParams,
  body: Type.Object(
    {
      productName: Type.Optional(text(lengths.name)),
      description: Type.Optional(Type.String({ maxLength: lengths.description, pattern: '^[^\\u0000]*$' })),
      price: Type.Optional(Type.Number({ minimum: 0, maximum: 1_000_000_000, description: 'Major units' })),
      stock: Type.Optional(Type.Integer({ minimum: 0, maximum: basketLimits.unitsMax })),
      version: Type.Optional(version),
    },
    closed,
  ),
}
const getCart = { summary: 'What is in a cart', tags, params: userParams }
const addItem = {
  summary: 'Add to a cart; it reserves nothing',
  tags,
  params: userParams,
  body: Type.Object({ productId: outsideId, quantity: units }, closed),
}
const changeItem = {
  summary: 'Change a quantity',
  tags,
  params: itemParams,
  body: Type.Object({ quantity: units, version: Type.Optional(version) }, closed),
}
const removeItem = { summary: 'Remove an item', tags, params: itemParams }
const emptyCart = { summary: 'Empty a cart', tags, params: userParams }

export const userRoutesOfB =
  ({ users }: DialectPorts): FastifyPluginAsyncTypebox =>
  async (edge) => {
    const show = (reply: FastifyReply, outcome: UserSeen | Refusal) => {
      const user = unlessRefused(outcome)
      reply.header('etag', etag(user.version))
      return userOfB(user)
    }

    edge.post('/users', { schema: postUser, config: { policy: buyers } }, async (request, reply) => {
      const { userId, ...said } = request.body
      onlyFor(request, userId)
      unlessUndeliverable(users, said)
      const user = show(reply, await users.create(userId, said, actor(request)))
      reply.code(201).header('location', `/users/${encodeURIComponent(user.userId)}`)
      return user
    })

    edge.get('/users/:userId', { schema: getUser, config: { policy: buyers } }, async (request, reply) => {
      const { userId } = request.params
      onlyFor(request, userId)
      return show(reply, await users.read(userId))
    })

    edge.put('/users/:userId', { schema: putUser, config: { policy: buyers } }, async (request, reply) => {
      const { userId } = request.params
      const { version: seen, ...said } = request.body
      onlyFor(request, userId)
      unlessUndeliverable(users, said)
      return show(reply, await users.update(userId, said, actor(request), seenVersion(request, seen)))
    })

    edge.delete('/users/:userId', { schema: deleteUser, config: { policy: buyers } }, async (request, reply) => {
      const { userId } = request.params
      onlyFor(request, userId)
      unlessRefused(await users.delete(userId, actor(request), seenVersion(request)))
      return reply.code(204).send()
    })
  }

/** Said when the address is written down, not months later when something is to be sent there. */
const unlessUndeliverable = (users: UserPorts, { address: said }: ProfileSaid): void => {
  if (said === undefined || typeof said === 'string') return
  const country = said.country?.trim() ?? ''
  if (country === '') return
  const code = countryCode(country)
  if (code !== undefined && users.deliverable(code, said.postalCode ?? '')) return
  throw problemIn(
    refuse('address_undeliverable', `address.country: ${country} is not a country we know`, {
      errors: [{ pointer: '/address/country', code: 'unknown_country' }],
    }),
  )
}

export const productRoutesOfB =
  ({ products }: DialectPorts): FastifyPluginAsyncTypebox =>
  async (edge) => {
    const found = async (productId: string) => {
      const product = await products.read(productId)
      if (product !== undefined) return product
      throw problemIn(refuse('product_not_found', `There is no product ${productId}.`))
    }

    edge.get('/products/:productId', { schema: getProduct, config: { policy: readers } }, async ({ params }, reply) => {
      const product = await found(params.productId)
      reply.header('etag', etag(product.version))
      return productOfB(product)
    })

    edge.get(
      '/products/:productId/availability',
      { schema: getAvailability, config: { policy: readers } },
      async ({ query, params }) => {
        const { quantity = 1 } = query
        const { sku, stock } = await found(params.productId)
        return { productId: sku, quantity, stock, available: stock >= quantity }
      },
    )

    edge.put('/products/:productId', { schema: putProduct, config: { policy: owners } }, async (request, reply) => {
      const { productName: name, description, price, stock, version: seen } = request.body
      const { sku, currency } = await found(request.params.productId)
      const unitPrice = price === undefined ? undefined : minorOf(price, currency)
      const change = { name, description, unitPrice, stock }
      const product = unlessRefused(await products.change(sku, change, actor(request), seenVersion(request, seen)))
      reply.header('etag', etag(product.version))
      return productOfB(product)
    })
  }

export const cartRoutesOfB =
  ({ carts }: DialectPorts): FastifyPluginAsyncTypebox =>
  async (edge) => {
    const show = (reply: FastifyReply, outcome: CartView | Refusal) => {
      const cart = unlessRefused(outcome)
      reply.header('etag', etag(cart.version))
      return cartOfB(cart)
    }

    edge.get('/cart/:userId', { schema: getCart, config: { policy: buyers } }, async (request, reply) => {
      const { userId } = request.params
      onlyFor(request, userId)
      return show(reply, await carts.read(userId))
    })

    edge.post('/cart/:userId/add', { schema: addItem, config: { policy: buyers } }, async (request, reply) => {
      const { userId } = request.params
      onlyFor(request, userId)
      const { productId, quantity } = request.body
      show(reply, await carts.add(userId, productId, quantity, seenVersion(request)))
      reply.code(201)
      return { message: 'Item added to cart' }
    })

    edge.put('/cart/:userId/items/:productId', { schema: changeItem, config: { policy: buyers } }, async (request, reply) => {
      const { userId, productId } = request.params
      onlyFor(request, userId)
      const { quantity, version: seen } = request.body
      return show(reply, await carts.change(userId, productId, quantity, seenVersion(request, seen)))
    })

    edge.delete('/cart/:userId/items/:productId', { schema: removeItem, config: { policy: buyers } }, async (request, reply) => {
      const { userId, productId } = request.params
      onlyFor(request, userId)
      return show(reply, await carts.remove(userId, productId, seenVersion(request)))
    })

    edge.delete('/cart/:userId', { schema: emptyCart, config: { policy: buyers } }, async (request, reply) => {
      const { userId } = request.params
      onlyFor(request, userId)
      return show(reply, await carts.empty(userId, seenVersion(request)))
    })
  }

/** A JSON number prints as the decimal that was sent, so it is read exactly; what is finer than the currency is refused. */
const minorOf = (price: number, currency: string): number => {
  const minor = parseMajor(String(price), currency)
  if (minor !== undefined) return minor
  throw problemIn(
    refuse('price_invalid', `price: ${price} is not an amount of ${currency}`, {
      errors: [{ pointer: '/price', code: 'price_invalid' }],
    }),
  )
}
