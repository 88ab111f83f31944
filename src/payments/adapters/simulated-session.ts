/** The rules of the simulated provider: what one hosted page and its money may do. Pure, and apart from Waybill's own rules. */
import { type Refusal, refuse } from '../../kernel/decider.ts'
import type { MoneyRequest, NewsType, PageRequest, ProviderStatus, RefundDone } from '../provider.ts'

export type Session = Readonly<{
  reference: string
  payment: string
  order: string
  amount: number
  currency: string
  method: string
  captureAt: 'placement' | 'shipment'
  returnUrl?: string
  state: ProviderStatus['state']
  authorized: number
  voided: number
  captures: readonly Readonly<{ key: string; amount: number }>[]
  refunds: readonly RefundDone[]
  attempts: number
}>

export type BuyerAction = 'pay' | 'decline' | 'refuse' | 'cancel'
export type SessionNews = Readonly<{ type: NewsType; captured?: boolean; reason?: string }>
/** What an action came to: the session after it, and the news that Waybill is sent. */
export type Acted = Readonly<{ session: Session; news: readonly SessionNews[] }>
/** How the pretended buyer's bank behaves. */
export type BankKnobs = Readonly<{ declines: number; processing: boolean }>

/** Attempts on one page; the last declined one is the provider's final word. */
const attemptsMax = 5

export const openSession = (request: PageRequest, reference: string): Session => {
  const { payment, order, amount, currency, method, captureAt, returnUrl } = request
  const base = { reference, payment, order, amount, currency, method, captureAt }
  const fresh = { state: 'open', authorized: 0, voided: 0, captures: [], refunds: [], attempts: 0 } as const
  return { ...base, ...(returnUrl === undefined ? {} : { returnUrl }), ...fresh }
}

/** A page that is not open any more takes no action: loading it again never pays twice (saleor#14926). */
export const act = (session: Session, action: BuyerAction, knobs: BankKnobs): Acted => {
  if (session.state !== 'open') return { session, news: [] }
  switch (action) {
    case 'pay':
      if (session.attempts < knobs.declines) return declined(session)
      if (knobs.processing) {
        return { session: { ...session, state: 'processing' }, news: [{ type: 'Payment_Processing' }] }
      }
      return paid(session)
    case 'decline':
      return declined(session)
    case 'refuse':
      return { session: { ...session, state: 'failed' }, news: [{ type: 'Payment_Failure', reason: 'refused_by_bank' }] }
    case 'cancel':
      return { session: { ...session, state: 'cancelled' }, news: [{ type: 'Payment_Cancelled', reason: 'buyer_gave_up' }] }
  }
}

/** Who asks about a payment that is being processed makes the pretended bank decide. */
export const decideProcessing = (session: Session): Session => (session.state === 'processing' ? paid(session).session : session)

export const captured = (session: Session): number => session.captures.reduce((sum, { amount }) => sum + amount, 0)
const refundedOf = (session: Session): number => session.refunds.reduce((sum, { amount }) => sum + amount, 0)

export const capture = (session: Session, { key, amount, currency }: MoneyRequest): Session | Refusal<'declined'> => {
  if (session.captures.some((done) => done.key === key)) return session
  if (currency !== session.currency) return refuse('declined', 'wrong_currency')
  if (session.state !== 'authorized') return refuse('declined', 'not_authorized')
  if (amount > session.authorized - session.voided - captured(session)) return refuse('declined', 'amount_too_large')
  return { ...session, captures: [...session.captures, { key, amount }] }
}

export const refund = (session: Session, { key, amount, currency }: MoneyRequest): Session | Refusal<'declined'> => {
  if (session.refunds.some((done) => done.key === key)) return session
  if (currency !== session.currency) return refuse('declined', 'wrong_currency')
  if (amount > captured(session) - refundedOf(session)) return refuse('declined', 'amount_too_large')
  const reference = `${session.reference}-refund-${session.refunds.length + 1}`
  return { ...session, refunds: [...session.refunds, { key, amount, reference }] }
}

/** Gives back what is not captured; a page on which nobody paid is closed. */
export const giveUp = (session: Session): Session => {
  if (session.state === 'open' || session.state === 'processing') return { ...session, state: 'voided' }
  if (session.state !== 'authorized') return session
  const voided = session.authorized - captured(session)
  return { ...session, voided, state: captured(session) === 0 ? 'voided' : 'authorized' }
}

export const statusOf = (session: Session): ProviderStatus => {
  const { state, authorized, voided, currency, refunds } = session
  return { state, authorized, captured: captured(session), voided, currency, refunds }
}

/**
 * Books what a correctly signed webhook says. Ours are booked already; a stranger's, who plays the provider with `curl`,
 * must be, or a later refund would find no money here.
 */
export const adopt = (session: Session, type: NewsType, amount: number, isCaptured: boolean): Session => {
  const isOpen = session.state === 'open' || session.state === 'processing'
  if (type === 'Payment_Failure' && isOpen) return { ...session, state: 'failed' }
  if (type === 'Payment_Cancelled' && isOpen) return { ...session, state: 'cancelled' }
  if (type !== 'Payment_Success' || amount > session.amount || session.voided > 0) return session
  const missing = isCaptured ? amount - captured(session) : 0
  if (amount <= session.authorized && missing <= 0) return session
  const captures = missing > 0 ? [...session.captures, { key: `told-${amount}`, amount: missing }] : session.captures
  return { ...session, state: 'authorized', authorized: Math.max(session.authorized, amount), captures }
}

const paid = (session: Session): Acted => {
  const isSale = session.captureAt === 'placement'
  const captures = isSale ? [{ key: 'sale', amount: session.amount }] : []
  return {
    session: { ...session, state: 'authorized', authorized: session.amount, captures, attempts: session.attempts + 1 },
    news: [{ type: 'Payment_Success', captured: isSale }],
  }
}

const declined = (session: Session): Acted => {
  const attempts = session.attempts + 1
  if (attempts < attemptsMax) {
    return { session: { ...session, attempts }, news: [{ type: 'Payment_Declined', reason: 'card_declined' }] }
  }
  const news: SessionNews = { type: 'Payment_Failure', reason: 'too_many_declined_attempts' }
  return { session: { ...session, attempts, state: 'failed' }, news: [news] }
}
