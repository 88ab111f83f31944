/** The explorer itself: it finds what a hand-written race hides, and finds nothing where a guard stands. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Database, sql } from '../../src/platform/postgres/database.ts'
import { type Batches, rerunAborted, type Work } from '../../src/platform/store/work.ts'
import { testDatabase } from '../support/database.ts'
import { FewestSwitches, following, numbersFrom, ordersOf, sampled } from './explore.ts'
import { gated } from './gate.ts'
import { type Choose, type Ran, Scheduler } from './schedule.ts'

/** Takes a unit off a shelf, if there is one. */
type Reserve = (work: Work, shelf: string) => Promise<boolean>
const look = (lock: string) => ({ name: `look${lock}`, text: `select free from shelves where shelf = $1${lock}` })
const take = { name: 'take', text: 'update shelves set free = free - 1, taken = taken + 1 where shelf = $1' }
const guarded = { name: 'guarded', text: `${take.text} and free >= 1 returning 1` }

/** What anybody would write first. */
const readThenWrite =
  (lock: string): Reserve =>
  async (work, shelf) => {
    const [row] = await sql(work).query<{ free: number }>(look(lock), [shelf])
    if ((row?.free ?? 0) < 1) return false
    await sql(work).query(take, [shelf])
    return true
  }
const takeWhereFree: Reserve = async (work, shelf) => {
  await sql(work).query(look(''), [shelf])
  return (await sql(work).query(guarded, [shelf])).length === 1
}

describe('The explorer', () => {
  let test: Awaited<ReturnType<typeof testDatabase>>
  let database: Database
  let scheduler: Scheduler
  let shelves = 0

  before(async () => {
    test = await testDatabase()
    database = new Database(gated(test.config), () => undefined)
    await database.read('create table shelves (shelf text primary key, free int not null, taken int not null default 0)')
    await database.read(`alter database ${test.config.database} set deadlock_timeout = '10ms'`)
    scheduler = await Scheduler.open(test.config)
  })
  after(async () => {
    await scheduler.close()
    await database.close()
    await test.drop()
  })

  /** One unit on a fresh shelf, and as many who want it as there are parties. */
  const race = async (reserve: Reserve, parties: number, choose: Choose): Promise<Ran & Readonly<{ oversold: boolean }>> => {
    const shelf = `shelf ${(shelves += 1)}`
    await database.read('insert into shelves (shelf, free) values ($1, 1)', [shelf])
    const wanting = Array.from({ length: parties }, () => () => database.batch((work) => reserve(work, shelf)))
    const ran = await scheduler.run(wanting, choose)
    const [row] = await database.read<{ free: number; taken: number }>('select free, taken from shelves where shelf = $1', [shelf])
    return { ...ran, oversold: row === undefined || row.free < 0 || row.taken > 1 }
  }
  const exhausted = async (reserve: Reserve): Promise<readonly (Ran & Readonly<{ oversold: boolean }>)[]> => {
    const paths = new FewestSwitches(numbersFrom(1))
    const all: (Ran & Readonly<{ oversold: boolean }>)[] = []
    for (let next = paths.next(); next !== undefined; next = paths.next()) {
      const ran = await race(reserve, 2, following(next))
      paths.learn(ran)
      all.push(ran)
    }
    return all
  }

  it('runs every order of two operations once, and finds that look-then-take oversells in most', async () => {
    const all = await exhausted(readThenWrite(''))
    const oversold = all.filter((ran) => ran.oversold)
    assert.equal(new Set(all.map(({ schedule }) => schedule)).size, all.length)
    assert.ok(oversold.length > all.length / 2, `${oversold.length} of ${all.length}`)
    assert.ok(all.every(({ ended }) => ended.every((one) => 'answer' in one)))
  })

  it('finds nothing where the update itself asks whether a unit is free, or the row is locked first', async () => {
    for (const reserve of [takeWhereFree, readThenWrite(' for update')]) {
      const all = await exhausted(reserve)
      assert.ok(all.length > 3)
      assert.deepEqual(
        all.filter((ran) => ran.oversold).map(({ schedule }) => schedule),
        [],
      )
      assert.ok(all.some(({ blocked }) => blocked > 0))
    }
  })

  it('runs a schedule again as it was, letter by letter', async () => {
    const found = (await exhausted(readThenWrite(''))).find((ran) => ran.oversold)
    assert.ok(found !== undefined)
    const again = await race(readThenWrite(''), 2, following(found.schedule))
    assert.deepEqual([again.schedule, again.trace, again.oversold], [found.schedule, found.trace, true])
  })

  it('runs as many orders as there are where nobody waits for anybody', async () => {
    const apart = async (): Promise<readonly string[]> => {
      const paths = new FewestSwitches(numbersFrom(1))
      const schedules: string[] = []
      for (let next = paths.next(); next !== undefined; next = paths.next()) {
        const one = () => database.batch((work) => sql(work).query(look(''), ['none']))
        const two = () =>
          database.batch((work) =>
            sql(work)
              .query(look(''), ['none'])
              .then(() => sql(work).query(look(''), [''])),
          )
        const ran = await scheduler.run([one, two], following(next))
        paths.learn(ran)
        schedules.push(ran.schedule)
      }
      return schedules
    }
    const schedules = await apart()
    // One reads and commits, the other reads twice and commits.
    assert.equal(schedules.length, ordersOf([2, 3]))
    assert.equal(new Set(schedules).size, schedules.length)
  })

  it('draws schedules of three parties, and finds it there too', async () => {
    const drawn = async (seed: number, reserve: Reserve): Promise<readonly (Ran & Readonly<{ oversold: boolean }>)[]> => {
      const random = numbersFrom(seed)
      const all: (Ran & Readonly<{ oversold: boolean }>)[] = []
      for (let index = 0; index < 20; index++) all.push(await race(reserve, 3, sampled(random)))
      return all
    }
    assert.ok((await drawn(7, readThenWrite(''))).some((ran) => ran.oversold))
    assert.ok((await drawn(8, takeWhereFree)).every((ran) => !ran.oversold))
  })

  it('lets PostgreSQL break a deadlock, and schedules whoever tries again', async () => {
    const [one, other] = ['deadlock one', 'deadlock other']
    await database.read('insert into shelves (shelf, free) values ($1, 9), ($2, 9)', [one, other])
    const both = (batches: Batches, shelvesInTurn: readonly string[]) => () =>
      rerunAborted(() =>
        batches.batch(async (work) => {
          for (const shelf of shelvesInTurn) await sql(work).query(take, [shelf])
        }),
      )
    const ran = await scheduler.run([both(database, [one, other]), both(database, [other, one])], following('abab'))
    assert.deepEqual(
      ran.failed.map(({ code }) => code),
      ['40P01'],
    )
    assert.ok(ran.ended.every((ended) => 'answer' in ended))
    const rows = await database.read<{ free: number }>('select free from shelves where shelf = any($1)', [[one, other]])
    assert.deepEqual(
      rows.map(({ free }) => free),
      [7, 7],
    )
  })
})
