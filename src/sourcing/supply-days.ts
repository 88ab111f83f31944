/**
 * The days of units that are awaited, counted again when their supply moves, by the rules that the plan was made by: put
 * away, moved, collected and delivered on the days on which place, lane and carrier work. Pure.
 */
import type { Day, Instant, Place } from '../kernel/ids.ts'
import {
  arrivedOn,
  collectedOn,
  crossDockedOn,
  dayNumber,
  dayText,
  deliveredOn,
  departedOn,
  localTime,
  openAfter,
  openFrom,
  readyDay,
} from './calendar.ts'
import { distanceKm, type Network, serves } from './network.ts'
import type { Destination } from './request.ts'
import { neighbourhood } from './tables.ts'
import { timetableOf, transitDaysOf } from './timetable.ts'

/** A parcel as it was planned. */
export type PlannedParcel = Readonly<{ place: Place; dispatch: Day; arrives: Day }>
/** Where and how it goes. */
export type Way = Readonly<{ destination: Destination; shippingMethod: string }>

/** Each answer is undefined where the network has no such place, lane or service. */
export type SupplyDays = Readonly<{
  /** When units that lie at a place now, or come in there on a day, can be packed at another, or at that one. */
  fromShelf: (from: Place, to: Place, at: Instant) => Day | undefined
  fromSupply: (from: Place, to: Place, day: Day) => Day | undefined
  /** When a parcel that can be packed on another day than it was planned for leaves and arrives. */
  sent: (parcel: PlannedParcel, ready: Day, way: Way) => Pick<PlannedParcel, 'dispatch' | 'arrives'> | undefined
}>

const known = new WeakMap<Network, SupplyDays>()
/** Put together once a network, by whoever asks first: most batches move nothing. */
export const supplyDaysOf = (network: Network): SupplyDays => {
  const before = known.get(network)
  if (before !== undefined) return before
  const days = countedOver(network)
  known.set(network, days)
  return days
}

const countedOver = (network: Network): SupplyDays => {
  const { warehouses, delivery } = network
  const timetable = timetableOf(network)
  const numbers = new Map(warehouses.map(({ id }, w) => [id, w]))
  const lanes = new Map(timetable.lanes.map((lane) => [`${lane.from} ${lane.to}`, lane]))
  const siteOf = (place: Place) => {
    const w = numbers.get(place)
    const [warehouse, site] = w === undefined ? [] : [warehouses[w], timetable.sites[w]]
    return w === undefined || warehouse === undefined || site === undefined ? undefined : { w, warehouse, site }
  }

  const moved = (from: Place, to: Place, ready: number): Day | undefined => {
    if (from === to) return dayText(ready)
    const lane = lanes.get(`${numbers.get(from)} ${numbers.get(to)}`)
    if (lane === undefined) return undefined
    const days = timetable.lane(lane)
    return dayText(crossDockedOn(arrivedOn(departedOn(ready, days), days), days))
  }

  return {
    fromShelf: (from, to, at) => {
      const found = siteOf(from)
      return found === undefined ? undefined : moved(from, to, readyDay(localTime(found.warehouse.timeZone, at), found.site))
    },
    fromSupply: (from, to, day) => {
      const found = siteOf(from)
      if (found === undefined) return undefined
      const { works, handlingDays } = found.site
      return moved(from, to, openAfter(openFrom(dayNumber(day), works), handlingDays, works))
    },
    sent: (parcel, ready, { destination, shippingMethod }) => {
      const found = siteOf(parcel.place)
      if (found === undefined) return undefined
      const { w, warehouse } = found
      const km = distanceKm(warehouse, neighbourhood(destination))
      const [planned, packed] = [dayNumber(parcel.dispatch), dayNumber(ready)]
      const ways = delivery.flatMap((service) => {
        if (!serves(warehouse, service, destination, shippingMethod)) return []
        const days = timetable.carrier(w, service, destination.country, transitDaysOf(service, warehouse, destination, km))
        const [was, dispatch] = [collectedOn(planned, days), collectedOn(packed, days)]
        // A plan does not name its service: it is the one whose days these are. Of several, the day that all of them keep.
        const off = was - planned + Math.abs(deliveredOn(was, days) - dayNumber(parcel.arrives))
        return [{ off, dispatch, arrives: deliveredOn(dispatch, days) }]
      })
      const [best] = ways.sort((a, b) => a.off - b.off || b.arrives - a.arrives)
      return best === undefined ? undefined : { dispatch: dayText(best.dispatch), arrives: dayText(best.arrives) }
    },
  }
}
