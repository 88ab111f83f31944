/** Two real connections, interleaved by hand: what commits late is never passed, whatever the order of ids and positions. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import type pg from 'pg'
import { heartDatabase } from '../../../tests/support/heart.ts'
import { envelopeOf, JournalReader } from './journal.ts'

type Opened = Awaited<ReturnType<typeof heartDatabase>>
const insert = `insert into platform.journal (stream, version, at, type, actor, body) values ($1, 1, now(), $2, 'test', '{}')`

describe('The journal’s horizon', () => {
  let opened: Opened
  let one: pg.Client
  let two: pg.Client
  let three: pg.Client
  let reader: JournalReader
  let seen: string[]
  let after_: number

  before(async () => {
    opened = await heartDatabase()
    one = await opened.database.client()
    two = await opened.database.client()
    three = await opened.database.client()
  })
  after(async () => {
    for (const client of [one, two, three]) await client.end()
    await opened.close()
  })
  beforeEach(async () => {
    await opened.database.read('delete from platform.journal')
    reader = new JournalReader(opened.database)
    seen = []
    after_ = 0
  })
  afterEach(async () => {
    for (const client of [one, two, three]) await client.query('rollback')
  })

  const write = (client: pg.Client, name: string) => client.query(insert, [randomUUID(), name])
  /** Takes a transaction id now, before anything is written. */
  const takeId = (client: pg.Client) => client.query('select pg_current_xact_id()')
  /** One look of a consumer: what it sees for the first time. */
  const look = async (): Promise<string[]> => {
    const horizon = await reader.horizon()
    const rows = await reader.read(after_, horizon, ['a', 'b', 'c', 'd'], 100)
    after_ = Math.max(after_, horizon)
    const names = rows.map(({ event }) => event.type)
    seen.push(...names)
    return names
  }
  /** Until nothing more can come. */
  const drain = async (): Promise<string[]> => {
    do await look()
    while (reader.behind)
    await look()
    return [...seen].sort()
  }

  it('shows at once what is committed while nobody else writes', async () => {
    await write(one, 'a')
    assert.deepEqual(await look(), ['a'])
    assert.equal(reader.behind, false)
  })

  it('waits for the one that wrote first and commits last', async () => {
    await one.query('begin')
    await write(one, 'a')
    await write(two, 'b')
    assert.deepEqual(await look(), [])
    assert.equal(reader.behind, true)
    assert.deepEqual(await look(), [])
    await one.query('commit')
    assert.deepEqual(await drain(), ['a', 'b'])
    assert.deepEqual(seen, ['a', 'b'])
  })

  it('waits for one whose id is newer than the newest that has ended, but whose position is lower', async () => {
    // `one` has the older id and the higher position; when it commits, `two` is beyond every id that has ended.
    await one.query('begin')
    await takeId(one)
    await two.query('begin')
    await write(two, 'a')
    await write(one, 'b')
    await one.query('commit')
    const before = await look()
    await two.query('commit')
    assert.deepEqual(await drain(), ['a', 'b'], `the first look saw ${before.join()}; then "a" was passed over`)
  })

  it('waits for one that took its id long before its position', async () => {
    await one.query('begin')
    await takeId(one)
    await write(two, 'a')
    await look()
    await write(one, 'b')
    await write(two, 'c')
    await look()
    await one.query('commit')
    assert.deepEqual(await drain(), ['a', 'b', 'c'])
  })

  it('does not wait for who writes while no position is missing', async () => {
    await write(two, 'a')
    assert.deepEqual(await look(), ['a'])
    await one.query('begin')
    await takeId(one)
    await write(two, 'b')
    await write(three, 'c')
    assert.deepEqual(await look(), ['b', 'c'])
    assert.equal(reader.behind, false)
    await write(one, 'd')
    await write(two, 'a')
    assert.deepEqual(await look(), [])
    assert.equal(reader.behind, true)
    await one.query('commit')
    assert.deepEqual(await drain(), ['a', 'a', 'b', 'c', 'd'])
  })

  it('shows what lies before the missing position', async () => {
    await write(two, 'a')
    await look()
    await write(two, 'b')
    await one.query('begin')
    await write(one, 'c')
    await write(two, 'd')
    assert.deepEqual(await look(), ['b'])
    await one.query('rollback')
    assert.deepEqual(await drain(), ['a', 'b', 'd'])
  })

  it('does not wait for what a rolled back transaction wrote', async () => {
    await one.query('begin')
    await write(one, 'a')
    await write(two, 'b')
    assert.deepEqual(await look(), [])
    await one.query('rollback')
    assert.deepEqual(await drain(), ['b'])
  })

  it('goes on while there is always somebody who writes', async () => {
    await one.query('begin')
    await write(one, 'a')
    await write(three, 'b')
    assert.deepEqual(await look(), [])
    await two.query('begin')
    await write(two, 'c')
    await one.query('commit')
    await look()
    // `two` is open all the time, but began after the first look: what was seen there is final without it.
    assert.ok(seen.includes('a') && seen.includes('b'), `seen: ${seen.join()}`)
    await two.query('commit')
    assert.deepEqual(await drain(), ['a', 'b', 'c'])
  })

  it('passes nothing over in any interleaving of two transactions that write twice', () => everyInterleaving(false))
  it('passes nothing over in any of them once something was final', () => everyInterleaving(true))

  /** @param settled the reader knows the journal's end before they begin: then only gaps can hold it up. */
  const everyInterleaving = async (settled: boolean): Promise<void> => {
    const steps = ['begin', 'id', 'write', 'write', 'commit'] as const
    let schedules = 0
    for (const order of interleavings(steps.length, steps.length)) {
      await opened.database.read('delete from platform.journal')
      reader = new JournalReader(opened.database)
      if (settled) {
        await write(three, 'other')
        await reader.horizon()
      }
      seen = []
      const [top] = await opened.database.read<{ last: number }>(`select last_value as last from platform.journal_position`)
      after_ = top?.last ?? 0
      const at = [0, 0]
      for (const who of order) {
        const client = who === 0 ? one : two
        const step = steps[at[who] ?? 0]
        at[who] = (at[who] ?? 0) + 1
        if (step === 'id') await takeId(client)
        else if (step === 'write') await write(client, who === 0 ? 'a' : 'b')
        else if (step !== undefined) await client.query(step)
        await look()
      }
      assert.deepEqual(await drain(), ['a', 'a', 'b', 'b'], `schedule ${order.join('')}`)
      schedules += 1
    }
    assert.equal(schedules, 252)
  }
})

/** All orders of `a` zeros and `b` ones. */
const interleavings = (a: number, b: number): number[][] => {
  if (a === 0 && b === 0) return [[]]
  const first = a === 0 ? [] : interleavings(a - 1, b).map((rest) => [0, ...rest])
  const second = b === 0 ? [] : interleavings(a, b - 1).map((rest) => [1, ...rest])
  return [...first, ...second]
}

describe('An event of an older version', () => {
  const row = {
    position: 1,
    stream: randomUUID() as never,
    version: 1,
    at: '2026-01-01T00:00:00Z' as never,
    actor: 'x',
    cause: null,
    body: { units: 2 },
  }
  const upcasters = { Thing: { 1: ({ units }: Readonly<Record<string, unknown>>) => ({ quantity: units }) } }

  it('is turned into today’s shape', () => {
    assert.deepEqual(envelopeOf({ ...row, type: 'Thing', v: 1 }, upcasters).event, { type: 'Thing', quantity: 2 })
  })
  it('is left alone when it is of today’s version', () => {
    assert.deepEqual(envelopeOf({ ...row, type: 'Thing', v: 2 }, upcasters).event, { type: 'Thing', units: 2 })
  })
})
