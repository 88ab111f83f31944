/** Turns an order's events into messages to be sent: rows and tasks, in the batch that moves the reaction's position. */
import type { Envelope, Fact } from '../kernel/event.ts'
import type { OrderId } from '../kernel/ids.ts'
import type { OrderEvent } from '../orders/contract.ts'
import type { Handled, Reaction } from '../platform/bus/consumers.ts'
import { newId } from '../platform/ids.ts'
import type { Person, Records } from '../platform/records/records.ts'
import type { Work } from '../platform/store/work.ts'
import { bundled } from '../platform/tasks/bundle.ts'
import type { Channel } from './contract.ts'
import { recipientOf } from './recipient.ts'
import { sendTask } from './send-task.ts'
import { type NewNotification, type NotificationRepository, toldKey } from './store.ts'
import { cardLines, cardOf, type CardLine, isNews, type Notice, type OrderCard, tell, tellPlaced, told } from './telling.ts'

const toldTypes: ReadonlySet<string> = new Set(told)
const isTold = (event: Fact): event is OrderEvent => toldTypes.has(event.type)

export const notificationReaction = (store: NotificationRepository, records: Records): Reaction => ({
  name: 'notifications.orders',
  on: told,
  react: async (work, envelopes) => {
    const news = envelopes.filter(({ event }) => isTold(event) && isNews(event))
    if (news.length === 0) return envelopes.map(() => 'done')
    const known = await store.cards(work, [...new Set(news.map(({ stream }) => stream))])
    const cards = new Cards(known)
    const handled = envelopes.map((envelope) => cards.take(envelope))
    // Of an order that is new here nothing was told before.
    const due = cards.notices
    const before = await store.toldBefore(work, [...new Set(due.flatMap(({ card }) => (known.has(card.id) ? [card.id] : [])))])
    const rows = await rowsOf(work, due, before, { store, records })
    work.add(
      store.addCards(cards.added),
      store.saveCards(cards.changed),
      store.add(rows, work.now),
      records.schedule(
        bundled(
          rows.map((row) => sendTask(row, work)),
          work.now,
        ),
      ),
    )
    return handled
  },
})

type Due = Readonly<{ card: OrderCard; notice: Notice; position: number }>

/** The orders of a batch as they are remembered, and what their customers are to be told. */
class Cards {
  readonly notices: Due[] = []
  readonly #known: Map<OrderId, OrderCard>
  readonly #lines = new Map<OrderId, readonly CardLine[]>()
  readonly #changed = new Set<OrderId>()

  constructor(known: ReadonlyMap<OrderId, OrderCard>) {
    this.#known = new Map(known)
  }

  take({ event, stream, position }: Envelope): Handled {
    if (!isTold(event) || !isNews(event)) return 'done'
    const before = this.#known.get(stream)
    if (event.type === 'OrderPlaced') {
      if (before !== undefined) return 'done'
      const card = cardOf(stream, event)
      this.#lines.set(stream, card.muted ? [] : cardLines(event))
      this.#keep(tellPlaced(card), position)
      return 'done'
    }
    if (before === undefined) return { notYet: `${event.type} before OrderPlaced` }
    if (before.muted) return 'done'
    const after = tell(before, event)
    if (after.card !== before) this.#changed.add(stream)
    this.#keep(after, position)
    return 'done'
  }

  #keep({ card, notices }: Readonly<{ card: OrderCard; notices: readonly Notice[] }>, position: number): void {
    this.#known.set(card.id, card)
    if (!card.muted) for (const notice of notices) this.notices.push({ card, notice, position })
  }

  get added(): (readonly [OrderCard, readonly CardLine[]])[] {
    return [...this.#lines].flatMap(([id, lines]) => {
      const card = this.#known.get(id)
      return card === undefined ? [] : [[card, lines] as const]
    })
  }
  get changed(): OrderCard[] {
    return [...this.#changed].flatMap((id) => (this.#lines.has(id) ? [] : (this.#known.get(id) ?? [])))
  }
}

type Ports = Readonly<{ store: NotificationRepository; records: Records }>

/** One row a channel that the customer has and wants; none for what was told before. */
const rowsOf = async (
  work: Work,
  due: readonly Due[],
  before: Set<string>,
  { store, records }: Ports,
): Promise<NewNotification[]> => {
  if (due.length === 0) return []
  const users = [...new Set(due.flatMap(({ card }) => card.user ?? []))]
  const muted = await store.mutedChannels(work, users)
  const people = await records.people([...new Set(due.flatMap(({ card }) => card.contact ?? []))])
  return due.flatMap(({ card, notice, position }) => {
    const { contact } = card
    const person = contact === undefined ? undefined : people.get(contact)
    // An order without a contact, or one whose contact was erased: there is nobody to write to.
    if (contact === undefined || person === undefined) return []
    const channels = channelsOf(person).filter((channel) => !muted.has(`${card.user}\n${channel}`))
    return channels.flatMap((channel): NewNotification[] => {
      const subject = notice.about ?? String(position)
      const key = toldKey({ order: card.id, kind: notice.kind, channel, subject })
      if (before.has(key)) return []
      before.add(key)
      const { kind, facts } = notice
      return [{ id: newId(work.now), order: card.id, user: card.user, kind, channel, subject, person: contact, facts }]
    })
  })
}

const channelsOf = (person: Person): Channel[] => {
  const { email, phone } = recipientOf(person)
  return [...(email === undefined ? [] : ['email' as const]), ...(phone === undefined ? [] : ['sms' as const])]
}
