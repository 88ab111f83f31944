/** What `waybill verify` reads, all in one snapshot, so that a living shop can be verified too. */
import type pg from 'pg'
import type { Fact } from '../kernel/event.ts'

/** An object's facts as one row: a row an event costs the driver more than folding it. */
type Told = Readonly<{ types: string | null; bodies: string | null; first: number | null; last: number | null; events: number }>
type Stated = Readonly<{ id: string; version: number }>
export type Historied<Row> = Row & Readonly<{ history: readonly Fact[]; gapless: boolean }>
export type StateRow = Stated & Readonly<{ state: unknown }>
/** What an order's stock holds: line, product, place, units, and whether they are reserved, on their way or waited for. */
export type Held = readonly (readonly [number, string, string, number, string])[]
export type OrderRow = Stated &
  Readonly<{
    status: string
    phase: string
    total: number
    progress: Record<string, unknown>
    held: Held | null
    captured: number
    refunded: number
  }>
/** A payment with what the money log says of it; `strange` are its movements in another currency or of another order. */
export type PaymentRow = StateRow &
  Readonly<{ order: string; authorize: number; capture: number; void: number; refund: number; strange: number }>
export type Found = Readonly<{ what: string; detail: string }>
type Following = readonly Readonly<{ name: string; on: readonly string[] }>[]

/** Objects a page: two pages and their histories are in memory at once, whatever the shop has lived through. */
const pageSize = 500
/** Beyond so many orders that reactions have still to see, rooms are not compared at all. */
const pendingMax = 100_000
/** Differences of one kind: what is wrong everywhere need not be told a million times. */
const foundMax = 1_000

/** By key, whatever the planner thinks: the few events after a position it takes for a third of the journal. */
const byKey = `set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off; set local jit = off`
const bySets = `set local enable_seqscan = on; set local enable_hashjoin = on; set local enable_mergejoin = on; set local work_mem = '64MB'`

const told = `left join lateral (
    select count(*)::int as events, min(version) as first, max(version) as last, string_agg(type, ',' order by version) as types,
        '[' || string_agg(body::text, ',' order by version) || ']' as bodies
      from platform.journal j where j.stream = o.id) h on true`
const toldColumns = 'h.events, h.first, h.last, h.types, h.bodies'

const ordersSql = `select o.*, ${toldColumns}, s.body as held, m.captured, m.refunded
  from (select id, version, status, phase, total, progress from orders.orders where id > $1 order by id limit ${pageSize}) o
  ${told}
  left join inventory.holdings s on s.order_id = o.id
  left join lateral (
    select coalesce(sum(amount) filter (where kind = 'capture'), 0)::int8 as captured, coalesce(sum(amount) filter (where kind = 'refund'), 0)::int8 as refunded
      from payments.money_log l where l.order_id = o.id) m on true
 order by o.id`
const movedOf = ['authorize', 'capture', 'void', 'refund'].map(
  (kind) => `coalesce(sum(amount) filter (where kind = '${kind}'), 0)::int8 as ${kind}`,
)
const paymentsSql = `select o.*, ${toldColumns}, l.*
  from (select id, version, state, order_id as "order" from payments.payments where id > $1 order by id limit ${pageSize}) o
  ${told}
  left join lateral (
    select ${movedOf.join(', ')}, count(*) filter (where currency <> o.state->>'currency' or order_id <> o.order)::int as strange
      from payments.money_log l where l.payment = o.id) l on true
 order by o.id`
const streamsSql = (table: string): string => `select o.*, ${toldColumns}
  from (select id, version, state from ${table} where id > $1 order by id limit ${pageSize}) o ${told} order by o.id`

export class Snapshot {
  readonly #client: pg.Client
  constructor(client: pg.Client) {
    this.#client = client
  }

  async begin(): Promise<void> {
    await this.#client.query('begin transaction isolation level repeatable read read only')
    await this.#client.query('set local statement_timeout = 0')
    await this.#client.query(byKey)
  }

  async end(): Promise<void> {
    await this.#client.query('commit')
  }

  orders(): AsyncGenerator<readonly Historied<OrderRow>[]> {
    return this.#pages<OrderRow>(ordersSql)
  }

  payments(): AsyncGenerator<readonly Historied<PaymentRow>[]> {
    return this.#pages<PaymentRow>(paymentsSql)
  }

  /** The rows of a room whose objects are streams with one state row each. */
  streams(table: string): AsyncGenerator<readonly Historied<StateRow>[]> {
    return this.#pages<StateRow>(streamsSql(table))
  }

  /** The next page is on its way while one is compared. */
  async *#pages<Row extends Stated>(text: string): AsyncGenerator<readonly Historied<Row>[]> {
    let coming = this.#page<Row>(text, '00000000-0000-0000-0000-000000000000')
    for (;;) {
      const rows = await coming
      const last = rows.at(-1)
      if (last === undefined) return
      coming = this.#page(text, last.id)
      // Whoever stops in the middle has a fault of his own to tell.
      coming.catch(() => undefined)
      yield rows
    }
  }

  async #page<Row extends Stated>(text: string, after: string): Promise<readonly Historied<Row>[]> {
    const { rows } = await this.#client.query<Row & Told>(text, [after])
    return rows.map((row) => ({ ...row, history: factsOf(row), gapless: isGapless(row) }))
  }

  async count(table: string): Promise<number> {
    const { rows } = await this.#client.query<{ n: number }>(`select count(*) as n from ${table}`)
    return rows[0]?.n ?? 0
  }

  /**
   * Orders that some reaction has not caught up with: what other rooms say of them may still differ.
   * @returns undefined where they are too many to be told apart
   */
  async pendingOrders(reactions: Following): Promise<ReadonlySet<string> | undefined> {
    const pairs = reactions.flatMap(({ name, on }) => on.map((type) => ({ name, type })))
    const { rows } = await this.#client.query<{ id: string }>(
      `select distinct id from (
         select coalesce(j.body->>'order', j.stream::text) as id
           from unnest($1::text[], $2::text[]) as r (name, type)
           left join platform.consumers c on c.name = r.name
           join platform.journal j on j.type = r.type and j.position > coalesce(c.position, 0)
          where j.position > (select coalesce(min(coalesce(c.position, 0)), 0) from unnest($1::text[]) as n (name) left join platform.consumers c on c.name = n.name)
         union all select key from platform.parked) p limit ${pendingMax + 1}`,
      [pairs.map(({ name }) => name), pairs.map(({ type }) => type)],
    )
    return rows.length > pendingMax ? undefined : new Set(rows.map(({ id }) => id))
  }

  /** Whole tables against each other. */
  async sums(): Promise<readonly Found[]> {
    await this.#client.query(bySets)
    const found: Found[] = []
    for (const select of [
      ordersWithoutRow,
      moneyWithoutPayment,
      ledgerAgainstLevels,
      holdingsAgainstLevels,
      queueAgainstHoldings,
    ]) {
      const { rows } = await this.#client.query<Found>(`${select} limit ${foundMax}`)
      found.push(...rows)
    }
    return found
  }
}

const factsOf = ({ types, bodies }: Told): readonly Fact[] => {
  if (types === null || bodies === null) return []
  const names = types.split(',')
  return (JSON.parse(bodies) as Record<string, unknown>[]).map((body, index) => ({ type: names[index] ?? '', ...body }))
}

/** Versions are unique in a stream: as many as the last one's number, from 1, have no gap. */
const isGapless = ({ version, events, first, last }: Stated & Told): boolean =>
  events === version && first === 1 && last === version

/** Placed, and gone: an order whose history is there without it. */
const ordersWithoutRow = `select 'order_missing' as what, format('order %s: %s events and no row', j.stream, (select count(*) from platform.journal h where h.stream = j.stream)) as detail
   from platform.journal j where j.type = 'OrderPlaced' and j.version = 1 and not exists (select 1 from orders.orders o where o.id = j.stream)`

/** Movements of a payment that is not there. */
const moneyWithoutPayment = `select 'money_log' as what, format('payment %s of order %s: %s %s logged %s, and there is no such payment', payment, order_id, kind, currency, sum(amount)) as detail
   from payments.money_log l where not exists (select 1 from payments.payments p where p.id = l.payment) group by payment, order_id, kind, currency`

/** Places where the ledger's sum is not the level. */
const ledgerAgainstLevels = `select 'ledger_level' as what, format('%s in %s: ledger on hand %s, reserved %s, in transit %s, damaged %s; level %s, %s, %s, %s', coalesce(l.sku, v.sku), coalesce(l.place, v.place),
    coalesce(l.on_hand, 0), coalesce(l.reserved, 0), coalesce(l.in_transit, 0), coalesce(l.damaged, 0), coalesce(v.on_hand, 0), coalesce(v.reserved, 0), coalesce(v.in_transit, 0), coalesce(v.damaged, 0)) as detail
   from (select sku, place, sum(on_hand) on_hand, sum(reserved) reserved, sum(in_transit) in_transit, sum(damaged) damaged from inventory.ledger group by sku, place) l
   full join inventory.levels v on v.sku = l.sku and v.place = l.place
  where (coalesce(l.on_hand, 0), coalesce(l.reserved, 0), coalesce(l.in_transit, 0), coalesce(l.damaged, 0)) <> (coalesce(v.on_hand, 0), coalesce(v.reserved, 0), coalesce(v.in_transit, 0), coalesce(v.damaged, 0))`

/** Places where what orders hold is not what is reserved there. */
const holdingsAgainstLevels = `select 'reservation_level' as what, format('%s in %s: orders hold %s, the level says %s reserved', coalesce(h.sku, v.sku), coalesce(h.place, v.place), coalesce(h.units, 0), coalesce(v.reserved, 0)) as detail
   from (select e->>1 as sku, e->>2 as place, sum((e->>3)::int) as units from inventory.holdings, json_array_elements(body) e where e->>4 = 'r' group by 1, 2) h
   full join (select * from inventory.levels where reserved <> 0) v on v.sku = h.sku and v.place = h.place
  where coalesce(h.units, 0) <> coalesce(v.reserved, 0)`

/** Waiting lines that the queue and the order's holding disagree on. */
const queueAgainstHoldings = `select 'waiting_queue' as what, format('order %s line %s: the queue has %s, the order waits for %s', coalesce(w.order_id, h.order_id), coalesce(w.line, h.line), coalesce(w.units, 0), coalesce(h.units, 0)) as detail
   from (select order_id, line, sum(quantity) units from inventory.waiting group by 1, 2) w
   full join (select order_id, (e->>0)::int as line, sum((e->>3)::int) units from inventory.holdings, json_array_elements(body) e where e->>4 = 'w' group by 1, 2) h
     on h.order_id = w.order_id and h.line = w.line
  where coalesce(w.units, 0) <> coalesce(h.units, 0)`
