/**
 * What orders were when they were placed, for those this process met lately. It never changes, so an order need not be
 * read, sent and parsed anew at every step of its life; its head and its progress are read each time.
 */
import type { OrderId } from '../kernel/ids.ts'
import type { Placed } from './order.ts'

/** Some 300 bytes a line: 15 MB at most. */
const linesMax = 50_000

export class PlacedMemory {
  readonly #known = new Map<OrderId, Placed>()
  #lines = 0

  remember(id: OrderId, placed: Placed): void {
    if (this.#known.has(id)) return
    this.#known.set(id, placed)
    this.#lines += placed.lines.length
    // The oldest go: an order's steps come close together.
    for (const [oldest, { lines }] of this.#known) {
      if (this.#lines <= linesMax) return
      this.#known.delete(oldest)
      this.#lines -= lines.length
    }
  }

  known(ids: readonly OrderId[]): Map<OrderId, Placed> {
    const found = new Map<OrderId, Placed>()
    for (const id of ids) {
      const placed = this.#known.get(id)
      if (placed !== undefined) found.set(id, placed)
    }
    return found
  }
}
