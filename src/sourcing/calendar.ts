/**
 * Working days, cut-offs and carriers' days. Inside the engine a day is a whole number (days since 1970-01-01), so that
 * dates are added and compared as numbers; a wall clock is read once an order and zone, and never a local midnight.
 */
import type { Day, Instant } from '../kernel/ids.ts'

/** Bit k is ISO weekday k (1 = Monday … 7 = Sunday). */
export type Weekdays = number

export const weekdays = (days: readonly number[]): Weekdays => {
  const mask = days.reduce((bits, day) => bits | (1 << day), 0)
  if (mask === 0 || days.some((day) => !Number.isInteger(day) || day < 1 || day > 7)) {
    throw new RangeError(`working days must be some of 1 to 7, not [${days.join(', ')}]`)
  }
  return mask
}

export const minutesOf = (time: string): number => {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time)
  if (match === null) throw new RangeError(`a cut-off is HH:MM, not ${time}`)
  return Number(match[1]) * 60 + Number(match[2])
}

const dayMs = 86_400_000
export const dayNumber = (day: Day): number => Date.parse(`${day}T00:00:00Z`) / dayMs

const dayTexts = new Map<number, Day>()
/** Two thousand days are remembered: printing a date costs more than planning with it. */
const dayTextsMax = 2000
export const dayText = (day: number): Day => {
  const known = dayTexts.get(day)
  if (known !== undefined) return known
  const text = new Date(day * dayMs).toISOString().slice(0, 10) as Day
  if (dayTexts.size >= dayTextsMax) dayTexts.clear()
  dayTexts.set(day, text)
  return text
}

const isOpen = (day: number, mask: Weekdays): boolean => ((mask >> (((day + 3) % 7) + 1)) & 1) === 1

/** The first open day from `day` on, the day itself included. */
export const openFrom = (day: number, mask: Weekdays): number => {
  let next = day
  while (!isOpen(next, mask)) next++
  return next
}

/** `count` open days after `day`. */
export const openAfter = (day: number, count: number, mask: Weekdays): number => {
  let next = day
  for (let left = count; left > 0; left--) next = openFrom(next + 1, mask)
  return next
}

export type LocalTime = Readonly<{ day: number; minute: number }>

type Zone = { format: Intl.DateTimeFormat; bucket: number; offset: number }
const zones = new Map<string, Zone>()
/** All zones of today keep one offset within a quarter of an hour, so one look-up serves every order of that quarter. */
const quarterMs = 900_000

/** The wall clock of a zone. */
export const localTime = (timeZone: string, at: Instant): LocalTime => {
  const utc = Date.parse(at)
  let zone = zones.get(timeZone)
  if (zone === undefined) {
    const format = new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'short', timeStyle: 'medium' })
    zone = { format, bucket: Number.NaN, offset: 0 }
    zones.set(timeZone, zone)
  }
  const bucket = Math.floor(utc / quarterMs)
  if (zone.bucket !== bucket) {
    zone.bucket = bucket
    zone.offset = offsetOf(zone.format, bucket * quarterMs)
  }
  const local = utc + zone.offset
  const day = Math.floor(local / dayMs)
  return { day, minute: Math.floor((local - day * dayMs) / 60_000) }
}

/** '24/11/2026, 09:15:00' read as if it were UTC, less UTC. */
const offsetOf = (format: Intl.DateTimeFormat, utc: number): number => {
  const [day = 0, month = 0, year = 0, hour = 0, minute = 0] = format.format(utc).match(/\d+/g)?.map(Number) ?? []
  return Date.UTC(year, month - 1, day, hour, minute) - Math.floor(utc / 60_000) * 60_000
}

/** Ordered before the cut-off of an open day: that day counts; then the handling days, open ones. */
export const readyDay = (
  now: LocalTime,
  site: Readonly<{ mask: Weekdays; cutOffMinute: number; handlingDays: number }>,
): number => {
  const today = isOpen(now.day, site.mask) && now.minute < site.cutOffMinute
  return openAfter(today ? now.day : openFrom(now.day + 1, site.mask), site.handlingDays, site.mask)
}

export type CarrierDays = Readonly<{ hub: Weekdays; pickup: Weekdays; delivery: Weekdays; transitDays: number }>

/** The day a parcel that is ready on `day` is collected: both hub and carrier must work. */
export const collectedOn = (day: number, days: CarrierDays): number => openFrom(day, days.hub & days.pickup)
export const deliveredOn = (collected: number, days: CarrierDays): number =>
  openFrom(openAfter(collected, days.transitDays, days.pickup), days.delivery)
