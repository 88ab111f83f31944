import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { runCli } from './cli-run.ts'

describe('The command line', () => {
  let database: TestDatabase
  before(async () => {
    database = await testDatabase()
  })
  after(() => database.drop())
  const run = (args: readonly string[], input?: string) => runCli(database.url, args, input)

  it('says what it can do', async () => {
    const { code, stdout } = await run(['--help'])
    assert.equal(code, 0)
    for (const command of ['start', 'import', 'demo', 'verify', 'why', 'simulate', 'key', 'source'])
      assert.match(stdout, new RegExp(`^ {2}${command}\\b`, 'm'))
  })

  it('ends with 2 where it was called wrongly', async () => {
    for (const args of [[], ['frobnicate'], ['why'], ['key', 'new'], ['key', 'new', '--role', 'king'], ['verify', '--nonsense']])
      assert.equal((await run(args)).code, 2, args.join(' '))
    const { code, stderr } = await run(['frobnicate'])
    assert.deepEqual([code, /unknown command 'frobnicate'/.test(stderr)], [2, true])
    assert.match((await run(['import', 'stock', 'nowhere.csv'])).stderr, /there is no file nowhere\.csv/)
  })

  it('finds nothing wrong with an empty shop', async () => {
    const { code, json } = await run(['verify', '--json'])
    assert.deepEqual([code, json()], [0, { ok: true, orders: 0, events: 0, differences: [] }])
  })

  it('ends with 3 where something differs', async () => {
    const client = new pg.Client(database.config)
    await client.connect()
    await client.query(`insert into inventory.levels (sku, place, on_hand) values ('planted', 'nowhere', 3)`)
    const { code, json } = await run(['verify', '--json'])
    await client.query(`delete from inventory.levels`)
    await client.end()
    assert.equal(code, 3)
    assert.equal(json()['ok'], false)
  })

  it('makes keys, shown once, that are limited to whom they are for', async () => {
    const made = await run(['key', 'new', '--role', 'customer', '--user', 'alice', '--label', "Alice's", '--json'])
    assert.equal(made.code, 0)
    const { key, role, label } = made.json()
    assert.match(String(key), /^wb_customer_[\w-]{32}$/)
    assert.deepEqual([role, label], ['customer', "Alice's"])
    assert.match((await run(['key', 'new', '--role', 'owner'])).stdout, /^wb_owner_\S+\n$/)
    assert.match((await run(['key', 'new', '--role', 'customer'])).stderr, /limited to one user: say which, with --user ID/)
    const nowhere = await run(['key', 'new', '--role', 'warehouse', '--warehouse', 'X9'])
    assert.deepEqual([nowhere.code, /there is no warehouse X9; there are: none yet/.test(nowhere.stderr)], [2, true])
  })

  it('says that there is no such order', async () => {
    for (const order of ['1001', '01890000-0000-7000-8000-000000000000']) {
      const { code, stderr } = await run(['why', order])
      assert.deepEqual([code, stderr.includes(`there is no order ${order}`)], [2, true])
    }
  })
})

const service = { id: 'std', base: 300, perKg: 100, days: 2, arr: null, tariff: null }
const place = (id: string) => ({ id, pick: 50, perUnit: 10, load: 0, ready0: 0, noHub: false, services: [service] })
const instance = {
  n: 1,
  W: 2,
  qty: [2],
  grams: [500],
  stock: [[0, 5]],
  incoming: [[]],
  lanes: [],
  shadow: null,
  wh: [place('A'), place('B')],
  pol: { perDay: 0, late: 0, promiseDay: null, split: 0, unfilled: [null], transfers: false, backorder: false },
}

describe('waybill source --instance', () => {
  const source = (input: string) => runCli('', ['source', '--instance'], input)

  it('prints one plan a line, in order', async () => {
    const { code, stdout, stderr } = await source(`${JSON.stringify(instance)}\n\n${JSON.stringify(instance)}\n`)
    assert.equal(code, 0, stderr)
    const plans = stdout.trimEnd().split('\n')
    assert.equal(plans.length, 2)
    const plan: { parcels: number; shipments: { hub: string }[] } = JSON.parse(plans[0] ?? '')
    assert.deepEqual([plan.parcels, plan.shipments.map(({ hub }) => hub)], [1, ['B']])
  })

  it('reads one object over many lines', async () => {
    const { code, stdout } = await source(JSON.stringify(instance, null, 2))
    assert.deepEqual([code, stdout.trimEnd().split('\n').length], [0, 1])
  })

  it('names the field at fault, and goes on with the next', async () => {
    const { code, stdout } = await source(`${JSON.stringify({ ...instance, qty: [-1] })}\n${JSON.stringify(instance)}\n`)
    const [wrong = '', right = ''] = stdout.trimEnd().split('\n')
    assert.deepEqual([code, /qty\[0\]/.test(wrong), /"parcels":1/.test(right)], [1, true, true])
  })

  it('is called wrongly without an instance', async () => {
    assert.equal((await source('')).code, 2)
    assert.equal((await source('no json')).code, 1)
  })
})
