/** The demo, played whole on a database of its own. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type AgentOrder, runAgents } from '../../src/cli/demo-agents.ts'
import type { Watch } from '../../src/cli/demo-play.ts'
import { runDemo } from '../../src/cli/demo-run.ts'
import type { Summary } from '../../src/cli/demo-summary.ts'
import { verifyShop } from '../../src/cli/verify.ts'
import { noteStatements, walks } from '../support/plans.ts'
import { startWaybill, type Waybill } from '../support/waybill.ts'

const statements = noteStatements()

const nobody: Watch = { stage: () => undefined, step: () => undefined }

describe('The three orders of requirement A17', () => {
  let waybill: Waybill
  let orders: readonly AgentOrder[]
  before(async () => {
    waybill = await startWaybill()
    orders = await runAgents(waybill.shop, nobody)
  })
  after(() => waybill.stop())

  it('are each brought together in one place and leave in one parcel', () =>
    assert.deepEqual(
      orders.map(({ order, warehouse, parcels, transfers, status }) => ({ order, warehouse, parcels, transfers, status })),
      [
        {
          order: 'order:123',
          warehouse: 'warehouse1',
          parcels: 1,
          transfers: [{ product: 'prod6', from: 'warehouse2', to: 'warehouse1' }],
          status: 'completed',
        },
        {
          order: 'order:124',
          warehouse: 'warehouse3',
          parcels: 1,
          transfers: [{ product: 'prod4', from: 'warehouse1', to: 'warehouse3' }],
          status: 'completed',
        },
        {
          order: 'order:125',
          warehouse: 'warehouse2',
          parcels: 1,
          transfers: [{ product: 'prod9', from: 'warehouse1', to: 'warehouse2' }],
          status: 'completed',
        },
      ],
    ))

  it('are ready only when the transfer is in, and the carrier has them only then', () =>
    assert.deepEqual(orders[0]?.story, [
      'prod6 needed in warehouse1',
      'prod6 sent to warehouse1',
      'prod6 delivered to warehouse1',
      'order:123 ready in warehouse1',
      'order:123 sent',
      'order:123 delivered',
    ]))

  it('are played once: a second run finds them', async () => {
    const again = await runAgents(waybill.shop, nobody)
    assert.deepEqual(
      again.map(({ id }) => id),
      orders.map(({ id }) => id),
    )
  })

  it('leave stock and histories that add up', async () => assert.deepEqual((await verifyShop(waybill.shop)).differences, []))
})

describe('The demo', () => {
  let waybill: Waybill
  let summary: Summary
  before(async () => {
    waybill = await startWaybill({ WAYBILL_RESERVATION_TTL: '1800' })
    summary = await runDemo(waybill.shop, 'Europe/London', nobody)
  })
  after(() => waybill.stop())

  it('brings all 500 orders to an end, or to a state that says what it waits for', () => {
    assert.equal(summary.orders, 500)
    assert.equal(summary.completed + summary.cancelled + summary.waiting, 500)
    assert.equal(
      Object.values(summary.waitingFor).reduce((sum, count) => sum + count, 0),
      summary.waiting,
    )
    assert.deepEqual(Object.keys(summary.waitingFor), ['release', 'supply'])
  })

  it('shows every way to assemble an order', () => {
    assert.equal(summary.onePlace + summary.split + summary.consolidated, 500)
    const several = (summary.split + summary.consolidated) / 500
    assert.ok(several >= 0.25 && several <= 0.4, `${several} split or consolidated`)
    for (const count of [summary.backordered, summary.preordered, summary.completed, summary.cancelled, summary.waiting])
      assert.ok(count >= 10, `${count}`)
  })

  it('leaves stock, reservations and money that add up', async () =>
    assert.deepEqual((await verifyShop(waybill.shop)).differences, []))

  it('asks by key, whether its statements were planned on an empty shop or on this one', async () => {
    const { database } = waybill.shop
    assert.ok(statements.size >= 80, `${statements.size} statements`)
    const empty = await startWaybill()
    try {
      assert.deepEqual(await walks(empty.shop.database.connection, statements), [])
    } finally {
      await empty.stop()
    }
    await database.read('analyze')
    assert.deepEqual(await walks(database.connection, statements), [])
    const planted = new Map([
      ['all', 'select id from payments.payments where version = $1'],
      ['walk', 'select id from payments.payments where version = $1 order by id'],
    ])
    assert.deepEqual(await walks(database.connection, planted), [
      'all: reads all of payments',
      'walk: walks payments_pkey for (version = $1)',
    ])
  })
})
