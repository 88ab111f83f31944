/**
 * Open-loop customers: orders are due by the clock, whatever became of those before. Each is followed through its payment, its
 * cancellation or its expiry; whoever is not answered asks again with the same key.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { type Answer, type Asking, digest } from './asking.ts'
import { anySku } from './market.ts'

/** Beyond so many customers who wait for their order the next ones do not come: a bound, and they are counted. */
const waitingMax = 200
const pageWaitMs = 500
const pageLooksMax = 40

export type Counted = { due: number; left: number; unsettled: number }

export class Shoppers {
  readonly counted: Counted = { due: 0, left: 0, unsettled: 0 }
  readonly acknowledged = new Set<string>()
  /** What every key was sent with that was not refused, to ask it again in the end. */
  readonly orders = new Map<string, unknown>()
  readonly #asking: Asking
  readonly #chance: () => number
  readonly #perSecond: number
  readonly #ttlMs: number
  readonly #shopping = new Set<Promise<void>>()
  #isOpen = true
  #waiting = 0

  constructor(options: Readonly<{ asking: Asking; chance: () => number; perSecond: number; ttlSeconds: number }>) {
    this.#asking = options.asking
    this.#chance = options.chance
    this.#perSecond = options.perSecond
    this.#ttlMs = options.ttlSeconds * 1_000
  }

  /** Until `close`. What is due is never put off by what came before. */
  async open(): Promise<void> {
    const begun = performance.now()
    while (this.#isOpen) {
      const { due } = this.counted
      const early = begun + (due * 1_000) / this.#perSecond - performance.now()
      if (early > 0) await wait(early)
      this.counted.due += 1
      if (this.#waiting >= waitingMax) {
        this.counted.left += 1
        continue
      }
      const shopping: Promise<void> = this.#shop(due).finally(() => this.#shopping.delete(shopping))
      this.#shopping.add(shopping)
    }
  }

  /** Nobody comes any more, and everybody is done. */
  async close(): Promise<void> {
    this.#isOpen = false
    await Promise.all(this.#shopping)
  }

  async #shop(number: number): Promise<void> {
    const process = `shopper ${number}`
    const key = `order ${number}`
    const body = this.#basket(number)
    this.orders.set(key, body)
    const question = (said: unknown) => ({
      method: 'POST',
      path: '/v1/orders',
      body: said,
      asked: { does: 'place', key, says: digest(said) } as const,
    })
    const twin = this.#chance() < 0.05 ? this.#asking.once(`${process}, twin`, question(body)) : undefined
    this.#waiting += 1
    const answer = await this.#asking.settle(process, question(body))
    await twin
    this.#waiting -= 1
    if (answer === undefined) this.counted.unsettled += 1
    const id = answer?.status === 201 || answer?.status === 200 ? answer.body.id : undefined
    if (answer !== undefined && id === undefined) this.orders.delete(key)
    if (id === undefined) return
    this.acknowledged.add(id)
    if (this.#chance() < 0.03) await this.#asking.once(process, question({ ...body, notes: 'another order under the same key' }))
    if (this.#chance() < 0.04) await this.#asking.once(process, question(body))
    await this.#goOn(process, id, body.paymentTerms === 'prepaid')
  }

  #basket(number: number) {
    const chance = this.#chance
    const count = chance() < 0.75 ? 1 : 2 + Math.floor(chance() * 2)
    const skus = [...new Set(Array.from({ length: count }, () => anySku(chance)))]
    const shortage = chance()
    return {
      lines: skus.map((sku) => ({ sku, quantity: 1 + Math.floor(chance() * 2) })),
      onShortage: shortage < 0.2 ? 'cancelLine' : shortage < 0.3 ? 'backorder' : 'refuse',
      customer: { email: `customer-${number}@example.com`, name: `Customer ${number}` },
      shippingAddress: { country: 'GB', postalCode: 'LS1 4AP', lines: ['1 High St'], city: 'Leeds' },
      paymentTerms: chance() < 0.25 ? 'prepaid' : 'on_account',
      ...(chance() < 0.3 ? { payment: { capture: 'shipment' } } : {}),
    }
  }

  async #goOn(process: string, id: string, isPrepaid: boolean): Promise<void> {
    const chance = this.#chance()
    if (chance < 0.1) {
      await wait(this.#chance() * 1_500)
      await this.#cancel(process, id)
      return
    }
    if (!isPrepaid || chance > 0.92) return // Never paid: its reservation runs out.
    await wait(chance > 0.88 ? this.#ttlMs + this.#chance() * 3_000 : this.#chance() * 1_500)
    await this.#pay(process, id)
    if (this.#chance() < 0.05) await this.#cancel(process, id)
  }

  async #cancel(process: string, order: string): Promise<void> {
    const body = { reason: 'changed my mind' }
    await this.#asking.settle(process, {
      method: 'POST',
      path: `/v1/orders/${order}/cancel`,
      body,
      asked: { does: 'cancel', key: `cancel ${order}`, says: digest(body), order },
    })
  }

  async #pay(process: string, order: string): Promise<void> {
    const page = await this.#page(order)
    if (page === undefined) return
    const drawn = this.#chance()
    const actions = drawn < 0.04 ? ['decline', 'pay'] : drawn < 0.06 ? ['refuse'] : drawn < 0.16 ? ['pay', 'pay'] : ['pay']
    for (const [turn, action] of actions.entries())
      await this.#asking.settle(process, {
        method: 'POST',
        path: page,
        body: { action },
        asked: { does: 'pay', key: `pay ${order} ${turn}`, says: action, order },
      })
  }

  /** Where its money may be paid, as soon as there is such a page. */
  async #page(order: string): Promise<string | undefined> {
    for (let look = 0; look < pageLooksMax; look += 1) {
      const answer = await this.#asking.ask('GET', `/v1/orders/${order}/payments`)
      const url = 'status' in answer ? pageIn(answer) : undefined
      if (url !== undefined) return new URL(url).pathname
      await wait(pageWaitMs)
    }
    return undefined
  }
}

const pageIn = ({ body }: Answer): string | undefined => {
  const url = body.data?.find(({ paymentUrl }) => typeof paymentUrl === 'string')?.['paymentUrl']
  return typeof url === 'string' ? url : undefined
}
