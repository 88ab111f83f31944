/** What other rooms may know of orders: the facts of an order's life, and the commands they may ask for. */
import type { Day, Instant, OrderId, PersonRef, Place, Sku } from '../kernel/ids.ts'
import type { BundlePart } from './whole-bundles.ts'

export type Dialect = 'v1' | 'b' | 'd' | 'redis' | 'import'
export type OnShortage = 'refuse' | 'cancelLine' | 'backorder'
/** `outside`: settled elsewhere, nothing is asked. `on_account`: invoiced. Both count as secured at once. */
export type PaymentTerms = 'prepaid' | 'outside' | 'on_account'
export type CaptureAt = 'placement' | 'shipment'

/** `component` lines carry the units of the `bundle` line at index `parent`; `charge` lines (imported postage) have no units. */
export type LineKind = 'product' | 'bundle' | 'component' | 'charge'
export type PlacedLine = Readonly<{
  sku: Sku
  name: string
  quantity: number
  /** Minor units, frozen when ordered. */
  unitPrice: number
  /** Minor units off the whole line. */
  discount: number
  kind: LineKind
  parent?: number
  /** Grams a unit. */
  grams: number
  /** What may be done when it is sold out: what the product allows and the buyer accepts, together. */
  ifShort: 'refuse' | 'cancelLine' | 'backorder' | 'preorder'
}>

export type Totals = Readonly<{ subtotal: number; discount: number; shipping: number; tax: number; total: number }>

/** Where it goes, without anything that names a person. `pending`: no address yet, sourced as if sent to the shop itself. */
export type Destination = Readonly<{ country: string; postalCode: string; latitude: number; longitude: number; pending?: boolean }>

/** One parcel-to-be: a place ships these units. `from` differs from `place` where they travel there first. */
export type Shipment = Readonly<{ place: Place; dispatch: Day; arrives: Day; lines: readonly ShipmentLine[] }>
export type ShipmentLine = Readonly<{
  /** Index of the order's line, from 0. */
  line: number
  sku: Sku
  quantity: number
  from: Place
  /** `backorder`, `preorder`: the units are not there yet; `ready` is the day they are expected at `place`. */
  kind: 'stock' | 'transfer' | 'backorder' | 'preorder'
  ready?: Day
  /** Said with `AssemblyRequested`: grams a unit, and the index of the bundle whose components leave together. */
  grams?: number
  bundle?: number
}>

/** A parcel that orders of one customer share: its own id, the other orders, and the place it leaves. */
export type Combined = Readonly<{ shipment: string; with: readonly OrderId[]; place: Place }>

export type LineUnits = Readonly<{ line: number; quantity: number }>

/** The last orders as they were asked for, newest first: what inventory reckons scarcity from. */
export type RecentOrder = Readonly<{
  destination: Destination
  shippingMethod: string
  channel: string
  total: number
  /** The customer's. */
  group?: string | null
  lines: readonly Readonly<{ sku: Sku; quantity: number; grams: number }>[]
}>
export type RecentOrders = Readonly<{
  orders: readonly RecentOrder[]
  /** How many come a day, over the last week. */
  perDay: number
}>

/**
 * What sourcing saw and answered when units were set aside: enough to work out later, on demand, why it was so. Compact,
 * because every order carries one: products stand in the order in which the lines of `shipments` first name them.
 */
export type Decision = Readonly<{
  cause: 'placed' | 'reopened' | 'added' | 'short' | 'revised' | 'address'
  /** The moment that was planned for. */
  at: Instant
  network: string
  policy: string
  /** The step of the policy's ladder that decided, from 1; absent where it has none. */
  step?: number
  /** Cents, weighed by the policy. */
  cost: number
  optimal: boolean
  /** No plan costs less than `cost × (1 − gap)`; absent where it is 0. */
  gap?: number
  /** The counted steps after which the search for a better plan was ended; absent where it ended by itself. */
  bounded?: number
  /** What each shipment's cost is made of, in cents; parts of 0 are left out. */
  parts: readonly Readonly<Record<string, number>>[]
  places: readonly Place[]
  /** Units that were free of each product in each of `places`. */
  free: readonly (readonly number[])[]
  /** Dated supply not promised yet: index of the product, place, day, units. */
  lots?: readonly (readonly [product: number, place: Place, day: Day, quantity: number])[]
  /** What a unit was worth to later orders, where it was scarce: index of the product, place, cents. */
  prices?: readonly (readonly [product: number, place: Place, cents: number])[]
  /** The share of its capacity that each of `places` had on its hands, where that was known. */
  utilisation?: readonly number[]
  /** Lines that might wait for supply. */
  waits?: readonly number[]
  /** How many orders were planned as one, so that this one alone might have cost less. */
  together?: number
}>
/** `wait` for other supply · `split`: what is there is sent alone · `cancel` the units that wait, and give their money back. */
export type Choice = 'wait' | 'split' | 'cancel'
export type MoneyStep = 'pending' | 'authorized' | 'captured' | 'refunded' | 'voided' | 'failed' | 'unknown'
export type FulfilmentStatus =
  | 'planned'
  | 'awaiting_stock'
  | 'awaiting_transfer'
  | 'released'
  | 'picking'
  | 'packed'
  | 'collected'
  | 'delivered'
  | 'short'
  | 'cancelled'
export type ParcelStatus =
  | 'label_created'
  | 'picked_up'
  | 'in_transit'
  | 'out_for_delivery'
  | 'ready_for_pickup'
  | 'failed_attempt'
  | 'delivered'
  | 'returned_to_sender'
  | 'exception'
  | 'cancelled'
export type HoldBlocks = 'release' | 'collection'

/** The facts on an order's own stream (`stream` = order id). */
export type OrderEvent = Readonly<
  | {
      type: 'OrderPlaced'
      number: number
      placedAt: Instant
      user?: string
      /** Name, address, phone, e-mail, notes: the row in `people`. */
      contact?: PersonRef
      externalRef?: string
      channel: string
      source: string
      dialect: Dialect
      currency: string
      lines: readonly PlacedLine[]
      totals: Totals
      promotions?: readonly Readonly<{ code: string; amount: number }>[]
      terms: PaymentTerms
      capture: CaptureAt
      onShortage: OnShortage
      destination: Destination
      shippingMethod: string
      /** What was promised before it was ordered (`POST /v1/promises`), and is kept. */
      promised?: Day
      /** In the queue of those who wait for supply: 0 to 9, the highest first. */
      priority?: number
      /** The customer's, as it was then: a policy of sourcing may be for it. */
      customerGroup?: string
      /** The reservation's end while money is not secured. */
      expiresAt?: Instant
      paymentMethod?: string
    }
  /** Units were set aside (or bound to dated supply). Adds to what was reserved before. */
  | {
      type: 'StockReserved'
      shipments: readonly Shipment[]
      decision?: Decision
      /** The day promised with it, where it is later than the last arrival. */
      promised?: Day
    }
  /** Nothing of it had begun, and there is a better plan now: it takes the place of the whole one. `saving` in the policy's cents. */
  | { type: 'PlanRevised'; shipments: readonly Shipment[]; saving: number; decision: Decision }
  /**
   * It shares a parcel with these orders of the same customer, from `place`, where all are packed together: `saving` in the
   * policy's cents, of all of them. Lines, money and status stay each order's own.
   */
  | { type: 'ParcelsCombined'; shipment: string; with: readonly OrderId[]; place: Place; saving: number; policy: string }
  /** Waiting units arrived and were set aside at `place`. */
  | { type: 'BackorderFilled'; fills: readonly Readonly<{ line: number; quantity: number; place: Place }>[] }
  /**
   * What it waits for comes on another day, and so does the order: `promised` stays. `days`: later, or earlier where below 0.
   * `ready`, and the days of its `shipments` (by their number in the plan), are those of the places, lanes and carriers; where
   * they are absent, all days move by as many as the supply does.
   */
  | {
      type: 'ArrivalMoved'
      was: Day
      now: Day
      lines: readonly Readonly<{ line: number; place: Place; days: number; ready?: Day }>[]
      shipments?: readonly Readonly<{ shipment: number; dispatch: Day; arrives: Day }>[]
    }
  /** What these units waited for will not come. They are sourced elsewhere in the same step, or a choice is offered. */
  | { type: 'SupplyFailed'; lines: readonly LineUnits[] }
  /** Units wait no longer for supply that failed: what they are instead follows. */
  | { type: 'WaitEnded'; lines: readonly LineUnits[] }
  /** Nothing is announced for these units: the customer says what becomes of them. Until then they wait. */
  | { type: 'ChoiceOffered'; lines: readonly LineUnits[] }
  /** `bundles`: with `split`, of which lines only whole bundles leave alone. */
  | { type: 'ChoiceMade'; choice: Choice; by: string; lines: readonly LineUnits[]; bundles?: readonly BundlePart[] }
  | { type: 'UnitsMoved'; step: 'sent' | 'received' | 'lost'; from: Place; to: Place; lines: readonly LineUnits[] }
  /** Units that were not where they should be, or were lost on the way: no longer reserved; sourcing them again follows. */
  | { type: 'UnitsShort'; place: Place; lines: readonly LineUnits[]; lost?: boolean }
  /** `rest`: those of the lines that nobody missed, and that are given up with the part of their bundle that is not there. */
  | {
      type: 'UnitsCancelled'
      reason: string
      lines: readonly LineUnits[]
      rest?: readonly LineUnits[]
      totals: Totals
      refund: 'auto' | 'none'
    }
  /** More units of lines it has, at their frozen price: set aside in the same step (`StockReserved` follows). */
  | { type: 'UnitsAdded'; by: string; lines: readonly LineUnits[]; totals: Totals }
  | { type: 'OrderCancelled'; reason: string; refund: 'auto' | 'none' }
  | { type: 'OrderExpired' }
  /** A payment came after the end of the reservation, and the stock could be reserved again. */
  | { type: 'OrderReopened' }
  /** A payment came after the end, and the stock is gone: it goes back in full. */
  | { type: 'ReopenRefused'; payment: string; reason: string }
  | { type: 'MoneyRecorded'; payment: string; step: MoneyStep; amount: number; method?: string }
  /** Money is secured, or none is due: the reservation is firm. */
  | { type: 'OrderSecured' }
  /** These shipments are to be assembled: follows `OrderSecured`, and every later `StockReserved`. Carries all a warehouse needs. */
  | {
      type: 'AssemblyRequested'
      number: number
      shipments: readonly Shipment[]
      destination: Destination
      held: boolean
      collectionBlocked?: boolean
      shippingMethod: string
      /** Of `ParcelsCombined`. */
      combined?: Combined
    }
  | { type: 'HoldPlaced'; hold: string; kind: string; blocks: HoldBlocks; by: string }
  | { type: 'HoldReleased'; hold: string; kind: string; releaseBlocked: boolean; collectionBlocked: boolean }
  | {
      type: 'FulfilmentProgressed'
      fulfilment: string
      place: Place
      status: FulfilmentStatus
      lines: readonly LineUnits[]
      /** Units that were packed and are to be packed again, because others of their parcel were cancelled. */
      unpacked?: readonly LineUnits[]
    }
  | {
      type: 'ParcelProgressed'
      parcel: string
      fulfilment: string
      status: ParcelStatus
      carrier: string
      tracking?: string
      attempts: number
      lines: readonly LineUnits[]
    }
  | { type: 'UnitsReturned'; return: string; lines: readonly LineUnits[]; refund: number }
  | { type: 'NoteAdded'; note: PersonRef; by: string }
  | { type: 'AddressChanged'; contact: PersonRef; destination: Destination; by: string }
  /** The derived headline changed: what requirement C1 calls `Order_Paid`, `Order_InTransit`, `Order_Completed`. */
  | { type: 'StatusChanged'; from: OrderStatus; to: OrderStatus }
>

/** The headline, derived from the axes (REQUIREMENTS: one life cycle, four dialects). */
export type OrderStatus = 'received' | 'paid' | 'ready' | 'in_transit' | 'completed' | 'cancelled'

export type OrderEventOf<Type extends OrderEvent['type']> = Extract<OrderEvent, { type: Type }>

/** What a refusal may be when an order is asked for something. */
export type OrderReason =
  | 'order_not_found'
  | 'order_exists'
  | 'insufficient_stock'
  | 'promise_not_kept'
  | 'order_not_cancellable'
  | 'order_closed'
  | 'line_not_found'
  | 'quantity_exceeds_current'
  | 'units_not_addable'
  | 'hold_not_found'
  | 'not_payable'
  | 'external_ref_taken'
  | 'nothing_to_choose'
  | 'plan_begun'
  | 'no_better_plan'

/** What other rooms may ask about an order, outside any batch. */
export type OrderFacts = Readonly<{
  id: OrderId
  number: number
  status: OrderStatus
  currency: string
  due: number
  secured: boolean
  user?: string
  contact?: PersonRef
}>
export interface OrderQueries {
  facts(ids: readonly OrderId[]): Promise<ReadonlyMap<OrderId, OrderFacts>>
}
export { type BundlePart, leavesAlone } from './whole-bundles.ts'
