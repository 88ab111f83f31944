/** What other rooms may know of fulfilment: the work one warehouse does for one order, and the transfers that feed it. */
import type { FulfilmentStatus, LineUnits } from '../orders/contract.ts'
import type { OrderId, Place, Sku } from '../kernel/ids.ts'

export type WorkLine = Readonly<{ line: number; sku: Sku; quantity: number }>
export type ParcelLine = WorkLine
export type PackedParcel = Readonly<{ parcel: string; weightGrams: number; lines: readonly ParcelLine[] }>

/** Facts on a fulfilment order's stream. */
export type FulfilmentEvent = Readonly<
  | {
      type: 'FulfilmentPlanned'
      order: OrderId
      number: number
      place: Place
      lines: readonly (WorkLine & Readonly<{ from: Place; kind: 'stock' | 'transfer' | 'backorder' | 'preorder' }>)[]
      held: boolean
      country: string
      postalCode: string
      shippingMethod: string
      addressPending: boolean
    }
  /** Some units that it waited for are there (a transfer, or supply). */
  | { type: 'UnitsArrived'; order: OrderId; place: Place; lines: readonly WorkLine[] }
  | { type: 'FulfilmentHeld'; order: OrderId }
  | { type: 'FulfilmentUnheld'; order: OrderId }
  /** The warehouse may work on it: money secured, no hold, every unit at the place. */
  | { type: 'FulfilmentReleased'; order: OrderId; place: Place; lines: readonly LineUnits[] }
  | { type: 'UnitsPicked'; order: OrderId; place: Place; lines: readonly WorkLine[] }
  /** Fewer were found than asked: these units leave this fulfilment order, and orders sources them again. */
  | { type: 'UnitsFoundShort'; order: OrderId; place: Place; lines: readonly WorkLine[]; by: string }
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
    }
  | { type: 'FulfilmentCollected'; order: OrderId; place: Place; lines: readonly LineUnits[] }
  | { type: 'FulfilmentDelivered'; order: OrderId; place: Place; lines: readonly LineUnits[] }
  /** Cancelled units leave the work; picked ones go back to their shelf (`putBack`). */
  | { type: 'FulfilmentReduced'; order: OrderId; place: Place; lines: readonly WorkLine[]; putBack: readonly WorkLine[] }
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

/**
 * The veto of a cancellation (DESIGN §13): asked inline, inside the order's own batch, before anything is released.
 * `blocked` are units whose parcel is collected already; the others leave the work when `apply` is called.
 */
export type CancelAsked = Readonly<{ order: OrderId; lines: readonly LineUnits[] | 'all' }>
