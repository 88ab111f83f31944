/**
 * What a unit is worth to the orders still to come: the last orders are decided again and again against today's stock,
 * and a unit gets dearer where they would take more than there is, cheaper where they take less (SOURCING §5.1). It is
 * the dual subgradient of the fluid plan with the real decision as its oracle, so no linear program is solved.
 *
 * Pure and deterministic, and a generator: it yields after every decision, so that a server does a few and looks up.
 * As in the solver's files an index is in range by construction, hence the `!`.
 */

/** Products and places are numbers here; a pair is `product × places + place`. */
export type Take = (product: number, place: number, quantity: number) => void
export type ReplayOrder<Order> = Readonly<{
  order: Order
  /** How often this very order stands in the sample: it is decided once. */
  times: number
  lines: readonly Readonly<{ product: number; quantity: number }>[]
}>
export type ReplayQuestion<Order> = Readonly<{
  orders: readonly ReplayOrder<Order>[]
  /** By product: how many units still to come, until it is filled up again, a unit in the sample stands for. */
  weight: ArrayLike<number>
  places: number
  /** By pair: units free now. */
  stock: ArrayLike<number>
  /** By pair: the prices in force, from which the search goes on; null begins at nothing. */
  start: ArrayLike<number> | null
  /** What a price moves by at first, about a fifth of what a parcel costs, in the money of the decision. */
  step: number
  /** The normal decision under these prices a unit (by pair, whole units of money); it tells what it takes. */
  decide: (order: Order, prices: Float64Array, take: Take) => void
}>
export type Replayed = Readonly<{
  /** By pair, whole; null when nothing is scarce. */
  prices: Float64Array | null
  /** By pair: what the orders to come would take at price 0. */
  forecast: Float64Array
  decisions: number
}>

/** Measured (SOURCING §5.1): more passes gain little. */
const passes = 40
/** The first third finds the neighbourhood; the others are averaged. */
const averagedFrom = Math.floor(passes / 3)
/** Steps fall as 1 / (1 + pass ÷ 6): to a half after six passes, to an eighth at the end. */
const stepFalls = 6

export function* replay<Order>(question: ReplayQuestion<Order>): Generator<void, Replayed> {
  const pairs = question.stock.length
  const forecast = new Float64Array(pairs)
  const suspects = mayBeScarce(question)
  const first = withProducts(question.orders, suspects)
  yield* use(question, first, new Float64Array(pairs), forecast)
  const scarce = scarceAmong(question, suspects, forecast)
  if (!scarce.includes(1)) return { prices: null, forecast, decisions: first.length }
  // An order without a scarce product is decided as ever whatever the prices: it need not be asked again.
  const orders = withProducts(question.orders, scarce)
  const price = Float64Array.from({ length: pairs }, (_, k) =>
    scarce[Math.floor(k / question.places)] === 1 && question.start !== null ? question.start[k]! : 0,
  )
  const sum = new Float64Array(pairs)
  const taken = new Float64Array(pairs)
  for (let pass = 0; pass < passes; pass++) {
    yield* use(question, orders, price.map(Math.round), taken)
    move(question, scarce, price, taken, question.step / (1 + pass / stepFalls))
    if (pass >= averagedFrom) for (let k = 0; k < pairs; k++) sum[k]! += price[k]!
  }
  const prices = sum.map((total) => Math.round(total / (passes - averagedFrom)))
  const decisions = first.length + passes * orders.length
  return { prices: prices.some((cents) => cents > 0) ? prices : null, forecast, decisions }
}

/** Products that all orders to come together could use up somewhere: for the others no decision need be made. */
const mayBeScarce = <Order>({ orders, weight, stock, places }: ReplayQuestion<Order>): Uint8Array => {
  const products = stock.length / places
  const wanted = new Float64Array(products)
  for (const { lines, times } of orders)
    for (const { product, quantity } of lines) wanted[product]! += quantity * times * weight[product]!
  const suspects = new Uint8Array(products)
  for (let k = 0; k < stock.length; k++) {
    const product = Math.floor(k / places)
    if (stock[k]! > 0 && stock[k]! < wanted[product]!) suspects[product] = 1
  }
  return suspects
}

const scarceAmong = <Order>({ stock, places }: ReplayQuestion<Order>, suspects: Uint8Array, forecast: Float64Array): Uint8Array => {
  const scarce = new Uint8Array(suspects.length)
  for (let k = 0; k < stock.length; k++) {
    const product = Math.floor(k / places)
    if (suspects[product] === 1 && forecast[k]! > stock[k]!) scarce[product] = 1
  }
  return scarce
}

const withProducts = <Order>(orders: readonly ReplayOrder<Order>[], marked: Uint8Array): readonly ReplayOrder<Order>[] =>
  orders.filter(({ lines }) => lines.some(({ product }) => marked[product] === 1))

/** What the orders to come take under these prices. */
function* use<Order>(
  { weight, places, decide }: ReplayQuestion<Order>,
  orders: readonly ReplayOrder<Order>[],
  prices: Float64Array,
  into: Float64Array,
): Generator<void, void> {
  into.fill(0)
  for (const { order, times } of orders) {
    decide(order, prices, (product, place, quantity) => {
      into[product * places + place]! += quantity * times * weight[product]!
    })
    yield
  }
}

const move = <Order>(
  { stock, places }: ReplayQuestion<Order>,
  scarce: Uint8Array,
  price: Float64Array,
  taken: Float64Array,
  step: number,
): void => {
  for (let k = 0; k < price.length; k++) {
    const both = taken[k]! + stock[k]!
    if (both === 0 || scarce[Math.floor(k / places)] !== 1) continue
    price[k] = Math.max(0, price[k]! + (step * (taken[k]! - stock[k]!)) / both)
  }
}
