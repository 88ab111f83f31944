/** What follows from an order's axes: the headline, whether money is secured, what may be done now. Pure. */
import type { LineUnits, OrderStatus, Shipment, ShipmentLine, Totals } from './contract.ts'
import { carriesUnits, type Live, type Placed, type Progress, sumOf } from './order.ts'
import { spread } from '../kernel/money.ts'

export const authorizedOf = (progress: Progress): number => sumOf(progress.money.map(({ authorized }) => authorized))
export const capturedOf = (progress: Progress): number => sumOf(progress.money.map(({ captured }) => captured))
export const refundedOf = (progress: Progress): number => sumOf(progress.money.map(({ refunded }) => refunded))

/** Money that stands for the order now: captured and not given back, or authorised and not captured yet. */
export const coverOf = (progress: Progress): number =>
  sumOf(
    progress.money.map(({ step, authorized, captured, refunded }) =>
      step === 'voided' || step === 'failed' ? Math.max(0, captured - refunded) : Math.max(authorized, captured) - refunded,
    ),
  )

export const notDue = (placed: Placed): boolean => placed.terms !== 'prepaid' || placed.totals.total === 0
export const isSecured = (placed: Placed, progress: Progress): boolean =>
  notDue(placed) || coverOf(progress) >= progress.totals.total

/** Never back; a status that no longer fits because units left waits for the next one forward. */
export const statusOf = ({ placed, progress }: Live): OrderStatus => {
  const { counters, phase, secured } = progress
  if (phase === 'cancelled' || phase === 'expired') return 'cancelled'
  const lines = placed.lines.map((line, index) => (carriesUnits(line) ? index : -1)).filter((index) => index >= 0)
  const every = (name: 'picked' | 'shipped' | 'delivered'): boolean =>
    lines.every((line) => (counters[name][line] ?? 0) >= (counters.current[line] ?? 0))
  const some = lines.some((line) => (counters.current[line] ?? 0) > 0)
  if (some && every('delivered')) return 'completed'
  if (sumOf(counters.shipped) > 0) return 'in_transit'
  if (some && secured && every('picked')) return 'ready'
  return secured ? 'paid' : 'received'
}

const ranks: Readonly<Record<OrderStatus, number>> = { received: 0, paid: 1, ready: 2, in_transit: 3, completed: 4, cancelled: 5 }
export const isForward = (from: OrderStatus, to: OrderStatus): boolean => from !== 'cancelled' && ranks[to] > ranks[from]

/** Units of each line that can still be cancelled: those whose parcel has not been collected. */
export const cancellable = ({ placed, progress }: Live): LineUnits[] =>
  placed.lines.flatMap((line, index) => {
    const units = (progress.counters.current[index] ?? 0) - (progress.counters.shipped[index] ?? 0)
    return carriesUnits(line) && units > 0 ? [{ line: index, quantity: units }] : []
  })

/** A line may be named more than once: its units count together. */
export const summed = (lines: readonly LineUnits[]): LineUnits[] => {
  const sums = new Map<number, number>()
  for (const { line, quantity } of lines) sums.set(line, (sums.get(line) ?? 0) + quantity)
  return [...sums].map(([line, quantity]) => ({ line, quantity }))
}

/** Totals with some units gone: goods and their discounts fall in proportion; delivery is paid while anything is sent. */
export const totalsWithout = (placed: Placed, counters: Progress['counters'], cancelled: readonly LineUnits[]): Totals => {
  const gone = new Map<number, number>()
  for (const { line, quantity } of cancelled) gone.set(line, (gone.get(line) ?? 0) + quantity)
  let subtotal = 0
  let discount = 0
  let units = 0
  for (const [index, line] of placed.lines.entries()) {
    if (line.kind === 'component' && line.parent !== undefined) continue
    const left = leftOf(placed, counters, gone, index)
    subtotal += line.unitPrice * left
    // Units that were added later are sold at their price: the discount was for what was ordered.
    discount += left >= line.quantity ? line.discount : (spread(line.discount, [left, line.quantity - left])[0] ?? 0)
    if (line.kind !== 'charge') units += left
  }
  const shipping = units > 0 ? placed.totals.shipping : 0
  const tax =
    placed.totals.total === 0
      ? 0
      : Math.round((placed.totals.tax * (subtotal - discount)) / Math.max(1, placed.totals.subtotal - placed.totals.discount))
  return { subtotal, discount, shipping, tax, total: subtotal - discount + shipping + (includedTax(placed) ? 0 : tax) }
}

/** Prices that include tax: the total is goods less discounts plus delivery, and tax is information. */
const includedTax = ({ totals }: Placed): boolean => totals.total === totals.subtotal - totals.discount + totals.shipping

const leftOf = (placed: Placed, counters: Progress['counters'], gone: ReadonlyMap<number, number>, index: number): number => {
  const line = placed.lines[index]
  if (line === undefined) return 0
  if (line.kind === 'charge') return line.quantity
  if (line.kind === 'product') return (counters.current[index] ?? 0) - (gone.get(index) ?? 0)
  // A bundle is left as often as its components allow whole ones.
  const parts = placed.lines.flatMap((part, at) => (part.parent === index ? [{ at, per: part.quantity / line.quantity }] : []))
  return parts.length === 0
    ? 0
    : Math.min(...parts.map(({ at, per }) => Math.floor(((counters.current[at] ?? 0) - (gone.get(at) ?? 0)) / per)))
}

export const lineState = ({ placed, progress: { counters, phase } }: Live, index: number): string => {
  const at = (name: keyof Progress['counters']): number => counters[name][index] ?? 0
  const line = placed.lines[index]
  if (line === undefined || line.kind === 'charge') return 'charged'
  if (at('current') === 0 || phase === 'cancelled' || phase === 'expired') return at('returned') > 0 ? 'returned' : 'cancelled'
  if (at('delivered') >= at('current')) return 'delivered'
  if (at('shipped') > 0) return 'shipped'
  if (at('backordered') > 0) return 'backordered'
  if (at('preordered') > 0) return 'preordered'
  if (at('picked') >= at('current')) return 'packed'
  return at('reserved') > 0 ? 'reserved' : 'pending'
}

export const actionsOf = (order: Live): string[] => {
  const { phase, holds, secured } = order.progress
  if (phase === 'completed') return ['return', 'add_note']
  if (phase !== 'open') return ['add_note']
  const actions = ['hold', 'add_note', 'change_address']
  if (cancellable(order).length > 0) actions.unshift('cancel')
  if (holds.length > 0) actions.push('release')
  if (order.progress.choice !== undefined) actions.push('choose')
  if (!secured) actions.push('pay')
  return actions
}

/**
 * The plan without some units: those not yet with a warehouse; what is with one leaves through fulfilment. Stock and
 * warehouses let units go in the same order: waiting ones first, then those to be sent elsewhere.
 */
export const planWithout = (plan: readonly Shipment[], assembled: number, cancelled: readonly LineUnits[]): readonly Shipment[] => {
  const gone = new Map<number, number>()
  for (const { line, quantity } of cancelled) gone.set(line, (gone.get(line) ?? 0) + quantity)
  const taken = new Map<ShipmentLine, number>()
  const open = plan.slice(assembled).flatMap(({ lines }) => lines)
  for (const line of open.toSorted((a, b) => letGoRank[a.kind] - letGoRank[b.kind])) {
    const units = Math.min(gone.get(line.line) ?? 0, line.quantity)
    gone.set(line.line, (gone.get(line.line) ?? 0) - units)
    taken.set(line, units)
  }
  return plan.map((shipment) => {
    const lines = shipment.lines.flatMap((line) => {
      const quantity = line.quantity - (taken.get(line) ?? 0)
      return quantity > 0 ? [{ ...line, quantity }] : []
    })
    return { ...shipment, lines }
  })
}
export const letGoRank = { backorder: 0, preorder: 0, transfer: 1, stock: 2 } as const

/** The promise of a plan: the day on which its last parcel arrives. */
export const arrivalOf = (plan: readonly Shipment[]): Shipment['arrives'] | undefined =>
  plan
    .flatMap(({ arrives, lines }) => (lines.length === 0 ? [] : [arrives]))
    .sort()
    .at(-1)
