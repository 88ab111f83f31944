/** What is asked of sourcing and what it answers: the words other rooms speak with it. */
import type { Day, Instant, Place, Sku } from '../kernel/ids.ts'
import type { LineKind } from './instance.ts'

export type Destination = Readonly<{ country: string; postalCode: string; latitude: number; longitude: number }>
export type RequestLine = Readonly<{
  sku: Sku
  quantity: number
  /** Of one unit. */
  grams: number
  /** Lines with the same word leave in one parcel: the components of a bundle. */
  together?: string
}>
export type SourcingOrder = Readonly<{
  at: Instant
  destination: Destination
  lines: readonly RequestLine[]
  allow: Readonly<{
    /** Per line: whether it may wait for dated supply. */
    backorder: readonly boolean[]
    /** More than one parcel. */
    split: boolean
    transfer: boolean
  }>
  /** The day the buyer wishes it by; later is priced, not forbidden. */
  wishedBy?: Day
  /** The speed the buyer asked for: services that are tied to others do not serve it. */
  shippingMethod?: string
}>

export type Supply = Readonly<{ place: Place; day: Day; quantity: number }>
export type Levels = Readonly<{
  /** Units free to promise, one number a warehouse, in the network's order of warehouses. */
  available: (sku: Sku) => readonly number[]
  /** Dated supply not promised yet. An overdue lot must come with the day it is now expected, never its past one. */
  lots: (sku: Sku) => readonly Supply[]
  /** What a unit is worth to later orders, in cents, one number a warehouse; null or absent where it is not scarce. */
  price?: ((sku: Sku) => readonly number[] | null) | undefined
  /** The share of its capacity that each warehouse has on its hands, in the network's order; absent: not known, counts as 0. */
  utilisation?: readonly number[] | undefined
}>

export type SourcedLine = Readonly<{
  line: number
  quantity: number
  from: Place
  kind: LineKind
  /** The day the units are at the parcel's place. */
  ready: Day
  /** The day of the supply they wait for at `from`; null when they lie there now (then they can be reserved). */
  awaits: Day | null
}>
/**
 * A parcel's share of the score, in cents as the policy weighs them. `carrier`, `handling` and `transfer` are paid to
 * somebody (see `money`); `time`, `split`, `load`, `distance` and `opportunity` are weighed and paid to nobody.
 */
export type CostParts = Readonly<
  Record<'carrier' | 'handling' | 'transfer' | 'time' | 'split' | 'load' | 'distance' | 'opportunity', number>
>
/** What a parcel really costs, in cents. */
export type PaidParts = Readonly<Record<'carrier' | 'handling' | 'transfer', number>>
export type SourcedShipment = Readonly<{
  place: Place
  service: string
  dispatch: Day
  arrives: Day
  lines: readonly SourcedLine[]
  cost: number
  parts: CostParts
  /** Absent where the policy takes money at its face value and kilometres for nothing: then `parts` are what is paid. */
  money?: PaidParts
}>
export type Sourced = Readonly<{
  shipments: readonly SourcedShipment[]
  unfilled: readonly Readonly<{ line: number; quantity: number }>[]
  /** The sum of the shipments' costs; lines left unfilled cost nothing here. */
  cost: number
  parcels: number
  optimal: boolean
  /** No plan that fills the same costs less than `cost × (1 − gap)`. */
  gap: number
  /** The counted steps after which the search for a better plan was ended; absent where it ended by itself. */
  bounded?: number
  /** The step of the policy's ladder that decided, from 1; absent where it has none. */
  step?: number
}>
