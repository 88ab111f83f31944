/** Products, promotions and carts over HTTP, on the stores in memory. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { MemoryCarts } from '../../src/carts/store.memory.ts'
import { cartRoutes } from '../../src/carts/routes.ts'
import { Carts } from '../../src/carts/service.ts'
import { productRoutes, promotionRoutes } from '../../src/catalog/routes.ts'
import { Catalog } from '../../src/catalog/service.ts'
import { MemoryCatalog } from '../../src/catalog/store.memory.ts'
import type { Sku } from '../../src/kernel/ids.ts'
import { instant } from '../../src/kernel/time.ts'
import { createApp } from '../../src/platform/http/app.ts'
import type { Principal } from '../../src/platform/http/policy.ts'
import { MemoryRecords } from '../../src/platform/records/memory.ts'
import { MemoryBatches } from '../../src/platform/store/memory.ts'

const principals: Readonly<Record<string, Principal>> = {
  owner: { id: '1', role: 'owner', scopes: [] },
  desk: { id: '2', role: 'customer_service', scopes: [] },
  ada: { id: '3', role: 'customer', user: 'ada', scopes: [] },
  eve: { id: '4', role: 'customer', user: 'eve', scopes: [] },
}
/** As much of the answers' bodies as the tests look at. */
type Body = Readonly<{
  code?: string
  errors?: readonly Readonly<{ pointer: string }>[]
  grams?: number
  components?: readonly unknown[]
  active?: boolean
  cartId?: string
  token?: string
  subtotal?: number
  data?: readonly Readonly<{ sku: string }>[]
  page?: Readonly<{ next: string | null }>
  items?: readonly Readonly<{ quantity: number }>[]
}>
const mug = { name: 'Mug', unitPrice: 255, currency: 'GBP' }

describe('The catalogue and carts over HTTP', () => {
  let app: FastifyInstance
  before(async () => {
    const batches = new MemoryBatches()
    const catalog = new Catalog({ batches, records: new MemoryRecords(), stores: new MemoryCatalog() })
    const stock = { available: () => Promise.resolve(new Map([['85123A' as Sku, 10]])), levels: () => Promise.resolve([]) }
    const carts = new Carts({ batches, store: new MemoryCarts(), catalog, stock, now: () => instant(Date.now()) })
    const silent = () => undefined
    app = await createApp({
      log: { trace: silent, debug: silent, info: silent, warn: silent, error: silent, fatal: silent } as never,
      authenticate: (key) => Promise.resolve(principals[key]),
      demo: silent,
      rooms: [productRoutes(catalog), promotionRoutes(catalog), cartRoutes(carts)],
      version: 'test',
    })
  })

  const ask = async (who: string, call: string, body?: object, headers: Record<string, string> = {}) => {
    const [method, url] = call.split(' ') as [NonNullable<InjectOptions['method']>, string]
    const options: InjectOptions = {
      method,
      url,
      headers: { authorization: `Bearer ${who}`, ...headers },
    }
    const answer = await app.inject(body === undefined ? options : { ...options, payload: body })
    return { status: answer.statusCode, etag: answer.headers['etag'], body: answer.json<Body>() }
  }
  const status = async (...[who, call, body, headers]: Parameters<typeof ask>) => {
    const { status: code, body: problem } = await ask(who, call, body, headers)
    return [code, problem.code, problem.errors?.[0]?.pointer].filter((part) => part !== undefined)
  }

  it('adds a product once, and replaces it only by the version that was read', async () => {
    const added = await ask('owner', 'PUT /v1/products/85123A', mug)
    assert.deepEqual([added.status, added.etag, added.body.grams, added.body.components], [201, '"v1"', 500, []])
    assert.deepEqual(await status('owner', 'PUT /v1/products/85123A', { ...mug, unitPrice: 300 }), [428, 'version_required'])
    assert.deepEqual(await status('owner', 'PUT /v1/products/85123A', mug, { 'if-match': '"v7"' }), [412, 'version_mismatch'])
    assert.deepEqual(await status('owner', 'PUT /v1/products/85123A', { ...mug, grams: 9 }, { 'if-match': '"v1"' }), [200])
    assert.deepEqual((await ask('ada', 'GET /v1/products/85123A')).etag, '"v2"')
  })

  it('says which field is wrong', async () => {
    const put = (body: object) => status('owner', 'PUT /v1/products/x', body)
    assert.deepEqual(await put({ ...mug, price: 1 }), [400, 'invalid_request', '/price'])
    assert.deepEqual(await put({ ...mug, unitPrice: 2.5 }), [400, 'invalid_request', '/unitPrice'])
    assert.deepEqual(await put({ ...mug, unitPrice: -1 }), [400, 'invalid_request', '/unitPrice'])
    assert.deepEqual(await put({ ...mug, name: 'a\0b' }), [400, 'invalid_request', '/name'])
    assert.deepEqual(await put({ name: 'Mug', currency: 'GBP' }), [400, 'invalid_request', '/unitPrice'])
    assert.deepEqual(await put({ ...mug, components: [{ sku: 'none', quantity: 1 }] }), [
      422,
      'component_unknown',
      '/components/0/sku',
    ])
    assert.deepEqual(await status('owner', 'PUT /v1/products/a%2Fb', mug), [400, 'invalid_request', '/sku'])
    assert.deepEqual(await status('owner', 'PUT /v1/products/x', mug, { 'if-match': 'seven' }), [400, 'if_match_invalid'])
  })

  it('lets only owners and services write', async () => {
    assert.deepEqual(await status('ada', 'PUT /v1/products/y', mug), [403, 'forbidden'])
    assert.deepEqual(await status('desk', 'POST /v1/products/85123A/archive'), [403, 'forbidden'])
    assert.deepEqual(await status('desk', 'GET /v1/promotions'), [200])
    assert.deepEqual(await status('ada', 'GET /v1/promotions'), [403, 'forbidden'])
  })

  it('pages through products, and hides what is archived', async () => {
    for (const sku of ['a', 'b', 'c']) assert.equal((await ask('owner', `PUT /v1/products/${sku}`, mug)).status, 201)
    assert.deepEqual(await status('owner', 'POST /v1/products/b/archive'), [200])
    const skus: string[] = []
    let next = ''
    do {
      const { body } = await ask('ada', `GET /v1/products?limit=1${next}`)
      skus.push(...(body.data ?? []).map(({ sku }) => sku))
      next = typeof body.page?.next === 'string' ? `&after=${body.page.next}` : ''
    } while (next !== '')
    assert.deepEqual(skus, ['85123A', 'a', 'c'])
    assert.deepEqual(await status('ada', 'GET /v1/products?after=bbb'), [400, 'cursor_invalid'])
    assert.deepEqual(await status('ada', 'GET /v1/products/nope'), [404, 'product_not_found'])
  })

  it('keeps promotions under their upper-case code', async () => {
    const put = await ask('owner', 'PUT /v1/promotions/spring', { kind: 'percent', value: 1_000 })
    assert.deepEqual([put.status, put.body.code], [201, 'SPRING'])
    assert.deepEqual(await status('owner', 'PUT /v1/promotions/x', { kind: 'amount', value: 5 }), [
      422,
      'promotion_invalid',
      '/currency',
    ])
    assert.equal((await ask('owner', 'POST /v1/promotions/Spring/archive')).body.active, false)
    assert.equal((await ask('desk', 'GET /v1/promotions/SPRING')).body.active, false)
  })

  it('gives a user one cart, which nobody else sees', async () => {
    const { status: made, body: cart } = await ask('ada', 'POST /v1/carts')
    assert.equal(made, 201)
    const path = `/v1/carts/${cart.cartId ?? 'none'}`
    const added = await ask('ada', `POST ${path}/items`, { sku: '85123A', quantity: 4 })
    assert.deepEqual([added.status, added.etag, added.body.subtotal], [201, '"v1"', 1_020])
    assert.deepEqual(await status('ada', `POST ${path}/items`, { sku: '85123A', quantity: 7 }), [
      409,
      'insufficient_stock',
      '/quantity',
    ])
    assert.deepEqual(await status('ada', `POST ${path}/items`, { sku: 'none', quantity: 1 }), [422, 'product_unknown', '/sku'])
    assert.deepEqual(await status('ada', `POST ${path}/items`, { sku: '85123A', quantity: 0 }), [
      400,
      'invalid_request',
      '/quantity',
    ])
    assert.equal((await ask('ada', 'POST /v1/carts')).body.items?.length, 1)
    assert.deepEqual(await status('eve', `GET ${path}`), [404, 'cart_not_found'])
    assert.equal((await ask('desk', `GET ${path}`)).body.items?.length, 1)
    assert.equal((await ask('ada', `PATCH ${path}/items/85123A`, { quantity: 2 })).body.items?.[0]?.quantity, 2)
    assert.deepEqual(await status('ada', `DELETE ${path}/items`, undefined, { 'if-match': '"v1"' }), [412, 'version_mismatch'])
    assert.deepEqual((await ask('ada', `DELETE ${path}/items/85123A`)).body.items, [])
    assert.deepEqual(await status('ada', `DELETE ${path}/items/85123A`), [404, 'item_not_found'])
  })

  it('gives a guest a cart to whoever holds its token', async () => {
    const { body: cart } = await ask('owner', 'POST /v1/carts')
    const path = `/v1/carts/${cart.cartId ?? 'none'}`
    const token = { 'cart-token': cart.token ?? 'none' }
    assert.deepEqual(await status('owner', `POST ${path}/items`, { sku: '85123A', quantity: 1 }), [404, 'cart_not_found'])
    assert.equal((await ask('owner', `POST ${path}/items`, { sku: '85123A', quantity: 1 }, token)).status, 201)
    assert.equal((await ask('eve', `GET ${path}`, undefined, token)).body.items?.length, 1)
    assert.deepEqual(await status('eve', `GET ${path}`), [404, 'cart_not_found'])
  })
})
