/** schema.org markup (JSON-LD) that mail programs turn into cards: `Order` when confirmed, `ParcelDelivery` when shipped. Pure. */
import type { Recipient } from './recipient.ts'
import { decimal, oneLine, safeUrl } from './text.ts'
import type { MessageFacts } from './wording.ts'

export const orderMarkup = ({ card, lines, shop, orderUrl }: MessageFacts, recipient: Recipient): string =>
  script({
    '@context': 'https://schema.org',
    '@type': 'Order',
    merchant: { '@type': 'Organization', name: shop.name, url: safeUrl(shop.url) },
    orderNumber: String(card.number),
    orderStatus: 'https://schema.org/OrderProcessing',
    priceCurrency: card.currency,
    price: decimal(card.totals.total, card.currency),
    customer: recipient.name === undefined ? undefined : { '@type': 'Person', name: recipient.name },
    acceptedOffer: lines.map(({ name, quantity, unitPrice }) => ({
      '@type': 'Offer',
      itemOffered: { '@type': 'Product', name: oneLine(name) },
      price: decimal(unitPrice, card.currency),
      priceCurrency: card.currency,
      eligibleQuantity: { '@type': 'QuantitativeValue', value: quantity },
    })),
    url: safeUrl(orderUrl),
  })

export const parcelMarkup = ({ card, facts, lines, shop, trackingUrl }: MessageFacts, { name, address }: Recipient): string => {
  const named = (facts.lines ?? []).flatMap(({ line }) => (lines[line] === undefined ? [] : [oneLine(lines[line].name)]))
  return script({
    '@context': 'https://schema.org',
    '@type': 'ParcelDelivery',
    carrier: { '@type': 'Organization', name: oneLine(facts.carrier ?? '') },
    deliveryAddress: {
      '@type': 'PostalAddress',
      name,
      streetAddress: address?.lines.join(', '),
      addressLocality: address?.city,
      addressRegion: address?.region,
      addressCountry: address?.country,
      postalCode: address?.postalCode,
    },
    expectedArrivalUntil: card.promised === undefined ? undefined : `${card.promised}T23:59:59`,
    itemShipped: named.map((name) => ({ '@type': 'Product', name })),
    trackingNumber: facts.tracking === undefined ? undefined : oneLine(facts.tracking),
    trackingUrl: safeUrl(trackingUrl),
    partOfOrder: {
      '@type': 'Order',
      orderNumber: String(card.number),
      merchant: { '@type': 'Organization', name: shop.name },
    },
  })
}

/** JSON inside a script element: nothing in it may look like the element's end or a comment. */
const script = (value: unknown): string => JSON.stringify(value).replaceAll(/[<>\u2028\u2029]/g, (sign) => escapes[sign] ?? sign)
const escapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}
