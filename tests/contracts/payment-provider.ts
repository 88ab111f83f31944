/** What every payment provider must do, whoever it is. Run it on each adapter; `payment-provider.test.ts` does. */
import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { isRefusal } from '../../src/kernel/decider.ts'
import { instant } from '../../src/kernel/time.ts'
import type { Page, PageRequest, PaymentProvider, WebhookHeaders } from '../../src/payments/provider.ts'
import { idAt } from '../../src/platform/ids.ts'

export type ProviderBench = Readonly<{
  provider: PaymentProvider
  /** Plays the buyer who pays on the page. */
  pay: (reference: string) => Promise<void>
  giveUp: (reference: string) => Promise<void>
  /** Webhooks that were sent, as they came. */
  sent: readonly Readonly<{ body: Buffer; headers: WebhookHeaders }>[]
}>

export const request = (captureAt: 'placement' | 'shipment'): PageRequest => {
  return { payment: idAt(Date.now()), order: idAt(Date.now()), amount: 1530, currency: 'GBP', method: 'CREDIT_CARD', captureAt }
}

export const providerContract = (name: string, open: () => ProviderBench): void => {
  describe(`The payment provider ${name}`, () => {
    let bench: ProviderBench
    beforeEach(() => {
      bench = open()
    })
    const paidPage = async (captureAt: 'placement' | 'shipment'): Promise<Page> => {
      const page = accepted(await bench.provider.createPage(request(captureAt)))
      await bench.pay(page.reference)
      return page
    }
    const status = async (reference: string) => accepted(await bench.provider.status(reference))
    const ask = (reference: string, key: string, amount: number) => ({ reference, key, amount, currency: 'GBP' })

    it('gives one payment one page', async () => {
      const asked = request('placement')
      assert.deepEqual(await bench.provider.createPage(asked), await bench.provider.createPage(asked))
    })

    it('authorises what is captured later', async () => {
      const { reference } = await paidPage('shipment')
      const { state, authorized, captured } = await status(reference)
      assert.deepEqual({ state, authorized, captured }, { state: 'authorized', authorized: 1530, captured: 0 })
    })

    it('captures once by one key', async () => {
      const { provider } = bench
      const { reference } = await paidPage('shipment')
      assert.deepEqual(await provider.capture(ask(reference, 'a', 500)), { captured: 500 })
      assert.deepEqual(await provider.capture(ask(reference, 'a', 500)), { captured: 500 })
      assert.deepEqual(await provider.capture(ask(reference, 'b', 1030)), { captured: 1530 })
      assert.ok(isRefusal(await provider.capture(ask(reference, 'c', 1))))
    })

    it('refunds once by one key, and no more than was captured', async () => {
      const { provider } = bench
      const { reference } = await paidPage('placement')
      const first = await provider.refund(ask(reference, 'a', 1000))
      assert.deepEqual(await provider.refund(ask(reference, 'a', 1000)), first)
      assert.ok(isRefusal(await provider.refund(ask(reference, 'b', 531))))
      assert.deepEqual(
        (await status(reference)).refunds.map(({ key, amount }) => ({ key, amount })),
        [{ key: 'a', amount: 1000 }],
      )
    })

    it('voids what is not captured, once', async () => {
      const { provider } = bench
      const { reference } = await paidPage('shipment')
      await provider.capture(ask(reference, 'a', 500))
      const voided = accepted(await provider.void({ reference, key: 'v' }))
      assert.equal(voided.voided, 1030)
      assert.deepEqual(await provider.void({ reference, key: 'v' }), voided)
    })

    it('closes a page that is voided: nobody can pay there any more', async () => {
      const { reference } = accepted(await bench.provider.createPage(request('placement')))
      await bench.provider.void({ reference, key: 'v' })
      await bench.pay(reference)
      assert.equal((await status(reference)).captured, 0)
    })

    it('declines what it does not know', async () => {
      assert.ok(isRefusal(await bench.provider.status('nothing')))
      assert.ok(isRefusal(await bench.provider.refund(ask('nothing', 'a', 1))))
    })

    it('tells of a payment, and of a buyer who gave up', async () => {
      const { provider, sent } = bench
      await paidPage('placement')
      const { reference } = accepted(await provider.createPage(request('placement')))
      await bench.giveUp(reference)
      const news = await Promise.all(sent.map(({ body, headers }) => provider.parseWebhook(body, headers, instant(Date.now()))))
      assert.deepEqual(
        news.map((one) => accepted(one).type),
        ['Payment_Success', 'Payment_Cancelled'],
      )
    })

    it('signs over every byte, for a limited time', async () => {
      const { provider, sent } = bench
      await paidPage('placement')
      const [one] = sent
      assert.ok(one !== undefined)
      const refused = async (body: Buffer, headers: WebhookHeaders, seconds = 0): Promise<void> => {
        const news = await provider.parseWebhook(body, headers, instant(Date.now() + seconds * 1000))
        assert.equal(isRefusal(news) ? news.refused : news, 'webhook_signature_invalid')
      }
      await refused(Buffer.from(`${one.body.toString()} `), one.headers)
      await refused(one.body, { ...one.headers, 'webhook-id': 'another' })
      await refused(one.body, { ...one.headers, 'webhook-signature': undefined })
      await refused(one.body, { ...one.headers, 'webhook-signature': 'v2,AAAA' })
      await refused(one.body, one.headers, 302)
      await refused(one.body, one.headers, -302)
      const rotated = { ...one.headers, 'webhook-signature': `v1,AAAA ${String(one.headers['webhook-signature'])}` }
      assert.ok(!isRefusal(await provider.parseWebhook(one.body, rotated, instant(Date.now()))))
    })
  })
}

export const accepted = <Answer>(answer: Answer): Exclude<Answer, { refused: string }> => {
  assert.ok(!isRefusal(answer))
  return answer as Exclude<Answer, { refused: string }>
}
