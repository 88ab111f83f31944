/**
 * Order swap. First in pairs: an order takes the units it would have liked best, and whoever held them is sent another
 * way. Then in small groups that want the same units, which all choose anew, and in chains, where each who is robbed robs
 * in turn. Drawn by a seeded die: the same batch, the same answer.
 */
import type { Hand, Option } from './batch-hand.ts'

/** Orders that hold what another wants: nearly all gain is with the first few. */
const holdersMax = 24
const groupMin = 2
const groupMax = 6
/** Measured on stock that fits demand: chains of five leave 0.4 % more, of twenty gain nothing. */
const chainMax = 10
/** A change for the worse by so much of an order's cost stays at first, less and less later on: it leads out of dead ends. */
const warmthShare = 0.3

type Search<Order, Plan> = Readonly<{
  hand: Hand<Order, Plan>
  /** What each order would have with all stock to itself. */
  ideal: readonly Option<Plan>[]
  prices: Float64Array | null
  /** Good enough to stop. */
  target: number
}>

/** @param decisionsMax what it may cost @returns the best that was found; the hand itself is used up */
export function* swap<Order, Plan>(search: Search<Order, Plan>, decisionsMax: number): Generator<void, Hand<Order, Plan>> {
  const { hand } = search
  const until = hand.decisions + decisionsMax
  yield* swapPairs(search, until)
  return yield* regroup(search, until)
}

function* swapPairs<Order, Plan>({ hand, ideal, prices }: Search<Order, Plan>, until: number): Generator<void, void> {
  for (let better = true; better; ) {
    better = false
    for (let o = 0; o < ideal.length; o++) {
      if (!wants(hand, ideal, o)) continue
      // What others left meanwhile may suit it better.
      if (chooseAnew(hand, [o], null) < 0) better = true
      yield
      for (const holder of holders(hand, o, ideal[o]!)) {
        if (hand.decisions >= until) return
        if (!wants(hand, ideal, o)) break
        if (chooseAnew(hand, [o, holder], null) < 0 || (prices !== null && chooseAnew(hand, [o, holder], prices) < 0)) better = true
        yield
      }
    }
  }
}

function* regroup<Order, Plan>(
  { hand, ideal, prices, target }: Search<Order, Plan>,
  until: number,
): Generator<void, Hand<Order, Plan>> {
  const roll = dice(hand.options.length)
  const from = hand.decisions
  const warmth = (warmthShare * hand.total) / hand.options.length
  let best = hand.copy()
  let [total, least] = [hand.total, hand.total]
  while (hand.decisions < until && least > target) {
    const wanting = ideal.flatMap((_, o) => (wants(hand, ideal, o) ? [o] : []))
    const o = wanting[roll(wanting.length)]
    if (o === undefined) break
    const group = groupAround(hand, ideal, o, roll)
    const sequence = roll(3) === 0 ? shuffled(group, roll) : group
    const worseMax = (warmth * (until - hand.decisions) * roll(1_000)) / (1_000 * (until - from))
    total +=
      roll(2) === 0 ? chain(hand, o, prices, worseMax, roll) : chooseAnew(hand, sequence, roll(2) === 0 ? prices : null, worseMax)
    if (total < least) {
      least = total
      best = hand.copy()
    }
    yield
  }
  best.decisions = hand.decisions
  return best
}

/** An order, holders of what it wants, and perhaps holders of what those would want instead. */
const groupAround = <Order, Plan>(
  hand: Hand<Order, Plan>,
  ideal: readonly Option<Plan>[],
  o: number,
  roll: (below: number) => number,
): readonly number[] => {
  const group = [o]
  const near = [...holders(hand, o, ideal[o]!)]
  const size = groupMin + roll(groupMax - groupMin + 1)
  while (group.length < size && near.length > 0) {
    const [next] = near.splice(roll(near.length), 1)
    if (next === undefined || group.includes(next)) continue
    group.push(next)
    if (near.length < size) near.push(...holders(hand, next, ideal[next]!))
  }
  return group
}

const wants = <Order, Plan>(hand: Hand<Order, Plan>, ideal: readonly Option<Plan>[], o: number): boolean =>
  hand.weight(o) > ideal[o]!.cost

/**
 * All of these give back what they hold, and choose anew one after the other; undone when that is worse.
 * @returns what it changed: negative is better, 0 when it was undone
 */
const chooseAnew = <Order, Plan>(
  hand: Hand<Order, Plan>,
  orders: readonly number[],
  prices: Float64Array | null,
  worseMax = 0,
): number => {
  const before = weightOf(hand, orders)
  const held = orders.map((o) => hand.giveBack(o))
  for (const o of orders) hand.take(o, hand.best(o, prices))
  const change = weightOf(hand, orders) - before
  if (change <= worseMax) return change
  for (const o of orders) hand.giveBack(o)
  orders.forEach((o, k) => hand.take(o, held[k]!))
  return 0
}

/**
 * An order takes what it likes best even from others' hands; each who is robbed does the same, until the last ones must make
 * do with what is left. Undone when it is worse by more than `worseMax`.
 */
const chain = <Order, Plan>(
  hand: Hand<Order, Plan>,
  first: number,
  prices: Float64Array | null,
  worseMax: number,
  roll: (below: number) => number,
): number => {
  const out = new Map<number, Option<Plan>>()
  let before = 0
  const queue: number[] = []
  const remove = (o: number) => {
    before += hand.weight(o)
    out.set(o, hand.giveBack(o))
    queue.push(o)
  }
  remove(first)
  for (let o = queue.shift(); o !== undefined; o = queue.shift()) {
    const mayRob = out.size < chainMax
    hand.take(o, hand.best(o, prices, mayRob ? withHeld(hand, out) : hand.left))
    if (!mayRob) continue
    for (const { pair } of hand.options[o]!.uses) {
      while (hand.left[pair]! < 0) {
        const robbed = hand.options.flatMap((option, other) =>
          !out.has(other) && option?.uses.some((use) => use.pair === pair) === true ? [other] : [],
        )
        remove(robbed[roll(robbed.length)]!)
      }
    }
  }
  const orders = [...out.keys()]
  const change = weightOf(hand, orders) - before
  if (change <= worseMax) return change
  for (const o of orders) hand.giveBack(o)
  for (const [o, option] of out) hand.take(o, option)
  return 0
}

/** What is left, and what those hold who were not turned out yet. */
const withHeld = <Order, Plan>(hand: Hand<Order, Plan>, out: ReadonlyMap<number, Option<Plan>>): Float64Array => {
  const stock = hand.left.slice()
  hand.options.forEach((option, o) => {
    if (option === null || out.has(o)) return
    for (const { pair, quantity } of option.uses) stock[pair]! += quantity
  })
  return stock
}

const weightOf = <Order, Plan>(hand: Hand<Order, Plan>, orders: readonly number[]): number =>
  orders.reduce((sum, o) => sum + hand.weight(o), 0)

/** Those that hold units of which the ideal needs more than are left. */
const holders = <Order, Plan>(hand: Hand<Order, Plan>, o: number, ideal: Option<Plan>): readonly number[] => {
  const own = hand.options[o]?.uses ?? []
  const lacking = new Set<number>()
  for (const { pair, quantity } of ideal.uses) {
    const mine = own.find((use) => use.pair === pair)?.quantity ?? 0
    if (hand.left[pair]! + mine < quantity) lacking.add(pair)
  }
  const found: number[] = []
  for (let other = 0; other < hand.options.length && found.length < holdersMax; other++) {
    if (other !== o && hand.options[other]!.uses.some(({ pair }) => lacking.has(pair))) found.push(other)
  }
  return found
}

const shuffled = (orders: readonly number[], roll: (below: number) => number): number[] => {
  const mixed = [...orders]
  for (let k = mixed.length - 1; k > 0; k--) {
    const other = roll(k + 1)
    const kept = mixed[k]!
    mixed[k] = mixed[other]!
    mixed[other] = kept
  }
  return mixed
}

/** mulberry32. */
const dice = (seed: number): ((below: number) => number) => {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}
