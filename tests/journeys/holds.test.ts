/** Holding an order back, changing one's mind about it at every stage, and who may not: over HTTP. */
import assert from 'node:assert/strict'
import { createHmac, randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { verifyShop } from '../../src/cli/verify.ts'
import { type Seen, seen, SmallShop } from '../support/shop.ts'
import { eventually } from '../support/waybill.ts'

describe('Holding and cancelling', () => {
  let shop: SmallShop
  let products = 0
  const step = (order: Seen, path: string, body: unknown = {}, headers: Readonly<Record<string, string>> = {}) =>
    shop.waybill.ask('POST', `/v1/orders/${order.id}/${path}`, body, { headers })
  const code = (answered: Awaited<ReturnType<typeof step>>) => [answered.status, (answered.body as { code?: string }).code]

  before(async () => {
    shop = await SmallShop.open()
  })
  after(() => shop.close())

  const fresh = async (quantity: number): Promise<string> => {
    const sku = `mug-${++products}`
    await shop.stock(sku, quantity)
    return sku
  }
  const paid = async (sku: string, quantity: number): Promise<Seen> => {
    const order = await shop.placed(sku, quantity)
    await shop.pays(order)
    return shop.until(order.id, 'its money', ({ status }) => status === 'paid')
  }
  const settled = async (order: Seen): Promise<Seen> => {
    await shop.waybill.shop.settled()
    return shop.order(order.id)
  }
  /** Its parcel's label. */
  const label = (order: Seen): Promise<string> =>
    eventually(shop.waybill, 'the label', async () => {
      const { body } = await shop.waybill.ask('GET', `/v1/orders/${order.id}/parcels`)
      const parcels = (body as { data: { tracking?: string; status: string }[] }).data
      return parcels.find(({ status }) => status === 'label_created')?.tracking
    })
  const scanned = async (tracking: string): Promise<void> => {
    const { secret } = (await shop.waybill.ask('GET', '/v1/carriers/simulated')).body as { secret: string }
    const body = JSON.stringify({ id: randomUUID(), trackingNumber: tracking, status: 'picked_up', at: new Date().toISOString() })
    const headers = { 'x-waybill-carrier-signature': createHmac('sha256', secret).update(body).digest('base64') }
    assert.equal((await shop.waybill.ask('POST', '/v1/webhooks/carriers/simulated', body, { key: null, headers })).status, 200)
  }
  /** Its parcel is with the carrier. */
  const collected = async (order: Seen): Promise<void> => {
    await scanned(await label(order))
    await shop.until(order.id, 'its parcel on the way', ({ status }) => status === 'in_transit')
  }

  describe('a hold', () => {
    it('keeps a paid order from the warehouse until it is let go', async () => {
      const order = await shop.placed(await fresh(2), 2)
      const held = seen(await step(order, 'holds', { kind: 'fraud_check' }))
      assert.equal(held.holds[0]?.kind, 'fraud_check')
      await shop.pays(order)
      await shop.until(order.id, 'its money', ({ status }) => status === 'paid')
      const { id } = await shop.work(order.id, 'planned')
      await shop.waybill.shop.settled()
      const early = await shop.waybill.ask('POST', `/v1/fulfilment-orders/${id}/pick`, {})
      assert.equal(early.status, 409, JSON.stringify(early.body))
      assert.deepEqual(seen(await step(order, 'release', { hold: 'fraud_check' })).holds, [])
      assert.equal((await shop.work(order.id, 'released')).id, id)
      await shop.does('pick', id)
    })

    it('is one of several: all must be let go', async () => {
      const order = await shop.placed(await fresh(1), 1)
      await step(order, 'holds', { kind: 'fraud_check' })
      await step(order, 'holds', { kind: 'address' })
      await shop.pays(order)
      await shop.work(order.id, 'planned')
      await step(order, 'release', { hold: 'fraud_check' })
      await shop.waybill.shop.settled()
      await shop.work(order.id, 'planned')
      const { holds } = await shop.order(order.id)
      seen(await step(order, 'release', { hold: holds[0]?.id }))
      await shop.work(order.id, 'released')
    })

    it('does not keep anybody from cancelling', async () => {
      const sku = await fresh(1)
      const order = await shop.placed(sku, 1)
      await step(order, 'holds', { kind: 'fraud_check' })
      assert.equal(seen(await step(order, 'cancel')).status, 'cancelled')
      assert.equal(await shop.free(sku), 1)
    })

    it('that is not there cannot be let go, and a closed order cannot be held', async () => {
      const order = await shop.placed(await fresh(1), 1)
      assert.deepEqual(code(await step(order, 'release', { hold: 'nothing' })), [404, 'hold_not_found'])
      await step(order, 'cancel')
      assert.deepEqual(code(await step(order, 'holds', { kind: 'late' })), [409, 'order_closed'])
    })
  })

  describe('cancelling', () => {
    it('units, a line and the rest gives back each once', async () => {
      const [mugs, pens] = [await fresh(5), await fresh(5)]
      const lines = [
        { sku: mugs, quantity: 4 },
        { sku: pens, quantity: 2 },
      ]
      const order = seen(await shop.place(lines), 201)
      const left = seen(await step(order, 'cancel', { lines: [{ id: 'oli_1', quantity: 3 }] }))
      assert.deepEqual(left.lines[0]?.quantity, { ordered: 4, current: 1, reserved: 1, cancelled: 3 })
      assert.deepEqual([await shop.free(mugs), await shop.free(pens), left.totals.total], [4, 3, 1500])
      const line = seen(await step(order, 'cancel', { lines: [{ id: 'oli_2', quantity: 2 }] }))
      assert.deepEqual([line.status, line.lines[1]?.state, line.totals.total], ['received', 'cancelled', 500])
      const whole = seen(await step(order, 'cancel'))
      assert.deepEqual([whole.status, await shop.free(mugs), await shop.free(pens)], ['cancelled', 5, 5])
      // The news of its payment may still be on its way, and moves the version too.
      await shop.waybill.shop.settled()
      const { version } = await shop.order(order.id)
      assert.equal(seen(await step(order, 'cancel')).version, version, 'a second cancellation changed something')
    })

    it('with one key happens once, whatever else is cancelled meanwhile', async () => {
      const sku = await fresh(5)
      const order = await shop.placed(sku, 5)
      const body = { lines: [{ id: 'oli_1', quantity: 2 }] }
      const key = { 'idempotency-key': randomUUID() }
      const answers = await Promise.all([step(order, 'cancel', body, key), step(order, 'cancel', body, key)])
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200],
      )
      const again = await step(order, 'cancel', body, key)
      assert.equal(again.headers.get('idempotent-replayed'), 'true')
      assert.equal(seen(again).lines[0]?.quantity['current'], 3)
      assert.deepEqual(code(await step(order, 'cancel', {}, key)), [422, 'idempotency_key_reused'])
    })

    it('a paid order gives the money back', async () => {
      const sku = await fresh(2)
      const order = await paid(sku, 2)
      assert.equal(seen(await step(order, 'cancel')).status, 'cancelled')
      const back = await shop.until(order.id, 'its refund', ({ totals }) => totals.refunded === totals.paid)
      assert.deepEqual([back.totals.refunded, await shop.free(sku)], [1000, 2])
    })

    it('part of a paid order gives that part back', async () => {
      const order = await paid(await fresh(3), 3)
      await step(order, 'cancel', { lines: [{ id: 'oli_1', quantity: 1 }] })
      const back = await shop.until(order.id, 'its refund', ({ totals }) => totals.refunded > 0)
      assert.deepEqual([back.totals.paid, back.totals.refunded, back.totals.total, back.status], [1500, 500, 1000, 'paid'])
    })

    it('after packing puts the units back', async () => {
      const sku = await fresh(2)
      const order = await paid(sku, 2)
      const { id } = await shop.work(order.id, 'released')
      await shop.does('pick', id)
      await shop.does('pack', id)
      await shop.until(order.id, 'ready', ({ status }) => status === 'ready')
      assert.equal(seen(await step(order, 'cancel')).status, 'cancelled')
      await shop.work(order.id, 'cancelled')
      const over = await settled(order)
      assert.deepEqual([over.status, await shop.free(sku)], ['cancelled', 2])
      const { body } = await shop.waybill.ask('GET', `/v1/fulfilment-orders/${id}`)
      assert.match(JSON.stringify(body), /put_?back/i, 'nobody is told to put the units back')
    })

    it('one of two packed units sends the other', async () => {
      const sku = await fresh(2)
      const order = await paid(sku, 2)
      const { id } = await shop.work(order.id, 'released')
      await shop.does('pick', id)
      await shop.does('pack', id)
      await shop.until(order.id, 'ready', ({ status }) => status === 'ready')
      seen(await step(order, 'cancel', { lines: [{ id: 'oli_1', quantity: 1 }] }))
      const left = await settled(order)
      assert.deepEqual([left.lines[0]?.quantity['current'], await shop.free(sku)], [1, 1])
      const work = await shop.work(order.id, 'released', 'picking', 'packed')
      if (work.status === 'released') await shop.does('pick', work.id)
      if (work.status !== 'packed') await shop.does('pack', work.id)
      await collected(order)
      assert.equal((await settled(order)).lines[0]?.quantity['shipped'], 1)
      assert.equal(await shop.free(sku), 1)
    })

    it('what a carrier has collected is refused, says why, and changes nothing', async () => {
      const order = await paid(await fresh(2), 2)
      const { id } = await shop.work(order.id, 'released')
      await shop.does('pick', id)
      await shop.does('pack', id)
      await collected(order)
      const before = await settled(order)
      const refused = await step(order, 'cancel')
      assert.deepEqual(code(refused), [409, 'order_not_cancellable'])
      assert.match(JSON.stringify(refused.body), /"blockedBy":\["parcel_collected"\]/)
      assert.equal((await step(order, 'cancel', { lines: [{ id: 'oli_1', quantity: 1 }] })).status, 409)
      const after = await settled(order)
      assert.deepEqual([after.version, after.totals], [before.version, before.totals])
    })

    it('is decided once when it races with the carrier’s collection', async () => {
      const sku = await fresh(1)
      const order = await paid(sku, 1)
      const { id } = await shop.work(order.id, 'released')
      await shop.does('pick', id)
      await shop.does('pack', id)
      const tracking = await label(order)
      const [cancelled] = await Promise.all([step(order, 'cancel'), scanned(tracking)])
      const over = await settled(order)
      const [status, free] = cancelled.status === 200 ? ['cancelled', 1] : ['in_transit', 0]
      assert.ok(cancelled.status === 200 || cancelled.status === 409, String(cancelled.status))
      assert.deepEqual([over.status, await shop.free(sku)], [status, free])
    })
  })

  describe('a version', () => {
    it('that is stale is refused with 412, and nothing changes', async () => {
      const order = await shop.placed(await fresh(1), 1)
      const now = await settled(order)
      const held = seen(await step(order, 'holds', { kind: 'first' }, { 'if-match': `"v${now.version}"` }))
      for (const path of ['holds', 'cancel', 'notes'] as const) {
        const body = path === 'holds' ? { kind: 'second' } : path === 'notes' ? { text: 'too late' } : {}
        assert.deepEqual(code(await step(order, path, body, { 'if-match': `"v${now.version}"` })), [412, 'version_mismatch'])
      }
      const same = await shop.order(order.id)
      assert.deepEqual([same.version, same.holds.length, same.status], [held.version, 1, 'received'])
    })

    it('is won by one of many who saw the same', async () => {
      const order = await shop.placed(await fresh(1), 1)
      const { version } = await settled(order)
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, index) => step(order, 'holds', { kind: `kind_${index}` }, { 'if-match': `"v${version}"` })),
      )
      assert.deepEqual(
        answers.map(({ status }) => status).sort((a, b) => a - b),
        [200, ...Array.from({ length: 9 }, () => 412)],
      )
    })

    it('must be sent with a new address', async () => {
      const order = await shop.placed(await fresh(1), 1)
      const shippingAddress = { country: 'GB', postalCode: 'YO1 7HH' }
      const missing = await shop.waybill.ask('PATCH', `/v1/orders/${order.id}`, { shippingAddress })
      assert.equal(missing.status, 428)
      const { version } = await settled(order)
      const changed = await shop.waybill.ask(
        'PATCH',
        `/v1/orders/${order.id}`,
        { shippingAddress },
        { headers: { 'if-match': `"v${version}"` } },
      )
      assert.equal(seen(changed).version, version + 1)
      assert.equal(changed.headers.get('etag'), `"v${version + 1}"`)
    })
  })

  it('leaves a shop that adds up', async () => {
    await shop.waybill.shop.settled()
    assert.deepEqual((await verifyShop(shop.waybill.shop)).differences, [])
  })
})
