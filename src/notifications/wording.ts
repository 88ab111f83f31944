/** What each message says: a subject line and a few sentences a kind, in English. Pure. */
import type { Day } from '../kernel/ids.ts'
import type { NotificationKind } from './contract.ts'
import type { CardLine, Facts, OrderCard } from './telling.ts'
import { oneLine, printDay, printMoney } from './text.ts'

export type Shop = Readonly<{ name: string; url?: string | undefined }>
export type MessageFacts = Readonly<{
  kind: NotificationKind
  facts: Facts
  card: OrderCard
  lines: readonly CardLine[]
  shop: Shop
  /** Where the customer follows the order, if there is such a page. */
  orderUrl?: string | undefined
  /** Where the carrier shows the parcel. */
  trackingUrl?: string | undefined
}>
/** `items`: all lines of the order, or those that the event names. */
export type Wording = Readonly<{ subject: string; body: readonly string[]; items?: 'all' | 'named'; totals?: boolean }>

/** The message in one sentence, as a log or a phone shows it: no personal data. */
export const sentenceOf = (about: About & Pick<MessageFacts, 'kind'>): string => oneLine(wordings[about.kind](about).subject)

type About = Readonly<{ facts: Facts; card: OrderCard }>
const money = ({ facts, card }: About): string => printMoney(facts.amount ?? 0, card.currency)
const order = ({ card }: About): string => `order ${card.number}`
const tracking = ({ facts }: About): string => (facts.tracking === undefined ? '' : ` (tracking number ${oneLine(facts.tracking)})`)
const on = (day: Day | undefined, before = ' on '): string => (day === undefined ? '' : `${before}${printDay(day)}`)
/** A carrier's code as a name: `ninjavan` → `Ninjavan`. */
const carrier = ({ facts }: About): string => {
  const name = oneLine(facts.carrier ?? 'the carrier')
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`
}

export const wordings: Readonly<Record<NotificationKind, (about: About) => Wording>> = {
  placed: (about) => ({
    subject: `We have received your ${order(about)}`,
    body: [
      'Thank you: we have received your order.',
      ...(about.card.prepaid ? ['We prepare it as soon as your payment is confirmed.'] : []),
      ...(about.card.promised === undefined ? [] : [`We expect to deliver it by${on(about.card.promised, ' ')}.`]),
    ],
    items: 'all',
    totals: true,
  }),
  paid: (about) => ({
    subject: `Your payment of ${money(about)} for ${order(about)} is confirmed`,
    body: [`We have received your payment of ${money(about)}. Your order is being prepared.`],
  }),
  ready: (about) => ({
    subject: `Your ${order(about)} is packed`,
    body: ['Everything is packed and waits for the carrier.'],
  }),
  shipped: (about) => ({
    subject: `Your ${order(about)} is on its way with ${carrier(about)}${tracking(about)}`,
    body: [
      `A parcel of your order is on its way with ${carrier(about)}${tracking(about)}.`,
      ...(about.card.promised === undefined ? [] : [`We expect it to arrive by${on(about.card.promised, ' ')}.`]),
      'In this parcel:',
    ],
    items: 'named',
  }),
  out_for_delivery: (about) => ({
    subject: `A parcel of your ${order(about)} arrives today`,
    body: [`${carrier(about)} is out to deliver it${tracking(about)}.`],
    items: 'named',
  }),
  ready_for_pickup: (about) => ({
    subject: `A parcel of your ${order(about)} is ready to be picked up`,
    body: [`${carrier(about)} keeps it for you${tracking(about)}.`],
    items: 'named',
  }),
  delivered: (about) => ({
    subject: `A parcel of your ${order(about)} was delivered`,
    body: [`${carrier(about)} has delivered it${tracking(about)}. We hope you like what is in it.`],
    items: 'named',
  }),
  failed_attempt: (about) => ({
    subject: `A parcel of your ${order(about)} could not be delivered`,
    body: [`${carrier(about)} tried to deliver it${attempt(about)} and met nobody${tracking(about)}. It will be tried again.`],
    items: 'named',
  }),
  returned_to_sender: (about) => ({
    subject: `A parcel of your ${order(about)} comes back to us`,
    body: [`${carrier(about)} could not deliver it and sends it back${tracking(about)}. We will get in touch with you.`],
    items: 'named',
  }),
  backordered: (about) => ({
    subject: `Part of your ${order(about)} is expected${on(about.facts.day)}`,
    body: [
      `Some of what you ordered is not in stock yet. It is kept for you as soon as it arrives, and we expect to deliver it by${on(about.facts.day, ' ')}.`,
      'You need not do anything. This is what we wait for:',
    ],
    items: 'named',
  }),
  delayed: (about) => ({
    subject: `Your ${order(about)} is delayed and expected${on(about.facts.day)}`,
    body: [`We are sorry: your order takes longer than we told you. We now expect to deliver it by${on(about.facts.day, ' ')}.`],
  }),
  choice: (about) => ({
    subject: `Part of your ${order(about)} will not come: please choose`,
    body: [
      'We are sorry: what we waited for will not be delivered to us, and we have found it nowhere else. You can wait until there is more, have the rest sent now, or cancel these items and get your money back. They are kept waiting until you choose:',
    ],
    items: 'named',
  }),
  filled: (about) => ({
    subject: `What you waited for in ${order(about)} has arrived`,
    body: ['What was sold out has arrived and is set aside for you:'],
    items: 'named',
  }),
  units_cancelled: (about) => ({
    subject: `Part of your ${order(about)} was cancelled`,
    body: [`The rest of your order is not affected; it now comes to ${money(about)}. Cancelled:`],
    items: 'named',
  }),
  cancelled: (about) => ({
    subject: `Your ${order(about)} was cancelled`,
    body: ['Your order was cancelled. What you have paid for it is given back to you.'],
  }),
  payment_failed: (about) => ({
    subject: `Your ${order(about)} was cancelled because it could not be paid`,
    body: ['Your payment did not go through, so we had to cancel the order. Nothing was charged. You are welcome to order again.'],
  }),
  expired: (about) => ({
    subject: `Your ${order(about)} was not paid in time`,
    body: [
      'We kept your order for you as long as we could, but no payment came. Nothing was charged. You are welcome to order again.',
    ],
  }),
  payment_returned: (about) => ({
    subject: `Your payment for ${order(about)} came too late and is given back`,
    body: ['Your payment came after the order had ended, and what you ordered is sold out. You get all of your money back.'],
  }),
  refunded: (about) => ({
    subject: `We have refunded ${money(about)} for ${order(about)}`,
    body: [`We have given back ${money(about)}. It may take your bank some days to show it.`],
  }),
  return_received: (about) => ({
    subject: `We have received what you sent back of ${order(about)}`,
    body: ['What you sent back has arrived:', ...((about.facts.amount ?? 0) > 0 ? [`You get ${money(about)} back.`] : [])],
    items: 'named',
  }),
}

const attempt = ({ facts }: About): string => (facts.attempts === undefined ? '' : ` (attempt ${facts.attempts})`)
