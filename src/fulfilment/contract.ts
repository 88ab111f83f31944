/** What other rooms may know of fulfilment: the work one warehouse does for one order, and the transfers that feed it. */
import type { FulfilmentStatus, LineUnits } from '../orders/contract.ts'
import type { OrderId, Place, Sku } from '../kernel/ids.ts'

export type WorkLine = Readonly<{ line: number; sku: Sku; quantity: number }>
export type ParcelLine = WorkLine
export type PackedParcel = Readonly<{ parcel: string; weightGrams: number; lines: readonly ParcelLine[] }>
/**
 * One parcel that holds what several orders of one customer ask for. Each order's part of it is a parcel of its own here; the
 * carrier knows them all by the `id` of the first.
 */
export type SharedParcel = Readonly<{ id: string; weightGrams: number; parts: readonly string[] }>

/** Facts on a fulfilment order's stream. */
export type FulfilmentEvent = Readonly<
  | {
      type: 'FulfilmentPlanned'
      order: OrderId
      number: number
      place: Place
      lines: readonly (WorkLine & Readonly<{ from: Place; kind: 'stock' | 'transfer' | 'backorder' | 'preorder' }> & LineHints)[]
      held: boolean
      country: string
      postalCode: string
      shippingMethod: string
      addressPending: boolean
      /** A hold that leaves the work alone and keeps its parcels from being handed over. */
      collectionHeld?: boolean
    }
  /** Some units that it waited for are there (a transfer, or supply). */
  | { type: 'UnitsArrived'; order: OrderId; place: Place; lines: readonly WorkLine[]; via?: 'transfer' | 'supply' }
  /** Supply came in at another warehouse: a transfer brings these units here. */
  | { type: 'UnitsRerouted'; order: OrderId; place: Place; from: Place; lines: readonly WorkLine[] }
  /** Units that travelled here will not come: declined by the sender, or missing or damaged on arrival. They leave the work. */
  | { type: 'UnitsNotComing'; order: OrderId; place: Place; lines: readonly WorkLine[]; reason: 'declined' | 'lost'; over?: true }
  /** What it waits for before its release is another thing now: not said where it is released with the same change. */
  | { type: 'FulfilmentWaiting'; order: OrderId; place: Place; status: 'awaiting_stock' | 'awaiting_transfer' | 'planned' }
  | { type: 'FulfilmentHeld'; order: OrderId }
  | { type: 'FulfilmentUnheld'; order: OrderId }
  /** Parcels of this work may not be handed over; said until they are collected, also after packing. */
  | { type: 'CollectionHeld'; order: OrderId }
  | { type: 'CollectionUnheld'; order: OrderId }
  | { type: 'FulfilmentAddressed'; order: OrderId; country: string; postalCode: string; addressPending: boolean }
  /** To be packed into one parcel with the work for these orders, if all of it is picked by then. */
  | { type: 'FulfilmentCombined'; order: OrderId; shipment: string; with: readonly OrderId[] }
  /** The warehouse may work on it: money secured, no hold, every unit at the place. */
  | { type: 'FulfilmentReleased'; order: OrderId; place: Place; lines: readonly LineUnits[] }
  | { type: 'UnitsPicked'; order: OrderId; place: Place; lines: readonly WorkLine[] }
  /** Fewer were found than asked: these units leave this fulfilment order, and orders sources them again. */
  /** `over`: nothing is left of the work. */
  | { type: 'UnitsFoundShort'; order: OrderId; place: Place; lines: readonly WorkLine[]; by: string; over?: true }
  | {
      type: 'FulfilmentPacked'
      order: OrderId
      number: number
      place: Place
      parcels: readonly PackedParcel[]
      country: string
      postalCode: string
      shippingMethod: string
      collectionBlocked: boolean
      addressPending: boolean
      /** The parcel has one label with those of other orders. */
      shared?: SharedParcel
    }
  /** One of several parcels left; the last one is `FulfilmentCollected`. */
  | { type: 'ParcelLeft'; order: OrderId; parcel: string }
  | { type: 'FulfilmentCollected'; order: OrderId; place: Place; lines: readonly LineUnits[] }
  /** One of several parcels is delivered; the last one is `FulfilmentDelivered`. */
  | { type: 'ParcelAtDoor'; order: OrderId; parcel: string }
  | { type: 'FulfilmentDelivered'; order: OrderId; place: Place; lines: readonly LineUnits[] }
  /** Cancelled units leave the work; picked ones go back to their shelf (`putBack`). */
  | {
      type: 'FulfilmentReduced'
      order: OrderId
      place: Place
      lines: readonly WorkLine[]
      putBack: readonly WorkLine[]
      /** Parcels that were packed and exist no more; what stays of their units (`unpacked`) is packed again. */
      opened?: readonly string[]
      unpacked?: readonly LineUnits[]
    }
  /** Units that were cancelled after picking are on their shelf again. */
  | { type: 'UnitsPutBack'; order: OrderId; place: Place; lines: readonly WorkLine[] }
  | { type: 'FulfilmentCancelled'; order: OrderId; place: Place; reason: string }
>

/** Facts on a transfer's stream: units of one order travel from one warehouse to the one that ships them. */
export type TransferEvent = Readonly<
  | { type: 'TransferRequested'; order?: OrderId; fulfilment?: string; from: Place; to: Place; lines: readonly WorkLine[] }
  | { type: 'TransferSent'; order?: OrderId; from: Place; to: Place; lines: readonly WorkLine[] }
  /** What arrived, what arrived damaged, and what did not: together what was sent. May come in parts; `closed` with the last. */
  | {
      type: 'TransferReceived'
      order?: OrderId
      fulfilment?: string
      from: Place
      to: Place
      received: readonly WorkLine[]
      damaged: readonly WorkLine[]
      missing: readonly WorkLine[]
      closed: boolean
    }
  /** The sender has not got them ("no prod1 in warehouse1"): its stock is corrected and orders sources them again. */
  | { type: 'TransferDeclined'; order?: OrderId; fulfilment?: string; from: Place; to: Place; lines: readonly WorkLine[] }
  | { type: 'TransferCancelled'; order?: OrderId; from: Place; to: Place; lines: readonly WorkLine[]; reason: string }
>

export type FulfilmentView = Readonly<{
  id: string
  order: OrderId
  place: Place
  status: FulfilmentStatus
  lines: readonly WorkLine[]
}>

export type FulfilmentEventOf<Type extends FulfilmentEvent['type']> = Extract<FulfilmentEvent, { type: Type }>

/** What a line of work may know beside its units: the bundle line it belongs to, and grams a unit. */
export type LineHints = Readonly<{ bundle?: number; grams?: number }>

export interface FulfilmentQueries {
  ofOrders(orders: readonly OrderId[]): Promise<ReadonlyMap<OrderId, readonly FulfilmentView[]>>
}

/**
 * The veto of a cancellation (DESIGN §13): asked inline, inside the order's own batch, before anything is released.
 * `blocked` are units whose parcel is collected already; the others leave the work when `apply` is called.
 */
export type CancelAsked = Readonly<{ order: OrderId; lines: readonly LineUnits[] | 'all' }>

/** Where cancelled units were when they left the work: what inventory must set free, and where. */
export type UnitsTaken = Readonly<{
  line: number
  sku: Sku
  quantity: number
  at: Place
  /** `shelf`: reserved at the place. `sending`: reserved at the sender, not sent yet. `travelling`: on its way, put away when it arrives. `supply`: not there yet. */
  state: 'shelf' | 'sending' | 'travelling' | 'supply'
}>

/** Units of a line that a transfer took from their sender, however it ended. */
export type SentUnits = Readonly<{ transfer: string; order: OrderId; line: number; from: Place; to: Place }>

/** A cancellation within the batch of orders. `check` changes nothing; each `apply` is seen by the next `check`. */
export interface CancelSession {
  check(asked: CancelAsked): Readonly<{ blocked: readonly LineUnits[] }>
  apply(asked: CancelAsked, reason: string): readonly UnitsTaken[]
  /** Whether an order's work is planned with these units, and none of it begun. */
  untouched(order: OrderId, units: number): boolean
  withdraw(order: OrderId): void
  /** Units that its work waits for. */
  awaited(order: OrderId): readonly LineUnits[]
  sent(order: OrderId): readonly SentUnits[]
  /** Cancelled units that no work has, and where stock had them: not planned any more where their plan is still to come. */
  unplanned(order: OrderId, units: readonly Omit<UnitsTaken, 'sku'>[]): void
  /** Saves it all with the batch; parcels that were opened for what was taken out of them are called off with it. */
  finish(): Promise<void>
}
/** What was packed, as shipping takes it, where its own reaction is still to come. */
export type PackedWork = Readonly<{ fulfilment: string; event: FulfilmentEventOf<'FulfilmentPacked'> }>
