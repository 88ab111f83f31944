/**
 * `waybill verify`: folds every history and compares it with its state row, the ledger with levels, reservations with open
 * demand, the money log with orders. A shop in which anything differs is told what and where; nothing is mended silently.
 */
import type { Envelope, Fact } from '../kernel/event.ts'
import type { Decider } from '../kernel/decider.ts'
import { type Shop, streamTables } from '../shop.ts'
import { unpackProgress } from '../orders/codec.ts'
import type { OrderEvent } from '../orders/contract.ts'
import { capturedOf, refundedOf } from '../orders/derive.ts'
import { evolve } from '../orders/evolve.ts'
import { type Live, type Order, unplaced } from '../orders/order.ts'
import { type Found, type OrderRow, Snapshot, type StateRow } from './verify-store.ts'

export type Verified = Readonly<{ ok: boolean; orders: number; events: number; differences: readonly Found[] }>
export type OnVerifyProgress = (done: number, all: number) => void

/** Beyond this the rest is counted, not listed. */
const listedMax = 1_000

export const verifyShop = async (shop: Shop, onProgress: OnVerifyProgress = () => undefined): Promise<Verified> => {
  const client = await shop.database.client()
  const snapshot = new Snapshot(client)
  const differences: Found[] = []
  const differ = (what: string, detail: string): void => {
    if (differences.length < listedMax) differences.push({ what, detail })
  }
  try {
    await snapshot.begin()
    const [all, events] = [await snapshot.count('orders.orders'), await snapshot.count('platform.journal')]
    const pending = await snapshot.pendingOrders(shop.reactions)
    let orders = 0
    for await (const { rows, histories } of snapshot.orders()) {
      const ids = rows.map(({ id }) => id)
      const [held, money] = [await snapshot.heldBy(ids), await snapshot.moneyOf(ids)]
      for (const row of rows) {
        const order = verifyOrder(row, histories.get(row.id) ?? [], differ)
        if (order === undefined || pending.has(row.id)) continue
        verifyHeld(row.id, order, held.get(row.id) ?? [], differ)
        verifyMoney(row.id, order, money.get(row.id), differ)
      }
      orders += rows.length
      onProgress(orders, all)
    }
    for (const { table, decider } of streamTables) {
      for await (const { rows, histories } of snapshot.streams(table)) {
        for (const row of rows)
          verifyStream(table, row, histories.get(row.id) ?? [], decider as Decider<unknown, Fact, unknown, string>, differ)
      }
    }
    const sums = [
      await snapshot.ordersWithoutRow(),
      await snapshot.ledgerAgainstLevels(),
      await snapshot.holdingsAgainstLevels(),
      await snapshot.queueAgainstHoldings(),
    ]
    for (const { what, detail } of sums.flat()) differ(what, detail)
    for (const { payment, order, what, logged, stated } of await shop.payments.moneyDifferences())
      differ('money_log', `payment ${payment} of order ${order}: ${what} logged ${logged}, stated ${stated}`)
    await snapshot.end()
    return { ok: differences.length === 0, orders, events, differences }
  } finally {
    await client.end()
  }
}

type Differ = (what: string, detail: string) => void

/** Field order and absent fields say nothing; everything else does. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )

const gapless = (history: readonly Envelope[], version: number): boolean =>
  history.length === version && history.every((envelope, index) => envelope.version === index + 1)

const verifyOrder = (row: OrderRow, history: readonly Envelope[], differ: Differ): Live | undefined => {
  if (!gapless(history, row.version)) {
    differ('history', `order ${row.id}: version ${row.version}, ${history.length} events`)
    return undefined
  }
  let folded: Order = unplaced
  try {
    folded = history.reduce((order, { event }) => evolve(order, event as OrderEvent), folded)
  } catch (fault) {
    differ('history', `order ${row.id}: ${fault instanceof Error ? fault.message : String(fault)}`)
  }
  if (folded.status !== 'live') return undefined
  const stored = unpackProgress(row.progress, folded.placed)
  if (canonical(stored) !== canonical(folded.progress))
    differ('order_state', `order ${row.id}: the row is not the fold of its ${row.version} events`)
  if (row.status !== folded.progress.status || row.phase !== folded.progress.phase || row.total !== folded.progress.totals.total)
    differ('order_head', `order ${row.id}: the head says ${row.status}, ${row.phase}, ${row.total}`)
  verifyTotals(row.id, folded, differ)
  return folded
}

const verifyTotals = (id: string, { placed, progress }: Live, differ: Differ): void => {
  const { subtotal, discount, shipping, total } = placed.totals
  const goods = placed.lines.reduce((sum, line) => sum + line.unitPrice * line.quantity, 0)
  const off = placed.lines.reduce((sum, line) => sum + line.discount, 0)
  if (
    goods !== subtotal ||
    off !== discount ||
    (total !== subtotal - discount + shipping && total !== subtotal - discount + shipping + placed.totals.tax)
  )
    differ('order_total', `order ${id}: lines ${goods} − ${off}, total ${total}`)
  for (const [line, placedLine] of placed.lines.entries()) {
    const { current, cancelled, added } = progress.counters
    if (
      placedLine.kind !== 'bundle' &&
      placedLine.kind !== 'charge' &&
      (current[line] ?? 0) + (cancelled[line] ?? 0) !== placedLine.quantity + (added[line] ?? 0)
    )
      differ(
        'order_units',
        `order ${id} line ${line + 1}: ${current[line]} current + ${cancelled[line]} cancelled of ${placedLine.quantity} + ${added[line]} added`,
      )
  }
}

const verifyHeld = (
  id: string,
  order: Live,
  held: readonly (readonly [number, string, string, number, string])[],
  differ: Differ,
): void => {
  const { counters } = order.progress
  const units = (line: number, states: string): number =>
    held.reduce((sum, [at, , , quantity, state]) => sum + (at === line && states.includes(state) ? quantity : 0), 0)
  for (const line of order.placed.lines.keys()) {
    const [reserved, waiting] = [units(line, 'rt'), units(line, 'w')]
    const [says, waits] = [counters.reserved[line] ?? 0, (counters.backordered[line] ?? 0) + (counters.preordered[line] ?? 0)]
    if (reserved !== says || waiting !== waits)
      differ(
        'reservation_demand',
        `order ${id} line ${line + 1}: stock holds ${reserved} and ${waiting} waiting, the order says ${says} and ${waits}`,
      )
  }
}

const verifyMoney = (
  id: string,
  order: Live,
  logged: Readonly<{ captured: number; refunded: number }> | undefined,
  differ: Differ,
): void => {
  const [captured, refunded] = [capturedOf(order.progress), refundedOf(order.progress)]
  if (captured !== (logged?.captured ?? 0) || refunded !== (logged?.refunded ?? 0))
    differ(
      'money_order',
      `order ${id}: captured ${captured}, refunded ${refunded}; the money log says ${logged?.captured ?? 0}, ${logged?.refunded ?? 0}`,
    )
}

const verifyStream = (
  table: string,
  row: StateRow,
  history: readonly Envelope[],
  decider: Decider<unknown, Fact, unknown, string>,
  differ: Differ,
): void => {
  if (!gapless(history, row.version))
    return differ('history', `${table} ${row.id}: version ${row.version}, ${history.length} events`)
  try {
    const folded = history.reduce((state, { event }) => decider.evolve(state, event), decider.initial)
    if (canonical(JSON.parse(JSON.stringify(folded))) !== canonical(row.state))
      differ('stream_state', `${table} ${row.id}: the row is not the fold of its ${row.version} events`)
  } catch (fault) {
    differ('history', `${table} ${row.id}: ${fault instanceof Error ? fault.message : String(fault)}`)
  }
}
