/** Seeded networks and orders for the sourcing engine: uniformly random ones, and baskets as the real ones are. */
import type { Instance, Lane, Site } from '../../src/sourcing/instance.ts'
import { preparePlaces, type Places } from '../../src/sourcing/problem.ts'
import { dice, type Dice } from '../../tests/support/sourcing-random.ts'

export type OrderShape = Readonly<{
  lines: number
  places: number
  hubs: number
  /** Of a hundred (line, place) pairs, how many have the whole line. */
  density: number
  /** As real baskets are: most lines of one unit, light, and the first places stock far more than the others. */
  basket: boolean
}>
export type Order = Omit<Instance, 'wh' | 'lanes'>
/** Orders over one network: its half is prepared once, as the product does. */
export type Task = Readonly<{ places: Places; order: Order; sites: readonly Site[]; lanes: readonly Lane[] }>

const ordersPerNetwork = 100

export const tasksOf = (shape: OrderShape, count: number): Task[] => {
  const tasks: Task[] = []
  for (let seed = 1; tasks.length < count; seed++) {
    const roll = dice(seed * 7_919 + shape.lines * 31 + shape.places * 17 + shape.density)
    const sites = sitesOf(roll, shape)
    const lanes = lanesOf(roll, shape)
    const places = preparePlaces(sites, lanes)
    for (let k = 0; k < ordersPerNetwork && tasks.length < count; k++)
      tasks.push({ places, order: orderOf(roll, shape), sites, lanes })
  }
  return tasks
}

const each = <T>(count: number, make: (k: number) => T): T[] => Array.from({ length: count }, (_, k) => make(k))

const sitesOf = (roll: Dice, { places, hubs }: OrderShape): Site[] =>
  each(places, (w) => ({
    id: `w${String(w).padStart(3, '0')}`,
    pick: 50 + roll(150),
    perUnit: 5 + roll(45),
    load: 0,
    ready0: roll(2),
    noHub: w >= hubs,
    services: [{ id: 'parcel', base: 300 + roll(600), perKg: 20 + roll(100), days: 1 + roll(4), arr: null, tariff: null }],
  }))

const lanesOf = (roll: Dice, { places, hubs }: OrderShape): Lane[] =>
  each(hubs, (to) => to).flatMap((to) =>
    each(places, (from) => from).flatMap((from) =>
      from === to ? [] : [{ from, to, fixed: 60 + roll(240), perKg: 5 + roll(55), days: 1 + roll(3) }],
    ),
  )

const orderOf = (roll: Dice, shape: OrderShape): Order => {
  const { lines, places, density, basket } = shape
  const qty = each(lines, () => (basket ? (roll(100) < 80 ? 1 : 2 + roll(11)) : 1 + roll(3)))
  const likely = (w: number) => (basket && w < 3 ? 100 - (100 - density) / 3 : density)
  return {
    n: lines,
    W: places,
    qty,
    grams: each(lines, () => (basket ? 20 + roll(480) : 100 + roll(2_900))),
    stock: qty.map((need) => {
      const surely = roll(places)
      return each(places, (w) => (w === surely || roll(100) < likely(w) ? need + roll(5) : roll(need)))
    }),
    incoming: qty.map(() => []),
    shadow: null,
    pol: {
      perDay: 5,
      late: 0,
      promiseDay: null,
      split: 0,
      unfilled: qty.map(() => null),
      transfers: true,
      backorder: false,
    },
  }
}
