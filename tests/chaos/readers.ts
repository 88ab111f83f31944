/** Reads everything at once, again and again, straight on PostgreSQL: what one transaction sees must always add up. */
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import type { EmbeddedConnection } from '../../src/platform/postgres/embedded.ts'
import type { FlowSeen, History, LevelSeen } from './history.ts'

/** Two of them take turns, so that the whole state is read each half second. */
const everyMs = 1_000
const askMaxMs = 5_000

const levelsSql = `select coalesce(v.sku, l.sku) as sku, coalesce(v.place, l.place) as place,
    coalesce(v.on_hand, 0)::int as "onHand", coalesce(v.reserved, 0)::int as reserved, coalesce(v.in_transit, 0)::int as "inTransit", coalesce(v.damaged, 0)::int as damaged,
    json_build_object('onHand', coalesce(l.on_hand, 0), 'reserved', coalesce(l.reserved, 0), 'inTransit', coalesce(l.in_transit, 0), 'damaged', coalesce(l.damaged, 0)) as ledger,
    coalesce(h.units, 0)::int as held
  from inventory.levels v
  full join (select sku, place, sum(on_hand) as on_hand, sum(reserved) as reserved, sum(in_transit) as in_transit, sum(damaged) as damaged from inventory.ledger group by 1, 2) l using (sku, place)
  left join (select e->>1 as sku, e->>2 as place, sum((e->>3)::int) as units from inventory.holdings, json_array_elements(body) e where e->>4 = 'r' group by 1, 2) h
    on h.sku = coalesce(v.sku, l.sku) and h.place = coalesce(v.place, l.place)
  order by 1, 2`
/** By what the ledger calls each movement: what is on its way between warehouses neither came nor went. */
const flowsSql = `select sku,
    coalesce(sum(on_hand + damaged) filter (where kind in ('received', 'returned', 'adjusted')), 0)::int as "cameIn",
    coalesce(-sum(on_hand + in_transit + damaged) filter (where kind in ('shipped', 'short', 'transfer_lost', 'damaged')), 0)::int as "wentOut"
  from inventory.ledger group by 1 order by 1`

export class Readers {
  readonly #history: History
  readonly #connection: EmbeddedConnection
  readonly #going: Promise<void>[] = []
  #isOpen = true

  constructor(history: History, connection: EmbeddedConnection) {
    this.#history = history
    this.#connection = connection
  }

  open(count: number): void {
    for (let reader = 1; reader <= count; reader += 1)
      this.#going.push(wait((everyMs * (reader - 1)) / count).then(() => this.#read(`reader ${reader}`)))
  }

  async close(): Promise<void> {
    this.#isOpen = false
    await Promise.all(this.#going)
  }

  async #read(process: string): Promise<void> {
    while (this.#isOpen) {
      const client = new pg.Client({ ...this.#connection, connectionTimeoutMillis: askMaxMs, query_timeout: askMaxMs })
      // Killed under it, again and again: that is what it is here for.
      client.on('error', () => undefined)
      try {
        await client.connect()
        while (this.#isOpen) {
          await snapshot(client, process, this.#history)
          await wait(everyMs)
        }
      } catch (fault) {
        if (!(fault instanceof Error)) throw fault
        await wait(everyMs)
      } finally {
        await client.end().catch(() => undefined)
      }
    }
  }
}

/** Everything as one transaction sees it. */
export const snapshot = async (client: pg.Client, process: string, history: History): Promise<void> => {
  await client.query('begin transaction isolation level repeatable read read only')
  const levels = await client.query<LevelSeen>(levelsSql)
  const flows = await client.query<FlowSeen>(flowsSql)
  const orders = await client.query<{ n: number }>('select count(*)::int as n from orders.orders')
  await client.query('commit')
  history.note({ process, kind: 'snapshot', levels: levels.rows, flows: flows.rows, orders: orders.rows[0]?.n ?? 0 })
}
