/** The stuck list: first what went wrong anywhere, oldest first; then every open order that has waited too long. */
import type { Instant, OrderId } from '../kernel/ids.ts'
import { dayIn, milliseconds } from '../kernel/time.ts'
import { otherList } from '../platform/http/pages.ts'
import type { OrderStatus } from './contract.ts'
import type { OrderRepository } from './store.ts'
import { systemMarkSeconds, type WaitsFor, waitingOf } from './stuck.ts'
import type { Incident, StuckStore } from './stuck-store.ts'

export type StuckRow = Readonly<{
  /** What it is about where it can be acted on: `dead_letter:<consumer>:<position>`, `dead_task:<id>`, `order:<id>` … */
  ref: string
  orderId: OrderId | null
  number: string | null
  status: OrderStatus | null
  reason: string
  detail: string
  since: Instant
  ageSeconds: number
  waitsFor: WaitsFor
}>
export type StuckAsked = Readonly<{ olderThanSeconds?: number | undefined; limit: number; after?: string | undefined }>
export type StuckPage = Readonly<{ data: readonly StuckRow[]; next: string | undefined }>

/** Orders looked at for one answer, and at once: most of them wait for somebody and are not shown. */
const [lookedAtMax, atOnceMax] = [2_000, 200]

/** Where a page goes on: behind an incident, or behind an order. */
type Cursor = Readonly<{ in: 'incidents'; since: Instant; ref: string }> | Readonly<{ in: 'orders'; after?: OrderId }>

export class StuckList {
  readonly #store: StuckStore
  readonly #orders: Pick<OrderRepository, 'get'>
  readonly #zone: string
  /** @param zone the shop's: it says what "today" is, for days that were promised. */
  constructor(store: StuckStore, orders: Pick<OrderRepository, 'get'>, zone: string) {
    this.#store = store
    this.#orders = orders
    this.#zone = zone
  }

  async page({ olderThanSeconds, limit, after }: StuckAsked): Promise<StuckPage> {
    const from: Cursor | undefined = after === undefined ? undefined : parseCursor(after)
    const now = await this.#store.now()
    const data: StuckRow[] = []
    if (from?.in !== 'orders') {
      const found = await this.#store.incidents({ olderThanSeconds: olderThanSeconds ?? 0, limit: limit + 1, after: from })
      data.push(...found.slice(0, limit).map((incident) => rowOf(incident, now)))
      const last = found.length > limit ? found[limit - 1] : undefined
      if (last !== undefined) return { data, next: `i|${last.since}|${last.ref}` }
    }
    return this.#orderPage(from?.in === 'orders' ? from.after : undefined, { data, limit, olderThanSeconds, now })
  }

  async #orderPage(
    from: OrderId | undefined,
    {
      data,
      limit,
      olderThanSeconds,
      now,
    }: Readonly<{ data: StuckRow[]; limit: number; olderThanSeconds: number | undefined; now: Instant }>,
  ): Promise<StuckPage> {
    const today = dayIn(this.#zone, now)
    let after = from
    for (let lookedAt = 0; lookedAt < lookedAtMax && data.length < limit; lookedAt += atOnceMax) {
      const open = await this.#store.openOrders(after, atOnceMax)
      const states = await this.#orders.get(open.map(({ id }) => id))
      for (const { id, statusSince, updatedAt } of open) {
        if (data.length >= limit) return { data, next: orderCursor(after) }
        after = id
        const state = states.get(id)?.state
        const waiting = state?.status === 'live' ? waitingOf(state, today, now) : undefined
        if (state?.status !== 'live' || waiting === undefined) continue
        // Nobody is waited for: it has stood still since its last news, whatever its status.
        const since = waiting.markSeconds === systemMarkSeconds ? updatedAt : statusSince
        const ageSeconds = age(since, now)
        const mark = olderThanSeconds ?? waiting.markSeconds
        if (mark === undefined || ageSeconds < mark) continue
        const { markSeconds: _, ...why } = waiting
        const about = { ref: `order:${id}`, orderId: id, number: String(state.placed.number), status: state.progress.status }
        data.push({ ...about, ...why, since, ageSeconds })
      }
      if (open.length < atOnceMax) return { data, next: undefined }
    }
    return { data, next: orderCursor(after) }
  }
}

const age = (since: Instant, now: Instant): number => Math.max(0, Math.floor((milliseconds(now) - milliseconds(since)) / 1000))

const rowOf = ({ number, ...incident }: Incident, now: Instant): StuckRow => ({
  ...incident,
  number: number === null ? null : String(number),
  ageSeconds: age(incident.since, now),
})

const orderCursor = (after: OrderId | undefined): string => `o|${after ?? ''}`
/** The text comes signed (`readCursor`), so it was made here, though perhaps for another list. @throws Problem `cursor_invalid` */
const parseCursor = (text: string): Cursor => {
  const [kind, first = '', ...rest] = text.split('|')
  if (kind === 'i') return { in: 'incidents', since: first as Instant, ref: rest.join('|') }
  if (kind !== 'o') throw otherList()
  return first === '' ? { in: 'orders' } : { in: 'orders', after: first as OrderId }
}
