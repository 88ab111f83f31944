/** Payments of imported history: captured and refunded at their own dates, outside Waybill, so nothing is asked of anybody. */
import { type Change, fold } from '../kernel/decider.ts'
import type { Instant, OrderId } from '../kernel/ids.ts'
import type { Append, Records } from '../platform/records/records.ts'
import type { Write } from '../platform/store/work.ts'
import type { LoggedMovement, PaymentEvent } from './contract.ts'
import { movementsOf } from './money-log.ts'
import { evolve, type Payment, unstarted } from './payment-state.ts'
import type { PaymentRepository } from './store.ts'

export type HistoricalPayment = Readonly<{
  id: string
  order: OrderId
  amount: number
  currency: string
  at: Instant
  /** `total`: what the order came to after a cancel; a return leaves the order its worth. */
  refunds: readonly Readonly<{ id: string; amount: number; at: Instant; total?: number }>[]
}>

/** The writes of a batch that bring in payments which happened before: states, facts and money log, without tasks. */
export const historicalPayments = (
  records: Records,
  store: PaymentRepository,
  payments: readonly HistoricalPayment[],
): readonly Write[] => {
  const changes: Change<PaymentEvent, Payment>[] = []
  const appends: Append[] = []
  const movements: LoggedMovement[] = []
  for (const payment of payments) {
    let state = unstarted
    let version = 0
    for (const { at, events } of stepsOf(payment)) {
      const firstVersion = version + 1
      state = fold(evolve, state, events)
      version += events.length
      appends.push({ stream: payment.id, firstVersion, facts: events, origin: { actor: 'import' }, at })
      movements.push(...movementsOf({ id: payment.id, version, state, events }, at))
    }
    changes.push({ id: payment.id, version, state, events: [] })
  }
  return [store.save(changes), records.append(appends), store.log(movements)]
}

const stepsOf = (payment: HistoricalPayment): readonly Readonly<{ at: Instant; events: readonly PaymentEvent[] }>[] => {
  const { order, amount, currency, at, refunds } = payment
  const outside = { method: 'OUTSIDE', provider: 'outside', captureAt: 'placement' } as const
  const paid: readonly PaymentEvent[] = [
    { type: 'PaymentStarted', order, amount, currency, ...outside, total: amount },
    { type: 'PaymentAuthorized', order, amount, reference: payment.id },
    { type: 'PaymentCaptured', order, amount, reference: payment.id },
  ]
  const given = refunds.map(({ id, amount: back, at: when, total }) => {
    const done: PaymentEvent = { type: 'PaymentRefunded', order, refund: id, amount: back, reference: id }
    const asked = { type: 'RefundRequested', order, refund: id, amount: back } as const
    if (total === undefined) return { at: when, events: [{ ...asked, reason: 'returned' } satisfies PaymentEvent, done] }
    const cancelled: readonly PaymentEvent[] = [
      // Closed for good: the cancellation's own news, when it comes by, finds nothing left to want.
      { type: 'MoneyWanted', order, amount: total, total, reason: 'units_cancelled', closed: true },
      { ...asked, reason: 'not_owed_any_more', owed: true },
    ]
    return { at: when, events: [...cancelled, done] }
  })
  return [{ at, events: paid }, ...given]
}
