/** What every carrier's adapter must do, whoever is behind it. Adapters run this suite; there is one so far. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Place } from '../../src/kernel/ids.ts'
import { idAt } from '../../src/platform/ids.ts'
import type { Carrier, Headers } from '../../src/shipping/carrier.ts'

export type CarrierUnderTest = Readonly<{
  carrier: Carrier
  /** A webhook as this carrier would send it, signed. */
  webhook: (tracking: string, id: string) => Readonly<{ body: string; headers: Headers }>
}>

export const carrierSuite = (name: string, open: () => Promise<CarrierUnderTest>): void => {
  const shipment = () => ({
    parcel: idAt(Date.now()),
    order: idAt(Date.now()),
    number: 1001,
    service: 'standard',
    weightGrams: 900,
    from: 'leeds' as Place,
    country: 'GB',
    postalCode: 'LS1',
    recipient: ['Ann Kowalski', '1 High Street'],
  })

  describe(`The carrier ${name}`, () => {
    it('quotes whole minor units and days', async () => {
      const { carrier } = await open()
      const quote = await carrier.quote(shipment())
      assert.ok(Number.isSafeInteger(quote.amount) && quote.amount >= 0)
      assert.ok(Number.isSafeInteger(quote.days) && quote.days >= 0)
      assert.match(quote.currency, /^[A-Z]{3}$/)
    })

    it('makes one shipment a parcel, however often it is asked', async () => {
      const { carrier } = await open()
      const asked = shipment()
      const first = await carrier.createShipment(asked)
      assert.deepEqual(await carrier.createShipment(asked), first)
      assert.notEqual((await carrier.createShipment(shipment())).tracking, first.tracking)
      for (const url of [first.labelUrl, first.trackingUrl]) assert.ok(URL.canParse(url))
    })

    it('prints the recipient and the tracking number', async () => {
      const { carrier } = await open()
      const { tracking } = await carrier.createShipment(shipment())
      const label = await carrier.label(tracking, ['Ann Kowalski'])
      assert.ok(label?.body.includes(tracking) && label.body.includes('Ann Kowalski'))
      assert.equal(await carrier.label('unheard-of', []), undefined)
    })

    it('takes a cancellation twice, and of what it does not know', async () => {
      const { carrier } = await open()
      const { tracking } = await carrier.createShipment(shipment())
      assert.equal(await carrier.cancel(tracking), 'cancelled')
      assert.equal(await carrier.cancel(tracking), 'cancelled')
      assert.equal(await carrier.label(tracking, []), undefined)
      await carrier.cancel('unheard-of')
    })

    it('reads its own webhooks', async () => {
      const { carrier, webhook } = await open()
      const { body, headers } = webhook('T1', 'evt_1')
      const parsed = carrier.parseWebhook(Buffer.from(body), headers)
      assert.ok('news' in parsed)
      assert.deepEqual(
        parsed.news.map(({ id, tracking }) => [id, tracking]),
        [['evt_1', 'T1']],
      )
    })

    it('takes no webhook that was changed on its way, by a byte', async () => {
      const { carrier, webhook } = await open()
      const { body, headers } = webhook('T1', 'evt_1')
      for (const tampered of [`${body} `, body.replace('T1', 'T2'), '', JSON.stringify(JSON.parse(body), null, 2)])
        assert.ok('rejected' in carrier.parseWebhook(Buffer.from(tampered), headers), tampered)
    })

    it('takes no webhook without its signature', async () => {
      const { carrier, webhook } = await open()
      const { body } = webhook('T1', 'evt_1')
      const parsed = carrier.parseWebhook(Buffer.from(body), {})
      assert.ok('rejected' in parsed)
      assert.equal(parsed.rejected, 'signature_invalid')
    })
  })
}
