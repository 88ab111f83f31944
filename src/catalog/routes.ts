/** Products and promotions over HTTP. A PUT is the whole row: what it leaves out gets its default. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { paged, pageOf, pageQuery } from '../platform/http/pages.ts'
import { actor, everyone, office, type Policy } from '../platform/http/policy.ts'
import { problemOf, unlessRefused } from '../platform/http/refusals.ts'
import { etag, ifMatch } from '../platform/http/versions.ts'
import { refuse } from '../kernel/decider.ts'
import type { Product } from './product.ts'
import { productDefaults } from './product.ts'
import { canonicalCode, type Promotion } from './promotion.ts'
import { catalogProblems, codeParams, productBody, promotionBody, skuParams } from './requests.ts'
import type { Catalog, SavedOrRefused } from './service.ts'

const readers: Policy = { roles: everyone }
const officeReaders: Policy = { roles: office }
const writers: Policy = { roles: ['owner', 'service'] }
const productTags = ['products']
const promotionTags = ['promotions']

const productList = {
  summary: 'List products by their id; `q` finds the start of an id or a part of a name',
  tags: productTags,
  querystring: Type.Object(
    { ...pageQuery, q: Type.Optional(Type.String({ maxLength: 200 })), archived: Type.Optional(Type.Boolean()) },
    { additionalProperties: false },
  ),
}
const productGet = { summary: 'One product', tags: productTags, params: skuParams }
const productPut = {
  summary: 'Add a product, or replace it (then with If-Match)',
  tags: productTags,
  params: skuParams,
  body: productBody,
}
const productArchive = { summary: 'Sell it no more; orders that have it are not touched', tags: productTags, params: skuParams }
const promotionList = {
  summary: 'List promotions by code',
  tags: promotionTags,
  querystring: Type.Object(pageQuery, { additionalProperties: false }),
}
const promotionGet = { summary: 'One promotion', tags: promotionTags, params: codeParams }
const promotionPut = {
  summary: 'Add a promotion, or replace it (then with If-Match)',
  tags: promotionTags,
  params: codeParams,
  body: promotionBody,
}
const promotionArchive = { summary: 'Accept the code no more', tags: promotionTags, params: codeParams }

/** The saved row as the answer: 201 where it is new. */
const answer = <Row extends Readonly<{ version: number }>>(
  reply: FastifyReply,
  outcome: SavedOrRefused<Row, keyof typeof catalogProblems> | undefined,
): Row => {
  if (outcome === undefined) throw new Error('a command got no answer')
  const { row, change } = unlessRefused(outcome, catalogProblems)
  reply.code(change === 'added' ? 201 : 200).header('etag', etag(row.version))
  return row
}

const asItIs = <Row>(row: Row): Row => row

const productNotFound = (sku: string) => problemOf(refuse('product_not_found', `there is no product ${sku}`), catalogProblems)

export const productRoutes =
  (catalog: Catalog): FastifyPluginAsyncTypebox =>
  async (edge) => {
    edge.get('/v1/products', { schema: productList, config: { policy: readers } }, async ({ query }) => {
      const { q, archived = false } = query
      const { limit, after } = pageOf(query)
      const rows = await catalog.stores.products.list({ q, archived, after, limit: limit + 1 })
      return paged(rows, limit, asItIs, ({ sku }) => sku)
    })

    edge.get('/v1/products/:sku', { schema: productGet, config: { policy: readers } }, async ({ params }, reply) => {
      const [product] = await catalog.stores.products.get([params.sku])
      if (product === undefined) throw productNotFound(params.sku)
      reply.header('etag', etag(product.version))
      return product
    })

    edge.put('/v1/products/:sku', { schema: productPut, config: { policy: writers } }, async (request, reply) => {
      const draft = { description: '', components: [], prices: [], ...productDefaults, ...request.body, sku: request.params.sku }
      const [outcome] = await catalog.changeProducts([{ do: 'save', draft, expected: ifMatch(request) ?? 0 }], actor(request))
      return answer<Product>(reply, outcome)
    })

    edge.post('/v1/products/:sku/archive', { schema: productArchive, config: { policy: writers } }, async (request, reply) => {
      const { sku } = request.params
      const [outcome] = await catalog.changeProducts([{ do: 'archive', sku, expected: ifMatch(request) }], actor(request))
      return answer<Product>(reply, outcome)
    })
  }

export const promotionRoutes =
  (catalog: Catalog): FastifyPluginAsyncTypebox =>
  async (edge) => {
    edge.get('/v1/promotions', { schema: promotionList, config: { policy: officeReaders } }, async ({ query }) => {
      const { limit, after } = pageOf(query)
      const rows = await catalog.stores.promotions.page(after, limit + 1)
      return paged(rows, limit, asItIs, ({ code }) => code)
    })

    edge.get('/v1/promotions/:code', { schema: promotionGet, config: { policy: officeReaders } }, async ({ params }, reply) => {
      const code = canonicalCode(params.code)
      const [promotion] = await catalog.stores.promotions.get([code])
      if (promotion === undefined) throw problemOf(refuse('promotion_not_found', `there is no promotion ${code}`), catalogProblems)
      reply.header('etag', etag(promotion.version))
      return promotion
    })

    edge.put('/v1/promotions/:code', { schema: promotionPut, config: { policy: writers } }, async (request, reply) => {
      const draft = { ...request.body, code: request.params.code }
      const [outcome] = await catalog.changePromotions([{ do: 'save', draft, expected: ifMatch(request) ?? 0 }], actor(request))
      return answer<Promotion>(reply, outcome)
    })

    edge.post('/v1/promotions/:code/archive', { schema: promotionArchive, config: { policy: writers } }, async (request, reply) => {
      const { code } = request.params
      const [outcome] = await catalog.changePromotions([{ do: 'archive', code, expected: ifMatch(request) }], actor(request))
      return answer<Promotion>(reply, outcome)
    })
  }
