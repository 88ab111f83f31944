/** What other rooms may know of shipping: parcels, from the label to the door. A parcel's stream is the parcel's id. */
import type { Instant, OrderId, Place } from '../kernel/ids.ts'
import type { SharedParcel, WorkLine } from '../fulfilment/contract.ts'
import type { ParcelStatus } from '../orders/contract.ts'

export type ParcelEvent = Readonly<
  | {
      type: 'ParcelAnnounced'
      order: OrderId
      number: number
      fulfilment: string
      place: Place
      carrier: string
      service: string
      weightGrams: number
      lines: readonly WorkLine[]
      country: string
      postalCode: string
      blocked: boolean
      /** Why it is blocked: a hold on its collection, an address that is missing and that its carrier needs. */
      held?: boolean
      waitsForAddress?: boolean
      /** It is one parcel with those of other orders: one label, one way. */
      shared?: SharedParcel
    }
  | { type: 'LabelCreated'; order: OrderId; tracking: string; labelUrl: string; trackingUrl: string }
  /** A hold, after it was announced: nobody may hand it over. */
  | { type: 'CollectionBlocked'; order: OrderId }
  /** A hold on it is released, or the address that its carrier needs has come. */
  | { type: 'CollectionUnblocked'; order: OrderId }
  | { type: 'ParcelAddressed'; order: OrderId; country: string; postalCode: string; waitsForAddress: boolean }
  /** First time the carrier has it: units leave the warehouse's stock. Comes before any later `ParcelMoved`. */
  | { type: 'ParcelCollected'; order: OrderId; fulfilment: string; place: Place; lines: readonly WorkLine[] }
  /** The parcel's place in the lattice rose; `attempts` counts failed deliveries and the delivery itself (C6). */
  | {
      type: 'ParcelMoved'
      order: OrderId
      fulfilment: string
      place: Place
      status: ParcelStatus
      attempts: number
      carrier: string
      tracking?: string
      lines: readonly WorkLine[]
      raw?: string
      /** What the carrier said, and when it happened: late news may raise `attempts` and leave `status` as it is. */
      news?: ParcelStatus
      happenedAt?: Instant
    }
  /** News that changes nothing to be seen now, and may decide what later news means. */
  | { type: 'ParcelNoted'; order: OrderId; news: ParcelStatus; happenedAt: Instant }
  | { type: 'ParcelCancelled'; order: OrderId; fulfilment: string }
  /** It was cancelled, and its carrier has it all the same: stock believes its units to be in the warehouse. */
  | {
      type: 'ParcelAstray'
      order: OrderId
      fulfilment: string
      place: Place
      carrier: string
      tracking?: string
      lines: readonly WorkLine[]
      news: ParcelStatus
      happenedAt: Instant
    }
  /** Somebody has seen to it: its units are back and counted, or given up. */
  | { type: 'ParcelSettled'; order: OrderId; by: string; note?: string }
>

export type ParcelEventOf<Type extends ParcelEvent['type']> = Extract<ParcelEvent, { type: Type }>

export type ParcelView = Readonly<{
  id: string
  order: OrderId
  fulfilment: string
  place: Place
  status: ParcelStatus
  carrier: string
  tracking?: string
  trackingUrl?: string
  labelUrl?: string
  attempts: number
  lines: readonly WorkLine[]
  /** What its carrier says of it though it was cancelled, while nobody has seen to it. */
  astray?: Readonly<{ status: ParcelStatus; since: Instant }>
  /** All parts of the parcel that it shares with other orders. */
  shared?: readonly string[]
}>

export interface ParcelQueries {
  ofOrders(orders: readonly OrderId[]): Promise<ReadonlyMap<OrderId, readonly ParcelView[]>>
}
