/** The figures, from events in the journal to the answer over HTTP, on PostgreSQL. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { createInsights, type Insights } from '../../src/insights/insights.ts'
import type { Stage } from '../../src/insights/order-life.ts'
import type { Report } from '../../src/insights/report.ts'
import type { Instant, Place, Sku } from '../../src/kernel/ids.ts'
import type { OrderEventOf } from '../../src/orders/contract.ts'
import { Consumers } from '../../src/platform/bus/consumers.ts'
import { JournalReader } from '../../src/platform/bus/journal.ts'
import { PostgresPositions } from '../../src/platform/bus/positions.ts'
import { newId } from '../../src/platform/ids.ts'
import { silentLog } from '../../src/platform/log.ts'
import type { Database } from '../../src/platform/postgres/database.ts'
import {
  append,
  appendOrder,
  asOwner,
  became,
  both,
  databaseWith,
  edgeOf,
  line,
  type Moment,
  one,
  parcel,
  placed,
  reserved,
} from './insight-story.ts'

const zone = 'Europe/London'

let database: Database
let close: () => Promise<void>
let consumers: Consumers
let insights: Insights
let edge: FastifyInstance

before(async () => {
  ;({ database, close } = await databaseWith('insights'))
  const journal = new JournalReader(database)
  insights = createInsights({ database, journal, zone })
  consumers = new Consumers(new PostgresPositions(database), journal, insights.reactions, silentLog)
  await consumers.start()
  edge = await edgeOf([insights.routes])
})

after(async () => {
  await edge.close()
  await consumers.stop()
  await close()
})

const tell = async (placed: OrderEventOf<'OrderPlaced'>, ...life: readonly Moment[]): Promise<void> => {
  await appendOrder(database, placed, life)
  await consumers.settle()
}
const ask = async (query: string) => {
  const response = await edge.inject({ url: `/v1/insights?${query}`, headers: asOwner })
  assert.equal(response.statusCode, 200, response.body)
  return response.json<Report>()
}
const dump = async (): Promise<string[]> => {
  const tables = ['orders', 'figures', 'durations', 'promotions', 'stock']
  const rows = await Promise.all(
    tables.map((table) =>
      database.read<{ row: string }>(`select '${table} ' || t::text as row from insights.${table} t order by 1`),
    ),
  )
  return rows.flat().map(({ row }) => row)
}

describe('The figures of a month', () => {
  before(async () => {
    // Delivered whole and in time: paid after 10 minutes, ready after 2 hours, gone after 5, at the door the next day.
    await tell(
      placed('2026-05-04T09:00:00.000Z', {
        promotions: [{ code: 'SPRING', amount: 100 }],
        totals: { subtotal: 1000, discount: 100, shipping: 250, tax: 0, total: 1150 },
      }),
      [0, reserved('2026-05-05', 2)],
      [600, became('paid')],
      [7_800, became('ready')],
      [18_000, parcel('p1', 'label_created', both)],
      [18_600, parcel('p1', 'picked_up', both)],
      [18_600, became('in_transit')],
      [90_000, parcel('p1', 'delivered', both)],
      [90_000, became('completed')],
    )
    // Two parcels, a backordered line, a day late, half of it sent back.
    await tell(
      placed('2026-05-04T09:05:00.000Z'),
      [0, reserved('2026-05-05', 2, 'backorder')],
      [1_200, became('paid')],
      [20_000, parcel('p2', 'picked_up', one)],
      [20_000, became('in_transit')],
      [40_000, parcel('p3', 'picked_up', one)],
      [90_000, parcel('p2', 'delivered', one)],
      [180_000, parcel('p3', 'delivered', one)],
      [180_000, became('completed')],
      [400_000, { type: 'UnitsReturned', return: 'r', lines: one, refund: 500 }],
      [400_100, { type: 'MoneyRecorded', payment: 'pay', step: 'refunded', amount: 500 }],
    )
    await tell(
      placed('2026-05-06T12:00:00.000Z', { lines: [line(4)] }),
      [
        60,
        {
          type: 'UnitsCancelled',
          reason: 'customer_request',
          lines: one,
          totals: { subtotal: 1500, discount: 0, shipping: 0, tax: 0, total: 1500 },
          refund: 'auto',
        },
      ],
      [90, { type: 'OrderCancelled', reason: 'customer_request', refund: 'auto' }],
    )
    await tell(placed('2026-05-06T13:00:00.000Z'), [1_800, { type: 'OrderExpired' }])
    // Paid after its time: it expired, and did not in the end.
    await tell(
      placed('2026-05-06T14:00:00.000Z'),
      [1_800, { type: 'OrderExpired' }],
      [1_900, { type: 'OrderReopened' }],
      [1_900, became('paid')],
    )
    await tell(placed('2026-05-07T10:00:00.000Z', { currency: 'EUR' }))
    await append(database, newId('2026-05-07T10:00:00.000Z' as Instant), [
      [
        '2026-05-07T10:00:00.000Z' as Instant,
        { type: 'StockLow', sku: 'mug' as Sku, place: 'LDS' as Place, available: 2, threshold: 5 },
      ],
    ])
    await append(database, newId('2026-05-07T11:00:00.000Z' as Instant), [
      ['2026-05-07T11:00:00.000Z' as Instant, { type: 'StockOut', sku: 'mug' as Sku, place: 'LDS' as Place }],
    ])
    await consumers.settle()
  })

  it('count orders, units and money, a currency by itself', async () => {
    const { currency, currencies, orders, money } = await ask('from=2026-05-01&to=2026-05-31')
    assert.deepEqual([currency, currencies], ['GBP', ['GBP', 'EUR']])
    assert.deepEqual(orders, {
      placed: 5,
      completed: 2,
      cancelled: 1,
      expired: 1,
      open: 1,
      shipped: 2,
      parcels: 3,
      lines: 5,
      items: 12,
      units: 12,
      deliveredUnits: 4,
      cancelledUnits: 6,
      returnedUnits: 1,
    })
    assert.deepEqual(money, {
      value: 1150 + 1000 + 2000 + 1000 + 1000,
      cancelledValue: 2000 + 1000,
      discount: 100,
      shipping: 250,
      refunded: 500,
    })
    assert.equal((await ask('from=2026-05-01&to=2026-05-31&currency=EUR')).orders.placed, 1)
  })

  it('are rates of what was placed', async () => {
    const answer = await ask('from=2026-05-01&to=2026-05-31')
    const { fulfilmentRate, completionRate, onTimeRate, splitRate, parcelsPerOrder, backorderRate, cancelRate, returnRate } = answer
    assert.deepEqual(
      { fulfilmentRate, completionRate, onTimeRate, splitRate, parcelsPerOrder, backorderRate, cancelRate, returnRate },
      {
        fulfilmentRate: 0.3333,
        completionRate: 0.4,
        onTimeRate: 0.5,
        splitRate: 0.5,
        parcelsPerOrder: 1.5,
        backorderRate: 0.2,
        cancelRate: 0.2,
        returnRate: 0.25,
      },
    )
    assert.deepEqual(answer.basket, { averageItems: 2.4, averageLines: 1, averageValue: 1230 })
    assert.deepEqual(answer.stock, { low: 1, soldOut: 1 })
  })

  it('tell how long each stage took, to within 1 %', async () => {
    const { processing } = await ask('from=2026-05-01&to=2026-05-31')
    const near = (stage: Stage, p50: number, p90: number, count: number) => {
      assert.ok(Math.abs(Number(processing[stage].p50Seconds) - p50) <= p50 * 0.01, `${stage} p50`)
      assert.ok(Math.abs(Number(processing[stage].p90Seconds) - p90) <= p90 * 0.01, `${stage} p90`)
      assert.equal(processing[stage].count, count)
    }
    near('received_to_paid', 1_200, 1_900, 3)
    near('paid_to_ready', 7_200, 7_200, 1)
    near('ready_to_in_transit', 10_800, 10_800, 1)
    near('in_transit_to_completed', 71_400, 160_000, 2)
    near('total', 90_000, 180_000, 2)
  })

  it('tell what each promotion did', async () => {
    const { promotions } = await ask('from=2026-05-01&to=2026-05-31')
    assert.deepEqual(promotions, [{ code: 'SPRING', uses: 1, discount: 100, orderValue: 1150, averageOrderValue: 1150 }])
    assert.deepEqual((await ask('from=2026-05-05&to=2026-05-31')).promotions, [])
  })

  it('come as a series, with its empty days', async () => {
    const { series } = await ask('from=2026-05-03&to=2026-05-06')
    assert.deepEqual(
      series.map(({ start, orders }) => [start, orders]),
      [
        ['2026-05-03', 0],
        ['2026-05-04', 2],
        ['2026-05-05', 0],
        ['2026-05-06', 3],
      ],
    )
  })
})

describe('A day of the shop in the figures', () => {
  it('begins at its own midnight, also on the day the clock changes', async () => {
    // Summer time begins on 2026-03-29 at 01:00 UTC: that day has 23 hours, and the next begins at 23:00 UTC.
    for (const at of [
      '2026-03-28T23:59:59.999Z',
      '2026-03-29T00:00:00.000Z',
      '2026-03-29T22:59:59.999Z',
      '2026-03-29T23:00:00.000Z',
    ])
      await tell(placed(at))
    const { series } = await ask('from=2026-03-28&to=2026-03-30')
    assert.deepEqual(
      series.map(({ orders }) => orders),
      [1, 2, 1],
    )
  })
})

describe('An imported order', () => {
  it('counts as volume, and its stages as nothing', async () => {
    await tell(
      placed('2011-01-10T10:00:00.000Z', { dialect: 'import', terms: 'outside' }),
      [0, became('paid')],
      [0, parcel('old', 'delivered', both)],
      [0, became('completed')],
    )
    const { orders, processing, onTimeRate } = await ask('from=2011-01-01&to=2011-12-31&interval=month')
    assert.deepEqual([orders.placed, orders.completed, orders.deliveredUnits], [1, 1, 2])
    assert.deepEqual([processing.total.count, processing.received_to_paid.count, onTimeRate], [0, 0, null])
  })
})

describe('Rebuilding the figures', () => {
  it('gives the same rows, byte for byte, from the journal alone', async () => {
    const before = await dump()
    assert.ok(before.length > 30)
    const { events } = await insights.rebuild()
    assert.ok(events > 30)
    assert.deepEqual(await dump(), before)
  })

  it('mends what was wrong, and counting goes on behind it', async () => {
    const before = await dump()
    await database.read(`update insights.figures set orders = orders + 7`)
    await insights.rebuild()
    assert.deepEqual(await dump(), before)
    await tell(placed('2026-06-01T10:00:00.000Z'))
    assert.equal((await ask('from=2026-06-01&to=2026-06-01')).orders.placed, 1)
    const grown = await dump()
    await insights.rebuild()
    assert.deepEqual(await dump(), grown)
  })

  it('does not count twice what was parked before', async () => {
    const at = '2026-06-02T10:00:00.000Z' as Instant
    const stream = newId(at)
    await append(database, stream, [
      [at, placed(at)],
      [at, { type: 'MoneyRecorded', payment: 'pay', step: 'refunded', amount: 70 }],
    ])
    await consumers.settle()
    // As if the refund had been parked and were due: the rebuild counts it, so it must not wait any longer.
    await database.read(
      `insert into platform.parked (consumer, position, key, reason, due_at)
        select 'insights.figures', position, stream::text, 'test', now() from platform.journal where stream = $1 and type = 'MoneyRecorded'`,
      [stream],
    )
    await insights.rebuild()
    await consumers.settle()
    assert.equal((await ask('from=2026-06-02&to=2026-06-02')).money.refunded, 70)
  })
})

describe('A question that cannot be answered', () => {
  const refused = async (query: string) => {
    const response = await edge.inject({ url: `/v1/insights?${query}`, headers: asOwner })
    assert.equal(response.statusCode, 400, response.body)
    return response.json<{ errors?: { pointer: string }[] }>().errors?.[0]?.pointer
  }
  it('is refused with the field that is wrong', async () => {
    assert.equal(await refused('from=2026-02-30'), '/from')
    assert.equal(await refused('from=2026-03-02&to=2026-03-01'), '/from')
    assert.equal(await refused('from=2001-01-01&to=2026-03-01'), '/from')
    assert.equal(await refused('from=2024-01-01&to=2026-03-01&interval=day'), '/interval')
  })
  it('is refused to who is not of the office', async () => {
    assert.equal((await edge.inject({ url: '/v1/insights', headers: { authorization: 'Bearer warehouse' } })).statusCode, 403)
    assert.equal((await edge.inject('/v1/insights')).statusCode, 401)
  })
  it('is refused where a parameter is unknown or malformed', async () => {
    assert.equal(await refused('currency=pounds'), '/currency')
    assert.equal(await refused('interval=hour'), '/interval')
    assert.equal(await refused('form=2026-01-01'), '/form')
  })
})
