/** The memory forms of what orders are looked up and forecast by: for the simulation. */
import type { OrderId } from '../kernel/ids.ts'
import type { Instant } from '../kernel/ids.ts'
import { milliseconds } from '../kernel/time.ts'
import { MemoryTable } from '../platform/store/memory.ts'
import { Aborted, type MemoryWrite } from '../platform/store/work.ts'
import type { RecentOrder, RecentOrders } from './contract.ts'
import type { ListedOrder, ListingStore } from './listing-store.ts'
import type { Live } from './order.ts'
import type { MemoryOrders } from './store.memory.ts'

type Listed = Readonly<{ number: number; status: string; total: number }>

/** Rows as the reaction leaves them; lists are answered by the orders themselves. */
export class MemoryListing implements ListingStore {
  readonly rows = new MemoryTable<OrderId, Listed>()
  readonly #orders: Pick<MemoryOrders, 'rows'>
  constructor(orders: Pick<MemoryOrders, 'rows'>) {
    this.#orders = orders
  }

  placed(orders: readonly ListedOrder[]): MemoryWrite {
    return this.changed(orders.map(({ id }) => id))
  }

  readdressed(ids: readonly OrderId[]): MemoryWrite {
    return this.changed(ids)
  }

  changed(ids: readonly OrderId[]): MemoryWrite {
    return {
      apply: () => {
        for (const id of ids) this.#refresh(id)
      },
    }
  }

  #refresh(id: OrderId): void {
    const order = this.#orders.rows.get(id)?.state
    if (order?.status !== 'live') return
    const { number } = order.placed
    const isNew = !this.rows.has(id)
    if (isNew && [...this.rows.values()].some((row) => row.number === number)) throw new Aborted('conflict', `number ${number}`)
    this.rows.set(id, { number, status: order.progress.status, total: order.progress.totals.total })
  }
}

const dayMs = 86_400_000
const countedDays = 7

/** The newest orders as they were asked for, and how many come a day. */
export const memoryRecent =
  (orders: Pick<MemoryOrders, 'rows'>, clock: () => Instant) =>
  (limit: number): Promise<RecentOrders> => {
    const live = [...orders.rows.values()].flatMap(({ state }) => (state.status === 'live' ? [state] : []))
    const newest = live.sort((a, b) => (a.placed.placedAt < b.placed.placedAt ? 1 : -1))
    const sinceMs = milliseconds(clock()) - countedDays * dayMs
    const counted = newest.filter(({ placed }) => milliseconds(placed.placedAt) > sinceMs)
    const firstMs = counted.length === 0 ? 0 : milliseconds(counted.at(-1)?.placed.placedAt ?? clock())
    const days = Math.max(1, (milliseconds(clock()) - firstMs) / dayMs)
    return Promise.resolve({ orders: newest.slice(0, limit).map(askedOf), perDay: counted.length / days })
  }

const askedOf = ({ placed }: Live): RecentOrder => ({
  destination: placed.destination,
  shippingMethod: placed.shippingMethod,
  channel: placed.channel,
  total: placed.totals.total,
  group: placed.customerGroup ?? null,
  lines: placed.lines.flatMap(({ kind, sku, quantity, grams }) =>
    kind === 'product' || kind === 'component' ? [{ sku, quantity, grams }] : [],
  ),
})
