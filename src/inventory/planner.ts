/**
 * The planner: which lines of an order can be had, whole, and where they come from. Pure: it looks at the batch's levels
 * and answers; `stock.ts` then takes what was planned. A line is never shortened, and no line counts a unit twice.
 */
import { type Refusal, refuse } from '../kernel/decider.ts'
import type { Day, Instant, Place, Sku } from '../kernel/ids.ts'
import type { Decision, Destination, LineUnits, PlacedLine, Shipment } from '../orders/contract.ts'
import { free, type Levels } from './levels.ts'

export type ReserveLine = Readonly<{
  line: number
  sku: Sku
  quantity: number
  grams: number
  parent?: number | undefined
  ifShort: PlacedLine['ifShort']
}>
export type ReserveRequest = Readonly<{
  at: Instant
  destination: Destination
  lines: readonly ReserveLine[]
  shippingMethod: string
  /** What a policy may be chosen by, where it is known. */
  channel?: string | undefined
  /** Of the whole order, in minor units. */
  total?: number | undefined
  /** The customer's group. */
  group?: string | undefined
  /** The day that was promised for it: a plan that keeps it is preferred to a cheaper one that does not. */
  by?: Day | undefined
  /** Its place in the queue of those who wait, where that is not this moment. */
  since?: Instant | undefined
  /** In that queue: 0 to 9, the highest first. */
  priority?: number | undefined
  /** Asked without an order: an answer that nobody acts on. */
  rehearsal?: boolean | undefined
  /** Asked by somebody who can wait: the search for a better plan ends by itself, not after so many steps. */
  thorough?: boolean | undefined
}>

/** Units on their way to a place that nobody waits for yet. */
export type OpenLot = Readonly<{ place: Place; day: Day; quantity: number }>
export type StockSeen = Readonly<{
  free: (sku: Sku) => readonly Readonly<{ place: Place; units: number }>[]
  lots: (sku: Sku) => readonly OpenLot[]
}>

/** What sourcing is asked: lines that can be had, and which of them may wait for supply. */
export type SourceLine = ReserveLine & Readonly<{ waits: boolean }>
/** What was seen and decided; why it was asked is the asker's to add. */
export type SourceDecision = Omit<Decision, 'cause'>
export type SourceAnswer = Readonly<{
  shipments: readonly Shipment[]
  unfilled: readonly LineUnits[]
  decision?: SourceDecision | undefined
  /** The day to promise, where it is later than the last arrival. */
  promised?: Day | undefined
}>
export type Source = (
  request: Readonly<Omit<ReserveRequest, 'lines'> & { lines: readonly SourceLine[] }>,
  stock: StockSeen,
) => SourceAnswer

export type Planned = Readonly<{
  shipments: readonly Shipment[]
  cancelled: readonly LineUnits[]
  decision?: SourceDecision | undefined
  promised?: Day | undefined
}>
export type ShortageReason = 'insufficient_stock'

type Verdict = 'take' | 'wait' | 'drop' | 'short'

const lotUnits = (stock: StockSeen, sku: Sku): number => stock.lots(sku).reduce((sum, lot) => sum + lot.quantity, 0)

const judge = (line: ReserveLine, left: number, stock: StockSeen): Verdict => {
  if (left >= line.quantity) return 'take'
  switch (line.ifShort) {
    case 'refuse':
      return 'short'
    case 'cancelLine':
      return 'drop'
    case 'backorder':
    case 'preorder':
      // Without dated supply there is no day to promise (A4), so nothing is sold.
      return Math.max(0, left) + lotUnits(stock, line.sku) >= line.quantity ? 'wait' : 'short'
  }
}

const shortage = (short: readonly ReserveLine[], levels: Levels): Refusal<ShortageReason> => {
  const errors = short.map((line) => ({
    pointer: `/lines/${line.line}/quantity`,
    code: 'quantity_exceeds_available',
    sku: line.sku,
    asked: line.quantity,
    available: levels.available(line.sku),
    resolution: 'requires_buyer_input',
  }))
  const [first] = short
  const available = first === undefined ? 0 : levels.available(first.sku)
  const places = first === undefined ? 0 : levels.of(first.sku).filter((row) => free(row) > 0).length
  const detail = `${first?.sku}: ${first?.quantity} asked, ${available} available to promise in ${places} warehouse${places === 1 ? '' : 's'}.`
  return refuse('insufficient_stock', detail, { errors })
}

export const plan = (
  request: ReserveRequest,
  levels: Levels,
  stock: StockSeen,
  source: Source,
): Planned | Refusal<ShortageReason> => {
  const left = new Map<Sku, number>()
  const wanted: SourceLine[] = []
  const cancelled: LineUnits[] = []
  const short: ReserveLine[] = []
  for (const line of request.lines) {
    const units = left.get(line.sku) ?? levels.available(line.sku)
    const verdict = judge(line, units, stock)
    if (verdict === 'take' || verdict === 'wait') {
      wanted.push({ ...line, waits: verdict === 'wait' })
      left.set(line.sku, units - line.quantity)
    } else if (verdict === 'drop') cancelled.push({ line: line.line, quantity: line.quantity })
    else short.push(line)
  }
  if (short.length > 0) return shortage(short, levels)
  if (wanted.length === 0) return { shipments: [], cancelled }
  const { shipments, unfilled, decision, promised } = source({ ...request, lines: wanted }, stock)
  if (unfilled.length > 0)
    return shortage(
      wanted.filter(({ line }) => unfilled.some((units) => units.line === line)),
      levels,
    )
  return { shipments, cancelled, decision, promised }
}
