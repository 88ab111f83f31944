/** Facts, tasks, keys, people, and streams: one suite for PostgreSQL and for memory. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import type { PersonRef } from '../../src/kernel/ids.ts'
import { instant } from '../../src/kernel/time.ts'
import { JournalReader } from '../../src/platform/bus/journal.ts'
import { idAt } from '../../src/platform/ids.ts'
import { MemoryRecords } from '../../src/platform/records/memory.ts'
import { PostgresRecords } from '../../src/platform/records/postgres.ts'
import { keyName, type Records } from '../../src/platform/records/records.ts'
import { MemoryBatches } from '../../src/platform/store/memory.ts'
import { Aborted, type Batches, type Write } from '../../src/platform/store/work.ts'
import { MemoryStreams, PostgresStreams, type StreamStore, type StreamTable } from '../../src/platform/streams/store.ts'
import { heartDatabase } from '../support/heart.ts'

type Thing = Readonly<{ owner: string; note: string; size: number | null }>
const things: StreamTable<Thing> = {
  table: 'things',
  columns: { owner: { type: 'text', of: ({ owner }) => owner }, size: { type: 'int4', nullable: true, of: ({ size }) => size } },
}
type Forms = Readonly<{
  batches: Batches
  records: Records
  streams: StreamStore<Thing>
  history: (
    stream: string,
  ) => Promise<readonly Readonly<{ version: number; actor: string; cause: string | undefined; fact: unknown }>[]>
  tasks: () => Promise<readonly Readonly<{ id: string; key: string; body: unknown }>[]>
  close: () => Promise<void>
}>

const forms: Readonly<Record<string, () => Promise<Forms>>> = {
  memory: () => {
    const records = new MemoryRecords()
    return Promise.resolve({
      batches: new MemoryBatches(),
      records,
      streams: new MemoryStreams(things),
      history: (stream: string) =>
        Promise.resolve(
          records.journal
            .filter((row) => row.stream === stream)
            .map(({ version, actor, cause, fact }) => ({
              version,
              actor,
              cause,
              fact: JSON.parse(JSON.stringify(fact)) as unknown,
            })),
        ),
      tasks: () => Promise.resolve([...records.tasks.values()].map(({ id, key, body }) => ({ id, key, body }))),
      close: () => Promise.resolve(),
    })
  },
  PostgreSQL: async () => {
    const { database, close } = await heartDatabase()
    await database.read(
      'create table things (id uuid primary key, version int not null, state json not null, owner text, size int)',
    )
    const journal = new JournalReader(database)
    return {
      batches: database,
      records: new PostgresRecords(database),
      streams: new PostgresStreams(database, things),
      history: async (stream) =>
        (await journal.history(stream)).map(({ version, actor, cause, event }) => ({ version, actor, cause, fact: event })),
      tasks: () => database.read<{ id: string; key: string; body: unknown }>('select id, key, body from platform.tasks'),
      close,
    }
  },
}

const awkward = { text: `"'\\\n\u001f,{}$1 żółć 🧶`, list: [1, null, true], nested: { a: 'b' } }

for (const [form, open] of Object.entries(forms)) {
  describe(`Records in ${form}`, () => {
    let on: Forms
    before(async () => {
      on = await open()
    })
    after(() => on.close())
    const save = (...writes: readonly Write[]): Promise<void> => on.batches.batch(async (work) => work.add(...writes))
    const append = (stream: string, firstVersion: number, ...types: readonly string[]) =>
      on.records.append([
        {
          stream,
          firstVersion,
          facts: types.map((type) => ({ type, ...awkward })),
          origin: { actor: 'ann', cause: 'request 1' },
          at: instant(0),
        },
      ])

    it('keep a stream’s facts in order, with who and why', async () => {
      const stream = randomUUID()
      await save(append(stream, 1, 'A', 'B'))
      await save(append(stream, 3, 'C'))
      assert.deepEqual(
        await on.history(stream),
        ['A', 'B', 'C'].map((type, index) => ({
          version: index + 1,
          actor: 'ann',
          cause: 'request 1',
          fact: { type, ...awkward },
        })),
      )
    })

    it('abort a batch whose version is taken, and save nothing of it', async () => {
      const [stream, other] = [randomUUID(), randomUUID()]
      await save(append(stream, 1, 'A'))
      await assert.rejects(save(append(other, 1, 'X'), append(stream, 1, 'B')), Aborted)
      assert.deepEqual(await on.history(other), [])
      assert.equal((await on.history(stream)).length, 1)
    })

    it('know a key that was claimed, by scope, and abort a second claim', async () => {
      const claim = { scope: 'ann:place', key: `key "1"\\ ${randomUUID()}`, hash: 'h', object: randomUUID() }
      const found = (...claims: readonly (typeof claim)[]) => on.batches.batch((work) => on.records.claimed(work, claims))
      assert.equal((await found(claim)).size, 0)
      await save(on.records.claim([claim]))
      const known = (await found(claim, { ...claim, scope: 'bob:place' })).get(keyName(claim))
      assert.deepEqual({ hash: known?.hash, object: known?.object }, { hash: 'h', object: claim.object })
      assert.equal((await found({ ...claim, scope: 'bob:place' })).size, 0)
      const stream = randomUUID()
      await assert.rejects(save(append(stream, 1, 'A'), on.records.claim([{ ...claim, object: randomUUID() }])), Aborted)
      assert.deepEqual(await on.history(stream), [])
      await save(on.records.claim([{ ...claim, scope: 'bob:place' }]))
    })

    it('keep people, and nobody for a ref that is not there', async () => {
      const [ref, nobody] = [randomUUID() as PersonRef, randomUUID() as PersonRef]
      await save(on.records.describe([{ ref, body: awkward }]))
      assert.deepEqual([...(await on.records.people([ref, nobody]))], [[ref, awkward]])
      assert.equal((await on.records.people([])).size, 0)
    })

    it('keep a task once', async () => {
      const id = randomUUID()
      const task = { id, kind: 'call', key: 'order', dueAt: instant(0), body: awkward }
      await save(on.records.schedule([task]))
      await save(on.records.schedule([{ ...task, key: 'other' }]))
      assert.deepEqual(await on.tasks(), [{ id, key: 'order', body: awkward }])
    })
  })

  describe(`Streams in ${form}`, () => {
    let on: Forms
    before(async () => {
      on = await open()
    })
    after(() => on.close())
    const thing = (owner: string, size: number | null = 1): Thing => ({ owner, size, note: awkward.text })
    const put = async (id: string, version: number, state: Thing): Promise<string> => {
      await on.batches.batch(async (work) => work.add(on.streams.save([{ id, version, state, events: [] }])))
      return id
    }
    const lock = (...ids: readonly string[]) => on.batches.batch((work) => on.streams.lock(work, ids))

    it('keep a state with its version, new or changed', async () => {
      const id = await put(randomUUID(), 1, thing('ann'))
      assert.deepEqual((await lock(id, id, randomUUID())).get(id), { version: 1, state: thing('ann') })
      await put(id, 3, thing('bob', null))
      assert.deepEqual((await on.streams.get([id])).get(id), { version: 3, state: thing('bob', null) })
      assert.equal((await lock()).size, 0)
    })

    it('find by a column, newest first, page by page', async () => {
      const ids: string[] = []
      for (let index = 0; index < 3; index++) ids.push(await put(idAt(Date.now() + index), 1, thing('page')))
      const page = async (limit: number, before?: string) =>
        (await on.streams.find('owner', ['page', 'nobody'], limit, before)).map(({ id }) => id)
      assert.deepEqual(await page(2), [ids[2], ids[1]])
      assert.deepEqual(await page(2, ids[1]), [ids[0]])
      assert.deepEqual(await on.streams.find('owner', ['none'], 9), [])
      assert.deepEqual(await on.batches.batch((work) => on.streams.idsBy(work, 'owner', ['page'])), ids)
      assert.deepEqual(await on.batches.batch((work) => on.streams.idsBy(work, 'owner', [])), [])
    })

    it('have no other columns', async () => {
      await assert.rejects(async () => on.streams.find('note; drop table things', ['x'], 1), /no column/)
    })

    it('save nothing of a batch that fails', async () => {
      const id = randomUUID()
      const failing = on.batches.batch(async (work) => {
        work.add(on.streams.save([{ id, version: 1, state: thing('never'), events: [] }]))
        throw new Error('a bug')
      })
      await assert.rejects(failing, /a bug/)
      assert.equal((await on.streams.get([id])).size, 0)
    })
  })
}
