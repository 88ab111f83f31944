/** The memory form of the room's stores, with the simulated providers' books: for the simulation. */
import type { Instant, OrderId, PersonRef } from '../kernel/ids.ts'
import { leastIdAt } from '../platform/ids.ts'
import { demand, type MemoryStore, MemoryTable } from '../platform/store/memory.ts'
import type { MemoryWrite, Work } from '../platform/store/work.ts'
import type { Mail, MailPort, SmsReport } from './adapters/ports.ts'
import type { SmsBook, SmsEntry, SmsStatus } from './adapters/simulated-sms-store.ts'
import type { Channel } from './contract.ts'
import {
  type DueNotification,
  type End,
  type NewNotification,
  type Notification,
  type NotificationOfOrder,
  type NotificationRepository,
  type OutboxEntry,
  toldKey,
  type Wanted,
} from './store.ts'
import type { CardLine, OrderCard } from './telling.ts'

type Row = Notification & Readonly<{ subject: string }>
type Book = Readonly<{ mails: ReadonlyMap<string, OutboxEntry>; texts: ReadonlyMap<string, OutboxEntry> }>
const newestFirst = (a: Readonly<{ id: string }>, b: Readonly<{ id: string }>): number => (a.id < b.id ? 1 : -1)

class MemoryNotifications implements NotificationRepository {
  readonly rows = new MemoryTable<string, Row>()
  readonly #cards = new MemoryTable<OrderId, Readonly<{ card: OrderCard; lines: readonly CardLine[] }>>()
  readonly #told = new MemoryTable<string, string>()
  readonly #muted = new MemoryTable<string, Channel>()
  readonly #clock: () => Instant
  readonly #database: Pick<MemoryStore, 'change'>
  readonly #book: Book
  readonly #erase: (people: readonly PersonRef[]) => void
  constructor(
    clock: () => Instant,
    database: Pick<MemoryStore, 'change'>,
    book: Book,
    erase: (people: readonly PersonRef[]) => void,
  ) {
    this.#clock = clock
    this.#database = database
    this.#book = book
    this.#erase = erase
  }

  cards(_work: Work, orders: readonly OrderId[]): Promise<Map<OrderId, OrderCard>> {
    const found = new Map<OrderId, OrderCard>()
    for (const order of orders) {
      const card = this.#cards.get(order)?.card
      if (card !== undefined) found.set(order, card)
    }
    return Promise.resolve(found)
  }

  toldBefore(_work: Work, orders: readonly OrderId[]): Promise<Set<string>> {
    const rows = [...this.rows.values()].filter(({ order }) => orders.includes(order))
    return Promise.resolve(new Set(rows.map(toldKey)))
  }

  mutedChannels(_work: Work, users: readonly string[]): Promise<ReadonlySet<string>> {
    return Promise.resolve(new Set([...this.#muted.keys()].filter((key) => users.includes(key.split('\n')[0] ?? ''))))
  }

  addCards(cards: readonly (readonly [OrderCard, readonly CardLine[]])[]): MemoryWrite {
    return {
      apply: () => {
        for (const [card, lines] of cards) this.#cards.insert(card.id, { card, lines })
      },
    }
  }

  saveCards(cards: readonly OrderCard[]): MemoryWrite {
    return {
      apply: () => {
        for (const { id, contact, promised, totals } of cards) {
          const known = this.#cards.get(id)
          if (known !== undefined) this.#cards.set(id, { ...known, card: { ...known.card, contact, promised, totals } })
        }
      },
    }
  }

  add(rows: readonly NewNotification[], at: Instant): MemoryWrite {
    return {
      apply: () => {
        for (const row of rows) {
          demand('channel', ['email', 'sms'].includes(row.channel))
          this.#told.insert(toldKey(row), row.id)
          const begun = { status: 'PENDING', attempts: 0, lastError: null, createdAt: at, sentAt: null } as const
          this.rows.insert(row.id, { ...row, user: row.user ?? null, ...begun })
        }
      },
    }
  }

  due(ids: readonly string[]): Promise<ReadonlyMap<string, DueNotification>> {
    const due = ids.flatMap((id) => {
      const row = this.rows.get(id)
      const joined = row?.status === 'PENDING' ? this.#joined(row) : undefined
      return joined === undefined ? [] : [joined]
    })
    return Promise.resolve(
      new Map(
        due.map(({ id, order, kind, channel, person, facts, lines, card: { number, currency, prepaid, promised, totals } }) => {
          const card = { id: order, number, currency, muted: false, prepaid, promised, totals }
          return [id, { id, order, kind, channel, person, facts, lines, card }]
        }),
      ),
    )
  }

  finish(ends: readonly End[]): Promise<void> {
    return this.#change(() => {
      for (const { id, status, error } of ends) {
        const row = this.rows.get(id)
        if (row?.status !== 'PENDING') continue
        const sentAt = status === 'SENT' ? this.#clock() : row.sentAt
        this.rows.set(id, { ...row, status, attempts: row.attempts + 1, lastError: error, sentAt })
      }
    })
  }

  undelivered(ids: readonly string[]): Promise<void> {
    return this.#change(() => {
      for (const id of ids) {
        const row = this.rows.get(id)
        if (row !== undefined && row.status !== 'FAILED') this.rows.set(id, { ...row, status: 'FAILED', lastError: 'undelivered' })
      }
    })
  }

  lock(_work: Work, id: string): Promise<Notification | undefined> {
    return Promise.resolve(this.rows.get(id))
  }

  reopen(id: string): MemoryWrite {
    return {
      apply: () => {
        const row = this.rows.get(id)
        if (row !== undefined) this.rows.set(id, { ...row, status: 'PENDING' })
      },
    }
  }

  get(id: string): Promise<NotificationOfOrder | undefined> {
    const row = this.rows.get(id)
    return Promise.resolve(row === undefined ? undefined : this.#joined(row))
  }

  list({ status, user, order, before, limit }: Wanted): Promise<NotificationOfOrder[]> {
    const fits = (row: Row): boolean =>
      (status === undefined || row.status === status) &&
      (user === undefined || row.user === user) &&
      (order === undefined || row.order === order) &&
      (before === undefined || row.id < before)
    const rows = [...this.rows.values()].filter(fits).flatMap((row) => this.#joined(row) ?? [])
    return Promise.resolve(rows.sort(newestFirst).slice(0, limit))
  }

  outbox(limit: number, before?: string): Promise<OutboxEntry[]> {
    const all = [...this.#book.mails.values(), ...this.#book.texts.values()]
    const wanted = all.filter(({ id }) => before === undefined || id < before)
    return Promise.resolve(wanted.sort(newestFirst).slice(0, limit))
  }

  setChannel(user: string, channel: Channel, wanted: boolean): Promise<void> {
    return this.#change(() => {
      if (wanted) this.#muted.delete(`${user}\n${channel}`)
      else this.#muted.set(`${user}\n${channel}`, channel)
    })
  }

  mutedOf(user: string): Promise<readonly Channel[]> {
    return Promise.resolve([...this.#muted].flatMap(([key, channel]) => (key === `${user}\n${channel}` ? [channel] : [])))
  }

  forget(people: readonly PersonRef[]): Promise<void> {
    this.#erase(people)
    return Promise.resolve()
  }

  #change(run: () => void): Promise<void> {
    this.#database.change(run)
    return Promise.resolve()
  }

  #joined({ subject: _, ...row }: Row): NotificationOfOrder | undefined {
    const known = this.#cards.get(row.order)
    return known === undefined ? undefined : { ...row, ...known }
  }
}

type Text = OutboxEntry & Readonly<{ person: PersonRef; status: SmsStatus }>

class MemorySmsBook implements SmsBook {
  readonly texts = new MemoryTable<string, Text>()
  readonly #clock: () => Instant
  constructor(clock: () => Instant) {
    this.#clock = clock
  }

  enter(entries: readonly SmsEntry[]): Promise<ReadonlyMap<string, SmsStatus>> {
    const before = new Map<string, SmsStatus>()
    for (const { sms, first } of entries) {
      const known = this.texts.get(sms.id)
      if (known === undefined) {
        const { id, person, to, text } = sms
        this.texts.set(id, { id, person, channel: 'sms', at: this.#clock(), to, subject: null, text, html: null, status: first })
        continue
      }
      before.set(sms.id, known.status)
      if (known.status === 'busy' || known.status === 'undelivered') this.texts.set(sms.id, { ...known, status: 'queued' })
    }
    return Promise.resolve(before)
  }

  settle(ids: readonly unknown[], undeliverable: string): Promise<readonly SmsReport[]> {
    const reports = ids.flatMap((id): SmsReport[] => {
      const known = this.texts.get(String(id))
      if (known === undefined) return []
      const status = known.to.endsWith(undeliverable) ? 'undelivered' : 'delivered'
      this.texts.set(known.id, { ...known, status })
      return [{ id: known.id, status }]
    })
    return Promise.resolve(reports)
  }
}

export const notificationsInMemory = (clock: () => Instant, database: Pick<MemoryStore, 'change'>) => {
  const mails = new MemoryTable<string, OutboxEntry & Readonly<{ person: PersonRef }>>()
  const book = new MemorySmsBook(clock)
  const outbox: MailPort = {
    send: ({ id, person, to, subject, text, html }: Mail) => {
      const recipient = to.name === undefined ? to.address : `${to.name} <${to.address}>`
      if (!mails.has(id))
        mails.set(id, { id, person, channel: 'email', at: clock(), to: recipient, subject, text, html, status: 'kept' })
      return Promise.resolve()
    },
    close: () => Promise.resolve(),
  }
  const erase = (people: readonly PersonRef[]): void => {
    for (const { id, person } of mails.values()) if (people.includes(person)) mails.delete(id)
    for (const { id, person } of book.texts.values()) if (people.includes(person)) book.texts.delete(id)
  }
  const sweepOutbox = (work: Work, before: Instant, rowsMax: number): Promise<number> => {
    const old = [mails, book.texts].flatMap((table) => [...table.keys()].filter((id) => id < leastIdAt(before)))
    const past = old.slice(0, rowsMax)
    work.add({
      apply: () => {
        for (const id of past) for (const table of [mails, book.texts]) table.delete(id)
      },
    })
    return Promise.resolve(past.length)
  }
  return { store: new MemoryNotifications(clock, database, { mails, texts: book.texts }, erase), book, outbox, sweepOutbox }
}
