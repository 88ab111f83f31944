/** Money and time: nothing is charged twice, kept without cause or given twice, and only the database's clock decides. */
import { capturedOf, coverOf, refundedOf } from '../../src/orders/derive.ts'
import { refunded, type Started } from '../../src/payments/payment-state.ts'
import type { OrderEvent } from '../../src/orders/contract.ts'
import { milliseconds } from '../../src/kernel/time.ts'
import type { Seen } from './state.ts'

const started = ({ payments }: Seen): readonly (readonly [string, Started])[] =>
  [...payments].flatMap(([id, { state }]) => (state.status === 'started' ? [[id, state] as const] : []))

const booked = ({ booked: rows }: Seen, field: 'payment' | 'order', id: string, kind: string): number =>
  rows.reduce((sum, row) => (row[field] === id && row.kind === kind ? sum + row.amount : sum), 0)

/** I5: refunded ≤ captured ≤ authorised, the log says what the payment says, and in the end so do the provider and the order. */
export const moneyConserved = (seen: Seen): readonly string[] => {
  const found: string[] = []
  for (const [id, state] of started(seen)) {
    const { authorized, captured, voided, amount } = state
    const back = refunded(state)
    if (back > captured || captured + voided > authorized || authorized > amount)
      found.push(`payment ${id} of ${amount}: ${authorized} authorised, ${captured} captured, ${voided} voided, ${back} refunded`)
    const logged = (kind: string): number =>
      seen.moneyLog.reduce((sum, row) => (row.payment === id && row.kind === kind ? sum + row.amount : sum), 0)
    const states = { authorize: authorized, capture: captured, void: voided, refund: back }
    for (const [kind, stated] of Object.entries(states)) {
      if (logged(kind) !== stated) found.push(`payment ${id}: ${kind} ${stated}, the money log says ${logged(kind)}`)
      const there = booked(seen, 'payment', id, kind)
      if (stated > there) found.push(`payment ${id}: ${kind} ${stated}, the provider's books say ${there}`)
      if (seen.isEnd && stated < there) found.push(`payment ${id}: the provider booked ${kind} ${there}, and we know of ${stated}`)
    }
  }
  if (!seen.isEnd) return found
  for (const [id, { state }] of seen.orders) {
    if (state.status !== 'live') continue
    const [captured, back] = [capturedOf(state.progress), refundedOf(state.progress)]
    if (captured !== booked(seen, 'order', id, 'capture') || back !== booked(seen, 'order', id, 'refund'))
      found.push(`order ${id}: it says ${captured} captured and ${back} refunded, the provider's books differ`)
  }
  return found
}

/** I6: at the provider's own books nobody pays more than the order comes to, and in the end nobody pays for what he does not get. */
export const chargedOnce = (seen: Seen): readonly string[] => {
  const found: string[] = []
  const keys = new Set<string>()
  for (const { kind, payment, key, order } of seen.booked) {
    if (kind === 'authorize' || kind === 'void') continue
    const name = `${kind} ${payment} ${key}`
    if (keys.has(name)) found.push(`order ${order}: ${name} was booked twice`)
    keys.add(name)
  }
  for (const [id, { state }] of seen.orders) {
    if (state.status !== 'live') continue
    const { placed, progress } = state
    const kept = booked(seen, 'order', id, 'capture') - booked(seen, 'order', id, 'refund')
    if (kept > placed.totals.total) found.push(`order ${id} of ${placed.totals.total}: ${kept} were taken`)
    if (kept < 0) found.push(`order ${id}: ${-kept} more were given back than taken`)
    if (!seen.isEnd) continue
    const mostNow = progress.phase === 'cancelled' || progress.phase === 'expired' ? 0 : progress.totals.total
    if (kept > mostNow && !isReturning(seen, id))
      found.push(`order ${id} is ${progress.phase}, comes to ${mostNow}, and ${kept} are kept`)
  }
  return found
}

/** A refund that the provider declined is people's business, and shown to them. */
const isReturning = (seen: Seen, order: string): boolean =>
  started(seen).some(([, state]) => state.order === order && state.refunds.some(({ step }) => step === 'failed'))

/** I11: a reservation ends only when its time is over and its money is not there; late money brings the order back, or goes back. */
export const expiryIsFair = (seen: Seen): readonly string[] => {
  const found: string[] = []
  for (const { stream, fact, at } of seen.journal) {
    const event = fact as OrderEvent
    if (event.type !== 'OrderExpired') continue
    const state = seen.orders.get(stream)?.state
    if (state?.status !== 'live') continue
    const { expiresAt } = state.placed
    if (expiresAt === undefined || at < expiresAt) found.push(`order ${stream} expired at ${at}, before ${expiresAt ?? 'any end'}`)
  }
  if (!seen.isEnd) return found
  for (const [id, { state }] of seen.orders) {
    if (state.status !== 'live') continue
    const { progress, placed } = state
    if (progress.phase === 'expired' && coverOf(progress) >= placed.totals.total)
      found.push(`order ${id} expired, was paid, and was neither reopened nor paid back`)
    const facts = seen.journal.filter(({ stream }) => stream === id).map(({ fact }) => fact.type)
    const [secured, expired] = [facts.indexOf('OrderSecured'), facts.indexOf('OrderExpired')]
    if (secured >= 0 && expired > secured) found.push(`order ${id} expired though its money was there`)
  }
  return found
}

/** What a batch may take from the instant it is stamped with to its commit: a slow store, a lock, and some reruns. */
const behindMsMax = 60_000

/** I16: facts carry the database's time, whatever a process's own clock says. */
export const timeIsTheDatabases = ({ journal, now, orders }: Seen): readonly string[] => {
  const found: string[] = []
  for (const { at, fact, stream } of journal.slice(-checkedLast))
    if (at > now || milliseconds(now) - milliseconds(at) > lifeMsMax)
      found.push(`${fact.type} of ${stream} is dated ${at}, and it is ${now}`)
  for (const [id, { state }] of orders) {
    if (state.status !== 'live') continue
    const { placedAt, expiresAt } = state.placed
    if (placedAt > now) found.push(`order ${id} is placed at ${placedAt}, and it is ${now}`)
    if (expiresAt !== undefined && milliseconds(expiresAt) - milliseconds(now) > behindMsMax)
      found.push(`order ${id} is reserved until ${expiresAt}, and it is ${now}`)
  }
  return found
}
/** Only what came since the last look can be new. */
const checkedLast = 200
/** A seed lives shorter than this, and a skewed clock is further off. */
const lifeMsMax = 2 * 3_600_000
