/** What is known of one payment, folded from its facts. Totals only ever rise; what may still move is derived from them. */
import { only } from '../kernel/decider.ts'
import type { OrderId } from '../kernel/ids.ts'
import type { LineWorth, PaymentEvent, PaymentMethod, PaymentStatus } from './contract.ts'
import { takeOut, worth } from './goods.ts'

type Step = 'asked' | 'done' | 'failed'
export type Capture = Readonly<{ id: string; amount: number; step: Step }>
export type Refund = Readonly<{ id: string; amount: number; step: Step; owed: boolean }>

export type Started = Readonly<{
  status: 'started'
  order: OrderId
  amount: number
  currency: string
  method: PaymentMethod
  provider: string
  captureAt: 'placement' | 'shipment'
  /** What the whole order comes to now. */
  total: number
  /** How much of this payment's money the order may keep. */
  wanted: number
  /** No further attempt may follow: the order was cancelled. */
  closed: boolean
  /** Units that have not left yet, where money is captured per parcel; and what goes with the first parcel besides. */
  goods: readonly LineWorth[]
  charges: number
  parcels: readonly string[]
  url?: string
  reference?: string
  declines: number
  authorized: number
  captured: number
  voided: number
  captures: readonly Capture[]
  refunds: readonly Refund[]
  voiding: boolean
  /** The provider's last word without money: no more is expected, though it may still come. */
  ended?: 'failed' | 'cancelled' | 'voided'
  unknown?: 'authorize' | 'capture' | 'refund' | 'void'
}>
export type Payment = Readonly<{ status: 'unstarted' }> | Started
export const unstarted: Payment = { status: 'unstarted' }

const sum = (amounts: readonly Readonly<{ amount: number }>[]): number => amounts.reduce((total, { amount }) => total + amount, 0)

export const capturesAsked = (payment: Started): number => sum(payment.captures.filter(({ step }) => step === 'asked'))
export const refunded = (payment: Started): number => sum(payment.refunds.filter(({ step }) => step === 'done'))
/** Refunds that were asked for or done: the bound for the next one counts both. */
export const refundsTaken = (payment: Started): number => sum(payment.refunds.filter(({ step }) => step !== 'failed'))
/** Authorised and neither captured, being captured, nor given back. */
export const free = (payment: Started): number => payment.authorized - payment.voided - payment.captured - capturesAsked(payment)
/** What may still be captured: authorised, and wanted. */
export const capturable = (payment: Started): number =>
  Math.max(0, Math.min(free(payment), payment.wanted - payment.captured - capturesAsked(payment)))
/** What may still be refunded. */
export const refundable = (payment: Started): number => payment.captured - refundsTaken(payment)
/** The part of the order that this payment pays for: what is given freely (a return, goodwill) does not make it due again. */
export const covering = (payment: Started): number =>
  payment.authorized - payment.voided - sum(payment.refunds.filter((refund) => refund.owed && refund.step !== 'failed'))
/** What was captured beyond what the order is worth and what was given freely. An owed refund that failed is not asked twice. */
export const owed = (payment: Started): number => {
  const given = sum(payment.refunds.filter((refund) => !refund.owed && refund.step !== 'failed'))
  const leaving = sum(payment.refunds.filter((refund) => refund.owed || refund.step !== 'failed'))
  return Math.max(0, payment.captured - leaving - Math.max(0, payment.wanted - given))
}
/** Whether the buyer may pay on the hosted page now. */
export const isOpen = (payment: Started): boolean =>
  payment.authorized === 0 && payment.ended === undefined && payment.wanted > 0 && payment.unknown === undefined

/** Whether people must look: the provider's answer is missing, or its last refund or capture was declined. */
export const isInTrouble = (payment: Payment): boolean =>
  payment.status === 'started' &&
  (payment.unknown !== undefined || payment.refunds.at(-1)?.step === 'failed' || payment.captures.at(-1)?.step === 'failed')

export const paymentStatus = (payment: Started): PaymentStatus => {
  if (payment.unknown !== undefined) return 'unknown'
  const back = refunded(payment)
  if (payment.captured > 0) {
    if (back >= payment.captured) return 'refunded'
    if (back > 0) return 'partially_refunded'
    return payment.captured >= payment.authorized - payment.voided ? 'captured' : 'partially_captured'
  }
  if (payment.authorized > 0) return payment.voided >= payment.authorized ? 'voided' : 'authorized'
  if (payment.ended === 'voided') return 'voided'
  return payment.ended === undefined ? 'pending' : 'failed'
}

export const evolve = (state: Payment, event: PaymentEvent): Payment => {
  if (event.type === 'PaymentStarted') return begin(event)
  const payment = only(state, 'started')
  switch (event.type) {
    case 'PaymentPageReady':
      return { ...payment, url: event.url, reference: event.reference }
    case 'PaymentAuthorized':
      return { ...known(payment, 'authorize'), authorized: payment.authorized + event.amount, reference: event.reference }
    case 'PaymentCaptured': {
      const captures = afterCapture(payment.captures, event.amount, event.capture)
      return { ...known(payment, 'capture'), captured: payment.captured + event.amount, captures, voiding: false }
    }
    case 'PaymentDeclined':
      return { ...known(payment, 'authorize'), declines: payment.declines + 1 }
    case 'PaymentFailed':
      return { ...known(payment, 'authorize'), ended: 'failed' }
    case 'PaymentCancelled':
      return { ...known(payment, 'authorize'), ended: 'cancelled' }
    case 'PaymentVoided': {
      const voided = payment.voided + event.amount
      const ended = payment.authorized === 0 ? { ended: 'voided' as const } : {}
      return { ...known(known(payment, 'void'), payment.authorized === 0 ? 'authorize' : 'void'), voided, voiding: false, ...ended }
    }
    case 'VoidRequested':
      return { ...payment, voiding: true }
    case 'CaptureRequested':
      return { ...payment, captures: [...payment.captures, { id: event.capture, amount: event.amount, step: 'asked' }] }
    case 'CaptureFailed':
      return { ...known(payment, 'capture'), captures: withStep(payment.captures, event.capture, 'failed') }
    case 'RefundRequested': {
      const refund: Refund = { id: event.refund, amount: event.amount, step: 'asked', owed: event.owed === true }
      return { ...payment, refunds: [...payment.refunds, refund] }
    }
    case 'PaymentRefunded': {
      const isOurs = payment.refunds.some(({ id }) => id === event.refund)
      const outside: Refund = { id: event.refund, amount: event.amount, step: 'done', owed: false }
      const refunds = isOurs ? withStep(payment.refunds, event.refund, 'done') : [...payment.refunds, outside]
      return { ...known(payment, 'refund'), refunds }
    }
    case 'RefundFailed':
      return { ...known(payment, 'refund'), refunds: withStep(payment.refunds, event.refund, 'failed') }
    case 'PaymentUnknown':
      return { ...payment, unknown: event.asked }
    case 'MoneyWanted': {
      const goods = event.cancelled === undefined ? payment.goods : takeOut(payment.goods, event.cancelled).left
      return { ...payment, wanted: event.amount, total: event.total, goods, closed: payment.closed || event.closed === true }
    }
    case 'ParcelBilled':
      return {
        ...payment,
        goods: takeOut(payment.goods, event.lines).left,
        charges: 0,
        parcels: [...payment.parcels, event.parcel],
      }
  }
}

const begin = (event: Extract<PaymentEvent, { type: 'PaymentStarted' }>): Started => {
  const { order, amount, currency, method, provider, captureAt, goods = [], total = amount } = event
  return {
    status: 'started',
    order,
    amount,
    currency,
    method,
    provider,
    captureAt,
    total,
    wanted: amount,
    closed: false,
    goods,
    charges: Math.max(0, total - worth(goods)),
    parcels: [],
    declines: 0,
    authorized: 0,
    captured: 0,
    voided: 0,
    captures: [],
    refunds: [],
    voiding: false,
  }
}

/** An answer about what was unknown makes it known; an answer about something else does not. */
const known = (payment: Started, about: NonNullable<Started['unknown']>): Started => {
  if (payment.unknown !== about) return payment
  const { unknown: _, ...rest } = payment
  return rest
}

const withStep = <Item extends Readonly<{ id: string; step: Step }>>(items: readonly Item[], id: string, step: Step): Item[] =>
  items.map((item) => (item.id === id ? { ...item, step } : item))

/** News without a capture's id answers the captures it covers, oldest first. */
const afterCapture = (captures: readonly Capture[], amount: number, id: string | undefined): readonly Capture[] => {
  if (id !== undefined) return withStep(captures, id, 'done')
  let covered = amount
  return captures.map((capture) => {
    if (capture.step !== 'asked' || capture.amount > covered) return capture
    covered -= capture.amount
    return { ...capture, step: 'done' }
  })
}
