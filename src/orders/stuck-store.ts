/**
 * What `GET /v1/stuck` reads, across the rooms: one statement for what went wrong, one for the open orders. It changes
 * nothing but the due time of a dead letter or a dead task that somebody wants tried again.
 */
import type { Instant, OrderId } from '../kernel/ids.ts'
import type { Database } from '../platform/postgres/database.ts'
import type { OrderStatus } from './contract.ts'
import type { WaitsFor } from './stuck.ts'

export type Incident = Readonly<{
  /** Unique, and what the page goes on from, with `since`. */
  ref: string
  orderId: OrderId | null
  number: number | null
  status: OrderStatus | null
  reason: string
  detail: string
  since: Instant
  waitsFor: WaitsFor
}>
export type OpenOrder = Readonly<{ id: OrderId; statusSince: Instant; updatedAt: Instant }>
export type IncidentPage = Readonly<{
  olderThanSeconds: number
  limit: number
  after?: Readonly<{ since: Instant; ref: string }> | undefined
}>

export interface StuckStore {
  /** Oldest first. */
  incidents(page: IncidentPage): Promise<readonly Incident[]>
  /** Open orders in the order in which they were placed. */
  openOrders(after: OrderId | undefined, limit: number): Promise<readonly OpenOrder[]>
  now(): Promise<Instant>
  /** @returns whether there is such a letter. */
  replay(consumer: string, position: number): Promise<boolean>
  retry(task: string): Promise<boolean>
}

const isUuid = `'^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'`

/**
 * A dead letter's order is its event's; a dead task names an order, a payment, a parcel or a message. A payment's last
 * refund or capture counts: one that was made good afterwards is no trouble. All payments are looked at, about a second for
 * 200,000, unless there is a partial index with the very condition of `money`; written so that the planner believes in it.
 */
const incidentsSql = `
  with letters as (
    select format('dead_letter:%s:%s', p.consumer, p.position) as ref,
        coalesce(case when j.body ->> 'order' ~ ${isUuid} then (j.body ->> 'order')::uuid end, j.stream) as about, 'dead_letter' as reason,
        format('%s gave up on %s: %s%s', p.consumer, coalesce(j.type, 'an event that is gone'), p.reason,
          (select case when count(*) > 0 then format(' (%s events wait behind it)', count(*)) else '' end
             from platform.parked b where b.consumer = p.consumer and b.key = p.key and b.position > p.position)) as detail,
        coalesce(j.at, p.due_at) as since, 'system' as waits_for
      from platform.parked p left join platform.journal j on j.position = p.position
     where p.dead),
  dead_tasks as (
    select t.*, case when t.key ~ ${isUuid} then t.key::uuid end as key_id,
        case when t.body ->> 'notification' ~ ${isUuid} then (t.body ->> 'notification')::uuid end as notification
      from platform.tasks t where t.dead),
  tasks as (
    select format('dead_task:%s', t.id) as ref,
        coalesce((select id from orders.orders where id = t.key_id), (select order_id from payments.payments where id = t.key_id),
          (select order_id from shipping.parcels where id = t.key_id), (select order_id from notifications.notifications where id = t.notification)) as about,
        'dead_task' as reason, format('%s was given up after %s tries: %s', t.kind, t.attempt, coalesce(t.last_error, 'no reason is known')) as detail,
        t.created_at as since, case when t.kind like 'payment%' then 'payment' when t.kind like 'shipping%' then 'carrier' else 'system' end as waits_for
      from dead_tasks t),
  money as (
    select p.id, p.order_id, case when p.state ->> 'unknown' is not null then 'payment_unknown'
        when p.state -> 'refunds' -> -1 ->> 'step' = 'failed' then 'refund_failed' else 'capture_failed' end as reason, p.state ->> 'unknown' as unknown
      from payments.payments p
     where p.trouble),
  payments as (
    select format('payment:%s', m.id) as ref, m.order_id as about, m.reason,
        case m.reason when 'payment_unknown' then format('payment %s: the provider was asked to %s and did not answer', m.id, m.unknown)
          else format('payment %s: %s', m.id, coalesce(e.body ->> 'reason', 'the provider declined')) end as detail,
        coalesce(e.at, now()) as since, 'payment' as waits_for
      from money m left join lateral (
        select j.at, j.body from platform.journal j where j.stream = m.id
           and j.type = case m.reason when 'payment_unknown' then 'PaymentUnknown' when 'refund_failed' then 'RefundFailed' else 'CaptureFailed' end
         order by j.version desc limit 1) e on true),
  messages as (
    select format('notification:%s', n.id) as ref, n.order_id as about, 'notification_failed' as reason,
        format('%s by %s: %s', n.kind, n.channel, coalesce(n.last_error, 'no reason is known')) as detail, n.created_at as since, 'system' as waits_for
      from notifications.notifications n where n.status = 'FAILED'),
  astray as (
    select format('parcel:%s', p.id) as ref, p.order_id as about, 'parcel_astray' as reason,
        format('parcel %s was cancelled, and %s has it: %s', coalesce(p.tracking, p.id::text), p.carrier, coalesce(p.state -> 'known' -> 'best' ->> 'status', 'on its way')) as detail,
        (p.state ->> 'astraySince')::timestamptz as since, 'warehouse' as waits_for
      from shipping.parcels p where p.astray),
  found as (
    select ref, about, reason, detail, date_trunc('milliseconds', since) as since, waits_for
      from (select * from letters union all select * from tasks union all select * from payments union all select * from messages union all select * from astray) all_of_them)
  select f.ref, coalesce(o.id, case when f.reason <> 'dead_letter' then f.about end) as "orderId", o.number, o.status, f.reason, f.detail, f.since,
      f.waits_for as "waitsFor"
    from found f left join orders.orders o on o.id = f.about
   where f.since <= now() - $1 * interval '1 second' and ($2::timestamptz is null or (f.since, f.ref) > ($2, $3))
   order by f.since, f.ref limit $4`

/**
 * From the listing, which is indexed by status, and from the journal where the listing has not caught up: so an order is
 * found here even while the reaction that lists orders stands still.
 */
const openOrdersSql = `
  with candidates as (
    (select id from orders.listing where status in ('received', 'paid', 'ready', 'in_transit') and ($1::uuid is null or id > $1) order by id limit $2)
    union
    (select j.stream from platform.journal j
      where j.position > (select coalesce(min(position), 0) from platform.consumers where name = 'orders.listing')
        and j.type = 'OrderPlaced' and ($1::uuid is null or j.stream > $1) order by j.stream limit $2)
    union
    (select j.stream from platform.parked p join platform.journal j on j.position = p.position
      where p.consumer = 'orders.listing' and j.type = 'OrderPlaced' and ($1::uuid is null or j.stream > $1) order by j.stream limit $2)
    order by 1 limit $2)
  select o.id, o.updated_at as "updatedAt", coalesce(s.at, o.placed_at) as "statusSince"
    from candidates c join orders.orders o on o.id = c.id
    left join lateral (select max(j.at) as at from platform.journal j where j.stream = o.id and j.type = 'StatusChanged') s on true
   order by o.id`

export const postgresStuck = (database: Database): StuckStore => ({
  incidents: ({ olderThanSeconds, limit, after }) =>
    database.read<Incident>(incidentsSql, [olderThanSeconds, after?.since ?? null, after?.ref ?? null, limit]),
  openOrders: (after, limit) => database.read<OpenOrder>(openOrdersSql, [after ?? null, limit]),
  now: async () => {
    const [row] = await database.read<{ now: Instant }>('select clock_timestamp() as now', [])
    if (row === undefined) throw new Error('the database has no clock')
    return row.now
  },
  // A letter that is being tried already is left alone: asked twice, it is tried again once.
  replay: async (consumer, position) => {
    const rows = await database.read(
      `update platform.parked set dead = false, attempts = case when dead then 1 else attempts end, due_at = case when dead then now() else due_at end
        where consumer = $1 and position = $2 returning 1 as found`,
      [consumer, position],
    )
    return rows.length > 0
  },
  retry: async (task) => {
    const rows = await database.read(
      `update platform.tasks set dead = false, attempt = case when dead then 0 else attempt end, due_at = case when dead then now() else due_at end,
          lease_until = case when dead then null else lease_until end
        where id = $1 returning 1 as found`,
      [task],
    )
    return rows.length > 0
  },
})
