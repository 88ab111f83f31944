/** What other rooms may know of payments. A payment is one attempt to pay for one order; its stream is the payment's id. */
import type { Instant, OrderId, PersonRef } from '../kernel/ids.ts'
import type { LineUnits } from '../orders/contract.ts'

export type PaymentMethod = 'CREDIT_CARD' | 'DEBIT_CARD' | 'PAYPAL' | (string & {})
export type PaymentStatus =
  | 'pending'
  | 'authorized'
  | 'partially_captured'
  | 'captured'
  | 'partially_refunded'
  | 'refunded'
  | 'voided'
  | 'failed'
  | 'unknown'

/** What the units of one order line that have not left yet are worth together, discounts taken off. */
export type LineWorth = LineUnits & Readonly<{ worth: number }>

/** Every fact carries the order, so that its reaction needs nothing else. Amounts are minor units. */
export type PaymentEvent = Readonly<
  | {
      type: 'PaymentStarted'
      order: OrderId
      amount: number
      currency: string
      method: PaymentMethod
      provider: string
      captureAt: 'placement' | 'shipment'
      /** What the whole order comes to; the payment's amount may be the part that others do not cover. */
      total?: number
      /** Kept where it is captured per parcel: what each line is worth at its frozen price. */
      goods?: readonly LineWorth[]
    }
  /** The provider's hosted page is ready. */
  | { type: 'PaymentPageReady'; order: OrderId; url: string; reference: string }
  | { type: 'PaymentAuthorized'; order: OrderId; amount: number; reference: string }
  /** Always part of what was authorised before on the same stream; `capture` where it answers a `CaptureRequested`. */
  | { type: 'PaymentCaptured'; order: OrderId; amount: number; reference: string; capture?: string }
  /** One attempt on the hosted page was declined: the buyer may try again, the reservation stays. */
  | { type: 'PaymentDeclined'; order: OrderId; reason: string }
  /** The provider's final word: no money will come of this payment (C3: the order is cancelled). */
  | { type: 'PaymentFailed'; order: OrderId; reason: string }
  /** The buyer gave up on the provider's page (C3). */
  | { type: 'PaymentCancelled'; order: OrderId; reason: string }
  | { type: 'PaymentVoided'; order: OrderId; amount: number }
  /**
   * `owed`: the order is worth less than was captured. Otherwise staff or a return gives it, and the order keeps its worth.
   * `note`: staff's own words, in `people`.
   */
  | { type: 'RefundRequested'; order: OrderId; refund: string; amount: number; reason: string; owed?: boolean; note?: PersonRef }
  | { type: 'PaymentRefunded'; order: OrderId; refund: string; amount: number; reference: string }
  | { type: 'RefundFailed'; order: OrderId; refund: string; amount: number; reason: string }
  | { type: 'CaptureRequested'; order: OrderId; capture: string; amount: number }
  /** The provider declined to capture: nothing moved, people look at it. */
  | { type: 'CaptureFailed'; order: OrderId; capture: string; amount: number; reason: string }
  /** Gives back what is authorised and not needed; amount 0 closes a page on which nobody paid. */
  | { type: 'VoidRequested'; order: OrderId; amount: number }
  /**
   * The order may keep this much of the payment's money: less after units were cancelled, nothing after the order was, or
   * where another payment covers it. `closed`: for good, no further attempt may be started.
   */
  | {
      type: 'MoneyWanted'
      order: OrderId
      amount: number
      total: number
      reason: string
      cancelled?: readonly LineUnits[]
      closed?: boolean
    }
  /** A parcel left, and what it is worth is to be captured (once a parcel). */
  | { type: 'ParcelBilled'; order: OrderId; parcel: string; lines: readonly LineUnits[] }
  /** Asked, no answer: never guessed, reconciled by asking again. */
  | { type: 'PaymentUnknown'; order: OrderId; asked: 'authorize' | 'capture' | 'refund' | 'void' }
>

/** One row of the append-only money log; its sums are what `verify` compares with orders. */
export type MoneyMovement = Readonly<{
  payment: string
  order: OrderId
  kind: 'authorize' | 'capture' | 'void' | 'refund'
  amount: number
  currency: string
}>
/** `reference` is unique among a payment's movements of a kind, so that nothing counts twice. */
export type LoggedMovement = MoneyMovement & Readonly<{ at: Instant; reference: string }>

export type PaymentView = Readonly<{
  id: string
  order: OrderId
  status: PaymentStatus
  method: PaymentMethod
  provider: string
  amount: number
  authorized: number
  captured: number
  refunded: number
  currency: string
  /** The hosted page, while the payment is open. */
  paymentUrl?: string
  /** The provider's own name for it. */
  reference?: string
}>

export interface PaymentQueries {
  ofOrders(orders: readonly OrderId[]): Promise<ReadonlyMap<OrderId, readonly PaymentView[]>>
}
