/** What the checkers judge: the history, and all that the database, the provider and the desk say in the end. */
import pg from 'pg'
import type { EmbeddedConnection } from '../../src/platform/postgres/embedded.ts'
import type { Entry } from './history.ts'

export type OrderRow = Readonly<{
  id: string
  status: string
  phase: string
  version: number
  total: number
  /** Seconds from placing to the end of its reservation, where it had one. */
  ttlSeconds: number | null
  overdueSeconds: number
}>
export type EventRow = Readonly<{
  stream: string
  version: number
  position: number
  type: string
  /** Seconds since 1970 by the database's clock. */
  at: number
  order: string | null
  from: string | null
  to: string | null
  amount: number | null
  units: number | null
}>
/** The provider's own books: a session is what it did for one payment. */
export type SessionRow = Readonly<{
  payment: string
  order: string
  amount: number
  currency: string
  authorized: number
  voided: number
  captures: readonly Readonly<{ key: string; amount: number }>[]
  refunds: readonly Readonly<{ key: string; amount: number }>[]
}>
export type PaymentRow = Readonly<{ id: string; order: string; currency: string; captured: number; refunded: number }>
export type MessageRow = Readonly<{ order: string; kind: string; subject: string; status: string; mails: number }>
export type StuckRow = Readonly<{
  ref: string
  orderId: string | null
  reason: string
  waitsFor: string
  ageSeconds: number
  detail: string
}>

export type Final = Readonly<{
  orders: readonly OrderRow[]
  keys: readonly Readonly<{ key: string; order: string }>[]
  events: readonly EventRow[]
  listed: readonly string[]
  sessions: readonly SessionRow[]
  payments: readonly PaymentRow[]
  messages: readonly MessageRow[]
  received: readonly Readonly<{ sku: string; units: number }>[]
  stuck: readonly StuckRow[]
  /** Events that some reaction has not seen, tasks that are overdue. */
  behind: Readonly<{ events: number; tasks: number }>
  /** What `waybill verify` finds. */
  verified: readonly string[]
  /** Waybill ended without having been told to. */
  endings: readonly string[]
}>
export type Evidence = Readonly<{ entries: readonly Entry[]; final: Final }>

const queries = {
  orders: `select id, status, phase, version, total::int as total,
      extract(epoch from expires_at - placed_at)::float8 as "ttlSeconds", coalesce(extract(epoch from clock_timestamp() - expires_at), 0)::float8 as "overdueSeconds"
    from orders.orders order by id`,
  keys: `select key, object as order from platform.keys where expires_at is null and key like 'order %' order by key`,
  events: `select stream, version, position::int as position, type, extract(epoch from at)::float8 as at, body->>'order' as order, body->>'from' as from, body->>'to' as to,
      case when jsonb_typeof((body::jsonb)->'amount') = 'number' then (body->>'amount')::int end as amount,
      case when type = 'StockReceived' then (body->>'quantity')::int end as units
    from platform.journal order by position`,
  listed: 'select id from orders.listing order by id',
  sessions: 'select session as s from payments.simulated_sessions order by payment',
  payments: `select p.id, p.order_id as order, p.state->>'currency' as currency,
      coalesce(sum(amount) filter (where kind = 'capture'), 0)::int as captured, coalesce(sum(amount) filter (where kind = 'refund'), 0)::int as refunded
    from payments.payments p left join payments.money_log l on l.payment = p.id group by 1, 2, 3 order by 1`,
  messages: `select n.order_id as order, n.kind || ' by ' || n.channel as kind, n.subject, n.status, (select count(*)::int from notifications.outbox o where o.id = n.id) as mails
    from notifications.notifications n order by n.id`,
  received: `select sku, sum(on_hand)::int as units from inventory.ledger where kind = 'received' group by 1 order by 1`,
} as const

type Told = Omit<Final, 'stuck' | 'behind' | 'verified' | 'endings'>

/** Of a database that nobody writes to any more. */
export const readFinal = async (connection: EmbeddedConnection): Promise<Told> => {
  const client = new pg.Client(connection)
  await client.connect()
  try {
    await client.query('begin transaction isolation level repeatable read read only')
    const all = async <Row>(text: string): Promise<readonly Row[]> => (await client.query(text)).rows as Row[]
    const told = {
      orders: await all<OrderRow>(queries.orders),
      keys: await all<Final['keys'][number]>(queries.keys),
      events: await all<EventRow>(queries.events),
      listed: (await all<{ id: string }>(queries.listed)).map(({ id }) => id),
      sessions: (await all<{ s: SessionRow }>(queries.sessions)).map(({ s }) => s),
      payments: await all<PaymentRow>(queries.payments),
      messages: await all<MessageRow>(queries.messages),
      received: await all<Final['received'][number]>(queries.received),
    }
    await client.query('commit')
    return told
  } finally {
    await client.end()
  }
}
