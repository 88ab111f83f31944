/** All the SQL of payments: the repository port (B13) and its PostgreSQL form. */
import type { Stored } from '../kernel/decider.ts'
import type { Instant } from '../kernel/ids.ts'
import { type Database, sql } from '../platform/postgres/database.ts'
import type { SqlWrite, Work, Write } from '../platform/store/work.ts'
import { type Found, PostgresStreams, type StreamStore, type StreamTable } from '../platform/streams/store.ts'
import type { LoggedMovement } from './contract.ts'
import type { MoneyDifference } from './money-log.ts'
import { isInTrouble, type Payment } from './payment-state.ts'

export type WebhookId = Readonly<{ provider: string; id: string }>
export const webhookName = ({ provider, id }: WebhookId): string => `${provider}\n${id}`

export interface PaymentRepository extends StreamStore<Payment> {
  /** Until the batch ends nobody else starts a payment for these orders: a row that is not there yet cannot be locked. */
  holdStarts(work: Work, orders: readonly string[]): Promise<void>
  /** All payments of these orders, locked, in id order. */
  lockOfOrders(work: Work, orders: readonly string[]): Promise<Map<string, Stored<Payment>>>
  /** Appends to the money log; a movement that is there already aborts the batch. */
  log(movements: readonly LoggedMovement[]): Write
  /** The names of those webhooks that were handled before. */
  seen(work: Work, webhooks: readonly WebhookId[]): Promise<ReadonlySet<string>>
  /** Saved with the effect of the webhooks; one that is there already aborts the batch, which then finds it seen. */
  remember(webhooks: readonly WebhookId[], at: Instant): Write
  /** What moved for these orders, oldest first. */
  movements(orders: readonly string[]): Promise<readonly LoggedMovement[]>
  /** Where the money log and the states disagree: nowhere, or something is broken. */
  differences(): Promise<readonly MoneyDifference[]>
}

export const paymentTable: StreamTable<Payment> = {
  table: 'payments.payments',
  columns: {
    order_id: { type: 'uuid', of: (state) => (state.status === 'started' ? state.order : null) },
    reference: { type: 'text', nullable: true, of: (state) => (state.status === 'started' ? (state.reference ?? null) : null) },
    trouble: { type: 'bool', of: isInTrouble },
  },
}

/** The ids first: to lock in their order, the planner would else walk all payments by their key while they are few. */
const lockOfOrdersStatement = {
  name: 'payments_lock_of_orders',
  text: `select id, version, state from payments.payments
    where id = any(array(select id from payments.payments where order_id = any($1::uuid[]))) order by id for update`,
}
/** The first number is the room's own, so that nobody else's advisory locks meet these. */
const holdStartsStatement = {
  name: 'payments_hold_starts',
  text: 'select pg_advisory_xact_lock(7029, key) from (select distinct hashtext(o) as key from unnest($1::text[]) o order by key) k',
}
const logSql = `insert into payments.money_log (payment, order_id, kind, amount, currency, at, reference)
  select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int8[], $5::text[], $6::timestamptz[], $7::text[])`
const rememberSql = `insert into payments.inbox (provider, id, at) select * from unnest($1::text[], $2::text[], $3::timestamptz[])`
const seenStatement = {
  name: 'payments_seen',
  text: 'select i.provider, i.id from unnest($1::text[], $2::text[]) as w (provider, id) join payments.inbox i using (provider, id)',
}

export class PostgresPayments extends PostgresStreams<Payment> implements PaymentRepository {
  readonly #database: Database
  constructor(database: Database) {
    super(database, paymentTable)
    this.#database = database
  }

  async holdStarts(work: Work, orders: readonly string[]): Promise<void> {
    if (orders.length > 0) await sql(work).query(holdStartsStatement, [orders])
  }

  async lockOfOrders(work: Work, orders: readonly string[]): Promise<Map<string, Stored<Payment>>> {
    const rows = await sql(work).query<Found<Payment>>(lockOfOrdersStatement, [orders])
    return new Map(rows.map(({ id, version, state }) => [id, { version, state }]))
  }

  log(movements: readonly LoggedMovement[]): SqlWrite {
    return {
      name: 'payments.money_log',
      sql: logSql,
      types: ['uuid', 'uuid', 'text', 'int8', 'text', 'timestamptz', 'text'],
      columns: [
        movements.map(({ payment }) => payment),
        movements.map(({ order }) => order),
        movements.map(({ kind }) => kind),
        movements.map(({ amount }) => amount),
        movements.map(({ currency }) => currency),
        movements.map(({ at }) => at),
        movements.map(({ reference }) => reference),
      ],
    }
  }

  async seen(work: Work, webhooks: readonly WebhookId[]): Promise<ReadonlySet<string>> {
    if (webhooks.length === 0) return new Set()
    const values = [webhooks.map(({ provider }) => provider), webhooks.map(({ id }) => id)]
    return new Set((await sql(work).query<WebhookId>(seenStatement, values)).map(webhookName))
  }

  remember(webhooks: readonly WebhookId[], at: Instant): SqlWrite {
    return {
      name: 'payments.inbox',
      sql: rememberSql,
      types: ['text', 'text', 'timestamptz'],
      columns: [webhooks.map(({ provider }) => provider), webhooks.map(({ id }) => id), webhooks.map(() => at)],
    }
  }

  movements(orders: readonly string[]): Promise<readonly LoggedMovement[]> {
    return this.#database.read<LoggedMovement>(
      `select payment, order_id as order, kind, amount, currency, at, reference from payments.money_log
        where order_id = any($1::uuid[]) order by position`,
      [orders],
    )
  }

  differences(): Promise<readonly MoneyDifference[]> {
    return moneyDifferences(this.#database)
  }
}

/** The sums of the money log against the payments' states, for `waybill verify`. */
export const moneyDifferences = (database: Database): Promise<MoneyDifference[]> =>
  database.read<MoneyDifference>(
    `with logged as (
       select payment, order_id, currency, kind, sum(amount)::int8 as amount from payments.money_log group by 1, 2, 3, 4
     ), stated as (
       select p.id as payment, p.order_id, p.state->>'currency' as currency, t.kind, t.amount
         from payments.payments p, lateral (values
           ('authorize', (p.state->>'authorized')::int8), ('capture', (p.state->>'captured')::int8), ('void', (p.state->>'voided')::int8),
           ('refund', (select coalesce(sum((r->>'amount')::int8), 0)::int8 from json_array_elements(p.state->'refunds') r where r->>'step' = 'done'))
         ) as t (kind, amount)
        where t.amount <> 0
     ), apart as (
       select payment, order_id, kind || ' ' || currency as what, coalesce(l.amount, 0) as logged, coalesce(s.amount, 0) as stated
         from logged l full join stated s using (payment, order_id, currency, kind)
        where l.amount is distinct from s.amount
     ), sums as (
       select payment, order_id,
              coalesce(sum(amount) filter (where kind = 'authorize'), 0)::int8 as authorized,
              coalesce(sum(amount) filter (where kind = 'capture'), 0)::int8 as captured,
              coalesce(sum(amount) filter (where kind = 'void'), 0)::int8 as voided,
              coalesce(sum(amount) filter (where kind = 'refund'), 0)::int8 as refunded
         from logged group by 1, 2
     )
     select payment, order_id as order, what, logged, stated from apart
     union all
     select payment, order_id, 'captured or given back beyond authorised', captured + voided, authorized from sums where captured + voided > authorized
     union all
     select payment, order_id, 'refunded beyond captured', refunded, captured from sums where refunded > captured
     order by 1, 3`,
  )
