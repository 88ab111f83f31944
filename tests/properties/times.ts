/** Properties of days, zones and calendars. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Day, Instant } from '../../src/kernel/ids.ts'
import { addDays, addSeconds, dayIn, daysBetween, instant, milliseconds } from '../../src/kernel/time.ts'
import { instantIn, readWallClock } from '../../src/imports/local-time.ts'
import { bucketOf, cover, intervalsOf, startOfDay } from '../../src/insights/calendar.ts'
import {
  countedFrom,
  dayNumber,
  dayText,
  localTime,
  minutesOf,
  openAfter,
  openFrom,
  readyDay,
  workDays,
} from '../../src/sourcing/calendar.ts'
import { day, moment, zone } from './generators.ts'
import type { Property } from './property.ts'

const weekdays = fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 })
const special = fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { maxLength: 4 })
const dayMs = 86_400_000
/** What the clock on the wall shows, asked of the runtime in another way than the product does. */
const wallOf = (of: string, at: Instant): string => {
  const shown = new Intl.DateTimeFormat('sv-SE', { timeZone: of, dateStyle: 'short', timeStyle: 'medium' }).format(new Date(at))
  return shown.replace('T', ' ')
}

export const timeProperties: readonly Property[] = [
  {
    name: 'so many days later is so many days away, over months, leap days and centuries',
    property: fc.property(day, fc.integer({ min: -4_000, max: 4_000 }), (from, count) => {
      const to = addDays(from, count)
      assert.equal(daysBetween(from, to), count)
      assert.equal(addDays(to, -count), from)
      assert.equal(to > from, count > 0)
      assert.equal(dayText(dayNumber(from) + count), to)
    }),
  },
  {
    name: 'an instant is its milliseconds, and seconds are added to it exactly',
    property: fc.property(moment, fc.integer({ min: -100_000, max: 100_000 }), (at, seconds) => {
      assert.equal(instant(milliseconds(at)), at)
      assert.equal(milliseconds(addSeconds(at, seconds)) - milliseconds(at), seconds * 1_000)
    }),
  },
  {
    name: 'the day of an instant in a zone is the one on its wall',
    invariant: 'I16',
    property: fc.property(zone, moment, (of, at) => assert.equal(dayIn(of, at), wallOf(of, at).slice(0, 10))),
  },
  {
    name: 'the wall clock of sourcing is the one on the wall, across every change of the hour',
    invariant: 'I16',
    property: fc.property(zone, moment, fc.integer({ min: -90, max: 90 }), (of, at, minutes) => {
      const when = addSeconds(at, minutes * 60)
      const { day: number, minute } = localTime(of, when)
      const wall = wallOf(of, when)
      assert.equal(dayText(number), wall.slice(0, 10))
      assert.equal(minute, minutesOf(wall.slice(11, 16)))
    }),
  },
  {
    name: 'a time on the wall is read as the instant that shows it, or, where it was skipped, as one soon after',
    property: fc.property(zone, moment, (of, at) => {
      const wall = wallOf(of, at)
      const read = readWallClock(wall)
      assert.ok(read !== undefined)
      const found = instantIn(of, read)
      // An hour that happens twice is the first of the two.
      assert.equal(wallOf(of, found), wall)
      assert.ok(found <= at)
      const skipped = instantIn(of, Math.floor(read / 60_000) * 60_000)
      const shown = readWallClock(wallOf(of, skipped)) ?? 0
      assert.ok(shown >= Math.floor(read / 60_000) * 60_000 && shown - read < 3 * 3_600_000)
    }),
  },
  {
    name: 'so many working days later is a working day, with as many of them in between',
    property: fc.property(weekdays, special, special, fc.nat(30), fc.nat(20), (week, closed, open, from, count) => {
      const start = 20_000
      const named = (days: readonly number[]): Day[] => days.map((one) => dayText(start + one))
      const works = workDays(week, { closed: named(closed), open: named(open) })
      const end = openAfter(start + from, count, works)
      let between = 0
      for (let one = start + from + 1; one <= end; one++) between += works(one) ? 1 : 0
      assert.equal(between, count)
      assert.ok(count === 0 || works(end))
      assert.ok(works(openFrom(start + from, works)))
    }),
  },
  {
    name: 'an order counts for a working day, never an earlier one, and is ready no sooner the later it comes',
    property: fc.property(
      weekdays,
      fc.nat(1_439),
      fc.nat(5),
      zone,
      moment,
      fc.nat(200_000),
      (week, cutOffMinute, handlingDays, of, at, seconds) => {
        const site = { works: workDays(week), cutOffMinute, handlingDays }
        const [now, later] = [localTime(of, at), localTime(of, addSeconds(at, seconds))]
        const counted = countedFrom(now, site)
        assert.ok(counted >= now.day && site.works(counted))
        if (counted === now.day) assert.ok(now.minute < cutOffMinute)
        // The clock that is put back shows an earlier time later, and what counts is the wall.
        if (later.day * 1_440 + later.minute >= now.day * 1_440 + now.minute)
          assert.ok(readyDay(later, site) >= readyDay(now, site))
      },
    ),
  },
  {
    name: 'a span is covered by whole months, days and quarters that follow each other without a gap',
    property: fc.property(moment, fc.nat(400_000_000), (at, seconds) => {
      const from = bucketOf('quarter', at)
      const to = bucketOf('quarter', addSeconds(at, seconds))
      const pieces = cover({ from, to })
      let reached = from
      for (const piece of pieces) {
        assert.equal(piece.from, reached)
        assert.ok(
          piece.from < piece.to && bucketOf(piece.grain, piece.from) === piece.from && bucketOf(piece.grain, piece.to) === piece.to,
        )
        reached = piece.to
      }
      assert.equal(reached, from < to ? to : from)
      assert.ok(pieces.length <= 5)
    }),
  },
  {
    name: 'the days, weeks and months of a range share its time out among them: every instant is in exactly one',
    property: fc.property(
      zone,
      day,
      fc.nat(70),
      fc.constantFrom('day' as const, 'week' as const, 'month' as const),
      (of, from, count, interval) => {
        const to = addDays(from, count)
        const spans = intervalsOf(of, { from, to }, interval)
        assert.equal(spans[0]?.from, startOfDay(of, from))
        assert.equal(spans.at(-1)?.to, startOfDay(of, addDays(to, 1)))
        for (const [index, span] of spans.entries()) {
          assert.ok(span.from < span.to)
          if (index > 0) assert.equal(span.from, spans[index - 1]?.to)
          assert.equal(dayIn(of, span.from), span.start)
        }
      },
    ),
  },
  {
    name: 'a day begins at its first instant, also where midnight is skipped',
    property: fc.property(zone, day, (of, one) => {
      const start = startOfDay(of, one)
      assert.equal(dayIn(of, start), one)
      assert.ok(dayIn(of, instant(milliseconds(start) - 60_000)) < one)
      assert.ok(Math.abs(milliseconds(start) - Date.parse(`${one}T00:00:00Z`)) <= dayMs)
    }),
  },
]
