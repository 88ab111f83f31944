import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Day, OrderId } from '../kernel/ids.ts'
import type { NotificationKind } from './contract.ts'
import { composeMessage } from './message.ts'
import { recipientOf } from './recipient.ts'
import type { CardLine, Facts, OrderCard } from './telling.ts'
import { printMoney, withoutPersonalData } from './text.ts'
import { sentenceOf, wordings } from './wording.ts'

const card: OrderCard = {
  id: '0190a0a0-0000-7000-8000-000000000001' as OrderId,
  number: 1042,
  currency: 'GBP',
  muted: false,
  prepaid: true,
  promised: '2026-11-24' as Day,
  totals: { subtotal: 1500, discount: 150, shipping: 395, tax: 0, total: 1745 },
}
const lines: CardLine[] = [
  { name: 'Cream hanging heart T-light holder', quantity: 6, unitPrice: 200, discount: 0 },
  { name: 'Mug <b>"Best & brightest"</b></script>', quantity: 1, unitPrice: 300, discount: 0 },
]
const kowalski = recipientOf({
  name: 'Zoë Kowalska-Żółć',
  email: 'zoe@example.com',
  phone: '+44 7700 900123',
  address: { lines: ['1 High St'], city: 'Leeds', postalCode: 'LS1 4AP', country: 'GB' },
})
const compose = (kind: NotificationKind, facts: Facts = {}, more: Partial<OrderCard> = {}) =>
  composeMessage(
    {
      kind,
      facts,
      card: { ...card, ...more },
      lines,
      shop: { name: 'The Shop' },
      trackingUrl: 'https://carrier.example/T1',
      orderUrl: 'https://shop.example/track/x',
    },
    kowalski,
  )
const markupOf = (html: string): Record<string, unknown> => {
  const [, json = ''] = /<script type="application\/ld\+json">(.*?)<\/script>/s.exec(html) ?? []
  const value: unknown = JSON.parse(json)
  assert.ok(typeof value === 'object' && value !== null)
  return { ...value }
}

describe('The message about an order just placed', () => {
  const { subject, text, html, sms } = compose('placed')
  it('names the order, its items and its totals in the order’s currency', () => {
    assert.equal(subject, 'We have received your order 1042')
    for (const part of [
      'Hello Zoë Kowalska-Żółć,',
      '6 × Cream hanging heart',
      'Goods: £15.00',
      'Discount: -£1.50',
      'Total: £17.45',
      'Tuesday',
    ])
      assert.ok(text.includes(part), part)
    assert.ok(!text.includes('Tax'))
    assert.match(sms, /^The Shop: We have received your order 1042\. https:/)
  })

  it('carries schema.org markup of the order', () => {
    const { acceptedOffer, ...order } = markupOf(html)
    assert.deepEqual(
      [order['@type'], order['orderNumber'], order['price'], order['priceCurrency']],
      ['Order', '1042', '17.45', 'GBP'],
    )
    assert.ok(Array.isArray(acceptedOffer) && acceptedOffer.length === 2)
  })

  it('lets nothing that others wrote become HTML', () => {
    assert.ok(!html.includes('<b>'))
    assert.equal(html.split('</script>').length, 2)
    assert.ok(html.includes('&lt;b&gt;&quot;Best &amp; brightest&quot;'))
  })

  it('prints the digits that the currency has', () => {
    assert.ok(compose('placed', {}, { currency: 'JPY', totals: { ...card.totals, total: 1745 } }).text.includes('JP¥1,745'))
    assert.match(printMoney(1745, 'KWD'), /1\.745$/)
  })
})

describe('The message about a parcel', () => {
  const shipped = { parcel: 'p', carrier: 'ninjavan', tracking: 'T1\r\nBcc: all@example.com', lines: [{ line: 0, quantity: 6 }] }
  it('names the carrier, the tracking number and what is in it', () => {
    const { subject, text, html } = compose('shipped', shipped)
    assert.equal(subject, 'Your order 1042 is on its way with Ninjavan (tracking number T1 Bcc: all@example.com)')
    assert.ok(text.includes('6 × Cream') && !text.includes('Mug'))
    assert.ok(text.includes('Follow the parcel: https://carrier.example/T1'))
    const { deliveryAddress, itemShipped, partOfOrder, ...parcel } = markupOf(html)
    assert.deepEqual([parcel['@type'], parcel['expectedArrivalUntil']], ['ParcelDelivery', '2026-11-24T23:59:59'])
    assert.deepEqual(deliveryAddress, {
      '@type': 'PostalAddress',
      name: 'Zoë Kowalska-Żółć',
      streetAddress: '1 High St',
      addressLocality: 'Leeds',
      addressRegion: '',
      addressCountry: 'GB',
      postalCode: 'LS1 4AP',
    })
    assert.ok(Array.isArray(itemShipped) && partOfOrder !== undefined)
  })
})

describe('Every kind of message', () => {
  const facts: Facts = {
    amount: 500,
    day: '2026-12-01' as Day,
    lines: [{ line: 1, quantity: 1 }],
    carrier: 'x',
    parcel: 'p',
    attempts: 2,
  }
  const kinds = Object.keys(wordings) as NotificationKind[]
  it('is one line as a subject, has text and HTML, and names its order', () => {
    for (const kind of kinds) {
      const { subject, text, html, sms } = compose(kind, facts)
      assert.match(subject, /^[^\r\n]{10,200}$/, kind)
      for (const part of [text, html]) assert.ok(part.includes('1042') && !part.includes('undefined'), kind)
      assert.ok(sms.length <= 320 && sms.includes('1042'), kind)
    }
  })
  it('tells its log nothing about the person', () => {
    for (const kind of kinds) assert.ok(!/Zo|example/.test(sentenceOf({ kind, facts, card })), kind)
  })
})

describe('Reading who is to be told', () => {
  it('takes one plain address and no other', () => {
    const email = (text: string) => recipientOf({ email: text }).email
    assert.equal(email(' zoë@example.com '), 'zoë@example.com')
    for (const wrong of [
      'a@b.c, d@e.f',
      'a@b.c\r\nBcc: d@e.f',
      '"a b"@c.d',
      'Name <a@b.c>',
      'nobody',
      'a@b@c',
      `${'a'.repeat(260)}@b.c`,
    ])
      assert.equal(email(wrong), undefined, wrong)
  })
  it('makes a name one line', () =>
    assert.equal(recipientOf({ name: 'Eve\r\nBcc: all@example.com' }).name, 'Eve Bcc: all@example.com'))
  it('finds phone and address in the shapes that doors accept', () => {
    assert.equal(recipientOf({ phone: '+44 (7700) 900-123' }).phone, '+447700900123')
    assert.equal(
      recipientOf({ destination: { phoneNumber: '07700900123', address: '1 High St', country: 'GB', postalCode: 'LS1' } }).phone,
      '07700900123',
    )
    assert.deepEqual(recipientOf({ address: '1 High St', country: 'GB' }).address?.lines, ['1 High St'])
  })
})

describe('What a provider said', () => {
  it('is kept without addresses and numbers', () =>
    assert.equal(
      withoutPersonalData('550 <zoe@example.com> unknown\r\n, call +44 7700 900123'),
      '550 <(address)> unknown , call (number)',
    ))
})
