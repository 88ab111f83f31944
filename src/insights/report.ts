/** What the figures say: sums become rates, averages and percentiles. Pure. docs/reference/insights.md tells what each means. */
import type { Day } from '../kernel/ids.ts'
import { quantileOf } from './histogram.ts'
import { type Figure, figureNames, type Stage, stages } from './order-life.ts'
import type { IntervalSums, PromotionSums, StageBin } from './store.ts'

export type Report = Readonly<{
  currency: string
  /** All that have orders in the range: each has a report of its own, never summed. */
  currencies: readonly string[]
  range: Readonly<{ from: Day; to: Day; interval: string; timeZone: string }>
  orders: Readonly<
    Record<
      | 'placed'
      | 'completed'
      | 'cancelled'
      | 'expired'
      | 'open'
      | 'shipped'
      | 'parcels'
      | 'lines'
      | 'items'
      | 'units'
      | 'deliveredUnits'
      | 'cancelledUnits'
      | 'returnedUnits',
      number
    >
  >
  /** Minor units. */
  money: Readonly<Record<'value' | 'cancelledValue' | 'discount' | 'shipping' | 'refunded', number>>
  basket: Readonly<{ averageItems: number | null; averageLines: number | null; averageValue: number | null }>
  processing: Readonly<Record<Stage, Readonly<{ p50Seconds: number | null; p90Seconds: number | null; count: number }>>>
  fulfilmentRate: number | null
  completionRate: number | null
  onTimeRate: number | null
  splitRate: number | null
  parcelsPerOrder: number | null
  backorderRate: number | null
  cancelRate: number | null
  returnRate: number | null
  stock: Readonly<{ low: number; soldOut: number }>
  promotions: readonly (PromotionSums & Readonly<{ averageOrderValue: number }>)[]
  series: readonly Readonly<
    { start: Day } & Record<'orders' | 'value' | 'items' | 'completed' | 'cancelled' | 'expired' | 'returnedUnits', number>
  >[]
}>

export type Material = Readonly<{
  currency: string
  currencies: readonly string[]
  range: Report['range']
  starts: readonly Day[]
  sums: readonly IntervalSums[]
  bins: readonly StageBin[]
  promotions: readonly PromotionSums[]
  stock: Report['stock']
}>

export const reportOf = ({ currency, currencies, range, starts, sums, bins, promotions, stock }: Material): Report => {
  const total = (name: Figure): number => sums.reduce((sum, row) => sum + row[name], 0)
  const t = Object.fromEntries(figureNames.map((name) => [name, total(name)])) as Record<Figure, number>
  return {
    currency,
    currencies,
    range,
    orders: {
      placed: t.orders,
      completed: t.completed,
      cancelled: t.cancelled,
      expired: t.expired,
      open: t.orders - t.completed - t.cancelled - t.expired,
      shipped: t.shipped,
      parcels: t.parcels,
      lines: t.lines,
      items: t.items,
      units: t.units,
      deliveredUnits: t.delivered_units,
      cancelledUnits: t.cancelled_units,
      returnedUnits: t.returned_units,
    },
    money: {
      value: t.value,
      cancelledValue: t.cancelled_value,
      discount: t.discount,
      shipping: t.shipping,
      refunded: t.refunded,
    },
    basket: {
      averageItems: ratio(t.items, t.orders, 2),
      averageLines: ratio(t.lines, t.orders, 2),
      averageValue: ratio(t.value, t.orders, 0),
    },
    processing: processingOf(bins),
    fulfilmentRate: ratio(t.delivered_units, t.units),
    completionRate: ratio(t.completed, t.orders),
    onTimeRate: ratio(t.on_time, t.on_time + t.late),
    splitRate: ratio(t.split, t.shipped),
    parcelsPerOrder: ratio(t.parcels, t.shipped, 2),
    backorderRate: ratio(t.backordered, t.orders),
    cancelRate: ratio(t.cancelled, t.orders),
    returnRate: ratio(t.returned_units, t.delivered_units),
    stock,
    promotions: promotions.map((row) => ({ ...row, averageOrderValue: Math.round(row.orderValue / row.uses) })),
    series: seriesOf(starts, sums),
  }
}

/** Null where there is nothing to divide by: no orders is not the same as a rate of nought. */
const ratio = (part: number, whole: number, digits = 4): number | null =>
  whole === 0 ? null : Number((part / whole).toFixed(digits))

const processingOf = (bins: readonly StageBin[]): Report['processing'] => {
  const of = (stage: Stage) => {
    const own = bins.filter((row) => row.stage === stage)
    return {
      p50Seconds: seconds(quantileOf(own, 0.5)),
      p90Seconds: seconds(quantileOf(own, 0.9)),
      count: own.reduce((sum, { count }) => sum + count, 0),
    }
  }
  return Object.fromEntries(stages.map((stage) => [stage, of(stage)])) as Report['processing']
}

const seconds = (durationMs: number | undefined): number | null => (durationMs === undefined ? null : Math.round(durationMs) / 1000)

const seriesOf = (starts: readonly Day[], sums: readonly IntervalSums[]): Report['series'] => {
  const byIndex = new Map(sums.map((row) => [row.index, row]))
  return starts.map((start, index) => {
    const row = byIndex.get(index)
    return {
      start,
      orders: row?.orders ?? 0,
      value: row?.value ?? 0,
      items: row?.items ?? 0,
      completed: row?.completed ?? 0,
      cancelled: row?.cancelled ?? 0,
      expired: row?.expired ?? 0,
      returnedUnits: row?.returned_units ?? 0,
    }
  })
}
