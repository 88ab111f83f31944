/**
 * The life of one payment: an attempt to pay for one order. Pure.
 *
 * Providers tell their news twice, late and in any order, so news is taken as what the provider says is true in total
 * ("authorised so far", "captured so far") and compared with what is known: a total that is no higher is nothing new, and
 * news of failure never undoes money. What has to follow (capture, refund, void) is derived from the amounts afterwards.
 */
import { type Decider, fold, type Refusal, refuse } from '../kernel/decider.ts'
import type { OrderId, PersonRef } from '../kernel/ids.ts'
import type { LineUnits } from '../orders/contract.ts'
import type { LineWorth, PaymentEvent, PaymentMethod } from './contract.ts'
import { takeOut } from './goods.ts'
import {
  capturable,
  capturesAsked,
  evolve,
  free,
  isOpen,
  owed,
  type Payment,
  refundable,
  type Started,
  unstarted,
} from './payment-state.ts'

/** What the provider says in total; `reference` is its name for the payment. */
type Told = Readonly<{ amount: number; currency: string; reference?: string | undefined }>

export type PaymentCommand = Readonly<
  | {
      do: 'start'
      order: OrderId
      amount: number
      total: number
      currency: string
      method: PaymentMethod
      provider: string
      captureAt: 'placement' | 'shipment'
      goods: readonly LineWorth[]
    }
  | { do: 'pageReady'; url: string; reference: string }
  /** `Payment_Success`: captured or only authorised, as it says or else as the payment was started. */
  | ({ do: 'recordSuccess'; captured?: boolean | undefined } & Told)
  | ({ do: 'recordAuthorized' } & Told)
  | ({ do: 'recordCaptured'; capture?: string | undefined } & Told)
  | { do: 'recordDeclined'; reason: string }
  | { do: 'recordFailed'; reason: string }
  | { do: 'recordCancelled'; reason: string }
  | { do: 'recordUnknown'; asked: 'authorize' | 'capture' | 'refund' | 'void' }
  /** Without an amount: all that may still be captured. */
  | { do: 'requestCapture'; capture: string; amount?: number | undefined }
  | { do: 'captureFailed'; capture: string; reason: string }
  /** A parcel left: `whole` captures everything at once. */
  | { do: 'billParcel'; parcel: string; lines: readonly LineUnits[]; whole: boolean }
  | { do: 'requestRefund'; refund: string; amount?: number | undefined; reason: string; note?: PersonRef }
  | { do: 'recordRefunded'; refund: string; amount: number; reference: string }
  | { do: 'refundFailed'; refund: string; reason: string }
  | { do: 'requestVoid'; reason: string }
  /** `amount`: what was given back in total. */
  | { do: 'recordVoided'; amount: number }
  /** How much the order may keep; derived refunds and voids follow. */
  | {
      do: 'want'
      amount: number
      total: number
      reason: string
      cancelled?: readonly LineUnits[] | undefined
      closed?: boolean | undefined
    }
>

export type PaymentReason =
  | 'payment_not_found'
  | 'payment_exists'
  | 'amount_invalid'
  | 'amount_mismatch'
  | 'currency_mismatch'
  | 'reference_mismatch'
  | 'not_capturable'
  | 'capture_exceeds_authorized'
  | 'not_refundable'
  | 'refund_exceeds_captured'
  | 'not_voidable'

type Verdict = readonly PaymentEvent[] | Refusal<PaymentReason>

const decide = (command: PaymentCommand, payment: Payment): Verdict => {
  if (command.do === 'start') return start(command, payment)
  if (payment.status === 'unstarted') return refuse('payment_not_found', 'there is no such payment')
  const { order } = payment
  switch (command.do) {
    case 'pageReady':
      if (payment.url !== undefined) return []
      return settled(payment, [{ type: 'PaymentPageReady', order, url: command.url, reference: command.reference }])
    case 'recordSuccess':
      return (command.captured ?? payment.captureAt === 'placement') ? captured(command, payment) : authorized(command, payment)
    case 'recordAuthorized':
      return authorized(command, payment)
    case 'recordCaptured':
      return captured(command, payment)
    case 'recordDeclined':
      return isDecided(payment) ? [] : [{ type: 'PaymentDeclined', order, reason: command.reason }]
    case 'recordFailed':
      if (isDecided(payment)) return []
      if (payment.wanted === 0) return notWanted(payment)
      return [{ type: 'PaymentFailed', order, reason: command.reason }]
    case 'recordCancelled':
      if (isDecided(payment)) return []
      if (payment.wanted === 0) return notWanted(payment)
      return [{ type: 'PaymentCancelled', order, reason: command.reason }]
    case 'recordUnknown':
      if (payment.unknown !== undefined || !isAsked(payment, command.asked)) return []
      return [{ type: 'PaymentUnknown', order, asked: command.asked }]
    case 'requestCapture':
      return requestCapture(command, payment)
    case 'captureFailed': {
      const capture = payment.captures.find(({ id }) => id === command.capture)
      if (capture?.step !== 'asked') return []
      return settled(payment, [
        { type: 'CaptureFailed', order, capture: capture.id, amount: capture.amount, reason: command.reason },
      ])
    }
    case 'billParcel':
      return billParcel(command, payment)
    case 'requestRefund':
      return requestRefund(command, payment)
    case 'recordRefunded':
      return recordRefunded(command, payment)
    case 'refundFailed': {
      const refund = payment.refunds.find(({ id }) => id === command.refund)
      if (refund?.step !== 'asked') return []
      return [{ type: 'RefundFailed', order, refund: refund.id, amount: refund.amount, reason: command.reason }]
    }
    case 'requestVoid':
      return requestVoid(command, payment)
    case 'recordVoided': {
      const amount = Math.min(command.amount, payment.authorized - payment.captured) - payment.voided
      return amount > 0 || payment.voiding ? [{ type: 'PaymentVoided', order, amount: Math.max(0, amount) }] : []
    }
    case 'want':
      return want(command, payment)
  }
}

/**
 * Another attempt took this one's place, or its order is gone: its end is not the order's. Where the provider was asked to
 * give it up, only its answer counts: a failure may be told late, after the buyer has paid all the same.
 */
const notWanted = ({ order, voiding }: Started): readonly PaymentEvent[] =>
  voiding ? [] : [{ type: 'PaymentVoided', order, amount: 0 }]

const start = (command: Extract<PaymentCommand, { do: 'start' }>, payment: Payment): Verdict => {
  if (payment.status === 'started') return refuse('payment_exists', 'this payment was started before')
  const { order, amount, total, currency, method, provider, captureAt, goods } = command
  if (!isAmount(amount)) return refuse('amount_invalid', 'a payment is a whole, positive number of minor units')
  const base = { type: 'PaymentStarted', order, amount, currency, method, provider, captureAt, total } as const
  return [captureAt === 'shipment' ? { ...base, goods } : base]
}

const authorized = (told: Told, payment: Started): Verdict => {
  const wrong = disagreement(told, payment)
  if (wrong !== undefined) return wrong
  return settled(payment, authorization(told, payment))
}

const captured = (told: Told & Readonly<{ capture?: string | undefined }>, payment: Started): Verdict => {
  const wrong = disagreement(told, payment)
  if (wrong !== undefined) return wrong
  const amount = told.amount - payment.captured
  const isOpenCapture = payment.captures.some(({ id, step }) => id === told.capture && step === 'asked')
  if (amount <= 0 && !isOpenCapture) return []
  const capture = isOpenCapture && told.capture !== undefined ? { capture: told.capture } : {}
  const news: PaymentEvent = {
    type: 'PaymentCaptured',
    order: payment.order,
    amount: Math.max(0, amount),
    reference: told.reference ?? payment.reference ?? '',
    ...capture,
  }
  // What is captured was authorised, also where that news is late or lost; money given back as unneeded was not, after all.
  return settled(payment, [...authorization({ ...told, amount: told.amount + payment.voided }, payment), news])
}

/** The part of what is authorised in total that is news. */
const authorization = (told: Told, payment: Started): readonly PaymentEvent[] => {
  const amount = told.amount - payment.authorized
  const reference = told.reference ?? payment.reference ?? ''
  return amount > 0 ? [{ type: 'PaymentAuthorized', order: payment.order, amount, reference }] : []
}

const disagreement = (told: Told, payment: Started): Refusal<PaymentReason> | undefined => {
  if (told.currency !== payment.currency) {
    return refuse('currency_mismatch', `the payment is in ${payment.currency}, the news says ${told.currency}`)
  }
  if (!isAmount(told.amount) || told.amount > payment.amount) {
    return refuse('amount_mismatch', `the payment is of ${payment.amount} ${payment.currency}, the news says ${told.amount}`)
  }
  if (told.reference !== undefined && payment.reference !== undefined && told.reference !== payment.reference) {
    return refuse('reference_mismatch', `the provider's reference is ${payment.reference}, the news says ${told.reference}`)
  }
  return undefined
}

const requestCapture = (command: Extract<PaymentCommand, { do: 'requestCapture' }>, payment: Started): Verdict => {
  if (payment.captures.some(({ id }) => id === command.capture)) return []
  const most = capturable(payment)
  const { capture, amount = most } = command
  if (most === 0 || payment.voiding) return refuse('not_capturable', 'nothing is authorised that could be captured')
  if (!isAmount(amount)) return refuse('amount_invalid', 'capture a whole, positive number of minor units')
  if (amount > most) return refuse('capture_exceeds_authorized', `at most ${most} may be captured`, { most })
  return [{ type: 'CaptureRequested', order: payment.order, capture, amount }]
}

const billParcel = (command: Extract<PaymentCommand, { do: 'billParcel' }>, payment: Started): Verdict => {
  const { parcel, lines, whole } = command
  if (payment.captureAt !== 'shipment' || payment.parcels.includes(parcel)) return []
  const { taken, left } = takeOut(payment.goods, lines)
  const most = payment.voiding ? 0 : capturable(payment)
  // The last parcel takes all that is still wanted: parts and rounding then sum to the total exactly.
  const amount = whole || left.length === 0 ? most : Math.min(most, taken + payment.charges)
  const billed: PaymentEvent = { type: 'ParcelBilled', order: payment.order, parcel, lines }
  if (amount === 0) return settled(payment, [billed])
  return settled(payment, [billed, { type: 'CaptureRequested', order: payment.order, capture: parcel, amount }])
}

const requestRefund = (command: Extract<PaymentCommand, { do: 'requestRefund' }>, payment: Started): Verdict => {
  if (payment.refunds.some(({ id }) => id === command.refund)) return []
  const most = refundable(payment)
  const { refund, reason, amount = most } = command
  if (most === 0) return refuse('not_refundable', 'nothing is captured that could be refunded')
  if (!isAmount(amount)) return refuse('amount_invalid', 'refund a whole, positive number of minor units')
  if (amount > most) return refuse('refund_exceeds_captured', `at most ${most} may be refunded`, { most })
  const note = command.note === undefined ? {} : { note: command.note }
  return [{ type: 'RefundRequested', order: payment.order, refund, amount, reason, ...note }]
}

const recordRefunded = (command: Extract<PaymentCommand, { do: 'recordRefunded' }>, payment: Started): Verdict => {
  const { refund, amount, reference } = command
  const known = payment.refunds.find(({ id }) => id === refund)
  if (known?.step === 'done') return []
  if (known !== undefined && known.amount !== amount) {
    return refuse('amount_mismatch', `refund ${refund} is of ${known.amount}, the news says ${amount}`)
  }
  // One that we did not ask for was made at the provider's own desk: a fact, as long as the money was there.
  const most = known?.step === 'asked' ? amount : refundable(payment)
  if (!isAmount(amount) || amount > most) return refuse('refund_exceeds_captured', `at most ${most} may be refunded`, { most })
  return [{ type: 'PaymentRefunded', order: payment.order, refund, amount, reference }]
}

const requestVoid = (command: Extract<PaymentCommand, { do: 'requestVoid' }>, payment: Started): Verdict => {
  if (payment.voiding) return []
  const openPage = payment.authorized === 0 && payment.ended === undefined
  if (capturesAsked(payment) > 0 || (free(payment) === 0 && !openPage)) {
    return refuse('not_voidable', 'nothing is authorised that could be given back')
  }
  const { order, total, captured: amount } = payment
  if (payment.wanted <= amount) return []
  return settled(payment, [{ type: 'MoneyWanted', order, amount, total, reason: command.reason }])
}

const want = (command: Extract<PaymentCommand, { do: 'want' }>, payment: Started): Verdict => {
  const { total, reason, cancelled = [], closed = false } = command
  const amount = Math.min(command.amount, payment.amount)
  // Money that was asked back is not wanted again: the provider may have given it up already.
  if (payment.closed || (payment.wanted < amount && (payment.voiding || payment.ended === 'voided'))) return []
  if (amount === payment.wanted && total === payment.total && cancelled.length === 0 && !closed) return []
  return settled(payment, [
    {
      type: 'MoneyWanted',
      order: payment.order,
      amount,
      total,
      reason,
      ...(cancelled.length === 0 ? {} : { cancelled }),
      ...(closed ? { closed } : {}),
    },
  ])
}

/** Adds what follows from the amounts: capture at placement, a refund of what is owed, a void of what is not needed. */
const settled = (payment: Started, events: readonly PaymentEvent[]): readonly PaymentEvent[] => {
  const all = [...events]
  if (all.length === 0) return all
  for (const follow of [captureNow, giveBack, letGo]) {
    const after = fold(evolve, payment, all)
    if (after.status === 'started') all.push(...follow(after))
  }
  return all
}

const captureNow = (payment: Started): readonly PaymentEvent[] => {
  const amount = capturable(payment)
  // A capture that the provider declined is for people to look at, not asked again by itself.
  const declined = payment.captures.some(({ step }) => step === 'failed')
  if (payment.captureAt !== 'placement' || amount === 0 || payment.voiding || declined) return []
  const capture = `placement-${payment.captures.length + 1}`
  return [{ type: 'CaptureRequested', order: payment.order, capture, amount }]
}

const giveBack = (payment: Started): readonly PaymentEvent[] => {
  const amount = owed(payment)
  if (amount === 0) return []
  const refund = owedName(payment)
  return [{ type: 'RefundRequested', order: payment.order, refund, amount, reason: 'not_owed_any_more', owed: true }]
}

/** One that nobody took: refunds made at the provider's own desk are named as it likes. */
const owedName = ({ refunds }: Started): string => {
  let number = refunds.length + 1
  while (refunds.some(({ id }) => id === `owed-${number}`)) number += 1
  return `owed-${number}`
}

const letGo = (payment: Started): readonly PaymentEvent[] => {
  const asked: PaymentEvent = { type: 'VoidRequested', order: payment.order, amount: free(payment) }
  if (payment.voiding || payment.reference === undefined || capturesAsked(payment) > 0) return []
  if (payment.authorized === 0) return payment.wanted === 0 && payment.ended === undefined ? [asked] : []
  return free(payment) > 0 && payment.captured >= payment.wanted ? [asked] : []
}

/** It has money, or the provider's last word: a later failure changes nothing. */
const isDecided = (payment: Started): boolean => payment.authorized > 0 || payment.ended !== undefined

const isAsked = (payment: Started, what: 'authorize' | 'capture' | 'refund' | 'void'): boolean => {
  if (what === 'authorize') return isOpen(payment)
  if (what === 'capture') return capturesAsked(payment) > 0
  return what === 'refund' ? payment.refunds.some(({ step }) => step === 'asked') : payment.voiding
}

const isAmount = (amount: number): boolean => Number.isSafeInteger(amount) && amount > 0

export const payment: Decider<PaymentCommand, PaymentEvent, Payment, PaymentReason> = { initial: unstarted, decide, evolve }
