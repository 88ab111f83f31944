/** What must hold after every schedule, whatever was raced: asked of the database for many cases at once. */
import type { Wrong } from './pair.ts'
import type { World } from './world.ts'

type Row = Readonly<{ owner: string; told: string }>
type Check = Readonly<{ invariant: string; sql: string }>

/** `$1` are products, `$2` the journal's position before the cases were made. Each row names a product or a stream. */
const checks: readonly Check[] = [
  {
    invariant: 'I3',
    sql: `select sku as owner, format('%s in %s: on hand %s, reserved %s, in transit %s', sku, place, on_hand, reserved, in_transit) as told
      from inventory.levels where sku = any($1::text[]) and (on_hand < 0 or reserved < 0 or in_transit < 0 or damaged < 0 or on_hand < reserved)`,
  },
  {
    invariant: 'I4',
    sql: `select coalesce(l.sku, v.sku) as owner, format('%s in %s: the ledger says %s, the level %s (on hand, reserved, in transit, damaged)', coalesce(l.sku, v.sku), coalesce(l.place, v.place), l.sums, v.sums) as told
      from (select sku, place, row(sum(on_hand), sum(reserved), sum(in_transit), sum(damaged))::text as sums from inventory.ledger where sku = any($1::text[]) group by sku, place) l
      full join (select sku, place, row(on_hand, reserved, in_transit, damaged)::text as sums from inventory.levels where sku = any($1::text[])) v using (sku, place)
      where coalesce(l.sums, '(0,0,0,0)') <> coalesce(v.sums, '(0,0,0,0)')`,
  },
  {
    invariant: 'I4',
    sql: `select coalesce(h.sku, v.sku) as owner, format('%s in %s: orders hold %s, %s are reserved', coalesce(h.sku, v.sku), coalesce(h.place, v.place), coalesce(h.units, 0), coalesce(v.reserved, 0)) as told
      from (select e->>1 as sku, e->>2 as place, sum((e->>3)::int) as units
              from (select stream from platform.journal where position > $2 and type = 'OrderPlaced') o join inventory.holdings on order_id = o.stream, json_array_elements(body) e
             where e->>4 = 'r' and e->>1 = any($1::text[]) group by 1, 2) h
      full join (select sku, place, reserved from inventory.levels where sku = any($1::text[]) and reserved <> 0) v on v.sku = h.sku and v.place = h.place
      where coalesce(h.units, 0) <> coalesce(v.reserved, 0)`,
  },
  {
    invariant: 'I4',
    sql: `select coalesce(w.sku, h.sku) as owner, format('order %s line %s: %s queue, the order waits for %s', coalesce(w.order_id, h.order_id), coalesce(w.line, h.line), coalesce(w.units, 0), coalesce(h.units, 0)) as told
      from (select sku, order_id, line, sum(quantity) units from inventory.waiting where sku = any($1::text[]) group by 1, 2, 3) w
      full join (select e->>1 as sku, order_id, (e->>0)::int as line, sum((e->>3)::int) units
              from (select stream from platform.journal where position > $2 and type = 'OrderPlaced') o join inventory.holdings on order_id = o.stream, json_array_elements(body) e
             where e->>4 = 'w' and e->>1 = any($1::text[]) group by 1, 2, 3) h
        on h.order_id = w.order_id and h.line = w.line
      where coalesce(w.units, 0) <> coalesce(h.units, 0)`,
  },
  {
    invariant: 'I8',
    sql: `select stream::text as owner, format('%s: versions %s to %s in %s events', stream, min(version), max(version), count(*)) as told
      from platform.journal where position > $2 group by stream having min(version) <> 1 or max(version) <> count(*)`,
  },
  {
    invariant: 'I8',
    sql: `select o.id::text as owner, format('order %s: its row is at version %s, its history at %s', o.id, o.version, j.last) as told
      from (select stream, max(version) as last from platform.journal where position > $2 group by stream) j join orders.orders o on o.id = j.stream where o.version <> j.last`,
  },
  {
    invariant: 'I5',
    sql: `select payment::text as owner, format('payment %s: authorised %s, captured %s, given back %s, refunded %s', payment, a, c, v, r) as told
      from (select payment, coalesce(sum(amount) filter (where kind = 'authorize'), 0) a, coalesce(sum(amount) filter (where kind = 'capture'), 0) c,
              coalesce(sum(amount) filter (where kind = 'void'), 0) v, coalesce(sum(amount) filter (where kind = 'refund'), 0) r
              from payments.money_log where payment in (select stream from platform.journal where position > $2 and type = 'PaymentStarted') group by payment) m
      where c + v > a or r > c`,
  },
]

export const positionOf = async (world: World): Promise<number> => {
  const [row] = await world.rows<{ last: number }>('select coalesce(max(position), 0) as last from platform.journal')
  return row?.last ?? 0
}

/** @returns what is wrong, each with the product or stream that it is about. */
export const wrongIn = async (
  world: World,
  skus: readonly string[],
  after: number,
): Promise<readonly (Wrong & Readonly<{ owner: string }>)[]> => {
  const found: (Wrong & Readonly<{ owner: string }>)[] = []
  for (const { invariant, sql } of checks) {
    const values = [sql.includes('$1') ? skus : undefined, sql.includes('$2') ? after : undefined].filter(
      (value) => value !== undefined,
    )
    const text = sql.includes('$1') ? sql : sql.replaceAll('$2', '$1')
    for (const { owner, told } of await world.rows<Row>(text, values)) found.push({ invariant, owner, told })
  }
  return found
}

/** Which product's case an order, or a payment of it, belongs to. */
export const skuOfStreams = async (world: World, after: number): Promise<ReadonlyMap<string, string>> => {
  const rows = await world.rows<{ stream: string; sku: string }>(
    `with placed as (select stream, body->'lines'->0->>'sku' as sku from platform.journal where position > $1 and type = 'OrderPlaced')
     select stream, sku from placed
     union all select j.stream, p.sku from platform.journal j join placed p on p.stream::text = j.body->>'order' where j.position > $1 and j.version = 1`,
    [after],
  )
  return new Map(rows.map(({ stream, sku }) => [stream, sku]))
}
