/** What `waybill verify` reads, all in one snapshot, so that a living shop can be verified too. */
import type pg from 'pg'
import type { Envelope } from '../kernel/event.ts'
import type { Instant } from '../kernel/ids.ts'
import { envelopeColumns, envelopeOf } from '../platform/bus/journal.ts'

export type StateRow = Readonly<{ id: string; version: number; state: unknown }>
export type OrderRow = Readonly<{
  id: string
  version: number
  status: string
  phase: string
  total: number
  expiresAt: Instant | null
  progress: Record<string, unknown>
}>
type Page<Row> = Readonly<{ rows: readonly Row[]; histories: ReadonlyMap<string, readonly Envelope[]> }>
export type Found = Readonly<{ what: string; detail: string }>

/** Objects a page: their histories are in memory together. */
const pageSize = 500

export class Snapshot {
  readonly #client: pg.Client
  constructor(client: pg.Client) {
    this.#client = client
  }

  async begin(): Promise<void> {
    await this.#client.query('begin transaction isolation level repeatable read read only')
    await this.#client.query('set local statement_timeout = 0')
  }

  async end(): Promise<void> {
    await this.#client.query('commit')
  }

  orders(): AsyncGenerator<Page<OrderRow>> {
    return this.#pages('select id, version, status, phase, total, expires_at as "expiresAt", progress from orders.orders')
  }

  /** The rows of a room whose objects are streams with one state row each. */
  streams(table: string): AsyncGenerator<Page<StateRow>> {
    return this.#pages(`select id, version, state from ${table}`)
  }

  /** Pages of a state table with the histories of the objects in them. */
  async *#pages<Row extends Readonly<{ id: string }>>(
    select: string,
  ): AsyncGenerator<Readonly<{ rows: readonly Row[]; histories: ReadonlyMap<string, readonly Envelope[]> }>> {
    let after = '00000000-0000-0000-0000-000000000000'
    for (;;) {
      const { rows } = await this.#client.query<Row>(`${select} where id > $1 order by id limit ${pageSize}`, [after])
      if (rows.length === 0) return
      yield { rows, histories: await this.#histories(rows.map(({ id }) => id)) }
      after = rows.at(-1)?.id ?? after
    }
  }

  async #histories(ids: readonly string[]): Promise<ReadonlyMap<string, readonly Envelope[]>> {
    const { rows } = await this.#client.query<Parameters<typeof envelopeOf>[0]>(
      `select ${envelopeColumns} from platform.journal where stream = any($1::uuid[]) order by stream, version`,
      [ids],
    )
    const histories = new Map<string, Envelope[]>()
    for (const row of rows) {
      const history = histories.get(row.stream) ?? []
      history.push(envelopeOf(row))
      histories.set(row.stream, history)
    }
    return histories
  }

  async count(table: string): Promise<number> {
    const { rows } = await this.#client.query<{ n: number }>(`select count(*) as n from ${table}`)
    return rows[0]?.n ?? 0
  }

  /** Orders that some reaction has not caught up with: what other rooms say of them may still differ. */
  async pendingOrders(reactions: readonly Readonly<{ name: string; on: readonly string[] }>[]): Promise<ReadonlySet<string>> {
    const pairs = reactions.flatMap(({ name, on }) => on.map((type) => ({ name, type })))
    const { rows } = await this.#client.query<{ id: string }>(
      `select distinct coalesce(j.body->>'order', j.stream::text) as id
         from unnest($1::text[], $2::text[]) as r (name, type)
         left join platform.consumers c on c.name = r.name
         join platform.journal j on j.type = r.type and j.position > coalesce(c.position, 0)
        where j.position > (select coalesce(min(coalesce(c.position, 0)), 0) from unnest($1::text[]) as n (name) left join platform.consumers c on c.name = n.name)
       union select distinct key from platform.parked`,
      [pairs.map(({ name }) => name), pairs.map(({ type }) => type)],
    )
    return new Set(rows.map(({ id }) => id))
  }

  /** Placed, and gone: an order whose history is there without it. */
  ordersWithoutRow(): Promise<readonly Found[]> {
    return this.#found(
      `select 'order_missing' as what, format('order %s: %s events and no row', j.stream, (select count(*) from platform.journal h where h.stream = j.stream)) as detail
         from platform.journal j where j.type = 'OrderPlaced' and j.version = 1 and not exists (select 1 from orders.orders o where o.id = j.stream)`,
    )
  }

  /** Places where the ledger's sum is not the level. */
  ledgerAgainstLevels(): Promise<readonly Found[]> {
    return this.#found(
      `select 'ledger_level' as what, format('%s in %s: ledger on hand %s, reserved %s, in transit %s, damaged %s; level %s, %s, %s, %s', coalesce(l.sku, v.sku), coalesce(l.place, v.place),
          coalesce(l.on_hand, 0), coalesce(l.reserved, 0), coalesce(l.in_transit, 0), coalesce(l.damaged, 0), coalesce(v.on_hand, 0), coalesce(v.reserved, 0), coalesce(v.in_transit, 0), coalesce(v.damaged, 0)) as detail
         from (select sku, place, sum(on_hand) on_hand, sum(reserved) reserved, sum(in_transit) in_transit, sum(damaged) damaged from inventory.ledger group by sku, place) l
         full join inventory.levels v on v.sku = l.sku and v.place = l.place
        where (coalesce(l.on_hand, 0), coalesce(l.reserved, 0), coalesce(l.in_transit, 0), coalesce(l.damaged, 0)) <> (coalesce(v.on_hand, 0), coalesce(v.reserved, 0), coalesce(v.in_transit, 0), coalesce(v.damaged, 0))`,
    )
  }

  /** Places where what orders hold is not what is reserved there. */
  holdingsAgainstLevels(): Promise<readonly Found[]> {
    return this.#found(
      `select 'reservation_level' as what, format('%s in %s: orders hold %s, the level says %s reserved', coalesce(h.sku, v.sku), coalesce(h.place, v.place), coalesce(h.units, 0), coalesce(v.reserved, 0)) as detail
         from (select e->>1 as sku, e->>2 as place, sum((e->>3)::int) as units from inventory.holdings, json_array_elements(body) e where e->>4 = 'r' group by 1, 2) h
         full join (select * from inventory.levels where reserved <> 0) v on v.sku = h.sku and v.place = h.place
        where coalesce(h.units, 0) <> coalesce(v.reserved, 0)`,
    )
  }

  /** Waiting lines that the queue and the order's holding disagree on. */
  queueAgainstHoldings(): Promise<readonly Found[]> {
    return this.#found(
      `select 'waiting_queue' as what, format('order %s line %s: the queue has %s, the order waits for %s', coalesce(w.order_id, h.order_id), coalesce(w.line, h.line), coalesce(w.units, 0), coalesce(h.units, 0)) as detail
         from (select order_id, line, sum(quantity) units from inventory.waiting group by 1, 2) w
         full join (select order_id, (e->>0)::int as line, sum((e->>3)::int) units from inventory.holdings, json_array_elements(body) e where e->>4 = 'w' group by 1, 2) h
           on h.order_id = w.order_id and h.line = w.line
        where coalesce(w.units, 0) <> coalesce(h.units, 0)`,
    )
  }

  async heldBy(
    orders: readonly string[],
  ): Promise<ReadonlyMap<string, readonly (readonly [number, string, string, number, string])[]>> {
    const { rows } = await this.#client.query<{ order_id: string; body: (readonly [number, string, string, number, string])[] }>(
      'select order_id, body from inventory.holdings where order_id = any($1::uuid[])',
      [orders],
    )
    return new Map(rows.map(({ order_id, body }) => [order_id, body]))
  }

  async moneyOf(orders: readonly string[]): Promise<ReadonlyMap<string, Readonly<{ captured: number; refunded: number }>>> {
    const { rows } = await this.#client.query<{ order_id: string; captured: number; refunded: number }>(
      `select order_id, coalesce(sum(amount) filter (where kind = 'capture'), 0)::bigint as captured, coalesce(sum(amount) filter (where kind = 'refund'), 0)::bigint as refunded
         from payments.money_log where order_id = any($1::uuid[]) group by order_id`,
      [orders],
    )
    return new Map(rows.map(({ order_id, ...money }) => [order_id, money]))
  }

  async #found(select: string): Promise<readonly Found[]> {
    const { rows } = await this.#client.query<Found>(select)
    return rows
  }
}
