import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, beforeEach, describe, it, mock } from 'node:test'
import { heartDatabase } from '../../../tests/support/heart.ts'
import { silentLog } from '../log.ts'
import { PostgresRecords } from '../records/postgres.ts'
import { addSeconds } from '../../kernel/time.ts'
import { Fault } from '../store/work.ts'
import { bundled } from './bundle.ts'
import { type ClaimedTask, oneByOne, type TaskHandler, type TaskOutcome, type TaskResult } from './handler.ts'
import { leaseSeconds, PostgresTaskRows } from './rows.ts'
import { TaskWorker } from './worker.ts'

describe('A task', () => {
  let opened: Awaited<ReturnType<typeof heartDatabase>>
  before(async () => {
    opened = await heartDatabase()
  })
  after(() => opened.close())
  beforeEach(() => opened.database.read('delete from platform.tasks'))

  const schedule = (key: string, seconds = 0, kind = 'call', id: string = randomUUID()): Promise<void> =>
    opened.database.batch(async (work) => {
      const records = new PostgresRecords(opened.database)
      work.add(records.schedule([{ id, kind, key, dueAt: addSeconds(work.now, seconds), body: { note: '"quoted"\n' } }]))
    })
  /** So many at once, in as few rows as can be. */
  const scheduleMany = (count: number, kind = 'call'): Promise<void> =>
    opened.database.batch(async (work) => {
      const tasks = Array.from({ length: count }, (_, index) => ({
        id: randomUUID(),
        kind,
        key: `order ${index}`,
        dueAt: work.now,
        body: { index },
      }))
      work.add(new PostgresRecords(opened.database).schedule(bundled(tasks, work.now)))
    })
  const workerOf = (run: (task: ClaimedTask) => Promise<TaskResult>, more: Partial<TaskHandler> = {}): TaskWorker =>
    new TaskWorker(new PostgresTaskRows(opened.database), [{ kind: 'call', run: oneByOne(64, run), ...more }], silentLog)
  const together = (run: TaskHandler['run'], more: Partial<TaskHandler> = {}): TaskWorker =>
    new TaskWorker(new PostgresTaskRows(opened.database), [{ kind: 'call', run, ...more }], silentLog)
  const rows = () =>
    opened.database.read<{ key: string; attempt: number; leased: boolean; dead: boolean; last_error: string | null; wait: number }>(
      `select key, attempt, lease_until is not null as leased, dead, last_error, round(extract(epoch from due_at - now()))::int as wait
         from platform.tasks order by key`,
    )
  const makeDue = () => opened.database.read('update platform.tasks set due_at = now()')

  it('is done once, and gone', async () => {
    const done: ClaimedTask[] = []
    const worker = workerOf((task) => (done.push(task), Promise.resolve('done')))
    await schedule('order 1')
    assert.equal(await worker.quiet(), false)
    assert.equal(await worker.round(), 1)
    assert.equal(await worker.round(), 0)
    assert.deepEqual(
      done.map(({ key, attempt, body }) => ({ key, attempt, body })),
      [{ key: 'order 1', attempt: 1, body: { note: '"quoted"\n' } }],
    )
    assert.deepEqual(await rows(), [])
    assert.equal(await worker.quiet(), true)
  })

  it('waits until it is due, and is scheduled once however often it is asked for', async () => {
    const worker = workerOf(() => Promise.resolve('done'))
    const id = randomUUID()
    await schedule('later', 60, 'call', id)
    await schedule('later', 0, 'call', id)
    assert.equal(await worker.round(), 0)
    assert.equal(await worker.quiet(), true)
    assert.equal((await rows()).length, 1)
  })

  it('is left to whoever handles its kind', async () => {
    await schedule('x', 0, 'unknown')
    assert.equal(await workerOf(() => Promise.resolve('done')).round(), 0)
    assert.equal((await rows()).length, 1)
  })

  it('is done by one of several workers', async () => {
    const keys = Array.from({ length: 90 }, (_, index) => `order ${index}`)
    await Promise.all(keys.map((key) => schedule(key)))
    const done: string[] = []
    const workers = [1, 2, 3].map(() => workerOf((task) => (done.push(task.key), Promise.resolve('done'))))
    while ((await Promise.all(workers.map((worker) => worker.round()))).some((taken) => taken > 0));
    assert.deepEqual(done.sort(), [...keys].sort())
  })

  it('is taken over from a worker that died with it, when the lease is over and not before', async () => {
    await schedule('order 1')
    const died = Promise.withResolvers<TaskResult>()
    void workerOf(() => died.promise).round()
    const other = workerOf(() => Promise.resolve('done'))
    while (!(await rows())[0]?.leased);
    assert.equal(await other.round(), 0)
    assert.equal(await other.quiet(), false)
    await opened.database.read(`update platform.tasks set lease_until = now() - interval '1 second'`)
    assert.equal(await other.round(), 1)
    died.resolve('done')
  })

  it('is held by its worker as long as it takes', async (test) => {
    test.mock.timers.enable({ apis: ['setInterval'] })
    await schedule('order 1')
    const ends = Promise.withResolvers<TaskResult>()
    const slow = workerOf(() => ends.promise).round()
    while (!(await rows())[0]?.leased);
    const leaseOver = async (): Promise<boolean> =>
      (await opened.database.read('select 1 from platform.tasks where lease_until < now()')).length > 0
    await opened.database.read(`update platform.tasks set lease_until = now() - interval '1 second'`)
    test.mock.timers.tick((leaseSeconds * 1_000) / 4)
    while (await leaseOver());
    assert.equal(await workerOf(() => Promise.resolve('done')).round(), 0)
    ends.resolve('done')
    assert.equal(await slow, 1)
    assert.equal((await rows()).length, 0)
  })

  it('that fails is tried again, later each time, and fails alone', async () => {
    const worker = workerOf((task) => (task.key === 'bad' ? Promise.reject(new Error('no answer')) : Promise.resolve('done')))
    await schedule('bad')
    await schedule('good')
    const waits: number[] = []
    for (let attempt = 1; attempt <= 4; attempt++) {
      await worker.round()
      const [bad, ...others] = await rows()
      assert.deepEqual(others, [])
      assert.deepEqual(
        { attempt: bad?.attempt, leased: bad?.leased, dead: bad?.dead, error: bad?.last_error },
        { attempt, leased: false, dead: false, error: 'no answer' },
      )
      waits.push(bad?.wait ?? 0)
      await makeDue()
    }
    assert.deepEqual(waits, [2, 4, 8, 16])
  })

  it('is given up after its attempts, and stays to be seen', async () => {
    const worker = workerOf(() => Promise.reject(new Error('no answer')), { attemptsMax: 3 })
    await schedule('bad')
    for (let attempt = 1; attempt <= 3; attempt++) {
      assert.equal(await worker.round(), 1)
      await makeDue()
    }
    assert.equal(await worker.round(), 0)
    assert.deepEqual(
      (await rows()).map(({ attempt, dead }) => ({ attempt, dead })),
      [{ attempt: 3, dead: true }],
    )
    assert.equal(await worker.quiet(), true)
  })

  it('that only has to wait is asked again, and the attempt does not count', async () => {
    const worker = workerOf(() => Promise.resolve({ again: 30 }))
    await schedule('slow')
    await worker.round()
    const [row] = await rows()
    assert.deepEqual(
      { attempt: row?.attempt, leased: row?.leased, wait: row?.wait, error: row?.last_error },
      { attempt: 0, leased: false, wait: 30, error: null },
    )
  })

  it('does not keep tasks of another kind waiting while it hangs', async () => {
    const hung = Promise.withResolvers<TaskResult>()
    const quick = Promise.withResolvers<void>()
    const worker = new TaskWorker(
      new PostgresTaskRows(opened.database),
      [
        { kind: 'slow', run: oneByOne(1, () => hung.promise) },
        { kind: 'call', run: (tasks) => (quick.resolve(), Promise.resolve(tasks.map(() => 'done'))) },
      ],
      silentLog,
    )
    await schedule('slow one', 0, 'slow')
    worker.start()
    while ((await rows()).some(({ leased }) => !leased));
    await schedule('order 1')
    worker.wake()
    await quick.promise
    hung.resolve('done')
    await worker.stop()
    assert.deepEqual(await rows(), [])
  })

  describe('among many', () => {
    it('is handed over with all of its kind', async () => {
      const sizes: number[] = []
      const worker = together((tasks) => (sizes.push(tasks.length), Promise.resolve(tasks.map(() => 'done'))))
      await scheduleMany(200)
      assert.equal((await rows()).length, 4)
      assert.equal(await worker.round(), 200)
      assert.deepEqual(sizes, [200])
      assert.deepEqual(await rows(), [])
    })

    it('fails alone, and is tried again alone', async () => {
      const tried: string[] = []
      const worker = together((tasks) => {
        tried.push(...tasks.map(({ key }) => key))
        const outcome = ({ key }: ClaimedTask): TaskOutcome => (key === 'order 7' ? new Fault(new Error('no answer')) : 'done')
        return Promise.resolve(tasks.map(outcome))
      })
      await scheduleMany(50)
      assert.equal(await worker.round(), 50)
      assert.deepEqual(
        (await rows()).map(({ key, attempt, leased, dead, last_error, wait }) => ({
          key,
          attempt,
          leased,
          dead,
          last_error,
          wait,
        })),
        [{ key: 'order 7', attempt: 1, leased: false, dead: false, last_error: 'no answer', wait: 2 }],
      )
      await makeDue()
      assert.equal(await worker.round(), 1)
      assert.deepEqual([tried.length, tried.at(-1), (await rows())[0]?.attempt], [51, 'order 7', 2])
    })

    it('throws and fails alone where each is done by itself', async () => {
      const worker = workerOf((task) => (task.key === 'order 7' ? Promise.reject(new Error('a bug')) : Promise.resolve('done')))
      await scheduleMany(50)
      await worker.round()
      assert.deepEqual(
        (await rows()).map(({ key, last_error }) => [key, last_error]),
        [['order 7', 'a bug']],
      )
    })

    it('fails with all where the handler itself throws', async () => {
      await scheduleMany(50)
      await together(() => Promise.reject(new Error('the database is away'))).round()
      const left = await rows()
      assert.equal(left.length, 50)
      assert.ok(left.every(({ attempt, last_error }) => attempt === 1 && last_error === 'the database is away'))
    })

    it('waits with those that wait as long, and goes on without those that are done', async () => {
      let isPatient = true
      const worker = together((tasks) =>
        Promise.resolve(tasks.map(({ body }): TaskOutcome => (isPatient || Number(body['index']) < 10 ? { again: 30 } : 'done'))),
      )
      await scheduleMany(50)
      await worker.round()
      assert.deepEqual(
        (await rows()).map(({ key, attempt, wait, leased }) => ({ key, attempt, wait, leased })),
        [{ key: 'order 0 and 49 more', attempt: 0, wait: 30, leased: false }],
      )
      isPatient = false
      await makeDue()
      await worker.round()
      assert.deepEqual(
        (await rows()).map(({ key, attempt, wait }) => ({ key, attempt, wait })),
        [{ key: 'order 0 and 9 more', attempt: 0, wait: 30 }],
      )
    })

    it('is the business of whoever took it over, when the lease was lost', async () => {
      const slow = Promise.withResolvers<readonly TaskOutcome[]>()
      await scheduleMany(3)
      const first = together(() => slow.promise).round()
      while (!(await rows())[0]?.leased);
      await opened.database.read(`update platform.tasks set lease_until = now() - interval '1 second'`)
      const other = Promise.withResolvers<readonly TaskOutcome[]>()
      const second = together(() => other.promise).round()
      while ((await rows())[0]?.attempt !== 2);
      slow.resolve(['done', new Fault(new Error('late')), { again: 30 }])
      await first
      assert.deepEqual(
        (await rows()).map(({ key, attempt, leased }) => ({ key, attempt, leased })),
        [{ key: 'order 0 and 2 more', attempt: 2, leased: true }],
      )
      other.resolve(['done', 'done', 'done'])
      await second
      assert.deepEqual(await rows(), [])
    })

    it('costs no more statements than one alone', async () => {
      const worker = together((tasks) => Promise.resolve(tasks.map(() => 'done')))
      const statementsOf = async (count: number): Promise<number> => {
        await scheduleMany(count)
        const asked = mock.method(opened.database, 'read')
        assert.equal(await worker.round(), count)
        asked.mock.restore()
        return asked.mock.callCount()
      }
      assert.deepEqual([await statementsOf(1), await statementsOf(250)], [2, 2])
    })
  })
})
