/**
 * The simulated carrier: quotes, tracking numbers, labels and signed webhooks like a real one, on a table of its own.
 * The third letter of a tracking number's code says how its story goes (docs/reference/simulated-carrier.md); who drives an
 * order by hand may send any news for any parcel.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Instant } from '../../kernel/ids.ts'
import { instant } from '../../kernel/time.ts'
import type { ParcelStatus } from '../../orders/contract.ts'
import type { Carrier, CarrierNews, Headers, LabelDocument, QuoteAsked, ShipmentAsked, ShipmentMade, Webhook } from '../carrier.ts'
import type { SimulatedShipment, SimulatedShipments } from '../store.ts'

export const simulatedName = 'simulated'
export const signatureHeader = 'x-waybill-carrier-signature'

type Step = Readonly<{ status: ParcelStatus; detail: string }>
const collected: readonly Step[] = [
  { status: 'picked_up', detail: 'collected from the warehouse' },
  { status: 'in_transit', detail: 'arrived at the hub' },
]
const out: Step = { status: 'out_for_delivery', detail: 'on the van' }
const nobody: Step = { status: 'failed_attempt', detail: 'nobody at home' }
const done: Step = { status: 'delivered', detail: 'handed over at the door' }

/** What a tracking number's code means: `SIM1…`, `SIM2…` and so on. The word is what a shipping method may end with. */
export const stories = {
  1: { word: 'delivered', steps: [...collected, out, done] },
  2: { word: 'failed-attempt', steps: [...collected, out, nobody, out, done] },
  3: {
    word: 'returned',
    steps: [...collected, out, nobody, out, nobody, out, nobody, { status: 'returned_to_sender', detail: 'three attempts failed' }],
  },
  4: { word: 'lost', steps: [...collected, { status: 'exception', detail: 'lost between hubs' }] },
  5: { word: 'pickup-point', steps: [...collected, { status: 'ready_for_pickup', detail: 'waits at the parcel shop' }, done] },
  6: { word: 'found', steps: [...collected, { status: 'exception', detail: 'lost between hubs' }, out, done] },
} as const satisfies Readonly<Record<number, Readonly<{ word: string; steps: readonly Step[] }>>>
type Code = keyof typeof stories
const codes: readonly Code[] = [1, 2, 3, 4, 5, 6]

const codeOf = (service: string): Code => codes.find((code) => service.endsWith(stories[code].word)) ?? 1

/** The same parcel has the same number, however often it is announced. */
export const trackingOf = (parcel: string, service: string): string =>
  `SIM${codeOf(service)}${parcel.replaceAll('-', '').slice(-14).toUpperCase()}`

export const storyOf = (tracking: string): readonly Step[] =>
  stories[codes.find((code) => tracking.startsWith(`SIM${code}`)) ?? 1].steps

export const signatureOf = (rawBody: Buffer | string, secret: string): string =>
  createHmac('sha256', secret).update(rawBody).digest('base64')

const statuses: readonly ParcelStatus[] = [
  'picked_up',
  'in_transit',
  'out_for_delivery',
  'ready_for_pickup',
  'failed_attempt',
  'delivered',
  'returned_to_sender',
  'exception',
  'cancelled',
]
const isStatus = (value: unknown): value is ParcelStatus => statuses.some((status) => status === value)

export type SimulatedOptions = Readonly<{ shipments: SimulatedShipments; secret: string; baseUrl: () => string }>

export class SimulatedCarrier implements Carrier {
  readonly name = simulatedName
  readonly needsAddress = false
  readonly secret: string
  readonly #shipments: SimulatedShipments
  readonly #baseUrl: () => string

  constructor({ shipments, secret, baseUrl }: SimulatedOptions) {
    this.#shipments = shipments
    this.secret = secret
    this.#baseUrl = baseUrl
  }

  /** 3.00 a parcel and 1.00 a kilogram begun, abroad the double; express a day, else two, abroad two more. */
  quote({ service, weightGrams, country }: QuoteAsked): Promise<Quote> {
    const abroad = country !== 'GB'
    const express = service.startsWith('express')
    const amount = (300 + 100 * Math.ceil(weightGrams / 1000)) * (abroad ? 2 : 1) * (express ? 2 : 1)
    return Promise.resolve({ service, amount, currency: 'GBP', days: (express ? 1 : 2) + (abroad ? 2 : 0) })
  }

  async createShipment({ parcel, number, from, service, weightGrams, country, postalCode }: ShipmentAsked): Promise<ShipmentMade> {
    const tracking = trackingOf(parcel, service)
    await this.#shipments.put({
      tracking,
      parcel,
      number,
      place: from,
      service,
      weightGrams,
      country,
      postalCode,
      cancelled: false,
    })
    const base = this.#baseUrl()
    return {
      tracking,
      labelUrl: `${base}/v1/parcels/${parcel}/label`,
      trackingUrl: `${base}/v1/carriers/${this.name}/track/${tracking}`,
    }
  }

  async cancel(tracking: string): Promise<'cancelled' | 'too_late'> {
    await this.#shipments.cancel(tracking)
    return 'cancelled'
  }

  async label(tracking: string, recipient: readonly string[]): Promise<LabelDocument | undefined> {
    const shipment = await this.#shipments.get(tracking)
    if (shipment === undefined || shipment.cancelled) return undefined
    return { type: 'text/html; charset=utf-8', body: labelHtml(shipment, recipient) }
  }

  parseWebhook(rawBody: Buffer, headers: Headers): Webhook {
    const given = headers[signatureHeader]
    const expected = Buffer.from(signatureOf(rawBody, this.secret))
    const signature = Buffer.from(typeof given === 'string' ? given.trim() : '')
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected))
      return {
        rejected: 'signature_invalid',
        detail: `${signatureHeader} must be the base64 HMAC-SHA256 of the raw body, keyed with the webhook secret.`,
      }
    const news = newsOf(rawBody.toString())
    return typeof news === 'string' ? { rejected: 'body_invalid', detail: news } : { news: [news] }
  }
}
type Quote = Awaited<ReturnType<Carrier['quote']>>

/** @returns what is wrong, as a sentence, where the body is not what was agreed. */
const newsOf = (body: string): CarrierNews | string => {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch (fault) {
    if (fault instanceof SyntaxError) return 'the body is not JSON'
    throw fault
  }
  const field = (name: string): unknown =>
    typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined
  const id = field('id')
  const tracking = field('trackingNumber')
  const status = field('status')
  const at = field('at')
  const detail = field('detail')
  if (typeof id !== 'string' || id === '' || id.length > 200) return '`id` must be a string of 1 to 200 characters'
  if (typeof tracking !== 'string' || tracking === '' || tracking.length > 200) return '`trackingNumber` must be a string'
  if (!isStatus(status)) return `\`status\` must be one of ${statuses.join(', ')}`
  const happenedAt = at === undefined ? undefined : instantOf(at)
  if (at !== undefined && happenedAt === undefined) return '`at` must be a time such as 2026-11-21T10:00:00Z'
  if (detail !== undefined && typeof detail !== 'string') return '`detail` must be a string'
  return {
    id,
    tracking,
    status,
    ...(happenedAt === undefined ? {} : { happenedAt }),
    ...(detail === undefined ? {} : { detail: detail.slice(0, 500) }),
  }
}

const instantOf = (value: unknown): Instant | undefined => {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}T/.test(value)) return undefined
  const ms = Date.parse(value)
  return Number.isNaN(ms) ? undefined : instant(ms)
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** A 10 × 15 cm label: what a driver reads. */
const labelHtml = (shipment: SimulatedShipment, recipient: readonly string[]): string => {
  const to = recipient.length > 0 ? recipient : [`Order ${shipment.number}`, `${shipment.postalCode} ${shipment.country}`]
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(shipment.tracking)}</title>
<style>@page{size:100mm 150mm;margin:0}body{font:14px/1.4 sans-serif;width:92mm;margin:4mm}
h1{font:bold 22px monospace;border:2px solid;padding:4mm;text-align:center}dt{font-size:11px;margin-top:3mm}dd{margin:0}
.to{font-size:18px;font-weight:bold}</style></head>
<body><h1>${escaped(shipment.tracking)}</h1><dl>
<dt>To</dt><dd class="to">${to.map(escaped).join('<br>')}</dd>
<dt>From</dt><dd>${escaped(shipment.place)}</dd>
<dt>Order</dt><dd>${shipment.number}</dd>
<dt>Service</dt><dd>${escaped(shipment.service)}</dd>
<dt>Weight</dt><dd>${(shipment.weightGrams / 1000).toFixed(3)} kg</dd>
</dl></body></html>
`
}
