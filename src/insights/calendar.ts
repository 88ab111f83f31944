/**
 * Time as the figures are kept and read: kept by 15 minutes, days and months of UTC, read by days of the shop's zone.
 * Every zone of today is a whole number of 15 minutes away from UTC, so the shop's days are sums of buckets. Pure.
 */
import type { Day, Instant } from '../kernel/ids.ts'
import { addDays, dayIn, instant, milliseconds } from '../kernel/time.ts'

export type Grain = 'quarter' | 'day' | 'month'
export type Interval = 'day' | 'week' | 'month'
/** From an instant to another, the end left out. */
export type Span = Readonly<{ from: Instant; to: Instant }>

const quarterMs = 15 * 60_000
const dayMs = 24 * 3_600_000

export const bucketOf = (grain: Grain, at: Instant): Instant => {
  const ms = milliseconds(at)
  switch (grain) {
    case 'quarter':
      return instant(Math.floor(ms / quarterMs) * quarterMs)
    case 'day':
      return instant(Math.floor(ms / dayMs) * dayMs)
    case 'month':
      return monthStart(ms, 0)
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
  const end = startOfDay(zone, addDays(range.to, 1))
  const instants = starts.map((day) => startOfDay(zone, day))
  return starts.map((start, index) => ({ start, from: instants[index] ?? end, to: instants[index + 1] ?? end }))
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
