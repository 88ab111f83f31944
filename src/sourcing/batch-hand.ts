/** Who holds what while a batch is bettered: one option an order, and the units that are left. */

/** A pair is `product × places + place`. */
export type Use = Readonly<{ pair: number; quantity: number }>
/** One way to send an order. */
export type Option<Plan> = Readonly<{
  plan: Plan
  /** Whole money, without prices; what is left out, or comes after its promise, is fined in it. */
  cost: number
  parcels: number
  uses: readonly Use[]
  /** With the prices that were asked, no way to send the order costs less. */
  least: number
}>
export type BatchOrder<Order, Plan> = Readonly<{
  order: Order
  /** How it is to be sent now; null when nothing was decided yet. */
  present: Option<Plan> | null
}>
/** The normal decision for one order against this stock, under prices a unit (by pair, whole) or none. */
export type Decide<Order, Plan> = (order: Order, stock: Float64Array, prices: Float64Array | null) => Option<Plan>

export type Terms<Order, Plan> = Readonly<{
  orders: readonly BatchOrder<Order, Plan>[]
  decide: Decide<Order, Plan>
  /** What another way than the present one must save at least. */
  threshold: number
}>

export class Hand<Order, Plan> {
  readonly options: (Option<Plan> | null)[]
  readonly left: Float64Array
  readonly #terms: Terms<Order, Plan>
  readonly #moved: boolean[]
  decisions = 0

  /** Nothing is decided yet. */
  constructor(terms: Terms<Order, Plan>, stock: ArrayLike<number>) {
    this.#terms = terms
    this.options = terms.orders.map(() => null)
    this.#moved = terms.orders.map(() => false)
    this.left = Float64Array.from(stock)
  }

  copy(): Hand<Order, Plan> {
    const other = new Hand(this.#terms, this.left)
    this.options.forEach((option, o) => {
      other.options[o] = option
      other.#moved[o] = this.#moved[o] ?? false
    })
    return other
  }

  take(o: number, option: Option<Plan>): void {
    for (const { pair, quantity } of option.uses) this.left[pair]! -= quantity
    this.options[o] = option
    this.#moved[o] = isMove(this.#terms.orders[o]!.present, option)
  }

  /** @returns what it held. */
  giveBack(o: number): Option<Plan> {
    const option = this.options[o]
    if (option === null || option === undefined) throw new Error(`order ${o} of the batch holds nothing`)
    for (const { pair, quantity } of option.uses) this.left[pair]! += quantity
    this.options[o] = null
    this.#moved[o] = false
    return option
  }

  fits(option: Option<Plan>): boolean {
    return option.uses.every(({ pair, quantity }) => quantity <= this.left[pair]!)
  }

  /** The best for order `o` from `stock`, what is left by default; its present way, unless another saves the threshold. */
  best(o: number, prices: Float64Array | null = null, stock: Float64Array = this.left): Option<Plan> {
    const { orders, decide, threshold } = this.#terms
    const { order, present } = orders[o]!
    this.decisions++
    const option = decide(order, stock, prices)
    if (present === null || present.uses.some(({ pair, quantity }) => quantity > stock[pair]!)) return option
    return priced(option, prices) + threshold < priced(present, prices) ? option : present
  }

  /** What is compared: cost, and the threshold where it is not the present way. */
  weight(o: number): number {
    return (this.options[o]?.cost ?? 0) + (this.#moved[o] === true ? this.#terms.threshold : 0)
  }

  get total(): number {
    return this.options.reduce((sum, _, o) => sum + this.weight(o), 0)
  }

  isMoved(o: number): boolean {
    return this.#moved[o] === true
  }
}

export const priced = <Plan>({ cost, uses }: Option<Plan>, prices: Float64Array | null): number =>
  prices === null ? cost : uses.reduce((sum, { pair, quantity }) => sum + quantity * prices[pair]!, cost)

/** The same units from the same places are the same way: how they travel follows from that. */
const isMove = <Plan>(present: Option<Plan> | null, option: Option<Plan>): boolean => {
  if (present === null || present === option) return false
  if (present.uses.length !== option.uses.length) return true
  return present.uses.some(({ pair, quantity }) => !option.uses.some((use) => use.pair === pair && use.quantity === quantity))
}
