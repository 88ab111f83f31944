/** Two orders of one customer share a parcel where the policy allows it: packed, sent and told as one, and otherwise two orders. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { verifyShop } from '../../src/cli/verify.ts'
import { SmallShop } from '../support/shop.ts'
import { eventually } from '../support/waybill.ts'

type Parcel = Readonly<{
  id: string
  tracking?: string
  status: string
  shared?: readonly string[]
  weightGrams: number
  lines: unknown
}>
type Work = Readonly<{ id: string; status: string; packWith?: readonly string[]; parcels: readonly { id: string }[] }>
type Event = Readonly<{ event: Readonly<{ type: string; with?: readonly string[]; saving?: number; place?: string }> }>

describe('Two orders of one customer to one address', () => {
  let shop: SmallShop
  const ask: SmallShop['waybill']['ask'] = (...asked) => shop.waybill.ask(...asked)
  const allow = async (mergeOrders: boolean) => {
    const made = await ask('POST', '/v1/policies', { name: 'cheapest', from: 'cheapest', mergeOrders })
    assert.equal(made.status, 201, JSON.stringify(made.body))
    const { versions } = made.body as { versions: { version: number; mergeOrders: boolean }[] }
    const drafted = versions.at(-1)
    assert.equal(drafted?.mergeOrders, mergeOrders)
    assert.equal((await ask('POST', `/v1/policies/cheapest/versions/${drafted?.version}/live`)).status, 200)
  }
  const round = () => shop.waybill.shop.betterment.round()
  const events = async (id: string): Promise<readonly Event[]> =>
    ((await ask('GET', `/v1/orders/${id}/events`)).body as { data: Event[] }).data
  const combinedOf = async (id: string) =>
    (await events(id)).map(({ event }) => event).filter(({ type }) => type === 'ParcelsCombined')
  const parcels = async (id: string): Promise<readonly Parcel[]> =>
    ((await ask('GET', `/v1/orders/${id}/parcels`)).body as { data: Parcel[] }).data
  const work = (id: string, fits: (work: Work) => boolean) =>
    eventually(shop.waybill, 'its work', async () =>
      ((await ask('GET', `/v1/fulfilment-orders?order=${id}`)).body as { data: Work[] }).data.find(fits),
    )
  const labelled = (id: string) =>
    eventually(shop.waybill, 'its label', async () => (await parcels(id)).find(({ tracking }) => tracking !== undefined))
  /** Two orders of Anna's, both released, and told that they share a parcel. */
  const pair = async (more: Readonly<Record<string, unknown>> = {}) => {
    const both = [await shop.placed('mug', 1, more), await shop.placed('tea', 2, more)] as const
    for (const order of both) await shop.pays(order)
    for (const { id } of both) await work(id, ({ status }) => status === 'released')
    for (const { id } of both) await shop.until(id, 'its work', ({ fulfilments }) => fulfilments[0]?.status === 'released')
    assert.equal((await round()).combined, 1)
    const works = await Promise.all(both.map(({ id }) => work(id, ({ packWith }) => packWith !== undefined)))
    return { a: both[0], b: both[1], works }
  }

  before(async () => {
    shop = await SmallShop.open()
    for (const sku of ['mug', 'tea']) await shop.stock(sku, 50)
  })
  after(() => shop.close())

  it('leave in two parcels where no policy says otherwise', async () => {
    for (const sku of ['mug', 'tea']) await shop.pays(await shop.placed(sku, 1))
    assert.equal((await round()).combined, 0)
    await allow(true)
    // These two are the first that may.
    assert.equal((await round()).combined, 1)
    assert.equal((await round()).combined, 0)
  })

  it('share a parcel, a label and its way, and nothing else', async () => {
    const { a, b, works } = await pair()
    const told = await combinedOf(a.id)
    assert.deepEqual(
      told.map((event) => event.with),
      [[b.id]],
    )
    assert.equal(told[0]?.place, 'leeds')
    assert.ok((told[0]?.saving ?? 0) >= 50)
    assert.deepEqual(
      works.map(({ packWith }) => packWith),
      [[b.id], [a.id]],
    )
    for (const { id } of works) await shop.does('pick', id)
    await shop.does('pack', works[0]?.id ?? '')
    assert.equal((await work(b.id, ({ status }) => status === 'packed')).parcels.length, 1)

    const [mine, other] = [await labelled(a.id), await labelled(b.id)]
    assert.equal(mine.tracking, other.tracking)
    assert.deepEqual([...(mine.shared ?? [])].sort(), [mine.id, other.id].sort())
    assert.notDeepEqual(mine.lines, other.lines)
    const sent = await shop.waybill.shop.shipping.simulated.label(mine.tracking ?? '', [])
    assert.match(sent?.body ?? '', new RegExp(((mine.weightGrams + other.weightGrams) / 1000).toFixed(3)))

    const news = await ask('POST', `/v1/parcels/${mine.id}/track`, { status: 'delivered' })
    assert.equal(news.status, 200, JSON.stringify(news.body))
    const whole = await Promise.all([a, b].map(({ id }) => shop.until(id, 'its delivery', ({ status }) => status === 'completed')))
    assert.deepEqual(
      whole.map(({ totals }) => [totals.total, totals.paid, totals.refunded]),
      [a, b].map(({ totals }) => [totals.total, totals.total, 0]),
    )

    const back = await ask('POST', '/v1/returns', { orderId: b.id, lines: [{ id: 'oli_1', quantity: 1 }], reason: 'wrong_colour' })
    assert.equal(back.status, 201, JSON.stringify(back.body))
    const { id } = back.body as { id: string }
    const received = await ask('POST', `/v1/returns/${id}/receive`, {
      warehouse: 'leeds',
      lines: [{ id: 'oli_1', quantity: 1, disposition: 'restock' }],
    })
    assert.equal(received.status, 200, JSON.stringify(received.body))
    const refunded = await shop.until(b.id, 'its refund', ({ totals }) => totals.refunded > 0)
    assert.equal(refunded.totals.refunded, 500)
    assert.equal((await shop.order(a.id)).totals.refunded, 0)
  })

  it('are two again when one is cancelled before it is packed', async () => {
    const { a, b, works } = await pair()
    assert.equal((await ask('POST', `/v1/orders/${a.id}/cancel`, { reason: 'changed my mind' })).status, 200)
    await shop.does('pick', works[1]?.id ?? '')
    await shop.does('pack', works[1]?.id ?? '')
    const left = await labelled(b.id)
    assert.equal(left.shared, undefined)
    assert.deepEqual(await parcels(a.id), [])
    const cancelled = await shop.until(a.id, 'its refund', ({ totals }) => totals.refunded > 0)
    assert.equal(cancelled.totals.refunded, a.totals.total)
    assert.equal((await shop.order(b.id)).totals.refunded, 0)
  })

  it('keep the label that one of them still needs when the other is cancelled after packing', async () => {
    const { a, b, works } = await pair()
    for (const { id } of works) await shop.does('pick', id)
    await shop.does('pack', works[1]?.id ?? '')
    const [gone, left] = [await labelled(a.id), await labelled(b.id)]
    assert.equal((await ask('POST', `/v1/orders/${a.id}/cancel`, { reason: 'changed my mind' })).status, 200)
    await eventually(shop.waybill, 'its cancelled parcel', async () =>
      (await parcels(a.id)).find(({ status }) => status === 'cancelled'),
    )
    await shop.waybill.shop.consumers.settle()
    assert.ok((await shop.waybill.shop.shipping.simulated.label(left.tracking ?? '', [])) !== undefined)
    assert.equal((await ask('POST', `/v1/parcels/${left.id}/track`, { status: 'picked_up' })).status, 200)
    assert.equal((await parcels(a.id)).find(({ id }) => id === gone.id)?.status, 'cancelled')
    await shop.until(b.id, 'its way', ({ status }) => status === 'in_transit')
    // What was taken out of it is not on its way with it.
    const { data } = (await ask('GET', '/v1/stuck')).body as { data: { reason: string }[] }
    assert.deepEqual(
      data.filter(({ reason }) => reason === 'parcel_astray'),
      [],
    )
    const { status, body } = await ask('POST', `/v1/parcels/${gone.id}/track`, { status: 'in_transit' })
    assert.deepEqual([status, (body as { code: string }).code], [409, 'parcel_cancelled'])
  })

  it('are not waited for: who packs before the other is picked packs alone', async () => {
    const { a, b, works } = await pair()
    await shop.does('pick', works[0]?.id ?? '')
    await shop.does('pack', works[0]?.id ?? '')
    await shop.does('pick', works[1]?.id ?? '')
    await shop.does('pack', works[1]?.id ?? '')
    const [first, second] = [await labelled(a.id), await labelled(b.id)]
    assert.notEqual(first.tracking, second.tracking)
    assert.deepEqual([first.shared, second.shared], [undefined, undefined])
  })

  it('go to another address, or belong to another customer: two parcels', async () => {
    const elsewhere = { country: 'GB', postalCode: 'LS1 4AP', lines: ['2 High St'], city: 'Leeds' }
    for (const more of [
      {},
      { shippingAddress: elsewhere },
      { customer: { email: 'bob@example.com', name: 'Anna' } },
      { shippingMethod: 'express' },
    ])
      await shop.pays(await shop.placed('mug', 1, more))
    assert.equal((await round()).combined, 0)
  })

  it('leave books that agree', async () => {
    await shop.waybill.shop.consumers.settle()
    assert.deepEqual((await verifyShop(shop.waybill.shop)).differences, [])
    assert.deepEqual(await shop.waybill.shop.database.read('select consumer, reason from platform.parked'), [])
  })
})
