/** What a customer sends back, over HTTP: announced, received, refunded, on the shelf again, and sold to who waits for it. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { verifyShop } from '../../src/cli/verify.ts'
import { eventually, startWaybill, type Waybill } from '../support/waybill.ts'

type Order = Readonly<{
  id: string
  status: string
  states: Readonly<{ money: string }>
  totals: Readonly<{ total: number; paid: number; refunded: number }>
  lines: readonly Readonly<{ state: string; quantity: Readonly<Record<string, number>> }>[]
}>
type Return = Readonly<{
  id: string
  status: string
  refund?: Readonly<{ amount: number; currency: string }>
  lines: readonly Readonly<Record<string, unknown>>[]
}>
type Problem = Readonly<{ code: string; available?: number }>
const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)

describe('Goods that come back', () => {
  let waybill: Waybill
  let annsKey: string
  let bobsKey: string
  let leedsKey: string
  let sold: Order
  let waiting: Order
  let first: Return
  const ask: Waybill['ask'] = (...asked) => waybill.ask(...asked)
  const read = async (id: string): Promise<Order> => (await ask('GET', `/v1/orders/${id}`)).body as Order
  const until = (id: string, what: string, fits: (order: Order) => boolean) =>
    eventually(waybill, what, async () => {
      const order = await read(id)
      return fits(order) ? order : undefined
    })
  const level = async () => {
    const { body } = await ask('GET', '/v1/stock/lamp')
    return (body as { levels: Readonly<Record<string, unknown>>[] }).levels.map(({ onHand, reserved, damaged }) => ({
      onHand,
      reserved,
      damaged,
    }))
  }
  const place = async (quantity: number, onShortage: string): Promise<Order> => {
    const placed = await ask('POST', '/v1/orders', {
      userId: 'ann',
      lines: [{ sku: 'lamp', quantity }],
      onShortage,
      shippingAddress: { country: 'GB', postalCode: 'LS1 4AP', lines: ['1 High St'], city: 'Leeds' },
    })
    assert.equal(placed.status, 201, JSON.stringify(placed.body))
    return placed.body as Order
  }
  const pay = async (id: string): Promise<void> => {
    const url = await eventually(waybill, 'the payment page', async () => {
      const { body } = await ask('GET', `/v1/orders/${id}/payments`)
      return (body as { data: { paymentUrl?: string }[] }).data[0]?.paymentUrl
    })
    const body = 'action=pay'
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    assert.ok((await fetch(url, { method: 'POST', headers, body, redirect: 'manual' })).status < 400)
    await until(id, 'the payment', ({ status }) => status !== 'received')
  }
  const deliver = async (id: string): Promise<Order> => {
    const work = await eventually(waybill, 'the warehouse’s work', async () => {
      const { body } = await ask('GET', `/v1/fulfilment-orders?order=${id}`)
      const found = (body as { data: { id: string; status: string }[] }).data[0]
      return found?.status === 'released' ? found : undefined
    })
    assert.equal((await ask('POST', `/v1/fulfilment-orders/${work.id}/pick`, {})).status, 200)
    assert.equal((await ask('POST', `/v1/fulfilment-orders/${work.id}/pack`, {})).status, 200)
    const { secret } = (await ask('GET', '/v1/carriers/simulated')).body as { secret: string }
    const tracking = await eventually(waybill, 'the label', async () => {
      const { body } = await ask('GET', `/v1/orders/${id}/parcels`)
      return (body as { data: { tracking?: string }[] }).data[0]?.tracking
    })
    for (const status of ['picked_up', 'delivered']) {
      const news = JSON.stringify({ id: `${id}-${status}`, trackingNumber: tracking, status, at: new Date().toISOString() })
      const headers = { 'x-waybill-carrier-signature': createHmac('sha256', secret).update(news).digest('base64') }
      assert.equal((await ask('POST', '/v1/webhooks/carriers/simulated', news, { key: null, headers })).status, 200)
    }
    return until(id, 'the delivery', ({ status }) => status === 'completed')
  }
  const announce = (quantity: number, key: string, headers: Readonly<Record<string, string>> = {}) =>
    ask('POST', '/v1/returns', { orderId: sold.id, lines: [{ id: 'oli_1', quantity }], reason: 'wrong_colour' }, { key, headers })
  const receive = (id: string, body: object, key = leedsKey) => ask('POST', `/v1/returns/${id}/receive`, body, { key })

  before(async () => {
    waybill = await startWaybill()
    for (const [id, postalCode] of [
      ['leeds', 'LS1 1AA'],
      ['york', 'YO1 7HH'],
    ]) {
      const stands = await ask('PUT', `/v1/warehouses/${id}`, { name: id, country: 'GB', postalCode })
      assert.ok(stands.status < 300, JSON.stringify(stands.body))
    }
    const lamp = { name: 'Lamp', unitPrice: 1_000, currency: 'GBP', whenSoldOut: 'backorder' }
    assert.ok((await ask('PUT', '/v1/products/lamp', lamp)).status < 300)
    assert.ok((await ask('POST', '/v1/stock/receipts', { sku: 'lamp', warehouse: 'leeds', quantity: 3 })).status < 300)
    const supply = { sku: 'lamp', warehouse: 'leeds', quantity: 10, day: inDays(20) }
    assert.ok((await ask('POST', '/v1/supplies', supply)).status < 300)
    const { keys } = waybill.shop
    const make = async (asked: Parameters<typeof keys.make>[0]) => (await keys.make(asked, waybill.shop.now())).key
    annsKey = await make({ role: 'customer', label: 'Ann', user: 'ann' })
    bobsKey = await make({ role: 'customer', label: 'Bob', user: 'bob' })
    leedsKey = await make({ role: 'warehouse', label: 'Leeds', place: 'leeds' })
    sold = await place(3, 'refuse')
    waiting = await place(1, 'backorder')
  })
  after(() => waybill.stop())

  it('cannot be announced before they were sent', async () => {
    const early = await announce(1, annsKey)
    assert.equal(early.status, 409)
    assert.deepEqual((early.body as Problem).available, 0)
  })

  it('are announced by who bought them, once they arrived', async () => {
    await pay(sold.id)
    await pay(waiting.id)
    sold = await deliver(sold.id)
    assert.equal(sold.totals.paid, 3_000)
    const headers = { 'idempotency-key': 'ann-returns-two' }
    const announced = await announce(2, annsKey, headers)
    assert.equal(announced.status, 201, JSON.stringify(announced.body))
    first = announced.body as Return
    assert.equal(announced.headers.get('location'), `/v1/returns/${first.id}`)
    assert.deepEqual([first.status, first.lines], ['expected', [{ id: 'oli_1', sku: 'lamp', quantity: 2 }]])
    const again = await announce(2, annsKey, headers)
    assert.deepEqual([again.status, again.headers.get('idempotent-replayed')], [201, 'true'])
    assert.equal((again.body as Return).id, first.id)
  })

  it('are not announced twice: the answer says how many can', async () => {
    const again = await announce(2, annsKey)
    assert.equal(again.status, 409)
    assert.deepEqual([(again.body as Problem).code, (again.body as Problem).available], ['quantity_exceeds_returnable', 1])
  })

  it('are nobody else’s business', async () => {
    assert.equal((await announce(1, bobsKey)).status, 404)
    assert.equal((await ask('GET', `/v1/returns/${first.id}`, undefined, { key: bobsKey })).status, 404)
    assert.deepEqual((await ask('GET', `/v1/returns?order=${sold.id}`, undefined, { key: bobsKey })).body, {
      data: [],
      page: { next: null },
    })
    assert.equal((await ask('GET', '/v1/returns', undefined, { key: annsKey })).status, 400)
    assert.equal(
      ((await ask('GET', `/v1/returns?order=${sold.id}`, undefined, { key: annsKey })).body as { data: [] }).data.length,
      1,
    )
    assert.equal(((await ask('GET', '/v1/returns', undefined, { key: leedsKey })).body as { data: [] }).data.length, 1)
  })

  it('are received by a warehouse, not by a customer, and not for another warehouse', async () => {
    const lines = [{ id: 'oli_1', quantity: 2, disposition: 'restock' }]
    assert.equal((await receive(first.id, { warehouse: 'leeds', lines }, annsKey)).status, 403)
    assert.equal((await receive(first.id, { warehouse: 'york', lines })).status, 403)
    assert.equal((await receive(first.id, { warehouse: 'hull', lines }, undefined)).status, 422)
    const more = await receive(first.id, { warehouse: 'leeds', lines: [{ id: 'oli_1', quantity: 3, disposition: 'restock' }] })
    assert.deepEqual([more.status, (more.body as Problem).available], [409, 2])
    const dear = await receive(first.id, { warehouse: 'leeds', lines, refund: 3_001 })
    assert.deepEqual([dear.status, (dear.body as Problem).available], [422, 3_000])
  })

  it('say what became of each unit, and are refunded at the price they were bought for', async () => {
    const lines = [
      { id: 'oli_1', quantity: 1, disposition: 'restock' },
      { id: 'oli_1', quantity: 1, disposition: 'damaged' },
    ]
    const received = await receive(first.id, { warehouse: 'leeds', lines })
    assert.equal(received.status, 200, JSON.stringify(received.body))
    const { status, refund, lines: came } = received.body as Return
    assert.deepEqual([status, refund], ['received', { amount: 2_000, currency: 'GBP' }])
    assert.deepEqual(came, [{ id: 'oli_1', sku: 'lamp', quantity: 2, received: 2, restocked: 1, damaged: 1, writtenOff: 0 }])
    const order = await until(sold.id, 'the refund', ({ totals }) => totals.refunded === 2_000)
    assert.deepEqual(
      [order.states.money, order.status, order.lines[0]?.quantity['returned']],
      ['partially_refunded', 'completed', 2],
    )
    await eventually(waybill, 'the end of the return', async () => {
      const { body } = await ask('GET', `/v1/returns/${first.id}`)
      return (body as Return).status === 'closed' ? body : undefined
    })
    assert.equal((await receive(first.id, { warehouse: 'leeds', lines })).status, 409)
  })

  it('go to the order that waits for them', async () => {
    const filled = await until(waiting.id, 'the unit', ({ lines }) => lines[0]?.quantity['reserved'] === 1)
    assert.equal(filled.lines[0]?.quantity['backordered'], undefined)
    assert.deepEqual(await level(), [{ onHand: 1, reserved: 1, damaged: 1 }])
    assert.equal((await deliver(waiting.id)).lines[0]?.state, 'delivered')
  })

  it('may come back in another parcel, and be written off', async () => {
    const second = (await announce(1, annsKey)).body as Return
    const called = await ask('POST', `/v1/returns/${second.id}/cancel`, undefined, { key: annsKey })
    assert.deepEqual([called.status, (called.body as Return).status], [200, 'cancelled'])
    const third = (await announce(1, annsKey)).body as Return
    const lines = [{ id: 'oli_1', quantity: 1, disposition: 'write_off' }]
    const received = await receive(third.id, { warehouse: 'leeds', lines, refund: 400 })
    assert.deepEqual((received.body as Return).refund, { amount: 400, currency: 'GBP' })
    const order = await until(sold.id, 'the second refund', ({ totals }) => totals.refunded === 2_400)
    assert.equal(order.lines[0]?.quantity['returned'], 3)
    assert.deepEqual(await level(), [{ onHand: 0, reserved: 0, damaged: 1 }])
    assert.equal(((await announce(1, annsKey)).body as Problem).available, 0)
  })

  it('leave a shop in which everything adds up', async () => {
    await waybill.shop.consumers.settle()
    assert.deepEqual((await verifyShop(waybill.shop)).differences, [])
    const parked = await waybill.shop.database.read('select consumer, reason from platform.parked')
    assert.deepEqual(parked, [])
  })
})
