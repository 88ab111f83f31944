import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, beforeEach, describe, it } from 'node:test'
import { heartDatabase } from '../../../tests/support/heart.ts'
import { silentLog } from '../log.ts'
import { PostgresRecords } from '../records/postgres.ts'
import { addSeconds } from '../../kernel/time.ts'
import { type ClaimedTask, type TaskHandler, type TaskResult, TaskWorker } from './worker.ts'

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
  const workerOf = (run: TaskHandler['run'], more: Partial<TaskHandler> = {}): TaskWorker =>
    new TaskWorker(opened.database, [{ kind: 'call', run, ...more }], silentLog)
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
})
