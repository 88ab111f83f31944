/** What the demo's orders came to: each order counted from what the shop itself says of it. */
import type { OrderId } from '../kernel/ids.ts'
import { type Live, sumOf } from '../orders/order.ts'
import type { Shop } from '../shop.ts'

export type Summary = Readonly<{
  orders: number
  /** By the plan at placement; with `unplanned` (nothing could be had) they sum to `orders`. */
  onePlace: number
  split: number
  consolidated: number
  unplanned?: number
  /** Orders with a line that waited for supply, or for its release. */
  backordered: number
  preordered: number
  /** By where they stand now; together they are all orders. */
  completed: number
  cancelled: number
  waiting: number
  /** What the waiting ones wait for. */
  waitingFor: Readonly<Record<string, number>>
  totalMinor: number
  refundedMinor: number
}>

/** Units travel first: consolidated. Several parcels: split. Both at once counts as consolidated: the van went. */
const planned = async (
  shop: Shop,
  id: OrderId,
): Promise<
  | 'onePlace'
  | 'split'
  | 'consolidated'
  | 'unplanned'
  | Readonly<{ kinds: ReadonlySet<string>; plan: 'onePlace' | 'split' | 'consolidated' }>
> => {
  const history = await shop.journal.history(id)
  const reserved = history.find(({ event }) => event.type === 'StockReserved')?.event
  if (reserved === undefined || !('shipments' in reserved) || !Array.isArray(reserved.shipments)) return 'unplanned'
  const shipments = reserved.shipments as readonly { place: string; lines: readonly { from: string; kind: string }[] }[]
  const lines = shipments.flatMap(({ place, lines }) => lines.map((line) => ({ ...line, place })))
  const plan = lines.some(({ from, place }) => from !== place) ? 'consolidated' : shipments.length > 1 ? 'split' : 'onePlace'
  return { kinds: new Set(lines.map(({ kind }) => kind)), plan }
}

/** Why an open order is open, in a word that people understand. */
const waitsFor = ({ progress }: Live): string => {
  if (sumOf(progress.counters.preordered) > 0) return 'release'
  if (sumOf(progress.counters.backordered) > 0) return 'supply'
  if (!progress.secured) return 'payment'
  if (progress.holds.length > 0) return 'hold'
  const fulfilment = progress.fulfilments.find(({ status }) => !['delivered', 'cancelled', 'collected'].includes(status))
  return fulfilment?.status ?? 'carrier'
}

export const summarise = async (shop: Shop, ids: readonly OrderId[]): Promise<Summary> => {
  const counts = {
    onePlace: 0,
    split: 0,
    consolidated: 0,
    unplanned: 0,
    backordered: 0,
    preordered: 0,
    completed: 0,
    cancelled: 0,
    waiting: 0,
    totalMinor: 0,
    refundedMinor: 0,
  }
  const waitingFor: Record<string, number> = {}
  for (const id of ids) {
    const plan = await planned(shop, id)
    if (typeof plan === 'string') counts[plan] += 1
    else {
      counts[plan.plan] += 1
      if (plan.kinds.has('backorder')) counts.backordered += 1
      if (plan.kinds.has('preorder')) counts.preordered += 1
    }
  }
  for (const read of await shop.reads.many(ids)) {
    if (read === undefined) throw new Error('an order of the demo cannot be read')
    const { status, totals, money } = read.order.progress
    counts.totalMinor += totals.total
    counts.refundedMinor += sumOf(money.map(({ refunded }) => refunded))
    if (status === 'completed' || status === 'cancelled') counts[status] += 1
    else {
      counts.waiting += 1
      const reason = waitsFor(read.order)
      waitingFor[reason] = (waitingFor[reason] ?? 0) + 1
    }
  }
  const { unplanned, ...told } = counts
  return {
    orders: ids.length,
    ...told,
    ...(unplanned === 0 ? {} : { unplanned }),
    waitingFor: Object.fromEntries(Object.entries(waitingFor).sort(([a], [b]) => (a < b ? -1 : 1))),
  }
}

export const table = (summary: Summary): string => {
  const rows: readonly (readonly [string, number | string])[] = [
    ['orders', summary.orders],
    ['  shipped from one place', summary.onePlace],
    ['  split over places', summary.split],
    ['  brought together first', summary.consolidated],
    ...(summary.unplanned === undefined ? [] : [['  nothing could be had', summary.unplanned] as const]),
    ['with a backordered line', summary.backordered],
    ['with a pre-ordered line', summary.preordered],
    ['completed', summary.completed],
    ['cancelled', summary.cancelled],
    ['waiting', summary.waiting],
    ...Object.entries(summary.waitingFor).map(([what, count]) => [`  for ${what}`, count] as const),
    ['value of the orders', `GBP ${(summary.totalMinor / 100).toFixed(2)}`],
    ['refunded', `GBP ${(summary.refundedMinor / 100).toFixed(2)}`],
  ]
  return rows.map(([name, value]) => `${name.padEnd(28)}${String(value).padStart(14)}`).join('\n')
}
