/**
 * What one event of an order adds to the figures, and what must be remembered of the order for its next one. Pure.
 *
 * Counts and money belong to the time at which the order was placed, so that rates compare like with like and never exceed
 * one; how long a stage took belongs to the time at which it ended.
 */
import type { Day, Instant } from '../kernel/ids.ts'
import { dayIn, milliseconds } from '../kernel/time.ts'
import type { OrderEvent, OrderEventOf, ParcelStatus } from '../orders/contract.ts'

export const stages = ['received_to_paid', 'paid_to_ready', 'ready_to_in_transit', 'in_transit_to_completed', 'total'] as const
export type Stage = (typeof stages)[number]

/** The sums of `insights.figures`, named as its columns. */
export const figureNames = [
  'orders',
  'lines',
  'items',
  'units',
  'value',
  'discount',
  'shipping',
  'cancelled',
  'expired',
  'cancelled_value',
  'cancelled_units',
  'completed',
  'delivered_units',
  'returned_units',
  'refunded',
  'shipped',
  'parcels',
  'split',
  'backordered',
  'on_time',
  'late',
] as const
export type Figure = (typeof figureNames)[number]
export type Figures = Readonly<Partial<Record<Figure, number>>>

export type OrderLife = Readonly<{
  currency: string
  placedAt: Instant
  /** History brought in from a file: it counts as volume, but its stages took no time here. */
  imported: boolean
  /** Whether its money was waited for here. */
  prepaid: boolean
  paidAt?: Instant | undefined
  readyAt?: Instant | undefined
  inTransitAt?: Instant | undefined
  completedAt?: Instant | undefined
  promised?: Day | undefined
  /** Units and money of what is not cancelled; kept when the order closes, so that reopening can take it back. */
  units: number
  value: number
  backordered: boolean
  closed?: 'cancelled' | 'expired' | undefined
  /** Those that left. */
  parcels: Readonly<Record<string, 'sent' | 'delivered'>>
}>
export type Took = Readonly<{ stage: Stage; durationMs: number }>
export type PromotionUse = Readonly<{ code: string; discount: number; orderValue: number }>
export type Step = Readonly<{ life: OrderLife; figures: Figures; took?: readonly Took[]; promotions?: readonly PromotionUse[] }>

/** Whether an event can add anything: most news of money does not, and nothing need be known of its order then. */
export const isCounted = (event: OrderEvent): boolean => {
  if (event.type === 'MoneyRecorded') return event.step === 'refunded'
  if (event.type === 'StatusChanged') return event.to !== 'received' && event.to !== 'cancelled'
  return true
}

type Told = Readonly<{ at: Instant; zone: string }>

export const place = (event: OrderEventOf<'OrderPlaced'>): Step => {
  const { lines, totals, currency, placedAt } = event
  const bought = lines.filter(({ kind }) => kind === 'product' || kind === 'bundle')
  const units = sum(lines.filter(({ kind }) => kind === 'product' || kind === 'component'))
  return {
    life: {
      currency,
      placedAt,
      imported: event.dialect === 'import',
      prepaid: event.terms === 'prepaid',
      units,
      value: totals.total,
      backordered: false,
      promised: event.promised,
      parcels: {},
    },
    figures: {
      orders: 1,
      lines: bought.length,
      items: sum(bought),
      units,
      value: totals.total,
      discount: totals.discount,
      shipping: totals.shipping,
    },
    promotions: (event.promotions ?? []).map(({ code, amount }) => ({ code, discount: amount, orderValue: totals.total })),
  }
}

export const advance = (life: OrderLife, event: Exclude<OrderEvent, { type: 'OrderPlaced' }>, told: Told): Step => {
  switch (event.type) {
    case 'StockReserved':
      return reserved(life, event)
    case 'PlanRevised':
    case 'ParcelsCombined':
      return nothing(life)
    case 'UnitsCancelled': {
      const gone = sum(event.lines)
      const lost = life.value - event.totals.total
      return {
        life: { ...life, units: life.units - gone, value: event.totals.total },
        figures: { cancelled_units: gone, cancelled_value: lost },
      }
    }
    case 'UnitsAdded': {
      const units = sum(event.lines)
      const value = event.totals.total
      return { life: { ...life, units: life.units + units, value }, figures: { units, items: units, value: value - life.value } }
    }
    case 'OrderCancelled':
      return close(life, 'cancelled')
    case 'OrderExpired':
      return close(life, 'expired')
    case 'OrderReopened':
      if (life.closed !== 'expired') return nothing(life)
      return {
        life: { ...life, closed: undefined },
        figures: { expired: -1, cancelled_units: -life.units, cancelled_value: -life.value },
      }
    case 'MoneyRecorded':
      return event.step === 'refunded' ? { life, figures: { refunded: event.amount } } : nothing(life)
    case 'ParcelProgressed':
      return parcelMoved(life, event)
    case 'UnitsReturned':
      return { life, figures: { returned_units: sum(event.lines) } }
    case 'StatusChanged':
      return life.imported && event.to !== 'completed' ? nothing(life) : reached(life, event.to, told)
    case 'BackorderFilled':
    case 'ArrivalMoved':
    case 'SupplyFailed':
    case 'WaitEnded':
    case 'ChoiceOffered':
    case 'ChoiceMade':
    case 'UnitsMoved':
    case 'UnitsShort':
    case 'ReopenRefused':
    case 'OrderSecured':
    case 'AssemblyRequested':
    case 'HoldPlaced':
    case 'HoldReleased':
    case 'FulfilmentProgressed':
    case 'NoteAdded':
    case 'AddressChanged':
      return nothing(life)
  }
}

const nothing = (life: OrderLife): Step => ({ life, figures: {} })
const sum = (lines: readonly Readonly<{ quantity: number }>[]): number => lines.reduce((total, { quantity }) => total + quantity, 0)

const reserved = (life: OrderLife, { shipments, promised }: OrderEventOf<'StockReserved'>): Step => {
  const waits = shipments.some(({ lines }) => lines.some(({ kind }) => kind === 'backorder' || kind === 'preorder'))
  const arrival = shipments
    .flatMap(({ arrives, lines }) => (lines.length === 0 ? [] : [arrives]))
    .sort()
    .at(-1)
  return {
    life: {
      ...life,
      backordered: life.backordered || waits,
      // What the customer was told first is the promise; a later plan moves the expectation only.
      promised: life.promised ?? (life.imported ? undefined : (promised ?? arrival)),
    },
    figures: waits && !life.backordered ? { backordered: 1 } : {},
  }
}

const close = (life: OrderLife, closed: 'cancelled' | 'expired'): Step => {
  if (life.closed !== undefined) return nothing(life)
  return {
    life: { ...life, closed },
    figures: { [closed]: 1, cancelled_units: life.units, cancelled_value: life.value },
  }
}

const withCarrier: ReadonlySet<ParcelStatus> = new Set([
  'picked_up',
  'in_transit',
  'out_for_delivery',
  'ready_for_pickup',
  'failed_attempt',
  'delivered',
  'returned_to_sender',
  'exception',
])

const parcelMoved = (life: OrderLife, { parcel, status, lines }: OrderEventOf<'ParcelProgressed'>): Step => {
  const before = life.parcels[parcel]
  const now = before === 'delivered' || status === 'delivered' ? 'delivered' : withCarrier.has(status) ? 'sent' : before
  if (now === undefined || now === before) return nothing(life)
  const sentBefore = Object.keys(life.parcels).length
  const figures: Figures = {
    ...(before === undefined
      ? { parcels: 1, ...(sentBefore === 0 ? { shipped: 1 } : {}), ...(sentBefore === 1 ? { split: 1 } : {}) }
      : {}),
    ...(now === 'delivered' ? { delivered_units: sum(lines) } : {}),
  }
  return { life: { ...life, parcels: { ...life.parcels, [parcel]: now } }, figures }
}

const reached = (life: OrderLife, status: OrderEventOf<'StatusChanged'>['to'], { at, zone }: Told): Step => {
  const since = (stage: Stage, from: Instant | undefined): Took[] =>
    from === undefined || life.imported ? [] : [{ stage, durationMs: Math.max(0, milliseconds(at) - milliseconds(from)) }]
  switch (status) {
    case 'received':
    case 'cancelled':
      return nothing(life)
    case 'paid':
      return {
        life: { ...life, paidAt: at },
        figures: {},
        took: life.prepaid ? since('received_to_paid', life.placedAt) : [],
      }
    case 'ready':
      return { life: { ...life, readyAt: at }, figures: {}, took: since('paid_to_ready', life.paidAt) }
    case 'in_transit':
      return { life: { ...life, inTransitAt: at }, figures: {}, took: since('ready_to_in_transit', life.readyAt) }
    case 'completed': {
      if (life.completedAt !== undefined) return nothing(life)
      const kept = life.promised === undefined ? undefined : dayIn(zone, at) <= life.promised
      return {
        life: { ...life, completedAt: at },
        figures: { completed: 1, ...(kept === undefined ? {} : kept ? { on_time: 1 } : { late: 1 }) },
        took: [...since('in_transit_to_completed', life.inTransitAt), ...since('total', life.placedAt)],
      }
    }
  }
}
