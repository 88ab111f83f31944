/** The whole life of an order over HTTP: placed, paid, picked, packed, collected, delivered, and what everybody sees of it. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { verifyShop } from '../../src/cli/verify.ts'
import { eventually, startWaybill, type Waybill } from '../support/waybill.ts'

type Body = Readonly<Record<string, unknown>>
type Order = Readonly<{
  id: string
  status: string
  version: number
  payments: readonly Body[]
  fulfilments: readonly Body[]
  parcels: readonly Body[]
  lines: readonly { state: string; quantity: Record<string, number> }[]
}>

describe('An order from placement to the doorstep', () => {
  let waybill: Waybill
  let order: Order
  const read = async (): Promise<Order> => (await waybill.ask('GET', `/v1/orders/${order.id}`)).body as Order
  const reaches = (status: string) =>
    eventually(waybill, `status ${status}`, async () => {
      const now = await read()
      return now.status === status ? now : undefined
    })

  before(async () => {
    waybill = await startWaybill({}, true)
  })
  after(() => waybill.stop())

  it('is received with its stock reserved', async () => {
    const placed = await waybill.ask('POST', '/v1/orders', {
      lines: [{ sku: '85123A', quantity: 2 }],
      customer: { email: 'anna@example.com', name: 'Anna K' },
      shippingAddress: { country: 'GB', postalCode: 'LS1 4AP', lines: ['1 High St'], city: 'Leeds' },
    })
    assert.equal(placed.status, 201)
    order = placed.body as Order
    assert.equal(order.status, 'received')
    assert.deepEqual(order.lines[0]?.quantity, { ordered: 2, current: 2, reserved: 2 })
  })

  it('is paid on the hosted page', async () => {
    const url = await eventually(waybill, 'the payment page', async () => {
      const { body } = await waybill.ask('GET', `/v1/orders/${order.id}/payments`)
      return (body as { data: { paymentUrl?: string }[] }).data[0]?.paymentUrl
    })
    const page = await fetch(url)
    assert.equal(page.status, 200)
    const paid = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'action=pay',
      redirect: 'manual',
    })
    assert.ok(paid.status < 400, `${paid.status} ${await paid.text()}`)
    await reaches('paid')
  })

  it('is picked and packed, and turns ready', async () => {
    const work = await eventually(waybill, 'the warehouse’s work', async () => {
      const { body } = await waybill.ask('GET', `/v1/fulfilment-orders?order=${order.id}`)
      const found = (body as { data: { id: string; status: string }[] }).data[0]
      return found?.status === 'released' ? found : undefined
    })
    assert.equal((await waybill.ask('POST', `/v1/fulfilment-orders/${work.id}/pick`, {})).status, 200)
    assert.equal((await waybill.ask('POST', `/v1/fulfilment-orders/${work.id}/pack`, {})).status, 200)
    await reaches('ready')
  })

  it('is collected and delivered by the carrier', async () => {
    const { secret } = (await waybill.ask('GET', '/v1/carriers/simulated')).body as { secret: string }
    const parcel = await eventually(waybill, 'the label', async () => {
      const { body } = await waybill.ask('GET', `/v1/orders/${order.id}/parcels`)
      const found = (body as { data: { tracking?: string }[] }).data[0]
      return found?.tracking === undefined ? undefined : found
    })
    const news = async (id: string, status: string): Promise<number> => {
      const body = JSON.stringify({ id, trackingNumber: parcel.tracking, status, at: new Date().toISOString() })
      const signature = createHmac('sha256', secret).update(body).digest('base64')
      return (
        await waybill.ask('POST', '/v1/webhooks/carriers/simulated', body, {
          key: null,
          headers: { 'x-waybill-carrier-signature': signature },
        })
      ).status
    }
    assert.equal(await news('evt-1', 'picked_up'), 200)
    await reaches('in_transit')
    assert.equal(await news('evt-2', 'delivered'), 200)
    const done = await reaches('completed')
    assert.equal(done.lines[0]?.state, 'delivered')
    assert.deepEqual(done.lines[0]?.quantity, { ordered: 2, current: 2, picked: 2, shipped: 2, delivered: 2 })
  })

  it('leaves a shop in which everything adds up', async () => {
    await waybill.shop.consumers.settle()
    assert.deepEqual((await verifyShop(waybill.shop)).differences, [])
  })
})
