/**
 * `waybill verify`: folds every history and compares it with its state row, the ledger with levels, reservations with open
 * demand, the money log with orders. A shop in which anything differs is told what and where; nothing is mended silently.
 */
import type { Fact } from '../kernel/event.ts'
import type { Decider } from '../kernel/decider.ts'
import type { Shop } from '../shop.ts'
import { streamTables } from '../shop-tables.ts'
import { unpackProgress } from '../orders/codec.ts'
import type { OrderEvent } from '../orders/contract.ts'
import { capturedOf, refundedOf } from '../orders/derive.ts'
import { evolve } from '../orders/evolve.ts'
import { type Live, type Order, unplaced } from '../orders/order.ts'
import { type Found, type Historied, type OrderRow, type PaymentRow, Snapshot, type StateRow } from './verify-store.ts'

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
    if (pending === undefined) differ('reactions_behind', 'too many orders are still to be reacted to: rooms were not compared')
    let orders = 0
    for await (const rows of snapshot.orders()) {
      for (const row of rows) {
        const order = verifyOrder(row, differ)
        if (order === undefined || (pending?.has(row.id) ?? true)) continue
        verifyHeld(row, order, differ)
        verifyMoney(row, order, differ)
      }
      orders += rows.length
      onProgress(orders, all)
    }
    for (const { table, decider } of streamTables) {
      const pages = table === 'payments.payments' ? snapshot.payments() : snapshot.streams(table)
      for await (const rows of pages) {
        for (const row of rows) {
          verifyStream(table, row, decider as Decider<unknown, Fact, unknown, string>, differ)
          if (isPayment(row)) verifyLog(row, differ)
        }
      }
    }
    for (const { what, detail } of await snapshot.sums()) differ(what, detail)
    await snapshot.end()
    return { ok: differences.length === 0, orders, events, differences }
  } finally {
    await client.end()
  }
}

type Differ = (what: string, detail: string) => void

/** Field order and absent fields say nothing; everything else does. */
export const isSame = (one: unknown, other: unknown): boolean => {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (Array.isArray(one) !== Array.isArray(other)) return false
  const [left, right] = [one as Record<string, unknown>, other as Record<string, unknown>]
  let fields = 0
  for (const name in left) {
    if (left[name] === undefined) continue
    fields += 1
    if (!isSame(left[name], right[name])) return false
  }
  for (const name in right) if (right[name] !== undefined) fields -= 1
  return fields === 0
}

const verifyOrder = (row: Historied<OrderRow>, differ: Differ): Live | undefined => {
  if (!row.gapless) {
    differ('history', `order ${row.id}: version ${row.version}, ${row.history.length} events`)
    return undefined
  }
  let folded: Order = unplaced
  try {
    for (const event of row.history) folded = evolve(folded, event as OrderEvent)
  } catch (fault) {
    differ('history', `order ${row.id}: ${fault instanceof Error ? fault.message : String(fault)}`)
  }
  if (folded.status !== 'live') return undefined
  const stored = unpackProgress(row.progress, folded.placed)
  if (!isSame(stored, folded.progress))
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

const verifyHeld = ({ id, held }: OrderRow, order: Live, differ: Differ): void => {
  const { counters } = order.progress
  const units = (line: number, states: string): number =>
    (held ?? []).reduce((sum, [at, , , quantity, state]) => sum + (at === line && states.includes(state) ? quantity : 0), 0)
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

const verifyMoney = (row: OrderRow, order: Live, differ: Differ): void => {
  const [captured, refunded] = [capturedOf(order.progress), refundedOf(order.progress)]
  if (captured !== row.captured || refunded !== row.refunded)
    differ(
      'money_order',
      `order ${row.id}: captured ${captured}, refunded ${refunded}; the money log says ${row.captured}, ${row.refunded}`,
    )
}

const isPayment = (row: StateRow): row is PaymentRow => 'strange' in row

/** The money log's sums against what the payment says of itself, and against each other. */
const verifyLog = (row: PaymentRow, differ: Differ): void => {
  const state = row.state as Partial<Started>
  const refunds = state.refunds ?? []
  const stated = {
    authorize: state.authorized ?? 0,
    capture: state.captured ?? 0,
    void: state.voided ?? 0,
    refund: refunds.reduce((sum, { step, amount }) => sum + (step === 'done' ? amount : 0), 0),
  }
  const tell = (what: string): void => differ('money_log', `payment ${row.id} of order ${row.order}: ${what}`)
  for (const kind of ['authorize', 'capture', 'void', 'refund'] as const)
    if (row[kind] !== stated[kind]) tell(`${kind} ${state.currency} logged ${row[kind]}, stated ${stated[kind]}`)
  if (row.strange > 0) tell(`${row.strange} movements in another currency or of another order`)
  if (row.capture + row.void > row.authorize)
    tell(`captured or given back ${row.capture + row.void} of ${row.authorize} authorised`)
  if (row.refund > row.capture) tell(`refunded ${row.refund} of ${row.capture} captured`)
}
type Started = Readonly<{
  currency: string
  authorized: number
  captured: number
  voided: number
  refunds: readonly Readonly<{ step: string; amount: number }>[]
}>

const verifyStream = (
  table: string,
  row: Historied<StateRow>,
  decider: Decider<unknown, Fact, unknown, string>,
  differ: Differ,
): void => {
  if (!row.gapless) return differ('history', `${table} ${row.id}: version ${row.version}, ${row.history.length} events`)
  try {
    const folded = row.history.reduce((state, event) => decider.evolve(state, event), decider.initial)
    // As the row would hold it: what JSON cannot say is not a difference.
    if (!isSame(folded, row.state) && !isSame(JSON.parse(JSON.stringify(folded)), row.state))
      differ('stream_state', `${table} ${row.id}: the row is not the fold of its ${row.version} events`)
  } catch (fault) {
    differ('history', `${table} ${row.id}: ${fault instanceof Error ? fault.message : String(fault)}`)
  }
}
