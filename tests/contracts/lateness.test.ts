/** Deliveries, counted from the journal on PostgreSQL, change what is promised next; a rebuild of the figures leaves them be. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { createInsights } from '../../src/insights/insights.ts'
import type { LaneReport, PlannedOrder } from '../../src/insights/lateness.ts'
import { Lateness } from '../../src/insights/lateness-service.ts'
import type { Day, Instant, OrderId, Place, Sku } from '../../src/kernel/ids.ts'
import { addDays, dayIn } from '../../src/kernel/time.ts'
import { Consumers } from '../../src/platform/bus/consumers.ts'
import { JournalReader } from '../../src/platform/bus/journal.ts'
import { PostgresPositions } from '../../src/platform/bus/positions.ts'
import { newId } from '../../src/platform/ids.ts'
import { silentLog } from '../../src/platform/log.ts'
import type { Database } from '../../src/platform/postgres/database.ts'
import { PostgresRecords } from '../../src/platform/records/postgres.ts'
import type { ParcelEventOf } from '../../src/shipping/contract.ts'
import { asOwner, databaseWith, edgeOf } from './insight-story.ts'

const zone = 'Europe/London'
const leeds = { place: 'leeds' as Place, service: 'standard', country: 'GB' }

let database: Database
let close: () => Promise<void>
let consumers: Consumers
let lateness: Lateness
let edge: FastifyInstance
const plans = new Map<OrderId, PlannedOrder>()
let questions = 0

before(async () => {
  ;({ database, close } = await databaseWith('insights'))
  const now = (): Instant => database.nowEstimate()
  const plansOf = (ids: readonly OrderId[]) => {
    questions += 1
    return Promise.resolve(new Map([...plans].filter(([id]) => ids.includes(id))))
  }
  lateness = new Lateness({ database, plansOf, zone, now })
  consumers = new Consumers(new PostgresPositions(database), new JournalReader(database), [lateness.reaction], silentLog)
  await consumers.start()
  edge = await edgeOf([lateness.routes])
})
after(async () => {
  await edge.close()
  await consumers.stop()
  await close()
})

/** An order with a parcel from Leeds, planned to arrive on a day. */
const planned = (arrives: Day, promised = arrives): OrderId => {
  const order = newId('2026-01-01T00:00:00.000Z' as Instant)
  const lines = [{ line: 0, sku: 'mug' as Sku, quantity: 1, from: leeds.place, kind: 'stock' as const }]
  plans.set(order, {
    service: 'standard',
    country: 'GB',
    promised,
    shipments: [{ place: leeds.place, dispatch: arrives, arrives, lines }],
  })
  return order
}
const moved = (order: OrderId, more: Partial<ParcelEventOf<'ParcelMoved'>>): ParcelEventOf<'ParcelMoved'> => ({
  type: 'ParcelMoved',
  order,
  fulfilment: 'f',
  place: leeds.place,
  status: 'delivered',
  attempts: 1,
  carrier: 'simulated',
  lines: [{ line: 0, sku: 'mug' as Sku, quantity: 1 }],
  news: 'delivered',
  ...more,
})
const tell = async (facts: readonly ParcelEventOf<'ParcelMoved'>[]): Promise<void> => {
  const records = new PostgresRecords(database)
  await database.batch(async (work) => {
    work.add(
      records.append(
        facts.map((fact) => ({ stream: newId(work.now), firstVersion: 1, facts: [fact], origin: { actor: 'test' }, at: work.now })),
      ),
    )
    await Promise.resolve()
  })
  await consumers.settle()
}
const delivered = (days: number, count: number, more: Partial<ParcelEventOf<'ParcelMoved'>> = {}): Promise<void> => {
  const arrives = addDays(dayIn(zone, database.nowEstimate()), -3)
  const happenedAt = `${addDays(arrives, days)}T12:00:00.000Z` as Instant
  return tell(Array.from({ length: count }, () => moved(planned(arrives, addDays(arrives, 1)), { happenedAt, ...more })))
}
const report = async (): Promise<readonly LaneReport[]> => {
  const response = await edge.inject({ url: '/v1/insights/lateness', headers: asOwner })
  assert.equal(response.statusCode, 200, response.body)
  return response.json<{ lanes: LaneReport[] }>().lanes
}
const rows = (): Promise<readonly Readonly<{ days: number; deliveries: number; on_time: number }>[]> =>
  database.read(
    'select days, sum(deliveries)::int8 as deliveries, sum(on_time)::int8 as on_time from insights.lateness group by days order by days',
  )

describe('Deliveries that are counted', () => {
  it('change nothing while they are few', async () => {
    await delivered(2, 30)
    await lateness.read()
    assert.equal(lateness.bufferDays(leeds), 0)
    assert.deepEqual(await rows(), [{ days: 2, deliveries: 30, on_time: 0 }])
  })

  it('share a question and a statement among a batch', () => assert.equal(questions, 1))

  it('lengthen what is promised next, as soon as they are read', async () => {
    await delivered(1, 30)
    assert.equal(lateness.bufferDays(leeds), 0)
    assert.deepEqual(await report(), [
      { ...leeds, deliveries: 60, onTimeRate: 0.5, bufferDays: 2, from: 'lane', pinballLoss: 0.05, alarm: 'late' },
    ])
    assert.equal(lateness.bufferDays(leeds), 2)
    assert.equal(lateness.bufferDays({ ...leeds, place: 'york' as Place }), 2)
  })

  it('are the deliveries alone: not other news, late attempts, or parcels of unknown orders', async () => {
    const before = await rows()
    await delivered(2, 1, { status: 'in_transit', news: 'in_transit' })
    await delivered(2, 1, { news: 'failed_attempt' })
    await tell([moved(newId(database.nowEstimate()), {})])
    assert.deepEqual(await rows(), before)
  })

  it('are days of the shop’s zone', async () => {
    const order = planned('2026-07-01' as Day)
    await tell([moved(order, { happenedAt: '2026-06-30T23:30:00.000Z' as Instant })])
    const found = await database.read<{ days: number; month: Day }>(
      "select days, month from insights.lateness where month = '2026-07-01'",
    )
    assert.deepEqual(found, [{ days: 0, month: '2026-07-01' }])
  })

  it('are forgotten after half a year', async () => {
    await database.read("update insights.lateness set month = month - interval '7 months'")
    await lateness.read()
    assert.equal(lateness.bufferDays(leeds), 0)
    await database.read("update insights.lateness set month = month + interval '7 months'")
  })

  it('outlive a rebuild of the figures', async () => {
    const before = await rows()
    const journal = new JournalReader(database)
    const insights = createInsights({ database, journal, zone })
    const figures = new Consumers(new PostgresPositions(database), journal, insights.reactions, silentLog)
    await figures.start()
    await figures.settle()
    await figures.stop()
    await insights.rebuild()
    assert.deepEqual(await rows(), before)
    await delivered(2, 1)
    assert.equal(
      (await rows()).reduce((sum, { deliveries }) => sum + deliveries, 0),
      62,
    )
  })
})
