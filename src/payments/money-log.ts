/** The rows of the append-only money log that a change of a payment stands for. */
import type { Change } from '../kernel/decider.ts'
import type { Instant } from '../kernel/ids.ts'
import type { LoggedMovement, PaymentEvent } from './contract.ts'
import type { Payment } from './payment-state.ts'

/** Where log and state of a payment say different things. */
export type MoneyDifference = Readonly<{ payment: string; order: string; what: string; logged: number; stated: number }>

export const movementsOf = (change: Change<PaymentEvent, Payment>, at: Instant): readonly LoggedMovement[] => {
  const { id: payment, state } = change
  if (state.status === 'unstarted') return []
  const { order, currency } = state
  const movements: LoggedMovement[] = []
  // A total after the movement names it: the same total cannot be reached twice, so it cannot be logged twice.
  const totals = totalsBefore(change)
  const move = (kind: 'authorize' | 'capture' | 'void', amount: number): void => {
    totals[kind] += amount
    if (amount > 0) movements.push({ payment, order, kind, amount, currency, at, reference: `total-${totals[kind]}` })
  }
  for (const event of change.events) {
    if (event.type === 'PaymentAuthorized') move('authorize', event.amount)
    else if (event.type === 'PaymentCaptured') move('capture', event.amount)
    else if (event.type === 'PaymentVoided') move('void', event.amount)
    else if (event.type === 'PaymentRefunded') {
      movements.push({ payment, order, kind: 'refund', amount: event.amount, currency, at, reference: event.refund })
    }
  }
  return movements
}

const totalsBefore = ({ state, events }: Change<PaymentEvent, Payment>): { authorize: number; capture: number; void: number } => {
  const totals = { authorize: 0, capture: 0, void: 0 }
  if (state.status === 'unstarted') return totals
  const added = (type: 'PaymentAuthorized' | 'PaymentCaptured' | 'PaymentVoided'): number =>
    events.reduce((sum, event) => (event.type === type ? sum + event.amount : sum), 0)
  totals.authorize = state.authorized - added('PaymentAuthorized')
  totals.capture = state.captured - added('PaymentCaptured')
  totals.void = state.voided - added('PaymentVoided')
  return totals
}
