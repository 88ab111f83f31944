/** Bundles whose parts cannot be found: nobody is sent, or pays for, a part of one. */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { verifyShop } from '../../src/cli/verify.ts'
import { type Seen, seen, SmallShop } from '../support/shop.ts'

type Work = Readonly<{ id: string; lines: readonly Readonly<{ line: string; sku: string; quantity: number }>[] }>

describe('A bundle of which a part is not found', () => {
  let shop: SmallShop
  before(async () => {
    shop = await SmallShop.open()
  })
  after(() => shop.close())
  afterEach(async () => {
    await shop.waybill.shop.settled()
    assert.deepEqual((await verifyShop(shop.waybill.shop)).differences, [])
  })

  const workOf = async (order: Seen): Promise<Work> => {
    const { id } = await shop.work(order.id, 'released', 'picking')
    return (await shop.waybill.ask('GET', `/v1/fulfilment-orders/${id}`)).body as Work
  }
  const isShort = async ({ id, lines }: Work, sku: string, quantity: number): Promise<void> => {
    const line = lines.find((one) => one.sku === sku)?.line
    const { status, body } = await shop.waybill.ask('POST', `/v1/fulfilment-orders/${id}/short`, { lines: [{ line, quantity }] })
    assert.equal(status, 200, JSON.stringify(body))
    await shop.waybill.shop.settled()
  }
  /** Sets of two cups and a pot at 9.00, and a mug at 5.00. */
  const ordered = async (name: string, sets: number): Promise<Seen> => {
    await shop.stock(`${name}-cup`, 2 * sets)
    await shop.stock(`${name}-pot`, sets)
    await shop.stock(`${name}-mug`, 1)
    const components = [
      { sku: `${name}-cup`, quantity: 2 },
      { sku: `${name}-pot`, quantity: 1 },
    ]
    await shop.stock(`${name}-set`, 0, { components, unitPrice: 900 })
    const lines = [
      { sku: `${name}-set`, quantity: sets },
      { sku: `${name}-mug`, quantity: 1 },
    ]
    return seen(await shop.place(lines, { paymentTerms: 'on_account' }), 201)
  }

  it('is given up whole: the rest of it leaves the work, and its shelf has it again', async () => {
    const order = await ordered('a', 2)
    await isShort(await workOf(order), 'a-cup', 1)
    const left = await workOf(order)
    assert.deepEqual(left.lines.map(({ sku, quantity }) => `${quantity} ${sku}`).sort(), ['1 a-mug', '1 a-pot', '2 a-cup'])
    const { totals } = await shop.order(order.id)
    assert.equal(order.totals.total - totals.total, 900)
    // The third cup of the two that were whole is free; the one that nobody found is written off.
    assert.deepEqual([await shop.free('a-cup'), await shop.free('a-pot')], [1, 1])
  })

  it('ends an order that has nothing else', async () => {
    await shop.stock('b-cup', 1)
    await shop.stock('b-pot', 1)
    const components = ['b-cup', 'b-pot'].map((sku) => ({ sku, quantity: 1 }))
    await shop.stock('b-set', 0, { components })
    const order = await shop.placed('b-set', 1, { paymentTerms: 'on_account' })
    await isShort(await workOf(order), 'b-cup', 1)
    assert.equal((await shop.order(order.id)).states.order, 'cancelled')
    assert.equal(await shop.free('b-pot'), 1)
  })

  it('is made whole from another warehouse that has the part', async () => {
    const order = await ordered('c', 1)
    const more = { sku: 'c-cup', warehouse: 'york', quantity: 1 }
    assert.equal((await shop.waybill.ask('POST', '/v1/stock/receipts', more)).status, 201)
    await isShort(await workOf(order), 'c-cup', 1)
    const { totals, lines } = await shop.order(order.id)
    assert.equal(totals.total, order.totals.total)
    assert.equal(lines.find(({ sku }) => sku === 'c-cup')?.quantity['reserved'], 2)
  })
})
