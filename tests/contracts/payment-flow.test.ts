import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { OrderId } from '../../src/kernel/ids.ts'
import { signature } from '../../src/payments/adapters/standard-webhooks.ts'
import { wellBehaved, type SimulatedKnobs } from '../../src/payments/adapters/simulated-knobs.ts'
import { idAt } from '../../src/platform/ids.ts'
import { firstPayment, type Harness, harnesses, placedOrder } from './payment-harness.ts'

/** Tasks and reactions go on until the answer is there: it waits for one of them, and which round brings it is nobody's promise. */
const settledUntil = async <Answer>(
  harness: Readonly<{ settle: () => Promise<unknown> }>,
  asked: Promise<Answer>,
): Promise<Answer> => {
  for (;;) {
    await harness.settle()
    const turn = new Promise<'open'>((resolve) => setImmediate(() => resolve('open')))
    if ((await Promise.race([asked, turn])) !== 'open') return asked
  }
}

type Shown = Record<'id' | 'code' | 'reference' | 'paymentUrl' | 'secret' | 'order', string> &
  Readonly<{ refunded: number; actions: string[]; data: readonly Readonly<{ status: string }>[] }>

for (const [form, open] of Object.entries(harnesses)) {
  describe(`Payments in ${form}`, () => {
    let harness: Harness
    before(async () => {
      harness = await open()
    })
    after(async () => {
      assert.deepEqual(await harness.store.differences(), [])
      await harness.app.close()
      await harness.close()
    })

    const status = async (order: OrderId) => (await firstPayment(harness.room, order)).status
    const types = async (payment: string) => (await harness.events(payment)).map(({ type }) => type)
    const act = async (reference: string | undefined, action: 'pay' | 'decline' | 'refuse' | 'cancel'): Promise<void> => {
      await harness.room.simulated.act(reference ?? '', action)
      await harness.settle()
    }
    const withKnobs = async (knobs: Partial<SimulatedKnobs>, run: () => Promise<void>): Promise<void> => {
      harness.room.simulated.knobs = { ...wellBehaved, ...knobs }
      await run()
      harness.room.simulated.knobs = wellBehaved
    }
    const post = async (body: string, change: Readonly<Record<string, string>> = {}) => {
      const timestamp = Math.floor(Date.now() / 1000)
      const id = change['webhook-id'] ?? `w-${idAt(Date.now())}`
      const headers = {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': signature(await harness.room.simulated.secret(), id, timestamp, body),
        ...change,
      }
      const answer = await harness.app.inject({ method: 'POST', url: '/v1/webhooks/payments/simulated', headers, payload: body })
      await harness.settle()
      return { code: answer.statusCode, body: answer.json<Record<string, unknown>>() }
    }
    const news = (type: string, paymentId: string, more: Readonly<Record<string, unknown>> = {}): string =>
      JSON.stringify({ type, data: { paymentId, amount: 1530, currency: 'GBP', ...more } })
    const call = async (what: `${'GET' | 'POST'} ${string}`, who: string, payload?: object, key = idAt(Date.now()).toString()) => {
      const [method, url] = what.startsWith('GET') ? (['GET', what.slice(4)] as const) : (['POST', what.slice(5)] as const)
      const headers = { authorization: `Bearer ${who}`, 'idempotency-key': key }
      const answer = await harness.app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })
      return { code: answer.statusCode, headers: answer.headers, body: answer.json<Shown>() }
    }

    it('are paid on the hosted page, once, however often it is sent', async () => {
      const { order, payment } = await placedOrder(harness)
      assert.equal(payment.status, 'pending')
      assert.equal(payment.paymentUrl, `http://shop.example/simulated-provider/pay/${payment.reference}`)
      const url = new URL(payment.paymentUrl ?? '').pathname
      const page = await harness.app.inject({ method: 'GET', url })
      assert.match(page.body, /<h1>Pay 15\.30 GBP<\/h1>/)
      const form = { 'content-type': 'application/x-www-form-urlencoded' }
      for (let time = 0; time < 2; time++) {
        const answer = await harness.app.inject({ method: 'POST', url, headers: form, payload: 'action=pay' })
        assert.equal(answer.statusCode, 303)
      }
      await harness.settle()
      assert.equal(await status(order), 'captured')
      const logged = (await harness.store.movements([order])).map(({ kind, amount }) => `${kind} ${amount}`)
      assert.deepEqual(logged, ['authorize 1530', 'capture 1530'])
      assert.match((await harness.app.inject({ method: 'GET', url })).body, /Paid\. Thank you\./)
      assert.equal((await harness.app.inject({ method: 'GET', url: '/simulated-provider/pay/none' })).statusCode, 404)
    })

    it('take a stranger’s signed webhook, and no other', async () => {
      const { order, payment } = await placedOrder(harness)
      const body = news('Payment_Success', payment.id)
      assert.equal((await post(body, { 'webhook-signature': 'v1,AAAA' })).code, 401)
      assert.equal((await post(body, { 'webhook-timestamp': '1000000000' })).body['code'], 'webhook_signature_invalid')
      assert.equal(await status(order), 'pending')
      assert.equal((await post(news('Payment_Success', idAt(Date.now())))).code, 404)
      assert.equal((await post(news('Payment_Success', payment.id, { amount: 1531 }))).body['code'], 'amount_mismatch')
      assert.equal((await post(news('Payment_Success', payment.id, { currency: 'EUR' }))).body['code'], 'currency_mismatch')
      assert.equal((await post(news('Payment_Success', 'nonsense'))).code, 400)
      assert.equal((await post('{"type":"Payment_Success"}')).code, 400)
      assert.deepEqual((await post(body, { 'webhook-id': `id-${payment.id}` })).body, { received: true, duplicate: false })
      assert.deepEqual((await post(body, { 'webhook-id': `id-${payment.id}` })).body, { received: true, duplicate: true })
      assert.equal((await post(news('Payment_Invented', payment.id))).code, 200)
      assert.equal(await status(order), 'captured')
    })

    it('count twenty copies at once as one', async () => {
      const { order, payment } = await placedOrder(harness)
      const body = news('Payment_Success', payment.id)
      const copies = await Promise.all(Array.from({ length: 20 }, () => post(body, { 'webhook-id': `same-${payment.id}` })))
      assert.equal(copies.filter((copy) => copy.body['duplicate'] === false).length, 1)
      assert.equal((await harness.store.movements([order])).length, 2)
    })

    it('are not undone by failure that comes late, doubled or out of order', async () => {
      await withKnobs({ duplicate: 2, outOfOrder: true, lateFailure: true }, async () => {
        const { order, payment } = await placedOrder(harness)
        await act(payment.reference, 'pay')
        assert.equal(await status(order), 'captured')
        assert.deepEqual(await types(payment.id), ['PaymentStarted', 'PaymentPageReady', 'PaymentAuthorized', 'PaymentCaptured'])
      })
    })

    it('keep the page after a declined attempt, and fail for good at the provider’s last word', async () => {
      const { order, payment } = await placedOrder(harness)
      await act(payment.reference, 'decline')
      assert.equal(await status(order), 'pending')
      await act(payment.reference, 'refuse')
      assert.equal(await status(order), 'failed')
      assert.deepEqual((await types(payment.id)).slice(2), ['PaymentDeclined', 'PaymentFailed'])
    })

    it('are found by asking when every webhook was lost', async () => {
      await withKnobs({ lostShare: 1 }, async () => {
        const { order, payment } = await placedOrder(harness)
        await act(payment.reference, 'pay')
        assert.equal(await status(order), 'pending')
        await harness.hurry('payments.reconcile')
        assert.equal(await status(order), 'captured')
      })
    })

    it('are found by asking when the news was lost and stale failure came instead', async () => {
      const { order, payment } = await placedOrder(harness)
      await withKnobs({ lostShare: 1 }, () => act(payment.reference, 'pay'))
      await post(news('Payment_Failure', payment.id, { reason: 'stale' }))
      assert.equal(await status(order), 'failed')
      await harness.hurry('payments.reconcile')
      await harness.settle()
      const { captured, refunded } = await firstPayment(harness.room, order)
      assert.deepEqual([captured, refunded], [1530, 0])
    })

    it('are unknown while the provider does not know, and then known', async () => {
      await withKnobs({ processing: true }, async () => {
        const { order, payment } = await placedOrder(harness)
        await act(payment.reference, 'pay')
        assert.equal(await status(order), 'unknown')
        await harness.hurry('payments.reconcile')
        assert.equal(await status(order), 'captured')
      })
    })

    it('ask again with the same key when a refund is not answered (medusa#16681)', async () => {
      const { order, payment } = await placedOrder(harness)
      await act(payment.reference, 'pay')
      await withKnobs({ timeoutShare: 1 }, async () => {
        await harness.publish(order, { type: 'OrderCancelled', reason: 'changed_mind', refund: 'auto' } as never)
        for (let time = 0; time < 5; time++) {
          await harness.settle()
          await harness.hurry('payments.refund')
        }
        assert.equal(await status(order), 'unknown')
      })
      await harness.hurry('payments.refund')
      assert.equal(await status(order), 'refunded')
      const session = await harness.room.simulated.session(payment.reference ?? '')
      assert.deepEqual(
        session?.refunds.map(({ amount }) => amount),
        [1530],
      )
    })

    it('go back in full when the order is cancelled, also when they come later', async () => {
      const first = await placedOrder(harness)
      await act(first.payment.reference, 'pay')
      const cancelled = { type: 'OrderCancelled', reason: 'changed_mind', refund: 'auto' } as const
      await harness.publish(first.order, cancelled)
      await harness.settle()
      assert.equal(await status(first.order), 'refunded')

      const second = await placedOrder(harness)
      await harness.publish(second.order, cancelled)
      await harness.settle()
      assert.equal(await status(second.order), 'voided')
      await post(news('Payment_Success', second.payment.id))
      assert.equal(await status(second.order), 'refunded')
    })

    it('go back in full when they came after the end and the stock is gone', async () => {
      const { order, payment } = await placedOrder(harness)
      await harness.publish(order, { type: 'OrderExpired' })
      await harness.settle()
      assert.equal(await status(order), 'pending')
      await act(payment.reference, 'pay')
      assert.equal(await status(order), 'captured')
      await harness.publish(order, { type: 'ReopenRefused', payment: payment.id, reason: 'insufficient_stock' } as never)
      await harness.settle()
      assert.equal(await status(order), 'refunded')
    })

    it('give back what cancelled units cost, and the return’s worth once', async () => {
      const { order, payment } = await placedOrder(harness)
      await act(payment.reference, 'pay')
      const totals = { subtotal: 1200, discount: 0, shipping: 100, tax: 0, total: 1300 }
      const lines = [{ line: 1, quantity: 1 }]
      await harness.publish(order, { type: 'UnitsCancelled', reason: 'x', lines, totals, refund: 'auto' } as never)
      await harness.settle()
      assert.equal((await firstPayment(harness.room, order)).refunded, 230)
      await harness.publish(order, { type: 'UnitsReturned', return: idAt(Date.now()), lines: [], refund: 400 } as never)
      await harness.settle()
      assert.equal((await firstPayment(harness.room, order)).refunded, 630)
      assert.equal((await firstPayment(harness.room, order)).captured, 1530)
    })

    it('are captured parcel by parcel', async () => {
      const { order, payment } = await placedOrder(harness, 'shipment')
      await act(payment.reference, 'pay')
      assert.equal(await status(order), 'authorized')
      const collected = (line: number, quantity: number) => ({
        type: 'ParcelCollected',
        order,
        fulfilment: 'f',
        place: 'p',
        lines: [{ line, sku: 's', quantity }],
      })
      await harness.publish(idAt(Date.now()), collected(0, 2))
      await harness.settle()
      assert.equal((await firstPayment(harness.room, order)).captured, 900)
      await harness.publish(idAt(Date.now()), collected(1, 1))
      await harness.publish(idAt(Date.now()), collected(0, 1))
      await harness.settle()
      assert.equal((await firstPayment(harness.room, order)).captured, 1530)
      assert.equal(await status(order), 'captured')
    })

    it('start again over HTTP, close the former page, and give back what is paid twice (saleor#14926)', async () => {
      const { order, payment } = await placedOrder(harness)
      const url = `/v1/orders/${order}/payments`
      assert.equal((await call(`POST ${url}`, 'bob', { method: 'PAYPAL' })).code, 404)
      assert.equal((await call(`POST ${url}`, 'ann', { method: 'CREDIT_CARD' })).body.code, 'payment_open')
      const asked = call(`POST ${url}`, 'ann', { method: 'PAYPAL' }, 'once')
      const { code, body, headers } = await settledUntil(harness, asked)
      assert.equal(code, 201)
      assert.equal(headers['location'], `/v1/payments/${body.id}`)
      assert.match(body.paymentUrl, /simulated-provider\/pay/)
      const again = await call(`POST ${url}`, 'ann', { method: 'PAYPAL' }, 'once')
      assert.equal(again.body.id, body.id)
      assert.equal(again.headers['idempotent-replayed'], 'true')
      assert.equal(await status(order), 'voided')
      await act(body.reference, 'pay')
      await post(news('Payment_Success', payment.id))
      const { data } = (await call(`GET ${url}`, 'ann')).body
      assert.deepEqual(
        data.map((one) => one.status),
        ['refunded', 'captured'],
      )
    })

    it('are refunded by staff, within what is left', async () => {
      const { order, payment } = await placedOrder(harness)
      await act(payment.reference, 'pay')
      const url = `/v1/payments/${payment.id}`
      assert.equal((await call(`POST ${url}/refund`, 'ann', { reason: 'x' })).code, 403)
      assert.equal((await call(`POST ${url}/refund`, 'owner', { reason: 'x', amount: 1531 })).body.code, 'refund_exceeds_captured')
      for (const amount of [0, -1, 1.5, '10', 2 ** 60]) {
        assert.equal((await call(`POST ${url}/refund`, 'owner', { reason: 'x', amount })).code, 400)
      }
      const refunded = await call(`POST ${url}/refund`, 'owner', { reason: 'a broken cup', amount: 30 }, 'refund-once')
      assert.equal(refunded.code, 202)
      assert.equal((await call(`POST ${url}/refund`, 'owner', { reason: 'a broken cup', amount: 30 }, 'refund-once')).code, 202)
      await harness.settle()
      const shown = (await call(`GET ${url}`, 'ann')).body
      assert.equal(shown.refunded, 30)
      assert.deepEqual(shown.actions, ['refund'])
      assert.equal(shown.order, order)
      assert.doesNotMatch(JSON.stringify(await harness.events(payment.id)), /broken cup/)
      assert.equal((await call(`GET ${url}`, 'bob')).code, 404)
      assert.equal((await call(`POST ${url}/void`, 'owner', {})).body.code, 'not_voidable')
      assert.equal((await call('GET /v1/payments/nonsense', 'owner')).code, 400)
    })

    it('show the secret of the webhooks to the owner alone', async () => {
      assert.equal((await call('GET /v1/payment-providers/simulated', 'ann')).code, 403)
      const { body } = await call('GET /v1/payment-providers/simulated', 'owner')
      assert.equal(body.secret, await harness.room.simulated.secret())
      assert.match(body.secret, /^whsec_/)
    })
  })
}
