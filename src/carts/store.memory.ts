/** The memory form of the carts' store: for tests of rooms and for the simulation. */
import type { Instant, OrderId } from '../kernel/ids.ts'
import { Aborted, type MemoryWrite, type Work } from '../platform/store/work.ts'
import type { CartChange, CartRepository, StoredCart } from './store.ts'

export class MemoryCarts implements CartRepository {
  readonly rows = new Map<string, StoredCart>()

  lock(_work: Work, ids: readonly string[]): Promise<ReadonlyMap<string, StoredCart>> {
    return this.get(ids)
  }

  save(changes: readonly CartChange[]): readonly MemoryWrite[] {
    return [
      {
        apply: () => {
          for (const { id, version, events, state, owner, expiresAt } of changes) {
            if ((this.rows.get(id)?.version ?? 0) !== version - events.length) throw new Aborted('guard', id)
            this.rows.set(id, { version, state, owner, expiresAt })
          }
        },
      },
    ]
  }

  emptied(carts: readonly Readonly<{ cartId: string; order: OrderId }>[]): MemoryWrite {
    return {
      apply: () => {
        for (const { cartId, order } of carts) {
          const row = this.rows.get(cartId)
          if (row === undefined) throw new Aborted('guard', cartId)
          this.rows.set(cartId, { ...row, version: row.version + 1, state: { items: [], currency: null, lastOrder: order } })
        }
      },
    }
  }

  get(ids: readonly string[]): Promise<ReadonlyMap<string, StoredCart>> {
    return Promise.resolve(new Map(ids.flatMap((id) => [...pair(id, this.rows.get(id))])))
  }

  sweep(_work: Work, now: Instant, limit: number): Promise<number> {
    const ended = [...this.rows].filter(([, { expiresAt }]) => expiresAt < now).slice(0, limit)
    for (const [id] of ended) this.rows.delete(id)
    return Promise.resolve(ended.length)
  }
}

const pair = (id: string, row: StoredCart | undefined): readonly (readonly [string, StoredCart])[] =>
  row === undefined ? [] : [[id, row]]
