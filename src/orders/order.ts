/** The state of one order: what was placed, never changed, and its progress beside it. */
import type { Day, Instant, PersonRef, Place } from '../kernel/ids.ts'
import type {
  Combined,
  Destination,
  FulfilmentStatus,
  HoldBlocks,
  LineUnits,
  MoneyStep,
  OrderEventOf,
  OrderStatus,
  ParcelStatus,
  Shipment,
  Totals,
} from './contract.ts'

export type Placed = OrderEventOf<'OrderPlaced'>

/** Units of each line by what became of them; one array a counter, by line index. */
export const counterNames = [
  'current',
  'reserved',
  'backordered',
  'preordered',
  'picked',
  'shipped',
  'delivered',
  'returned',
  'cancelled',
  'added',
] as const
export type CounterName = (typeof counterNames)[number]
export type Counters = Readonly<Record<CounterName, readonly number[]>>

export type PaymentMoney = Readonly<{
  payment: string
  step: MoneyStep
  authorized: number
  captured: number
  refunded: number
  method?: string
}>
export type Hold = Readonly<{ id: string; kind: string; blocks: HoldBlocks; by: string }>
export type FulfilmentSeen = Readonly<{ id: string; place: Place; status: FulfilmentStatus }>
export type ParcelSeen = Readonly<{
  id: string
  fulfilment: string
  status: ParcelStatus
  carrier: string
  tracking?: string
  attempts: number
}>

export type Progress = Readonly<{
  phase: 'open' | 'completed' | 'cancelled' | 'expired'
  status: OrderStatus
  counters: Counters
  /** What is to be assembled; the first `assembled` of them are with the warehouses. */
  plan: readonly Shipment[]
  assembled: number
  totals: Totals
  money: readonly PaymentMoney[]
  secured: boolean
  holds: readonly Hold[]
  fulfilments: readonly FulfilmentSeen[]
  parcels: readonly ParcelSeen[]
  notes: readonly PersonRef[]
  updatedBy: readonly string[]
  /** Told to the customer when ordered, and never changed. */
  promised?: Day | undefined
  expected?: Day | undefined
  contact?: PersonRef | undefined
  destination: Destination
  expiresAt?: Instant | undefined
  closedReason?: string | undefined
  /** Units that wait, and that nothing is announced for: their customer is asked what becomes of them. */
  choice?: readonly LineUnits[] | undefined
  /** The parcel that it shares with other orders of its customer. */
  combined?: Combined | undefined
  /** Units of each line when the reservation ran out. */
  lapsed?: readonly number[] | undefined
}>

export type Live = Readonly<{ status: 'live'; placed: Placed; progress: Progress }>
export type Order = Readonly<{ status: 'unplaced' }> | Live

export const unplaced: Order = { status: 'unplaced' }

/** Lines that carry units: bundles are carried by their components, charges by nobody. */
export const carriesUnits = (line: Placed['lines'][number]): boolean => line.kind === 'product' || line.kind === 'component'

/** Units, and where they were as they left. `travelling`: sent to another warehouse for the order. */
export type UnitsLeft = LineUnits & Readonly<{ at: Place; state: 'shelf' | 'sending' | 'travelling' | 'supply' }>

export const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

/** Adds units to one counter of some lines. */
export const addUnits = (
  values: readonly number[],
  units: readonly Readonly<{ line: number; quantity: number }>[],
  sign: 1 | -1 = 1,
): readonly number[] => {
  if (units.length === 0) return values
  const next = [...values]
  for (const { line, quantity } of units) next[line] = (next[line] ?? 0) + sign * quantity
  return next
}
