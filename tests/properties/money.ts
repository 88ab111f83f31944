/** Properties of money: shares, minor units, texts. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parseMajor, spread, toMajor } from '../../src/kernel/money.ts'
import { anyText, currency } from './generators.ts'
import { type Property, sumOf } from './property.ts'

const amount = fc.oneof(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.maxSafeInteger())
const owing = fc.oneof(fc.integer({ min: 0, max: 10_000 }), fc.maxSafeNat())
const weights = fc.array(fc.oneof(fc.constant(0), fc.nat(20), fc.nat(1_000_000_000)), { minLength: 1, maxLength: 12 })
/** Whole part and decimals, as they are written: the reader takes thirteen digits before the point. */
const written = fc.record({
  negative: fc.boolean(),
  whole: fc.bigInt({ min: 0n, max: 9_999_999_999_999n }),
  decimals: fc.stringMatching(/^\d{0,6}$/),
})

/** ISO 4217, written down again: what the product says of a currency is not asked of the product. */
const digitsOf = (of: string): number => (['JPY', 'KRW', 'ISK'].includes(of) ? 0 : ['KWD', 'BHD', 'TND'].includes(of) ? 3 : 2)

/** A JSON number keeps fifteen digits, whatever they are: a thousand million million in minor units. */
const shownMax = 10 ** 15 - 1

const textOf = ({ negative, whole, decimals }: { negative: boolean; whole: bigint; decimals: string }): string =>
  `${negative ? '-' : ''}${whole}${decimals === '' ? '' : `.${decimals}`}`

/** The exact share of a part, less what it got: in units of the whole weight. */
const offBy = (sum: number, all: readonly number[], part: number, got: number): bigint => {
  const whole = all.reduce((total, one) => total + BigInt(one), 0n)
  const [share, of] = whole === 0n ? [1n, BigInt(all.length)] : [BigInt(all[part] ?? 0), whole]
  const difference = BigInt(sum) * share - BigInt(got) * of
  return (difference < 0n ? -difference : difference) < of ? 0n : difference
}

export const moneyProperties: readonly Property[] = [
  {
    name: 'shares of an amount sum to it, to the unit',
    invariant: 'I5',
    property: fc.property(amount, weights, (sum, parts) => {
      assert.equal(sumOf(spread(sum, parts)), sum)
    }),
  },
  {
    name: 'no share is a whole unit away from its exact part',
    invariant: 'I5',
    property: fc.property(amount, weights, (sum, parts) => {
      for (const [part, got] of spread(sum, parts).entries()) assert.equal(offBy(sum, parts, part, got), 0n, `part ${part}`)
    }),
  },
  {
    name: 'who weighs more never gets less, and of equals the earlier gets the odd unit',
    invariant: 'I5',
    property: fc.property(owing, weights, (sum, parts) => {
      const shares = spread(sum, parts)
      for (const [at, share] of shares.entries())
        for (const [later, other] of shares.entries()) {
          if ((parts[at] ?? 0) > (parts[later] ?? 0)) assert.ok(share >= other)
          if (parts[at] === parts[later] && at < later) assert.ok(share >= other)
        }
    }),
  },
  {
    name: 'what is owed and what is given back are shared alike',
    invariant: 'I5',
    property: fc.property(owing, weights, (sum, parts) => {
      const given = spread(sum, parts)
      const back = spread(-sum, parts)
      for (const [at, share] of given.entries()) assert.equal(share + (back[at] ?? Number.NaN), 0)
    }),
  },
  {
    name: 'a share of something owed is never negative, and nothing goes to a weight of nothing',
    invariant: 'I5',
    property: fc.property(owing, weights, (sum, parts) => {
      for (const [at, share] of spread(sum, parts).entries()) {
        assert.ok(share >= 0)
        if (parts[at] === 0 && sumOf(parts) > 0) assert.equal(share, 0)
      }
    }),
  },
  {
    name: 'minor units shown in major ones are read back as they were, in currencies of 0, 2 and 3 decimals',
    invariant: 'I5',
    property: fc.property(currency, fc.boolean(), fc.maxSafeNat(), (of, negative, drawn) => {
      const minor = drawn % Math.min(shownMax, 10 ** (13 + digitsOf(of)))
      const kept = negative && minor > 0 ? -minor : minor
      assert.equal(parseMajor(String(toMajor(kept, of)), of), kept)
      assert.equal(parseMajor(toMajor(kept, of).toFixed(digitsOf(of)), of), kept)
    }),
  },
  {
    name: 'a written amount is read exactly, or not at all',
    invariant: 'I5',
    property: fc.property(currency, written, (of, money) => {
      const digits = digitsOf(of)
      const exact = BigInt(`${money.whole}${money.decimals.padEnd(digits, '0').slice(0, digits)}`) * (money.negative ? -1n : 1n)
      const isFiner = /[1-9]/.test(money.decimals.slice(digits))
      const fits = exact <= BigInt(Number.MAX_SAFE_INTEGER) && exact >= BigInt(-Number.MAX_SAFE_INTEGER)
      assert.equal(parseMajor(textOf(money), of), isFiner || !fits ? undefined : Number(exact))
    }),
  },
  {
    name: 'any other text is no amount: it is refused without a fault',
    property: fc.property(currency, anyText, (of, text) => {
      const read = parseMajor(text, of)
      if (read === undefined) return
      assert.ok(Number.isSafeInteger(read) && !Object.is(read, -0))
      assert.match(text.trim(), /^-?\d{1,13}(\.\d+)?$/)
    }),
  },
]
