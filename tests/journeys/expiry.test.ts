/** Reservations that run out, and payments that come late, twice, or after their own failure. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { verifyShop } from '../../src/cli/verify.ts'
import { type Seen, SmallShop } from '../support/shop.ts'

describe('An unpaid reservation', () => {
  let shop: SmallShop
  let products = 0
  const fresh = async (quantity: number): Promise<string> => {
    const sku = `mug-${++products}`
    await shop.stock(sku, quantity)
    return sku
  }
  const runsOut = (order: Seen) => shop.until(order.id, 'the end of its reservation', ({ states }) => states.order === 'expired')

  before(async () => {
    shop = await SmallShop.open({ WAYBILL_RESERVATION_TTL: '1' })
  })
  after(() => shop.close())

  it('runs out, and its stock is sold to the next customer', async () => {
    const sku = await fresh(2)
    const order = await shop.placed(sku, 2)
    assert.equal(order.status, 'received')
    assert.equal((await shop.place([{ sku, quantity: 1 }])).status, 409)
    const over = await runsOut(order)
    assert.equal(over.status, 'cancelled')
    assert.equal(await shop.free(sku), 2)
    assert.equal((await shop.placed(sku, 2)).lines[0]?.quantity['reserved'], 2)
  })

  it('does not run out once it is paid, and a late failure undoes nothing', async () => {
    const sku = await fresh(2)
    const order = await shop.placed(sku, 2)
    const payment = await shop.pays(order)
    await shop.until(order.id, 'its money', ({ status }) => status === 'paid')
    for (const type of ['Payment_Failure', 'Payment_Cancelled']) {
      const told = await shop.tell(type, { paymentId: payment.id, amount: order.totals.total, currency: 'GBP', reason: 'late' })
      assert.equal(told.status, 200)
    }
    // Another order's end comes later than this one's would have.
    await runsOut(await shop.placed(await fresh(1), 1))
    await shop.waybill.shop.settled()
    const still = await shop.order(order.id)
    assert.deepEqual([still.status, still.states.order, still.totals.paid, still.totals.refunded], ['paid', 'open', 1000, 0])
    assert.equal(await shop.free(sku), 0)
  })

  it('is had again by a payment that comes late, while its stock is there', async () => {
    const sku = await fresh(2)
    const order = await shop.placed(sku, 2)
    const payment = await shop.payment(order.id)
    await runsOut(order)
    await shop.tell('Payment_Success', { paymentId: payment.id, amount: 1000, currency: 'GBP' })
    const again = await shop.until(order.id, 'the order again', ({ status }) => status === 'paid')
    assert.deepEqual([again.states.order, again.lines[0]?.quantity['reserved'], again.totals.refunded], ['open', 2, 0])
    assert.equal(await shop.free(sku), 0)
    await shop.work(order.id, 'released')
  })

  it('is refunded in full when a payment comes late and its stock was sold', async () => {
    const sku = await fresh(2)
    const order = await shop.placed(sku, 2)
    const payment = await shop.payment(order.id)
    await runsOut(order)
    const next = await shop.placed(sku, 2)
    await shop.pays(next)
    await shop.tell('Payment_Success', { paymentId: payment.id, amount: 1000, currency: 'GBP' })
    const back = await shop.payment(order.id, ({ refunded, status }) => refunded > 0 || status === 'voided')
    assert.ok(back.refunded === 1000 || back.captured === 0, JSON.stringify(back))
    await shop.until(next.id, 'the next customer’s money', ({ status }) => status === 'paid')
    const over = await shop.until(order.id, 'the refund on the order', ({ totals }) => totals.refunded === back.captured)
    assert.deepEqual([over.status, over.totals.paid, over.totals.refunded], ['cancelled', 1000, 1000])
    assert.equal(await shop.free(sku), 0)
  })

  it('is had again once, however often the late payment is told', async () => {
    const sku = await fresh(5)
    const order = await shop.placed(sku, 2)
    const payment = await shop.payment(order.id)
    await runsOut(order)
    const news = { paymentId: payment.id, amount: 1000, currency: 'GBP' }
    const told = await Promise.all(
      ['late-1', 'late-1', 'late-2', 'late-1', 'late-2'].map((id) => shop.tell('Payment_Success', news, id)),
    )
    assert.deepEqual([...new Set(told.map(({ status }) => status))], [200])
    assert.equal(told.filter(({ body }) => (body as { duplicate: boolean }).duplicate).length, 3)
    await shop.until(order.id, 'the order again', ({ status }) => status === 'paid')
    await shop.waybill.shop.settled()
    const again = await shop.order(order.id)
    assert.deepEqual([again.totals.paid, again.totals.refunded, again.lines[0]?.quantity['reserved']], [1000, 0, 2])
    assert.equal(await shop.free(sku), 3)
  })

  it('that failed and was paid after all is had again, or the money goes back: never neither', async () => {
    const sku = await fresh(2)
    const order = await shop.placed(sku, 2)
    const payment = await shop.payment(order.id)
    await shop.tell('Payment_Failure', { paymentId: payment.id, amount: 1000, currency: 'GBP', reason: 'declined' })
    await shop.until(order.id, 'its cancellation', ({ status }) => status === 'cancelled')
    await shop.tell('Payment_Success', { paymentId: payment.id, amount: 1000, currency: 'GBP' })
    await shop.payment(order.id, ({ captured, refunded, status }) => refunded === 1000 || status === 'voided' || captured > 0)
    const decided = ({ status, totals }: Seen) => totals.paid - totals.refunded === (status === 'paid' ? 1000 : 0)
    await shop.until(order.id, 'the order or the money', (over) => over.totals.paid > 0 && decided(over))
  })

  it('leaves books that balance', async () => {
    await shop.waybill.shop.settled()
    assert.deepEqual((await verifyShop(shop.waybill.shop)).differences, [])
  })
})
