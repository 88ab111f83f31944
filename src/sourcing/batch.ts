/**
 * Many orders over one stock: prices that make the orders share (Lagrange), a repair that gives each what is left at those
 * prices, and swaps (SOURCING §5.2). The bound is the dual's: no way to send all orders costs less. Pure, deterministic, its
 * work limited by counts; a generator that yields after every few decisions, so that a server looks up in between.
 */
import { type BatchOrder, type Decide, Hand, type Option, priced, type Terms } from './batch-hand.ts'
import { swap } from './batch-swap.ts'

export type { BatchOrder, Decide, Option, Use } from './batch-hand.ts'

export type Batch<Order, Plan> = Readonly<{
  /** In the order in which they came. */
  orders: readonly BatchOrder<Order, Plan>[]
  /** By pair: units free, and those that the orders of the batch hold. */
  stock: ArrayLike<number>
  decide: Decide<Order, Plan>
}>
export type BatchOptions = Readonly<{
  /** What an order's other way must save at least: below it, moving is not worth the confusion. */
  threshold?: number
  /** Parts of the work, for comparison. */
  prices?: boolean
  swaps?: boolean
}>
export type Batched<Plan> = Readonly<{
  options: readonly Option<Plan>[]
  /** Orders whose way is not their present one. */
  moved: readonly number[]
  cost: number
  parcels: number
  /** Certified; at most `cost`. */
  lowerBound: number
  /** No way to send all orders costs less than `cost × (1 − gap)`. */
  gap: number
  decisions: number
}>

/** Measured: 60 leave the bound a third of a per cent lower, 400 raise it by a hundredth. */
const rounds = 120
/** Of Polyak's step; halved when so many rounds brought nothing. */
const firstStep = 1.2
const patience = 4
/** A repair costs a round, and most rounds give the same one. */
const repairEvery = 3
/** Measured: 100 leave half a per cent more, 1,000 gain a tenth. A batch of a hundred so takes a fraction of a second. */
const swapDecisionsPerOrder = 300
/** So near to the bound nobody looks for more. */
const nearEnough = 1.002

/** One order after the other, each the best of what is left: what a shop does that decides at once. */
export const firstCome = <Order, Plan>(batch: Batch<Order, Plan>): Batched<Plan> => {
  const hand = dealt(termsOf(batch, 0), batch.stock)
  return answer(batch, hand, Number.NEGATIVE_INFINITY, 0)
}

export const sourceBatch = <Order, Plan>(batch: Batch<Order, Plan>, options: BatchOptions = {}): Batched<Plan> => {
  const steps = batchSteps(batch, options)
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

/** The same a few decisions at a time. */
export function* batchSteps<Order, Plan>(
  batch: Batch<Order, Plan>,
  { threshold = 0, prices: usePrices = true, swaps = true }: BatchOptions = {},
): Generator<void, Batched<Plan>> {
  const terms = termsOf(batch, threshold)
  const start = batch.orders.every(({ present }) => present !== null) ? asPresent(terms, batch.stock) : dealt(terms, batch.stock)
  yield
  const dual = yield* findPrices(terms, batch.stock, start, usePrices)
  const found = [start, ...dual.repaired].sort((a, b) => a.total - b.total)
  let best = found[0]!
  let decisions = dual.decisions
  // The second best is sometimes bettered by more: it is tried where the first has far to go.
  const target = Math.max(0, dual.bound) * nearEnough
  for (const hand of swaps ? found.slice(0, 2).map((one) => one.copy()) : []) {
    if (best.total <= target) break
    const swapped = yield* swap(
      { hand, ideal: dual.ideal, prices: usePrices ? dual.prices : null, target },
      swapDecisionsPerOrder * batch.orders.length,
    )
    decisions += swapped.decisions
    if (swapped.total < best.total) best = swapped
  }
  return answer(batch, best, dual.bound, decisions)
}

const termsOf = <Order, Plan>({ orders, decide }: Batch<Order, Plan>, threshold: number): Terms<Order, Plan> => ({
  orders,
  decide,
  threshold,
})

const dealt = <Order, Plan>(terms: Terms<Order, Plan>, stock: ArrayLike<number>): Hand<Order, Plan> => {
  const hand = new Hand(terms, stock)
  for (let o = 0; o < terms.orders.length; o++) hand.take(o, hand.best(o))
  return hand
}

const asPresent = <Order, Plan>(terms: Terms<Order, Plan>, stock: ArrayLike<number>): Hand<Order, Plan> => {
  const hand = new Hand(terms, stock)
  terms.orders.forEach(({ present }, o) => present !== null && hand.take(o, present))
  return hand
}

type Dual<Order, Plan> = Readonly<{
  bound: number
  prices: Float64Array
  /** What each order would have with all stock to itself. */
  ideal: readonly Option<Plan>[]
  repaired: readonly Hand<Order, Plan>[]
  decisions: number
}>

function* findPrices<Order, Plan>(
  terms: Terms<Order, Plan>,
  stock: ArrayLike<number>,
  start: Hand<Order, Plan>,
  search: boolean,
): Generator<void, Dual<Order, Plan>> {
  const all = Float64Array.from(stock)
  const pairs = all.length
  let price = new Float64Array(pairs)
  let dual = { bound: Number.NEGATIVE_INFINITY, prices: price }
  let ideal: readonly Option<Plan>[] = []
  let [step, since, decisions] = [firstStep, 0, start.decisions]
  let least = start.total
  const repaired: Hand<Order, Plan>[] = []
  for (let round = 0; round < (search ? rounds : 1); round++) {
    const prices = price.map(Math.round)
    const chosen: Option<Plan>[] = []
    for (const { order } of terms.orders) {
      chosen.push(terms.decide(order, all, prices))
      yield
    }
    decisions += chosen.length
    if (round === 0) ideal = chosen
    const value = chosen.reduce((sum, { least }) => sum + least, 0) - prices.reduce((sum, cents, k) => sum + cents * all[k]!, 0)
    since = value > dual.bound ? 0 : since + 1
    if (value > dual.bound) dual = { bound: value, prices }
    if (search && round % repairEvery === repairEvery - 1) {
      const hand = yield* repair(terms, all, chosen, prices)
      decisions += hand.decisions
      least = Math.min(least, hand.total)
      repaired.push(hand)
    }
    if (since >= patience) {
      step /= 2
      since = 0
      price = dual.prices.slice()
    }
    const excess = all.map((units) => -units)
    for (const { uses } of chosen) for (const { pair, quantity } of uses) excess[pair]! += quantity
    // What is ample and free stays free: it says nothing of the length of the step.
    const square = excess.reduce((sum, over, k) => sum + (over < 0 && price[k] === 0 ? 0 : over * over), 0)
    if (square === 0 || value >= least) break
    price = price.map((cents, k) => Math.max(0, cents + (step * (least - value) * excess[k]!) / square))
  }
  return { ...dual, ideal, repaired, decisions }
}

/** Each takes what it chose where that is still there, the dearest to turn down first; the others choose from what is left. */
function* repair<Order, Plan>(
  terms: Terms<Order, Plan>,
  stock: Float64Array,
  chosen: readonly Option<Plan>[],
  prices: Float64Array,
): Generator<void, Hand<Order, Plan>> {
  const hand = new Hand(terms, stock)
  const stake = chosen.map((option) => priced(option, prices) - option.cost)
  const sequence = chosen.map((_, o) => o).sort((a, b) => stake[a]! - stake[b]! || a - b)
  const late: number[] = []
  for (const o of sequence) {
    const { present } = terms.orders[o]!
    const option = chosen[o]!
    if (present !== null && hand.fits(present) && priced(present, prices) <= priced(option, prices) + terms.threshold)
      hand.take(o, present)
    else if (hand.fits(option)) hand.take(o, option)
    else late.push(o)
  }
  for (const o of late) {
    hand.take(o, hand.best(o, prices))
    yield
  }
  return hand
}

const answer = <Order, Plan>(
  batch: Batch<Order, Plan>,
  hand: Hand<Order, Plan>,
  bound: number,
  decisions: number,
): Batched<Plan> => {
  const options = hand.options.filter((option) => option !== null)
  const cost = options.reduce((sum, option) => sum + option.cost, 0)
  const lowerBound = Math.min(cost, Math.max(0, bound))
  return {
    options,
    moved: batch.orders.flatMap((_, o) => (hand.isMoved(o) ? [o] : [])),
    cost,
    parcels: options.reduce((sum, { parcels }) => sum + parcels, 0),
    lowerBound,
    gap: cost === 0 ? 0 : (cost - lowerBound) / cost,
    decisions,
  }
}
