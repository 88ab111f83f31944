/**
 * Those who wait, from the order to the door: a pre-order through its release day, supply that is early, late, partial, broken or
 * lost, and what customers hear of it. Days are counted from today, whatever day it is.
 */
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { verifyShop } from '../../src/cli/verify.ts'
import type { Day } from '../../src/kernel/ids.ts'
import { addDays, dayIn } from '../../src/kernel/time.ts'
import { type Seen, seen, SmallShop } from '../support/shop.ts'

type Waiting = Seen &
  Readonly<{
    actions: readonly string[]
    promise: Readonly<{ latest: Day; expected: Day; confidence: string }>
    choice?: Readonly<{ options: readonly string[]; lines: readonly Readonly<{ id: string; quantity: number }>[] }>
  }>
type Supply = Readonly<{ id: string; open: number; received: number; closed: boolean; damaged?: number }>

describe('Those who wait', () => {
  let shop: SmallShop
  let product: string
  let products = 0
  before(async () => {
    shop = await SmallShop.open({ WAYBILL_REPLAN_SAVING: '0' })
  })
  after(() => shop.close())
  beforeEach(async () => {
    product = `NEW-${++products}`
    await shop.stock(product, 0, { whenSoldOut: 'preorder' })
  })
  afterEach(async () => {
    await shop.waybill.shop.settled()
    assert.deepEqual((await verifyShop(shop.waybill.shop)).differences, [])
  })

  const inDays = (days: number): Day => addDays(dayIn('UTC', shop.waybill.shop.now()), days)
  const post = async (path: string, body: unknown, expected = 200) => {
    const answer = await shop.waybill.ask('POST', path, body)
    assert.equal(answer.status, expected, JSON.stringify(answer.body))
    return answer.body as Readonly<{ supply: Supply; code: string }>
  }
  const announced = async (quantity: number, days: number, more: Readonly<Record<string, unknown>> = {}): Promise<string> => {
    const asked = { sku: product, warehouse: 'leeds', quantity, day: inDays(days), kind: 'preorder', ...more }
    return (await post('/v1/supplies', asked, 201)).supply.id
  }
  const receives = async (supply: string, quantity: number, more: Readonly<Record<string, unknown>> = {}): Promise<Supply> =>
    (await post(`/v1/supplies/${supply}/receive`, { quantity, ...more })).supply
  const changes = (supply: string, more: Readonly<Record<string, unknown>>) => post(`/v1/supplies/${supply}/change`, more)
  const preorders = async (quantity: number, more: Readonly<Record<string, unknown>> = {}): Promise<Waiting> => {
    const asked = { onShortage: 'backorder', paymentTerms: 'on_account', ...more }
    return (await shop.placed(product, quantity, asked)) as Waiting
  }
  const read = async (order: Seen): Promise<Waiting> => {
    await shop.waybill.shop.settled()
    return (await shop.order(order.id)) as Waiting
  }
  /** `2 reserved, 1 waiting`, of the first line. */
  const units = async (order: Seen): Promise<string> => {
    const { reserved = 0, preordered = 0, backordered = 0 } = (await read(order)).lines[0]?.quantity ?? {}
    return `${reserved} here, ${preordered + backordered} waiting`
  }
  const told = async (order: Seen, kind: string): Promise<number> => {
    await shop.waybill.shop.settled()
    const { body } = await shop.waybill.ask('GET', `/v1/orders/${order.id}/notifications`)
    return (body as { data: { kind: string; channel: string }[] }).data.filter(
      (one) => one.kind === kind && one.channel === 'email',
    ).length
  }
  const events = async (order: Seen, type: string): Promise<readonly Readonly<Record<string, unknown>>[]> => {
    await shop.waybill.shop.settled()
    const { body } = await shop.waybill.ask('GET', `/v1/orders/${order.id}/events`)
    return (body as { data: { event: { type: string } }[] }).data.flatMap(({ event }) => (event.type === type ? [event] : []))
  }
  const sends = async (order: Seen): Promise<void> => {
    const work = await shop.work(order.id, 'released', 'picking')
    await shop.does('pick', work.id)
    await shop.does('pack', work.id)
    await shop.until(order.id, 'packed', ({ fulfilments }) => fulfilments.some(({ status }) => status === 'packed'))
  }

  it('see a pre-order through its release day, in the queue’s order, and it is sent', async () => {
    const lot = await announced(5, 10)
    const [first, second, third] = [await preorders(2), await preorders(2), await preorders(1)]
    assert.equal(first.promise.confidence, 'preorder')
    assert.ok(first.promise.latest >= inDays(10))
    assert.equal(
      (await shop.place([{ sku: product, quantity: 1 }], { onShortage: 'backorder' })).status,
      409,
      'sold further than it goes',
    )
    assert.equal((await receives(lot, 3)).open, 2)
    assert.deepEqual(
      [await units(first), await units(second), await units(third)],
      ['2 here, 0 waiting', '1 here, 1 waiting', '0 here, 1 waiting'],
    )
    assert.equal((await receives(lot, 2)).closed, true)
    assert.deepEqual([await units(second), await units(third)], ['2 here, 0 waiting', '1 here, 0 waiting'])
    // It came before its day: that is no bad news, and nobody is told of a delay.
    const early = await read(first)
    assert.ok(early.promise.expected < first.promise.expected && early.promise.latest === first.promise.latest)
    assert.deepEqual([await told(first, 'delayed'), await told(first, 'filled')], [0, 1])
    for (const order of [first, second, third]) await sends(order)
    assert.equal((await read(first)).status, 'ready')
  })

  it('hear of a delay once for each time that it gets worse, and keep the day that was promised', async () => {
    /** The day that a new order gets which waits for supply of that day: places and carriers keep their calendars for both. */
    const arrivalOver = async (days: number): Promise<Day> => {
      const own = product
      product = `${own}-${days}`
      await shop.stock(product, 0, { whenSoldOut: 'preorder' })
      await announced(2, days)
      const { promise } = await preorders(2)
      product = own
      return promise.expected
    }
    const lot = await announced(4, 10)
    const [first, second] = [await preorders(2), await preorders(2)]
    await changes(lot, { day: inDays(20) })
    const late = await read(first)
    assert.equal(late.promise.latest, first.promise.latest)
    assert.equal(late.promise.expected, await arrivalOver(20))
    assert.deepEqual([await told(first, 'delayed'), await told(second, 'delayed')], [1, 1])
    await changes(lot, { day: inDays(18) })
    assert.equal((await read(first)).promise.expected, await arrivalOver(18))
    await changes(lot, { day: inDays(20) })
    assert.equal(await told(first, 'delayed'), 1)
    await changes(lot, { day: inDays(30) })
    assert.equal(await told(first, 'delayed'), 2)
    assert.equal((await events(first, 'ArrivalMoved')).length, 4)
  })

  it('are put off from the end of the queue, and nobody else is', async () => {
    const [soon, later] = [await announced(4, 5), await announced(4, 20)]
    const orders = [await preorders(2), await preorders(2), await preorders(2)]
    // One unit less on the first day: the second order gets its other one from later supply, which the third leaves it.
    await changes(soon, { quantity: 3 })
    const moved = await Promise.all(orders.map(async (order) => (await events(order, 'ArrivalMoved')).length))
    assert.deepEqual(moved, [0, 1, 0])
    assert.equal((await shop.place([{ sku: product, quantity: 2 }], { onShortage: 'backorder' })).status, 409)
    await receives(soon, 3)
    await receives(later, 4)
    assert.deepEqual(await Promise.all(orders.map(units)), ['2 here, 0 waiting', '2 here, 0 waiting', '2 here, 0 waiting'])
  })

  it('are served by priority where supply falls short, and only the office may say so', async () => {
    const lot = await announced(4, 10)
    const plain = await preorders(2)
    const urgent = await preorders(2, { priority: 9 })
    const { key } = await shop.waybill.shop.keys.make({ role: 'customer', label: 'Ann', user: 'ann' }, shop.waybill.shop.now())
    const body = { lines: [{ sku: product, quantity: 1 }], priority: 9, shippingAddress: { country: 'GB' } }
    assert.equal((await shop.waybill.ask('POST', '/v1/orders', body, { key })).status, 403)
    await receives(lot, 2, { close: true })
    assert.deepEqual([await units(urgent), await units(plain)], ['2 here, 0 waiting', '0 here, 2 waiting'])
    assert.deepEqual((await read(plain)).choice, { options: ['wait', 'cancel'], lines: [{ id: 'oli_1', quantity: 2 }] })
  })

  it('choose what becomes of supply that is lost: wait for other, or cancel what does not come', async () => {
    const lot = await announced(4, 10)
    const [waiter, leaver] = [await preorders(2), await preorders(2)]
    await changes(lot, { quantity: 0 })
    const asked = await read(waiter)
    assert.ok(asked.actions.includes('choose') && asked.choice !== undefined)
    assert.equal(await told(waiter, 'choice'), 1)
    const stuck = (await shop.waybill.ask('GET', '/v1/stuck?olderThanSeconds=0')).body as {
      data: { orderId: string; reason: string }[]
    }
    assert.ok(stuck.data.some(({ orderId, reason }) => orderId === waiter.id && reason === 'choice'))
    const no = await shop.waybill.ask('POST', `/v1/orders/${waiter.id}/choices`, { choice: 'split' })
    assert.deepEqual([no.status, (no.body as { code: string }).code], [409, 'nothing_to_choose'])
    await post(`/v1/orders/${waiter.id}/choices`, { choice: 'wait' })
    assert.equal((await read(waiter)).choice, undefined)
    await post(`/v1/orders/${leaver.id}/choices`, { choice: 'cancel' })
    assert.equal((await read(leaver)).status, 'cancelled')
    const again = await announced(2, 3)
    assert.equal((await events(waiter, 'ArrivalMoved')).length, 1)
    await receives(again, 2)
    assert.equal(await units(waiter), '2 here, 0 waiting')
    await post(`/v1/orders/${waiter.id}/choices`, { choice: 'wait' }, 409)
  })

  it('get what is lost from other supply, before anybody is asked', async () => {
    const lot = await announced(2, 10)
    const order = await preorders(2)
    await announced(2, 15, { warehouse: 'york' })
    await changes(lot, { quantity: 0 })
    assert.equal((await read(order)).choice, undefined)
    assert.deepEqual([(await events(order, 'WaitEnded')).length, await units(order)], [1, '0 here, 2 waiting'])
    assert.deepEqual((await read(order)).fulfilments.map(({ status }) => status).sort(), ['awaiting_stock', 'cancelled'])
  })

  it('have what is there sent alone when the rest does not come', async () => {
    const other = `${product}-T`
    await shop.stock(other, 1)
    const lot = await announced(1, 10)
    const lines = [
      { sku: other, quantity: 1 },
      { sku: product, quantity: 1 },
    ]
    const order = seen(await shop.place(lines, { onShortage: 'backorder', paymentTerms: 'on_account' }), 201)
    await changes(lot, { quantity: 0 })
    const whole = (await read(order)).fulfilments.map(({ status }) => status)
    await post(`/v1/orders/${order.id}/choices`, { choice: 'split' })
    const parted = (await read(order)).fulfilments.map(({ status }) => status).sort()
    assert.deepEqual([whole, parted], [['awaiting_stock'], ['awaiting_stock', 'released']])
    await sends(order)
    await receives(await announced(1, 2), 1)
    await sends(order)
    assert.equal((await read(order)).status, 'ready')
  })

  it('have what is there set aside, together with what is still to come', async () => {
    await post('/v1/stock/receipts', { sku: product, warehouse: 'leeds', quantity: 1 }, 201)
    const lot = await announced(1, 10)
    const order = await preorders(2)
    assert.equal((await shop.place([{ sku: product, quantity: 1 }], { onShortage: 'backorder' })).status, 409, 'sold twice')
    assert.equal(await units(order), '1 here, 1 waiting')
    await receives(lot, 1)
    assert.equal(await units(order), '2 here, 0 waiting')
    await sends(order)
  })

  it('have whole bundles sent alone, and wait for the rest of a torn one', async () => {
    const [other, set] = [`${product}-T`, `${product}-S`]
    await shop.stock(other, 2)
    const components = [product, other].map((one) => ({ sku: one, quantity: 1 }))
    await shop.stock(set, 0, { components, whenSoldOut: 'preorder' })
    const lot = await announced(2, 10)
    const asked = { onShortage: 'backorder', paymentTerms: 'on_account' }
    const order = seen(await shop.place([{ sku: set, quantity: 2 }], asked), 201)
    await receives(lot, 1, { close: true })
    assert.deepEqual((await read(order)).choice?.options, ['wait', 'split', 'cancel'])
    await post(`/v1/orders/${order.id}/choices`, { choice: 'split' })
    assert.deepEqual((await read(order)).fulfilments.map(({ status }) => status).sort(), ['awaiting_stock', 'released'])
    const sendsOneSet = async (): Promise<void> => {
      const work = await shop.work(order.id, 'released')
      const { body } = await shop.waybill.ask('GET', `/v1/fulfilment-orders/${work.id}`)
      const { lines } = body as { lines: { sku: string; quantity: number }[] }
      assert.deepEqual(lines.map(({ sku, quantity }) => `${quantity} ${sku}`).sort(), [`1 ${product}`, `1 ${other}`].sort())
      await sends(order)
    }
    await sendsOneSet()
    await receives(await announced(1, 2), 1)
    await shop.waybill.shop.settled()
    await sendsOneSet()
    assert.equal((await read(order)).status, 'ready')
  })

  it('are served from a delivery that is not what was announced: broken, short, or more', async () => {
    const lot = await announced(5, 10)
    const [first, second] = [await preorders(2), await preorders(3)]
    const came = await receives(lot, 3, { damaged: 1 })
    assert.deepEqual([came.open, came.closed, came.damaged], [1, false, 1])
    assert.deepEqual([await units(first), await units(second)], ['2 here, 0 waiting', '1 here, 2 waiting'])
    assert.deepEqual((await read(second)).choice?.lines, [{ id: 'oli_1', quantity: 1 }])
    // Three come where one was open: all of them are taken in.
    assert.equal((await receives(lot, 3)).closed, true)
    assert.deepEqual(
      [await units(second), await shop.free(product), (await read(second)).choice],
      ['3 here, 0 waiting', 1, undefined],
    )
    await post(`/v1/supplies/${lot}/receive`, { quantity: 1 }, 409)
    const { body } = await shop.waybill.ask('GET', `/v1/stock/${product}`)
    const level = (body as { levels: { onHand: number; reserved: number; damaged: number }[] }).levels[0]
    assert.deepEqual([level?.onHand, level?.reserved, level?.damaged], [6, 5, 1])
  })

  it('are promised a week later where the day is a forecast, and no more than may be sold ahead', async () => {
    await announced(5, 10, { sellable: 2, forecast: true })
    const order = await preorders(2)
    assert.ok(order.promise.latest >= inDays(17))
    assert.equal((await shop.place([{ sku: product, quantity: 1 }], { onShortage: 'backorder' })).status, 409)
  })
})
