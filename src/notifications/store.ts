/** All the SQL of notifications, but for what the simulated providers keep to themselves. */
import type { Day, Instant, OrderId, PersonRef } from '../kernel/ids.ts'
import { type Database, sql } from '../platform/postgres/database.ts'
import type { SqlWrite, Work, Write } from '../platform/store/work.ts'
import type { Channel, NotificationKind, NotificationStatus } from './contract.ts'
import type { CardLine, Facts, OrderCard } from './telling.ts'

export type NewNotification = Readonly<{
  id: string
  order: OrderId
  user?: string | undefined
  kind: NotificationKind
  channel: Channel
  subject: string
  person: PersonRef
  facts: Facts
}>
export type Notification = Readonly<{
  id: string
  order: OrderId
  user: string | null
  kind: NotificationKind
  channel: Channel
  status: NotificationStatus
  attempts: number
  lastError: string | null
  person: PersonRef
  facts: Facts
  createdAt: Instant
  sentAt: Instant | null
}>
export type NotificationOfOrder = Notification & Readonly<{ card: OrderCard; lines: readonly CardLine[] }>
export type OutboxEntry = Readonly<{
  id: string
  channel: Channel
  at: Instant
  to: string
  subject: string | null
  text: string
  html: string | null
  status: string
}>
export type Wanted = Readonly<{
  status?: NotificationStatus | undefined
  user?: string | undefined
  order?: OrderId | undefined
  before?: string | undefined
  limit: number
}>

type CardSql = Readonly<{
  id: OrderId
  number: number
  user_id: string | null
  contact: PersonRef | null
  currency: string
  muted: boolean
  prepaid: boolean
  promised: Day | null
  totals: OrderCard['totals']
}>
const cardColumns = 'id, number, user_id, contact, currency, muted, prepaid, promised, totals'
const cardOf = (row: CardSql): OrderCard => ({
  id: row.id,
  number: row.number,
  user: row.user_id ?? undefined,
  contact: row.contact ?? undefined,
  currency: row.currency,
  muted: row.muted,
  prepaid: row.prepaid,
  promised: row.promised ?? undefined,
  totals: row.totals,
})

const addCardsSql = `insert into notifications.orders (${cardColumns}, lines)
  select * from unnest($1::uuid[], $2::int8[], $3::text[], $4::uuid[], $5::text[], $6::bool[], $7::bool[], $8::date[], $9::json[], $10::json[])`
const saveCardsSql = `update notifications.orders o set contact = c.contact, promised = c.promised, totals = c.totals
  from unnest($1::uuid[], $2::uuid[], $3::date[], $4::json[]) as c (id, contact, promised, totals) where o.id = c.id`
const addSql = `insert into notifications.notifications (id, order_id, user_id, kind, channel, subject, person, facts, created_at)
  select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::json[], $9::timestamptz[])`
const rowColumns = `n.id, n.order_id as "order", n.user_id as "user", n.kind, n.channel, n.status, n.attempts, n.last_error as "lastError",
  n.person, n.facts, n.created_at as "createdAt", n.sent_at as "sentAt"`
const withOrder = `o.id as o_id, o.number, o.user_id, o.contact, o.currency, o.muted, o.prepaid, o.promised, o.totals, o.lines`

type JoinedSql = Notification & Omit<CardSql, 'id'> & Readonly<{ o_id: OrderId; lines: readonly CardLine[] }>
const joined = (row: JoinedSql): NotificationOfOrder => ({
  id: row.id,
  order: row.order,
  user: row.user,
  kind: row.kind,
  channel: row.channel,
  status: row.status,
  attempts: row.attempts,
  lastError: row.lastError,
  person: row.person,
  facts: row.facts,
  createdAt: row.createdAt,
  sentAt: row.sentAt,
  card: cardOf({ ...row, id: row.o_id }),
  lines: row.lines,
})

/** What sending one needs. */
export type DueNotification = Pick<NotificationOfOrder, 'id' | 'order' | 'kind' | 'channel' | 'person' | 'facts' | 'card' | 'lines'>
type DueSql = Omit<DueNotification, 'card'> & Pick<CardSql, 'number' | 'currency' | 'prepaid' | 'promised' | 'totals'>
const dueOf = ({ number, currency, prepaid, promised, totals, ...row }: DueSql): DueNotification => ({
  ...row,
  // Of a muted order there is nothing to send.
  card: { id: row.order, number, currency, muted: false, prepaid, promised: promised ?? undefined, totals },
})
/** Said so that the planner looks messages up by their ids: through the index of those pending it would read them all. */
const stillPending = `n.status not in ('SENT', 'FAILED')`

/** Names what a notification is about, to know it again. */
export const toldKey = (row: Readonly<{ order: string; kind: string; channel: string; subject: string }>): string =>
  `${row.order}\n${row.kind}\n${row.channel}\n${row.subject}`

/** What a try came to; `PENDING` is tried again. */
export type End = Readonly<{ id: string; status: 'SENT' | 'FAILED' | 'PENDING'; error: string | null }>

/** The room's repository: rows in batches, and what sending says of them outside of any. */
export interface NotificationRepository {
  /** Not locked: the reaction's position row keeps all others away. */
  cards(work: Work, orders: readonly OrderId[]): Promise<Map<OrderId, OrderCard>>
  toldBefore(work: Work, orders: readonly OrderId[]): Promise<Set<string>>
  /** `user` + newline + `channel` of what these users have switched off. */
  mutedChannels(work: Work, users: readonly string[]): Promise<ReadonlySet<string>>
  addCards(cards: readonly (readonly [OrderCard, readonly CardLine[]])[]): Write
  saveCards(cards: readonly OrderCard[]): Write
  add(rows: readonly NewNotification[], at: Instant): Write
  /** Those of these that are still to be sent. */
  due(ids: readonly string[]): Promise<ReadonlyMap<string, DueNotification>>
  /** Counts the tries, and says what came of them. */
  finish(ends: readonly End[]): Promise<void>
  /** Texts that were handed over and did not arrive after all. */
  undelivered(ids: readonly string[]): Promise<void>
  lock(work: Work, id: string): Promise<Notification | undefined>
  reopen(id: string): Write
  get(id: string): Promise<NotificationOfOrder | undefined>
  /** Newest first. */
  list(wanted: Wanted): Promise<NotificationOfOrder[]>
  outbox(limit: number, before?: string): Promise<OutboxEntry[]>
  setChannel(user: string, channel: Channel, wanted: boolean): Promise<void>
  mutedOf(user: string): Promise<readonly Channel[]>
  /** The copies of people's data that this room holds, for the day they are erased. */
  forget(people: readonly PersonRef[]): Promise<void>
}

export class PostgresNotifications implements NotificationRepository {
  readonly #database: Database
  constructor(database: Database) {
    this.#database = database
  }

  async cards(work: Work, orders: readonly OrderId[]): Promise<Map<OrderId, OrderCard>> {
    const statement = {
      name: 'notification_cards',
      text: `select ${cardColumns} from notifications.orders where id = any($1::uuid[])`,
    }
    const rows = await sql(work).query<CardSql>(statement, [orders])
    return new Map(rows.map((row) => [row.id, cardOf(row)]))
  }

  async toldBefore(work: Work, orders: readonly OrderId[]): Promise<Set<string>> {
    if (orders.length === 0) return new Set()
    const statement = {
      name: 'notification_told',
      text: `select order_id as "order", kind, channel, subject from notifications.notifications where order_id = any($1::uuid[])`,
    }
    const rows = await sql(work).query<{ order: string; kind: string; channel: string; subject: string }>(statement, [orders])
    return new Set(rows.map(toldKey))
  }

  async mutedChannels(work: Work, users: readonly string[]): Promise<ReadonlySet<string>> {
    if (users.length === 0) return new Set()
    const statement = {
      name: 'notification_muted',
      text: 'select user_id, channel from notifications.muted_channels where user_id = any($1::text[])',
    }
    const rows = await sql(work).query<{ user_id: string; channel: string }>(statement, [users])
    return new Set(rows.map(({ user_id, channel }) => `${user_id}\n${channel}`))
  }

  addCards(cards: readonly (readonly [OrderCard, readonly CardLine[]])[]): SqlWrite {
    return {
      name: 'notifications.orders',
      sql: addCardsSql,
      types: ['uuid', 'int8', 'text', 'uuid', 'text', 'bool', 'bool', 'date', 'json', 'json'],
      columns: [
        cards.map(([card]) => card.id),
        cards.map(([card]) => card.number),
        cards.map(([card]) => card.user ?? null),
        cards.map(([card]) => card.contact ?? null),
        cards.map(([card]) => card.currency),
        cards.map(([card]) => card.muted),
        cards.map(([card]) => card.prepaid),
        cards.map(([card]) => card.promised ?? null),
        cards.map(([card]) => JSON.stringify(card.totals)),
        cards.map(([, lines]) => JSON.stringify(lines)),
      ],
    }
  }

  saveCards(cards: readonly OrderCard[]): SqlWrite {
    return {
      name: 'notifications.orders.changed',
      sql: saveCardsSql,
      types: ['uuid', 'uuid', 'date', 'json'],
      columns: [
        cards.map(({ id }) => id),
        cards.map(({ contact }) => contact ?? null),
        cards.map(({ promised }) => promised ?? null),
        cards.map(({ totals }) => JSON.stringify(totals)),
      ],
    }
  }

  add(rows: readonly NewNotification[], at: Instant): SqlWrite {
    return {
      name: 'notifications.notifications',
      sql: addSql,
      types: ['uuid', 'uuid', 'text', 'text', 'text', 'text', 'uuid', 'json', 'timestamptz'],
      columns: [
        rows.map(({ id }) => id),
        rows.map(({ order }) => order),
        rows.map(({ user }) => user ?? null),
        rows.map(({ kind }) => kind),
        rows.map(({ channel }) => channel),
        rows.map(({ subject }) => subject),
        rows.map(({ person }) => person),
        rows.map(({ facts }) => JSON.stringify(facts)),
        rows.map(() => at),
      ],
    }
  }

  async due(ids: readonly string[]): Promise<ReadonlyMap<string, DueNotification>> {
    const rows = await this.#database.read<DueSql>(
      `select n.id, n.order_id as "order", n.kind, n.channel, n.person, n.facts, o.number, o.currency, o.prepaid, o.promised, o.totals, o.lines
         from notifications.notifications n join notifications.orders o on o.id = n.order_id where n.id = any($1::uuid[]) and ${stillPending}`,
      [ids],
      'notification_due',
    )
    return new Map(rows.map((row) => [row.id, dueOf(row)]))
  }

  async finish(ends: readonly End[]): Promise<void> {
    if (ends.length === 0) return
    await this.#database.read(
      `update notifications.notifications n set status = e.status, attempts = n.attempts + 1, last_error = e.error,
          sent_at = case when e.status = 'SENT' then now() else n.sent_at end
         from unnest($1::uuid[], $2::text[], $3::text[]) as e (id, status, error) where n.id = e.id and ${stillPending}`,
      [ends.map(({ id }) => id), ends.map(({ status }) => status), ends.map(({ error }) => error)],
      'notification_finish',
    )
  }

  async undelivered(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return
    await this.#database.read(
      `update notifications.notifications set status = 'FAILED', last_error = 'undelivered' where id = any($1::uuid[]) and status in ('SENT', 'PENDING')`,
      [ids],
      'notification_undelivered',
    )
  }

  async lock(work: Work, id: string): Promise<Notification | undefined> {
    const statement = {
      name: 'notification_lock',
      text: `select ${rowColumns} from notifications.notifications n where n.id = $1 for update`,
    }
    return (await sql(work).query<Notification>(statement, [id]))[0]
  }

  reopen(id: string): SqlWrite {
    return {
      name: 'notifications.notifications.reopened',
      sql: `update notifications.notifications set status = 'PENDING' where id = any($1::uuid[])`,
      types: ['uuid'],
      columns: [[id]],
    }
  }

  async get(id: string): Promise<NotificationOfOrder | undefined> {
    const rows = await this.#database.read<JoinedSql>(
      `select ${rowColumns}, ${withOrder} from notifications.notifications n join notifications.orders o on o.id = n.order_id where n.id = $1`,
      [id],
      'notification_get',
    )
    return rows.map(joined)[0]
  }

  /** Unprepared on purpose: with the values at hand the planner takes the index of exactly that status. */
  async list({ status, user, order, before, limit }: Wanted): Promise<NotificationOfOrder[]> {
    const rows = await this.#database.read<JoinedSql>(
      `select ${rowColumns}, ${withOrder} from notifications.notifications n join notifications.orders o on o.id = n.order_id
        where ($1::text is null or n.status = $1) and ($2::text is null or n.user_id = $2) and ($3::uuid is null or n.order_id = $3)
          and ($4::uuid is null or n.id < $4) order by n.id desc limit $5`,
      [status ?? null, user ?? null, order ?? null, before ?? null, limit],
    )
    return rows.map(joined)
  }

  outbox(limit: number, before?: string): Promise<OutboxEntry[]> {
    return this.#database.read<OutboxEntry>(
      `(select id, 'email' as channel, at, recipient as "to", subject, text, html, 'kept' as status from notifications.outbox
          where $1::uuid is null or id < $1 order by id desc limit $2)
       union all
       (select id, 'sms', at, recipient, null, text, null, status from notifications.sms where $1::uuid is null or id < $1 order by id desc limit $2)
       order by id desc limit $2`,
      [before ?? null, limit],
    )
  }

  async setChannel(user: string, channel: Channel, wanted: boolean): Promise<void> {
    const text = wanted
      ? 'delete from notifications.muted_channels where user_id = $1 and channel = $2'
      : 'insert into notifications.muted_channels (user_id, channel) values ($1, $2) on conflict do nothing'
    await this.#database.read(text, [user, channel])
  }

  async mutedOf(user: string): Promise<readonly Channel[]> {
    const rows = await this.#database.read<{ channel: Channel }>(
      'select channel from notifications.muted_channels where user_id = $1',
      [user],
    )
    return rows.map(({ channel }) => channel)
  }

  async forget(people: readonly PersonRef[]): Promise<void> {
    await this.#database.read('delete from notifications.outbox where person = any($1::uuid[])', [people])
    await this.#database.read('delete from notifications.sms where person = any($1::uuid[])', [people])
  }
}
