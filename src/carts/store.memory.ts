/** The memory form of the carts' store: for tests of rooms and for the simulation. */
import type { Instant, OrderId } from '../kernel/ids.ts'
import { MemoryTable } from '../platform/store/memory.ts'
import { Aborted, type MemoryWrite, type Work } from '../platform/store/work.ts'
import type { CartChange, CartRepository, StoredCart } from './store.ts'

export class MemoryCarts implements CartRepository {
  readonly rows = new MemoryTable<string, StoredCart>()

  lock(_work: Work, ids: readonly string[]): Promise<ReadonlyMap<string, StoredCart>> {
    return this.get(ids)
  }

  save(changes: readonly CartChange[]): readonly MemoryWrite[] {
    const before = ({ version, events }: CartChange): number => version - events.length
    const known = changes.filter((change) => before(change) > 0)
    return [
      {
        apply: () => {
          for (const change of changes) if (before(change) === 0) this.rows.insert(change.id, rowOf(change))
        },
      },
      {
        check: () => {
          for (const change of known)
            if (this.rows.get(change.id)?.version !== before(change)) throw new Aborted('guard', change.id)
        },
        apply: () => {
          for (const change of known)
            this.rows.set(change.id, { ...rowOf(change), owner: this.rows.get(change.id)?.owner ?? change.owner })
        },
        touches: known.map(({ id }) => `carts ${id}`),
        guarded: true,
      },
    ]
  }

  emptied(carts: readonly Readonly<{ cartId: string; order: OrderId }>[]): MemoryWrite {
    return {
      check: () => {
        for (const { cartId } of carts) if (!this.rows.has(cartId)) throw new Aborted('guard', cartId)
      },
      apply: () => {
        for (const { cartId, order } of carts) {
          const row = this.rows.get(cartId)
          if (row === undefined) throw new Aborted('guard', cartId)
          this.rows.set(cartId, { ...row, version: row.version + 1, state: { items: [], currency: null, lastOrder: order } })
        }
      },
      touches: carts.map(({ cartId }) => `carts ${cartId}`),
      guarded: true,
    }
  }

  get(ids: readonly string[]): Promise<ReadonlyMap<string, StoredCart>> {
    return Promise.resolve(new Map(ids.flatMap((id) => [...pair(id, this.rows.get(id))])))
  }

  sweep(work: Work, now: Instant, limit: number): Promise<number> {
    const ended = [...this.rows]
      .filter(([, { expiresAt }]) => expiresAt < now)
      .sort(([, a], [, b]) => (a.expiresAt < b.expiresAt ? -1 : 1))
      .slice(0, limit)
    work.add({
      apply: () => {
        for (const [id] of ended) this.rows.delete(id)
      },
    })
    return Promise.resolve(ended.length)
  }
}

const rowOf = ({ version, state, owner, expiresAt }: CartChange): StoredCart => ({ version, state, owner, expiresAt })
const pair = (id: string, row: StoredCart | undefined): readonly (readonly [string, StoredCart])[] =>
  row === undefined ? [] : [[id, row]]
