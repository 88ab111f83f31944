/**
 * What a basket costs today. Pure, so that the promise, the cart and the placement cannot differ: lines, then promotions
 * (percentages on the subtotal, then amounts, never below 0), then delivery. Prices include tax; nothing is rounded twice.
 */
import { isRefusal, type Refusal, refuse } from '../kernel/decider.ts'
import { spread } from '../kernel/money.ts'
import type { FieldProblem } from '../kernel/problem.ts'
import {
  basketLimits,
  type AskedLine,
  type Priced,
  type PricedLine,
  type PriceRequest,
  type PricingReason,
  type WhenSoldOut,
} from './contract.ts'
import { priceIn, type Product } from './product.ts'
import { canonicalCode, type Promotion, type ShippingMethod, unmet, wholeBasisPoints } from './promotion.ts'

export type PriceBook = Readonly<{
  product: (sku: string) => Product | undefined
  /** By its code in upper case. */
  promotion: (code: string) => Promotion | undefined
  shippingMethod: (code: string) => ShippingMethod | undefined
}>
type PricingRefusal = Refusal<PricingReason>
type Basis = Readonly<{ currency: string; channel: string; book: PriceBook }>
/** One asked line with what it stands for. */
type Sold = Readonly<{ product: Product; quantity: number; unitPrice: number; parts: readonly Part[] }>
type Part = Readonly<{ product: Product; quantity: number; worth: number }>
type Applied = Readonly<{ code: string; amount: number }>

export const price = (request: PriceRequest, book: PriceBook): Priced | PricingRefusal => {
  const sold = sell(request, book)
  if (isRefusal(sold)) return sold
  const { currency, lines } = sold
  const subtotals = lines.map(({ unitPrice, quantity }) => unitPrice * quantity)
  const subtotal = sum(subtotals)
  if (subtotal === undefined) return tooLarge('the subtotal', lines)
  const promotions = discount(request, { subtotal, currency, book })
  if (isRefusal(promotions)) return promotions
  const method = book.shippingMethod(request.shippingMethod)
  if (method === undefined || (method.price > 0 && method.currency !== currency))
    return refuse('shipping_method_unknown', `there is no delivery method ${request.shippingMethod} for orders in ${currency}`, {
      errors: [{ pointer: '/shippingMethod', code: 'shipping_method_unknown' }],
    })
  const off = promotions.reduce((total, { amount }) => total + amount, 0)
  const total = sum([subtotal - off, method.price])
  if (total === undefined) return tooLarge('the total', lines)
  // Nothing to spread is the common case, and the hot path.
  const discounts = off === 0 ? [] : spread(off, subtotals)
  return {
    currency,
    lines: expand(lines, discounts),
    promotions,
    totals: { subtotal, discount: off, shipping: method.price, tax: 0, total },
  }
}

/** Finds every line's product and price; all that is wrong with the basket is said at once, kind by kind. */
const sell = (
  { lines, currency: asked, channel }: PriceRequest,
  book: PriceBook,
): Readonly<{ currency: string; lines: readonly Sold[] }> | PricingRefusal => {
  const known: Product[] = []
  const unknown: FieldProblem[] = []
  for (const [index, { sku }] of lines.entries()) {
    const product = book.product(sku)
    if (product !== undefined && isSold(product, book)) known.push(product)
    else unknown.push({ pointer: `/lines/${index}/sku`, code: 'product_unknown', detail: `there is no product ${sku}` })
  }
  if (unknown.length > 0) return refuse('product_unknown', listed(unknown), { errors: unknown })
  const currency = asked ?? known[0]?.currency ?? ''
  const mixed: FieldProblem[] = []
  const changed: FieldProblem[] = []
  const sold: Sold[] = []
  for (const [index, product] of known.entries()) {
    const line = lines[index] as AskedLine
    const today = priceIn(product, currency, channel)
    const frozen = line.override === true ? line.unitPrice : undefined
    const unitPrice = frozen ?? today
    if (unitPrice === undefined) {
      const detail = `${product.sku} has no price in ${currency}: one currency an order`
      mixed.push({ pointer: `/lines/${index}/sku`, code: 'currency_mixed', detail })
      continue
    }
    if (frozen === undefined && line.unitPrice !== undefined && line.unitPrice !== today) {
      const detail = `${product.sku} costs ${today} today, not ${line.unitPrice} (minor units of ${currency})`
      changed.push({ pointer: `/lines/${index}/unitPrice`, code: 'price_changed', price: today, detail })
    }
    sold.push({ product, quantity: line.quantity, unitPrice, parts: partsOf(product, line.quantity, { currency, channel, book }) })
  }
  if (mixed.length > 0) return refuse('currency_mixed', listed(mixed), { errors: mixed })
  if (changed.length > 0) return refuse('price_changed', listed(changed), { errors: changed })
  return unlessOversized({ currency, lines: sold })
}

const unlessOversized = (sold: Readonly<{ currency: string; lines: readonly Sold[] }>): typeof sold | PricingRefusal => {
  const { linesMax, unitsMax } = basketLimits
  const crowded = sold.lines.findIndex(({ parts }) => parts.some(({ quantity }) => quantity > unitsMax))
  if (crowded >= 0)
    return refuse('amount_too_large', `a bundle stands for more than ${unitsMax} units of one product`, {
      errors: [{ pointer: `/lines/${crowded}/quantity`, code: 'amount_too_large' }],
    })
  const count = sold.lines.reduce((total, { parts }) => total + 1 + parts.length, 0)
  if (count > linesMax)
    return refuse('amount_too_large', `with the parts of its bundles the order has ${count} lines; at most ${linesMax}`, {
      errors: [{ pointer: '/lines', code: 'amount_too_large' }],
    })
  return sold
}

/** A bundle is sold while all of its parts are. */
const isSold = (product: Product, book: PriceBook): boolean =>
  !product.archived && product.components.every(({ sku }) => book.product(sku)?.archived === false)

const partsOf = (bundle: Product, quantity: number, { currency, channel, book }: Basis): readonly Part[] =>
  bundle.components.flatMap((component) => {
    const product = book.product(component.sku)
    if (product === undefined) return []
    const worth = (priceIn(product, currency, channel) ?? 0) * component.quantity
    return [{ product, quantity: component.quantity * quantity, worth }]
  })

/** What each code takes off; the answer is in the order asked, the amounts are the same in any order. */
const discount = (
  { promotionCodes, at }: PriceRequest,
  { subtotal, currency, book }: Readonly<{ subtotal: number; currency: string; book: PriceBook }>,
): readonly Applied[] | PricingRefusal => {
  const unknown: FieldProblem[] = []
  const barred: FieldProblem[] = []
  const found = new Map<string, Promotion>()
  for (const [index, written] of promotionCodes.entries()) {
    const code = canonicalCode(written)
    const pointer = `/promotionCodes/${index}`
    const promotion = book.promotion(code)
    if (promotion === undefined || !promotion.active) {
      unknown.push({ pointer, code: 'promotion_unknown', detail: `there is no promotion ${code}` })
      continue
    }
    const reason = unmet(promotion, { subtotal, currency, at })
    if (reason === undefined) found.set(code, promotion)
    else barred.push({ pointer, code: 'promotion_not_applicable', detail: reason })
  }
  if (unknown.length > 0) return refuse('promotion_unknown', listed(unknown), { errors: unknown })
  if (barred.length > 0) return refuse('promotion_not_applicable', listed(barred), { errors: barred })
  const amounts = amountsOff([...found.values()], subtotal)
  return [...found.keys()].map((code) => ({ code, amount: amounts.get(code) ?? 0 }))
}

const amountsOff = (promotions: readonly Promotion[], subtotal: number): ReadonlyMap<string, number> => {
  // By code, so that the cent of a largest remainder does not depend on the order in which codes were typed.
  const sorted = promotions.toSorted((a, b) => (a.code < b.code ? -1 : 1))
  const percentages = sorted.filter(({ kind }) => kind === 'percent')
  const amounts = sorted.filter(({ kind }) => kind === 'amount')
  const basisPoints = Math.min(valueOf(percentages), wholeBasisPoints)
  // BigInt: subtotal × basis points leaves the safe range. Half a minor unit goes to the customer.
  const byPercent = Number((BigInt(subtotal) * BigInt(basisPoints) + 5_000n) / BigInt(wholeBasisPoints))
  const byAmount = Math.min(valueOf(amounts), subtotal - byPercent)
  return new Map([...shares(percentages, byPercent), ...shares(amounts, byAmount)])
}

const valueOf = (promotions: readonly Promotion[]): number => promotions.reduce((sum, { value }) => sum + value, 0)

const shares = (promotions: readonly Promotion[], off: number): (readonly [string, number])[] => {
  if (promotions.length === 1) return promotions.map(({ code }) => [code, off] as const)
  const parts = spread(
    off,
    promotions.map(({ value }) => value),
  )
  return promotions.map(({ code }, index) => [code, parts[index] ?? 0] as const)
}

/** The lines of the order: a bundle, then its parts, which carry the units and cost nothing of their own. */
const expand = (lines: readonly Sold[], discounts: readonly number[]): readonly PricedLine[] => {
  const all: PricedLine[] = []
  for (const [index, { product, quantity, unitPrice, parts }] of lines.entries()) {
    const discount = discounts[index] ?? 0
    const parent = all.length
    all.push({ ...lineOf(product, quantity), unitPrice, discount, kind: parts.length > 0 ? 'bundle' : 'product' })
    if (parts.length === 0) continue
    const worths = spread(
      unitPrice * quantity - discount,
      parts.map(({ worth }) => worth),
    )
    for (const [at, part] of parts.entries()) {
      const whenSoldOut = stricter(product.whenSoldOut, part.product.whenSoldOut)
      const line = { ...lineOf(part.product, part.quantity), unitPrice: 0, discount: 0, whenSoldOut }
      all.push({ ...line, kind: 'component', parent, share: worths[at] ?? 0 })
    }
  }
  return all
}

const lineOf = (
  { sku, name, grams, whenSoldOut }: Product,
  quantity: number,
): Pick<PricedLine, 'sku' | 'name' | 'quantity' | 'grams' | 'whenSoldOut'> => ({ sku, name, quantity, grams, whenSoldOut })

/** A part may wait for stock only where both the bundle and the product may. */
const stricter = (bundle: WhenSoldOut, part: WhenSoldOut): WhenSoldOut => (bundle === 'deny' ? 'deny' : part)

/** The exact sum, or undefined beyond what a number holds: a rounded part or sum is always unsafe itself. */
const sum = (amounts: readonly number[]): number | undefined => {
  let total = 0
  for (const amount of amounts) {
    total += amount
    if (!Number.isSafeInteger(amount) || !Number.isSafeInteger(total)) return undefined
  }
  return total
}

const tooLarge = (what: string, lines: readonly Sold[]): PricingRefusal => {
  const index = lines.findIndex(({ unitPrice, quantity }) => !Number.isSafeInteger(unitPrice * quantity))
  return refuse('amount_too_large', `${what} is beyond ${Number.MAX_SAFE_INTEGER} minor units`, {
    errors: [{ pointer: index < 0 ? '/lines' : `/lines/${index}/quantity`, code: 'amount_too_large' }],
  })
}

const listed = (errors: readonly FieldProblem[]): string =>
  `${errors[0]?.detail ?? ''}${errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''}`
