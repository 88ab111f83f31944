import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import pg from 'pg'
import { testDatabase, type TestDatabase } from '../../../tests/support/database.ts'
import { migrate } from './migrations.ts'

let database: TestDatabase
let client: pg.Client
let root = ''
const said: string[] = []
const say = (line: string): unknown => said.push(line)
const connect = async (): Promise<pg.Client> => {
  const connection = new pg.Client(database.config)
  await connection.connect()
  return connection
}
const put = (room: string, name: string, sql: string): void => {
  mkdirSync(join(root, room), { recursive: true })
  writeFileSync(join(root, room, name), sql)
}
const folders = (...rooms: string[]) => rooms.map((room) => ({ room, folder: join(root, room) }))
const applied = async (): Promise<string[]> => {
  const { rows } = await client.query<{ what: string }>(
    `select room || '/' || name as what from platform.migrations order by at, what`,
  )
  return rows.map(({ what }) => what)
}

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'waybill-migrations-'))
  said.length = 0
  database = await testDatabase()
  client = await connect()
})
afterEach(async () => {
  await client.end()
  await database.drop()
  rmSync(root, { recursive: true, force: true })
})

describe('Migrating', () => {
  it('runs the rooms in the order given, and each file once', async () => {
    put('orders', '0001_orders.sql', 'create schema orders; create table orders.orders (id int)')
    put('orders', '0002_more.sql', 'alter table orders.orders add column note text')
    put('catalog', '0001_catalog.sql', 'create schema catalog; create view catalog.v as select id from orders.orders')
    assert.equal(await migrate(client, folders('orders', 'catalog'), say), 3)
    assert.deepEqual(await applied(), ['orders/0001_orders.sql', 'orders/0002_more.sql', 'catalog/0001_catalog.sql'])
    assert.equal(await migrate(client, folders('orders', 'catalog'), say), 0)
    assert.equal(said.length, 3)
  })

  it('lets several processes start at once', async () => {
    put('orders', '0001_orders.sql', 'create schema orders; select pg_sleep(0.05)')
    const others = await Promise.all([connect(), connect(), connect()])
    const counts = await Promise.all(others.map((other) => migrate(other, folders('orders'), say)))
    await Promise.all(others.map((other) => other.end()))
    assert.equal(counts.filter((count) => count === 1).length, 1)
    assert.equal(counts.filter((count) => count === 0).length, 2)
  })

  it('refuses a file that was changed after it was applied, whatever its line ends', async () => {
    put('orders', '0001_orders.sql', 'create schema orders;\n')
    await migrate(client, folders('orders'), say)
    put('orders', '0001_orders.sql', 'create schema orders;\r\n')
    await migrate(client, folders('orders'), say)
    put('orders', '0001_orders.sql', 'create schema other;\n')
    await assert.rejects(migrate(client, folders('orders'), say), /orders\/0001_orders\.sql was changed after it was applied/)
  })

  it('leaves nothing of a file that fails, and goes on from there', async () => {
    put('orders', '0001_orders.sql', 'create schema orders; create table orders.t (id int); select 1/0')
    await assert.rejects(migrate(client, folders('orders'), say), /orders\/0001_orders\.sql failed: .*division by zero/)
    put('orders', '0001_orders.sql', 'create schema orders; create table orders.t (id int)')
    assert.equal(await migrate(client, folders('orders'), say), 1)
  })

  it('waits for a lock in short attempts, and never holds others up', async () => {
    put('orders', '0001_orders.sql', 'create schema orders; create table orders.t (id int)')
    await migrate(client, folders('orders'), say)
    put('orders', '0002_more.sql', 'alter table orders.t add column note text')
    const reader = await connect()
    await reader.query('begin')
    await reader.query('select from orders.t')
    const waiting = Promise.withResolvers<string>()
    const migrated = migrate(client, folders('orders'), (line) => line.includes('waits for a lock') && waiting.resolve(line))
    assert.match(await waiting.promise, /orders\/0002_more\.sql waits for a lock \(attempt 1 of/)
    await reader.query('commit')
    await reader.end()
    assert.equal(await migrated, 1)
  })

  it('runs a file outside a transaction where its first line asks for it', async () => {
    put('orders', '0001_orders.sql', 'create schema orders; create table orders.t (id int)')
    put('orders', '0002_index.sql', '-- no transaction\ncreate index concurrently if not exists t_id on orders.t (id)')
    assert.equal(await migrate(client, folders('orders'), say), 2)
  })

  it('refuses names that leave the order open', async () => {
    put('gap', '0002_late.sql', 'select 1')
    put('named', 'first.sql', 'select 1')
    await assert.rejects(migrate(client, folders('gap'), say), /0002_late\.sql: expected number 1/)
    await assert.rejects(migrate(client, folders('named'), say), /first\.sql must be named like 0001_what\.sql/)
    await assert.rejects(migrate(client, folders('nowhere'), say), /the migrations of nowhere are missing/)
  })

  it('refuses a PostgreSQL that is too old', async () => {
    const old = { query: () => Promise.resolve({ rows: [{ number: 140_011, version: '14.11' }] }) }
    await assert.rejects(migrate(old, [], say), /this PostgreSQL is 14\.11, and Waybill needs 15 or newer/)
  })
})
