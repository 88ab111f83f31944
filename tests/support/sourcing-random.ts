/** Seeded instances of the sourcing problem, small and large. The same seed gives the same instance on every machine. */
import type { Instance, Lane, Lot, Service, Site, Step } from '../../src/sourcing/instance.ts'

export type Dice = (below: number) => number

/** mulberry32: small, and good enough to shuffle test cases. */
export const dice = (seed: number): Dice => {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}

export type Shape = Readonly<{
  lines: number
  places: number
  /** Of a hundred (line, place) pairs, how many have stock for the whole line. */
  density: number
  lanes: 'none' | 'some' | 'all'
  lots: boolean
  services: number
  tariffs: boolean
  arrivals: boolean
  shadow: boolean
  unfilled: boolean
  time: boolean
}>

export const anyShape = (roll: Dice, lines: number, places: number): Shape => ({
  lines,
  places,
  density: [15, 30, 60, 90][roll(4)] ?? 30,
  lanes: (['none', 'some', 'all'] as const)[roll(3)] ?? 'all',
  lots: roll(2) === 0,
  services: 1 + roll(2),
  tariffs: roll(2) === 0,
  arrivals: roll(3) === 0,
  shadow: roll(2) === 0,
  unfilled: roll(2) === 0,
  time: roll(2) === 0,
})

export const randomInstance = (roll: Dice, shape: Shape): Instance => {
  const each = <T>(count: number, make: (k: number) => T): T[] => Array.from({ length: count }, (_, k) => make(k))
  const qty = each(shape.lines, () => 1 + roll(5))
  const stock = qty.map((need) => each(shape.places, () => (roll(100) < shape.density ? need + roll(3) : roll(need))))
  return {
    n: shape.lines,
    W: shape.places,
    qty,
    grams: each(shape.lines, () => 50 + roll(3000)),
    stock,
    incoming: qty.map((need) =>
      shape.lots ? each(roll(4), (): Lot => ({ w: roll(shape.places), day: 1 + roll(9), qty: 1 + roll(need + 1) })) : [],
    ),
    lanes: randomLanes(roll, shape),
    shadow: shape.shadow ? qty.map(() => each(shape.places, () => roll(120))) : null,
    // 997 is prime: the ids are distinct, and not in the order of the places.
    wh: each(shape.places, (w) => randomSite(roll, shape, `w${String(((w + 1) * 613) % 997).padStart(3, '0')}`)),
    pol: {
      perDay: shape.time ? roll(40) : 0,
      late: shape.time ? roll(150) : 0,
      promiseDay: shape.time && roll(2) === 0 ? 2 + roll(4) : null,
      split: roll(2) * roll(300),
      unfilled: qty.map((need) => (shape.unfilled && roll(2) === 0 ? need * (100 + roll(900)) : null)),
      transfers: shape.lanes !== 'none',
      backorder: shape.lots,
    },
  }
}

const randomLanes = (roll: Dice, shape: Shape): Lane[] => {
  const lanes: Lane[] = []
  for (let from = 0; from < shape.places; from++) {
    for (let to = 0; to < shape.places; to++) {
      if (from === to || shape.lanes === 'none' || (shape.lanes === 'some' && roll(2) === 0)) continue
      lanes.push({ from, to, fixed: roll(250), perKg: roll(60), days: roll(3) })
    }
  }
  return lanes
}

const randomSite = (roll: Dice, shape: Shape, id: string): Site => ({
  id,
  pick: 20 + roll(150),
  perUnit: roll(60),
  load: roll(3) === 0 ? roll(100) : 0,
  ready0: roll(3),
  noHub: roll(5) === 0,
  services: Array.from({ length: roll(12) === 0 ? 0 : shape.services }, (_, v) => randomService(roll, shape, `s${(v + 1) % 2}`)),
})

const randomService = (roll: Dice, shape: Shape, id: string): Service => {
  const base = 200 + roll(500)
  const days = 1 + roll(4)
  return {
    id,
    base,
    perKg: roll(120),
    days,
    arr:
      shape.arrivals && roll(2) === 0
        ? Array.from({ length: 8 + roll(10) }, (_, r) => r + days + (r % 7 > 4 ? 2 : 0)).sort((a, b) => a - b)
        : null,
    tariff: shape.tariffs && roll(3) > 0 ? randomTariff(roll) : null,
  }
}

const randomTariff = (roll: Dice): Step[] => {
  let upTo = 0
  const steps = Array.from({ length: 1 + roll(3) }, (): Step => {
    upTo += 500 + roll(4000)
    return { upToGrams: upTo, cents: roll(600) }
  })
  return [...steps, { upToGrams: null, cents: roll(900) }]
}

export const shuffled = <T>(roll: Dice, items: readonly T[]): T[] => {
  const copy = [...items]
  for (let k = copy.length - 1; k > 0; k--) {
    const other = roll(k + 1)
    const [a, b] = [copy[k], copy[other]]
    if (a === undefined || b === undefined) continue
    copy[k] = b
    copy[other] = a
  }
  return copy
}
