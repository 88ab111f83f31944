/** Dialect B over HTTP, to the letter: requirements B4–B9, B11, T1–T5, orders. Whole bodies are compared. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { verifyShop } from '../../src/cli/verify.ts'
import { type Answered, eventually, startWaybill, type Waybill } from '../support/waybill.ts'

type Body = Readonly<Record<string, unknown>>
type Cart = Readonly<{ cartId: string; cartItems: readonly Body[] }>
type Order = Readonly<{ orderId: string; status: string; version: number; orderItems: readonly Body[] }>
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

describe('Dialect B', () => {
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
  const order = async (user: string, productId = heart, quantity = 2): Promise<string> => {
    const placed = await open('POST', '/orders', { userId: user, cartId: await fill(user, productId, quantity) })
    assert.equal(placed.status, 201, JSON.stringify(placed.body))
    return (placed.body as Order).orderId
  }
  const read = async (id: string): Promise<Order> => (await open('GET', `/orders/${id}`)).body as Order
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

  describe('ordering a cart (B4)', () => {
    it('moves its items into an order, once', async () => {
      const before = await stockOf()
      const cartId = await fill('olga')
      const key = { 'idempotency-key': 'olga-1' }
      const placed = await open('POST', '/orders', { userId: 'olga', cartId }, key)
      const { orderId } = placed.body as Order
      assert.deepEqual([placed.status, placed.body], [201, { orderId, status: 'PLACED' }])
      assert.deepEqual(await cartOf('olga'), { cartId, cartItems: [] })
      assert.equal(await stockOf(), before - 2)

      const again = await open('POST', '/orders', { userId: 'olga', cartId })
      assert.deepEqual([again.status, problem(again).code, problem(again).orderId], [409, 'cart_empty', orderId])
      assert.match(problem(again).detail, new RegExp(orderId))
      const replayed = await open('POST', '/orders', { userId: 'olga', cartId }, key)
      assert.deepEqual([replayed.status, replayed.body], [201, placed.body])
      assert.equal(replayed.headers.get('idempotent-replayed'), 'true')
      assert.equal(await stockOf(), before - 2)
    })
    it('makes one order of one cart, however many ask at once', async () => {
      const cartId = await fill('pia')
      const answers = await Promise.all(Array.from({ length: 8 }, () => open('POST', '/orders', { userId: 'pia', cartId })))
      const made = answers.filter(({ status }) => status === 201).map(({ body }) => (body as Order).orderId)
      assert.equal(made.length, 1)
      for (const refused of answers.filter(({ status }) => status !== 201))
        assert.deepEqual([problem(refused).code, problem(refused).orderId], ['cart_empty', made[0]])
    })
    it('gives the same answer to the same key asked twice at once', async () => {
      const cartId = await fill('quinn')
      const same = () => open('POST', '/orders', { userId: 'quinn', cartId }, { 'idempotency-key': 'quinn-1' })
      const [first, second] = await Promise.all([same(), same()])
      assert.deepEqual([first.status, first.body], [201, second.body])
    })
    it('is refused when it is sold out meanwhile, and the cart stays', async () => {
      await stock('rare', 'LDS1', 1)
      const [one, two] = [await fill('rita', 'rare', 1), await fill('rob', 'rare', 1)]
      assert.equal((await open('POST', '/orders', { userId: 'rita', cartId: one })).status, 201)
      const late = await open('POST', '/orders', { userId: 'rob', cartId: two })
      assert.deepEqual(
        [late.status, problem(late).code, problem(late).errors?.[0]?.pointer],
        [409, 'insufficient_stock', '/cartItems/0/quantity'],
      )
      assert.equal((await cartOf('rob')).cartItems.length, 1)
    })
    it('knows the cart, and its owner', async () => {
      const unused = await open('POST', '/orders', { userId: 'sam', cartId: (await cartOf('sam')).cartId })
      assert.deepEqual([unused.status, problem(unused).code, problem(unused).orderId], [409, 'cart_empty', undefined])
      const foreign = await open('POST', '/orders', { userId: 'sam', cartId: await fill('tom', heart, 1) })
      assert.deepEqual([foreign.status, problem(foreign).errors?.[0]?.pointer], [404, '/cartId'])
    })
  })

  describe('an order (B5, B8)', () => {
    it('shows its items at frozen prices', async () => {
      await stock('vase', 'LDS1', 5)
      const id = await order('uma', 'vase', 2)
      await ask('PUT', '/products/vase', { price: 2000 })
      await waybill.shop.settled()
      const got = await open('GET', `/orders/${id}`)
      const shown = got.body as Body
      assert.equal(got.status, 200)
      assert.deepEqual(shown, {
        orderId: id,
        userId: 'uma',
        orderItems: [{ productId: 'vase', quantity: 2, price: 1000, status: 'EXECUTED' }],
        totalAmount: 2000,
        status: 'PLACED',
        orderDate: shown['orderDate'],
        version: shown['version'],
      })
      assert.match(String(shown['orderDate']), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
      assert.equal(got.headers.get('etag'), `"v${String(shown['version'])}"`)
    })
    it('that is unknown is 404, whatever its id looks like', async () => {
      for (const id of ['123', 'order:123', crypto.randomUUID(), '%00', "x'%20or%201"]) {
        const unknown = await open('GET', `/orders/${id}`)
        assert.deepEqual([unknown.status, problem(unknown).code], [404, 'order_not_found'], id)
      }
    })
    it('waits, PENDING, for what is sold on backorder', async () => {
      await ask('PUT', '/v1/products/chair', { name: 'chair', unitPrice: 1_00, currency: 'GBP', whenSoldOut: 'backorder' })
      const day = new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10)
      const supply = await ask('POST', '/v1/supplies', { sku: 'chair', warehouse: 'LDS1', quantity: 10, day })
      assert.ok(supply.status < 300, JSON.stringify(supply.body))
      const { orderItems } = await read(await order('vic', 'chair', 2))
      const [item] = orderItems
      assert.deepEqual(item, { productId: 'chair', quantity: 2, price: 1, status: 'PENDING', expectedDate: item?.['expectedDate'] })
      assert.match(String(item['expectedDate']), /^\d{4}-\d\d-\d\d$/)
    })
  })

  describe('changing an order (B6, B7, B11)', () => {
    it('cancels it, and gives the stock back', async () => {
      const before = await stockOf()
      const id = await order('wim')
      const cancelled = await open('PUT', `/orders/${id}`, { status: 'CANCELLED' })
      assert.deepEqual([cancelled.status, cancelled.body], [200, { orderId: id, status: 'CANCELLED' }])
      assert.equal((await open('PUT', `/orders/${id}`, { status: 'CANCELLED' })).status, 200)
      assert.equal(await stockOf(), before)
      const after = await read(id)
      assert.deepEqual([after.status, after.orderItems[0]?.['status']], ['CANCELLED', 'CANCELED'])
      const deleted = await open('DELETE', `/orders/${id}`)
      assert.deepEqual([deleted.status, problem(deleted).code], [409, 'order_not_cancellable'])
    })
    it('refuses an older version, in the header or the body, and says what to do', async () => {
      const id = await order('xan')
      await waybill.shop.settled()
      const { version } = await read(id)
      const stale = [
        await open('PUT', `/orders/${id}`, { status: 'CANCELLED', version: version - 1 }),
        await open('PUT', `/orders/${id}`, { status: 'CANCELLED' }, { 'if-match': `"v${version - 1}"` }),
        await open('DELETE', `/orders/${id}`, undefined, { 'if-match': `"v${version - 1}"` }),
        await ask('PUT', `/orders/${id}`, { status: 'SHIPPED', version: version - 1 }),
      ]
      for (const answer of stale) {
        assert.deepEqual([answer.status, problem(answer).code], [409, 'version_mismatch'])
        assert.match(problem(answer).detail, /Refresh it .* and try again/)
      }
      assert.equal((await read(id)).status, 'PLACED')
      assert.equal((await open('PUT', `/orders/${id}`, { status: 'CANCELLED', version })).status, 200)
    })
    it('ships and delivers it, by staff', async () => {
      const id = await order('yan')
      const early = await ask('PUT', `/orders/${id}`, { status: 'DELIVERED' })
      assert.deepEqual([early.status, problem(early).code], [409, 'step_impossible'])
      const shipped = await ask('PUT', `/orders/${id}`, { status: 'SHIPPED' })
      assert.deepEqual([shipped.status, shipped.body], [200, { orderId: id, status: 'SHIPPED' }])
      assert.equal((await read(id)).status, 'SHIPPED')
      for (const [method, body] of [
        ['PUT', { status: 'CANCELLED' }],
        ['PUT', { status: 'PLACED' }],
        ['DELETE', undefined],
      ] as const) {
        const late = await open(method, `/orders/${id}`, body)
        assert.equal(late.status, 409)
        assert.ok(['order_not_cancellable', 'step_impossible'].includes(problem(late).code))
      }
      const delivered = await ask('PUT', `/orders/${id}`, { status: 'DELIVERED' })
      assert.deepEqual([delivered.status, delivered.body], [200, { orderId: id, status: 'DELIVERED' }])
      assert.equal((await read(id)).status, 'DELIVERED')
      assert.equal(problem(await ask('PUT', `/orders/${id}`, { status: 'SHIPPED' })).code, 'step_impossible')
    })
    it('does not ship what waits, is held or was cancelled', async () => {
      const waiting = await order('zoe', 'chair', 1)
      assert.equal(problem(await ask('PUT', `/orders/${waiting}`, { status: 'SHIPPED' })).code, 'not_assembled_yet')
      const held = await order('zoe')
      await ask('POST', `/v1/orders/${held}/holds`, { kind: 'fraud' })
      assert.equal(problem(await ask('PUT', `/orders/${held}`, { status: 'SHIPPED' })).code, 'order_held')
      await open('PUT', `/orders/${held}`, { status: 'CANCELLED' })
      assert.equal(problem(await ask('PUT', `/orders/${held}`, { status: 'SHIPPED' })).code, 'step_impossible')
    })
    it('deletes it: gone here, kept for staff', async () => {
      const before = await stockOf()
      const id = await order('abe')
      const deleted = await open('DELETE', `/orders/${id}`)
      assert.deepEqual([deleted.status, deleted.body], [204, ''])
      assert.equal(await stockOf(), before)
      assert.equal((await open('GET', `/orders/${id}`)).status, 404)
      assert.equal((await open('DELETE', `/orders/${id}`)).status, 404)
      assert.equal((await open('PUT', `/orders/${id}`, { status: 'CANCELLED' })).status, 404)
      assert.equal(((await ask('GET', `/v1/orders/${id}`)).body as Body)['status'], 'cancelled')
      assert.ok(((await ask('GET', `/v1/orders/${id}/events`)).body as { data: unknown[] }).data.length > 2)
    })
  })

  describe('paying (B9, T2, T3)', () => {
    it('is not asked where nothing says so', async () => {
      const id = await order('ben')
      assert.ok(!('payments' in (await read(id))))
      const refused = await open('POST', `/orders/${id}/payments`, { paymentMethod: 'PAYPAL' })
      assert.deepEqual([refused.status, problem(refused).code], [409, 'not_payable'])
    })
    it('is asked of who names a method, on a page, and completes', async () => {
      const cartId = await fill('bob2', 'vase', 1)
      const placed = await open('POST', '/orders', { userId: 'bob2', cartId, paymentMethod: 'PAYPAL' })
      const { orderId } = placed.body as Order
      assert.deepEqual([placed.status, placed.body], [201, { orderId, status: 'PLACED' }])
      assert.equal(problem(await ask('PUT', `/orders/${orderId}`, { status: 'SHIPPED' })).code, 'not_paid')
      const started = await open('POST', `/orders/${orderId}/payments`, { paymentMethod: 'PAYPAL' })
      const payment = started.body as Body
      assert.deepEqual(
        [started.status, payment],
        [
          201,
          {
            paymentId: payment['paymentId'],
            orderId,
            amount: 2000,
            status: 'PENDING',
            paymentMethod: 'PAYPAL',
            paymentUrl: payment['paymentUrl'],
          },
        ],
      )
      const paid = await fetch(String(payment['paymentUrl']), {
        method: 'POST',
        body: new URLSearchParams({ action: 'pay' }),
        redirect: 'manual',
      })
      assert.ok(paid.status < 400)
      const payments = await eventually(waybill, 'the payment', async () => {
        const now = (await read(orderId)) as unknown as { payments: readonly Body[] }
        return now.payments.some(({ status }) => status === 'COMPLETED') ? now.payments : undefined
      })
      assert.deepEqual(payments, [
        { paymentId: payment['paymentId'], orderId, amount: 2000, status: 'COMPLETED', paymentMethod: 'PAYPAL' },
      ])
    })
  })

  describe('who may what (T4)', () => {
    it('shows customers their own only', async () => {
      const key = (await waybill.shop.keys.make({ role: 'customer', label: 'nia', user: 'nia' }, waybill.shop.now())).key
      const asNia = (method: string, path: string, body?: unknown) => waybill.ask(method, path, body, { key })
      assert.equal((await asNia('POST', '/cart/nia/add', { productId: heart, quantity: 1 })).status, 201)
      const cart = (await asNia('GET', '/cart/nia')).body as Cart
      const own = await asNia('POST', '/orders', { userId: 'nia', cartId: cart.cartId })
      assert.equal(own.status, 201)
      assert.equal((await asNia('GET', `/orders/${(own.body as Order).orderId}`)).status, 200)
      const other = await order('moe')
      assert.equal((await asNia('GET', `/orders/${other}`)).status, 404)
      assert.equal((await asNia('PUT', `/orders/${other}`, { status: 'CANCELLED' })).status, 404)
      assert.equal((await asNia('DELETE', `/orders/${other}`)).status, 404)
      for (const path of ['/cart/moe', '/users/moe']) assert.equal((await asNia('GET', path)).status, 403)
      assert.equal((await asNia('POST', '/orders', { userId: 'moe', cartId: cart.cartId })).status, 403)
      const step = await asNia('PUT', `/orders/${(own.body as Order).orderId}`, { status: 'SHIPPED' })
      assert.deepEqual([step.status, problem(step).code], [403, 'forbidden'])
    })
    it('lets the demo neither ship nor deliver, and nobody in from elsewhere', async () => {
      const id = await order('lou')
      for (const status of ['SHIPPED', 'DELIVERED']) {
        const refused = await open('PUT', `/orders/${id}`, { status })
        assert.deepEqual([refused.status, problem(refused).code], [403, 'forbidden'])
      }
      for (const headers of [{ 'x-forwarded-for': '10.0.0.1' }, { forwarded: 'for=10.0.0.1' }]) {
        const refused = await open('GET', `/orders/${id}`, undefined, headers)
        assert.equal(refused.status, 401)
        assert.match(problem(refused).detail, /Authorization: Bearer/)
      }
    })
  })

  describe('bad input', () => {
    it('is a 4xx that names what is wrong, and writes nothing', async () => {
      const orders = await waybill.shop.database.read<{ n: number }>('select count(*)::int as n from orders.orders')
      const cases: readonly (readonly [string, string, unknown, number, RegExp])[] = [
        ['POST', '/orders', { userId: 'kim' }, 400, /cartId/],
        ['POST', '/orders', { userId: 'kim', cartId: 'x', extra: 1 }, 400, /extra/],
        ['POST', '/orders', { userId: 'k/m', cartId: 'x' }, 400, /userId/],
        ['POST', '/orders', '{"userId": "kim", ', 400, /JSON|body/],
        ['POST', '/orders', `{"userId":"kim","cartId":"${'x'.repeat(2_000_000)}"}`, 413, /1048576/],
        ['POST', '/orders', '[]', 400, /object/],
        ['PUT', `/orders/${await order('kim')}`, { status: 'EATEN' }, 400, /status/],
        ['PUT', `/orders/${crypto.randomUUID()}`, { status: 'CANCELLED' }, 404, /no order/],
        ['POST', '/users', { userId: 'kim2', email: 'none' }, 400, /email/],
        ['POST', '/users', { userId: 'kim2', address: { street: 'x' } }, 400, /street/],
        ['POST', '/users', { userId: 'kim2', name: '\u0000' }, 400, /name/],
      ]
      for (const [method, path, body, status, named] of cases) {
        const answer = await open(method, path, body)
        assert.equal(answer.status, status, `${method} ${path} ${JSON.stringify(answer.body).slice(0, 300)}`)
        assert.match(problem(answer).detail, named)
      }
      const after = await waybill.shop.database.read<{ n: number }>('select count(*)::int as n from orders.orders')
      assert.equal(after[0]?.n, (orders[0]?.n ?? 0) + 1)
    })
  })

  it('leaves a shop in which everything adds up', async () => {
    await waybill.shop.settled()
    assert.deepEqual((await verifyShop(waybill.shop)).differences, [])
  })
})

describe('Dialect B where payment is required (T3)', () => {
  let waybill: Waybill
  before(async () => {
    waybill = await startWaybill({ WAYBILL_PAYMENT: 'required' }, true)
  })
  after(() => waybill.stop())

  it('shows the payment to be made', async () => {
    await waybill.ask('POST', '/cart/pam/add', { productId: heart, quantity: 1 }, { key: null })
    const { cartId } = (await waybill.ask('GET', '/cart/pam', undefined, { key: null })).body as Cart
    const { orderId } = (await waybill.ask('POST', '/orders', { userId: 'pam', cartId }, { key: null })).body as Order
    const payment = await eventually(waybill, 'a page to pay on', async () => {
      const { payments } = (await waybill.ask('GET', `/orders/${orderId}`, undefined, { key: null })).body as { payments: Body[] }
      return payments[0]?.['paymentUrl'] === undefined ? undefined : payments[0]
    })
    assert.deepEqual(Object.keys(payment).toSorted(), ['amount', 'orderId', 'paymentId', 'paymentMethod', 'paymentUrl', 'status'])
    assert.deepEqual([payment['status'], payment['paymentMethod']], ['PENDING', 'CREDIT_CARD'])
  })
})
