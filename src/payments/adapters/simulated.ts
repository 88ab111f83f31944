/**
 * A payment provider that needs nobody: hosted pages, money that is only booked, signed webhooks. It is written as another
 * company's service would be: Waybill knows it only through the port and through its webhooks' signature.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { isRefusal, type Refusal, refuse } from '../../kernel/decider.ts'
import type { Instant } from '../../kernel/ids.ts'
import { milliseconds } from '../../kernel/time.ts'
import type { Logger } from '../../platform/log.ts'
import type {
  MoneyRequest,
  Page,
  PageRequest,
  PaymentProvider,
  ProviderNews,
  ProviderStatus,
  WebhookHeaders,
  WebhookReason,
} from '../provider.ts'
import { Unreachable } from '../provider.ts'
import type { SimulatedBooks } from './simulated-store.ts'
import { chance, type SimulatedKnobs } from './simulated-knobs.ts'
import {
  act,
  adopt,
  type BuyerAction,
  capture,
  captured,
  decideProcessing,
  giveUp,
  openSession,
  refund,
  type Session,
  type SessionNews,
  statusOf,
} from './simulated-session.ts'
import { signature, verified } from './standard-webhooks.ts'
import { newsIn } from './webhook-body.ts'

/** Hands a webhook to Waybill's own door, as HTTP would. @returns the status it was answered with. */
export type Deliver = (body: Buffer, headers: WebhookHeaders) => Promise<number>

export type SimulatedOptions = Readonly<{
  books: SimulatedBooks
  knobs: SimulatedKnobs
  /** Where the hosted pages are reached, without a slash at the end. */
  baseUrl: string | (() => string)
  now: () => Instant
  log: Logger
  /** Instead of the secret kept in the books. */
  secret?: string | undefined
}>

export const simulatedName = 'simulated'
export const simulatedPagePath = '/simulated-provider/pay'
/** A webhook that is not taken is sent again after these seconds; later the buyer's payment is found by asking `status`. */
const redeliverySeconds = [1, 5, 30] as const
/** Writers of one session at once are few: a buyer, and Waybill. */
const writesMax = 20

export class SimulatedProvider implements PaymentProvider {
  readonly name = simulatedName
  knobs: SimulatedKnobs
  readonly #options: SimulatedOptions
  readonly #chance: () => number
  #deliver: Deliver = () => Promise.resolve(503)

  constructor(options: SimulatedOptions) {
    this.#options = options
    this.knobs = options.knobs
    this.#chance = chance(options.knobs.seed)
  }

  sendTo(deliver: Deliver): void {
    this.#deliver = deliver
  }

  secret(): Promise<string> {
    return this.#options.secret === undefined ? this.#options.books.secret() : Promise.resolve(this.#options.secret)
  }

  createPage(request: PageRequest): Promise<Page> {
    return this.#answering('createPage', async () => {
      const fresh = openSession(request, `sim_${randomBytes(16).toString('base64url')}`)
      const { reference } = await this.#options.books.open(fresh)
      return { reference, url: this.pageUrl(reference) }
    })
  }

  pageUrl(reference: string): string {
    const { baseUrl } = this.#options
    return `${typeof baseUrl === 'string' ? baseUrl : baseUrl()}${simulatedPagePath}/${reference}`
  }

  capture(request: MoneyRequest): Promise<Readonly<{ captured: number }> | Refusal<'declined'>> {
    return this.#answering('capture', async () => {
      if (this.knobs.declineCaptures) return refuse('declined', 'insufficient_funds')
      const session = await this.#change(request.reference, (before) => capture(before, request))
      return isRefusal(session) ? session : { captured: captured(session) }
    })
  }

  refund(request: MoneyRequest): Promise<Readonly<{ reference: string }> | Refusal<'declined'>> {
    return this.#answering('refund', async () => {
      if (this.knobs.declineRefunds) return refuse('declined', 'account_closed')
      const session = await this.#change(request.reference, (before) => refund(before, request))
      if (isRefusal(session)) return session
      const done = session.refunds.find(({ key }) => key === request.key)
      if (done === undefined) throw new Error(`the refund ${request.key} is not in the books`)
      return { reference: done.reference }
    })
  }

  void({ reference }: Readonly<{ reference: string; key: string }>): Promise<ProviderStatus | Refusal<'declined'>> {
    return this.#answering('void', async () => {
      const session = await this.#change(reference, giveUp)
      return isRefusal(session) ? session : statusOf(session)
    })
  }

  async status(reference: string): Promise<ProviderStatus | Refusal<'declined'>> {
    const session = await this.#change(reference, decideProcessing)
    return isRefusal(session) ? session : statusOf(session)
  }

  async parseWebhook(rawBody: Buffer, headers: WebhookHeaders, now: Instant): Promise<ProviderNews | Refusal<WebhookReason>> {
    const id = verified(await this.secret(), rawBody, headers, now)
    if (isRefusal(id)) return id
    const news = newsIn(rawBody, id)
    if (!isRefusal(news)) await this.#adopt(news)
    return news
  }

  /** What a buyer does on the page. @returns the session afterwards, or undefined where there is none. */
  async act(reference: string, action: BuyerAction): Promise<Session | undefined> {
    let news: readonly SessionNews[] = []
    const session = await this.#change(reference, (before) => {
      const acted = act(before, action, this.knobs)
      news = acted.news
      return acted.session
    })
    if (isRefusal(session)) return undefined
    await this.#tell(session, news)
    return session
  }

  async session(reference: string): Promise<Session | undefined> {
    return (await this.#options.books.byReference(reference))?.session
  }

  async #adopt({ type, payment, reference, amount, currency, captured: isCaptured }: ProviderNews): Promise<void> {
    const { books } = this.#options
    const booked = payment === undefined ? await books.byReference(reference ?? '') : await books.byPayment(payment)
    if (booked === undefined || booked.session.currency !== currency) return
    const { session } = booked
    if (reference !== undefined && reference !== session.reference) return
    await this.#change(session.reference, (before) => adopt(before, type, amount, isCaptured ?? before.captureAt === 'placement'))
  }

  async #change(
    reference: string,
    change: (session: Session) => Session | Refusal<'declined'>,
  ): Promise<Session | Refusal<'declined'>> {
    for (let attempt = 0; attempt < writesMax; attempt++) {
      const booked = await this.#options.books.byReference(reference)
      if (booked === undefined) return refuse('declined', 'unknown_reference')
      const after = change(booked.session)
      if (isRefusal(after) || after === booked.session) return after
      if (await this.#options.books.replace(booked.version, after)) return after
    }
    throw new Unreachable(this.name, 'too many at once')
  }

  /** Times out as often as the knob says: before it acted, or after it. */
  async #answering<Answer>(asked: string, carryOut: () => Promise<Answer>): Promise<Answer> {
    const drawn = this.#chance()
    if (drawn < this.knobs.timeoutShare / 2) throw new Unreachable(this.name, asked)
    const answer = await carryOut()
    if (drawn < this.knobs.timeoutShare) throw new Unreachable(this.name, asked)
    return answer
  }

  async #tell(session: Session, news: readonly SessionNews[]): Promise<void> {
    const all = news.flatMap((one) => withDisorder(one, this.knobs))
    const sent = all.map((one) => ({ one, id: `msg_${randomUUID()}` }))
    for (const { one, id } of sent) {
      if (this.#chance() < this.knobs.lostShare) continue
      for (let copy = 0; copy <= this.knobs.duplicate; copy++) {
        if (this.knobs.delayMs > 0) this.#later(this.knobs.delayMs, () => this.#send(session, one, id, 0))
        else await this.#send(session, one, id, 0)
      }
    }
  }

  async #send(session: Session, { type, captured: isCaptured, reason }: SessionNews, id: string, attempt: number): Promise<void> {
    const { payment: paymentId, reference, amount, currency } = session
    const data = { paymentId, reference, amount, currency, captured: isCaptured, reason }
    const body = Buffer.from(JSON.stringify({ type, data }))
    const timestamp = Math.floor(milliseconds(this.#options.now()) / 1000)
    const deliver = async (): Promise<number> =>
      this.#deliver(body, {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': signature(await this.secret(), id, timestamp, body),
      })
    // Also where its own books are out of reach: it is sent again as if nobody had taken it.
    const status = await deliver().catch((fault: unknown) => {
      this.#options.log.warn({ fault, type, reference }, 'a simulated webhook was not taken')
      return 503
    })
    const waitSeconds = redeliverySeconds[attempt]
    if (status < 500 || waitSeconds === undefined) return
    this.#later(waitSeconds * 1000, () =>
      this.#send(session, { type, ...defined({ captured: isCaptured, reason }) }, id, attempt + 1),
    )
  }

  #later(ms: number, send: () => Promise<void>): void {
    setTimeout(() => void send(), ms).unref()
  }
}

const defined = (news: Readonly<{ captured: boolean | undefined; reason: string | undefined }>): Omit<SessionNews, 'type'> => ({
  ...(news.captured === undefined ? {} : { captured: news.captured }),
  ...(news.reason === undefined ? {} : { reason: news.reason }),
})

const withDisorder = (news: SessionNews, knobs: SimulatedKnobs): readonly SessionNews[] => {
  if (news.type !== 'Payment_Success') return [news]
  const stale: readonly SessionNews[] = knobs.lateFailure || knobs.outOfOrder ? [{ type: 'Payment_Failure', reason: 'stale' }] : []
  // The authorisation of money that is captured already is told last.
  const late: readonly SessionNews[] = knobs.outOfOrder ? [{ type: 'Payment_Success', captured: false }] : []
  return [news, ...late, ...stale]
}
