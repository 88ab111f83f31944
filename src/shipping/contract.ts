/** What other rooms may know of shipping: parcels, from the label to the door. A parcel's stream is the parcel's id. */
import type { OrderId, Place } from '../kernel/ids.ts'
import type { WorkLine } from '../fulfilment/contract.ts'
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
    }
  | { type: 'LabelCreated'; order: OrderId; tracking: string; labelUrl: string; trackingUrl: string }
  | { type: 'CollectionUnblocked'; order: OrderId }
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
    }
  | { type: 'ParcelCancelled'; order: OrderId; fulfilment: string }
>

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
}>

export interface ParcelQueries {
  ofOrders(orders: readonly OrderId[]): Promise<ReadonlyMap<OrderId, readonly ParcelView[]>>
}
