/** Scarcity prices from the shop's own orders: reckoned in the background by one process, heeded by the next placement. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { postgresPrices, type PriceRow } from '../../src/inventory/prices-store.ts'
import { scarcityInWords } from '../../src/inventory/scarcity.ts'
import type { Day, Place, Sku } from '../../src/kernel/ids.ts'
import { recentOrders } from '../../src/orders/recent-store.ts'
import { heartDatabase } from '../support/heart.ts'
import { eventually, startWaybill, type Waybill } from '../support/waybill.ts'

const row = (sku: string, place: string, cents: number): PriceRow => ({
  sku: sku as Sku,
  place: place as Place,
  cents,
  stock: 12,
  forecast: 31,
  orders: 400,
  until: '2026-12-03' as Day,
})

describe('The list of scarcity prices', () => {
  let heart: Awaited<ReturnType<typeof heartDatabase>>
  before(async () => {
    heart = await heartDatabase(['platform', 'inventory'])
  })
  after(() => heart.close())

  it('is reckoned by one process at a time, once a period, and read by its version', async () => {
    const prices = postgresPrices(heart.database)
    assert.equal(await prices.newer(0), undefined)
    const asked = await Promise.all(['one', 'other'].map((holder) => prices.lease(holder, 900, 300)))
    assert.equal(asked.filter(Boolean).length, 1)
    const [holder, late] = asked[0] === true ? ['one', 'other'] : ['other', 'one']
    assert.equal(await prices.save(late, [row('mug', 'york', 5)]), false)
    assert.equal(await prices.newer(0), undefined)

    assert.equal(await prices.save(holder, [row('mug', 'leeds', 192), row('pot', 'leeds', 7)]), true)
    assert.deepEqual(await prices.newer(0), { version: 1, rows: [row('mug', 'leeds', 192), row('pot', 'leeds', 7)] })
    assert.equal(await prices.newer(1), undefined)
    assert.equal(await prices.lease('late', 900, 300), false)

    assert.equal(await prices.lease('next', 0, 300), true)
    assert.equal(await prices.save('next', [row('mug', 'leeds', 90), row('cup', 'york', 3)]), true)
    assert.deepEqual((await prices.newer(1))?.rows, [row('cup', 'york', 3), row('mug', 'leeds', 90)])
    assert.equal(await prices.lease('next', 0, 300), true)
    await prices.save('next', [])
    assert.deepEqual(await prices.newer(2), { version: 3, rows: [] })
    assert.equal(await prices.lease('next', 0, 300), true)
    await prices.save('next', [])
    assert.equal(await prices.newer(3), undefined)
  })

  it('takes over from a process that died', async () => {
    const prices = postgresPrices(heart.database)
    assert.equal(await prices.lease('dead', 0, -1), true)
    assert.equal(await prices.lease('heir', 0, 300), true)
    assert.equal(await prices.save('dead', []), false)
    assert.equal(await prices.save('heir', []), true)
  })

  it('says in words what it was reckoned from', () =>
    assert.equal(
      scarcityInWords(row('mug', 'lyon', 192), 'Lyon'),
      'Lyon has 12 of mug left, orders like the last 400 would take 31 there before 2026-12-03; shipping one from Lyon costs 1.92 more than it seems',
    ))
})

describe('A shop whose stock runs short in one place', () => {
  const orders = 60
  let waybill: Waybill
  /** London and Oxford have both products, and all buyers live in London: its mugs will not last. */
  before(async () => {
    waybill = await startWaybill()
    const { ask } = waybill
    for (const [id, name, postalCode] of [
      ['london', 'London', 'EC1'],
      ['oxford', 'Oxford', 'OX1'],
    ])
      assert.equal((await ask('PUT', `/v1/warehouses/${id}`, { name, country: 'GB', postalCode })).status, 200)
    for (const sku of ['mug', 'pot']) {
      assert.ok((await ask('PUT', `/v1/products/${sku}`, { name: sku, unitPrice: 500, currency: 'GBP' })).status < 300)
      const shelves = sku === 'mug' ? { london: 90, oxford: 500 } : { london: 20_000, oxford: 20_000 }
      for (const [warehouse, quantity] of Object.entries(shelves))
        assert.equal((await ask('POST', '/v1/stock/receipts', { sku, warehouse, quantity })).status, 201)
    }
    for (let order = 0; order < orders; order++) await placed(order % 2 === 0 ? 'mug' : 'pot', 'SE1')
  })
  after(() => waybill.stop())

  const placed = async (sku: string, postalCode: string): Promise<string> => {
    const { status, body } = await waybill.ask('POST', '/v1/orders', {
      lines: [{ sku, quantity: 1 }],
      customer: { email: 'anna@example.com', name: 'Anna' },
      shippingAddress: { country: 'GB', postalCode, lines: ['1 High St'], city: 'London' },
    })
    assert.equal(status, 201, JSON.stringify(body))
    return (body as { id: string }).id
  }
  const sentFrom = async (id: string): Promise<string> => {
    const { body } = await waybill.ask('GET', `/v1/orders/${id}/why`)
    const { decisions } = body as { decisions: { shipments: { place: string }[] }[] }
    return decisions[0]?.shipments[0]?.place ?? JSON.stringify(body)
  }

  it('is known from its last orders, in one statement', async () => {
    const recent = recentOrders(waybill.shop.database)
    const { orders: seen, perDay } = await eventually(waybill, 'all orders in the listing', async () => {
      const found = await recent(400)
      return found.orders.length === orders ? found : undefined
    })
    assert.equal(perDay, orders)
    assert.deepEqual(seen[0]?.lines, [{ sku: 'pot', quantity: 1, grams: seen[0]?.lines[0]?.grams }])
    assert.equal(seen[0]?.shippingMethod, 'standard')
    assert.equal((await recent(7)).orders.length, 7)
  })

  it('asks a price there for what is scarce, none for what is ample, and placement heeds it', async () => {
    const { prices } = waybill.shop.sourcing
    assert.equal(await sentFrom(await placed('mug', 'SE1')), 'london')
    assert.equal(await prices.round(), true)
    assert.equal(await prices.round(), false)
    assert.deepEqual([...new Set(prices.list.rows.map(({ sku, place }) => `${sku} ${place}`))], ['mug london'])
    const [mug] = prices.list.rows
    assert.ok((mug?.forecast ?? 0) > (mug?.stock ?? 0), JSON.stringify(mug))

    const later = await placed('mug', 'OX1')
    assert.equal(await sentFrom(later), 'oxford')
    const { body } = await waybill.ask('GET', `/v1/orders/${later}/why`)
    assert.equal((body as { decisions: { reproduced: boolean }[] }).decisions[0]?.reproduced, true)
    assert.equal(await sentFrom(await placed('pot', 'SE1')), 'london')
  })

  it('asks none any more a minute after enough came in', async () => {
    const { prices } = waybill.shop.sourcing
    const minutesPass = () =>
      waybill.shop.database.read(`update inventory.price_list set refreshed_at = now() - interval '2 minutes'`)
    await minutesPass()
    assert.equal(await prices.round(), false)
    const receipt = { sku: 'mug', warehouse: 'london', quantity: 20_000 }
    assert.equal((await waybill.ask('POST', '/v1/stock/receipts', receipt)).status, 201)
    assert.equal(await prices.round(), true)
    assert.deepEqual(prices.list.rows, [])
    await minutesPass()
    assert.equal(await prices.round(), false)
  })
})
