/** The one way into payments: commands, webhooks and new attempts, each decided in a batch and saved with its effects. */
import { type Change, Deciding, isRefusal, type Refusal, refuse } from '../kernel/decider.ts'
import type { Origin } from '../kernel/event.ts'
import type { Instant, OrderId, PersonRef } from '../kernel/ids.ts'
import { microBatch } from '../kernel/micro-batch.ts'
import { addSeconds } from '../kernel/time.ts'
import type { OrderFacts } from '../orders/contract.ts'
import { newId } from '../platform/ids.ts'
import type { KeyClaim, Records, Task } from '../platform/records/records.ts'
import { gatheredById } from '../platform/store/gather.ts'
import { type Batches, Fault, isolateFaults, rerunAborted, type Work } from '../platform/store/work.ts'
import { type Asked, type Effects, type Outcome, StreamService, streamLimits } from '../platform/streams/service.ts'
import { bundled } from '../platform/tasks/bundle.ts'
import type { PaymentEvent, PaymentMethod, PaymentQueries, PaymentView } from './contract.ts'
import { movementsOf } from './money-log.ts'
import { payment, type PaymentCommand, type PaymentReason } from './payment.ts'
import { covering, isOpen, type Payment } from './payment-state.ts'
import type { PaymentProvider, ProviderNews, WebhookHeaders, WebhookReason } from './provider.ts'
import { type PaymentRepository, webhookName } from './store.ts'
import { viewOf } from './views.ts'

export type PaymentOutcome = Outcome<PaymentEvent, Payment, PaymentReason>
export type AttemptReason = PaymentReason | 'not_payable' | 'payment_open'
export type AttemptOutcome = Outcome<PaymentEvent, Payment, AttemptReason>
export type WebhookTaken = Readonly<{ payment: string; duplicate: boolean }>
export type WebhookRefused = WebhookReason | PaymentReason | 'provider_not_found'
export type WebhookOutcome = WebhookTaken | Refusal<WebhookRefused>

export type PaymentServiceOptions = Readonly<{
  batches: Batches
  records: Records
  store: PaymentRepository
  providers: ReadonlyMap<string, PaymentProvider>
  /** New attempts go to this one. */
  provider: string
  now: () => Instant
  signal: () => void
}>

/** What the tasks of one claim tell is one commit. */
const commandLimits = { ...streamLimits, itemsMax: 256 } as const
/** A buyer needs a moment on the page: before that, asking the provider tells nothing. */
const firstQuestionSeconds = 30
/** Where the provider itself does not know, it is asked again soon. */
const unknownSeconds = 2
/** Providers let an authorisation lapse after seven days; what is still uncaptured is captured a day earlier. */
const captureRestSeconds = 6 * 86_400

export const taskKinds = {
  createPage: 'payments.createPage',
  capture: 'payments.capture',
  refund: 'payments.refund',
  void: 'payments.void',
  reconcile: 'payments.reconcile',
  captureRest: 'payments.captureRest',
} as const

/** Who asks over HTTP, and the key that makes asking twice the same. */
export type Asker = Readonly<{ origin: Origin; key: KeyClaim }>
type Taken = Readonly<{ provider: string; news: ProviderNews }>

export class PaymentService implements PaymentQueries {
  readonly store: PaymentRepository
  readonly ofOrders: PaymentQueries['ofOrders']
  readonly provider: string
  readonly #options: PaymentServiceOptions
  readonly #streams: StreamService<PaymentCommand, PaymentEvent, Payment, PaymentReason>
  readonly #webhooks: (taken: Taken) => Promise<WebhookOutcome | Fault>

  constructor(options: PaymentServiceOptions) {
    const { batches, records, store, signal } = options
    this.#options = options
    this.store = store
    this.provider = options.provider
    this.#streams = new StreamService({
      name: 'payments',
      batches,
      records,
      store,
      decider: payment,
      effects: following(options),
      limits: commandLimits,
      committed: signal,
    })
    const commit = async (taken: readonly Taken[]): Promise<readonly (WebhookOutcome | Fault)[]> => {
      const outcomes = await isolateFaults(taken, (some) => batches.batch((work) => this.#take(work, some)))
      signal()
      return outcomes
    }
    this.#webhooks = microBatch('payments.webhooks', commit, streamLimits)
    this.ofOrders = gatheredById('payments by order', (orders) => this.#readViews(orders))
  }

  handle(asked: Asked<PaymentCommand>): Promise<PaymentOutcome> {
    return this.#streams.handle(asked)
  }

  /** A refund that staff gives. Their own words never enter a fact: they are kept apart, where they can be erased. */
  async refund(id: string, asked: Readonly<{ amount?: number; reason: string }>, by: Asker): Promise<PaymentOutcome> {
    const { batches, records, signal } = this.#options
    const outcome = await rerunAborted(() =>
      batches.batch(async (work) => {
        const note = personRef(newId(work.now))
        const command: PaymentCommand = {
          do: 'requestRefund',
          refund: newId(work.now),
          amount: asked.amount,
          reason: 'given_by_staff',
          note,
        }
        const answer = firstOf(await this.within(work, [{ id, command, ...by }]))
        if (!isRefusal(answer) && !answer.replayed) work.add(records.describe([{ ref: note, body: { reason: asked.reason } }]))
        return answer
      }),
    )
    signal()
    return outcome
  }

  /** Inside a batch of someone else's: a reaction's. */
  within(work: Work, asked: readonly Asked<PaymentCommand>[]): Promise<readonly PaymentOutcome[]> {
    return this.#streams.within(work, asked)
  }

  /** What someone else's batch decided with the payments' own rules, with everything that follows from it. */
  keep(work: Work, changes: readonly Change<PaymentEvent, Payment>[], origins: ReadonlyMap<string, Origin>): void {
    this.#streams.keep(work, changes, origins)
  }

  /** A webhook as it came: raw body and headers. Its effect and its id are saved together, so it counts once. */
  async webhook(provider: string, rawBody: Buffer, headers: WebhookHeaders): Promise<WebhookOutcome> {
    const known = this.#options.providers.get(provider)
    if (known === undefined) return refuse('provider_not_found', `there is no payment provider ${provider}`)
    const news = await known.parseWebhook(rawBody, headers, this.#options.now())
    if (isRefusal(news)) return news
    const outcome = await this.#webhooks({ provider, news })
    if (outcome instanceof Fault) throw outcome.cause
    return outcome
  }

  /** Another attempt to pay for an order; an open page of an earlier one is closed. */
  async attempt(facts: OrderFacts, method: PaymentMethod, by: Asker): Promise<AttemptOutcome> {
    const outcome = await rerunAborted(() => this.#options.batches.batch((work) => this.#attempt(work, facts, method, by)))
    this.#options.signal()
    return outcome
  }

  async #readViews(orders: readonly OrderId[]): Promise<ReadonlyMap<OrderId, readonly PaymentView[]>> {
    const byOrder = new Map<OrderId, PaymentView[]>()
    for (const { id, state } of await this.store.find('order_id', orders, orders.length * attemptsListed)) {
      if (state.status === 'unstarted') continue
      byOrder.set(state.order, [viewOf(id, state), ...(byOrder.get(state.order) ?? [])])
    }
    return byOrder
  }

  async #attempt(work: Work, facts: OrderFacts, method: PaymentMethod, by: Asker): Promise<AttemptOutcome> {
    const { origin, key } = by
    // Two attempts at once would each close the page that both saw, and open one that the other did not see.
    await this.store.holdStarts(work, [facts.id])
    const siblings = await this.store.lockOfOrders(work, [facts.id])
    const known = (await this.#options.records.claimed(work, [key])).size > 0
    const states = [...siblings].flatMap(([id, { state }]) => (state.status === 'started' ? [{ id, state }] : []))
    const before = states.at(-1)?.state
    // Our own books are newer than what orders has heard of them; only an order without payments is asked.
    const covered = states.reduce((sum, { state }) => sum + Math.max(0, covering(state)), 0)
    const amount = before === undefined ? facts.due : before.total - covered
    const command: PaymentCommand = {
      do: 'start',
      order: facts.id,
      amount,
      total: before?.total ?? facts.due,
      currency: facts.currency,
      method,
      provider: this.provider,
      captureAt: before?.captureAt ?? 'placement',
      goods: before?.goods ?? [],
    }
    const start = { id: newId(work.now), command, origin, key }
    // The key was used: whatever has changed since, the caller gets the payment that it started.
    if (known) return firstOf(await this.within(work, [start]))
    if (facts.secured || facts.status === 'cancelled' || amount <= 0 || states.some(({ state }) => state.closed)) {
      return refuse('not_payable', 'nothing is to be paid for this order now')
    }
    const open = states.filter(({ state }) => state.wanted > 0 && (isOpen(state) || state.unknown === 'authorize'))
    const same = open.find(({ state }) => state.unknown !== undefined || (state.method === method && state.declines === 0))
    if (same !== undefined) {
      return refuse('payment_open', `payment ${same.id} is open: pay on its page`, { payment: same.id, paymentUrl: same.state.url })
    }
    const close = open.map(({ id, state }): Asked<PaymentCommand> => {
      return { id, command: { do: 'want', amount: 0, total: state.total, reason: 'another_attempt' }, origin }
    })
    return firstOf(await this.within(work, [start, ...close]))
  }

  async #take(work: Work, taken: readonly Taken[]): Promise<readonly WebhookOutcome[]> {
    const seen = new Set(await this.store.seen(work, taken.map(idOf)))
    const references = taken.flatMap(({ news }) =>
      news.payment === undefined && news.reference !== undefined ? [news.reference] : [],
    )
    const named = taken.flatMap(({ news }) => (news.payment === undefined ? [] : [news.payment]))
    const stored = await this.store.lock(work, [...named, ...(await this.store.idsBy(work, 'reference', references))])
    const byReference = new Map(
      [...stored].map(([id, { state }]) => [state.status === 'started' ? state.reference : undefined, id]),
    )
    const deciding = new Deciding(payment, stored)
    const origins = new Map<string, Origin>()
    const outcomes = taken.map(({ provider, news }): WebhookOutcome => {
      const id = news.payment ?? byReference.get(news.reference) ?? ''
      if (seen.has(webhookName({ provider, id: news.id }))) return { payment: id, duplicate: true }
      const command = commandOf(news)
      const state = deciding.current(id).state
      if (state.status === 'unstarted' || state.provider !== provider) {
        return refuse('payment_not_found', 'the webhook is about a payment that is not known here')
      }
      if (command !== undefined) {
        const decided = deciding.consider(id, command)
        if (isRefusal(decided)) return decided
        deciding.keep(id, decided)
        if (decided.events.length > 0) origins.set(id, { actor: `provider:${provider}`, cause: `webhook:${news.id}` })
      }
      seen.add(webhookName({ provider, id: news.id }))
      return { payment: id, duplicate: false }
    })
    this.keep(work, deciding.changes, origins)
    const fresh = taken.filter((_, index) => isFresh(outcomes[index]))
    if (fresh.length > 0) work.add(this.store.remember(fresh.map(idOf), work.now))
    return outcomes
  }
}

const personRef = (id: string): PersonRef => id as PersonRef
const firstOf = ([outcome]: readonly PaymentOutcome[]): PaymentOutcome => {
  if (outcome === undefined) throw new Error('a batch of one command gave no outcome')
  return outcome
}

/** Attempts of one order that are read at once: more is not a buyer. */
const attemptsListed = 50

const idOf = ({ provider, news }: Taken): Readonly<{ provider: string; id: string }> => ({ provider, id: news.id })
const isFresh = (outcome: WebhookOutcome | undefined): boolean =>
  outcome !== undefined && !isRefusal(outcome) && !('duplicate' in outcome && outcome.duplicate)

/** @returns undefined for news of a kind that we do not know: it is taken, and nothing follows. */
const commandOf = (news: ProviderNews): PaymentCommand | undefined => {
  const { amount, currency, reference, reason = 'the provider gave no reason', captured } = news
  switch (news.type) {
    case 'Payment_Success':
      return { do: 'recordSuccess', amount, currency, reference, captured }
    case 'Payment_Failure':
      return { do: 'recordFailed', reason }
    case 'Payment_Cancelled':
      return { do: 'recordCancelled', reason }
    case 'Payment_Declined':
      return { do: 'recordDeclined', reason }
    case 'Payment_Processing':
      return { do: 'recordUnknown', asked: 'authorize' }
    default:
      return undefined
  }
}

/** What changes of payments write beside themselves: rows of the money log, and what is to be asked of the provider. */
const following =
  ({ store, records }: Pick<PaymentServiceOptions, 'store' | 'records'>): Effects<PaymentEvent, Payment> =>
  (changes, { now }) => {
    const movements = changes.flatMap((change) => movementsOf(change, now))
    const tasks = changes.flatMap(({ id, events, state }) => events.flatMap((event) => tasksOf(id, event, state, now)))
    return [store.log(movements), records.schedule(bundled(tasks, now))]
  }

/** What is to be asked of the provider because of an event. */
const tasksOf = (id: string, event: PaymentEvent, state: Payment, now: Instant): readonly Task[] => {
  const task = (kind: string, seconds: number, body: Readonly<Record<string, unknown>> = {}): Task[] => [
    { id: newId(now), kind, key: id, dueAt: addSeconds(now, seconds), body: { ...body, since: now } },
  ]
  switch (event.type) {
    case 'PaymentStarted':
      return task(taskKinds.createPage, 0)
    case 'PaymentPageReady':
      return task(taskKinds.reconcile, firstQuestionSeconds)
    case 'PaymentUnknown':
      return event.asked === 'authorize' ? task(taskKinds.reconcile, unknownSeconds) : []
    case 'PaymentAuthorized':
      return state.status === 'started' && state.captureAt === 'shipment' ? task(taskKinds.captureRest, captureRestSeconds) : []
    case 'CaptureRequested':
      return task(taskKinds.capture, 0, { capture: event.capture })
    case 'RefundRequested':
      return task(taskKinds.refund, 0, { refund: event.refund })
    case 'VoidRequested':
      return task(taskKinds.void, 0)
    case 'PaymentCaptured':
    case 'PaymentDeclined':
    case 'PaymentFailed':
    case 'PaymentCancelled':
    case 'PaymentVoided':
    case 'PaymentRefunded':
    case 'RefundFailed':
    case 'CaptureFailed':
    case 'MoneyWanted':
    case 'ParcelBilled':
      return []
  }
}
