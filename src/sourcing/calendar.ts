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

export const yearOf = (day: number): number => new Date(day * dayMs).getUTCFullYear()

const onWeekday = (day: number, mask: Weekdays): boolean => ((mask >> (((day + 3) % 7) + 1)) & 1) === 1

/** Which days somebody works. A function of the day alone. */
export type WorkDays = (day: number) => boolean

/** What a day may be in spite of its weekday; named days come before holidays. */
export type SpecialDays = Readonly<{
  closed?: readonly Day[] | undefined
  open?: readonly Day[] | undefined
  isHoliday?: ((day: number) => boolean) | undefined
}>

export const workDays = (days: readonly number[], { closed = [], open = [], isHoliday }: SpecialDays = {}): WorkDays => {
  const mask = weekdays(days)
  const weekly: WorkDays =
    isHoliday === undefined ? (day) => onWeekday(day, mask) : (day) => onWeekday(day, mask) && !isHoliday(day)
  if (closed.length === 0 && open.length === 0) return weekly
  const closedDays = new Set(closed.map(dayNumber))
  const openDays = new Set(open.map(dayNumber))
  return (day) => !closedDays.has(day) && (openDays.has(day) || weekly(day))
}

/** Days on which both work. */
export const bothWork =
  (a: WorkDays, b: WorkDays): WorkDays =>
  (day) =>
    a(day) && b(day)

/** A calendar that has been shut for so long has a mistake in it. */
const shutDaysMax = 1_000

/** The first open day from `day` on, the day itself included. */
export const openFrom = (day: number, works: WorkDays): number => {
  let next = day
  while (!works(next)) {
    next++
    if (next - day > shutDaysMax) throw new RangeError(`nobody works in the ${shutDaysMax} days after ${dayText(day)}`)
  }
  return next
}

/** `count` open days after `day`. */
export const openAfter = (day: number, count: number, works: WorkDays): number => {
  let next = day
  for (let left = count; left > 0; left--) next = openFrom(next + 1, works)
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

export type SiteDays = Readonly<{ works: WorkDays; cutOffMinute: number; handlingDays: number }>

/** The day an order counts for: today before the cut-off of an open day, else the next open one. */
export const countedFrom = (now: LocalTime, site: SiteDays): number =>
  site.works(now.day) && now.minute < site.cutOffMinute ? now.day : openFrom(now.day + 1, site.works)

/** The day an order can leave: counted from, then the handling days, open ones. */
export const readyDay = (now: LocalTime, site: SiteDays): number => openAfter(countedFrom(now, site), site.handlingDays, site.works)

/** `collect`: days on which the place and the carrier both work; `moving`: days that count as days under way. */
export type CarrierDays = Readonly<{ collect: WorkDays; moving: WorkDays; delivery: WorkDays; transitDays: number }>

/** The day a parcel that is ready on `day` is collected. */
export const collectedOn = (day: number, { collect }: CarrierDays): number => openFrom(day, collect)
export const deliveredOn = (collected: number, { moving, delivery, transitDays }: CarrierDays): number =>
  openFrom(openAfter(collected, transitDays, moving), delivery)

/** How goods get from a place to a hub: they leave on `departs`, `days` of `moving` under way, then `crossDockDays` of the hub. */
export type LaneDays = Readonly<{ departs: WorkDays; moving: WorkDays; hub: WorkDays; days: number; crossDockDays: number }>

export const departedOn = (day: number, { departs }: LaneDays): number => openFrom(day, departs)
export const arrivedOn = (departed: number, { moving, hub, days }: LaneDays): number =>
  openFrom(openAfter(departed, days, moving), hub)
export const crossDockedOn = (arrived: number, { hub, crossDockDays }: LaneDays): number => openAfter(arrived, crossDockDays, hub)
