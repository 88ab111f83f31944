/** All the SQL of inventory. The levels' update is guarded: it takes units only where they are free at that very moment. */
import type { Day, Instant, OrderId, Place, Sku } from '../kernel/ids.ts'
import { type Database, sql } from '../platform/postgres/database.ts'
import { gatheredById } from '../platform/store/gather.ts'
import type { SqlWrite, Work, Write } from '../platform/store/work.ts'
import { type Holding, packHolding, unpackHolding } from './holding.ts'
import type { Delta, LedgerRow, LevelRow } from './levels.ts'

export type Lot = Readonly<{
  id: string
  sku: Sku
  place: Place
  day: Day
  quantity: number
  received: number
  kind: 'purchase' | 'preorder'
  reference?: string | undefined
  closed: boolean
  /** Of what came, units that cannot be sold. */
  damaged?: number | undefined
  /** No more of them may be promised before they come. */
  sellable?: number | undefined
  /** Nobody has confirmed the day. */
  forecast?: boolean | undefined
  /** When the last of them came in. */
  came?: Day | undefined
  /** Read only, where it is overdue: how many days late supply of this place usually is. */
  delayDays?: number | undefined
}>
export type Waiting = Readonly<{
  sku: Sku
  order: OrderId
  line: number
  /** Where its supply comes in. */
  place: Place
  /** Where it is sent from, if that is another place. */
  to?: Place | undefined
  quantity: number
  kind: 'backorder' | 'preorder'
  priority: number
  at: Instant
  /** The day on which its units were promised to be in; never changed. */
  promised?: Day | undefined
  /** The day on which they are expected now. */
  expected?: Day | undefined
  /** Units of it that no supply is announced for. */
  lost?: number | undefined
}>

/** Requirement B13's repository of stock: everything that touches a level goes through it. */
export interface InventoryRepository {
  /** Locks the level rows of these products, in (product, place) order, so that every path excludes every other. */
  lockLevels(work: Work, skus: readonly Sku[]): Promise<readonly LevelRow[]>
  /** Makes missing rows, so that they can be locked: for what arrives where it never was. */
  ensureLevels(work: Work, pairs: readonly Readonly<{ sku: Sku; place: Place }>[]): Promise<void>
  lockHoldings(work: Work, orders: readonly OrderId[]): Promise<ReadonlyMap<OrderId, Holding>>
  openLots(work: Work, skus: readonly Sku[]): Promise<readonly Lot[]>
  lockLots(work: Work, ids: readonly string[]): Promise<readonly Lot[]>
  waitingFor(work: Work, skus: readonly Sku[]): Promise<readonly Waiting[]>
  /** Of these transfers, those whose units stock has taken from their sender. Asked behind the locks of their orders' holdings. */
  followed(work: Work, transfers: readonly string[]): Promise<ReadonlySet<string>>
  saveLevels(deltas: readonly Delta[]): Write
  saveLedger(rows: readonly LedgerRow[], at: Instant): Write
  newHoldings(holdings: readonly Readonly<{ order: OrderId; holding: Holding }>[]): Write
  saveHoldings(holdings: readonly Readonly<{ order: OrderId; holding: Holding }>[]): Write
  saveWaiting(rows: readonly Waiting[]): Write
  dropWaiting(rows: readonly Pick<Waiting, 'sku' | 'order' | 'line' | 'place'>[]): Write
  saveLots(lots: readonly Lot[]): Write
  /** In (product, place) order. */
  readLevels(skus: readonly Sku[]): Promise<readonly LevelRow[]>
  /** Products with stock, in order: at most so many after one of them. */
  stockedAfter(sku: Sku | '', limit: number): Promise<readonly Sku[]>
  readLots(skus: readonly Sku[]): Promise<readonly Lot[]>
  /** Who waits for these products, in the order of `waitingFor`, without locking anybody. */
  readWaiting(skus: readonly Sku[]): Promise<readonly Waiting[]>
  /** Products that somebody waits for since a day that is over. */
  overdue(limit: number): Promise<readonly Sku[]>
}

type LevelSql = { sku: Sku; place: Place; on_hand: number; reserved: number; in_transit: number; safety: number; damaged: number }
const levelColumns = 'sku, place, on_hand, reserved, in_transit, safety, damaged'
const levelOf = (row: LevelSql): LevelRow => ({
  sku: row.sku,
  place: row.place,
  onHand: row.on_hand,
  reserved: row.reserved,
  inTransit: row.in_transit,
  safety: row.safety,
  damaged: row.damaged,
})
const lotColumns = 'id, sku, place, day, quantity, received, kind, reference, closed, damaged, sellable, forecast, came'
/** Of supply that is past its day, the last fifty that came in at its place say how late it may be. */
const lotSelect = `select ${lotColumns}, case when day < current_date then (
    select percentile_disc(0.5) within group (order by greatest(0, d.came - d.day))::int
      from (select day, came from inventory.supply c where c.place = s.place and c.came is not null order by c.came desc limit 50) d
  ) end as "delayDays" from inventory.supply s`
type LotSql = Omit<Lot, 'reference' | 'damaged' | 'sellable' | 'forecast' | 'came' | 'delayDays'> & {
  reference: string | null
  damaged: number
  sellable: number | null
  forecast: boolean
  came: Day | null
  delayDays: number | null
}
const lotOf = ({ reference, damaged, sellable, forecast, came, delayDays, ...lot }: LotSql): Lot => ({
  ...lot,
  ...(reference === null ? {} : { reference }),
  ...(damaged === 0 ? {} : { damaged }),
  ...(sellable === null ? {} : { sellable }),
  ...(forecast ? { forecast } : {}),
  ...(came === null ? {} : { came }),
  ...(delayDays === null ? {} : { delayDays }),
})

type WaitingSql = Omit<Waiting, 'to' | 'promised' | 'expected' | 'lost'> & {
  to: Place | null
  promised: Day | null
  expected: Day | null
  lost: number
}
const waitingOf = ({ to, promised, expected, lost, ...row }: WaitingSql): Waiting => ({
  ...row,
  ...(to === null ? {} : { to }),
  ...(promised === null ? {} : { promised }),
  ...(expected === null ? {} : { expected }),
  ...(lost === 0 ? {} : { lost }),
})
const waitingSelect = `select sku, order_id as "order", line, place, ships_from as "to", quantity, kind, priority, at, promised, expected, lost from inventory.waiting
  where sku = any($1::text[]) order by sku, priority desc, at, order_id, line, place`

const levelsSql = `update inventory.levels l set on_hand = l.on_hand + t.on_hand, reserved = l.reserved + t.reserved, in_transit = l.in_transit + t.in_transit,
    damaged = l.damaged + t.damaged, safety = l.safety + t.safety
  from unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[], $8::bool[]) as t (sku, place, on_hand, reserved, in_transit, damaged, safety, claimed)
  where l.sku = t.sku and l.place = t.place and (not t.claimed or l.on_hand + t.on_hand - l.reserved - l.safety - t.safety >= t.reserved)
  returning 1`
const ledgerSql = `insert into inventory.ledger (sku, at, place, on_hand, reserved, in_transit, damaged, kind, order_id, reference)
  select * from unnest($1::text[], $2::timestamptz[], $3::text[], $4::int[], $5::int[], $6::int[], $7::int[], $8::text[], $9::uuid[], $10::text[])`
const holdingsSql = `insert into inventory.holdings (order_id, body) select * from unnest($1::uuid[], $2::json[])`
const waitingSql = `insert into inventory.waiting (sku, order_id, line, place, ships_from, quantity, kind, priority, at, promised, expected, lost)
  select * from unnest($1::text[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::int[], $7::text[], $8::int[], $9::timestamptz[], $10::date[], $11::date[], $12::int[])
  on conflict (sku, order_id, line, place) do update set ships_from = excluded.ships_from, quantity = excluded.quantity,
    promised = excluded.promised, expected = excluded.expected, lost = excluded.lost`
const dropWaitingSql = `delete from inventory.waiting w using unnest($1::text[], $2::uuid[], $3::int[], $4::text[]) as t (sku, order_id, line, place)
  where w.sku = t.sku and w.order_id = t.order_id and w.line = t.line and w.place = t.place`
const lotsSql = `insert into inventory.supply (${lotColumns})
  select * from unnest($1::uuid[], $2::text[], $3::text[], $4::date[], $5::int[], $6::int[], $7::text[], $8::text[], $9::bool[], $10::int[], $11::int[], $12::bool[], $13::date[])
  on conflict (id) do update set day = excluded.day, quantity = excluded.quantity, received = excluded.received, closed = excluded.closed,
    damaged = excluded.damaged, sellable = excluded.sellable, forecast = excluded.forecast, came = excluded.came`

export class PostgresInventory implements InventoryRepository {
  readonly #database: Database
  /** Every look at a cart asks for the levels of what lies in it. */
  readonly #levels: (skus: readonly Sku[]) => Promise<ReadonlyMap<Sku, readonly LevelRow[]>>
  constructor(database: Database) {
    this.#database = database
    this.#levels = gatheredById('levels by sku', async (skus: readonly Sku[]) => {
      const text = `select ${levelColumns} from inventory.levels where sku = any($1::text[]) order by sku, place`
      const rows = await database.read<LevelSql>(text, [skus], 'levels_read')
      return Map.groupBy(rows.map(levelOf), ({ sku }) => sku)
    })
  }

  async lockLevels(work: Work, skus: readonly Sku[]): Promise<readonly LevelRow[]> {
    if (skus.length === 0) return []
    const statement = {
      name: 'levels_lock',
      text: `select ${levelColumns} from inventory.levels where sku = any($1::text[]) order by sku, place for update`,
    }
    return (await sql(work).query<LevelSql>(statement, [[...new Set(skus)]])).map(levelOf)
  }

  async ensureLevels(work: Work, pairs: readonly Readonly<{ sku: Sku; place: Place }>[]): Promise<void> {
    if (pairs.length === 0) return
    const statement = {
      name: 'levels_ensure',
      text: 'insert into inventory.levels (sku, place) select distinct * from unnest($1::text[], $2::text[]) t (s, p) order by s, p on conflict do nothing',
    }
    await sql(work).query(statement, [pairs.map(({ sku }) => sku), pairs.map(({ place }) => place)])
  }

  async lockHoldings(work: Work, orders: readonly OrderId[]): Promise<ReadonlyMap<OrderId, Holding>> {
    if (orders.length === 0) return new Map()
    const statement = {
      name: 'holdings_lock',
      text: 'select order_id, body from inventory.holdings where order_id = any($1::uuid[]) order by order_id for update',
    }
    const rows = await sql(work).query<{ order_id: OrderId; body: Parameters<typeof unpackHolding>[0] }>(statement, [
      [...new Set(orders)],
    ])
    return new Map(rows.map(({ order_id, body }) => [order_id, unpackHolding(body)]))
  }

  async openLots(work: Work, skus: readonly Sku[]): Promise<readonly Lot[]> {
    if (skus.length === 0) return []
    const statement = {
      name: 'lots_open',
      text: `${lotSelect} where sku = any($1::text[]) and not closed order by day, id`,
    }
    return (await sql(work).query<LotSql>(statement, [[...new Set(skus)]])).map(lotOf)
  }

  async lockLots(work: Work, ids: readonly string[]): Promise<readonly Lot[]> {
    const statement = {
      name: 'lots_lock',
      text: `${lotSelect} where id = any($1::uuid[]) order by id for update of s`,
    }
    return (await sql(work).query<LotSql>(statement, [[...new Set(ids)]])).map(lotOf)
  }

  async waitingFor(work: Work, skus: readonly Sku[]): Promise<readonly Waiting[]> {
    if (skus.length === 0) return []
    const statement = {
      name: 'waiting_for',
      text: `${waitingSelect} for update`,
    }
    return (await sql(work).query<WaitingSql>(statement, [[...new Set(skus)]])).map(waitingOf)
  }

  async followed(work: Work, transfers: readonly string[]): Promise<ReadonlySet<string>> {
    const statement = {
      name: 'transfers_followed',
      text: `select distinct reference as transfer from inventory.ledger where kind = 'transfer_sent' and reference = any($1::text[])`,
    }
    const rows = await sql(work).query<{ transfer: string }>(statement, [transfers])
    return new Set(rows.map(({ transfer }) => transfer))
  }

  saveLevels(deltas: readonly Delta[]): SqlWrite {
    return {
      name: 'inventory.levels',
      sql: levelsSql,
      guarded: true,
      types: ['text', 'text', 'int4', 'int4', 'int4', 'int4', 'int4', 'bool'],
      columns: [
        deltas.map((d) => d.sku),
        deltas.map((d) => d.place),
        deltas.map((d) => d.onHand),
        deltas.map((d) => d.reserved),
        deltas.map((d) => d.inTransit),
        deltas.map((d) => d.damaged),
        deltas.map((d) => d.safety),
        deltas.map((d) => d.claimed),
      ],
    }
  }

  saveLedger(rows: readonly LedgerRow[], at: Instant): SqlWrite {
    return {
      name: 'inventory.ledger',
      sql: ledgerSql,
      types: ['text', 'timestamptz', 'text', 'int4', 'int4', 'int4', 'int4', 'text', 'uuid', 'text'],
      columns: [
        rows.map((r) => r.sku),
        rows.map(() => at),
        rows.map((r) => r.place),
        rows.map((r) => r.onHand),
        rows.map((r) => r.reserved),
        rows.map((r) => r.inTransit),
        rows.map((r) => r.damaged),
        rows.map((r) => r.kind),
        rows.map((r) => r.order ?? null),
        rows.map((r) => r.reference ?? null),
      ],
    }
  }

  newHoldings(holdings: readonly Readonly<{ order: OrderId; holding: Holding }>[]): SqlWrite {
    return {
      name: 'inventory.holdings.new',
      sql: holdingsSql,
      types: ['uuid', 'json'],
      columns: [holdings.map(({ order }) => order), holdings.map(({ holding }) => packHolding(holding))],
    }
  }

  saveHoldings(holdings: readonly Readonly<{ order: OrderId; holding: Holding }>[]): SqlWrite {
    return {
      name: 'inventory.holdings',
      sql: `${holdingsSql} on conflict (order_id) do update set body = excluded.body`,
      types: ['uuid', 'json'],
      columns: [holdings.map(({ order }) => order), holdings.map(({ holding }) => packHolding(holding))],
    }
  }

  saveWaiting(rows: readonly Waiting[]): SqlWrite {
    return {
      name: 'inventory.waiting',
      sql: waitingSql,
      types: ['text', 'uuid', 'int4', 'text', 'text', 'int4', 'text', 'int4', 'timestamptz', 'date', 'date', 'int4'],
      columns: [
        rows.map((w) => w.sku),
        rows.map((w) => w.order),
        rows.map((w) => w.line),
        rows.map((w) => w.place),
        rows.map((w) => w.to ?? null),
        rows.map((w) => w.quantity),
        rows.map((w) => w.kind),
        rows.map((w) => w.priority),
        rows.map((w) => w.at),
        rows.map((w) => w.promised ?? null),
        rows.map((w) => w.expected ?? null),
        rows.map((w) => w.lost ?? 0),
      ],
    }
  }

  dropWaiting(rows: readonly Pick<Waiting, 'sku' | 'order' | 'line' | 'place'>[]): SqlWrite {
    return {
      name: 'inventory.waiting.gone',
      sql: dropWaitingSql,
      types: ['text', 'uuid', 'int4', 'text'],
      columns: [rows.map((w) => w.sku), rows.map((w) => w.order), rows.map((w) => w.line), rows.map((w) => w.place)],
    }
  }

  saveLots(lots: readonly Lot[]): SqlWrite {
    return {
      name: 'inventory.supply',
      sql: lotsSql,
      types: ['uuid', 'text', 'text', 'date', 'int4', 'int4', 'text', 'text', 'bool', 'int4', 'int4', 'bool', 'date'],
      columns: [
        lots.map((l) => l.id),
        lots.map((l) => l.sku),
        lots.map((l) => l.place),
        lots.map((l) => l.day),
        lots.map((l) => l.quantity),
        lots.map((l) => l.received),
        lots.map((l) => l.kind),
        lots.map((l) => l.reference ?? null),
        lots.map((l) => l.closed),
        lots.map((l) => l.damaged ?? 0),
        lots.map((l) => l.sellable ?? null),
        lots.map((l) => l.forecast ?? false),
        lots.map((l) => l.came ?? null),
      ],
    }
  }

  async readLevels(skus: readonly Sku[]): Promise<readonly LevelRow[]> {
    return [...(await this.#levels(skus.toSorted())).values()].flat()
  }

  async stockedAfter(sku: Sku | '', limit: number): Promise<readonly Sku[]> {
    const text = 'select distinct sku from inventory.levels where sku > $1 order by sku limit $2'
    return (await this.#database.read<{ sku: Sku }>(text, [sku, limit])).map((row) => row.sku)
  }

  async readLots(skus: readonly Sku[]): Promise<readonly Lot[]> {
    const text = `${lotSelect} where sku = any($1::text[]) and not closed order by day, id`
    return (await this.#database.read<LotSql>(text, [skus], 'lots_read')).map(lotOf)
  }

  async readWaiting(skus: readonly Sku[]): Promise<readonly Waiting[]> {
    return (await this.#database.read<WaitingSql>(waitingSelect, [skus], 'waiting_read')).map(waitingOf)
  }

  async overdue(limit: number): Promise<readonly Sku[]> {
    const text = `select distinct s.sku from inventory.supply s join inventory.waiting w on w.sku = s.sku and w.place = s.place
      where not s.closed and s.day < current_date and w.expected < current_date and w.lost < w.quantity limit $1`
    return (await this.#database.read<{ sku: Sku }>(text, [limit])).map((row) => row.sku)
  }
}
