/**
 * Fills a shop with finished orders, fast and truthfully: a few orders live through the product itself, and their rows are
 * copied set by set with ids, numbers, names, products and times of their own. Afterwards `waybill verify` finds no
 * difference, and every copy can be read like any order.
 */
import type pg from 'pg'
import { dayIn, instant } from '../src/kernel/time.ts'
import type { OrderId } from '../src/kernel/ids.ts'
import { copyStatement, dropIndexes, makeCopies, schemaSql, stageTemplates } from './history/copies.ts'
import { figuresOf, figureStatements, figureTablesSql, stageFigures, type TemplateFigures } from './history/figures.ts'
import { liveOrders } from './history/lives.ts'
import { readTemplates, type Template, type TemplateTable } from './history/templates.ts'
import type { World } from './world.ts'

export type HistoryAsked = Readonly<{
  orders: number
  /** The catalogue's size: products are spread over all of it. */
  products: number
  say?: (line: string) => void
}>

const dayMs = 86_400_000
/** History reaches back half a year, and ends before today, so that what the bench adds is the newest. */
const spanMs = 180 * dayMs
const endedMs = 4 * dayMs
/** An order's life takes half a day to three days, each its own: the product's took seconds. */
const lifeMinMs = dayMs / 2
const lifeMoreMs = 2.5 * dayMs
const ordersEachCustomer = 4
/** Copied together: the journal is in the order of time within a chunk, and a chunk's sort stays in memory. */
const chunkOrders = 20_000
const settings = `set synchronous_commit = off; set work_mem = '512MB'; set maintenance_work_mem = '1GB'; set jit = off; set timezone = 'UTC'; set client_min_messages = warning`

/** @returns the seconds that it took. */
export const fillHistory = async (world: World, { orders, products, say = () => undefined }: HistoryAsked): Promise<number> => {
  const start = performance.now()
  const zone = world.configuration.timeZone
  const ids = await lifeOf(world)
  const [one, other] = [await connect(world), await connect(world)]
  try {
    const { templates, tables } = await readTemplates(one, ids, (ms) => dayIn(zone, instant(ms)))
    await one.query(`${schemaSql} ${figureTablesSql}`)
    await stageTemplates(one, templates, tables)
    await stageAllFigures(one, templates, ids, zone)
    const firstNumber = await nextNumber(one)
    const customers = Math.max(1, Math.round(orders / ordersEachCustomer))
    const firstMs = Date.now() - endedMs - spanMs
    await makeCopies(one, { orders, firstNumber, products, customers, firstMs, spanMs, lifeMinMs, lifeMoreMs, zone })
    say(`${orders} copies are planned after ${seconds(start)} s`)
    await copyAll({ one, other, orders, tables, figures: figureStatements(zone) })
    say(`all rows are there after ${seconds(start)} s`)
    await settleSums(one, firstNumber + orders)
    await one.query('drop schema bench_history cascade')
    await one.query('vacuum (analyze)')
    await one.query('checkpoint')
  } finally {
    await Promise.all([one.end(), other.end()])
  }
  return seconds(start)
}

const seconds = (since: number): number => Math.round((performance.now() - since) / 100) / 10

const connect = async (world: World): Promise<pg.Client> => {
  const shop = await world.shop()
  try {
    const client = await shop.database.client()
    await client.query(settings)
    return client
  } finally {
    await shop.close()
  }
}

const lifeOf = async (world: World): Promise<readonly OrderId[]> => {
  const shop = await world.shop()
  await shop.start()
  try {
    return await liveOrders(shop)
  } finally {
    await shop.stop()
    await shop.close()
  }
}

const stageAllFigures = async (
  client: pg.Client,
  templates: readonly Template[],
  ids: readonly OrderId[],
  zone: string,
): Promise<void> => {
  const figures: TemplateFigures[] = []
  for (const id of ids) figures.push(await figuresOf(client, id, zone))
  const promised = templates.map(({ placedAtMs }, index) => {
    const day = figures[index]?.promised
    return day === null || day === undefined
      ? null
      : Math.round((Date.parse(day) - Date.parse(dayIn(zone, instant(placedAtMs)))) / dayMs)
  })
  await stageFigures(client, figures, promised)
}

const nextNumber = async (client: pg.Client): Promise<number> => {
  const { rows } = await client.query<{ number: number }>('select last_value as number from orders.number')
  return (rows[0]?.number ?? 0) + 1
}

type Copying = Readonly<{
  one: pg.Client
  other: pg.Client
  orders: number
  tables: readonly TemplateTable[]
  figures: readonly string[]
}>

/** The journal is half of the work: it has a connection of its own. */
const copyAll = async ({ one, other, orders, tables, figures }: Copying): Promise<void> => {
  const isJournal = (name: string): boolean => name === 'platform.journal'
  const indexes = await dropIndexes(one, tables)
  const copy = async (client: pg.Client, mine: (table: string) => boolean, more: readonly string[]): Promise<void> => {
    const statements = tables.filter(({ name }) => mine(name)).map(copyStatement)
    for (let from = 0; from < orders; from += chunkOrders)
      for (const statement of statements) await client.query(statement, [from, Math.min(orders, from + chunkOrders) - 1])
    for (const statement of more) await client.query(statement)
    for (const { tableName, make } of indexes) if (mine(tableName)) await client.query(make)
  }
  await Promise.all([copy(one, isJournal, []), copy(other, (name) => !isJournal(name), figures)])
}

/** Levels follow the ledger, every reaction has seen everything, customers have accounts. */
const settleSums = async (client: pg.Client, lastNumber: number): Promise<void> => {
  await client.query(
    `update inventory.levels v set on_hand = l.on_hand, reserved = l.reserved, in_transit = l.in_transit, damaged = l.damaged
       from (select sku, place, sum(on_hand) on_hand, sum(reserved) reserved, sum(in_transit) in_transit, sum(damaged) damaged from inventory.ledger group by 1, 2) l
      where l.sku = v.sku and l.place = v.place and (l.on_hand, l.reserved, l.in_transit, l.damaged) <> (v.on_hand, v.reserved, v.in_transit, v.damaged)`,
  )
  await client.query('update platform.consumers set position = (select max(position) from platform.journal)')
  await client.query(`select setval('orders.number', $1)`, [lastNumber])
  await client.query(
    `insert into identity.users (id, user_id, created_at, updated_at)
      select distinct on (user_id) id, user_id, placed_at, placed_at from orders.orders where user_id is not null order by user_id, id
      on conflict (user_id) do nothing`,
  )
}
