/**
 * When places, carriers and lanes of a network work: its weekdays, holidays and named days put together once, then asked
 * for by place, service and country. Pure; a day is a whole number.
 */
import { bothWork, type CarrierDays, type LaneDays, minutesOf, type SiteDays, workDays, type WorkDays } from './calendar.ts'
import { holidaysOf } from './holidays-store.ts'
import { type DeliveryService, daysAt, distanceKm, type LaneTimes, type Network, type Warehouse, zoneOf } from './network.ts'
import type { Destination } from './request.ts'

/** A lane by the numbers of its ends, with its price and how long it takes. */
export type NetworkLane = Readonly<{ from: number; to: number; fixed: number; perKg: number; days: number; times: LaneTimes }>

/** `key`: the same wherever the same days come out; short, for maps. */
export type Keyed<Days> = Days & Readonly<{ key: string }>

export type Timetable = Readonly<{
  sites: readonly SiteDays[]
  carrier: (w: number, service: DeliveryService, country: string, transitDays: number) => Keyed<CarrierDays>
  lanes: readonly NetworkLane[]
  lane: (lane: NetworkLane) => Keyed<LaneDays>
}>

const everyDay = [1, 2, 3, 4, 5, 6, 7]

export const timetableOf = (network: Network): Timetable => {
  const { warehouses } = network
  const numbers = new Map<string, number>()
  const known = new Map<string, WorkDays>()
  /** Calendars that are told the same way are one. */
  const shared = (said: string, make: () => WorkDays): Readonly<{ works: WorkDays; number: number }> => {
    let works = known.get(said)
    if (works === undefined) {
      works = make()
      known.set(said, works)
      numbers.set(said, numbers.size)
    }
    return { works, number: numbers.get(said) ?? 0 }
  }
  const placeDays = warehouses.map((warehouse) => {
    const { workdays, closedDays, openDays, holidays } = warehouse
    return shared(JSON.stringify([workdays, closedDays, openDays, holidays]), () =>
      workDays(workdays, { closed: closedDays, open: openDays, isHoliday: isHolidayOf(warehouse) }),
    )
  })
  const always = { works: workDays(everyDay), number: -1 }
  const daysOf = (w: number) => placeDays[w] ?? always

  const carrierDays = (service: DeliveryService, days: readonly number[], countries: readonly string[]) => {
    const closed = service.closedDays
    const kept = service.holidays === true ? [...new Set(countries)].sort() : []
    return shared(JSON.stringify([days, closed, kept]), () => workDays(days, { closed, isHoliday: anyHoliday(kept) }))
  }
  const carriers = new Map<DeliveryService, Map<string, Omit<Keyed<CarrierDays>, 'transitDays'>>>()
  const carrier: Timetable['carrier'] = (w, service, country, transitDays) => {
    const mine = carriers.get(service) ?? new Map<string, Omit<Keyed<CarrierDays>, 'transitDays'>>()
    carriers.set(service, mine)
    const way = `${w} ${country}`
    let found = mine.get(way)
    if (found === undefined) {
      const from = warehouses[w]?.country ?? country
      const pickup = carrierDays(service, service.pickupDays, [from])
      const moving = carrierDays(service, service.movingDays ?? service.pickupDays, [from, country])
      const delivery = carrierDays(service, service.deliveryDays, [country])
      found = {
        collect: bothWork(daysOf(w).works, pickup.works),
        moving: moving.works,
        delivery: delivery.works,
        key: `${daysOf(w).number} ${pickup.number} ${moving.number} ${delivery.number}`,
      }
      mine.set(way, found)
    }
    return { ...found, transitDays, key: `${found.key} ${transitDays}` }
  }
  const lane: Timetable['lane'] = ({ from, to, days, times: { departureDays, movingDays, crossDockDays = 0 } }) => {
    const [sender, hub] = [daysOf(from), daysOf(to)]
    const warehouse = warehouses[from]
    const leaves = departureDays === undefined ? always : shared(JSON.stringify(departureDays), () => workDays(departureDays))
    const moving =
      movingDays === undefined || warehouse === undefined
        ? sender
        : shared(JSON.stringify([movingDays, warehouse.holidays]), () =>
            workDays(movingDays, { isHoliday: isHolidayOf(warehouse) }),
          )
    return {
      departs: departureDays === undefined ? sender.works : bothWork(sender.works, leaves.works),
      moving: moving.works,
      hub: hub.works,
      days,
      crossDockDays,
      key: `${sender.number} ${leaves.number} ${moving.number} ${hub.number} ${days} ${crossDockDays}`,
    }
  }
  const sites = warehouses.map(
    (warehouse, w): SiteDays => ({
      works: daysOf(w).works,
      cutOffMinute: minutesOf(warehouse.cutOff),
      handlingDays: warehouse.handlingDays,
    }),
  )
  return { sites, carrier, lanes: lanesOf(network), lane }
}

const isHolidayOf = ({ holidays }: Warehouse) => (holidays === undefined || holidays === null ? undefined : holidaysOf(holidays))

const anyHoliday = (countries: readonly string[]): WorkDays | undefined => {
  const [first, second] = countries.map((country) => holidaysOf({ country }))
  return first === undefined || second === undefined ? first : (day) => first(day) || second(day)
}

/** Days under way, by zone or by distance. */
export const transitDaysOf = (service: DeliveryService, warehouse: Warehouse, to: Destination, km: number): number => {
  const zone = service.zones?.[zoneOf(service, to)]
  if (zone !== undefined) return zone.transitDays
  return daysAt(service.transit, km) + (to.country === warehouse.country ? 0 : service.abroad.days)
}

const lanesOf = ({ warehouses, transfer, lanes: which, overrides }: Network): readonly NetworkLane[] => {
  const index = new Map(warehouses.map((warehouse, w) => [warehouse.id, w]))
  const lanes = new Map<string, NetworkLane>()
  if (which === 'all') {
    warehouses.forEach((a, from) => {
      warehouses.forEach((b, to) => {
        if (from === to || !b.hub) return
        const days = daysAt(transfer.transit, distanceKm(a, b))
        lanes.set(`${from} ${to}`, { from, to, fixed: transfer.fixedCents, perKg: transfer.perKgCents, days, times: transfer })
      })
    })
  }
  for (const override of overrides) {
    const from = index.get(override.from) ?? 0
    const to = index.get(override.to) ?? 0
    if ('closed' in override) lanes.delete(`${from} ${to}`)
    else {
      const { fixedCents, perKgCents, days } = override
      lanes.set(`${from} ${to}`, { from, to, fixed: fixedCents, perKg: perKgCents, days, times: override })
    }
  }
  return [...lanes.values()]
}
