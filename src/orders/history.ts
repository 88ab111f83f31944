/**
 * An order from before Waybill as the events of its life: placed, paid and delivered at its own date from the place
 * `external`. Pure. The fewest events whose fold is the order as it ended: nothing was reserved, sourced or assembled here,
 * so nothing says so.
 *
 * Cancels are of the order's own day, so they come before its delivery: units that were cancelled were never sent.
 */
import { type Change, fold } from '../kernel/decider.ts'
import type { Instant, OrderId, PersonRef, Sku } from '../kernel/ids.ts'
import type { HistoricalLine, HistoricalOrder, Reversal } from '../imports/contract.ts'
import type { Destination, LineUnits, OrderEvent, PlacedLine, Totals } from './contract.ts'
import { evolve } from './evolve.ts'
import { type Live, type Order, type Placed, sumOf, unplaced } from './order.ts'

/** Where goods were before Waybill: no warehouse, so nothing is ever sold from there. */
export const externalPlace = 'external'

export type HistoryAbout = Readonly<{
  id: OrderId
  number: number
  payment: string
  parcel: string
  contact: PersonRef
  user?: string | undefined
  destination: Destination
  /** Of one unit. */
  gramsOf: (sku: Sku) => number
}>
/** Money that went back: `total` is what the order came to afterwards, where it was for a cancel. */
export type HistoricalRefund = Readonly<{ id: string; amount: number; at: Instant; total?: number }>
export type OrderHistory = Readonly<{
  change: Change<OrderEvent, Order>
  /** The events of each instant, in order: history keeps its own dates. */
  steps: readonly Readonly<{ at: Instant; events: readonly OrderEvent[] }>[]
  paid: number
  refunds: readonly HistoricalRefund[]
}>

export const historyOf = (order: HistoricalOrder, about: HistoryAbout): OrderHistory => {
  const placed = placedOf(order, about)
  const { payment, parcel } = about
  const paid = placed.totals.total
  const life = new Recorder(order.at)
  life.record(order.at, placed, { type: 'MoneyRecorded', payment, step: 'captured', amount: paid }, { type: 'OrderSecured' })
  const refunds: HistoricalRefund[] = []
  let total = paid
  for (const voucher of vouchersOf(order, ({ cancels }) => cancels)) {
    total -= voucher.amount
    const cancelled = cancelOf(voucher, life.live, total)
    if (cancelled !== undefined) life.record(voucher.at, cancelled)
    life.record(voucher.at, { type: 'MoneyRecorded', payment, step: 'refunded', amount: voucher.amount })
    refunds.push({ id: voucher.invoice, amount: voucher.amount, at: voucher.at, total })
  }
  const { status, phase, counters } = life.live.progress
  if (phase === 'cancelled') life.record(life.at, { type: 'StatusChanged', from: status, to: 'cancelled' })
  else {
    const lines = counters.current.flatMap((quantity, line) => (quantity > 0 ? [{ line, quantity }] : []))
    life.record(
      life.at,
      { type: 'ParcelProgressed', parcel, fulfilment: parcel, status: 'delivered', carrier: externalPlace, attempts: 1, lines },
      { type: 'StatusChanged', from: status, to: 'completed' },
    )
  }
  for (const voucher of vouchersOf(order, ({ returns }) => returns)) {
    const { invoice, at, amount, units: lines } = voucher
    // A delivery charge that is given back later comes without goods.
    if (lines.length > 0) life.record(at, { type: 'UnitsReturned', return: invoice, lines, refund: amount })
    // Payments names the refund of a return so: it finds this one made, and asks nobody for it again.
    refunds.push({ id: lines.length > 0 ? `${invoice}-${life.version}` : invoice, amount, at })
    life.record(at, { type: 'MoneyRecorded', payment, step: 'refunded', amount })
  }
  return { change: { id: about.id, version: life.version, state: life.live, events: [] }, steps: life.steps, paid, refunds }
}

const placedOf = (order: HistoricalOrder, { number, user, contact, destination, gramsOf }: HistoryAbout): Placed => {
  const subtotal = order.lines.reduce((sum, line) => sum + line.quantity * line.unitPrice, 0)
  const { externalRef, currency, at: placedAt } = order
  return {
    type: 'OrderPlaced',
    number,
    placedAt,
    ...(user === undefined ? {} : { user }),
    contact,
    externalRef,
    channel: 'import',
    source: 'online-retail',
    dialect: 'import',
    currency,
    lines: order.lines.map((line) => placedLine(line, gramsOf)),
    totals: totalsOf(subtotal),
    terms: 'outside',
    capture: 'placement',
    onShortage: 'refuse',
    destination,
    shippingMethod: 'standard',
  }
}

const placedLine = (
  { code, description, quantity, unitPrice, kind }: HistoricalLine,
  gramsOf: (sku: Sku) => number,
): PlacedLine => {
  const sku = code as Sku
  const isGoods = kind === 'product'
  return {
    sku,
    name: description === '' ? code : description,
    quantity,
    unitPrice,
    discount: 0,
    kind: isGoods ? 'product' : 'charge',
    grams: isGoods ? gramsOf(sku) : 0,
    ifShort: 'refuse',
  }
}

/** The file's prices are all there is: no discount, delivery among the lines, tax unknown. */
const totalsOf = (subtotal: number): Totals => ({ subtotal, discount: 0, shipping: 0, tax: 0, total: subtotal })

/** What one cancellation invoice took from an order: units of its goods, and money for goods and charges alike. */
type Voucher = Readonly<{ invoice: string; at: Instant; units: readonly LineUnits[]; amount: number }>

const vouchersOf = (order: HistoricalOrder, reversalsOf: (line: HistoricalLine) => readonly Reversal[]): readonly Voucher[] => {
  const found = new Map<string, { at: Instant; units: Map<number, number>; amount: number }>()
  for (const [index, line] of order.lines.entries()) {
    for (const { invoice, at, quantity } of reversalsOf(line)) {
      const voucher = found.get(invoice) ?? { at, units: new Map<number, number>(), amount: 0 }
      found.set(invoice, voucher)
      voucher.amount += quantity * line.unitPrice
      if (line.kind === 'product') voucher.units.set(index, (voucher.units.get(index) ?? 0) + quantity)
    }
  }
  return [...found]
    .map(([invoice, { at, units, amount }]) => ({
      invoice,
      at,
      amount,
      units: [...units].map(([line, quantity]) => ({ line, quantity })),
    }))
    .sort((a, b) => (a.at === b.at ? (a.invoice < b.invoice ? -1 : 1) : a.at < b.at ? -1 : 1))
}

/** Nothing where only charges are left to take back: an order without units is cancelled already. */
const cancelOf = ({ invoice, units }: Voucher, { progress }: Live, total: number): OrderEvent | undefined => {
  if (progress.phase === 'cancelled') return undefined
  const reason = `cancelled by ${invoice}`
  const left = sumOf(progress.counters.current) - sumOf(units.map(({ quantity }) => quantity))
  // The money is in the history itself: nothing is to be refunded because of these.
  return left === 0
    ? { type: 'OrderCancelled', reason, refund: 'none' }
    : { type: 'UnitsCancelled', reason, lines: units, totals: totalsOf(total), refund: 'none' }
}

/** Folds while it records, so that the row that is saved is the fold of its history by construction. */
class Recorder {
  readonly steps: { at: Instant; events: OrderEvent[] }[] = []
  #state: Order = unplaced
  version = 0
  at: Instant

  constructor(at: Instant) {
    this.at = at
  }

  record(at: Instant, ...events: readonly OrderEvent[]): void {
    const step = this.steps.at(-1)
    if (step?.at === at) step.events.push(...events)
    else this.steps.push({ at, events: [...events] })
    this.#state = fold(evolve, this.#state, events)
    this.version += events.length
    this.at = at
  }

  get live(): Live {
    if (this.#state.status !== 'live') throw new Error('a history begins with its placement')
    return this.#state
  }
}

/** Goods that left and that came back, for the ledger: charges are nowhere in stock, cancelled units never left. */
export const goodsMoved = (order: HistoricalOrder) =>
  order.lines.flatMap(({ code, kind, quantity, cancelled, returns }) =>
    kind === 'product' ? [{ sku: code as Sku, shipped: quantity - cancelled, returns }] : [],
  )
