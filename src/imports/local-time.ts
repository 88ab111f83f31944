/** Wall-clock texts of a place, as instants. Pure. */
import type { Instant } from '../kernel/ids.ts'
import { instant } from '../kernel/time.ts'

const wallClock = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2})(?::(\d{2}))?$/
const zones = new Map<string, Intl.DateTimeFormat>()

const formatOf = (zone: string): Intl.DateTimeFormat => {
  let format = zones.get(zone)
  if (format === undefined) {
    const numeric = {
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    } as const
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', era: 'short', ...numeric })
    zones.set(zone, format)
  }
  return format
}

/** What the clock on the wall shows at an instant, as if it were UTC, less the instant: the zone's offset. */
const offsetAt = (zone: string, at: number): number => {
  const part: Record<string, number> = {}
  for (const { type, value } of formatOf(zone).formatToParts(at)) part[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
  return Date.UTC(year, month - 1, day, hour, minute, second) - at
}

/** `2011-04-01 09:30:00`, read as if it were UTC; undefined where the text is no time or the day does not exist. */
export const readWallClock = (text: string): number | undefined => {
  const match = wallClock.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second = '00'] = match
  const value = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`)
  // Date.parse rolls the 31st of February over into March, and takes 24:00.
  return Number.isNaN(value) || new Date(value).getUTCDate() !== Number(day) ? undefined : value
}

/**
 * The instant at which the clocks of a zone (IANA name) show this wall-clock time (as `readWallClock` gives it). An hour
 * that happens twice is the first of the two, one that is skipped is moved on by what was skipped: both as Java's and
 * Temporal's `compatible` do.
 */
export const instantIn = (zone: string, wall: number): Instant => {
  // The offset a day before and a day after: whatever change lies near lies between them.
  const before = offsetAt(zone, wall - 86_400_000)
  const after = offsetAt(zone, wall + 86_400_000)
  const fits = [wall - before, wall - after].find((at) => at + offsetAt(zone, at) === wall)
  return instant(fits ?? wall - before)
}
