/** A policy for a group of customers decides their orders, whoever says that they belong to it, and nobody else's. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { SmallShop } from '../support/shop.ts'

describe('A policy for a group of customers', () => {
  let shop: SmallShop
  const ask: SmallShop['waybill']['ask'] = (...asked) => shop.waybill.ask(...asked)
  const decidedBy = async (more: Readonly<Record<string, unknown>>, headers: Readonly<Record<string, string>> = {}) => {
    const { status, body } = await shop.place([{ sku: 'mug', quantity: 1 }], more, headers)
    assert.equal(status, 201, JSON.stringify(body))
    const why = await ask('GET', `/v1/orders/${(body as { id: string }).id}/why`)
    const [decision] = (why.body as { decisions: { policy: string; reproduced: boolean }[] }).decisions
    assert.equal(decision?.reproduced, true)
    return decision.policy
  }
  const put = async (group: string | null) => {
    const { status, body } = await ask('PUT', '/v1/users/ann/group', { group })
    assert.equal(status, 200, JSON.stringify(body))
    assert.deepEqual(body, { userId: 'ann', group })
  }

  before(async () => {
    shop = await SmallShop.open()
    await shop.stock('mug', 20)
    assert.equal((await ask('POST', '/v1/stock/receipts', { sku: 'mug', warehouse: 'york', quantity: 20 })).status, 201)
    const policy = { name: 'trade', priority: 10, when: { customerGroups: ['trade'] }, filters: { warehouses: ['york'] } }
    assert.equal((await ask('POST', '/v1/policies', policy)).status, 201)
    assert.equal((await ask('POST', '/v1/policies/trade/versions/1/live')).status, 200)
  })
  after(() => shop.close())

  it('decides an order that the office says is of that group', async () => {
    assert.equal(await decidedBy({}), 'cheapest@1')
    assert.equal(await decidedBy({ customerGroup: 'trade' }), 'trade@1')
    assert.equal(await decidedBy({ customerGroup: 'press' }), 'cheapest@1')
  })

  it('decides the orders of a user while he is in the group, also when his name is changed', async () => {
    assert.equal(await decidedBy({ userId: 'ann' }), 'cheapest@1')
    await put('trade')
    assert.equal(await decidedBy({ userId: 'ann' }), 'trade@1')
    assert.equal((await ask('PUT', '/users/ann', { name: 'Anna' })).status, 200)
    assert.equal(await decidedBy({ userId: 'ann' }), 'trade@1')
    await put(null)
    assert.equal(await decidedBy({ userId: 'ann' }), 'cheapest@1')
    assert.deepEqual((await ask('GET', '/v1/users/ann/group')).body, { userId: 'ann', group: null })
  })

  it('promises its customers a day by that policy', async () => {
    await put('trade')
    const { keys } = shop.waybill.shop
    const { key } = await keys.make({ role: 'customer', label: 'Ann', user: 'ann' }, shop.waybill.shop.now())
    const cart = { lines: [{ sku: 'mug', quantity: 1 }], shippingAddress: { country: 'GB', postalCode: 'LS1 4AP' } }
    const { body } = await ask('POST', '/v1/promises', cart, { key })
    assert.deepEqual(
      (body as { parcels: { place: string }[] }).parcels.map(({ place }) => place),
      ['york'],
    )
  })

  it('is not for a customer to choose', async () => {
    const { keys } = shop.waybill.shop
    const { key } = await keys.make({ role: 'customer', label: 'Ben', user: 'ben' }, shop.waybill.shop.now())
    const order = { lines: [{ sku: 'mug', quantity: 1 }], customerGroup: 'trade' }
    assert.equal((await ask('POST', '/v1/orders', order, { key })).status, 403)
    assert.equal((await ask('PUT', '/v1/users/ben/group', { group: 'trade' }, { key })).status, 403)
    assert.equal((await ask('GET', '/v1/users/nobody/group')).status, 404)
  })
})
