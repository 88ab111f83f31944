/** The flash sale: 400 customers at once, 100 in stock. Nobody is sold what is not there, and nobody is turned away wrongly. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { verifyShop } from '../../src/cli/verify.ts'
import { type Answered, startWaybill, type Waybill } from '../support/waybill.ts'

const customers = Array.from({ length: 400 }, (_, index) => `customer-${index}`)
const inStock = 100

describe('400 customers at once, 100 in stock', () => {
  let waybill: Waybill
  const product = async (sku: string, levels: Readonly<Record<string, number>>) => {
    await waybill.ask('PUT', `/v1/products/${sku}`, { name: sku, unitPrice: 10_00, currency: 'GBP' })
    for (const [warehouse, onHand] of Object.entries(levels)) {
      const counted = await waybill.ask('POST', '/v1/stock/adjustments', { sku, warehouse, onHand, reason: 'test' })
      assert.ok(counted.status < 300, JSON.stringify(counted.body))
    }
  }
  const stockOf = async (productId: string): Promise<number> =>
    ((await waybill.ask('GET', `/products/${productId}`)).body as { stock: number }).stock
  const sum = (answers: readonly Answered[]): Record<string, number> => {
    const counts: Record<string, number> = {}
    for (const { status, body } of answers) {
      const code = status < 300 ? '' : ` ${(body as { code?: string }).code ?? JSON.stringify(body)}`
      counts[`${status}${code}`] = (counts[`${status}${code}`] ?? 0) + 1
    }
    return counts
  }
  const buy = (skus: readonly string[]) =>
    Promise.all(
      customers.map((userId) =>
        waybill.ask('POST', '/v1/orders', {
          userId,
          lines: skus.map((sku) => ({ sku, quantity: 1 })),
          shippingAddress: { country: 'GB', postalCode: 'LS1 4AP', lines: ['1 High St'], city: 'Leeds' },
        }),
      ),
    )
  const addsUp = async () => {
    await waybill.shop.settled()
    assert.deepEqual((await verifyShop(waybill.shop)).differences, [])
  }

  before(async () => {
    waybill = await startWaybill({}, true)
  })
  after(() => waybill.stop())

  it('over /v1: exactly 100 orders hold it', async () => {
    await product('flash', { LDS1: inStock })
    assert.deepEqual(sum(await buy(['flash'])), { '201': inStock, '409 insufficient_stock': 300 })
    assert.equal(await stockOf('flash'), 0)
    await addsUp()
  })

  it('over /v1 with a second product that lies elsewhere', async () => {
    await product('flash-here', { LDS1: inStock })
    await product('flash-there', { GLA1: 1_000 })
    assert.deepEqual(sum(await buy(['flash-there', 'flash-here'])), { '201': inStock, '409 insufficient_stock': 300 })
    assert.deepEqual([await stockOf('flash-here'), await stockOf('flash-there')], [0, 900])
    await addsUp()
  })

  it('over D: all are answered with success, 100 items are executed', async () => {
    await product('flash-d', { LDS1: 60, LON1: 40 })
    const answers = await Promise.all(
      customers.map((userId) =>
        waybill.ask('POST', '/oms/orders', { userId, orderItems: [{ productId: 'flash-d', quantity: 1 }] }, { key: null }),
      ),
    )
    const items: Record<string, number> = {}
    for (const { status, body } of answers) {
      const { success, data } = body as { success: boolean; data: { status: string; orderItems: readonly { status: string }[] } }
      const shown = `${status} ${success} ${data.status} ${data.orderItems[0]?.status}`
      items[shown] = (items[shown] ?? 0) + 1
    }
    assert.deepEqual(items, { '201 true EXECUTED EXECUTED': inStock, '201 true CANCELED CANCELED': 300 })
    assert.equal(await stockOf('flash-d'), 0)
    await addsUp()
  })
})
