/** The stock of a what-if: laid out once, and for each policy a copy of its own that its orders use up. Pure. */
import type { Place, Sku } from '../kernel/ids.ts'
import type { Levels, Sourced, SourcingOrder } from '../sourcing/contract.ts'

/** Units free at the start, by product, one number a warehouse in the network's order; `ample`: whatever is asked for. */
export type Layout = 'ample' | ReadonlyMap<Sku, readonly number[]>
export type StockRow = readonly [sku: Sku, place: Place, units: number]

/** More than all orders of a simulation together can ask for: 50,000 orders of 2,000 lines of 1,000,000 units, rounded up. */
const ampleUnits = 1_000_000_000_000_000

/** Rows of places that the network lacks are left out: what lies in a closed warehouse cannot be sent. */
export const layoutOf = (rows: readonly StockRow[], places: readonly Place[], scale = 1): Layout => {
  const index = new Map(places.map((place, w) => [place, w]))
  const layout = new Map<Sku, number[]>()
  for (const [sku, place, units] of rows) {
    const w = index.get(place)
    if (w === undefined) continue
    const row = layout.get(sku) ?? places.map(() => 0)
    row[w] = (row[w] ?? 0) + units
    layout.set(sku, row)
  }
  // Scaled at the end: what two rows say of one place is rounded once.
  for (const row of layout.values()) for (const [w, units] of row.entries()) row[w] = Math.max(0, Math.floor(units * scale))
  return layout
}

/**
 * Stock made up for orders that never had any: of each product `factor` times what the orders ask for, spread over the
 * places by shares that follow from the seed, the product and the place alone. So the same question gives the same stock,
 * and where a place is closed the others keep their proportions.
 */
export const spreadOut = (
  demand: readonly (readonly [sku: Sku, units: number])[],
  places: readonly Place[],
  factor: number,
  seed: number,
): Layout =>
  new Map(
    demand.map(([sku, units]) => {
      // Exponential weights: every way to divide a product among the places is as likely as any other.
      const weights = places.map((place) => -Math.log(chance(`${seed}\n${sku}\n${place}`)))
      return [sku, divided(Math.round(units * factor), weights)]
    }),
  )

/** In whole units by largest remainder. */
const divided = (units: number, weights: readonly number[]): readonly number[] => {
  const all = weights.reduce((sum, weight) => sum + weight, 0)
  const exact = weights.map((weight) => (units * weight) / all)
  const shares = exact.map(Math.floor)
  let left = units - shares.reduce((sum, share) => sum + share, 0)
  const byRemainder = exact
    .map((share, w) => ({ w, remainder: share - Math.floor(share) }))
    .sort((a, b) => b.remainder - a.remainder)
  for (const { w } of byRemainder) {
    if (left === 0) break
    shares[w] = (shares[w] ?? 0) + 1
    left -= 1
  }
  return shares
}

/** Evenly above 0 and below 1: FNV-1a, and the mixing that ends MurmurHash3, since near texts must not have near values. */
const chance = (text: string): number => {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (((hash ^ (hash >>> 16)) >>> 0) + 0.5) / 2 ** 32
}

/** One policy's own copy: a product's row is copied when units are first taken from it. */
export class PrivateStock {
  readonly #layout: Layout
  readonly #places: ReadonlyMap<Place, number>
  readonly #own = new Map<Sku, number[]>()
  readonly #nothing: readonly number[]
  readonly #ample: readonly number[]

  constructor(layout: Layout, places: readonly Place[]) {
    this.#layout = layout
    this.#places = new Map(places.map((place, w) => [place, w]))
    this.#nothing = places.map(() => 0)
    this.#ample = places.map(() => ampleUnits)
  }

  /** Dated supply is not played: what would have to wait is unfilled. */
  levels(utilisation: readonly number[]): Levels {
    return { available: (sku) => this.#available(sku), lots: () => noLots, utilisation }
  }

  take({ lines }: SourcingOrder, { shipments }: Sourced): void {
    if (this.#layout === 'ample') return
    for (const shipment of shipments) {
      for (const { line, quantity, from } of shipment.lines) {
        const sku = lines[line]?.sku
        const w = this.#places.get(from)
        if (sku === undefined || w === undefined) throw new Error(`a plan sends line ${line} from ${from}, which there is not`)
        const row = this.#own.get(sku) ?? [...this.#available(sku)]
        const left = (row[w] ?? 0) - quantity
        if (left < 0) throw new Error(`a plan takes ${quantity} of ${sku} from ${from}, ${-left} more than there are`)
        row[w] = left
        this.#own.set(sku, row)
      }
    }
  }

  #available(sku: Sku): readonly number[] {
    if (this.#layout === 'ample') return this.#ample
    return this.#own.get(sku) ?? this.#layout.get(sku) ?? this.#nothing
  }
}
const noLots: ReturnType<Levels['lots']> = []
