/** Returns in memory and on PostgreSQL: the same answers, and never more back than was sent. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { isRefusal } from '../../src/kernel/decider.ts'
import type { OrderId, Place, Sku } from '../../src/kernel/ids.ts'
import { idAt } from '../../src/platform/ids.ts'
import { Database } from '../../src/platform/postgres/database.ts'
import { migrate } from '../../src/platform/postgres/migrations.ts'
import { MemoryRecords } from '../../src/platform/records/memory.ts'
import { PostgresRecords } from '../../src/platform/records/postgres.ts'
import type { Records } from '../../src/platform/records/records.ts'
import { MemoryBatches } from '../../src/platform/store/memory.ts'
import type { Batches } from '../../src/platform/store/work.ts'
import type { ReturnableOrder, ReturnableOrders } from '../../src/returns/contract.ts'
import type { ReturnStep } from '../../src/returns/return.ts'
import { type ReturnAsked, ReturnService } from '../../src/returns/service.ts'
import { memoryReturns, postgresReturns, type ReturnRepository } from '../../src/returns/store.ts'
import { testDatabase } from '../support/database.ts'

type Basis = Readonly<{ batches: Batches; records: Records; store: ReturnRepository; close: () => Promise<void> }>

const onMemory = (): Promise<Basis> =>
  Promise.resolve({
    batches: new MemoryBatches(),
    records: new MemoryRecords(),
    store: memoryReturns(),
    close: () => Promise.resolve(),
  })
const onPostgres = async (): Promise<Basis> => {
  const test = await testDatabase()
  const client = new pg.Client(test.config)
  await client.connect()
  const folders = ['platform', 'returns'].map((room) => ({
    room,
    folder: new URL(`../../src/${room}/migrations`, import.meta.url).pathname,
  }))
  await migrate(client, folders, () => undefined)
  await client.end()
  const database = new Database(test.config, () => undefined)
  return {
    batches: database,
    records: new PostgresRecords(database),
    store: postgresReturns(database),
    close: async () => {
      await database.close()
      await test.drop()
    },
  }
}

const anOrder = (): OrderId => idAt(Date.now())
const fiveMugs: ReturnableOrder = {
  number: 1001,
  currency: 'GBP',
  lines: [{ sku: 'mug' as Sku, kind: 'product', current: 5, shipped: 5, returned: 0, worth: 500 }],
  total: 500,
  captured: 500,
  refunded: 0,
}
const announce = (quantity: number): ReturnStep => ({ do: 'expect', lines: [{ line: 0, quantity }], reason: 'unwanted' })
const receive = (quantity: number): ReturnStep => ({
  do: 'receive',
  place: 'leeds' as Place,
  lines: [{ line: 0, quantity, disposition: 'restock' }],
  refund: 'auto',
})

for (const [name, start] of Object.entries({ memory: onMemory, PostgreSQL: onPostgres })) {
  describe(`Returns in ${name}`, () => {
    let basis: Basis
    let service: ReturnService
    const known = new Map<OrderId, ReturnableOrder>()
    const orders: ReturnableOrders = {
      within: (_work, ids) => Promise.resolve(new Map(ids.flatMap((id) => [...known].filter(([order]) => order === id)))),
      one: (id) => Promise.resolve(known.get(id)),
    }
    const placed = (): OrderId => {
      const order = anOrder()
      known.set(order, fiveMugs)
      return order
    }
    const ask = (order: OrderId, step: ReturnStep, more: Partial<ReturnAsked> = {}) =>
      service.handle({ id: idAt(Date.now()), order, step, origin: { actor: 'test' }, ...more })
    const done = async (order: OrderId, step: ReturnStep, more: Partial<ReturnAsked> = {}) => {
      const outcome = await ask(order, step, more)
      assert.ok(!isRefusal(outcome), JSON.stringify(outcome))
      return outcome
    }

    before(async () => {
      basis = await start()
      service = new ReturnService({ ...basis, orders, committed: () => undefined })
    })
    after(() => basis.close())

    it('are kept, and found by order and by status', async () => {
      const order = placed()
      const first = await done(order, announce(1))
      const second = await done(order, announce(2))
      await done(placed(), announce(1))
      assert.deepEqual((await basis.store.get([first.id])).get(first.id), { version: 1, state: first.state })
      const ids = async (column: string, value: string, before?: string) =>
        (await basis.store.find(column, [value], 9, before)).map(({ id }) => id)
      assert.deepEqual(await ids('order_id', order), [second.id, first.id])
      assert.deepEqual(await ids('order_id', order, second.id), [first.id])
      assert.equal((await ids('status', 'expected')).includes(first.id), true)
      await done(order, { do: 'cancel' }, { id: first.id })
      assert.equal((await ids('status', 'expected')).includes(first.id), false)
      assert.equal((await ids('status', 'cancelled')).includes(first.id), true)
    })

    it('asked for at once never promise a unit twice', async () => {
      const order = placed()
      const outcomes = await Promise.all(Array.from({ length: 9 }, () => ask(order, announce(1))))
      assert.equal(outcomes.filter((outcome) => !isRefusal(outcome)).length, 5)
      for (const outcome of outcomes) if (isRefusal(outcome)) assert.equal(outcome.refused, 'quantity_exceeds_returnable')
    })

    it('received at once never give more than was taken', async () => {
      const order = placed()
      known.set(order, { ...fiveMugs, captured: 250 })
      const returns = await Promise.all(Array.from({ length: 5 }, () => done(order, announce(1))))
      const received = await Promise.all(returns.map(({ id }) => done(order, receive(1), { id })))
      const given = received.flatMap(({ events }) => events).map((event) => (event.type === 'ReturnReceived' ? event.refund : 0))
      assert.deepEqual(given, [100, 100, 50, 0, 0])
    })

    it('asked for twice with one key are one', async () => {
      const order = placed()
      const key = { scope: 'test', key: 'one', hash: 'a' }
      const first = await done(order, announce(3), { key })
      const again = await done(order, announce(3), { key })
      assert.deepEqual([again.id, again.version, again.replayed], [first.id, 1, true])
      const other = await ask(order, announce(1), { key: { ...key, hash: 'b' } })
      assert.equal(isRefusal(other) ? other.refused : '', 'idempotency_key_reused')
    })

    it('are refused where the order is unknown, or the return has moved on', async () => {
      const nowhere = await ask(anOrder(), announce(1))
      assert.equal(isRefusal(nowhere) ? nowhere.refused : '', 'order_not_found')
      const order = placed()
      const { id } = await done(order, announce(1))
      const late = await ask(order, receive(1), { id, expected: 7 })
      assert.equal(isRefusal(late) ? late.refused : '', 'version_mismatch')
    })
  })
}
