/**
 * The days of one parcel, step by step: why it leaves and arrives when it does, and what tracking compares with. Worked
 * out again from the network by the same rules, so the last two steps are the plan's own days. Pure.
 */
import type { Day, Place } from '../kernel/ids.ts'
import {
  arrivedOn,
  collectedOn,
  countedFrom,
  crossDockedOn,
  dayNumber,
  dayText,
  deliveredOn,
  departedOn,
  localTime,
  openAfter,
  openFrom,
} from './calendar.ts'
import { distanceKm, type Network, type Warehouse } from './network.ts'
import type { Levels, SourcedShipment, SourcingOrder } from './request.ts'
import { backlogDays, neighbourhood } from './tables.ts'
import { timetableOf, transitDaysOf } from './timetable.ts'

export type StepName =
  | 'ordered'
  | 'counted'
  | 'handled'
  | 'backlog'
  | 'supply'
  | 'departed'
  | 'moved'
  | 'cross_docked'
  | 'collected'
  | 'in_transit'
  | 'delivered'
export type ParcelStep = Readonly<{
  step: StepName
  /** Where; the parcel's place, or the one that goods are moved from. */
  place: Place
  /** The day it is done. */
  day: Day
  words: string
}>
type Parcel = Pick<SourcedShipment, 'place' | 'service' | 'lines'>
type Asked = Pick<SourcingOrder, 'at' | 'destination' | 'lines'> & Readonly<{ utilisation?: Levels['utilisation'] }>

/** @param asked what was asked of sourcing, with the utilisation it saw */
export const parcelSteps = (network: Network, asked: Asked, parcel: Parcel): readonly ParcelStep[] => {
  const timetable = timetableOf(network)
  const numberOf = (place: Place): number => {
    const w = network.warehouses.findIndex(({ id }) => id === place)
    if (w < 0) throw new RangeError(`the network has no ${place}`)
    return w
  }
  const units = asked.lines.reduce((sum, { quantity }) => sum + quantity, 0)
  const waits = backlogDays(network, units, asked.utilisation)
  const steps: ParcelStep[] = []
  const say = (step: StepName, place: Place, day: number, words: string): void =>
    void steps.push({ step, place, day: dayText(day), words: `${words} ${dayText(day)}` })

  /** From the order to the day the place's own units can leave it. */
  const readyAt = (place: Place): number => {
    const w = numberOf(place)
    const [warehouse, site] = [network.warehouses[w], timetable.sites[w]]
    if (warehouse === undefined || site === undefined) throw new RangeError(`the network has no ${place}`)
    const now = localTime(warehouse.timeZone, asked.at)
    say('ordered', place, now.day, `ordered at ${clockOf(now.minute)} in ${warehouse.name} on`)
    const counted = countedFrom(now, site)
    const reason =
      counted === now.day
        ? `before the cut-off at ${warehouse.cutOff}`
        : site.works(now.day)
          ? `after the cut-off at ${warehouse.cutOff}`
          : 'closed'
    say('counted', place, counted, `${reason}: counts from`)
    const handled = openAfter(counted, site.handlingDays, site.works)
    if (site.handlingDays > 0) say('handled', place, handled, `handled in ${daysIn(site.handlingDays, 'working ')}:`)
    const behind = waits?.[w] ?? 0
    const ready = openAfter(handled, behind, site.works)
    if (behind > 0) say('backlog', place, ready, `behind ${daysIn(behind, 'working ')} of other orders: its turn is on`)
    return ready
  }
  const supplied = (place: Place, from: number, awaits: Day): number => {
    const works = timetable.sites[numberOf(place)]?.works
    const day = Math.max(from, dayNumber(awaits))
    const ready = works === undefined ? day : openFrom(day, works)
    say('supply', place, ready, 'units that are still to come are put away on')
    return ready
  }

  let ready = readyAt(parcel.place)
  for (const from of new Set(parcel.lines.map((line) => line.from))) {
    const lines = parcel.lines.filter((line) => line.from === from)
    const latest = lines.reduce<Day | null>((last, { awaits }) => (awaits !== null && (last ?? '') < awaits ? awaits : last), null)
    if (from === parcel.place) {
      if (latest !== null) ready = Math.max(ready, supplied(from, ready, latest))
      continue
    }
    const own = readyAt(from)
    const leaves = latest === null ? own : supplied(from, own, latest)
    const lane = timetable.lanes.find((way) => way.from === numberOf(from) && way.to === numberOf(parcel.place))
    if (lane === undefined) throw new RangeError(`no lane leads from ${from} to ${parcel.place}`)
    const days = timetable.lane(lane)
    const departed = departedOn(leaves, days)
    say('departed', from, departed, `leaves ${nameOf(network, from)} on`)
    const arrived = arrivedOn(departed, days)
    say('moved', parcel.place, arrived, `${daysIn(days.days, 'working ')} under way: in ${nameOf(network, parcel.place)} on`)
    const there = crossDockedOn(arrived, days)
    if (days.crossDockDays > 0)
      say('cross_docked', parcel.place, there, `put together with the rest in ${daysIn(days.crossDockDays, 'working ')}:`)
    ready = Math.max(ready, there)
  }

  const w = numberOf(parcel.place)
  const service = network.delivery.find(({ id }) => id === parcel.service)
  const warehouse = network.warehouses[w]
  if (service === undefined || warehouse === undefined) throw new RangeError(`the network has no service ${parcel.service}`)
  const transitDays = transitDaysOf(service, warehouse, asked.destination, kmTo(warehouse, asked))
  const days = timetable.carrier(w, service, asked.destination.country, transitDays)
  const collected = collectedOn(ready, days)
  say('collected', parcel.place, collected, `${service.carrier} collects on`)
  const there = openAfter(collected, transitDays, days.moving)
  say('in_transit', parcel.place, there, `${daysIn(transitDays, 'working ')} under way: there on`)
  const delivered = deliveredOn(collected, days)
  say('delivered', parcel.place, delivered, delivered === there ? 'delivered on' : 'no delivery before then: delivered on')
  return steps
}

/** As the tables round it: what is near counts as one destination. */
const kmTo = (warehouse: Warehouse, { destination }: Asked): number => distanceKm(warehouse, neighbourhood(destination))

const nameOf = (network: Network, place: Place): string => network.warehouses.find(({ id }) => id === place)?.name ?? place
const clockOf = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
const daysIn = (count: number, kind = ''): string => `${count} ${kind}${count === 1 ? 'day' : 'days'}`
