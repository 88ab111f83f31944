/** What other rooms may know of payments. A payment is one attempt to pay for one order; its stream is the payment's id. */
import type { OrderId } from '../kernel/ids.ts'

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
    }
  /** The provider's hosted page is ready. */
  | { type: 'PaymentPageReady'; order: OrderId; url: string; reference: string }
  | { type: 'PaymentAuthorized'; order: OrderId; amount: number; reference: string }
  | { type: 'PaymentCaptured'; order: OrderId; amount: number; reference: string }
  /** One attempt on the hosted page was declined: the buyer may try again, the reservation stays. */
  | { type: 'PaymentDeclined'; order: OrderId; reason: string }
  /** The provider's final word: no money will come of this payment (C3: the order is cancelled). */
  | { type: 'PaymentFailed'; order: OrderId; reason: string }
  /** The buyer gave up on the provider's page (C3). */
  | { type: 'PaymentCancelled'; order: OrderId; reason: string }
  | { type: 'PaymentVoided'; order: OrderId; amount: number }
  | { type: 'RefundRequested'; order: OrderId; refund: string; amount: number; reason: string }
  | { type: 'PaymentRefunded'; order: OrderId; refund: string; amount: number; reference: string }
  | { type: 'RefundFailed'; order: OrderId; refund: string; amount: number; reason: string }
  | { type: 'CaptureRequested'; order: OrderId; capture: string; amount: number }
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
}>

export interface PaymentQueries {
  ofOrders(orders: readonly OrderId[]): Promise<ReadonlyMap<OrderId, readonly PaymentView[]>>
}
