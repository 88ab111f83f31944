/** Dialect D over HTTP, to the letter: requirements D2, D3, T1, T3–T5. Whole bodies are compared. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { verifyShop } from '../../src/cli/verify.ts'
import { type Answered, startWaybill, type Waybill } from '../support/waybill.ts'

type Item = Readonly<{ productId: string; quantity: number; status: string }>
type Order = Readonly<{ orderId: string; userId: string; status: string; orderItems: readonly Item[]; totalAmount: number }>
type Envelope = Readonly<{ success: boolean; data: Order | null; error: string | null }>

const dataOf = ({ status, body }: Answered, expected: number): Order => {
  const { success, data, error } = body as Envelope
  assert.deepEqual([status, success, error], [expected, true, null], JSON.stringify(body))
  assert.deepEqual(Object.keys(body as object), ['success', 'data', 'error'])
  assert.ok(data !== null)
  return data
}
/** @returns the message of an error, after its envelope was checked. */
const errorOf = ({ status, body }: Answered, expected: number): string => {
  const { error } = body as { error: string }
  assert.deepEqual([status, body], [expected, { success: false, data: null, error }])
  assert.equal(typeof error, 'string')
  return error
}

describe('Dialect D', () => {
  let waybill: Waybill
  const open = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    waybill.ask(method, path, body, { key: null, headers })
  const place = (orderItems: readonly Readonly<{ productId: string; quantity: number }>[], userId = 'dora') =>
    open('POST', '/oms/orders', { userId, orderItems })
  const placed = async (...orderItems: readonly Readonly<{ productId: string; quantity: number }>[]): Promise<Order> =>
    dataOf(await place(orderItems), 201)
  const change = (order: Order, body: unknown) => open('PUT', `/oms/orders/${order.orderId}`, body)
  const stockOf = async (productId: string): Promise<number> =>
    ((await open('GET', `/products/${productId}`)).body as { stock: number }).stock
  const product = async (sku: string, unitPrice: number, onHand: number) => {
    await waybill.ask('PUT', `/v1/products/${sku}`, { name: sku, unitPrice, currency: 'GBP' })
    const counted = await waybill.ask('POST', '/v1/stock/adjustments', { sku, warehouse: 'LDS1', onHand, reason: 'test' })
    assert.ok(counted.status < 300, JSON.stringify(counted.body))
  }

  before(async () => {
    waybill = await startWaybill({}, true)
    await product('mug', 2_50, 100)
    await product('cup', 1000_00, 3)
    await product('gone', 9_99, 0)
  })
  after(() => waybill.stop())

  describe('placing an order (D2, D3)', () => {
    it('answers with its items executed, and can be read', async () => {
      const order = await placed({ productId: 'mug', quantity: 2 }, { productId: 'cup', quantity: 1 })
      const expected = {
        orderId: order.orderId,
        userId: 'dora',
        status: 'EXECUTED',
        orderItems: [
          { productId: 'mug', quantity: 2, status: 'EXECUTED' },
          { productId: 'cup', quantity: 1, status: 'EXECUTED' },
        ],
        totalAmount: 1005,
      }
      assert.deepEqual(order, expected)
      assert.deepEqual(dataOf(await open('GET', `/oms/orders/${order.orderId}`), 200), expected)
      assert.equal(await stockOf('cup'), 2)
    })
    it('cancels what is sold out, and the others go on', async () => {
      const order = await placed({ productId: 'gone', quantity: 1 }, { productId: 'mug', quantity: 1 })
      assert.deepEqual(order, {
        orderId: order.orderId,
        userId: 'dora',
        status: 'EXECUTED',
        orderItems: [
          { productId: 'gone', quantity: 1, status: 'CANCELED' },
          { productId: 'mug', quantity: 1, status: 'EXECUTED' },
        ],
        totalAmount: 2.5,
      })
    })
    it('never shortens an item: more than there is is sold out', async () => {
      const { orderItems } = await placed({ productId: 'cup', quantity: 3 }, { productId: 'mug', quantity: 1 })
      assert.deepEqual(orderItems[0], { productId: 'cup', quantity: 3, status: 'CANCELED' })
      assert.equal(await stockOf('cup'), 2)
    })
    it('is CANCELED when all of it is sold out', async () => {
      const order = await placed({ productId: 'gone', quantity: 4 })
      assert.deepEqual(order, {
        orderId: order.orderId,
        userId: 'dora',
        status: 'CANCELED',
        orderItems: [{ productId: 'gone', quantity: 4, status: 'CANCELED' }],
        totalAmount: 39.96,
      })
    })
    it('keeps a product that is named twice as two items, and counts no unit twice', async () => {
      const { orderItems } = await placed({ productId: 'cup', quantity: 1 }, { productId: 'cup', quantity: 2 })
      assert.deepEqual(
        orderItems.map(({ status }) => status),
        ['EXECUTED', 'CANCELED'],
      )
    })
    it('answers the same key with the same order', async () => {
      const key = { 'idempotency-key': 'dora-1' }
      const body = { userId: 'dora', orderItems: [{ productId: 'mug', quantity: 1 }] }
      const [first, second] = await Promise.all([open('POST', '/oms/orders', body, key), open('POST', '/oms/orders', body, key)])
      assert.deepEqual(dataOf(first, 201), dataOf(second, 201))
      const other = await open('POST', '/oms/orders', { ...body, userId: 'else' }, key)
      assert.match(errorOf(other, 422), /Idempotency-Key/)
    })
    it('makes its user known', async () => {
      dataOf(await place([{ productId: 'mug', quantity: 1 }], 'newcomer'), 201)
      const { body } = await open('GET', '/users/newcomer')
      assert.deepEqual(body, { userId: 'newcomer', name: null, email: null, address: null })
    })
  })

  describe('changing an order (D2, D3)', () => {
    it('cancels the items named, and the others stay', async () => {
      const order = await placed({ productId: 'mug', quantity: 4 }, { productId: '85123A', quantity: 1 })
      const before = await stockOf('mug')
      const after = dataOf(
        await change(order, { status: 'EXECUTED', orderItems: [{ productId: 'mug', quantity: 4, status: 'CANCELED' }] }),
        200,
      )
      assert.deepEqual(after, {
        ...order,
        orderItems: [
          { productId: 'mug', quantity: 4, status: 'CANCELED' },
          { productId: '85123A', quantity: 1, status: 'EXECUTED' },
        ],
        totalAmount: Number((order.totalAmount - 10).toFixed(2)),
      })
      assert.equal(await stockOf('mug'), before + 4)
      assert.match(errorOf(await change(order, { orderItems: [{ productId: 'mug', quantity: 4 }] }), 409), /orderItems\/0.*mug/)
    })
    it('lowers and raises quantities', async () => {
      const order = await placed({ productId: 'mug', quantity: 4 })
      const before = await stockOf('mug')
      const fewer = dataOf(await change(order, { orderItems: [{ productId: 'mug', quantity: 1, status: 'EXECUTED' }] }), 200)
      assert.deepEqual(fewer, { ...order, orderItems: [{ productId: 'mug', quantity: 1, status: 'EXECUTED' }], totalAmount: 2.5 })
      assert.equal(await stockOf('mug'), before + 3)
      const more = dataOf(await change(order, { status: 'EXECUTED', orderItems: [{ productId: 'mug', quantity: 6 }] }), 200)
      assert.deepEqual(more, { ...order, orderItems: [{ productId: 'mug', quantity: 6, status: 'EXECUTED' }], totalAmount: 15 })
      assert.equal(await stockOf('mug'), before - 2)
    })
    it('raises beyond stock: 409, nothing changed', async () => {
      const order = await placed({ productId: 'mug', quantity: 4 }, { productId: 'cup', quantity: 1 })
      const before = [await stockOf('mug'), await stockOf('cup')]
      const beyond = await change(order, {
        status: 'EXECUTED',
        orderItems: [
          { productId: 'mug', quantity: 1, status: 'EXECUTED' },
          { productId: 'cup', quantity: 50, status: 'EXECUTED' },
        ],
      })
      assert.match(errorOf(beyond, 409), /^orderItems\/1\/quantity: cup/)
      assert.deepEqual(dataOf(await open('GET', `/oms/orders/${order.orderId}`), 200), order)
      assert.deepEqual([await stockOf('mug'), await stockOf('cup')], before)
      dataOf(await change(order, { status: 'CANCELED' }), 200)
    })
    it('cancels the order, in either spelling, and again', async () => {
      for (const status of ['CANCELED', 'CANCELLED']) {
        const order = await placed({ productId: 'mug', quantity: 2 })
        const cancelled = { ...order, status: 'CANCELED', orderItems: [{ productId: 'mug', quantity: 2, status: 'CANCELED' }] }
        assert.deepEqual(dataOf(await change(order, { status }), 200), cancelled)
        assert.deepEqual(dataOf(await change(order, { status }), 200), cancelled)
        assert.match(errorOf(await change(order, { orderItems: [{ productId: 'mug', quantity: 1 }] }), 409), /CANCELED/)
      }
    })
    it('cancels the order with its last item', async () => {
      const order = await placed({ productId: 'mug', quantity: 2 })
      const after = dataOf(await change(order, { orderItems: [{ productId: 'mug', status: 'CANCELLED' }] }), 200)
      assert.equal(after.status, 'CANCELED')
    })
    it('leaves as it is what is named as it is', async () => {
      const order = await placed({ productId: 'mug', quantity: 2 })
      assert.deepEqual(dataOf(await change(order, { status: order.status, orderItems: order.orderItems }), 200), order)
      assert.deepEqual(dataOf(await change(order, { status: 'EXECUTED' }), 200), order)
      assert.match(errorOf(await change(order, { status: 'PENDING' }), 409), /^status/)
    })
    it('knows its items only', async () => {
      const order = await placed({ productId: 'mug', quantity: 2 })
      const foreign = await change(order, { orderItems: [{ productId: 'cup', quantity: 1 }] })
      assert.match(errorOf(foreign, 422), /^orderItems\/0\/productId/)
    })
    it('refuses an older version', async () => {
      const order = await placed({ productId: 'mug', quantity: 2 })
      assert.match(errorOf(await change(order, { status: 'CANCELED', version: 1 }), 409), /Refresh it/)
    })
    it('goes on to SHIPPED and DELIVERED by staff, with what was added', async () => {
      const order = await placed({ productId: 'mug', quantity: 1 })
      dataOf(await change(order, { orderItems: [{ productId: 'mug', quantity: 3 }] }), 200)
      await waybill.shop.settled()
      for (const status of ['SHIPPED', 'DELIVERED']) assert.match(errorOf(await change(order, { status }), 403), /^status/)
      const path = `/oms/orders/${order.orderId}`
      for (const status of ['SHIPPED', 'DELIVERED']) {
        const after = dataOf(await waybill.ask('PUT', path, { status }), 200)
        assert.deepEqual(after, {
          ...order,
          status,
          orderItems: [{ productId: 'mug', quantity: 3, status: 'EXECUTED' }],
          totalAmount: 7.5,
        })
        await waybill.shop.settled()
        assert.deepEqual(dataOf(await open('GET', path), 200), after)
      }
      assert.ok(errorOf(await change(order, { status: 'CANCELED' }), 409).length > 0)
    })
  })

  describe('errors', () => {
    it('keep the envelope and name the field', async () => {
      const item = (more: object) => ({ userId: 'dora', orderItems: [{ productId: 'mug', quantity: 1, ...more }] })
      const count = async () =>
        (await waybill.shop.database.read<{ n: number }>('select count(*)::int as n from orders.orders'))[0]?.n
      const before = await count()
      const cases: readonly (readonly [unknown, number, RegExp])[] = [
        [item({ productId: 'no-such-thing' }), 422, /^orderItems\/0\/productId: .*no-such-thing/],
        [item({ quantity: 0 }), 400, /orderItems\/0\/quantity/],
        [item({ quantity: -1 }), 400, /orderItems\/0\/quantity/],
        [item({ quantity: 1.5 }), 400, /orderItems\/0\/quantity/],
        [item({ quantity: 1e9 }), 400, /orderItems\/0\/quantity/],
        [item({ quantity: '1' }), 400, /orderItems\/0\/quantity/],
        [item({ colour: 'red' }), 400, /orderItems\/0\/colour/],
        [{ ...item({}), extra: true }, 400, /extra/],
        [{ orderItems: [{ productId: 'mug', quantity: 1 }] }, 400, /userId/],
        [{ userId: 'dora', orderItems: [] }, 400, /orderItems/],
        [{ userId: '', orderItems: [{ productId: 'mug', quantity: 1 }] }, 400, /userId/],
        ['{"userId": ', 400, /JSON|body/i],
        [`{"userId":"${'x'.repeat(2_000_000)}"}`, 413, /1048576/],
      ]
      for (const [body, status, named] of cases) assert.match(errorOf(await open('POST', '/oms/orders', body), status), named)
      assert.equal(await count(), before)
    })
    it('are 404 for an order that is unknown', async () => {
      for (const id of ['123', crypto.randomUUID()]) {
        assert.match(errorOf(await open('GET', `/oms/orders/${id}`), 404), /no order/)
        assert.match(errorOf(await open('PUT', `/oms/orders/${id}`, { status: 'CANCELED' }), 404), /no order/)
      }
      const order = await placed({ productId: 'mug', quantity: 1 })
      assert.match(errorOf(await change(order, {}), 400), /body/)
      assert.match(errorOf(await change(order, { status: 'EATEN' }), 400), /status/)
    })
    it('are 401 without a key from elsewhere, and 404 for other customers', async () => {
      const { orderId } = await placed({ productId: 'mug', quantity: 1 })
      assert.match(
        errorOf(await open('GET', `/oms/orders/${orderId}`, undefined, { 'x-forwarded-for': '10.0.0.1' }), 401),
        /Bearer/,
      )
      const { key } = await waybill.shop.keys.make({ role: 'customer', label: 'ned', user: 'ned' }, waybill.shop.now())
      assert.match(errorOf(await waybill.ask('GET', `/oms/orders/${orderId}`, undefined, { key }), 404), /no order/)
      const forOther = { userId: 'dora', orderItems: [{ productId: 'mug', quantity: 1 }] }
      assert.match(errorOf(await waybill.ask('POST', '/oms/orders', forOther, { key }), 403), /userId/)
      dataOf(await waybill.ask('POST', '/oms/orders', { ...forOther, userId: 'ned' }, { key }), 201)
    })
  })

  it('speaks of the same orders as B and /v1 (one life cycle)', async () => {
    const { orderId } = await placed({ productId: 'mug', quantity: 1 })
    const b = (await open('GET', `/orders/${orderId}`)).body as { status: string; totalAmount: number; orderItems: readonly Item[] }
    assert.deepEqual([b.status, b.totalAmount, b.orderItems[0]?.status], ['PLACED', 2.5, 'EXECUTED'])
    const v1 = (await waybill.ask('GET', `/v1/orders/${orderId}`)).body as { status: string; totals: { total: number } }
    assert.deepEqual([v1.status, v1.totals.total], ['paid', 250])
  })

  it('leaves a shop in which everything adds up', async () => {
    await waybill.shop.settled()
    assert.deepEqual((await verifyShop(waybill.shop)).differences, [])
  })
})
