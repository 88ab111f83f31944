/**
 * The network as the solver wants it for one destination and one moment: prices by distance, ready days, arrival tables.
 * Built once for a destination's neighbourhood and kept until a cut-off or midnight passes; every value follows from the
 * network and the arguments alone, so what is remembered never changes an answer.
 */
import type { Instant } from '../kernel/ids.ts'
import { collectedOn, deliveredOn, localTime, minutesOf, readyDay, weekdays, type CarrierDays, type Weekdays } from './calendar.ts'
import type { Lane, Service, Site } from './instance.ts'
import { checkNetwork, daysAt, distanceKm, type DeliveryService, type Network, type Warehouse } from './network.ts'
import { type Places, preparePlaces } from './problem.ts'
import type { Destination } from './request.ts'

/** Supply later than this from now is not promised from. */
export const horizonDays = 400
/** Neighbourhoods kept: all of Britain is about 2,900 outward codes. */
const destinationsMax = 4000
/** A neighbourhood: a twentieth of a degree, about 5 km; nothing in a tariff turns on less. */
const cellsPerDegree = 20

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
  masks: readonly Weekdays[]
}>
export type TablesFor = (destination: Destination, at: Instant) => Tables

type Clock = Readonly<{ today: number; ready0: readonly number[]; key: string }>
type Kept = { key: string; tables: Tables }

export const tablesOf = (network: Network): TablesFor => {
  checkNetwork(network)
  const { warehouses } = network
  const masks = warehouses.map((warehouse) => weekdays(warehouse.workdays))
  const sites = warehouses.map((warehouse, w) => ({
    mask: masks[w] ?? 0,
    cutOffMinute: minutesOf(warehouse.cutOff),
    handlingDays: warehouse.handlingDays,
  }))
  const lanes = lanesOf(network)
  const calendar = calendars()
  const kept = new Map<string, Kept>()

  const clock = (at: Instant): Clock => {
    const local = warehouses.map((warehouse) => localTime(warehouse.timeZone, at))
    const today = local.reduce((least, { day }) => Math.min(least, day), Number.POSITIVE_INFINITY)
    const ready0 = local.map((time, w) => readyDay(time, sites[w] ?? { mask: 0, cutOffMinute: 0, handlingDays: 0 }) - today)
    return { today, ready0, key: `${today} ${ready0.join()}` }
  }

  const build = (destination: Destination, now: Clock): Tables => {
    const centre = {
      latitude: cell(destination.latitude) / cellsPerDegree,
      longitude: cell(destination.longitude) / cellsPerDegree,
    }
    const km = warehouses.map((warehouse) => distanceKm(warehouse, centre))
    const byService = new Map<Service, Calendar>()
    const wh = warehouses.map((warehouse, w): Site => {
      const services = network.delivery.flatMap((delivery): Service[] => {
        if (delivery.countries !== null && !delivery.countries.includes(destination.country)) return []
        const { service, days } = priced(delivery, warehouse, destination.country, km[w] ?? 0, masks[w] ?? 0)
        const table = calendar(now.today, days)
        const whole = { ...service, arr: table.arrives }
        byService.set(whole, table)
        return [whole]
      })
      return {
        id: warehouse.id,
        pick: warehouse.pickCents,
        perUnit: warehouse.perUnitCents,
        load: 0,
        ready0: now.ready0[w] ?? 0,
        noHub: !warehouse.hub,
        services,
      }
    })
    return { today: now.today, places: preparePlaces(wh, lanes), ready0: now.ready0, km, calendars: byService, masks }
  }

  let lastAt: Instant | null = null
  let now: Clock | null = null
  return (destination, at) => {
    if (now === null || at !== lastAt) {
      now = clock(at)
      lastAt = at
    }
    const key = `${destination.country} ${cell(destination.latitude)} ${cell(destination.longitude)}`
    const known = kept.get(key)
    if (known !== undefined && known.key === now.key) return known.tables
    const tables = build(destination, now)
    if (kept.size >= destinationsMax) kept.clear()
    kept.set(key, { key: now.key, tables })
    return tables
  }
}

const cell = (degrees: number): number => Math.round(degrees * cellsPerDegree)

const priced = (
  delivery: DeliveryService,
  warehouse: Warehouse,
  country: string,
  km: number,
  hub: Weekdays,
): { service: Service; days: CarrierDays } => {
  const abroad = country !== warehouse.country
  const transitDays = daysAt(delivery.transit, km) + (abroad ? delivery.abroad.days : 0)
  const byDistance = Math.round((km * delivery.per100KmCents) / 100)
  return {
    service: {
      id: delivery.id,
      base: delivery.baseCents + byDistance + (abroad ? delivery.abroad.cents : 0),
      perKg: delivery.perKgCents,
      days: transitDays,
      arr: null,
      tariff: delivery.steps,
    },
    days: { hub, pickup: weekdays(delivery.pickupDays), delivery: weekdays(delivery.deliveryDays), transitDays },
  }
}

/** Arrival and dispatch by ready day: they depend on the days alone, so all destinations share a few of them. */
const calendars = (): ((today: number, days: CarrierDays) => Calendar) => {
  const kept = new Map<string, Calendar>()
  let keptFor = Number.NaN
  return (today, days) => {
    if (today !== keptFor) kept.clear()
    keptFor = today
    const key = `${days.hub} ${days.pickup} ${days.delivery} ${days.transitDays}`
    const known = kept.get(key)
    if (known !== undefined) return known
    const dispatched: number[] = []
    const arrives: number[] = []
    for (let day = today; day <= today + horizonDays; day++) {
      const collected = collectedOn(day, days)
      dispatched.push(collected - today)
      arrives.push(deliveredOn(collected, days) - today)
    }
    const calendar = { arrives, dispatched }
    kept.set(key, calendar)
    return calendar
  }
}

const lanesOf = (network: Network): readonly Lane[] => {
  const { warehouses, transfer } = network
  const index = new Map(warehouses.map((warehouse, w) => [warehouse.id, w]))
  const lanes = new Map<string, Lane>()
  if (network.lanes === 'all') {
    warehouses.forEach((a, from) => {
      warehouses.forEach((b, to) => {
        if (from === to || !b.hub) return
        const days = daysAt(transfer.transit, distanceKm(a, b))
        lanes.set(`${from} ${to}`, { from, to, fixed: transfer.fixedCents, perKg: transfer.perKgCents, days })
      })
    })
  }
  for (const override of network.overrides) {
    const from = index.get(override.from) ?? 0
    const to = index.get(override.to) ?? 0
    if ('closed' in override) lanes.delete(`${from} ${to}`)
    else lanes.set(`${from} ${to}`, { from, to, fixed: override.fixedCents, perKg: override.perKgCents, days: override.days })
  }
  return [...lanes.values()]
}
