/**
 * The published setting of many orders over scarce stock (Jasin and Sinha 2015; parameters as in Ma 2023): orders of one to
 * five products from cities by their population, stock as a plan by nearest place would lay it in. Seeded: one seed, one
 * setting, on every machine. Money is in ten-thousandths of a dollar, so that all sums are exact.
 */
import type { Site } from '../../src/sourcing/instance.ts'
import { distanceKm } from '../../src/sourcing/network.ts'

export type Dice = () => number
/** mulberry32. */
export const dice = (seed: number): Dice => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

type Point = Readonly<{ name: string; latitude: number; longitude: number }>
/** Metropolitan areas with people in thousands, rounded: facts, our own table. */
const cities: readonly (Point & { people: number })[] = [
  { name: 'New York', latitude: 40.71, longitude: -74.01, people: 19_500 },
  { name: 'Los Angeles', latitude: 34.05, longitude: -118.24, people: 12_800 },
  { name: 'Chicago', latitude: 41.88, longitude: -87.63, people: 9_300 },
  { name: 'Dallas', latitude: 32.78, longitude: -96.8, people: 8_100 },
  { name: 'Houston', latitude: 29.76, longitude: -95.37, people: 7_500 },
  { name: 'Atlanta', latitude: 33.75, longitude: -84.39, people: 6_300 },
  { name: 'Washington', latitude: 38.91, longitude: -77.04, people: 6_300 },
  { name: 'Philadelphia', latitude: 39.95, longitude: -75.17, people: 6_200 },
  { name: 'Miami', latitude: 25.76, longitude: -80.19, people: 6_200 },
  { name: 'Boston', latitude: 42.36, longitude: -71.06, people: 4_900 },
]
const sites: readonly Point[] = [
  { name: 'California', latitude: 37.74, longitude: -121.4 },
  { name: 'Indiana', latitude: 39.98, longitude: -86.38 },
  { name: 'Pennsylvania', latitude: 41.28, longitude: -75.5 },
  { name: 'South Carolina', latitude: 33.91, longitude: -81.05 },
  { name: 'Texas', latitude: 32.97, longitude: -97.33 },
]
export const siteCount = sites.length
export const cityCount = cities.length
/** What no site can send comes from outside, at twice a parcel and twice the longest way: a place with everything. */
export const outside = sites.length
export const placeCount = siteCount + 1

const parcel = 87_590
const unit = 4_230
const perMile = 5.41
const kmPerMile = 1.61
const unitCost = (site: Point, city: Point): number => Math.round(unit + (perMile * distanceKm(site, city)) / kmPerMile)

/** [city][place]: what a unit costs beside its parcel. */
export const unitCosts: readonly (readonly number[])[] = cities.map((city) => {
  const own = sites.map((site) => unitCost(site, city))
  return [...own, 2 * Math.max(...own)]
})
export const parcelCosts: readonly number[] = [...sites.map(() => parcel), 2 * parcel]
/** What a price moves by at first: the published rule's 2 dollars. */
export const priceStep = 20_000

/** The places as the solver's instance has them, from one city. */
export const sitesFrom = (city: number): readonly Site[] =>
  parcelCosts.map((pick, place) => ({
    id: `p${place}`,
    pick,
    perUnit: unitCosts[city]![place]!,
    load: 0,
    ready0: 0,
    noHub: true,
    services: [{ id: 'parcel', base: 0, perKg: 0, days: 0, arr: null, tariff: null }],
  }))

export const itemCount = 20
const sizeMax = 5
const typesPerSize = 5

export type Order = Readonly<{ city: number; items: readonly number[] }>
export type Setting = Readonly<{
  /** By item and place: units at the beginning. */
  stock: Float64Array
  carried: readonly (readonly boolean[])[]
  /** The chance that a period brings an order at all. */
  arrives: number
  draw: (roll: Dice) => Order
}>

/** Puts at more than any sequence could take. */
export const plenty = 1_000_000_000

export const settingOf = (seed: number, carry: number, periods: number): Setting => {
  const roll = dice(seed)
  const bySize = normalised(Array.from({ length: sizeMax + 1 }, roll))
  const types = bySize.slice(1).flatMap((chance, k) => {
    const within = normalised(Array.from({ length: typesPerSize }, roll))
    return within.map((share) => ({ chance: chance * share, items: distinct(roll, k + 1) }))
  })
  const people = normalised(cities.map((city) => city.people))
  const carried = Array.from({ length: itemCount }, () => sites.map(() => roll() < carry))
  const demand = new Float64Array(itemCount * placeCount)
  for (const { chance, items } of types)
    for (const item of items)
      people.forEach((share, city) => {
        const place = nearest(city, carried[item]!)
        if (place !== outside) demand[item * placeCount + place]! += chance * share
      })
  const stock = demand.map((d, pair) =>
    pair % placeCount === outside ? plenty : Math.round(periods * d + 0.5 * Math.sqrt(periods * d * (1 - d))),
  )
  const none = bySize[0]!
  const chances = normalised(types.map(({ chance }) => chance))
  const draw = (dieFor: Dice): Order => ({ city: pick(people, dieFor()), items: types[pick(chances, dieFor())]!.items })
  return { stock, carried, arrives: 1 - none, draw }
}

/** The orders of so many periods; some periods bring none. */
export const sequenceOf = (setting: Setting, seed: number, periods: number): readonly (Order | null)[] => {
  const roll = dice(seed)
  return Array.from({ length: periods }, () => (roll() < setting.arrives ? setting.draw(roll) : null))
}

/** The cheapest place by the unit among those that may. */
export const nearest = (city: number, may: readonly boolean[]): number => {
  let best = outside
  for (let place = 0; place < siteCount; place++)
    if (may[place] === true && (best === outside || unitCosts[city]![place]! < unitCosts[city]![best]!)) best = place
  return best
}

const normalised = (weights: readonly number[]): number[] => {
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}

const pick = (chances: readonly number[], at: number): number => {
  let left = at
  for (let k = 0; k < chances.length - 1; k++) {
    left -= chances[k]!
    if (left < 0) return k
  }
  return chances.length - 1
}

const distinct = (roll: Dice, count: number): readonly number[] => {
  const items = new Set<number>()
  while (items.size < count) items.add(Math.floor(roll() * itemCount))
  return [...items].sort((a, b) => a - b)
}
