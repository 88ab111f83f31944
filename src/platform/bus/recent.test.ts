import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { Envelope, Fact } from '../../kernel/event.ts'
import { heartDatabase } from '../../../tests/support/heart.ts'
import type { Instant, StreamId } from '../../kernel/ids.ts'
import { PostgresRecords } from '../records/postgres.ts'
import { sql } from '../postgres/database.ts'
import { JournalReader } from './journal.ts'
import { type Mentioned, RecentEvents, type Written } from './recent.ts'

const at = '2026-01-01T00:00:00.000Z' as Instant
const stream = randomUUID() as StreamId
const told = (by: string) => ({ type: 'Told', by })
const written = (version: number, type = 'Told'): Written => ({
  stream,
  version,
  at,
  actor: 'test',
  cause: undefined,
  event: { ...told(`number ${version}`), type },
})
const mentioned = (version: number, type = 'Told'): Mentioned => ({ position: 100 + version, stream, version, at, type })

describe('Events that are handed on', () => {
  it('are those of the types that somebody reads, each once', () => {
    const recent = new RecentEvents()
    recent.keep([written(1)])
    recent.want(['Told'])
    recent.keep([written(2), written(3, 'Whispered')])
    assert.equal(recent.take(mentioned(1)), undefined, 'nobody wanted it yet')
    assert.deepEqual(recent.take(mentioned(2)), { ...written(2), position: 102 })
    assert.equal(recent.take(mentioned(2)), undefined)
    assert.equal(recent.take(mentioned(3, 'Whispered')), undefined)
  })

  it('are not those of another hour or type that a lost database had in their place', () => {
    const recent = new RecentEvents()
    recent.want(['Told', 'Asked'])
    recent.keep([written(1), written(2)])
    assert.equal(recent.take({ ...mentioned(1), at: '2026-01-01T00:00:00.001Z' }), undefined)
    assert.equal(recent.take(mentioned(2, 'Asked')), undefined)
  })

  it('are a few, and the earlier ones', () => {
    const recent = new RecentEvents(2)
    recent.want(['Told'])
    recent.keep([written(1), written(2), written(3)])
    assert.deepEqual(
      [1, 2, 3].map((version) => recent.take(mentioned(version)) !== undefined),
      [true, true, false],
    )
  })
})

class Counting extends RecentEvents {
  taken = 0
  override take(one: Mentioned): Envelope | undefined {
    const envelope = super.take(one)
    if (envelope !== undefined) this.taken += 1
    return envelope
  }
}

describe('A journal that is handed events', () => {
  type Opened = Awaited<ReturnType<typeof heartDatabase>>
  let opened: Opened
  let records: PostgresRecords
  let reader: JournalReader
  let counting: Counting
  let from: number

  before(async () => {
    opened = await heartDatabase()
  })
  after(() => opened.close())
  beforeEach(async () => {
    await opened.database.read('delete from platform.journal')
    counting = new Counting()
    records = new PostgresRecords(opened.database, counting)
    reader = new JournalReader(opened.database, {}, counting)
    reader.follow(['Told', 'Asked'])
    from = 0
    // What it reads first is its own, so that it asks for bodies only where they are missing.
    await append(records, newStream(), [{ type: 'Told' }])
    await news()
    counting.taken = 0
  })

  const newStream = (): string => randomUUID()
  const append = (through: PostgresRecords, of: string, facts: readonly Fact[], version = 1): Promise<void> =>
    opened.database.batch(async (work) => {
      work.add(
        through.append([{ stream: of, firstVersion: version, facts, origin: { actor: 'test', cause: 'why' }, at: work.now }]),
      )
    })
  const others = (): PostgresRecords => new PostgresRecords(opened.database)
  /** What comes next, and whether it is what the journal itself has. */
  const news = async (limit = 100): Promise<readonly Fact[]> => {
    const envelopes = await reader.read(from, await reader.horizon(), ['Told', 'Asked'], limit)
    const cold = new JournalReader(opened.database)
    assert.deepEqual(envelopes, await cold.read(from, await cold.horizon(), ['Told', 'Asked'], limit))
    from = envelopes.at(-1)?.position ?? from
    return envelopes.map(({ event }) => event)
  }

  it('answers as if it had read them', async () => {
    const facts = [
      { type: 'Told', lines: [{ sku: 'A', quantity: 2 }], note: 'a "quoted" \\ word' },
      { type: 'Asked', amount: 0, who: null },
    ]
    await append(records, newStream(), facts)
    assert.deepEqual(await news(), facts)
    assert.equal(counting.taken, 2)
  })

  it('reads what others wrote, in its place among its own, and as few as were asked for', async () => {
    for (const through of [records, others(), records, others(), records]) await append(through, newStream(), [{ type: 'Told' }])
    assert.equal((await news(2)).length, 2)
    assert.equal((await news(2)).length, 2)
    assert.equal((await news(2)).length, 1)
    assert.equal(counting.taken, 3)
  })

  it('goes back to reading whole where most is others’, and on from there once it is its own again', async () => {
    for (let round = 0; round < 2; round++) {
      await append(others(), newStream(), [{ type: 'Told' }])
      assert.equal((await news()).length, 1)
    }
    assert.equal(counting.taken, 0)
    for (let round = 0; round < 2; round++) {
      await append(records, newStream(), [{ type: 'Told' }])
      assert.equal((await news()).length, 1)
    }
    assert.equal(counting.taken, 2)
  })

  it('is not handed what was never saved, nor what was saved before its savepoint failed', async () => {
    const stream = newStream()
    const fault = new Error('no')
    await assert.rejects(
      opened.database.batch(async (work) => {
        const origin = { actor: 'test' }
        work.add(records.append([{ stream, firstVersion: 1, facts: [told('a batch that failed')], origin, at: work.now }]))
        throw fault
      }),
      fault,
    )
    await opened.database.batch(async (work) => {
      const one = { stream, firstVersion: 1, origin: { actor: 'test' }, at: work.now }
      await sql(work).query({ name: 'test_begin', text: 'savepoint before' }, [])
      work.add(records.append([{ ...one, facts: [told('what was taken back')] }]))
      await sql(work).flush()
      await sql(work).query({ name: 'test_back', text: 'rollback to savepoint before' }, [])
      work.add(others().append([{ ...one, facts: [told('another')] }]))
    })
    assert.deepEqual(await news(), [told('another')])
  })
})
