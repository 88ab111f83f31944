/**
 * How late parcels come, and how many days a promise must allow for that: the conformal quantile of (delivered − planned)
 * in the finest cell that has enough deliveries. Pure.
 */
import type { Day, OrderId, Place } from '../kernel/ids.ts'
import { daysBetween } from '../kernel/time.ts'
import type { Shipment } from '../orders/contract.ts'

export type Lane = Readonly<{ place: Place; service: string; country: string }>
/** So many parcels of a lane came so many days after their planned day (negative: before). */
export type LatenessCount = Lane & Readonly<{ days: number; deliveries: number; onTime: number }>
export type LatenessRow = LatenessCount & Readonly<{ month: Day }>

/** Of ten promises nine are to be kept; measured at 95.8 % for whole days, since a day cannot be split. */
export const target = 0.9
/** Below so many deliveries a cell's own quantile says little, and the next coarser cell answers. */
export const deliveriesMin = 40
/** What comes later, or earlier, counts as this: a parcel lost for a year says nothing about the next one. */
const daysMax = 60

export type CellKind = 'lane' | 'service' | 'all' | 'none'
export type Calibrated = Readonly<{ bufferDays: number; from: CellKind; deliveries: number }>
export type Calibration = (lane: Lane) => Calibrated

type Cell = Map<number, number>
const nothingKnown: Calibrated = { bufferDays: 0, from: 'none', deliveries: 0 }

export const calibrate = (counts: readonly LatenessCount[], quantile = target, least = deliveriesMin): Calibration => {
  if (counts.length === 0) return () => nothingKnown
  const lanes = new Map<string, Cell>()
  const services = new Map<string, Cell>()
  const all: Cell = new Map()
  for (const count of counts)
    for (const cell of [found(lanes, laneKey(count)), found(services, serviceKey(count)), all])
      cell.set(count.days, (cell.get(count.days) ?? 0) + count.deliveries)
  const answers = new Map<Cell, Omit<Calibrated, 'from'> | undefined>()
  const answer = (cell: Cell | undefined): Omit<Calibrated, 'from'> | undefined => {
    if (cell === undefined) return undefined
    if (!answers.has(cell)) answers.set(cell, answerOf(cell, quantile, least))
    return answers.get(cell)
  }
  return (lane) => {
    const own = answer(lanes.get(laneKey(lane)))
    if (own !== undefined) return { ...own, from: 'lane' }
    const service = answer(services.get(serviceKey(lane)))
    if (service !== undefined) return { ...service, from: 'service' }
    const whole = answer(all)
    return whole === undefined ? nothingKnown : { ...whole, from: 'all' }
  }
}

const laneKey = ({ place, service, country }: Lane): string => `${place}\n${service}\n${country}`
const serviceKey = ({ service, country }: Lane): string => `${service}\n${country}`
const found = (cells: Map<string, Cell>, key: string): Cell => {
  const cell = cells.get(key) ?? new Map<number, number>()
  cells.set(key, cell)
  return cell
}

const answerOf = (cell: Cell, quantile: number, least: number): Omit<Calibrated, 'from'> | undefined => {
  const deliveries = [...cell.values()].reduce((sum, count) => sum + count, 0)
  if (deliveries < least) return undefined
  // Never before the plan: a day that is usually beaten is still the day the engine answers for.
  return { bufferDays: Math.max(0, quantileOf(cell, deliveries, quantile)), deliveries }
}

/** The conformal rank ⌈(n + 1)·q⌉: the next delivery is at most so late with a chance of at least q, whatever the distribution. */
const quantileOf = (cell: Cell, deliveries: number, quantile: number): number => {
  // Where the sample is too small for so high a quantile, its largest value is the best there is.
  const rank = Math.min(deliveries, Math.ceil((deliveries + 1) * quantile - 1e-9))
  const days = [...cell.keys()].sort((a, b) => a - b)
  let passed = 0
  for (const day of days) {
    passed += cell.get(day) ?? 0
    if (passed >= rank) return day
  }
  return days.at(-1) ?? 0
}

/** An order as far as its parcels' days go. */
export type PlannedOrder = Readonly<{
  service: string
  country: string
  promised?: Day | undefined
  shipments: readonly Shipment[]
}>

export type Delivered = Readonly<{ order: OrderId; place: Place; lines: readonly Readonly<{ line: number }>[]; day: Day }>

/**
 * What one delivery adds; undefined where the plan says nothing of it. Parcels that waited for supply are left out: how
 * late a supplier was says nothing about the road.
 */
export const latenessOf = ({ place, lines, day }: Delivered, order: PlannedOrder): LatenessRow | undefined => {
  const shipment = order.shipments.find(
    (planned) => planned.place === place && planned.lines.some(({ line }) => lines.some((carried) => carried.line === line)),
  )
  if (shipment === undefined || shipment.lines.some(({ kind }) => kind === 'backorder' || kind === 'preorder')) return undefined
  return {
    month: `${day.slice(0, 7)}-01` as Day,
    place,
    service: order.service,
    country: order.country,
    days: Math.max(-daysMax, Math.min(daysMax, daysBetween(shipment.arrives, day))),
    deliveries: 1,
    onTime: day <= (order.promised ?? shipment.arrives) ? 1 : 0,
  }
}

export type LaneReport = Lane &
  Readonly<{
    deliveries: number
    onTimeRate: number
    bufferDays: number
    from: CellKind
    /** Days, on average: what a promise with this buffer is off by, late days counted at `target`, early ones at 1 − `target`. */
    pinballLoss: number
    /** `late`: promises are broken more often than they may be; `early`: more days are promised than are needed. */
    alarm: 'late' | 'early' | null
  }>
/** A lane that keeps its target leaves this many standard errors once in 370 looks. */
const alarmErrors = 3

/** Each lane with how it kept its promises and what is allowed for it now, busiest first. */
export const reportOf = (counts: readonly LatenessCount[]): readonly LaneReport[] => {
  const calibration = calibrate(counts)
  const lanes = new Map<string, Lane & { deliveries: number; onTime: number; cell: Cell }>()
  for (const { place, service, country, days, deliveries, onTime } of counts) {
    const key = laneKey({ place, service, country })
    const lane = lanes.get(key) ?? { place, service, country, deliveries: 0, onTime: 0, cell: new Map<number, number>() }
    lane.deliveries += deliveries
    lane.cell.set(days, (lane.cell.get(days) ?? 0) + deliveries)
    lane.onTime += onTime
    lanes.set(key, lane)
  }
  return [...lanes.values()]
    .sort((a, b) => b.deliveries - a.deliveries || (laneKey(a) < laneKey(b) ? -1 : 1))
    .map(({ onTime, cell, ...lane }) => {
      const { bufferDays, from } = calibration(lane)
      const rate = onTime / lane.deliveries
      const pinballLoss = rounded(pinballOf(cell, lane.deliveries, bufferDays))
      return {
        ...lane,
        onTimeRate: rounded(rate),
        bufferDays,
        from,
        pinballLoss,
        alarm: alarmOf(rate, lane.deliveries, bufferDays),
      }
    })
}

const rounded = (value: number): number => Number(value.toFixed(4))

/** Least, on average, where the buffer is the quantile itself. */
export const pinballOf = (cell: ReadonlyMap<number, number>, deliveries: number, bufferDays: number): number => {
  let sum = 0
  for (const [days, count] of cell) {
    const over = days - bufferDays
    sum += count * (over > 0 ? target * over : (target - 1) * over)
  }
  return sum / deliveries
}

/** Without a buffer nothing can be promised earlier. */
const alarmOf = (rate: number, deliveries: number, bufferDays: number): LaneReport['alarm'] => {
  if (deliveries < deliveriesMin) return null
  const allowed = alarmErrors * Math.sqrt((target * (1 - target)) / deliveries)
  if (rate < target - allowed) return 'late'
  return rate > target + allowed && bufferDays > 0 ? 'early' : null
}
