import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { testDatabase, type TestDatabase } from '../../../tests/support/database.ts'
import { type Line, troubledLine } from '../../../tests/support/line.ts'
import { Overloaded } from '../../kernel/micro-batch.ts'
import { Aborted, Fault, isolateFaults, OutcomeUnknown, type SqlWrite } from '../store/work.ts'
import { Database, sql } from './database.ts'

const kept = (...names: readonly string[]): SqlWrite => ({
  name: 'kept',
  sql: 'insert into kept (name) select * from unnest($1::text[])',
  types: ['text'],
  columns: [names],
})

describe('A commit', () => {
  let test: TestDatabase
  let line: Line
  let database: Database
  let calm: Database
  /** What would have ended a server's process. */
  const uncaught: string[] = []
  const note = (fault: Error): unknown => uncaught.push(fault.message)

  before(async () => {
    process.on('uncaughtExceptionMonitor', note)
    test = await testDatabase()
    line = await troubledLine(test.config)
    database = new Database(line.connection, () => undefined)
    calm = new Database(test.config, () => undefined)
    await calm.read('create table kept (name text primary key)')
  })
  after(async () => {
    await database.close()
    await calm.close()
    await line.close()
    await test.drop()
    process.off('uncaughtExceptionMonitor', note)
  })

  const isKept = async (name: string): Promise<boolean> =>
    (await calm.read('select 1 from kept where name = $1', [name])).length > 0
  const batch = (name: string) => database.batch(async (work) => work.add(kept(name)))

  it('is done', async () => {
    await batch('done')
    assert.equal(await isKept('done'), true)
  })

  it('is not made, and known not to be, when the disk is full', async () => {
    await calm.read(`create function no_room(text) returns text language plpgsql as
      $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$`)
    const full = {
      ...kept('no room'),
      name: 'kept without room',
      sql: 'insert into kept (name) select no_room(name) from unnest($1::text[]) as t (name)',
    }
    const saving = database.batch(async (work) => work.add(full))
    await assert.rejects(saving, { code: '53100' })
    assert.equal(await isKept('no room'), false)
  })

  it('is unknown when the line goes dead before the server hears of it', async () => {
    line.trouble('cut before it is sent')
    await assert.rejects(batch('unheard'), OutcomeUnknown)
    assert.equal(await isKept('unheard'), false)
  })

  it('is unknown when the line goes dead before the answer, though it was done', async () => {
    line.trouble('cut before the answer')
    await assert.rejects(batch('unanswered'), OutcomeUnknown)
    assert.equal(await isKept('unanswered'), true)
  })

  it('is unknown when its standby did not confirm, though the server says done', async () => {
    line.trouble('warning')
    await assert.rejects(batch('unconfirmed'), OutcomeUnknown)
    // The next one on that connection is sure again.
    for (let round = 0; round < 12; round++) await batch(`sure ${round}`)
  })

  it('is unknown in one statement just the same', async () => {
    for (const trouble of ['cut before it is sent', 'cut before the answer', 'warning'] as const) {
      line.trouble(trouble, `at once, ${trouble}`)
      await assert.rejects(database.save([kept(`at once, ${trouble}`)]), OutcomeUnknown, trouble)
    }
    assert.deepEqual(
      await Promise.all(
        ['cut before it is sent', 'cut before the answer', 'warning'].map((trouble) => isKept(`at once, ${trouble}`)),
      ),
      [false, true, true],
    )
  })

  it('is not decided again when it is unknown', async () => {
    let decided = 0
    line.trouble('cut before the answer')
    const outcomes = await isolateFaults(['x', 'y'], (items) =>
      database.batch(async (work) => {
        decided += 1
        work.add(kept(...items))
        return items
      }),
    )
    assert.equal(decided, 1)
    assert.equal(outcomes.length, 2)
  })

  it('is aborted by a key that is taken, a guard that fails, a deadlock or a lock that does not come', async () => {
    await batch('taken')
    const conflict = (fault: unknown) => fault instanceof Aborted && fault.reason === 'conflict'
    await assert.rejects(batch('taken'), conflict)
    await assert.rejects(database.save([kept('taken')]), conflict)
    const raising = (code: string) =>
      database.batch((work) =>
        sql(work).query({ name: `raise_${code}`, text: `do $$ begin raise exception using errcode = '${code}'; end $$` }, []),
      )
    for (const code of ['40001', '40P01', '55P03']) await assert.rejects(raising(code), conflict, code)
    await assert.rejects(raising('22012'), (fault) => fault instanceof Aborted && fault.reason === 'guard')
    await assert.rejects(raising('22023'), (fault) => !(fault instanceof Aborted) && !(fault instanceof OutcomeUnknown))
  })

  it('that comes back as a rollback is no success', async () => {
    const swallowed = database.batch(async (work) => {
      // A fault that somebody caught leaves the transaction failed: its commit is a rollback.
      await sql(work)
        .query({ name: 'broken', text: 'select 1 / 0' }, [])
        .catch(() => undefined)
    })
    await assert.rejects(swallowed, Aborted)
  })

  it('never follows a decision that threw', async () => {
    const thrown = database.batch(async (work) => {
      work.add(kept('never'))
      throw new Error('a bug')
    })
    await assert.rejects(thrown, /a bug/)
    assert.equal(await isKept('never'), false)
  })

  it('does not take the process down, whatever became of its connection', () => assert.deepEqual(uncaught, []))

  it('does not take the process down when its connection is killed while nothing is asked', async () => {
    const killed = database.batch(async (work) => {
      const [row] = await sql(work).query<{ pid: number }>({ name: 'pid', text: 'select pg_backend_pid() as pid' }, [])
      await calm.read('select pg_terminate_backend($1, 5000)', [row?.pid])
      // As long as a decision may take: the connection's end is heard meanwhile.
      for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve))
      work.add(kept('killed'))
    })
    await assert.rejects(killed)
    assert.equal(await isKept('killed'), false)
    await batch('after the kill')
    assert.deepEqual(uncaught, [])
  })
})

describe('A queue before the database', () => {
  let test: TestDatabase
  let database: Database
  before(async () => (test = await testDatabase()))
  beforeEach(() => (database = new Database(test.config, () => undefined)))
  afterEach(() => database.close())
  after(() => test.drop())

  /** All of them ask in one turn, in which no connection can be made yet. */
  const together = (count: number, ask: () => Promise<unknown>): Promise<unknown>[] => Array.from({ length: count }, () => ask())

  it('lets 512 batches wait for their connection, and tells the next at once that it is too much', async () => {
    const batch = () => database.batch(() => Promise.resolve('decided'))
    const waiting = together(12 + 512, batch)
    await assert.rejects(batch(), Overloaded)
    await assert.rejects(database.save([kept('one too many')]), Overloaded)
    assert.deepEqual([...new Set(await Promise.all(waiting))], ['decided'])
    assert.equal(await batch(), 'decided')
  })

  it('lets 4,096 reads wait, and tells the next at once that it is too much', async () => {
    const read = () => database.read('select 1')
    const waiting = together(4 + 4_096, read)
    await assert.rejects(read(), Overloaded)
    assert.equal((await database.read('select 1', [], 'one')).length, 1, 'what has a name waits elsewhere')
    await Promise.all(waiting)
    assert.equal((await read()).length, 1)
  })

  it('is not asked again, one by one, for commands that found no room in it together', async () => {
    const waiting = together(12 + 512, () => database.batch(() => Promise.resolve()))
    let asked = 0
    const outcomes = await isolateFaults(['x', 'y'], (items) => {
      asked += 1
      return database.batch(() => Promise.resolve(items))
    })
    assert.equal(asked, 1)
    assert.ok(outcomes.every((outcome) => outcome instanceof Fault && outcome.cause instanceof Overloaded))
    await Promise.all(waiting)
  })
})
