/** The memory form of the orders' repository: for tests and for the simulation. */
import type { Change, Stored } from '../kernel/decider.ts'
import type { Instant, OrderId } from '../kernel/ids.ts'
import { MemoryTable } from '../platform/store/memory.ts'
import { Aborted, type MemoryWrite, type Work } from '../platform/store/work.ts'
import type { OrderEvent } from './contract.ts'
import type { Order } from './order.ts'
import type { ListFilter } from './listing-store.ts'
import type { OrderRepository, StoredOrder } from './store.ts'

const firstNumber = 1001

export class MemoryOrders implements OrderRepository {
  readonly rows = new MemoryTable<OrderId, StoredOrder>()
  readonly #clock: () => Instant
  #number = firstNumber

  /** @param clock says which reservations are over; a batch has a time of its own. */
  constructor(clock: () => Instant) {
    this.#clock = clock
  }

  lock(_work: Work, ids: readonly OrderId[]): Promise<Map<OrderId, Stored<Order>>> {
    return this.get(ids)
  }

  ended(_work: Work, ids: readonly OrderId[]): Promise<ReadonlySet<OrderId>> {
    const hasEnded = (id: OrderId): boolean => {
      const state = this.rows.get(id)?.state
      return state?.status === 'live' && (state.progress.phase === 'cancelled' || state.progress.phase === 'expired')
    }
    return Promise.resolve(new Set(ids.filter(hasEnded)))
  }

  add(changes: readonly Change<OrderEvent, Order>[], now: Instant): MemoryWrite {
    return {
      apply: () => {
        for (const { id, version, state } of changes) this.rows.insert(id as OrderId, { version, state, updatedAt: now })
      },
    }
  }

  save(changes: readonly Change<OrderEvent, Order>[], now: Instant): MemoryWrite {
    const unknown = (): void => {
      for (const { id } of changes) if (!this.rows.has(id as OrderId)) throw new Aborted('guard', id)
    }
    return {
      check: unknown,
      apply: () => {
        for (const { id, version, state } of changes) this.rows.set(id as OrderId, { version, state, updatedAt: now })
      },
      touches: changes.map(({ id }) => `orders.orders ${id}`),
      guarded: true,
    }
  }

  get(ids: readonly OrderId[]): Promise<Map<OrderId, StoredOrder>> {
    const found = new Map<OrderId, StoredOrder>()
    for (const id of ids) {
      const row = this.rows.get(id)
      if (row !== undefined) found.set(id, row)
    }
    return Promise.resolve(found)
  }

  /** By what an order itself says; people's names and addresses are not here, so that nothing is found by them. */
  list(filter: ListFilter): Promise<readonly OrderId[]> {
    const fits = ([id, order]: Listed): boolean => {
      const { placed, progress } = order
      if (filter.email !== undefined) return false
      return (
        (filter.statuses?.includes(progress.status) ?? true) &&
        (filter.user === undefined || placed.user === filter.user) &&
        (filter.externalRef === undefined || placed.externalRef === filter.externalRef) &&
        (filter.number === undefined || placed.number === filter.number) &&
        (filter.text === undefined || placed.externalRef === filter.text || String(placed.number) === filter.text) &&
        (filter.from === undefined || placed.placedAt >= filter.from) &&
        (filter.to === undefined || placed.placedAt < filter.to) &&
        (filter.after === undefined || id < filter.after)
      )
    }
    return Promise.resolve(
      this.#live()
        .filter(fits)
        .map(([id]) => id)
        .sort((a, b) => (a < b ? 1 : -1))
        .slice(0, filter.limit),
    )
  }

  idByNumber(number: number): Promise<OrderId | undefined> {
    return Promise.resolve(this.#live().find(([, { placed }]) => placed.number === number)?.[0])
  }

  idsByExternalRef(refs: readonly string[]): Promise<ReadonlyMap<string, OrderId>> {
    return Promise.resolve(
      new Map(
        this.#live().flatMap(([id, { placed }]): [string, OrderId][] =>
          placed.externalRef !== undefined && refs.includes(placed.externalRef) ? [[placed.externalRef, id]] : [],
        ),
      ),
    )
  }

  toExpire(limit: number): Promise<readonly OrderId[]> {
    const now = this.#clock()
    const due = this.#live().flatMap(([id, { progress }]) =>
      progress.expiresAt !== undefined && progress.expiresAt <= now ? [{ id, at: progress.expiresAt }] : [],
    )
    return Promise.resolve(
      due
        .sort((a, b) => (a.at < b.at ? -1 : 1))
        .slice(0, limit)
        .map(({ id }) => id),
    )
  }

  numbers(count: number): Promise<readonly number[]> {
    const first = this.#number
    this.#number += count
    return Promise.resolve(Array.from({ length: count }, (_, index) => first + index))
  }

  #live(): Listed[] {
    return [...this.rows].flatMap(([id, { state }]): Listed[] => (state.status === 'live' ? [[id, state]] : []))
  }
}

type Listed = [OrderId, Extract<Order, { status: 'live' }>]
