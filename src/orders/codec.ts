/**
 * Progress as it is stored: only what differs from a freshly placed order, counters as plain arrays without empty ones, and
 * of the plan's lines only their numbers where all of a line ships from its place's own stock, as nearly always.
 */
import type { Shipment, ShipmentLine } from './contract.ts'
import { counterNames, type Counters, type Placed, type Progress } from './order.ts'
import { evolve } from './evolve.ts'

type PackedShipment = Omit<Shipment, 'lines'> & { lines: readonly (ShipmentLine | number)[] }
type Packed = Partial<Omit<Progress, 'counters' | 'plan'>> & { counters?: Partial<Counters>; plan?: readonly PackedShipment[] }

const blank = (placed: Placed): Progress => {
  const fresh = evolve({ status: 'unplaced' }, placed)
  if (fresh.status !== 'live') throw new Error('a placement makes a live order')
  return fresh.progress
}
const isEmpty = (value: unknown): boolean => value === undefined || (Array.isArray(value) && value.length === 0)

const packPlan = (plan: readonly Shipment[], placed: Placed): readonly PackedShipment[] =>
  plan.map((shipment) => ({
    ...shipment,
    lines: shipment.lines.map((units) => (isWhole(units, shipment, placed) ? units.line : units)),
  }))

const isWhole = (units: ShipmentLine, { place }: Shipment, placed: Placed): boolean => {
  const { line, sku, quantity, from, kind, ready, grams, bundle } = units
  const ordered = placed.lines[line]
  if (kind !== 'stock' || from !== place || ready !== undefined || grams !== undefined || bundle !== undefined) return false
  return ordered !== undefined && ordered.quantity === quantity && ordered.sku === sku
}

const unpackPlan = (plan: readonly PackedShipment[], placed: Placed): readonly Shipment[] =>
  plan.map((shipment) => ({
    ...shipment,
    lines: shipment.lines.map((units) => (typeof units === 'number' ? whole(units, shipment, placed) : units)),
  }))

const whole = (line: number, { place }: PackedShipment, placed: Placed): ShipmentLine => {
  const ordered = placed.lines[line]
  if (ordered === undefined) throw new Error(`the plan ships line ${line}, and the order has ${placed.lines.length}`)
  return { line, sku: ordered.sku, quantity: ordered.quantity, from: place, kind: 'stock' }
}

export const packProgress = (progress: Progress, placed: Placed): Packed => {
  const fresh = blank(placed)
  const counters: Partial<Record<keyof Counters, readonly number[]>> = {}
  for (const name of counterNames) {
    const values = progress.counters[name]
    if (
      name === 'current'
        ? values.some((units, line) => units !== fresh.counters.current[line])
        : values.some((units) => units !== 0)
    )
      counters[name] = values
  }
  const packed: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(progress)) {
    if (name === 'counters' || isEmpty(value)) continue
    // By identity: a step that changes nothing hands the same object on, and a needless copy costs bytes, not truth.
    if (value !== fresh[name as keyof Progress]) packed[name] = name === 'plan' ? packPlan(progress.plan, placed) : value
  }
  // What a placement brings and progress takes away again must be said, or it would come back when unpacked.
  for (const name of ['expiresAt', 'contact'] as const)
    if (fresh[name] !== undefined && progress[name] === undefined) packed[name] = null
  if (Object.keys(counters).length > 0) packed['counters'] = counters
  return packed
}

export const unpackProgress = (packed: Packed, placed: Placed): Progress => {
  const fresh = blank(placed)
  const { counters, plan, ...rest } = packed
  const progress: Record<string, unknown> = { ...fresh, ...rest, counters: { ...fresh.counters, ...counters } }
  if (plan !== undefined) progress['plan'] = unpackPlan(plan, placed)
  for (const name of Object.keys(progress)) if (progress[name] === null) delete progress[name]
  return progress as Progress
}
