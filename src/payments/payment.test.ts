import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fold, isRefusal } from '../kernel/decider.ts'
import type { OrderId } from '../kernel/ids.ts'
import type { PaymentEvent } from './contract.ts'
import { payment, type PaymentCommand, type PaymentReason } from './payment.ts'
import { paymentStatus } from './payment-state.ts'

const order = '0193b7a0-0000-7000-8000-000000000001' as OrderId
const reference = 'sim_1'
const base = { order, amount: 100, currency: 'GBP', method: 'CREDIT_CARD', provider: 'simulated', total: 100 } as const
const started: PaymentEvent = { type: 'PaymentStarted', ...base, captureAt: 'placement' }
const goods = [
  { line: 0, quantity: 3, worth: 50 },
  { line: 1, quantity: 1, worth: 40 },
]
const startedForShipment: PaymentEvent = { type: 'PaymentStarted', ...base, captureAt: 'shipment', goods }
const page: PaymentEvent = { type: 'PaymentPageReady', order, url: 'http://x/y', reference }
const authorized = (amount = 100): PaymentEvent => ({ type: 'PaymentAuthorized', order, amount, reference })
const captured = (amount: number, capture?: string): PaymentEvent => ({
  type: 'PaymentCaptured',
  order,
  amount,
  reference,
  ...(capture === undefined ? {} : { capture }),
})
const captureAsked = (capture: string, amount: number): PaymentEvent => ({ type: 'CaptureRequested', order, capture, amount })
const wanted = (amount: number, more: Partial<Extract<PaymentEvent, { type: 'MoneyWanted' }>> = {}): PaymentEvent => {
  return { type: 'MoneyWanted', order, amount, total: amount, reason: 'why', ...more }
}
const want = (amount: number, more: Partial<Extract<PaymentCommand, { do: 'want' }>> = {}): PaymentCommand => {
  return { do: 'want', amount, total: amount, reason: 'why', ...more }
}
const owedBack = (refund: string, amount: number): PaymentEvent => {
  return { type: 'RefundRequested', order, refund, amount, reason: 'not_owed_any_more', owed: true }
}
const refundAsked = (refund: string, amount: number): PaymentEvent => ({
  type: 'RefundRequested',
  order,
  refund,
  amount,
  reason: 'kind',
})
const refundDone = (refund: string, amount: number): PaymentEvent => ({
  type: 'PaymentRefunded',
  order,
  refund,
  amount,
  reference: 'r',
})
const voidAsked = (amount: number): PaymentEvent => ({ type: 'VoidRequested', order, amount })
const failed: PaymentEvent = { type: 'PaymentFailed', order, reason: 'no' }
const success = (isCaptured?: boolean, amount = 100): PaymentCommand => {
  return { do: 'recordSuccess', amount, currency: 'GBP', reference, captured: isCaptured }
}
const told = (total: number, capture?: string): PaymentCommand => {
  return { do: 'recordCaptured', amount: total, currency: 'GBP', reference, capture }
}
const fails: PaymentCommand = { do: 'recordFailed', reason: 'no' }
const bill = (parcel: string, line: number, quantity: number, whole = false): PaymentCommand => {
  return { do: 'billParcel', parcel, lines: [{ line, quantity }], whole }
}

const given = (...past: readonly PaymentEvent[]) => ({
  when: (command: PaymentCommand) => {
    const verdict = payment.decide(command, fold(payment.evolve, payment.initial, past))
    return {
      gives: (...expected: readonly PaymentEvent[]) => assert.deepEqual(verdict, expected),
      thenNothing: () => assert.deepEqual(verdict, []),
      thenRefused: (reason: PaymentReason) => assert.equal(isRefusal(verdict) ? verdict.refused : verdict, reason),
    }
  },
  is: (status: string) => {
    const state = fold(payment.evolve, payment.initial, past)
    assert.equal(state.status === 'started' ? paymentStatus(state) : state.status, status)
  },
})

describe('Paying', () => {
  const start: PaymentCommand = { do: 'start', ...base, captureAt: 'placement', goods: [] }
  it('begins once', () => given().when(start).gives(started))
  it('is refused twice under one id', () => given(started).when(start).thenRefused('payment_exists'))
  it('is refused for nothing', () =>
    given()
      .when({ ...start, amount: 0 })
      .thenRefused('amount_invalid'))
  it('is refused for half a penny', () =>
    given()
      .when({ ...start, amount: 0.5 })
      .thenRefused('amount_invalid'))
  it('is refused where there is no payment', () => given().when(success()).thenRefused('payment_not_found'))
  it('captures at placement when the provider says so', () =>
    given(started, page).when(success()).gives(authorized(), captured(100)))
  it('asks for the capture when it was only authorised', () =>
    given(started, page).when(success(false)).gives(authorized(), captureAsked('placement-1', 100)))
  it('only authorises where money is captured at shipment', () =>
    given(startedForShipment, page).when(success()).gives(authorized()))
  it('may be told before the page is known', () => given(started).when(success()).gives(authorized(), captured(100)))
  it('counts once when told twice', () => given(started, page, authorized(), captured(100)).when(success()).thenNothing())
  it('takes the authorisation that comes after its capture as known', () =>
    given(started, page, authorized(), captured(100)).when(success(false)).thenNothing())
  it('refuses more than was asked for', () => given(started, page).when(success(true, 101)).thenRefused('amount_mismatch'))
  it('refuses another currency', () =>
    given(started, page).when({ do: 'recordAuthorized', amount: 100, currency: 'EUR', reference }).thenRefused('currency_mismatch'))
  it('refuses another reference', () =>
    given(started, page)
      .when({ do: 'recordAuthorized', amount: 100, currency: 'GBP', reference: 'x' })
      .thenRefused('reference_mismatch'))
})

describe('Failing', () => {
  it('ends a payment that is open', () => given(started, page).when(fails).gives(failed))
  it('ends it once', () => given(started, page, failed).when(fails).thenNothing())
  it('never undoes money, however late it comes', () => given(started, page, authorized()).when(fails).thenNothing())
  it('never undoes captured money by a cancellation', () =>
    given(started, page, authorized(), captured(100)).when({ do: 'recordCancelled', reason: 'late' }).thenNothing())
  it('is overtaken by money that comes after all', () =>
    given(started, page, failed).when(success()).gives(authorized(), captured(100)))
  it('keeps the page open when one attempt is declined', () =>
    given(started, page).when({ do: 'recordDeclined', reason: 'card' }).gives({ type: 'PaymentDeclined', order, reason: 'card' }))
  it('of an attempt that another replaced is not the order’s', () =>
    given(started, wanted(0)).when(fails).gives({ type: 'PaymentVoided', order, amount: 0 }))
  it('says nothing of an attempt that the provider was asked to give up: its answer will', () =>
    given(started, page, wanted(0), voidAsked(0)).when(fails).thenNothing())
})

describe('Capturing', () => {
  const placed = [started, page, authorized()] as const
  it('is bounded by what is authorised', () =>
    given(...placed)
      .when({ do: 'requestCapture', capture: 'c', amount: 101 })
      .thenRefused('capture_exceeds_authorized'))
  it('counts what is being captured', () =>
    given(...placed, captureAsked('a', 80))
      .when({ do: 'requestCapture', capture: 'c', amount: 21 })
      .thenRefused('capture_exceeds_authorized'))
  it('is asked once by its id', () =>
    given(...placed, captureAsked('a', 80))
      .when({ do: 'requestCapture', capture: 'a', amount: 80 })
      .thenNothing())
  it('is recorded by the provider’s total', () =>
    given(...placed, captureAsked('a', 80))
      .when(told(80, 'a'))
      .gives(captured(80, 'a'), captureAsked('placement-2', 20)))
  it('is recorded once', () =>
    given(...placed, captureAsked('a', 100), captured(100, 'a'))
      .when(told(100, 'a'))
      .thenNothing())
  it('is known when a webhook was faster than the answer', () =>
    given(...placed, captureAsked('a', 100), captured(100))
      .when(told(100, 'a'))
      .thenNothing())
  it('that is declined is left to people', () =>
    given(...placed, captureAsked('a', 100))
      .when({ do: 'captureFailed', capture: 'a', reason: 'no' })
      .gives({ type: 'CaptureFailed', order, capture: 'a', amount: 100, reason: 'no' }))
  it('answers what was unknown', () => {
    given(...placed, captureAsked('a', 100), { type: 'PaymentUnknown', order, asked: 'capture' }).is('unknown')
    given(...placed, captureAsked('a', 100), { type: 'PaymentUnknown', order, asked: 'capture' }, captured(100, 'a')).is('captured')
  })
})

describe('Capturing by parcel', () => {
  const ready = [startedForShipment, page, authorized()] as const
  const billed = (parcel: string, line: number, quantity: number): PaymentEvent => {
    return { type: 'ParcelBilled', order, parcel, lines: [{ line, quantity }] }
  }
  it('takes the goods, and the charges with the first', () =>
    given(...ready)
      .when(bill('p1', 1, 1))
      .gives(billed('p1', 1, 1), captureAsked('p1', 50)))
  it('takes each parcel once', () =>
    given(...ready, billed('p1', 1, 1), captureAsked('p1', 50))
      .when(bill('p1', 1, 1))
      .thenNothing())
  it('takes the last penny with the last parcel', () =>
    given(...ready, billed('p1', 0, 1), captureAsked('p1', 27), captured(27, 'p1'), billed('p2', 1, 1), captureAsked('p2', 40))
      .when(bill('p3', 0, 2))
      .gives(billed('p3', 0, 2), captureAsked('p3', 33)))
  it('takes everything at once where several payments add up', () =>
    given(...ready)
      .when(bill('p1', 0, 1, true))
      .gives(billed('p1', 0, 1), captureAsked('p1', 100)))
  it('takes less when units were cancelled, and gives the rest back', () => {
    const cancelled = wanted(60, { cancelled: [{ line: 1, quantity: 1 }] })
    given(...ready)
      .when(want(60, { cancelled: [{ line: 1, quantity: 1 }] }))
      .gives(cancelled)
    given(...ready, cancelled)
      .when(bill('p1', 0, 3))
      .gives(billed('p1', 0, 3), captureAsked('p1', 60))
    given(...ready, cancelled, billed('p1', 0, 3), captureAsked('p1', 60))
      .when(told(60, 'p1'))
      .gives(captured(60, 'p1'), voidAsked(40))
  })
})

describe('Giving back', () => {
  const paid = [started, page, authorized(), captured(100)] as const
  it('refunds exactly what the order is worth less', () =>
    given(...paid)
      .when(want(70))
      .gives(wanted(70), owedBack('owed-1', 30)))
  it('refunds all when the order is cancelled', () =>
    given(...paid)
      .when(want(0, { closed: true }))
      .gives(wanted(0, { closed: true }), owedBack('owed-1', 100)))
  it('does nothing the second time', () =>
    given(...paid, wanted(0, { closed: true }), owedBack('owed-1', 100))
      .when(want(0, { closed: true }))
      .thenNothing())
  it('refunds money that comes after the cancellation', () =>
    given(started, page, wanted(0, { closed: true }), voidAsked(0), { type: 'PaymentVoided', order, amount: 0 })
      .when(success())
      .gives(authorized(), captured(100), owedBack('owed-1', 100)))
  it('voids what is only authorised', () =>
    given(startedForShipment, page, authorized()).when(want(0)).gives(wanted(0), voidAsked(100)))
  it('closes the page on which nobody paid', () => given(started, page).when(want(0)).gives(wanted(0), voidAsked(0)))
  it('closes a page that is not there yet as soon as it is', () =>
    given(started, wanted(0)).when({ do: 'pageReady', url: 'http://x/y', reference }).gives(page, voidAsked(0)))
  it('waits for a capture on its way, then refunds it', () => {
    const capturing = [started, page, authorized(), captureAsked('a', 100)] as const
    given(...capturing)
      .when(want(0))
      .gives(wanted(0))
    given(...capturing, wanted(0))
      .when(told(100, 'a'))
      .gives(captured(100, 'a'), owedBack('owed-1', 100))
  })
  it('does not ask twice for an owed refund that failed', () =>
    given(...paid, wanted(0), owedBack('owed-1', 100), { type: 'RefundFailed', order, refund: 'owed-1', amount: 100, reason: 'no' })
      .when(want(0, { closed: true }))
      .gives(wanted(0, { closed: true })))
  it('counts what was given freely towards what is owed', () =>
    given(...paid, refundAsked('kind', 10), refundDone('kind', 10))
      .when(want(60))
      .gives(wanted(60), owedBack('owed-2', 40)))
})

describe('Refunding freely', () => {
  const paid = [started, page, authorized(), captured(100)] as const
  const ask = (amount?: number): PaymentCommand => ({ do: 'requestRefund', refund: 'r', amount, reason: 'kind' })
  it('gives all there is when no amount is said', () =>
    given(...paid)
      .when(ask())
      .gives(refundAsked('r', 100)))
  it('is bounded by what is left', () =>
    given(...paid, refundAsked('a', 60))
      .when(ask(41))
      .thenRefused('refund_exceeds_captured'))
  it('refuses the second of two full refunds', () =>
    given(...paid, refundAsked('a', 100))
      .when(ask(100))
      .thenRefused('not_refundable'))
  it('refuses a negative amount', () =>
    given(...paid)
      .when(ask(-1))
      .thenRefused('amount_invalid'))
  it('refuses where nothing is captured', () => given(started, page, authorized()).when(ask(1)).thenRefused('not_refundable'))
  it('is done once', () => {
    const done: PaymentCommand = { do: 'recordRefunded', refund: 'a', amount: 60, reference: 'r' }
    given(...paid, refundAsked('a', 60))
      .when(done)
      .gives(refundDone('a', 60))
    given(...paid, refundAsked('a', 60), refundDone('a', 60))
      .when(done)
      .thenNothing()
  })
  it('shows', () => {
    given(...paid, refundAsked('a', 60), refundDone('a', 60)).is('partially_refunded')
    given(...paid, refundAsked('a', 100), refundDone('a', 100)).is('refunded')
  })
  it('frees the amount again when it failed', () =>
    given(...paid, refundAsked('a', 100), { type: 'RefundFailed', order, refund: 'a', amount: 100, reason: 'no' })
      .when(ask(100))
      .gives(refundAsked('r', 100)))
})

describe('Voiding by staff', () => {
  const ask: PaymentCommand = { do: 'requestVoid', reason: 'why' }
  it('gives back what is authorised', () =>
    given(startedForShipment, page, authorized())
      .when(ask)
      .gives(wanted(0, { total: 100 }), voidAsked(100)))
  it('is refused where all is captured', () =>
    given(started, page, authorized(), captured(100)).when(ask).thenRefused('not_voidable'))
  it('is recorded once', () => {
    const done: PaymentCommand = { do: 'recordVoided', amount: 100 }
    const past = [startedForShipment, page, authorized(), wanted(0), voidAsked(100)] as const
    given(...past)
      .when(done)
      .gives({ type: 'PaymentVoided', order, amount: 100 })
    given(...past, { type: 'PaymentVoided', order, amount: 100 })
      .when(done)
      .thenNothing()
    given(...past, { type: 'PaymentVoided', order, amount: 100 }).is('voided')
  })
})
