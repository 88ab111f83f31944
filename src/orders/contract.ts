/** What other rooms may know of orders: the facts of an order's life, and the commands they may ask for. */
import type { Day, Instant, OrderId, PersonRef, Place, Sku } from '../kernel/ids.ts'

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

export type LineUnits = Readonly<{ line: number; quantity: number }>
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
      /** The reservation's end while money is not secured. */
      expiresAt?: Instant
      paymentMethod?: string
    }
  /** Units were set aside (or bound to dated supply). Adds to what was reserved before. */
  | { type: 'StockReserved'; shipments: readonly Shipment[] }
  /** Waiting units arrived and were set aside at `place`. */
  | { type: 'BackorderFilled'; fills: readonly Readonly<{ line: number; quantity: number; place: Place }>[] }
  | { type: 'UnitsMoved'; step: 'sent' | 'received' | 'lost'; from: Place; to: Place; lines: readonly LineUnits[] }
  /** Units that were not where they should be, or were lost on the way: no longer reserved; sourcing them again follows. */
  | { type: 'UnitsShort'; place: Place; lines: readonly LineUnits[]; lost?: boolean }
  | { type: 'UnitsCancelled'; reason: string; lines: readonly LineUnits[]; totals: Totals; refund: 'auto' | 'none' }
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
  | 'order_not_cancellable'
  | 'order_closed'
  | 'line_not_found'
  | 'quantity_exceeds_current'
  | 'units_not_addable'
  | 'hold_not_found'
  | 'not_payable'
  | 'external_ref_taken'

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
