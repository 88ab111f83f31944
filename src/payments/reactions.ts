/** What payments does when orders, parcels or money move. The lead of all of it is `flow.ts`. */
import { type Change, Deciding, isRefusal } from '../kernel/decider.ts'
import type { Envelope, Fact, Origin } from '../kernel/event.ts'
import type { OrderEventOf } from '../orders/contract.ts'
import type { ParcelEvent } from '../shipping/contract.ts'
import type { Reaction } from '../platform/bus/consumers.ts'
import { newId } from '../platform/ids.ts'
import type { Logger } from '../platform/log.ts'
import type { Work } from '../platform/store/work.ts'
import { allot, type Held } from './allotment.ts'
import type { PaymentEvent } from './contract.ts'
import { worthOfLines } from './goods.ts'
import { payment, type PaymentCommand, type PaymentReason } from './payment.ts'
import { covering, type Payment, refundable } from './payment-state.ts'
import type { PaymentService } from './service.ts'

type ParcelCollected = Extract<ParcelEvent, { type: 'ParcelCollected' }>
type MoneyCame = Extract<PaymentEvent, { type: 'PaymentAuthorized' | 'PaymentCaptured' }>

const onOrders = ['OrderPlaced', 'OrderCancelled', 'OrderExpired', 'ReopenRefused', 'UnitsCancelled', 'UnitsReturned'] as const
type OrderFact = OrderEventOf<(typeof onOrders)[number]>
const isOrderFact = (fact: Fact): fact is OrderFact => onOrders.some((type) => type === fact.type)
const isParcelCollected = (fact: Fact): fact is ParcelCollected => fact.type === 'ParcelCollected'
const isMoneyCame = (fact: Fact): fact is MoneyCame => fact.type === 'PaymentAuthorized' || fact.type === 'PaymentCaptured'
/** Facts of payments and parcels carry their order. */
const orderOf = ({ event, stream }: Envelope): string => ('order' in event ? String(event.order) : stream)

export type ReactionOptions = Readonly<{ service: PaymentService; log: Logger }>

export const paymentReactions = ({ service, log }: ReactionOptions): readonly Reaction[] => {
  const reaction = <Event extends Fact>(
    name: string,
    on: readonly Event['type'][],
    fits: (fact: Fact) => fact is Event,
    respond: (book: OrderBook, event: Event, envelope: Envelope) => void,
  ): Reaction => ({
    name,
    on,
    key: orderOf,
    react: async (work, envelopes) => {
      const book = await OrderBook.open(service, work, envelopes, log)
      for (const envelope of envelopes) if (fits(envelope.event)) respond(book, envelope.event, envelope)
      service.keep(work, book.changes, book.origins)
      return envelopes.map(() => 'done' as const)
    },
  })
  return [
    reaction<OrderFact>('payments.orders', onOrders, isOrderFact, (book, event, envelope) => {
      respondToOrder(book, event, envelope, service.provider)
    }),
    reaction<ParcelCollected>('payments.parcels', ['ParcelCollected'], isParcelCollected, billParcel),
    reaction<MoneyCame>('payments.money', ['PaymentAuthorized', 'PaymentCaptured'], isMoneyCame, (book, event, envelope) => {
      const total = book.total(event.order)
      if (total !== undefined) book.allot(event.order, { total, reason: 'covered_by_another_payment' }, envelope, envelope.stream)
    }),
  ]
}

const respondToOrder = (book: OrderBook, event: OrderFact, envelope: Envelope, provider: string): void => {
  const order = envelope.stream
  switch (event.type) {
    case 'OrderPlaced':
      if (event.terms === 'prepaid' && event.totals.total > 0) book.start(event, envelope, provider)
      return
    case 'OrderCancelled':
      for (const { id, state } of book.payments(order)) {
        // Without a refund the shop keeps what it has, and takes no more.
        const amount = event.refund === 'auto' ? 0 : state.captured
        book.ask(id, { do: 'want', amount, total: state.total, reason: 'order_cancelled', closed: true }, envelope)
      }
      return
    case 'OrderExpired': {
      // Money in full that crossed the expiry is answered by orders, which reopens or refuses; a part pays for nothing.
      const payments = book.payments(order)
      const sum = payments.reduce((all, { state }) => all + covering(state), 0)
      if (sum < (book.total(order) ?? 0)) giveAllBack(book, order, 'order_expired', envelope)
      return
    }
    case 'ReopenRefused':
      giveAllBack(book, order, 'stock_is_gone', envelope)
      return
    case 'UnitsCancelled': {
      const { lines: cancelled } = event
      if (event.refund === 'auto') {
        book.allot(order, { total: event.totals.total, reason: 'units_cancelled', cancelled }, envelope)
        return
      }
      for (const { id, state } of book.payments(order)) {
        const { wanted: amount, total } = state
        book.ask(id, { do: 'want', amount, total, reason: 'units_cancelled', cancelled }, envelope)
      }
      return
    }
    case 'UnitsReturned':
      refundReturn(book, event, envelope)
      return
  }
}

const giveAllBack = (book: OrderBook, order: string, reason: string, envelope: Envelope): void => {
  for (const { id, state } of book.payments(order)) {
    if (covering(state) > 0) book.ask(id, { do: 'want', amount: 0, total: state.total, reason }, envelope)
  }
}

const refundReturn = (book: OrderBook, event: OrderEventOf<'UnitsReturned'>, envelope: Envelope): void => {
  let left = event.refund
  for (const { id, state } of book.payments(envelope.stream)) {
    const amount = Math.min(left, refundable(state))
    if (amount <= 0) continue
    left -= amount
    // A return may come back in parts: each part is a refund of its own.
    book.ask(id, { do: 'requestRefund', refund: `${event.return}-${envelope.version}`, amount, reason: 'returned' }, envelope)
  }
}

const billParcel = (book: OrderBook, event: ParcelCollected, envelope: Envelope): void => {
  const payments = book.payments(event.order)
  const paying = payments.filter(({ state }) => covering(state) > 0)
  const lines = event.lines.map(({ line, quantity }) => ({ line, quantity }))
  // Where several payments add up, none is asked for a share of a parcel: all of them are captured with the first.
  const whole = paying.length > 1
  for (const { id } of paying.length > 0 ? paying : payments.slice(-1)) {
    book.ask(id, { do: 'billParcel', parcel: envelope.stream, lines, whole }, envelope)
  }
}

/** The payments of a batch's orders, as they are while the batch goes on; and what becomes of them. */
class OrderBook {
  /** What the last change of each was caused by. */
  readonly origins = new Map<string, Origin>()
  readonly #deciding: Deciding<PaymentCommand, PaymentEvent, Payment, PaymentReason>
  readonly #ids: Map<string, string[]>
  readonly #work: Work
  readonly #log: Logger

  static async open(service: PaymentService, work: Work, envelopes: readonly Envelope[], log: Logger): Promise<OrderBook> {
    const orders = envelopes.map(orderOf)
    // A buyer may ask for another way to pay before the first payment was started.
    const started = envelopes.filter(({ event }) => event.type === 'OrderPlaced').map(orderOf)
    await service.store.holdStarts(work, started)
    const stored = await service.store.lockOfOrders(work, [...new Set(orders)])
    const ids = new Map<string, string[]>()
    for (const [id, { state }] of stored) {
      if (state.status === 'started') ids.set(state.order, [...(ids.get(state.order) ?? []), id])
    }
    return new OrderBook(new Deciding(payment, stored), ids, work, log)
  }

  private constructor(
    deciding: Deciding<PaymentCommand, PaymentEvent, Payment, PaymentReason>,
    ids: Map<string, string[]>,
    work: Work,
    log: Logger,
  ) {
    this.#deciding = deciding
    this.#ids = ids
    this.#work = work
    this.#log = log
  }

  /** In the order they were started. */
  payments(order: string): readonly Held[] {
    return (this.#ids.get(order) ?? []).flatMap((id) => {
      const { state } = this.#deciding.current(id)
      return state.status === 'started' ? [{ id, state }] : []
    })
  }

  total(order: string): number | undefined {
    return this.payments(order).at(-1)?.state.total
  }

  start(event: OrderEventOf<'OrderPlaced'>, envelope: Envelope, provider: string): void {
    if (this.payments(envelope.stream).length > 0) return
    const id = newId(this.#work.now)
    const { total } = event.totals
    const command: PaymentCommand = {
      do: 'start',
      order: envelope.stream,
      amount: total,
      total,
      currency: event.currency,
      method: event.paymentMethod ?? 'CREDIT_CARD',
      provider,
      captureAt: event.capture,
      goods: event.capture === 'shipment' ? worthOfLines(event.lines, total) : [],
    }
    this.#ids.set(envelope.stream, [id])
    this.ask(id, command, envelope)
  }

  allot(
    order: string,
    change: Omit<Extract<PaymentCommand, { do: 'want' }>, 'do' | 'amount'>,
    envelope: Envelope,
    newest?: string,
  ): void {
    for (const [id, amount] of allot(this.payments(order), change.total, newest)) {
      this.ask(id, { do: 'want', amount, ...change }, envelope)
    }
  }

  /** What the rules refuse here has no caller who could hear it: it is written down for people. */
  ask(id: string, command: PaymentCommand, { position, stream }: Envelope): void {
    const decided = this.#deciding.consider(id, command)
    if (isRefusal(decided)) {
      this.#log.error({ payment: id, order: stream, asked: command.do, refused: decided.refused }, 'a payment refused what follows')
      return
    }
    this.#deciding.keep(id, decided)
    if (decided.events.length > 0) this.origins.set(id, { actor: 'system', cause: `event:${position}` })
  }

  get changes(): readonly Change<PaymentEvent, Payment>[] {
    return this.#deciding.changes
  }
}
