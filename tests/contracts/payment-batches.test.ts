/** Many payments' pages at once: one claim's tasks, handled together on PostgreSQL. */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it, mock } from 'node:test'
import type { OrderId } from '../../src/kernel/ids.ts'
import { instant } from '../../src/kernel/time.ts'
import { Unreachable } from '../../src/payments/provider.ts'
import { idAt } from '../../src/platform/ids.ts'
import type { Database } from '../../src/platform/postgres/database.ts'
import { Fault } from '../../src/platform/store/work.ts'
import type { ClaimedTask, TaskOutcome } from '../../src/platform/tasks/handler.ts'
import { type Harness, harnesses } from './payment-harness.ts'

describe('The pages of many payments', () => {
  let harness: Harness
  let database: Database
  before(async () => {
    harness = await harnesses.PostgreSQL()
    assert.ok(harness.database)
    database = harness.database
  })
  afterEach(() => mock.restoreAll())
  after(async () => {
    await harness.app.close()
    await harness.close()
  })

  const started = async (count: number): Promise<readonly string[]> => {
    const ids = Array.from({ length: count }, () => idAt(Date.now()))
    const command = {
      do: 'start',
      amount: 459,
      total: 459,
      currency: 'GBP',
      method: 'CREDIT_CARD',
      provider: 'simulated',
      captureAt: 'placement',
      goods: [],
    } as const
    const asked = ids.map((id) => ({
      id,
      command: { ...command, order: idAt(Date.now()) satisfies OrderId },
      origin: { actor: 'test' },
    }))
    await harness.batches.batch((work) => harness.room.service.within(work, asked))
    return ids
  }
  const make = (payments: readonly string[]): Promise<readonly TaskOutcome[]> => {
    const handler = harness.room.tasks.find(({ kind }) => kind === 'payments.createPage') ?? assert.fail()
    const dueAt = instant(Date.now())
    return handler.run(payments.map((key): ClaimedTask => ({ id: key, kind: handler.kind, key, attempt: 1, dueAt, body: {} })))
  }
  const urls = async (payments: readonly string[]): Promise<readonly boolean[]> => {
    const states = await harness.store.get(payments)
    return payments.map((id) => {
      const state = states.get(id)?.state
      return state?.status === 'started' && state.url !== undefined
    })
  }

  it('cost as many statements as one', async () => {
    const costOf = async (count: number): Promise<readonly number[]> => {
      const payments = await started(count)
      const [reads, batches, saves] = [mock.method(database, 'read'), mock.method(database, 'batch'), mock.method(database, 'save')]
      assert.ok((await make(payments)).every((outcome) => outcome === 'done'))
      mock.restoreAll()
      assert.ok((await urls(payments)).every(Boolean))
      return [reads, batches, saves].map((method) => method.mock.callCount())
    }
    // The payments, their sessions at the provider; then one batch that locks and saves.
    assert.deepEqual(
      [await costOf(1), await costOf(250)],
      [
        [2, 1, 0],
        [2, 1, 0],
      ],
    )
  })

  it('are made but for the one that the provider does not answer for', async () => {
    const payments = await started(50)
    const { simulated } = harness.room
    const createPage = simulated.createPage.bind(simulated)
    mock.method(simulated, 'createPage', (request: Parameters<typeof createPage>[0]) =>
      request.payment === payments[7] ? Promise.reject(new Unreachable('simulated', 'createPage')) : createPage(request),
    )
    const outcomes = await make(payments)
    const failed = outcomes.flatMap((outcome, index) => (outcome instanceof Fault ? [index] : []))
    assert.deepEqual(failed, [7])
    assert.deepEqual(
      (await urls(payments)).flatMap((isReady, index) => (isReady ? [] : [index])),
      [7],
    )
  })

  it('are made once, however often they are asked for', async () => {
    const payments = await started(3)
    await make(payments)
    const before = await harness.store.get(payments)
    await make([...payments, ...payments])
    assert.deepEqual(await harness.store.get(payments), before)
  })
})
