import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startWaybill, type Waybill } from '../support/waybill.ts'

describe('The tracking page', () => {
  let waybill: Waybill
  let url: string
  before(async () => {
    waybill = await startWaybill({}, true)
    const placed = await waybill.ask('POST', '/v1/orders', {
      lines: [{ sku: '85123A', quantity: 2 }],
      customer: { email: 'anna@example.com', name: 'Anna Kowalska' },
      shippingAddress: { country: 'GB', postalCode: 'LS1 4AP', lines: ['1 High St'] },
    })
    url = (placed.body as { trackingUrl: string }).trackingUrl
  })
  after(() => waybill.stop())

  it('says in words how the order stands, to whoever has its link', async () => {
    const page = await fetch(url)
    assert.equal(page.status, 200)
    const html = await page.text()
    assert.match(html, /We have your order/)
    assert.match(html, /2 × WHITE HANGING HEART T-LIGHT HOLDER: set aside for you/)
  })
  it('names nobody', async () => assert.doesNotMatch(await (await fetch(url)).text(), /Anna|High St|example\.com/))
  it('is found by its signed link only', async () => {
    assert.equal((await fetch(`${url.slice(0, -4)}AAAA`)).status, 400)
    assert.equal((await fetch(`${waybill.url}/track/01a1fc2f-436b-7001-9b0b-7733a85828d1`)).status, 400)
  })
  it('runs no script and is kept by no cache', async () => {
    const { headers } = await fetch(url)
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/)
    assert.equal(headers.get('cache-control'), 'no-store')
  })
})
