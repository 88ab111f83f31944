import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Day, Instant } from '../kernel/ids.ts'
import { dayIn, instant } from '../kernel/time.ts'
import { bucketOf, cover, intervalsOf, startOfDay } from './calendar.ts'

const starts = (zone: string, day: string): string => startOfDay(zone, day as Day)
const quarter = fc.integer({ min: 1_700_000, max: 2_100_000 }).map((quarters): Instant => instant(quarters * 900_000))

describe('A day of the shop', () => {
  it('begins at midnight UTC in a British winter and an hour earlier in summer', () => {
    assert.equal(starts('Europe/London', '2026-01-15'), '2026-01-15T00:00:00.000Z')
    assert.equal(starts('Europe/London', '2026-07-15'), '2026-07-14T23:00:00.000Z')
  })

  it('has 23 hours when the clock goes forward and 25 when it goes back', () => {
    const hours = (from: string, to: string): number =>
      (Date.parse(starts('Europe/London', to)) - Date.parse(starts('Europe/London', from))) / 3_600_000
    assert.equal(hours('2026-03-29', '2026-03-30'), 23)
    assert.equal(hours('2026-10-25', '2026-10-26'), 25)
  })

  it('begins at one o’clock where the clock jumps at midnight', () =>
    assert.equal(starts('Africa/Cairo', '2026-04-24'), '2026-04-23T22:00:00.000Z'))

  it('begins on a quarter of an hour in every odd zone', () => {
    assert.equal(starts('Asia/Kathmandu', '2026-05-01'), '2026-04-30T18:15:00.000Z')
    assert.equal(starts('Pacific/Kiritimati', '2026-05-01'), '2026-04-30T10:00:00.000Z')
    assert.equal(starts('Etc/GMT+12', '2026-05-01'), '2026-05-01T12:00:00.000Z')
  })

  it('begins where the day before ends, whatever the zone', () => {
    for (const zone of Intl.supportedValuesOf('timeZone')) {
      const start = startOfDay(zone, '2026-03-29' as Day)
      assert.equal(dayIn(zone, start), '2026-03-29', zone)
      assert.equal(dayIn(zone, instant(Date.parse(start) - 1)), '2026-03-28', zone)
    }
  })
})

describe('The buckets of a span', () => {
  it('join without gap or overlap, each on its own grain', () =>
    fc.assert(
      fc.property(quarter, quarter, (one, other) => {
        const [from, to] = one < other ? [one, other] : [other, one]
        let at = from
        for (const piece of cover({ from, to })) {
          assert.equal(piece.from, at)
          assert.equal(bucketOf(piece.grain, piece.from), piece.from)
          assert.equal(bucketOf(piece.grain, piece.to), piece.to)
          at = piece.to
        }
        assert.equal(at, to)
      }),
    ))

  it('are months in the middle of a year', () =>
    assert.deepEqual(
      cover({ from: '2025-12-31T23:00:00.000Z' as Instant, to: '2026-12-31T23:00:00.000Z' as Instant }).map(({ grain }) => grain),
      ['quarter', 'month', 'day', 'quarter'],
    ))
})

describe('The intervals of a range', () => {
  const of = (interval: 'day' | 'week' | 'month') =>
    intervalsOf('Europe/London', { from: '2026-03-27' as Day, to: '2026-04-07' as Day }, interval).map(({ start }) => start)
  it('are cut to the range, with weeks from Monday', () => {
    assert.equal(of('day').length, 12)
    assert.deepEqual(of('week'), ['2026-03-27', '2026-03-30', '2026-04-06'])
    assert.deepEqual(of('month'), ['2026-03-27', '2026-04-01'])
  })
})
