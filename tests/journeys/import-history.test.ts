import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { readConfiguration } from '../../src/platform/config/config.ts'
import { silentLog } from '../../src/platform/log.ts'
import { openShop } from '../../src/shop.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { runCli, sampleFile, startCli } from './cli-run.ts'

type Counts = Readonly<Record<'orders' | 'totalMinor' | 'rejectedLines', number>>
const expected: Counts = JSON.parse(
  execFileSync(process.execPath, [join(import.meta.dirname, '..', 'support', 'retail-sum.mjs'), sampleFile], { encoding: 'utf8' }),
)

describe('Importing orders as history', () => {
  let database: TestDatabase
  let client: pg.Client
  const folder = mkdtempSync(join(tmpdir(), 'waybill-history-'))
  const rejectedFile = join(folder, 'rejected.csv')
  const importOrders = ['import', 'orders', sampleFile, '--json', '--rejected', rejectedFile]
  before(async () => {
    database = await testDatabase()
    client = new pg.Client(database.config)
    await client.connect()
  })
  after(async () => {
    await client.end()
    await database.drop()
    rmSync(folder, { recursive: true, force: true })
  })
  const one = async (text: string): Promise<Record<string, unknown>> =>
    (await client.query<Record<string, unknown>>(text)).rows[0] ?? {}
  const verified = async () => (await runCli(database.url, ['verify', '--json'])).json()

  it('counts as a script that shares no code with it, to the penny', async () => {
    const { code, json, stderr } = await runCli(database.url, importOrders)
    assert.equal(code, 0, stderr)
    const { productsAdded, rejectedFile: written, ...counts } = json()
    assert.deepEqual(counts, { ...expected, alreadyImported: 0 })
    assert.ok(Number(productsAdded) > 0)
    assert.equal(written, rejectedFile)
    const [header, ...rows] = readFileSync(rejectedFile, 'utf8').trimEnd().split('\n')
    assert.deepEqual([header, rows.length], ['row,reason,detail', expected.rejectedLines])
  })

  it('adds nothing the second time', async () => {
    const { json } = await runCli(database.url, importOrders)
    const { productsAdded, rejectedFile: _, ...counts } = json()
    assert.deepEqual(counts, { ...expected, orders: 0, totalMinor: 0, alreadyImported: expected.orders })
    assert.equal(productsAdded, 0)
  })

  it('leaves histories that fold to their rows, and books that balance', async () => {
    const { ok, orders, differences } = await verified()
    assert.deepEqual({ ok, orders, differences }, { ok: true, orders: expected.orders, differences: [] })
  })

  it('was placed, paid and ended at its own date', async () => {
    const early = await one(`select count(*)::int as n from platform.journal where type <> 'ProductAdded' and at > '2012-01-01'`)
    assert.equal(early['n'], 0)
    const found = await one(`select status, external_ref, user_id, placed_at from orders.orders where external_ref = '536372'`)
    if (found['external_ref'] !== undefined) assert.equal(found['status'], 'completed')
    const statuses = await one(`select count(*)::int as n from orders.orders where status not in ('completed', 'cancelled')`)
    assert.equal(statuses['n'], 0)
    const dates = await one(
      `select count(*)::int as n from orders.orders where placed_at <> to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0)`,
    )
    assert.equal(dates['n'], 0, 'an id carries the time of its order')
  })

  it('adds up in money: what was captured is the total, and what was given back is in the log', async () => {
    const money = await one(
      `select sum(amount) filter (where kind = 'capture')::int as captured, sum(amount) filter (where kind = 'refund')::int as refunded from payments.money_log`,
    )
    assert.equal(money['captured'], expected.totalMinor)
    assert.ok(Number(money['refunded']) > 0)
  })

  it('leaves nothing in stock: all that came has left, and nothing of it can be sold', async () => {
    const ledger = await one(
      `select sum(on_hand)::int as left, count(distinct place)::int as places, min(place) as place, count(*) filter (where kind = 'reserved')::int as reserved from inventory.ledger`,
    )
    assert.deepEqual(ledger, { left: 0, places: 1, place: 'external', reserved: 0 })
    const sellable = await one(
      'select (select count(*) from inventory.levels)::int as levels, (select count(*) from inventory.holdings)::int as held',
    )
    assert.deepEqual(sellable, { levels: 0, held: 0 })
  })

  it('knows its customers, and nobody by name', async () => {
    const users = await one(
      `select count(distinct o.user_id)::int as ordered, (select count(*) from identity.users)::int as known from orders.orders o`,
    )
    assert.equal(users['ordered'], users['known'])
    const named = await one(`select count(*)::int as n from platform.people where body->'name' is not null`)
    assert.equal(named['n'], 0)
  })

  it('concerns no reaction: nobody is told, charged or sent anything, and the books still balance', async () => {
    const before = await one('select count(*)::int as events from platform.journal')
    const environment = { DATABASE_URL: database.url, WAYBILL_LOG_LEVEL: 'silent' }
    const configuration = readConfiguration(environment)
    if ('problems' in configuration) throw new Error(configuration.problems.join('\n'))
    const shop = await openShop({
      connection: database.url,
      configuration,
      log: silentLog,
      environment,
      baseUrl: () => 'http://localhost',
    })
    await shop.start()
    await shop.settled()
    await shop.stop()
    const listed = await shop.orderStore.idsByExternalRef(['558384'])
    await shop.close()
    assert.equal(listed.size, 1)
    assert.deepEqual(await one('select count(*)::int as events from platform.journal'), before)
    const consequences = await one(
      `select (select count(*) from platform.tasks)::int as tasks, (select count(*) from platform.parked)::int as parked, (select count(*) from notifications.notifications)::int as told`,
    )
    assert.deepEqual(consequences, { tasks: 0, parked: 0, told: 0 })
    const { ok, differences } = await verified()
    assert.deepEqual({ ok, differences }, { ok: true, differences: [] })
    const figures = await one('select sum(orders)::int as orders, sum(value)::int as value from insights.figures')
    assert.deepEqual(figures, { orders: expected.orders, value: expected.totalMinor })
  })

  it('explains that it was not sourced here', async () => {
    const { number } = await one(`select number from orders.orders where external_ref = '558384'`)
    const { code, stdout } = await runCli(database.url, ['why', String(number)])
    assert.deepEqual([code, /imported history: delivered from outside/.test(stdout)], [0, true])
  })
})

describe('An import that is killed', () => {
  it('is completed by the next one, exactly', async () => {
    const database = await testDatabase()
    const client = new pg.Client(database.config)
    await client.connect()
    const folder = mkdtempSync(join(tmpdir(), 'waybill-killed-'))
    const args = ['import', 'orders', sampleFile, '--json', '--rejected', join(folder, 'rejected.csv')]
    try {
      // The schema first, so that the look below finds a table.
      await runCli(database.url, ['verify'])
      const child = startCli(database.url, args)
      const ended = once(child, 'close')
      const written = async () =>
        (
          await client.query<{ n: number; total: number }>(
            'select count(*)::int as n, coalesce(sum(total), 0)::int as total from orders.orders',
          )
        ).rows[0]
      while (child.exitCode === null && ((await written())?.n ?? 0) === 0) await new Promise((resolve) => setImmediate(resolve))
      child.kill('SIGKILL')
      await ended
      const kept = (await written())?.n ?? 0
      assert.ok(kept > 0)
      const { code, json } = await runCli(database.url, args)
      assert.equal(code, 0)
      const { orders, alreadyImported } = json()
      assert.deepEqual([orders, alreadyImported], [expected.orders - kept, kept])
      const { rows } = await client.query<{ captured: number }>(
        `select sum(amount)::int as captured from payments.money_log where kind = 'capture'`,
      )
      assert.equal(rows[0]?.captured, expected.totalMinor)
      assert.equal((await runCli(database.url, ['verify', '--json'])).json()['ok'], true)
    } finally {
      await client.end()
      await database.drop()
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
