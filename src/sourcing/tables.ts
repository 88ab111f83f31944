/**
 * The network as the solver wants it for one destination and one moment: prices by distance, ready days, arrival tables.
 * Built once for a destination's neighbourhood and kept until a cut-off or midnight passes; every value follows from the
 * network and the arguments alone, so what is remembered never changes an answer.
 */
import type { Instant } from '../kernel/ids.ts'
import {
  arrivedOn,
  type CarrierDays,
  collectedOn,
  crossDockedOn,
  deliveredOn,
  departedOn,
  localTime,
  openAfter,
  readyDay,
  type SiteDays,
} from './calendar.ts'
import type { Lane, Service, Site } from './instance.ts'
import { type DeliveryService, distanceKm, type Network, type Position, serves, type Warehouse, zoneOf } from './network.ts'
import { checkNetwork } from './network-check.ts'
import { type Places, preparePlaces } from './problem.ts'
import type { Destination, Levels, SourcingOrder } from './request.ts'
import { type Keyed, type NetworkLane, type Timetable, timetableOf, transitDaysOf } from './timetable.ts'
import { isPlain, laneKey, type Paid, plain, weighHandling, weighLane, weighService, type Weighing } from './weigh.ts'

/** Supply later than this from now is not promised from. */
export const horizonDays = 400
/** Neighbourhoods kept: all of Britain is about 2,900 outward codes. */
const destinationsMax = 4000
/** A neighbourhood: a twentieth of a degree, about 5 km; nothing in a tariff turns on less. */
const cellsPerDegree = 20
const minuteMs = 60_000

export type Calendar = Readonly<{ arrives: readonly number[]; dispatched: readonly number[] }>
export type Tables = Readonly<{
  /** The solver's day 0, as a day number. */
  today: number
  places: Places
  /** Ready day of each warehouse, from day 0, in the network's order. */
  ready0: readonly number[]
  km: readonly number[]
  /** Calendar of each service of `places`. */
  calendars: ReadonlyMap<Service, Calendar>
  /** The tariffs behind what the policy weighs; null where it weighs money alone, at its face value. */
  paid: Readonly<{ services: ReadonlyMap<Service, Paid<Service>>; lanes: ReadonlyMap<string, Paid<Lane>> }> | null
  sites: readonly SiteDays[]
}>
export type TablesFor = (destination: Destination, at: Instant, shippingMethod?: string) => Tables

type Clock = Readonly<{ today: number; ready0: readonly number[]; key: string }>
type Kept = { key: string; tables: Tables }

export const tablesOf = (network: Network, weighing: Weighing = plain): TablesFor => {
  checkNetwork(network)
  const { warehouses } = network
  const timetable = timetableOf(network)
  const { sites } = timetable
  const paidLanes = new Map<string, Paid<Lane>>()
  const lanesOn = lanesByDay(timetable, (lane) => {
    if (isPlain(weighing)) return lane
    const [from, to] = [warehouses[lane.from], warehouses[lane.to]]
    const { weighed, ...paid } = weighLane(lane, weighing, from === undefined || to === undefined ? 0 : distanceKm(from, to))
    paidLanes.set(laneKey(lane.from, lane.to), paid)
    return weighed
  })
  const calendar = calendars()
  const kept = kinds()
  const tied = network.delivery.some(({ shippingMethods }) => shippingMethods !== undefined)
  const zoned = network.delivery.filter(({ zones }) => zones !== undefined)

  const clock = (at: Instant): Clock => {
    const local = warehouses.map((warehouse) => localTime(warehouse.timeZone, at))
    const today = local.reduce((least, { day }) => Math.min(least, day), Number.POSITIVE_INFINITY)
    const ready0 = local.map((time, w) => readyDay(time, siteAt(sites, w)) - today)
    return { today, ready0, key: `${today} ${ready0.join()}` }
  }

  const build = (destination: Destination, now: Clock, shippingMethod: string): Tables => {
    const centre = neighbourhood(destination)
    const km = warehouses.map((warehouse) => distanceKm(warehouse, centre))
    const byService = new Map<Service, Calendar>()
    const paidServices = new Map<Service, Paid<Service>>()
    const wh = warehouses.map((warehouse, w): Site => {
      const services = network.delivery.flatMap((delivery): Service[] => {
        if (!serves(warehouse, delivery, destination, shippingMethod)) return []
        const service = priced(delivery, warehouse, destination, km[w] ?? 0)
        const table = calendar(now.today, timetable.carrier(w, delivery, destination.country, service.days))
        const whole = { ...service, arr: table.arrives }
        if (isPlain(weighing)) {
          byService.set(whole, table)
          return [whole]
        }
        const { weighed, ...paid } = weighService(whole, weighing, km[w] ?? 0)
        byService.set(weighed, table)
        paidServices.set(weighed, paid)
        return [weighed]
      })
      return {
        id: warehouse.id,
        ...weighHandling({ pick: warehouse.pickCents, perUnit: warehouse.perUnitCents }, weighing),
        load: 0,
        ready0: now.ready0[w] ?? 0,
        noHub: !warehouse.hub,
        services,
      }
    })
    const paid = isPlain(weighing) ? null : { services: paidServices, lanes: paidLanes }
    const { today, ready0 } = now
    return { today, places: preparePlaces(wh, lanesOn(today)), ready0, km, calendars: byService, paid, sites }
  }

  // Cut-offs and offsets of zones are whole minutes: within one nothing changes.
  let lastAt: Instant | null = null
  let lastMinute = Number.NaN
  let now: Clock | null = null
  return (destination, at, shippingMethod = '') => {
    if (now === null || at !== lastAt) {
      lastAt = at
      const minute = Math.floor(Date.parse(at) / minuteMs)
      if (now === null || minute !== lastMinute) now = clock(at)
      lastMinute = minute
    }
    const method = tied ? shippingMethod : ''
    const zones = zoned.length === 0 ? '' : zoned.map((service) => zoneOf(service, destination)).join()
    const kind = zoned.length > 0 || tied ? `${destination.country} ${zones} ${method}` : destination.country
    const known = kept.get(kind, destination)
    if (known !== undefined && known.key === now.key) return known.tables
    const tables = build(destination, now, method)
    kept.set(kind, destination, { key: now.key, tables })
    return tables
  }
}

/** Tables by what sort of destination it is, and its neighbourhood as one number: an order's look-up prints no text. */
const kinds = () => {
  const all = new Map<string, Map<number, Kept>>()
  let size = 0
  return {
    get: (kind: string, to: Position): Kept | undefined => all.get(kind)?.get(cellNumber(to)),
    set: (kind: string, to: Position, tables: Kept): void => {
      if (size >= destinationsMax) {
        all.clear()
        size = 0
      }
      const cells = all.get(kind) ?? new Map<number, Kept>()
      all.set(kind, cells)
      if (!cells.has(cellNumber(to))) size++
      cells.set(cellNumber(to), tables)
    },
  }
}

/** Destinations this near to each other are one. */
export const neighbourhood = ({ latitude, longitude }: Position): Position => ({
  latitude: cell(latitude) / cellsPerDegree,
  longitude: cell(longitude) / cellsPerDegree,
})
const cell = (degrees: number): number => Math.round(degrees * cellsPerDegree)
/** No two cells of the globe share one. */
const cellNumber = ({ latitude, longitude }: Position): number => cell(latitude) * 1_000 * cellsPerDegree + cell(longitude)

const siteAt = (sites: readonly SiteDays[], w: number): SiteDays => {
  const site = sites[w]
  if (site === undefined) throw new Error(`there is no warehouse ${w}`)
  return site
}

const priced = (delivery: DeliveryService, warehouse: Warehouse, to: Destination, km: number): Service => {
  const zone = delivery.zones?.[zoneOf(delivery, to)]
  const abroad = to.country === warehouse.country ? 0 : delivery.abroad.cents
  return {
    id: delivery.id,
    base: zone === undefined ? delivery.baseCents + Math.round((km * delivery.per100KmCents) / 100) + abroad : zone.baseCents,
    perKg: zone?.perKgCents ?? delivery.perKgCents,
    days: transitDaysOf(delivery, warehouse, to, km),
    arr: null,
    tariff: delivery.steps,
  }
}

/** Arrival and dispatch by ready day: they depend on the days alone, so all destinations share a few of them. */
const calendars = (): ((today: number, days: Keyed<CarrierDays>) => Calendar) => {
  const kept = new Map<string, Calendar>()
  let keptFor = Number.NaN
  return (today, days) => {
    if (today !== keptFor) kept.clear()
    keptFor = today
    const known = kept.get(days.key)
    if (known !== undefined) return known
    const dispatched: number[] = []
    const arrives: number[] = []
    for (let day = today; day <= today + horizonDays; day++) {
      const collected = collectedOn(day, days)
      dispatched.push(collected - today)
      arrives.push(deliveredOn(collected, days) - today)
    }
    const calendar = { arrives, dispatched }
    kept.set(days.key, calendar)
    return calendar
  }
}

/** Lanes with their arrival tables, made anew when a day has passed; lanes with the same days share one. */
const lanesByDay = (timetable: Timetable, weigh: (lane: Lane) => Lane): ((today: number) => readonly Lane[]) => {
  let keptFor = Number.NaN
  let kept: readonly Lane[] = []
  return (today) => {
    if (today === keptFor) return kept
    const tables = new Map<string, readonly number[]>()
    const arrivals = (lane: NetworkLane): readonly number[] => {
      const days = timetable.lane(lane)
      const known = tables.get(days.key)
      if (known !== undefined) return known
      const table: number[] = []
      for (let day = today; day <= today + horizonDays; day++)
        table.push(crossDockedOn(arrivedOn(departedOn(day, days), days), days) - today)
      tables.set(days.key, table)
      return table
    }
    kept = timetable.lanes.map((lane) => {
      const { from, to, fixed, perKg, days, times } = lane
      return weigh({ from, to, fixed, perKg, days: days + (times.crossDockDays ?? 0), arr: arrivals(lane) })
    })
    keptFor = today
    return kept
  }
}

/** Working days that an order of so many units waits at each place for those before it; null where none waits anywhere. */
export const backlogDays = (network: Network, units: number, utilisation: Levels['utilisation']): readonly number[] | null => {
  if (utilisation === undefined) return null
  const days = network.warehouses.map(({ unitsPerDay }, w) => {
    if (unitsPerDay === undefined || unitsPerDay === null) return 0
    const before = Math.round((utilisation[w] ?? 0) * unitsPerDay)
    return Math.max(0, Math.ceil((before + units) / unitsPerDay) - 1)
  })
  return days.some((count) => count > 0) ? days : null
}

/** The tables as they are behind what the places have on their hands: the order leaves on the first day it fits on. */
export const behindBacklog = (tables: Tables, network: Network, { lines }: SourcingOrder, levels: Levels): Tables => {
  if (levels.utilisation === undefined) return tables
  const units = lines.reduce((sum, { quantity }) => sum + quantity, 0)
  const waits = backlogDays(network, units, levels.utilisation)
  if (waits === null) return tables
  const { today, sites, places } = tables
  const ready0 = tables.ready0.map((ready, w) => {
    // More days than are planned ahead at all are not counted out.
    const days = Math.min(waits[w] ?? 0, horizonDays)
    return days === 0 ? ready : Math.min(horizonDays, openAfter(today + ready, days, siteAt(sites, w).works) - today)
  })
  return { ...tables, ready0, places: { ...places, ready0: Int32Array.from(places.callers, (w) => ready0[w] ?? 0) } }
}
