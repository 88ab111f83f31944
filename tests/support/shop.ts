/** A small shop over HTTP: a warehouse or two, products, stock, orders and what the payment provider would say of them. */
import assert from 'node:assert/strict'
import { createHmac, randomUUID } from 'node:crypto'
import { eventually, startWaybill, type Answered, type Waybill } from './waybill.ts'

type Json = Readonly<Record<string, unknown>>
export type Seen = Readonly<{
  id: string
  version: number
  status: string
  states: Readonly<{ order: string; money: string }>
  lines: readonly Readonly<{ id: string; sku: string; state: string; quantity: Readonly<Record<string, number>> }>[]
  totals: Readonly<{ total: number; paid: number; refunded: number }>
  fulfilments: readonly Readonly<{ id: string; status: string; warehouse: string }>[]
  holds: readonly Readonly<{ id: string; kind: string }>[]
}>
export type Payment = Readonly<{ id: string; paymentUrl?: string; status: string; captured: number; refunded: number }>

export const seen = ({ status, body }: Answered, expected = 200): Seen => {
  assert.equal(status, expected, JSON.stringify(body))
  return body as Seen
}

export class SmallShop {
  readonly waybill: Waybill
  #secret: string | undefined
  private constructor(waybill: Waybill) {
    this.waybill = waybill
  }

  static async open(environment: Readonly<Record<string, string>> = {}): Promise<SmallShop> {
    const waybill = await startWaybill(environment)
    const address = { country: 'GB', postalCode: 'LS1' }
    for (const [id, name] of [
      ['leeds', 'Leeds'],
      ['york', 'York'],
    ])
      assert.equal((await waybill.ask('PUT', `/v1/warehouses/${id}`, { name, ...address })).status, 200)
    return new SmallShop(waybill)
  }

  close(): Promise<void> {
    return this.waybill.stop()
  }

  async stock(sku: string, quantity: number, more: Json = {}, warehouse = 'leeds'): Promise<void> {
    const { ask } = this.waybill
    const product = await ask('PUT', `/v1/products/${sku}`, { name: `The ${sku}`, unitPrice: 500, currency: 'GBP', ...more })
    assert.ok(product.status < 300, JSON.stringify(product.body))
    if (quantity > 0) assert.equal((await ask('POST', '/v1/stock/receipts', { sku, warehouse, quantity })).status, 201)
  }

  place(lines: readonly Json[], more: Json = {}, headers: Readonly<Record<string, string>> = {}): Promise<Answered> {
    const body = {
      lines,
      customer: { email: 'anna@example.com', name: 'Anna' },
      shippingAddress: { country: 'GB', postalCode: 'LS1 4AP', lines: ['1 High St'], city: 'Leeds' },
      ...more,
    }
    return this.waybill.ask('POST', '/v1/orders', body, { headers })
  }

  async placed(sku: string, quantity: number, more: Json = {}): Promise<Seen> {
    return seen(await this.place([{ sku, quantity }], more), 201)
  }

  async order(id: string): Promise<Seen> {
    return seen(await this.waybill.ask('GET', `/v1/orders/${id}`))
  }

  /** Waits until an order is as it should be. */
  until(id: string, what: string, fits: (order: Seen) => boolean): Promise<Seen> {
    return eventually(this.waybill, what, async () => {
      const order = await this.order(id)
      return fits(order) ? order : undefined
    })
  }

  async payments(id: string): Promise<readonly Payment[]> {
    return ((await this.waybill.ask('GET', `/v1/orders/${id}/payments`)).body as { data: Payment[] }).data
  }

  /** The order's payment, by default as soon as the provider knows of it. */
  payment(id: string, fits: (payment: Payment) => boolean = ({ paymentUrl }) => paymentUrl !== undefined): Promise<Payment> {
    return eventually(this.waybill, 'its payment', async () => (await this.payments(id)).find(fits))
  }

  /** News from the provider, signed as its page in the docs says. */
  async tell(type: string, data: Json, webhookId: string = randomUUID()): Promise<Answered> {
    this.#secret ??= ((await this.waybill.ask('GET', '/v1/payment-providers/simulated')).body as { secret: string }).secret
    const body = JSON.stringify({ type, data })
    const at = Math.floor(Date.now() / 1000)
    const key = Buffer.from(this.#secret.replace(/^whsec_/, ''), 'base64')
    const signature = createHmac('sha256', key).update(`${webhookId}.${at}.${body}`).digest('base64')
    return this.waybill.ask('POST', '/v1/webhooks/payments/simulated', body, {
      key: null,
      headers: { 'webhook-id': webhookId, 'webhook-timestamp': String(at), 'webhook-signature': `v1,${signature}` },
    })
  }

  async pays(order: Seen, webhookId?: string): Promise<Payment> {
    const payment = await this.payment(order.id)
    const told = await this.tell(
      'Payment_Success',
      { paymentId: payment.id, amount: order.totals.total, currency: 'GBP' },
      webhookId,
    )
    assert.equal(told.status, 200, JSON.stringify(told.body))
    return payment
  }

  async free(sku: string): Promise<number> {
    return ((await this.waybill.ask('GET', `/v1/stock/${sku}`)).body as { available: number }).available
  }

  /** A warehouse's work for an order, once it stands so. */
  work(order: string, ...statuses: readonly string[]): Promise<Readonly<{ id: string; status: string }>> {
    return eventually(this.waybill, `work that is ${statuses.join(' or ')}`, async () => {
      const { body } = await this.waybill.ask('GET', `/v1/fulfilment-orders?order=${order}`)
      return (body as { data: { id: string; status: string }[] }).data.find(({ status }) => statuses.includes(status))
    })
  }

  async does(step: 'pick' | 'pack', work: string): Promise<void> {
    const { status, body } = await this.waybill.ask('POST', `/v1/fulfilment-orders/${work}/${step}`, {})
    assert.equal(status, 200, JSON.stringify(body))
  }
}
