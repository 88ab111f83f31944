import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, beforeEach, describe, it } from 'node:test'
import { heartDatabase } from '../../../tests/support/heart.ts'
import { type Line, troubledLine } from '../../../tests/support/line.ts'
import type { Envelope } from '../../kernel/event.ts'
import { silentLog } from '../log.ts'
import { Database, sql } from '../postgres/database.ts'
import { PostgresRecords } from '../records/postgres.ts'
import { OutcomeUnknown, type SqlWrite, type Work } from '../store/work.ts'
import { Consumers, type Handled, type Reaction } from './consumers.ts'
import { JournalReader } from './journal.ts'
import { PostgresPositions } from './positions.ts'

type Event = Readonly<{ type: 'Said'; word: string; order?: string }>

const effect = (words: readonly string[]): SqlWrite => ({
  name: 'effects',
  sql: 'insert into effects (word) select * from unnest($1::text[])',
  types: ['text'],
  columns: [words],
})
const wordOf = ({ event }: Envelope): string => (event as Event).word

describe('A consumer', () => {
  let opened: Awaited<ReturnType<typeof heartDatabase>>
  let database: Database
  let records: PostgresRecords
  let line: Line
  let troubled: Database
  const streams = new Map<string, { id: string; version: number }>()

  before(async () => {
    opened = await heartDatabase()
    ;({ database } = opened)
    records = new PostgresRecords(database)
    await database.read('create table effects (id bigint generated always as identity, word text)')
    line = await troubledLine(opened.test.config)
    troubled = new Database(line.connection, () => undefined)
  })
  after(async () => {
    await troubled.close()
    await opened.close()
    await line.close()
  })
  beforeEach(async () => {
    for (const table of ['journal', 'consumers', 'parked']) await database.read(`delete from platform.${table}`)
    await database.read('delete from effects')
    streams.clear()
  })

  /** `alice:hello` is said on alice's stream. */
  const say = (...sayings: readonly string[]): Promise<void> =>
    database.batch(async (work) => {
      for (const saying of sayings) {
        const [who = '', word = ''] = saying.split(':')
        const stream = streams.get(who) ?? { id: randomUUID(), version: 0 }
        stream.version += 1
        streams.set(who, stream)
        const fact: Event = { type: 'Said', word }
        const append = { stream: stream.id, firstVersion: stream.version, facts: [fact], origin: { actor: who }, at: work.now }
        work.add(records.append([append]))
      }
    })
  const effects = async (): Promise<string[]> =>
    (await database.read<{ word: string }>('select word from effects order by id')).map(({ word }) => word)
  const parked = () =>
    database.read<{ attempts: number; dead: boolean; reason: string }>(
      'select attempts, dead, reason from platform.parked order by position',
    )
  const dueNow = () => database.read('update platform.parked set due_at = now()')

  const telling = (react?: Reaction['react'], name = 'telling'): Reaction => ({
    name,
    on: ['Said'],
    react:
      react ??
      (async (work: Work, envelopes: readonly Envelope[]): Promise<readonly Handled[]> => {
        work.add(effect(envelopes.map(wordOf)))
        return envelopes.map(() => 'done')
      }),
  })
  /** As another process would be: a reader and a memory of its own. */
  const consumersOf = async (reactions: readonly Reaction[], on = database): Promise<Consumers> => {
    await database.read('insert into platform.consumers (name) select unnest($1::text[]) on conflict do nothing', [
      reactions.map(({ name }) => name),
    ])
    return new Consumers(new PostgresPositions(on), new JournalReader(on), reactions, silentLog)
  }

  it('takes events in order, once', async () => {
    const consumers = await consumersOf([telling()])
    await say('a:1', 'b:2', 'a:3')
    await consumers.settle()
    await consumers.settle()
    assert.deepEqual(await effects(), ['1', '2', '3'])
    assert.equal(await consumers.caughtUp(), true)
  })

  it('handles each event once where two ask for it at the same time', async () => {
    const reads: (readonly Envelope[])[] = []
    // Until the other has read the same, or long enough for it, if it may.
    const otherHasRead = async (): Promise<void> => {
      for (let turn = 0; turn < 2_000 && reads.length < 2; turn++) await new Promise(setImmediate)
    }
    let waiting: Promise<void> | undefined
    const journal = new (class extends JournalReader {
      override async read(...asked: Parameters<JournalReader['read']>): Promise<Envelope[]> {
        const events = await super.read(...asked)
        reads.push(events)
        await (waiting ??= otherHasRead())
        return events
      }
    })(database)
    await new PostgresPositions(database).know(['telling'])
    const consumers = new Consumers(new PostgresPositions(database), journal, [telling()], silentLog)
    await say('a:1', 'b:2', 'a:3')
    await Promise.all([consumers.settle(), consumers.settle()])
    assert.deepEqual(await effects(), ['1', '2', '3'])
  })

  it('has one effect of each event though it is cut off between effect and position', async () => {
    let reacted = 0
    const counting = telling(async (work, envelopes) => {
      reacted += 1
      work.add(effect(envelopes.map(wordOf)))
      return envelopes.map(() => 'done')
    })
    await say('a:1', 'b:2')
    for (const trouble of ['cut before it is sent', 'cut before the answer'] as const) {
      const consumers = await consumersOf([counting], troubled)
      await consumers.settle()
      await say(`a:${trouble}`)
      line.trouble(trouble)
      await assert.rejects(consumers.settle(), OutcomeUnknown)
      // What a process that takes over sees: all of the transaction or nothing.
      await (await consumersOf([counting])).settle()
    }
    assert.deepEqual(await effects(), ['1', '2', 'cut before it is sent', 'cut before the answer'])
    assert.equal(reacted, 4, 'once for the first two, twice for the one that was lost, once for the one that was kept')
  })

  it('goes on nowhere with what was read before a commit that was doubtful', async () => {
    const doubtful = telling(() => Promise.reject(new OutcomeUnknown('nobody knows')), 'doubtful')
    const others = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => telling(undefined, name))
    const consumers = await consumersOf([doubtful, ...others])
    await say(...Array.from({ length: 300 }, (_, n) => `a:${n}`))
    await assert.rejects(consumers.settle(), OutcomeUnknown)
    // Those that were at work beside it end their batch of 250, and no more.
    assert.ok((await effects()).length <= 3 * 250, `${(await effects()).length} effects`)
  })

  it('shares its work with another process without doubling anything', async () => {
    // Long enough that the two would always overlap.
    const slow = telling(async (work, envelopes) => {
      await sql(work).query({ name: 'slow', text: 'select pg_sleep(0.01)' }, [])
      work.add(effect(envelopes.map(wordOf)))
      return envelopes.map(() => 'done')
    })
    const both = await Promise.all([consumersOf([slow]), consumersOf([slow])])
    const words = Array.from({ length: 60 }, (_, index) => String(index))
    await Promise.all([
      (async () => {
        for (const word of words) await say(`${Number(word) % 3}:${word}`)
      })(),
      ...both.map(async (consumers) => {
        for (let round = 0; round < 40; round++) await consumers.settle()
      }),
    ])
    for (const consumers of both) await consumers.settle()
    assert.deepEqual((await effects()).map(Number), words.map(Number))
  })

  it('parks what it cannot handle yet, and whatever comes later for that key; nobody else waits', async () => {
    let ready = false
    const waiting = telling(async (work, envelopes) => {
      const handled = envelopes.map(
        (envelope): Handled => (envelope.actor === 'a' && !ready ? { notYet: 'a is not ready' } : 'done'),
      )
      work.add(effect(envelopes.filter((_, index) => handled[index] === 'done').map(wordOf)))
      return handled
    })
    const consumers = await consumersOf([waiting])
    await say('a:1', 'b:2')
    await consumers.settle()
    await say('a:3', 'b:4')
    await consumers.settle()
    assert.deepEqual(await effects(), ['2', '4'])
    assert.deepEqual(
      (await parked()).map(({ reason }) => reason),
      ['a is not ready', 'an earlier event of its key waits'],
    )
    ready = true
    for (let round = 0; round < 2; round++) {
      await dueNow()
      await consumers.settle()
    }
    assert.deepEqual(await effects(), ['2', '4', '1', '3'])
    assert.deepEqual(await parked(), [])
  })

  it('keeps the order of a key within one batch, when its first event must wait and its second need not', async () => {
    let ready = false
    const picky = telling(async (work, envelopes) => {
      const handled = envelopes.map((envelope): Handled => (wordOf(envelope) === '1' && !ready ? { notYet: 'not ready' } : 'done'))
      work.add(effect(envelopes.filter((_, index) => handled[index] === 'done').map(wordOf)))
      return handled
    })
    const consumers = await consumersOf([picky])
    await say('a:1', 'b:x', 'a:2')
    await consumers.settle()
    assert.deepEqual(await effects(), ['x'], 'the second of a key passed the first')
    ready = true
    for (let round = 0; round < 2; round++) {
      await dueNow()
      await consumers.settle()
    }
    assert.deepEqual(await effects(), ['x', '1', '2'])
  })

  it('puts aside the one event that breaks its batch, with nothing of it saved', async () => {
    const breaking = telling(async (work, envelopes) => {
      work.add(effect(envelopes.map(wordOf)))
      if (envelopes.some((envelope) => wordOf(envelope) === 'poison')) throw new Error('a bug')
      return envelopes.map(() => 'done')
    })
    const consumers = await consumersOf([breaking])
    await say('a:1', 'b:poison', 'c:2', 'b:behind', 'd:3')
    await consumers.settle()
    assert.deepEqual(await effects(), ['1', '2', '3'])
    const [poison, behind] = await parked()
    assert.match(poison?.reason ?? '', /a bug/)
    assert.match(behind?.reason ?? '', /an earlier event of its key waits/)
  })

  it('gives an event up after its attempts: then it is a dead letter, and its key stays behind it', async () => {
    const never = telling(() => Promise.reject(new Error('always')))
    const consumers = await consumersOf([never])
    await say('a:1')
    await consumers.settle()
    for (let attempt = 1; attempt < 8; attempt++) {
      assert.deepEqual(
        (await parked()).map(({ attempts, dead }) => ({ attempts, dead })),
        [{ attempts: attempt, dead: false }],
      )
      await dueNow()
      await consumers.settle()
    }
    assert.equal((await parked())[0]?.dead, true)
    await dueNow()
    await consumers.settle()
    await say('a:2')
    await consumers.settle()
    assert.deepEqual(
      (await parked()).map(({ attempts, dead }) => ({ attempts, dead })),
      [
        { attempts: 8, dead: true },
        { attempts: 1, dead: false },
      ],
    )
    assert.equal(await consumers.caughtUp(), true)
  })

  it('waits longer after each attempt', async () => {
    const consumers = await consumersOf([telling(() => Promise.reject(new Error('always')))])
    await say('a:1')
    await consumers.settle()
    const waits: number[] = []
    for (let attempt = 0; attempt < 4; attempt++) {
      const [row] = await database.read<{ seconds: number }>(
        'select round(extract(epoch from due_at - now()))::int as seconds from platform.parked',
      )
      waits.push(row?.seconds ?? 0)
      await dueNow()
      await consumers.settle()
    }
    assert.deepEqual(waits, [1, 2, 4, 8])
  })

  it('goes on when another reaction is broken', async () => {
    const consumers = await consumersOf([telling(() => Promise.reject(new Error('always')), 'broken'), telling()])
    await say('a:1', 'a:2')
    await consumers.settle()
    assert.deepEqual(await effects(), ['1', '2'])
  })

  it('lets reactions work side by side, and one after the other where callers wait', async () => {
    const together = async (backlog: number): Promise<number> => {
      let [working, most] = [0, 0]
      const isAlone = (): boolean => most < 2
      const slowly = (name: string): Reaction =>
        telling(async (_, envelopes) => {
          most = Math.max(most, ++working)
          // Long enough for the other to begin, if it may.
          for (let turn = 0; turn < 2_000 && isAlone(); turn++) await new Promise(setImmediate)
          working -= 1
          return envelopes.map(() => 'done')
        }, name)
      const reactions = [slowly(`one of ${backlog}`), slowly(`other of ${backlog}`)]
      const consumers = new Consumers(new PostgresPositions(database), new JournalReader(database), reactions, silentLog, {
        backlog: () => backlog,
      })
      await consumers.settle()
      return most
    }
    await new PostgresPositions(database).know([0, 1].flatMap((backlog) => [`one of ${backlog}`, `other of ${backlog}`]))
    await say('alice:hello')
    assert.deepEqual([await together(0), await together(1)], [2, 1])
  })

  it('refuses to start where two reactions share a name', async () => {
    const consumers = new Consumers(new PostgresPositions(database), new JournalReader(database), [telling(), telling()], silentLog)
    await assert.rejects(consumers.start(), /share a name/)
  })
})
