/**
 * The messages to customers, in English: a subject, plain text, a small HTML page and a text for the phone. Pure.
 * What others wrote (names, products, tracking numbers) is made one line for headers and escaped for HTML.
 */
import { orderMarkup, parcelMarkup } from './markup.ts'
import type { Recipient } from './recipient.ts'
import type { OrderCard } from './telling.ts'
import { escapeHtml, oneLine, printMoney, safeUrl } from './text.ts'
import { type MessageFacts, wordings } from './wording.ts'

export type Message = Readonly<{ subject: string; text: string; html: string; sms: string }>

/** Longer texts are sent, and paid for, as several. */
const smsLengthMax = 320

export const composeMessage = (facts: MessageFacts, recipient: Recipient): Message => {
  const { kind, card, shop } = facts
  const { subject, body, items, totals } = wordings[kind](facts)
  const shown = items === undefined ? [] : itemsOf(facts, items)
  const money = totals === true ? totalsOf(card) : []
  const links = linksOf(facts)
  const greeting = recipient.name === undefined ? 'Hello,' : `Hello ${recipient.name},`
  const text = [
    greeting,
    ...body,
    ...(shown.length === 0 ? [] : [shown.map((item) => `  ${item}`).join('\n')]),
    ...(money.length === 0 ? [] : [money.map(([name, amount]) => `  ${name}: ${amount}`).join('\n')]),
    ...links.map(([name, url]) => `${name}: ${url}`),
    `Your order number is ${card.number}.`,
    shop.name,
  ]
  const markup = kind === 'placed' ? orderMarkup(facts, recipient) : kind === 'shipped' ? parcelMarkup(facts, recipient) : undefined
  const heading = oneLine(subject)
  return {
    subject: heading,
    text: `${text.join('\n\n').replaceAll('\r', '')}\n`,
    html: page({ heading, greeting, body, shown, money, links, number: card.number, shop: shop.name, markup }),
    sms: smsOf(heading, shop.name, links[0]?.[1]),
  }
}

const smsOf = (sentence: string, shop: string, link: string | undefined): string => {
  const plain = `${oneLine(shop)}: ${sentence}.`.slice(0, smsLengthMax)
  return link === undefined || plain.length + 1 + link.length > smsLengthMax ? plain : `${plain} ${link}`
}

const itemsOf = ({ facts, lines }: MessageFacts, items: 'all' | 'named'): string[] => {
  const named = items === 'all' ? lines.map(({ quantity }, line) => ({ line, quantity })) : (facts.lines ?? [])
  const shown = named.flatMap(({ line, quantity }) => {
    const known = lines[line]
    return known === undefined ? [] : [`${quantity} × ${oneLine(known.name)}`]
  })
  return shown.length < named.length ? [...shown, 'and more'] : shown
}

const totalsOf = ({ totals, currency }: OrderCard): (readonly [string, string])[] =>
  [
    ['Goods', totals.subtotal] as const,
    ['Discount', -totals.discount] as const,
    ['Delivery', totals.shipping] as const,
    ['Tax', totals.tax] as const,
    ['Total', totals.total] as const,
  ].flatMap(([name, minor]) => (minor === 0 && name !== 'Total' ? [] : [[name, printMoney(minor, currency)] as const]))

const linksOf = ({ trackingUrl, orderUrl }: MessageFacts): (readonly [string, string])[] =>
  [['Follow the parcel', safeUrl(trackingUrl)] as const, ['Follow your order', safeUrl(orderUrl)] as const].flatMap(
    ([name, url]) => (url === undefined ? [] : [[name, url] as const]),
  )

type Page = Readonly<{
  heading: string
  greeting: string
  body: readonly string[]
  shown: readonly string[]
  money: readonly (readonly [string, string])[]
  links: readonly (readonly [string, string])[]
  number: number
  shop: string
  markup: string | undefined
}>
const page = ({ heading, greeting, body, shown, money, links, number, shop, markup }: Page): string => {
  const row = ([name, amount]: readonly [string, string]): string =>
    `<tr><td>${escapeHtml(name)}</td><td align="right">${escapeHtml(amount)}</td></tr>`
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(heading)}</title>`,
    // Already JSON with `<` written as an escape: it cannot end its script.
    ...(markup === undefined ? [] : [`<script type="application/ld+json">${markup}</script>`]),
    '</head><body style="font-family:sans-serif;max-width:40em;margin:auto;padding:1em">',
    `<h1 style="font-size:1.3em">${escapeHtml(heading)}</h1>`,
    ...[greeting, ...body].map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`),
    ...(shown.length === 0 ? [] : [`<ul>${shown.map((item) => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`]),
    ...(money.length === 0 ? [] : [`<table cellpadding="4">${money.map(row).join('')}</table>`]),
    ...links.map(([name, url]) => `<p><a href="${escapeHtml(url)}">${escapeHtml(name)}</a></p>`),
    `<p>Your order number is ${number}.</p><p>${escapeHtml(shop)}</p>`,
    '</body></html>',
  ].join('\n')
}
