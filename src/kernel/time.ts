import type { Day, Instant } from './ids.ts'

export const instant = (milliseconds: number): Instant => new Date(milliseconds).toISOString() as Instant
export const milliseconds = (at: Instant): number => Date.parse(at)
export const addSeconds = (at: Instant, seconds: number): Instant => instant(milliseconds(at) + seconds * 1000)
export const addDays = (day: Day, days: number): Day =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10) as Day
/** Whole days from one calendar day to another; negative when `to` is earlier. */
export const daysBetween = (from: Day, to: Day): number =>
  Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000)

const formats = new Map<string, Intl.DateTimeFormat>()
/** The calendar day of an instant in a time zone (IANA name). */
export const dayIn = (zone: string, at: Instant): Day => {
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' })
    formats.set(zone, format)
  }
  return format.format(new Date(at)) as Day
}
