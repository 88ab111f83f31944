/** Dialect B over HTTP, to the letter: users, products and carts (requirements B1–B3). Whole bodies are compared. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Answered, startWaybill, type Waybill } from '../support/waybill.ts'

type Body = Readonly<Record<string, unknown>>
type Cart = Readonly<{ cartId: string; cartItems: readonly Body[] }>
type ProblemBody = Readonly<{
  code: string
  status: number
  detail: string
  orderId?: string
  errors?: readonly { pointer: string }[]
}>

const heart = '85123A'
const problem = ({ status, body, headers }: Answered): ProblemBody => {
  const shown = body as ProblemBody
  assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/, JSON.stringify(body))
  assert.equal(shown.status, status)
  return shown
}

describe('Dialect B: users, products, carts', () => {
  let waybill: Waybill
  const ask: Waybill['ask'] = (...asked) => waybill.ask(...asked)
  /** T4: without a key, as somebody on this machine. */
  const open = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    waybill.ask(method, path, body, { key: null, headers })
  const cartOf = async (user: string): Promise<Cart> => (await open('GET', `/cart/${user}`)).body as Cart
  const fill = async (user: string, productId = heart, quantity = 2): Promise<string> => {
    const added = await open('POST', `/cart/${user}/add`, { productId, quantity })
    assert.equal(added.status, 201, JSON.stringify(added.body))
    return (await cartOf(user)).cartId
  }
  const stockOf = async (productId = heart): Promise<number> =>
    ((await open('GET', `/products/${productId}`)).body as { stock: number }).stock
  const stock = async (sku: string, warehouse: string, onHand: number) => {
    await ask('PUT', `/v1/products/${sku}`, { name: sku, unitPrice: 1000_00, currency: 'GBP' })
    const counted = await ask('POST', '/v1/stock/adjustments', { sku, warehouse, onHand, reason: 'test' })
    assert.ok(counted.status < 300, JSON.stringify(counted.body))
  }

  before(async () => {
    waybill = await startWaybill({}, true)
  })
  after(() => waybill.stop())

  describe('users (B1)', () => {
    const home = { country: 'GB', postalCode: 'LS1 4AP', address: '1 High St', phoneNumber: '+44113' }

    it('are created, viewed, updated and deleted', async () => {
      const ann = { userId: 'ann', name: 'Ann', email: 'ann@example.com', address: home }
      const created = await open('POST', '/users', ann)
      assert.equal(created.status, 201)
      assert.deepEqual(created.body, ann)
      const viewed = await open('GET', '/users/ann')
      assert.deepEqual([viewed.status, viewed.body, viewed.headers.get('etag')], [200, ann, '"v1"'])
      const updated = await open('PUT', '/users/ann', { name: 'Ann B' })
      assert.deepEqual([updated.status, updated.body], [200, { ...ann, name: 'Ann B' }])
      const stale = await open('PUT', '/users/ann', { name: 'Ann C', version: 1 })
      assert.deepEqual([stale.status, problem(stale).code], [409, 'version_mismatch'])
      const gone = await open('DELETE', '/users/ann')
      assert.deepEqual([gone.status, gone.body], [204, ''])
      assert.deepEqual(
        [problem(await open('GET', '/users/ann')).code, (await open('DELETE', '/users/ann')).status],
        ['user_not_found', 404],
      )
    })
    it('get an id where none is given, and a plain string is the address', async () => {
      const created = await open('POST', '/users', { name: 'Bob', address: '2 Low St' })
      const body = created.body as { userId: string }
      assert.equal(created.status, 201)
      assert.deepEqual(body, {
        userId: body.userId,
        name: 'Bob',
        email: null,
        address: { country: '', postalCode: '', address: '2 Low St', phoneNumber: '' },
      })
      assert.ok(body.userId.length > 0)
    })
    it('exist once, and live somewhere', async () => {
      await open('POST', '/users', { userId: 'cleo' })
      const twice = await open('POST', '/users', { userId: 'cleo' })
      assert.deepEqual([twice.status, problem(twice).code], [409, 'user_exists'])
      const nowhere = await open('POST', '/users', { userId: 'dan', address: { country: 'Atlantis' } })
      assert.deepEqual([nowhere.status, problem(nowhere).errors?.[0]?.pointer], [422, '/address/country'])
      const named = await open('POST', '/users', { userId: 'eve', address: { country: 'Australia', address: '3 Bay Rd' } })
      assert.equal(named.status, 201)
    })
  })

  describe('products (B2)', () => {
    it('have a price in major units and the stock of all warehouses', async () => {
      await stock('lamp', 'LDS1', 3)
      await ask('POST', '/v1/stock/adjustments', { sku: 'lamp', warehouse: 'LON1', onHand: 4, reason: 'test' })
      const got = await open('GET', '/products/lamp')
      assert.deepEqual([got.status, got.body], [200, { productId: 'lamp', productName: 'lamp', price: 1000, stock: 7 }])
    })
    it('say whether so many can be had', async () => {
      const seven = await open('GET', '/products/lamp/availability?quantity=7')
      assert.deepEqual([seven.status, seven.body], [200, { productId: 'lamp', quantity: 7, stock: 7, available: true }])
      const eight = (await open('GET', '/products/lamp/availability?quantity=8')).body as Body
      assert.equal(eight['available'], false)
    })
    it('are updated by the owner, stock included', async () => {
      const changed = await ask('PUT', '/products/lamp', { productName: 'Lamp', price: 12.5, stock: 2 })
      assert.deepEqual([changed.status, changed.body], [200, { productId: 'lamp', productName: 'Lamp', price: 12.5, stock: 2 }])
      const more = await ask('PUT', '/products/lamp', { stock: 9 })
      assert.deepEqual(more.body, { productId: 'lamp', productName: 'Lamp', price: 12.5, stock: 9 })
      const fine = await ask('PUT', '/products/lamp', { price: 12.505 })
      assert.deepEqual([fine.status, problem(fine).errors?.[0]?.pointer], [422, '/price'])
      assert.equal((await open('PUT', '/products/lamp', { stock: 99 })).status, 401)
    })
    it('that nobody knows are 404', async () => {
      const unknown = await open('GET', '/products/no-such-thing')
      assert.deepEqual([unknown.status, problem(unknown).code], [404, 'product_not_found'])
    })
  })

  describe('carts (B3)', () => {
    it('are empty, then hold what is added, and have one id for ever', async () => {
      const unused = await open('GET', '/cart/carl')
      const { cartId } = unused.body as Cart
      assert.deepEqual([unused.status, unused.body], [200, { cartId, cartItems: [] }])
      const added = await open('POST', '/cart/carl/add', { productId: heart, quantity: 2 })
      assert.deepEqual([added.status, added.body], [201, { message: 'Item added to cart' }])
      await open('POST', '/cart/carl/add', { productId: heart, quantity: 1 })
      const { price } = (await open('GET', `/products/${heart}`)).body as { price: number }
      assert.deepEqual(await cartOf('carl'), { cartId, cartItems: [{ productId: heart, quantity: 3, price }] })
    })
    it('change a quantity, lose an item, and are emptied', async () => {
      const { cartId } = await cartOf('carl')
      const changed = await open('PUT', `/cart/carl/items/${heart}`, { quantity: 5 })
      assert.deepEqual([changed.status, (changed.body as Cart).cartItems[0]?.['quantity']], [200, 5])
      await open('POST', '/cart/carl/add', { productId: 'lamp', quantity: 1 })
      const removed = await open('DELETE', `/cart/carl/items/${heart}`)
      assert.deepEqual(removed.body, { cartId, cartItems: [{ productId: 'lamp', quantity: 1, price: 12.5 }] })
      assert.equal(problem(await open('DELETE', `/cart/carl/items/${heart}`)).code, 'item_not_found')
      const emptied = await open('DELETE', '/cart/carl')
      assert.deepEqual([emptied.status, emptied.body], [200, { cartId, cartItems: [] }])
    })
    it('take no more than there is, and reserve nothing', async () => {
      const before = await stockOf('lamp')
      const tooMany = await open('POST', '/cart/carl/add', { productId: 'lamp', quantity: 1_000 })
      assert.deepEqual([tooMany.status, problem(tooMany).code], [409, 'insufficient_stock'])
      assert.equal(problem(tooMany).errors?.[0]?.pointer, '/quantity')
      assert.deepEqual((await cartOf('carl')).cartItems, [])
      await fill('carl', 'lamp', 2)
      assert.equal(await stockOf('lamp'), before)
      await open('DELETE', '/cart/carl')
    })
    it('refuse what is unknown or no quantity, and name the field', async () => {
      const unknown = await open('POST', '/cart/carl/add', { productId: 'no-such-thing', quantity: 1 })
      assert.deepEqual([unknown.status, problem(unknown).errors?.[0]?.pointer], [422, '/productId'])
      for (const quantity of [0, -1, 1.5, 1e9, '2', null]) {
        const bad = await open('POST', '/cart/carl/add', { productId: heart, quantity })
        assert.deepEqual([bad.status, problem(bad).errors?.[0]?.pointer], [400, '/quantity'], String(quantity))
      }
    })
  })
})
