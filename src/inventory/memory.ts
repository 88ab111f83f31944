/**
 * The levels this process last saw: a hint that lets a batch of placements be planned without reading first. Nobody is
 * refused on it and nothing is saved unguarded (HEART §3.1): what looks short is read again, and the saving statement
 * takes units only where they are free.
 */
import type { Sku } from '../kernel/ids.ts'
import type { Delta, LevelRow } from './levels.ts'

/** About 100 bytes a row: 200,000 products in five places stay under 100 MB; beyond it everything is forgotten at once. */
export const productsMax = 200_000

export class LevelMemory {
  readonly #rows = new Map<Sku, LevelRow[]>()

  /** Copies, so that a batch plans on what it saw while others go on. Undefined when a product was never seen. */
  recall(skus: Iterable<Sku>): LevelRow[] | undefined {
    const found: LevelRow[] = []
    for (const sku of skus) {
      const rows = this.#rows.get(sku)
      if (rows === undefined) return undefined
      found.push(...rows)
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
      const index = rows?.findIndex((row) => row.place === delta.place) ?? -1
      const row = rows?.[index]
      if (rows === undefined || row === undefined) continue
      rows[index] = {
        ...row,
        onHand: row.onHand + delta.onHand,
        reserved: row.reserved + delta.reserved,
        inTransit: row.inTransit + delta.inTransit,
        damaged: row.damaged + delta.damaged,
        safety: row.safety + delta.safety,
      }
    }
  }

  /** Rows as they stand after a commit that locked them. */
  remember(rows: readonly LevelRow[], skus: Iterable<Sku>): void {
    if (this.#rows.size > productsMax) this.#rows.clear()
    for (const sku of skus) this.#rows.set(sku, [])
    for (const row of rows) this.#rows.get(row.sku)?.push(row)
  }

  forget(skus: Iterable<Sku>): void {
    for (const sku of skus) this.#rows.delete(sku)
  }
}
