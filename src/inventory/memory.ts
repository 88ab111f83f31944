/**
 * The levels this process last saw: a hint that lets a batch of placements be planned without reading first. Nobody is
 * refused on it and nothing is saved unguarded (HEART §3.1): what looks short is read again, and the saving statement
 * takes units only where they are free.
 */
import type { Sku } from '../kernel/ids.ts'
import { type Delta, type LevelRow, type LevelsBySku, levelsBySku } from './levels.ts'

/** About 100 bytes a row: 200,000 products in five places stay under 100 MB; beyond it everything is forgotten at once. */
export const productsMax = 200_000

export class LevelMemory {
  /** Lists are handed out as they are, so they are replaced and never changed: a batch plans on what it saw while others go on. */
  readonly #rows = new Map<Sku, readonly LevelRow[]>()

  /** Undefined when a product was never seen. */
  recall(skus: Iterable<Sku>): LevelsBySku | undefined {
    const found = new Map<Sku, readonly LevelRow[]>()
    for (const sku of skus) {
      const rows = this.#rows.get(sku)
      if (rows === undefined) return undefined
      found.set(sku, rows)
    }
    return found
  }

  /** Those of these products that were never seen, or were forgotten. */
  unknown(skus: Iterable<Sku>): Sku[] {
    return [...skus].filter((sku) => !this.#rows.has(sku))
  }

  /** What a batch is about to save: the next batch must not plan on the same units. */
  apply(deltas: readonly Delta[]): void {
    for (const delta of deltas) {
      const rows = this.#rows.get(delta.sku)
      if (rows === undefined) continue
      this.#rows.set(
        delta.sku,
        rows.map((row) => (row.place === delta.place ? moved(row, delta) : row)),
      )
    }
  }

  /** Rows as they stand after a commit that locked them. */
  remember(rows: readonly LevelRow[], skus: Iterable<Sku>): void {
    if (this.#rows.size > productsMax) this.#rows.clear()
    const known = levelsBySku(rows)
    for (const sku of skus) this.#rows.set(sku, known.get(sku) ?? [])
  }

  forget(skus: Iterable<Sku>): void {
    for (const sku of skus) this.#rows.delete(sku)
  }
}

const moved = ({ sku, place, onHand, reserved, inTransit, damaged, safety }: LevelRow, by: Delta): LevelRow => ({
  sku,
  place,
  onHand: onHand + by.onHand,
  reserved: reserved + by.reserved,
  inTransit: inTransit + by.inTransit,
  damaged: damaged + by.damaged,
  safety: safety + by.safety,
})
