/** What is shown of a payment. */
import { isRefusal, type Stored } from '../kernel/decider.ts'
import type { PaymentView } from './contract.ts'
import { payment as rules, type PaymentCommand } from './payment.ts'
import { isOpen, type Payment, paymentStatus, refunded, type Started } from './payment-state.ts'

export type PaymentDetails = PaymentView &
  Readonly<{
    version: number
    voided: number
    captureAt: 'placement' | 'shipment'
    /** Attempts on the hosted page that were declined. */
    declines: number
    refunds: { id: string; amount: number; status: 'pending' | 'succeeded' | 'failed' }[]
    /** What may be done to it now. */
    actions: string[]
  }>

export const viewOf = (id: string, payment: Started): PaymentView => ({
  id,
  order: payment.order,
  status: paymentStatus(payment),
  method: payment.method,
  provider: payment.provider,
  amount: payment.amount,
  authorized: payment.authorized,
  captured: payment.captured,
  refunded: refunded(payment),
  currency: payment.currency,
  ...(payment.url !== undefined && isOpen(payment) ? { paymentUrl: payment.url } : {}),
  ...(payment.reference === undefined ? {} : { reference: payment.reference }),
})

const refundStatus = { asked: 'pending', done: 'succeeded', failed: 'failed' } as const

export const detailsOf = (id: string, { version, state }: Stored<Payment>): PaymentDetails | undefined => {
  if (state.status === 'unstarted') return undefined
  const { voided, captureAt, declines, refunds } = state
  return {
    ...viewOf(id, state),
    version,
    voided,
    captureAt,
    declines,
    refunds: refunds.map((refund) => ({ id: refund.id, amount: refund.amount, status: refundStatus[refund.step] })),
    actions: actionsOf(state),
  }
}

/** The rules themselves are asked, so that the list cannot say more than they allow. */
const actionsOf = (state: Started): string[] => {
  const tries: readonly (readonly [string, PaymentCommand])[] = [
    ['capture', { do: 'requestCapture', capture: '?' }],
    ['refund', { do: 'requestRefund', refund: '?', reason: '?' }],
    ['void', { do: 'requestVoid', reason: '?' }],
  ]
  return tries.flatMap(([name, command]) => {
    const verdict = rules.decide(command, state)
    return isRefusal(verdict) || verdict.length === 0 ? [] : [name]
  })
}
