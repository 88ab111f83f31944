/**
 * Time as the figures are kept and read: kept by 15 minutes, days and months of UTC, read by days of the shop's zone.
 * Every zone of today is a whole number of 15 minutes away from UTC, so the shop's days are sums of buckets. Pure.
 */
import type { Day, Instant } from '../kernel/ids.ts'
import { addDays, dayIn, daysBetween, instant, milliseconds } from '../kernel/time.ts'

export type Grain = 'quarter' | 'day' | 'month'
export type Interval = 'day' | 'week' | 'month'
/** From an instant to another, the end left out. */
export type Span = Readonly<{ from: Instant; to: Instant }>

const quarterMinutes = 15
const quarterMs = quarterMinutes * 60_000
const dayMs = 24 * 3_600_000

/** Cut out of the text, since an instant always has the same shape: reading and printing dates was a quarter of counting. */
export const bucketOf = (grain: Grain, at: Instant): Instant => {
  switch (grain) {
    case 'quarter': {
      const minute = Math.floor(Number(at.slice(14, 16)) / quarterMinutes) * quarterMinutes
      return `${at.slice(0, 14)}${minute === 0 ? '00' : minute}:00.000Z` as Instant
    }
    case 'day':
      return `${at.slice(0, 10)}T00:00:00.000Z` as Instant
    case 'month':
      return `${at.slice(0, 7)}-01T00:00:00.000Z` as Instant
  }
}

const monthStart = (ms: number, monthsLater: number): Instant => {
  const date = new Date(ms)
  return instant(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + monthsLater, 1))
}

export const grains: readonly Grain[] = ['quarter', 'day', 'month']

/** The fewest buckets that make up a span: whole months in the middle, days around them, quarters at the edges. */
export const cover = ({ from, to }: Span): readonly (Span & Readonly<{ grain: Grain }>)[] => {
  const days = inner('day', from, to)
  if (days === undefined) return pieces({ grain: 'quarter', from, to })
  const months = inner('month', days.from, days.to)
  return [
    ...pieces({ grain: 'quarter', from, to: days.from }),
    ...(months === undefined
      ? pieces({ grain: 'day', ...days })
      : [
          ...pieces({ grain: 'day', from: days.from, to: months.from }),
          ...pieces({ grain: 'month', ...months }),
          ...pieces({ grain: 'day', from: months.to, to: days.to }),
        ]),
    ...pieces({ grain: 'quarter', from: days.to, to }),
  ]
}

const pieces = (piece: Span & Readonly<{ grain: Grain }>): (Span & Readonly<{ grain: Grain }>)[] =>
  piece.from < piece.to ? [piece] : []

/** The whole days or months inside a span. */
const inner = (grain: 'day' | 'month', from: Instant, to: Instant): Span | undefined => {
  const start = bucketOf(grain, from)
  const next = grain === 'day' ? instant(milliseconds(start) + dayMs) : monthStart(milliseconds(start), 1)
  const first = start === from ? from : next
  const last = bucketOf(grain, to)
  return first < last ? { from: first, to: last } : undefined
}

/**
 * The first instant of a day in a zone. Searched for rather than computed: where the clock jumps at midnight the day
 * begins at one o'clock, and no formula for offsets knows that.
 */
export const startOfDay = (zone: string, day: Day): Instant => {
  const noonUtc = Date.parse(`${day}T12:00:00Z`)
  // Zones lie between 12 hours behind and 14 hours ahead of UTC.
  let before = noonUtc - 27 * 3_600_000
  let within = noonUtc + 13 * 3_600_000
  while (within - before > quarterMs) {
    const middle = before + Math.floor((within - before) / quarterMs / 2) * quarterMs
    if (dayIn(zone, instant(middle)) >= day) within = middle
    else before = middle
  }
  return instant(within)
}

/** The calendar intervals of a range of days, both ends included; the first and the last are cut to the range. */
export const intervalsOf = (
  zone: string,
  range: Readonly<{ from: Day; to: Day }>,
  interval: Interval,
): (Span & { start: Day })[] => {
  const starts: Day[] = []
  for (let day = range.from; day <= range.to; day = nextStart(day, interval)) starts.push(day)
  const instants: Instant[] = []
  for (const [index, start] of starts.entries()) instants.push(startAfter(zone, start, starts[index - 1], instants[index - 1]))
  const end = startAfter(zone, addDays(range.to, 1), starts.at(-1), instants.at(-1))
  return starts.map((start, index) => ({ start, from: instants[index] ?? end, to: instants[index + 1] ?? end }))
}

/** Nearly always whole days of 24 hours after an earlier start: searching for each of a year's days took longer than its sums. */
const startAfter = (zone: string, day: Day, earlier: Day | undefined, start: Instant | undefined): Instant => {
  if (earlier === undefined || start === undefined) return startOfDay(zone, day)
  const guess = milliseconds(start) + daysBetween(earlier, day) * dayMs
  const isStart = dayIn(zone, instant(guess)) === day && dayIn(zone, instant(guess - quarterMs)) < day
  return isStart ? instant(guess) : startOfDay(zone, day)
}

/** Weeks begin on Monday (ISO 8601). */
const nextStart = (day: Day, interval: Interval): Day => {
  const date = new Date(`${day}T00:00:00Z`)
  switch (interval) {
    case 'day':
      return addDays(day, 1)
    case 'week':
      return addDays(day, 7 - ((date.getUTCDay() + 6) % 7))
    case 'month':
      return monthStart(date.getTime(), 1).slice(0, 10) as Day
  }
}
