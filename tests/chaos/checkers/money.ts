/** I5, I6: judged by the provider's own books, whatever ours say; and then ours must say the same. */
import type { SessionRow } from '../evidence.ts'
import { type Checker, type Found, finding, groupBy } from './checker.ts'

const sumOf = (moved: readonly Readonly<{ amount: number }>[]): number => moved.reduce((sum, { amount }) => sum + amount, 0)

export const money: Checker = ({ final }) => {
  const ours = new Map(final.payments.map((payment) => [payment.id, payment]))
  const found = final.sessions.flatMap((session) => {
    const tell = (invariant: string, what: string): Found =>
      finding(invariant, `payment ${session.payment} of order ${session.order}: ${what}`)
    const [captured, refunded] = [sumOf(session.captures), sumOf(session.refunds)]
    const payment = ours.get(session.payment)
    return [
      ...bounds(session, tell),
      ...(payment === undefined ? [tell('I5', 'the provider has it, and we have not')] : []),
      ...(payment !== undefined && payment.captured !== captured
        ? [tell('I5', `the provider took ${captured}, our money log says ${payment.captured}`)]
        : []),
      ...(payment !== undefined && payment.refunded !== refunded
        ? [tell('I5', `the provider gave back ${refunded}, our money log says ${payment.refunded}`)]
        : []),
      ...(payment !== undefined && payment.currency !== session.currency
        ? [tell('I5', `in ${session.currency} there, in ${payment.currency} here`)]
        : []),
    ]
  })
  const totals = new Map(final.orders.map(({ id, total }) => [id, total]))
  for (const [order, sessions] of groupBy(final.sessions, ({ order }) => order)) {
    const kept = sessions.reduce((sum, { captures, refunds }) => sum + sumOf(captures) - sumOf(refunds), 0)
    const total = totals.get(order)
    if (total === undefined) found.push(finding('I5', `order ${order}: money was asked for, and there is no such order`))
    else if (kept > total) found.push(finding('I6', `order ${order}: ${kept} was kept for a total of ${total}`))
  }
  return [...found, ...finished(final)]
}

const bounds = (
  { amount, authorized, voided, captures, refunds }: SessionRow,
  tell: (invariant: string, what: string) => Found,
): readonly Found[] => [
  ...(authorized > amount ? [tell('I5', `authorised ${authorized} of ${amount}`)] : []),
  ...(sumOf(captures) + voided > authorized
    ? [tell('I5', `captured ${sumOf(captures)} and voided ${voided} of ${authorized} authorised`)]
    : []),
  ...(sumOf(refunds) > sumOf(captures) ? [tell('I5', `refunded ${sumOf(refunds)} of ${sumOf(captures)} captured`)] : []),
  ...twice(captures).map((key) => tell('I6', `captured twice under the key ${key}`)),
  ...twice(refunds).map((key) => tell('I6', `refunded twice under the key ${key}`)),
  ...(captures.filter(({ key }) => key === 'sale').length > 1 ? [tell('I6', 'charged more than once')] : []),
]

const twice = (moved: readonly Readonly<{ key: string }>[]): readonly string[] =>
  [...groupBy(moved, ({ key }) => key)].flatMap(([key, all]) => (all.length > 1 ? [key] : []))

/** What is over keeps no money but for what was sent: a cancelled order that nobody shipped has given all of it back. */
const finished = ({ orders, sessions, events }: Parameters<Checker>[0]['final']): readonly Found[] => {
  const over = new Set(orders.flatMap(({ id, phase }) => (phase === 'cancelled' || phase === 'expired' ? [id] : [])))
  const shipped = new Set(events.flatMap(({ type, order }) => (type === 'ParcelCollected' && order !== null ? [order] : [])))
  return [...groupBy(sessions, ({ order }) => order)].flatMap(([order, own]) => {
    const kept = own.reduce((sum, { captures, refunds }) => sum + sumOf(captures) - sumOf(refunds), 0)
    return over.has(order) && !shipped.has(order) && kept > 0
      ? [finding('I5', `order ${order} is over, nothing of it was sent, and ${kept} was kept`)]
      : []
  })
}
