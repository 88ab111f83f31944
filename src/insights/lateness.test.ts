import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Day, OrderId, Place, Sku } from '../kernel/ids.ts'
import type { Shipment } from '../orders/contract.ts'
import { calibrate, deliveriesMin, type Lane, type LatenessCount, latenessOf, pinballOf, reportOf } from './lateness.ts'

const lane = (place: string, service = 'standard', country = 'GB'): Lane => ({ place: place as Place, service, country })
const counted = (of: Lane, ...rows: readonly (readonly [days: number, deliveries: number])[]): LatenessCount[] =>
  rows.map(([days, deliveries]) => ({ ...of, days, deliveries, onTime: 0 }))

describe('The buffer of a promise', () => {
  const leeds = lane('leeds')

  it('is nothing while nothing is known', () =>
    assert.deepEqual(calibrate([])(leeds), { bufferDays: 0, from: 'none', deliveries: 0 }))

  it('is the delay that nine of ten deliveries did not exceed', () => {
    // Rank ⌈51 × 0.9⌉ = 46 of 50: the last 5 were three days late, the 45 before them were not.
    assert.equal(calibrate(counted(leeds, [0, 45], [3, 5]))(leeds).bufferDays, 3)
    assert.equal(calibrate(counted(leeds, [0, 46], [3, 4]))(leeds).bufferDays, 0)
  })

  it('is never negative: the plan is not promised away', () =>
    assert.equal(calibrate(counted(leeds, [-2, 100]))(leeds).bufferDays, 0))

  it('is asked of the lane, then of the service to that country, then of everything', () => {
    const counts = [
      ...counted(leeds, [1, deliveriesMin]),
      ...counted(lane('york'), [2, deliveriesMin - 1]),
      ...counted(lane('york', 'express'), [5, deliveriesMin - 1]),
    ]
    const answer = calibrate(counts)
    const of = (asked: Lane) => [answer(asked).bufferDays, answer(asked).from]
    assert.deepEqual(of(leeds), [1, 'lane'])
    assert.deepEqual(of(lane('york')), [2, 'service'])
    assert.deepEqual(of(lane('york', 'express')), [5, 'all'])
    assert.deepEqual(of(lane('bath', 'standard', 'FR')), [5, 'all'])
  })
})

const anyCount = fc.record({
  place: fc.constantFrom('a', 'b', 'c').map((place) => place as Place),
  service: fc.constantFrom('standard', 'express'),
  country: fc.constantFrom('GB', 'FR'),
  days: fc.integer({ min: -5, max: 12 }),
  deliveries: fc.integer({ min: 1, max: 30 }),
  onTime: fc.constant(0),
})
const anyLane = fc.record({
  place: fc.constantFrom('a', 'b', 'c', 'new').map((place) => place as Place),
  service: fc.constantFrom('standard', 'express', 'new'),
  country: fc.constantFrom('GB', 'FR', 'DE'),
})

/** The same by the words of its definition: all deliveries in a row, and the one of that rank. */
const byDefinition = (counts: readonly LatenessCount[], asked: Lane, quantile: number): number => {
  const finest = [
    (row: Lane) => row.place === asked.place && row.service === asked.service && row.country === asked.country,
    (row: Lane) => row.service === asked.service && row.country === asked.country,
    () => true,
  ]
  for (const inCell of finest) {
    const days = counts
      .filter(inCell)
      .flatMap(({ days, deliveries }) => new Array<number>(deliveries).fill(days))
      .sort((a, b) => a - b)
    if (days.length < deliveriesMin) continue
    // In thousandths, so that no rank is lost to a fraction that has no binary form.
    const rank = Math.ceil(((days.length + 1) * Math.round(quantile * 1000)) / 1000)
    return Math.max(0, days[Math.min(days.length, rank) - 1] ?? 0)
  }
  return 0
}

describe('The buffer of any promise', () => {
  const anyQuantile = fc.integer({ min: 1, max: 999 }).map((thousandths) => thousandths / 1000)

  it('is the conformal quantile of the finest cell with enough deliveries', () =>
    fc.assert(
      fc.property(fc.array(anyCount, { maxLength: 40 }), anyLane, anyQuantile, (counts, asked, quantile) => {
        assert.equal(calibrate(counts, quantile)(asked).bufferDays, byDefinition(counts, asked, quantile))
      }),
    ))

  it('never listens to a cell with fewer deliveries than it takes', () =>
    fc.assert(
      fc.property(fc.array(anyCount, { maxLength: 40 }), anyLane, (counts, asked) => {
        const { from, deliveries } = calibrate(counts)(asked)
        assert.ok(from === 'none' ? deliveries === 0 : deliveries >= deliveriesMin)
      }),
    ))

  it('does not shrink when more is to be kept', () =>
    fc.assert(
      fc.property(fc.array(anyCount, { maxLength: 40 }), anyLane, anyQuantile, anyQuantile, (counts, asked, one, other) => {
        const days = (quantile: number): number => calibrate(counts, quantile)(asked).bufferDays
        assert.ok(days(Math.min(one, other)) <= days(Math.max(one, other)))
      }),
    ))
})

/** A plain generator of its own, so that a failure can be run again. */
const numbers = (seed: number) => {
  let state = seed
  return (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

describe('Promises on synthetic lanes', () => {
  it('are kept at least as often as they should be, on lanes with enough deliveries and without', () => {
    const next = numbers(20_261_121)
    const delay = (mean: number): number => Math.floor(-mean * Math.log(1 - next()))
    const lanes = Array.from({ length: 40 }, (_, index) => ({
      of: lane(`p${index}`),
      mean: 0.3 + next() * 2.5,
      past: 20 + index * 10,
    }))
    const counts = lanes.flatMap(({ of, mean, past }) =>
      Array.from({ length: past }, () => counted(of, [delay(mean), 1])[0] ?? assert.fail()),
    )
    const answer = calibrate(counts)
    const future = 2_000
    const kept = (chosen: typeof lanes): number =>
      chosen.reduce((sum, { of, mean }) => {
        const { bufferDays } = answer(of)
        return sum + Array.from({ length: future }, () => delay(mean)).filter((days) => days <= bufferDays).length
      }, 0) /
      (chosen.length * future)
    const own = lanes.filter(({ of }) => answer(of).from === 'lane')
    assert.ok(own.length >= 30 && own.length < lanes.length, `${own.length} lanes answer for themselves`)
    assert.ok(kept(own) >= 0.9, `kept ${kept(own)}`)
    assert.ok(kept(lanes) >= 0.9, `kept ${kept(lanes)} over all lanes`)
  })
})

const shipment = (place: string, arrives: string, line: number, kind: 'stock' | 'backorder' = 'stock'): Shipment => ({
  place: place as Place,
  dispatch: arrives as Day,
  arrives: arrives as Day,
  lines: [{ line, sku: 'mug' as Sku, quantity: 1, from: place as Place, kind }],
})
const delivered = (place: string, line: number, day: string) => ({
  order: 'o' as OrderId,
  place: place as Place,
  lines: [{ line }],
  day: day as Day,
})

describe('What a delivery teaches', () => {
  const order = {
    service: 'standard',
    country: 'GB',
    promised: '2026-11-26' as Day,
    shipments: [
      shipment('leeds', '2026-11-24', 0),
      shipment('york', '2026-11-26', 1),
      shipment('bath', '2026-12-01', 2, 'backorder'),
    ],
  }
  it('is how far it was from the plan of its own parcel, and whether the promise was kept', () => {
    const row = latenessOf(delivered('leeds', 0, '2026-11-26'), order)
    assert.deepEqual(row, { ...lane('leeds'), month: '2026-11-01', days: 2, deliveries: 1, onTime: 1 })
    assert.deepEqual(latenessOf(delivered('york', 1, '2026-11-25'), order)?.days, -1)
    assert.deepEqual(latenessOf(delivered('york', 1, '2026-11-28'), order)?.onTime, 0)
  })
  it('is bounded: a parcel that came a year late counts as two months', () =>
    assert.equal(latenessOf(delivered('leeds', 0, '2027-11-26'), order)?.days, 60))
  it('is nothing where it waited for supply, or where the plan does not know it', () => {
    assert.equal(latenessOf(delivered('bath', 2, '2026-12-24'), order), undefined)
    assert.equal(latenessOf(delivered('leeds', 1, '2026-12-24'), order), undefined)
    assert.equal(latenessOf(delivered('hull', 0, '2026-12-24'), order), undefined)
  })
})

describe('The report of lanes', () => {
  it('says of each how it kept its promises and what is allowed for it, busiest first', () => {
    const rows = [
      { ...lane('york'), days: 0, deliveries: 10, onTime: 9 },
      { ...lane('leeds'), days: 0, deliveries: 50, onTime: 50 },
      { ...lane('leeds'), days: 4, deliveries: 10, onTime: 1 },
    ]
    assert.deepEqual(reportOf(rows), [
      { ...lane('leeds'), deliveries: 60, onTimeRate: 0.85, bufferDays: 4, from: 'lane', pinballLoss: 0.3333, alarm: null },
      { ...lane('york'), deliveries: 10, onTimeRate: 0.9, bufferDays: 4, from: 'service', pinballLoss: 0.4, alarm: null },
    ])
  })
})

describe('How well a lane is calibrated', () => {
  const leeds = lane('leeds')
  const told = (onTime: number, days: number, deliveries = 100) => {
    const rows: LatenessCount[] = [
      { ...leeds, days: 0, deliveries: onTime, onTime },
      { ...leeds, days, deliveries: deliveries - onTime, onTime: 0 },
    ]
    return reportOf(rows.filter((row) => row.deliveries > 0))[0]
  }

  it('is an alarm beyond three standard errors of its target, and none within', () => {
    // Of 100: 0.9 ± 3 × 0.03.
    assert.deepEqual(
      [80, 81, 90, 99].map((onTime) => told(onTime, 2)?.alarm),
      ['late', null, null, null],
    )
    const never = { ...leeds, days: 3, deliveries: 1_000, onTime: 1_000 }
    assert.equal(reportOf([never])[0]?.alarm, 'early')
    assert.equal(reportOf([{ ...never, days: 0 }])[0]?.alarm, null)
  })

  it('says nothing of a lane with few deliveries', () => assert.equal(told(0, 2, deliveriesMin - 1)?.alarm, null))

  it('is measured by the pinball loss: a late day counts nine times an early one', () => {
    // Nine on the day promised, one three days late: 0.9 × 3 / 10; with three days promised, nine come three days early.
    const cell = new Map([
      [0, 9],
      [3, 1],
    ])
    assert.ok(Math.abs(pinballOf(cell, 10, 0) - 0.27) < 1e-9)
    assert.ok(Math.abs(pinballOf(cell, 10, 3) - 0.27) < 1e-9)
    assert.ok(pinballOf(cell, 10, 5) > 0.27)
  })

  it('is never better with another buffer than the one that its own deliveries give', () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 1, max: 500 })), { minLength: 1 }),
        (rows) => {
          const cell = new Map(rows)
          const deliveries = [...cell.values()].reduce((sum, count) => sum + count, 0)
          const { bufferDays } = calibrate(counted(leeds, ...cell), 0.9, 1)(leeds)
          // The rank is that of the next delivery, one more than there are: the best buffer is that one, or the day just before.
          const losses = [...Array(14).keys()].map((days) => pinballOf(cell, deliveries, days))
          assert.ok(pinballOf(cell, deliveries, bufferDays) <= Math.min(...losses) + (0.9 * 12) / deliveries + 1e-9)
        },
      ),
    ))
})
