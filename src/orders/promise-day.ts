/**
 * The day that is promised, made where plans are made: for a promise before the order and for an order without one alike.
 * Around any source: it adds the buffer that past deliveries ask for, and looks for a faster plan where a promise binds. Pure.
 */
import type { Day, Instant, Place } from '../kernel/ids.ts'
import { addDays } from '../kernel/time.ts'
import type { Source, SourceAnswer } from '../inventory/contract.ts'
import { arrivalOf } from './derive.ts'
import type { Shipment } from './contract.ts'

/** Days beyond the plan's by which nearly all parcels of a lane were there; 0 where nothing is known. */
export type BufferDays = (lane: Readonly<{ place: Place; service: string; country: string }>) => number

/** @param hurried the same question, answered for speed alone: asked only when the first plan would break a promise. */
export const promising =
  (source: Source, hurried: Source, bufferDays: BufferDays): Source =>
  (request, stock) => {
    const first = source(request, stock)
    const answer = keeps(first, request.by) ? first : sooner(first, hurried(request, stock), request.by)
    const promised = dayOf(answer.shipments, (place) =>
      bufferDays({ place, service: request.shippingMethod, country: request.destination.country }),
    )
    return promised === undefined ? answer : { ...answer, promised }
  }

const keeps = ({ shipments, unfilled }: SourceAnswer, by: Day | undefined): boolean =>
  by === undefined || unfilled.length > 0 || (arrivalOf(shipments) ?? by) <= by

/** A dearer plan is taken only where it keeps the promise. */
const sooner = (first: SourceAnswer, fast: SourceAnswer, by: Day | undefined): SourceAnswer =>
  fast.unfilled.length === 0 && keeps(fast, by) ? fast : first

/** The last parcel's day with its buffer; undefined where that is the day it arrives by plan, as nearly always. */
const dayOf = (shipments: readonly Shipment[], buffer: (place: Place) => number): Day | undefined => {
  let arrives: Day | undefined
  let latest: Day | undefined
  for (const { place, arrives: planned, lines } of shipments) {
    if (lines.length === 0) continue
    if (arrives === undefined || planned > arrives) arrives = planned
    const days = buffer(place)
    const day = days === 0 ? planned : addDays(planned, days)
    if (latest === undefined || day > latest) latest = day
  }
  return latest !== arrives ? latest : undefined
}

export type PlaceClock = Readonly<{ id: Place; timeZone: string; cutOff: string; workdays: readonly number[] }>

/** A place that is open one day in a fortnight is the most seldom one that is worth a cut-off. */
const daysAhead = 14

/**
 * The next cut-off of a place whose shelves the plan takes from: until then the same goods leave on the same day. A holiday
 * is not looked at: it makes the plan hold longer than is said, never shorter.
 */
export const holdsUntil = (plan: readonly Shipment[], clocks: readonly PlaceClock[], at: Instant): Instant | undefined => {
  const places = new Set(
    plan.flatMap(({ place, lines }) =>
      lines.flatMap(({ from, kind }) => (kind === 'stock' || kind === 'transfer' ? [from, place] : [])),
    ),
  )
  return clocks
    .filter(({ id }) => places.has(id))
    .flatMap((clock) => nextCutOff(clock, at) ?? [])
    .sort()[0]
}

const dayMs = 86_400_000

const nextCutOff = ({ timeZone, cutOff, workdays }: PlaceClock, at: Instant): Instant | undefined => {
  const now = Date.parse(at)
  const today = Math.floor((now + offsetMs(timeZone, now)) / dayMs)
  const [hours = 0, minutes = 0] = cutOff.split(':').map(Number)
  for (let day = today; day <= today + daysAhead; day++) {
    if (!workdays.includes(((day + 3) % 7) + 1)) continue
    const wall = day * dayMs + (hours * 60 + minutes) * 60_000
    // Twice: the first guess may lie on the other side of a change of the clocks.
    const guess = wall - offsetMs(timeZone, wall)
    const moment = wall - offsetMs(timeZone, guess)
    if (moment > now) return new Date(moment).toISOString() as Instant
  }
  return undefined
}

const formats = new Map<string, Intl.DateTimeFormat>()
/** How far a zone's clock is ahead of UTC at an instant. */
const offsetMs = (timeZone: string, utc: number): number => {
  let format = formats.get(timeZone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'short', timeStyle: 'medium' })
    formats.set(timeZone, format)
  }
  const [day = 0, month = 0, year = 0, hour = 0, minute = 0, second = 0] = format.format(utc).match(/\d+/g)?.map(Number) ?? []
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(utc / 1000) * 1000
}
