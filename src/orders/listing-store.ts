/**
 * What people look orders up by. Newest first, a page at a time by keyset (placed at, id): each way of asking walks one
 * index from where the last page ended, so the worst question reads little more than it answers.
 */
import type { Instant, OrderId, PersonRef } from '../kernel/ids.ts'
import type { Database } from '../platform/postgres/database.ts'
import type { SqlWrite, Write } from '../platform/store/work.ts'

/** What a new row needs beside what the order's head says. */
export type ListedOrder = Readonly<{ id: OrderId; channel: string; contact?: PersonRef | undefined }>

/** Rows are brought up to what the orders are now, whatever they were when the event was written. */
export interface ListingStore {
  placed(orders: readonly ListedOrder[]): Write
  /** Status and total. A row that says so already is left alone: each of its indexes would be written again. */
  changed(ids: readonly OrderId[]): Write
  /** These, and whose order it is. No order may be in both. */
  readdressed(ids: readonly OrderId[]): Write
}

export type ListFilter = Readonly<{
  statuses?: readonly string[] | undefined
  user?: string | undefined
  email?: string | undefined
  externalRef?: string | undefined
  number?: number | undefined
  /** The beginning of a name or an e-mail address, a whole reference or a number. */
  text?: string | undefined
  from?: Instant | undefined
  to?: Instant | undefined
  after?: string | undefined
  limit: number
}>

const [email, name] = [`lower(p.body->>'email')`, `lower(p.body->>'name')`]
const placedSql = `insert into orders.listing (id, number, status, user_id, email, name, external_ref, channel, currency, total, placed_at)
  select o.id, o.number, o.status, o.user_id, ${email}, ${name}, o.external_ref, t.channel, o.currency, o.total, o.placed_at
    from unnest($1::uuid[], $2::text[], $3::uuid[]) as t (id, channel, contact) join orders.orders o on o.id = t.id
    left join platform.people p on p.ref = coalesce((o.progress->>'contact')::uuid, t.contact)
  on conflict (id) do update set status = excluded.status, email = excluded.email, name = excluded.name, total = excluded.total`
const changedSql = `update orders.listing l set status = o.status, total = o.total
  from unnest($1::uuid[]) as t (id) join orders.orders o on o.id = t.id where l.id = t.id and (l.status <> o.status or l.total <> o.total)`
const readdressedSql = `update orders.listing l set status = o.status, total = o.total, email = ${email}, name = ${name}
  from unnest($1::uuid[]) as t (id) join orders.orders o on o.id = t.id
  left join platform.people p on p.ref = (o.progress->>'contact')::uuid where l.id = t.id`

export const postgresListing: ListingStore = {
  placed: (orders): SqlWrite => ({
    name: 'orders.listing.new',
    sql: placedSql,
    types: ['uuid', 'text', 'uuid'],
    columns: [orders.map(({ id }) => id), orders.map(({ channel }) => channel), orders.map(({ contact }) => contact ?? null)],
  }),
  changed: (ids): SqlWrite => ({ name: 'orders.listing', sql: changedSql, types: ['uuid'], columns: [ids] }),
  readdressed: (ids): SqlWrite => ({ name: 'orders.listing.person', sql: readdressedSql, types: ['uuid'], columns: [ids] }),
}

/** A text that more orders begin with finds the newest of them by walking back in time: they are never far. */
const matchesMax = 4_000
/** Above every number that PostgreSQL takes for one. */
const numberDigitsMax = 15

const columns = 'id, placed_at, status, user_id, email, external_ref, number'
const newestFirst = 'order by placed_at desc, id desc'

/** The parts of a question: what the rows must be, beside what the index is walked by. */
class Question {
  readonly values: unknown[] = []
  readonly #conditions: string[] = []

  parameter(value: unknown): string {
    this.values.push(value)
    return `$${this.values.length}`
  }

  where(condition: (parameter: string) => string, value: unknown): void {
    if (value !== undefined) this.#conditions.push(condition(this.parameter(value)))
  }

  and(...more: readonly string[]): string {
    const all = [...more, ...this.#conditions]
    return all.length === 0 ? '' : `where ${all.join(' and ')}`
  }
}

export const listOrders = (database: Database, filter: ListFilter): Promise<readonly OrderId[]> => {
  const question = new Question()
  question.where((p) => `user_id = ${p}`, filter.user)
  question.where((p) => `email = lower(${p})`, filter.email)
  question.where((p) => `external_ref = ${p}`, filter.externalRef)
  question.where((p) => `number = ${p}`, filter.number)
  question.where((p) => `placed_at >= ${p}`, filter.from)
  question.where((p) => `placed_at < ${p}`, filter.to)
  question.where(
    (p) => `(placed_at, id) < ((select placed_at from orders.listing where id = ${p}::uuid), ${p}::uuid)`,
    filter.after,
  )
  const limit = question.parameter(filter.limit)
  if (filter.text !== undefined) return found(database, question, filter, limit)
  const { statuses } = filter
  const isKeyed = [filter.user, filter.email, filter.externalRef, filter.number].some((key) => key !== undefined)
  if (statuses === undefined || isKeyed) {
    question.where((p) => `status = any(${p}::text[])`, statuses)
    return idsOf(database, `select id from orders.listing ${question.and()} ${newestFirst} limit ${limit}`, question)
  }
  // Each status by itself: together they would be sorted, all of them, or walked past in search of a rare one.
  const text = `select l.id from unnest(${question.parameter([...new Set(statuses)])}::text[]) as s (wanted)
    cross join lateral (select id, placed_at from orders.listing ${question.and('status = s.wanted')} ${newestFirst} limit ${limit}) l
    order by l.placed_at desc, l.id desc limit ${limit}`
  return idsOf(database, text, question)
}

const idsOf = async (database: Database, text: string, { values }: Question): Promise<readonly OrderId[]> => {
  const rows = await database.read<{ id: OrderId }>(text, values)
  return rows.map(({ id }) => id)
}

/** All that match, by their own indexes, if they are few; else back in time until enough are found. */
const found = async (
  database: Database,
  question: Question,
  { statuses, text = '' }: ListFilter,
  limit: string,
): Promise<readonly OrderId[]> => {
  question.where((p) => `status = any(${p}::text[])`, statuses)
  const words = question.parameter(text)
  const matches = [`email ^@ lower(${words})`, `name ^@ lower(${words})`, `external_ref = ${words}`]
  if (/^\d+$/.test(text) && text.length <= numberDigitsMax) matches.push(`number = ${words}::text::int8`)
  const each = matches.map((match) => `(select ${columns} from orders.listing where ${match} limit ${matchesMax + 1})`)
  const [row] = await database.read<{ matches: number; ids: OrderId[] }>(
    `with matching as materialized (${each.join(' union ')})
     select (select count(*) from matching) as matches, array(select id from matching ${question.and()} ${newestFirst} limit ${limit}) as ids`,
    question.values,
  )
  if (row === undefined || row.matches <= matchesMax) return row?.ids ?? []
  return idsOf(
    database,
    `select id from orders.listing ${question.and(`(${matches.join(' or ')})`)} ${newestFirst} limit ${limit}`,
    question,
  )
}
