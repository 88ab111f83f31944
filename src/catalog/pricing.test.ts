import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isRefusal } from '../kernel/decider.ts'
import type { Instant, Sku } from '../kernel/ids.ts'
import type { AskedLine, Priced, PriceRequest, PricingReason } from './contract.ts'
import { price, type PriceBook } from './pricing.ts'
import type { Product } from './product.ts'
import type { Promotion, ShippingMethod } from './promotion.ts'

const product = (sku: string, unitPrice: number, more: Partial<Product> = {}): Product => ({
  sku: sku as Sku,
  name: `the ${sku}`,
  description: '',
  unitPrice,
  currency: 'GBP',
  grams: 500,
  whenSoldOut: 'deny',
  lowStock: 5,
  components: [],
  prices: [],
  archived: false,
  version: 1,
  ...more,
})
const part = (sku: string, quantity: number) => ({ sku: sku as Sku, quantity })
const promotion = (code: string, kind: Promotion['kind'], value: number, more: Partial<Promotion> = {}): Promotion => ({
  code,
  kind,
  value,
  currency: kind === 'amount' ? 'GBP' : null,
  startsAt: null,
  endsAt: null,
  minimumSubtotal: 0,
  active: true,
  version: 1,
  ...more,
})

const products = [
  product('mug', 255),
  product('lamp', 1_000, { whenSoldOut: 'backorder', prices: [{ currency: 'EUR', unitPrice: 1_200 }] }),
  product('book', 999, { prices: [{ currency: 'GBP', channel: 'trade', unitPrice: 700 }] }),
  product('old', 100, { archived: true }),
  product('euro', 500, { currency: 'EUR' }),
  product('dear', 90_000_000_000),
  product('set', 1_200, { components: [part('mug', 2), part('lamp', 1)] }),
  product('waiting set', 1_200, { components: [part('mug', 2), part('lamp', 1)], whenSoldOut: 'backorder' }),
  product('broken set', 1_200, { components: [part('mug', 2), part('old', 1)] }),
]
const promotions = [
  promotion('TEN', 'percent', 1_000),
  promotion('HALF', 'percent', 5_000),
  promotion('MOST', 'percent', 9_000),
  promotion('FIVER', 'amount', 500),
  promotion('EURO', 'amount', 500, { currency: 'EUR' }),
  promotion('BIG', 'amount', 500, { minimumSubtotal: 10_000 }),
  promotion('PAST', 'percent', 1_000, { endsAt: '2026-11-01T00:00:00.000Z' as Instant }),
  promotion('LATER', 'percent', 1_000, { startsAt: '2026-12-01T00:00:00.000Z' as Instant }),
  promotion('OFF', 'percent', 1_000, { active: false }),
]
const methods: ShippingMethod[] = [
  { code: 'standard', name: 'Standard', price: 0, currency: 'GBP' },
  { code: 'express', name: 'Express', price: 395, currency: 'GBP' },
]
const bookOf = (all: readonly Product[], codes: readonly Promotion[]): PriceBook => ({
  product: (sku) => all.find((one) => one.sku === sku),
  promotion: (code) => codes.find((one) => one.code === code),
  shippingMethod: (code) => methods.find((one) => one.code === code),
})
const book = bookOf(products, promotions)

type Asked = Partial<Omit<PriceRequest, 'lines'>>
const ask = (lines: readonly AskedLine[], more: Asked = {}) =>
  price(
    {
      lines,
      channel: 'web',
      promotionCodes: [],
      shippingMethod: 'standard',
      at: '2026-11-21T09:00:00.000Z' as Instant,
      ...more,
    },
    book,
  )
const line = (sku: string, quantity: number, more: Partial<AskedLine> = {}): AskedLine => ({ sku, quantity, ...more })
const priced = (...asked: Parameters<typeof ask>): Priced => {
  const answer = ask(...asked)
  assert.ok(!isRefusal(answer), JSON.stringify(answer))
  return answer
}
const totals = (...asked: Parameters<typeof ask>) => priced(...asked).totals
const errors = (reason: PricingReason, ...asked: Parameters<typeof ask>): readonly Record<string, unknown>[] => {
  const answer = ask(...asked)
  assert.ok(isRefusal(answer), `priced: ${JSON.stringify(answer)}`)
  assert.equal(answer.refused, reason)
  const list = answer.about?.['errors']
  assert.ok(Array.isArray(list))
  return list as Record<string, unknown>[]
}
const discounts = (...asked: Parameters<typeof ask>) => priced(...asked).lines.map(({ discount }) => discount)

describe('Pricing a basket', () => {
  it('sums lines and delivery', () =>
    assert.deepEqual(totals([line('mug', 6), line('lamp', 1)], { shippingMethod: 'express' }), {
      subtotal: 2_530,
      discount: 0,
      shipping: 395,
      tax: 0,
      total: 2_925,
    }))
  it('keeps a repeated product as lines of their own', () =>
    assert.deepEqual(
      priced([line('mug', 1), line('mug', 2)]).lines.map(({ quantity }) => quantity),
      [1, 2],
    ))
  it('names every unknown product', () =>
    assert.deepEqual(
      errors('product_unknown', [line('nope', 1), line('mug', 1), line('old', 1)]).map(({ pointer }) => pointer),
      ['/lines/0/sku', '/lines/2/sku'],
    ))
  it('refuses a price that is not today’s, and says which it is', () =>
    assert.deepEqual(
      errors('price_changed', [line('mug', 1, { unitPrice: 250 })]).map(({ pointer, code, price: today }) => ({
        pointer,
        code,
        price: today,
      })),
      [{ pointer: '/lines/0/unitPrice', code: 'price_changed', price: 255 }],
    ))
  it('accepts today’s price', () => assert.equal(totals([line('mug', 2, { unitPrice: 255 })]).total, 510))
  it('takes an overriding price as it is', () =>
    assert.equal(totals([line('mug', 2, { unitPrice: 199, override: true })]).total, 398))
  it('refuses two currencies', () =>
    assert.deepEqual(
      errors('currency_mixed', [line('mug', 1), line('euro', 1)]).map(({ pointer }) => pointer),
      ['/lines/1/sku'],
    ))
  it('sells in another currency where there is a price', () =>
    assert.equal(totals([line('lamp', 1)], { currency: 'EUR' }).total, 1_200))
  it('prefers the price of the channel', () => {
    assert.equal(totals([line('book', 1)], { channel: 'trade' }).total, 700)
    assert.equal(totals([line('book', 1)]).total, 999)
  })
  it('refuses an unknown delivery method, and one in another currency', () => {
    errors('shipping_method_unknown', [line('mug', 1)], { shippingMethod: 'pigeon' })
    errors('shipping_method_unknown', [line('euro', 1)], { shippingMethod: 'express' })
    assert.equal(totals([line('euro', 1)]).total, 500)
  })
  it('refuses sums beyond what a number holds', () => {
    errors('amount_too_large', [line('dear', 1_000_000)])
    errors('amount_too_large', [line('dear', 90_000), line('dear', 90_000)])
    errors('amount_too_large', [line('mug', 1, { unitPrice: Number.MAX_SAFE_INTEGER, override: true })], {
      shippingMethod: 'express',
    })
  })
})

describe('Promotions', () => {
  it('take percentages of the subtotal, not of each other', () =>
    assert.deepEqual(priced([line('lamp', 1)], { promotionCodes: ['TEN', 'HALF'] }).promotions, [
      { code: 'TEN', amount: 100 },
      { code: 'HALF', amount: 500 },
    ]))
  it('take amounts after percentages', () =>
    assert.equal(totals([line('lamp', 1)], { promotionCodes: ['FIVER', 'HALF'] }).discount, 1_000))
  it('never take more than there is', () => {
    assert.equal(totals([line('lamp', 1)], { promotionCodes: ['MOST', 'HALF'] }).total, 0)
    assert.equal(totals([line('mug', 1)], { promotionCodes: ['FIVER'] }).total, 0)
    assert.equal(totals([line('mug', 1)], { promotionCodes: ['FIVER'], shippingMethod: 'express' }).total, 395)
  })
  it('give half a penny to the customer', () => assert.equal(totals([line('mug', 1)], { promotionCodes: ['TEN'] }).discount, 26))
  it('are spread over the lines by largest remainder', () =>
    assert.deepEqual(discounts([line('mug', 1), line('mug', 1), line('book', 1)], { promotionCodes: ['FIVER'] }), [85, 84, 331]))
  it('count once however often they are typed', () =>
    assert.deepEqual(priced([line('lamp', 1)], { promotionCodes: ['ten', ' TEN', 'TEN'] }).promotions, [
      { code: 'TEN', amount: 100 },
    ]))
  it('are refused when unknown or archived', () =>
    assert.deepEqual(
      errors('promotion_unknown', [line('mug', 1)], { promotionCodes: ['TEN', 'WHAT', 'OFF'] }).map(({ pointer }) => pointer),
      ['/promotionCodes/1', '/promotionCodes/2'],
    ))
  for (const code of ['PAST', 'LATER', 'EURO', 'BIG'])
    it(`are refused when they do not apply: ${code}`, () =>
      assert.equal(errors('promotion_not_applicable', [line('mug', 1)], { promotionCodes: [code] }).length, 1))
})

describe('Bundles', () => {
  it('are a priced line with component lines that cost nothing', () =>
    assert.deepEqual(
      priced([line('mug', 1), line('set', 3)]).lines.map(({ sku, quantity, unitPrice, kind, parent, share }) => ({
        sku,
        quantity,
        unitPrice,
        kind,
        parent,
        share,
      })),
      [
        { sku: 'mug', quantity: 1, unitPrice: 255, kind: 'product', parent: undefined, share: undefined },
        { sku: 'set', quantity: 3, unitPrice: 1_200, kind: 'bundle', parent: undefined, share: undefined },
        { sku: 'mug', quantity: 6, unitPrice: 0, kind: 'component', parent: 1, share: 1_216 },
        { sku: 'lamp', quantity: 3, unitPrice: 0, kind: 'component', parent: 1, share: 2_384 },
      ],
    ))
  it('may wait for a part only where bundle and part both may', () => {
    const allowed = (sku: string) => priced([line(sku, 1)]).lines.map(({ whenSoldOut }) => whenSoldOut)
    assert.deepEqual(allowed('set'), ['deny', 'deny', 'deny'])
    assert.deepEqual(allowed('waiting set'), ['backorder', 'deny', 'backorder'])
  })
  it('are unknown when a part is no longer sold', () => assert.equal(errors('product_unknown', [line('broken set', 1)]).length, 1))
  it('keep to the limits of an order with their parts', () => {
    errors('amount_too_large', [line('set', 600_000)])
    errors(
      'amount_too_large',
      Array.from({ length: 700 }, () => line('set', 1)),
    )
  })
})

describe('Any basket', () => {
  const anyLine = fc.record({
    sku: fc.constantFrom('mug', 'lamp', 'book', 'set', 'waiting set'),
    quantity: fc.integer({ min: 1, max: 5_000 }),
  })
  const anyPromotion = fc.oneof(
    fc.record({ kind: fc.constant('percent' as const), value: fc.integer({ min: 1, max: 10_000 }) }),
    fc.record({ kind: fc.constant('amount' as const), value: fc.integer({ min: 1, max: 2_000_000 }) }),
  )
  const anyBasket = fc.record({
    lines: fc.array(anyLine, { minLength: 1, maxLength: 20 }),
    codes: fc.array(anyPromotion, { maxLength: 6 }),
  })
  const total = (amounts: readonly number[]) => amounts.reduce((sum, amount) => sum + amount, 0)
  const run = (lines: readonly AskedLine[], codes: readonly Promotion[], order: readonly Promotion[]): Priced => {
    const answer = price(
      {
        lines,
        channel: 'web',
        promotionCodes: order.map(({ code }) => code),
        shippingMethod: 'express',
        at: '2026-11-21T09:00:00.000Z' as Instant,
      },
      bookOf(products, codes),
    )
    assert.ok(!isRefusal(answer))
    return answer
  }
  const codesOf = (drawn: readonly { kind: Promotion['kind']; value: number }[]) =>
    drawn.map(({ kind, value }, index) => promotion(`CODE${index}`, kind, value))

  it('adds up to the penny, line by line and code by code', () =>
    fc.assert(
      fc.property(anyBasket, ({ lines, codes: drawn }) => {
        const codes = codesOf(drawn)
        const answer = run(lines, codes, codes)
        const { subtotal, discount, shipping, total: due } = answer.totals
        assert.equal(total(answer.lines.map(({ quantity, unitPrice }) => quantity * unitPrice)), subtotal)
        assert.equal(total(answer.lines.map((one) => one.discount)), discount)
        assert.equal(total(answer.promotions.map(({ amount }) => amount)), discount)
        assert.equal(due, subtotal - discount + shipping)
        for (const [index, bundle] of answer.lines.entries()) {
          if (bundle.kind !== 'bundle') continue
          const parts = answer.lines.filter(({ parent }) => parent === index)
          assert.equal(total(parts.map(({ share }) => share ?? Number.NaN)), bundle.quantity * bundle.unitPrice - bundle.discount)
        }
      }),
    ))

  it('never has a negative amount, or a discount above its line', () =>
    fc.assert(
      fc.property(anyBasket, ({ lines, codes: drawn }) => {
        const codes = codesOf(drawn)
        const { lines: sold, promotions: applied, totals: sums } = run(lines, codes, codes)
        for (const { discount, quantity, unitPrice, share = 0 } of sold)
          assert.ok(discount >= 0 && discount <= quantity * unitPrice && share >= 0)
        for (const { amount } of applied) assert.ok(amount >= 0)
        assert.ok(Object.values(sums).every((amount) => amount >= 0 && Number.isSafeInteger(amount)))
      }),
    ))

  it('costs the same in whatever order codes are typed', () =>
    fc.assert(
      fc.property(anyBasket, fc.infiniteStream(fc.nat()), ({ lines, codes: drawn }, chance) => {
        const codes = codesOf(drawn)
        const shuffled = codes
          .map((code) => ({ code, at: chance.next().value ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ code }) => code)
        const [one, other] = [run(lines, codes, codes), run(lines, codes, shuffled)]
        assert.deepEqual(one.totals, other.totals)
        assert.deepEqual(one.lines, other.lines)
        assert.deepEqual(
          new Map(one.promotions.map((p) => [p.code, p.amount])),
          new Map(other.promotions.map((p) => [p.code, p.amount])),
        )
      }),
    ))
})
