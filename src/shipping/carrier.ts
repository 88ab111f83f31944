/** What Waybill asks of a carrier. One adapter each; all of them pass `tests/contracts/carrier.ts`. */
import type { Instant, OrderId, Place } from '../kernel/ids.ts'
import type { ParcelStatus } from '../orders/contract.ts'

export type QuoteAsked = Readonly<{ service: string; weightGrams: number; from: Place; country: string; postalCode: string }>
/** Minor units of `currency`, and days from collection to the door. */
export type Quote = Readonly<{ service: string; amount: number; currency: string; days: number }>

export type ShipmentAsked = QuoteAsked &
  Readonly<{
    /** The key: asking again for the same parcel gives the same shipment. */
    parcel: string
    order: OrderId
    number: number
    /** Name and address as they are printed; known where the order has them. */
    recipient: readonly string[]
  }>
export type ShipmentMade = Readonly<{ tracking: string; labelUrl: string; trackingUrl: string }>

/** Names and addresses are printed, and not kept by the adapter. */
export type LabelDocument = Readonly<{ type: string; body: string }>

export type CarrierNews = Readonly<{
  /** The carrier's own id of this news: the same one twice is the same news. */
  id: string
  tracking: string
  status: ParcelStatus
  happenedAt?: Instant
  detail?: string
}>
export type Webhook =
  | Readonly<{ news: readonly CarrierNews[] }>
  | Readonly<{ rejected: 'signature_invalid' | 'body_invalid'; detail: string }>
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

export interface Carrier {
  readonly name: string
  /** Whether a parcel without an address can be announced to it. */
  readonly needsAddress: boolean
  quote(asked: QuoteAsked): Promise<Quote>
  createShipment(asked: ShipmentAsked): Promise<ShipmentMade>
  /** `too_late`: it has the parcel. Asking twice, or for what it does not know, changes nothing. */
  cancel(tracking: string): Promise<'cancelled' | 'too_late'>
  label(tracking: string, recipient: readonly string[]): Promise<LabelDocument | undefined>
  /** @param rawBody the bytes as they came: a signature is over these, never over JSON written again. */
  parseWebhook(rawBody: Buffer, headers: Headers): Webhook
}
