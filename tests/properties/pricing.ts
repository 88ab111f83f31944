/** Properties of prices, promotions and what a parcel is worth. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { isRefusal } from '../../src/kernel/decider.ts'
import type { Sku } from '../../src/kernel/ids.ts'
import type { Priced, PriceRequest } from '../../src/catalog/contract.ts'
import { price, type PriceBook } from '../../src/catalog/pricing.ts'
import { decideProduct, type Product, type ProductCommand, productDefaults } from '../../src/catalog/product.ts'
import { decidePromotion, type Promotion, type PromotionCommand } from '../../src/catalog/promotion.ts'
import type { PlacedLine } from '../../src/orders/contract.ts'
import { takeOut, worth, worthOfLines } from '../../src/payments/goods.ts'
import { anyText, at, soon, unitsOf } from './generators.ts'
import { frozen, type Property, sumOf } from './property.ts'

const product = (sku: string, unitPrice: number, components: Product['components'] = []): Product => ({
  ...productDefaults,
  sku: sku as Sku,
  name: sku,
  description: '',
  unitPrice,
  currency: 'GBP',
  components,
  prices: [],
  archived: false,
  version: 1,
})
const promotion = (code: string, kind: Promotion['kind'], value: number): Promotion => ({
  code,
  kind,
  value,
  currency: kind === 'amount' ? 'GBP' : null,
  startsAt: null,
  endsAt: null,
  minimumSubtotal: 0,
  active: true,
  version: 1,
})

const cents = fc.oneof(fc.nat(20), fc.nat(20_000), fc.nat(100_000_000_000))
const quantity = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 20_000 }))
const skus = ['a', 'b', 'c', 'set', 'box'] as const
const codes = ['P1', 'P2', 'A1', 'A2'] as const
/** Three products, two bundles of them, four codes; every price and every value is drawn. */
const shop = fc.record({
  prices: fc.tuple(cents, cents, cents, cents, cents),
  parts: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
  off: fc.tuple(
    fc.integer({ min: 1, max: 10_000 }),
    fc.integer({ min: 1, max: 10_000 }),
    fc.integer({ min: 1, max: 50_000 }),
    fc.integer({ min: 1, max: 50_000 }),
  ),
  shipping: fc.nat(2_000),
})
type Shop = typeof shop extends fc.Arbitrary<infer Value> ? Value : never

const bookOf = ({ prices, parts, off, shipping }: Shop): PriceBook => {
  const products = [
    product('a', prices[0]),
    product('b', prices[1]),
    product('c', prices[2]),
    product('set', prices[3], [
      { sku: 'a' as Sku, quantity: parts[0] },
      { sku: 'b' as Sku, quantity: parts[1] },
    ]),
    product('box', prices[4], [{ sku: 'c' as Sku, quantity: parts[0] }]),
  ]
  const promotions = codes.map((code, index) => promotion(code, code.startsWith('P') ? 'percent' : 'amount', off[index] ?? 1))
  return {
    product: (sku) => products.find((one) => one.sku === sku),
    promotion: (code) => promotions.find((one) => one.code === code),
    shippingMethod: (code) => (code === 'standard' ? { code, name: code, price: shipping, currency: 'GBP' } : undefined),
  }
}

const lines = fc.array(fc.record({ sku: fc.constantFrom(...skus), quantity }), { minLength: 1, maxLength: 6 })
const somePromotions = fc.subarray([...codes])
type AskedLines = typeof lines extends fc.Arbitrary<infer Value> ? Value : never

const ask = (asked: AskedLines, promotionCodes: readonly string[], book: PriceBook): Priced => {
  const request: PriceRequest = { lines: asked, channel: 'web', promotionCodes, shippingMethod: 'standard', at }
  const priced = price(frozen(request), book)
  if (isRefusal(priced)) fc.pre(priced.refused !== 'amount_too_large')
  assert.ok(!isRefusal(priced), JSON.stringify(priced))
  return priced
}

/** A basket as an order has it. */
const placedLines = (priced: Priced): readonly PlacedLine[] =>
  priced.lines.map(({ whenSoldOut: _, share: __, ...line }): PlacedLine => ({ ...line, ifShort: 'refuse' }))

export const pricingProperties: readonly Property[] = [
  {
    name: 'lines less discounts plus delivery are the total, exactly, and the lines share the discount',
    invariant: 'I5',
    property: fc.property(shop, lines, somePromotions, (drawn, asked, off) => {
      const { totals, lines: priced, promotions } = ask(asked, off, bookOf(drawn))
      assert.equal(sumOf(priced.map(({ unitPrice, quantity }) => unitPrice * quantity)), totals.subtotal)
      assert.equal(sumOf(priced.map(({ discount }) => discount)), totals.discount)
      assert.equal(sumOf(promotions.map(({ amount }) => amount)), totals.discount)
      assert.equal(totals.subtotal - totals.discount + totals.shipping, totals.total)
    }),
  },
  {
    name: 'nothing costs less than nothing: no code takes off more than there is, of the basket or of a line',
    invariant: 'I5',
    property: fc.property(shop, lines, somePromotions, (drawn, asked, off) => {
      const { totals, lines: priced, promotions } = ask(asked, off, bookOf(drawn))
      assert.ok(totals.discount >= 0 && totals.discount <= totals.subtotal)
      for (const { amount } of promotions) assert.ok(amount >= 0)
      for (const { unitPrice, quantity, discount } of priced) assert.ok(discount >= 0 && discount <= unitPrice * quantity)
    }),
  },
  {
    name: 'the order of the lines changes no sum',
    property: fc.property(
      shop,
      lines.chain((asked) => fc.tuple(fc.constant(asked), fc.shuffledSubarray(asked, { minLength: asked.length }))),
      somePromotions,
      (drawn, [asked, shuffled], off) => {
        const book = bookOf(drawn)
        assert.deepEqual(ask(shuffled, off, book).totals, ask(asked, off, book).totals)
      },
    ),
  },
  {
    name: 'codes count once, in whatever order and case they are typed',
    property: fc.property(shop, lines, fc.array(fc.constantFrom(...codes), { maxLength: 6 }), (drawn, asked, typed) => {
      const book = bookOf(drawn)
      const amounts = (given: readonly string[]) =>
        Object.fromEntries(ask(asked, given, book).promotions.map(({ code, amount }) => [code, amount]))
      const strange = [...typed, ...typed.map((code) => ` ${code.toLowerCase()} `)].toReversed()
      assert.deepEqual(amounts(strange), amounts([...new Set(typed)].sort()))
    }),
  },
  {
    name: 'the parts of a bundle share what it costs after discounts',
    invariant: 'I5',
    property: fc.property(shop, lines, somePromotions, (drawn, asked, off) => {
      const { lines: priced } = ask(asked, off, bookOf(drawn))
      for (const [index, { kind, unitPrice, quantity, discount }] of priced.entries()) {
        if (kind !== 'bundle') continue
        const parts = priced.filter(({ parent }) => parent === index)
        assert.equal(sumOf(parts.map(({ share = 0 }) => share)), unitPrice * quantity - discount)
        for (const part of parts) assert.ok(part.unitPrice === 0 && part.discount === 0 && (part.share ?? 0) >= 0)
      }
    }),
  },
  {
    name: 'one more unit never makes a basket cheaper',
    property: fc.property(shop, lines, somePromotions, fc.nat(5), (drawn, asked, off, which) => {
      const book = bookOf(drawn)
      const index = which % asked.length
      const more = asked.map((line, at) => (at === index ? { ...line, quantity: line.quantity + 1 } : line))
      assert.ok(ask(more, off, book).totals.total >= ask(asked, off, book).totals.total)
    }),
  },
  {
    name: 'whatever is asked, there is a price in safe numbers or a refusal that points at a field',
    property: fc.property(
      shop,
      fc.array(
        fc.record({
          sku: fc.oneof(fc.constantFrom(...skus), anyText),
          quantity: fc.oneof(quantity, fc.integer({ min: 1, max: 1_000_000 })),
          unitPrice: fc.option(fc.maxSafeNat(), { nil: undefined }),
          override: fc.boolean(),
        }),
        { minLength: 1, maxLength: 5 },
      ),
      fc.array(fc.oneof(fc.constantFrom(...codes), anyText), { maxLength: 3 }),
      fc.constantFrom('standard', 'owl'),
      fc.constantFrom(undefined, 'GBP', 'EUR'),
      (drawn, asked, promotionCodes, shippingMethod, currency) => {
        const priced = price({ lines: asked, channel: 'web', promotionCodes, shippingMethod, currency, at }, bookOf(drawn))
        if (isRefusal(priced)) return assert.ok(Array.isArray(priced.about?.['errors']) && priced.detail !== '')
        for (const sum of Object.values(priced.totals)) assert.ok(Number.isSafeInteger(sum) && sum >= 0)
        for (const line of priced.lines) assert.ok(Number.isSafeInteger(line.discount) && line.quantity <= 1_000_000)
      },
    ),
  },
  {
    name: 'what the lines of an order are worth together is never more than its total',
    invariant: 'I5',
    property: fc.property(shop, lines, somePromotions, fc.nat(5_000), (drawn, asked, off, less) => {
      const priced = ask(asked, off, bookOf(drawn))
      const placed = placedLines(priced)
      const goods = priced.totals.subtotal - priced.totals.discount
      const total = Math.max(0, priced.totals.total - less)
      const worths = worthOfLines(placed, total)
      assert.equal(worth(worths), Math.min(goods, total))
      for (const line of worths) assert.ok(line.worth >= 0)
    }),
  },
  {
    name: 'parcel by parcel goods are worth what they are worth whole, to the last cent',
    invariant: 'I5',
    property: fc.property(shop, lines, somePromotions, fc.array(unitsOf(8, 9), { maxLength: 12 }), (drawn, asked, off, parcels) => {
      const priced = ask(asked, off, bookOf(drawn))
      const whole = worthOfLines(placedLines(priced), priced.totals.total)
      let goods = whole
      let taken = 0
      for (const parcel of parcels) {
        const out = takeOut(frozen(goods), parcel)
        assert.ok(out.taken >= 0)
        taken += out.taken
        goods = out.left
        assert.equal(taken + worth(goods), worth(whole))
      }
      const rest = takeOut(goods, goods)
      assert.equal(taken + rest.taken, worth(whole))
      assert.deepEqual(rest.left, [])
    }),
  },
  {
    name: 'a promotion that is saved twice alike is one version, and none that is refused was changed',
    property: fc.property(
      fc.array(
        fc.oneof(
          fc.record({
            do: fc.constant('save' as const),
            draft: fc.record({
              code: fc.constantFrom('p', 'P ', ' p'),
              kind: fc.constantFrom('percent' as const, 'amount' as const),
              value: fc.integer({ min: -1, max: 12_000 }),
              currency: fc.constantFrom(null, 'GBP'),
              startsAt: fc.option(soon),
              endsAt: fc.option(soon),
              minimumSubtotal: fc.nat(100),
            }),
            expected: fc.option(fc.nat(4), { nil: undefined }),
          }),
          fc.record({
            do: fc.constant('archive' as const),
            code: fc.constant('p'),
            expected: fc.option(fc.nat(4), { nil: undefined }),
          }),
        ),
        { maxLength: 12 },
      ),
      (commands: readonly PromotionCommand[]) => {
        let saved: Promotion | undefined
        for (const command of commands) {
          const after = decidePromotion(frozen(command), saved)
          if (isRefusal(after)) continue
          assert.ok(after === saved || after.version === (saved?.version ?? 0) + 1)
          assert.equal(after.code, 'P')
          assert.equal(decidePromotion({ ...command, expected: after.version }, after), after, 'the same again changes nothing')
          saved = frozen(after)
        }
      },
    ),
  },
  {
    name: 'a product that is saved twice alike is one version, whatever its fields hold',
    property: fc.property(
      fc.array(
        fc.record({
          do: fc.constant('save' as const),
          draft: fc.record({
            sku: fc.constant('new' as Sku),
            name: anyText,
            unitPrice: fc.integer({ min: -1, max: 5 }),
            currency: fc.constantFrom('GBP', 'gbp', 'EUR'),
            description: fc.option(anyText, { nil: undefined }),
            grams: fc.option(fc.integer({ min: -1, max: 3_000_000 }), { nil: undefined }),
            components: fc.option(
              fc.array(
                fc.record({ sku: fc.constantFrom('a' as Sku, 'b' as Sku, 'new' as Sku, 'owl' as Sku), quantity: fc.nat(3) }),
                { maxLength: 3 },
              ),
              { nil: undefined },
            ),
          }),
        }),
        { maxLength: 8 },
      ),
      (commands: readonly ProductCommand[]) => {
        let saved: Product | undefined
        const known = [product('a', 1), product('b', 2)]
        const book = { product: (sku: string) => known.find((one) => one.sku === sku), isComponent: () => false }
        for (const command of commands) {
          const after = decideProduct(frozen(command), saved, book)
          if (isRefusal(after)) continue
          assert.ok(after === saved || after.version === (saved?.version ?? 0) + 1)
          assert.equal(decideProduct(command, after, book), after, 'the same again changes nothing')
          saved = frozen(after)
        }
      },
    ),
  },
]
