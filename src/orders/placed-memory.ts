/**
 * What orders were when they were placed, for those this process met lately. It never changes, so an order need not be
 * read, sent and parsed anew at every step of its life; its head and its progress are read each time.
 */
import type { OrderId } from '../kernel/ids.ts'
import type { Placed } from './order.ts'

/** Some 300 bytes a line, twice: 15 MB at most. */
const linesMax = 25_000

/**
 * In two generations: once the newer is full, the older is forgotten as a whole. To take the oldest out of one map at each
 * placement meant to walk past all that had been taken out before: 6 µs an order.
 */
export class PlacedMemory {
  #newer = new Map<OrderId, Placed>()
  #older: ReadonlyMap<OrderId, Placed> = new Map()
  #newerLines = 0

  remember(id: OrderId, placed: Placed): void {
    if (this.#of(id) !== undefined) return
    if (this.#newerLines >= linesMax) {
      this.#older = this.#newer
      this.#newer = new Map()
      this.#newerLines = 0
    }
    this.#newer.set(id, placed)
    this.#newerLines += placed.lines.length
  }

  known(ids: readonly OrderId[]): Map<OrderId, Placed> {
    const found = new Map<OrderId, Placed>()
    for (const id of ids) {
      const placed = this.#of(id)
      if (placed !== undefined) found.set(id, placed)
    }
    return found
  }

  #of(id: OrderId): Placed | undefined {
    return this.#newer.get(id) ?? this.#older.get(id)
  }
}
