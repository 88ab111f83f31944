/** Which of an order's events the customer is told of, and what of it. Pure; the reaction turns notices into rows and tasks. */
import type { Day, OrderId, PersonRef } from '../kernel/ids.ts'
import type { LineUnits, OrderEvent, OrderEventOf, Totals } from '../orders/contract.ts'
import type { NotificationKind } from './contract.ts'

/** What a message shows of one line. */
export type CardLine = Readonly<{ name: string; quantity: number; unitPrice: number; discount: number }>

/** What is remembered of an order to write about it; see `notifications.orders`. */
export type OrderCard = Readonly<{
  id: OrderId
  number: number
  user?: string | undefined
  contact?: PersonRef | undefined
  currency: string
  muted: boolean
  prepaid: boolean
  /** The day of arrival the customer was last told. */
  promised?: Day | undefined
  totals: Totals
}>

/** What a message says beside its order. No personal data: it is kept in the notification's row. */
export type Facts = Readonly<{
  lines?: readonly LineUnits[]
  day?: Day
  amount?: number
  parcel?: string
  carrier?: string
  tracking?: string
  attempts?: number
}>
/** `about` undefined: the event itself; otherwise what must be told only once, such as a parcel. */
export type Notice = Readonly<{ kind: NotificationKind; about?: string; facts: Facts }>
export type Told = Readonly<{ card: OrderCard; notices: readonly Notice[] }>

export const told: readonly OrderEvent['type'][] = [
  'OrderPlaced',
  'StockReserved',
  'BackorderFilled',
  'ArrivalMoved',
  'ChoiceOffered',
  'UnitsCancelled',
  'UnitsAdded',
  'OrderCancelled',
  'OrderExpired',
  'OrderReopened',
  'ReopenRefused',
  'MoneyRecorded',
  'OrderSecured',
  'ParcelProgressed',
  'UnitsReturned',
  'AddressChanged',
  'StatusChanged',
]

/** Whether an event can say anything new: most news of money and most headlines are told by what brought them about. */
export const isNews = (event: OrderEvent): boolean => {
  if (event.type === 'MoneyRecorded') return event.step === 'refunded'
  if (event.type === 'StatusChanged') return event.to === 'ready'
  return true
}

/** Lines kept for messages: an order of 2,000 lines is not read in a mail. Indexes stay those of the order. */
export const linesKeptMax = 100

export const cardOf = (id: OrderId, event: OrderEventOf<'OrderPlaced'>): OrderCard => ({
  id,
  number: event.number,
  user: event.user,
  contact: event.contact,
  currency: event.currency,
  muted: event.dialect === 'import',
  prepaid: event.terms === 'prepaid' && event.totals.total > 0,
  promised: event.promised,
  totals: event.totals,
})
export const cardLines = (event: OrderEventOf<'OrderPlaced'>): CardLine[] =>
  event.lines.slice(0, linesKeptMax).map(({ name, quantity, unitPrice, discount }) => ({ name, quantity, unitPrice, discount }))

/** "Placed" is told at once, without waiting for the payment (requirement C3). */
export const tellPlaced = (card: OrderCard): Told => ({ card, notices: [{ kind: 'placed', facts: { amount: card.totals.total } }] })

export const tell = (card: OrderCard, event: Exclude<OrderEvent, { type: 'OrderPlaced' }>): Told => {
  const notice = (kind: NotificationKind, facts: Facts = {}): Told => ({ card, notices: [{ kind, facts }] })
  switch (event.type) {
    case 'StockReserved':
      return reserved(card, event)
    case 'PlanRevised':
    case 'ParcelsCombined':
      return { card, notices: [] }
    case 'BackorderFilled':
      return notice('filled', { lines: event.fills.map(({ line, quantity }) => ({ line, quantity })) })
    case 'UnitsCancelled': {
      const kept = { ...card, totals: event.totals }
      return { card: kept, notices: [{ kind: 'units_cancelled', facts: { lines: event.lines, amount: event.totals.total } }] }
    }
    case 'UnitsAdded':
      return { card: { ...card, totals: event.totals }, notices: [] }
    case 'OrderCancelled':
      return notice(event.reason === 'payment_failed' ? 'payment_failed' : 'cancelled')
    case 'OrderExpired':
      return notice('expired')
    case 'OrderReopened':
      // Stock is planned anew, and its day is a new promise; the payment that opened it is told by `OrderSecured`.
      return { card: { ...card, promised: undefined }, notices: [] }
    case 'ReopenRefused':
      return notice('payment_returned')
    case 'MoneyRecorded':
      return event.step === 'refunded' && event.amount > 0 ? notice('refunded', { amount: event.amount }) : { card, notices: [] }
    case 'OrderSecured':
      // Where nothing was to be paid here, there is no payment to thank for.
      return card.prepaid ? notice('paid', { amount: card.totals.total }) : { card, notices: [] }
    case 'ParcelProgressed':
      return { card, notices: parcelNotices(event) }
    case 'UnitsReturned':
      return notice('return_received', { lines: event.lines, amount: event.refund })
    case 'AddressChanged':
      return { card: { ...card, contact: event.contact }, notices: [] }
    case 'StatusChanged':
      // The other headlines are told by what brought them about: the payment, the parcels, the cancellation.
      return event.to === 'ready' ? notice('ready') : { card, notices: [] }
    case 'ArrivalMoved':
      // Told when it gets worse than what was told last, and once: an earlier day is a pleasant surprise.
      return card.promised === undefined || event.now <= card.promised
        ? { card, notices: [] }
        : { card: { ...card, promised: event.now }, notices: [{ kind: 'delayed', facts: { day: event.now } }] }
    case 'ChoiceOffered':
      return notice('choice', { lines: event.lines })
    case 'SupplyFailed':
    case 'WaitEnded':
    case 'ChoiceMade':
    case 'UnitsMoved':
    case 'UnitsShort':
    case 'AssemblyRequested':
    case 'HoldPlaced':
    case 'HoldReleased':
    case 'FulfilmentProgressed':
    case 'NoteAdded':
      return { card, notices: [] }
  }
}

/** The first plan is the promise, told with the order unless something must be waited for; a later day is a delay. */
const reserved = (card: OrderCard, { shipments, promised: allowed }: OrderEventOf<'StockReserved'>): Told => {
  const day = shipments
    .flatMap(({ arrives, lines }) => (lines.length === 0 ? [] : [arrives]))
    .sort()
    .at(-1)
  if (day === undefined) return { card, notices: [] }
  const waiting = shipments.flatMap(({ lines }) =>
    lines.flatMap(({ kind, line, quantity }) => (kind === 'backorder' || kind === 'preorder' ? [{ line, quantity }] : [])),
  )
  const later = card.promised !== undefined && day > card.promised
  // Told first is the promise with what it allows for; after that a plan's own day, where it is later.
  const promised = card.promised === undefined ? (allowed ?? day) : later ? day : card.promised
  const told = card.promised === undefined ? promised : day
  const kind = waiting.length > 0 ? 'backordered' : later ? 'delayed' : undefined
  return {
    card: { ...card, promised },
    notices: kind === undefined ? [] : [{ kind, facts: { day: told, ...(waiting.length > 0 ? { lines: waiting } : {}) } }],
  }
}

const parcelNotices = (event: OrderEventOf<'ParcelProgressed'>): Notice[] => {
  const { parcel, carrier, tracking, lines, attempts } = event
  const facts = { parcel, carrier, lines, ...(tracking === undefined ? {} : { tracking }) }
  switch (event.status) {
    case 'picked_up':
    case 'in_transit':
      return [{ kind: 'shipped', about: parcel, facts }]
    case 'out_for_delivery':
      // A second try is news again.
      return [{ kind: 'out_for_delivery', about: `${parcel}#${attempts}`, facts }]
    case 'ready_for_pickup':
      return [{ kind: 'ready_for_pickup', about: parcel, facts }]
    case 'failed_attempt':
      return [{ kind: 'failed_attempt', about: `${parcel}#${attempts}`, facts: { ...facts, attempts } }]
    case 'delivered':
      return [{ kind: 'delivered', about: parcel, facts }]
    case 'returned_to_sender':
      return [{ kind: 'returned_to_sender', about: parcel, facts }]
    case 'label_created':
    case 'exception':
    case 'cancelled':
      return []
  }
}
