/** Products as the catalogue keeps them, and what a save makes of one. Pure. */
import { type Refusal, refuse } from '../kernel/decider.ts'
import type { Sku } from '../kernel/ids.ts'
import type { FieldProblem } from '../kernel/problem.ts'
import { basketLimits, type CatalogEvent, type ProductView, skuPattern, type WhenSoldOut } from './contract.ts'

/** A price beside the product's own: in another currency, or for one channel only. */
export type ProductPrice = Readonly<{ currency: string; channel?: string | undefined; unitPrice: number }>
export type Product = ProductView & Readonly<{ prices: readonly ProductPrice[] }>
/** What is left out stays as it was, or gets its default in a new product. */
export type ProductDraft = Readonly<{
  sku: Sku
  name: string
  unitPrice: number
  currency: string
  description?: string | undefined
  grams?: number | undefined
  whenSoldOut?: WhenSoldOut | undefined
  lowStock?: number | undefined
  components?: Product['components'] | undefined
  prices?: readonly ProductPrice[] | undefined
  archived?: boolean | undefined
}>
/**
 * `expected`: the version the caller saw, 0 for one that is not there yet. Without it the last word counts, as an import
 * wants it.
 */
export type ProductCommand = Readonly<
  { do: 'save'; draft: ProductDraft; expected?: number | undefined } | { do: 'archive'; sku: Sku; expected?: number | undefined }
>
export type ProductReason =
  | 'product_not_found'
  | 'product_invalid'
  | 'version_mismatch'
  | 'version_required'
  | 'component_unknown'
  | 'component_is_bundle'
  | 'bundle_is_component'

/** Half a kilogram and five units: middling for a gift shop, and said in the documentation of the import. */
export const productDefaults = { grams: 500, lowStock: 5, whenSoldOut: 'deny' } as const
/** A hamper has a dozen parts; fifty keep 2,000 lines of bundles below what one batch can plan. */
export const componentsMax = 50
/** Currencies × channels of one product. */
export const pricesMax = 100

/** A thousand million pounds: with the limits above every sum over a bundle stays a safe integer. */
export const unitPriceMax = 100_000_000_000
/** A ton, twice over. */
export const gramsMax = 2_000_000
export const componentUnitsMax = 1_000
export const textMax = { name: 500, description: 10_000 } as const

export type ProductBook = Readonly<{
  product: (sku: string) => Product | undefined
  /** Whether some bundle contains it. */
  isComponent: (sku: string) => boolean
}>

export const skuOf = (command: ProductCommand): Sku => (command.do === 'save' ? command.draft.sku : command.sku)

/** The product after the command: the same object where nothing changes. */
export const decideProduct = (
  command: ProductCommand,
  before: Product | undefined,
  book: ProductBook,
): Product | Refusal<ProductReason> => {
  const stale = staleness(command, before)
  if (stale !== undefined) return stale
  if (command.do === 'archive') {
    if (before === undefined) return refuse('product_not_found', `there is no product ${command.sku}`)
    return before.archived ? before : { ...before, archived: true, version: before.version + 1 }
  }
  const after = drafted(command.draft, before)
  const [first, ...others] = faults(after)
  if (first !== undefined)
    return refuse('product_invalid', `${first.pointer}: ${first.detail ?? ''}`, { errors: [first, ...others] })
  // Parts that stay as they were have been checked when they were named.
  const faulty = command.draft.components === undefined ? undefined : faultyComponents(after, book)
  if (faulty !== undefined) return faulty
  return before !== undefined && changedFields(before, after).length === 0 ? before : after
}

const staleness = (command: ProductCommand, before: Product | undefined): Refusal<ProductReason> | undefined => {
  const { expected } = command
  const version = before?.version ?? 0
  if (expected === undefined || expected === version) return undefined
  const sku = skuOf(command)
  if (expected === 0)
    return refuse('version_required', `${sku} exists: send If-Match with the ETag of the version you want to replace`, { version })
  return refuse('version_mismatch', `${sku} is at version ${version}, not ${expected}: read it again and repeat the change`, {
    version,
  })
}

const drafted = (draft: ProductDraft, before: Product | undefined): Product => ({
  sku: draft.sku,
  name: draft.name,
  description: draft.description ?? before?.description ?? '',
  unitPrice: draft.unitPrice,
  currency: draft.currency,
  grams: draft.grams ?? before?.grams ?? productDefaults.grams,
  whenSoldOut: draft.whenSoldOut ?? before?.whenSoldOut ?? productDefaults.whenSoldOut,
  lowStock: draft.lowStock ?? before?.lowStock ?? productDefaults.lowStock,
  components: draft.components ?? before?.components ?? [],
  prices: draft.prices ?? before?.prices ?? [],
  // Saving a product says that it is sold, unless the draft says otherwise: an import brings an archived one back.
  archived: draft.archived ?? false,
  version: (before?.version ?? 0) + 1,
})

const skuShape = new RegExp(skuPattern)

/** What every door must keep to, a file's as well as HTTP's. */
const faults = (product: Product): readonly FieldProblem[] => {
  const { sku, name, description, unitPrice, currency, grams, lowStock, components, prices } = product
  const wrong = (right: boolean, pointer: string, detail: string): FieldProblem[] =>
    right ? [] : [{ pointer, code: 'invalid', detail }]
  const isCount = (value: number, max: number): boolean => Number.isSafeInteger(value) && value >= 0 && value <= max
  const isText = (text: string, max: number): boolean => text.length <= max && !text.includes('\0')
  return [
    ...wrong(skuShape.test(sku), '/sku', 'must have 1 to 64 letters, digits, spaces or . _ : -'),
    ...wrong(name.trim() !== '' && isText(name, textMax.name), '/name', `must have 1 to ${textMax.name} characters`),
    ...wrong(isText(description, textMax.description), '/description', `must have at most ${textMax.description} characters`),
    ...wrong(isCount(unitPrice, unitPriceMax), '/unitPrice', `must be minor units from 0 to ${unitPriceMax}`),
    ...wrong(/^[A-Z]{3}$/.test(currency), '/currency', 'must be an ISO 4217 code such as GBP'),
    ...wrong(isCount(grams, gramsMax), '/grams', `must be whole grams from 0 to ${gramsMax}`),
    ...wrong(isCount(lowStock, basketLimits.unitsMax), '/lowStock', `must be from 0 to ${basketLimits.unitsMax}`),
    ...wrong(components.length <= componentsMax, '/components', `must be at most ${componentsMax}`),
    ...wrong(prices.length <= pricesMax, '/prices', `must be at most ${pricesMax}`),
    ...components.flatMap(({ quantity }, index) =>
      wrong(
        quantity > 0 && isCount(quantity, componentUnitsMax),
        `/components/${index}/quantity`,
        `must be from 1 to ${componentUnitsMax}`,
      ),
    ),
    ...prices.flatMap((price, index) =>
      wrong(
        isCount(price.unitPrice, unitPriceMax) && /^[A-Z]{3}$/.test(price.currency),
        `/prices/${index}`,
        'must have a currency and minor units',
      ),
    ),
    ...wrong(
      new Set(prices.map(({ currency, channel }) => `${currency}\n${channel ?? ''}`)).size === prices.length,
      '/prices',
      'must have one price a currency and channel',
    ),
    ...wrong(new Set(components.map(({ sku }) => sku)).size === components.length, '/components', 'must name each product once'),
  ]
}

/** Bundles are one level deep: what has stock is a product, never a bundle of bundles. */
const faultyComponents = ({ sku, components }: Product, book: ProductBook): Refusal<ProductReason> | undefined => {
  if (components.length === 0) return undefined
  if (book.isComponent(sku)) return refuse('bundle_is_component', `${sku} is part of another bundle, so it cannot become one`)
  const unknown = components.flatMap(({ sku: part }, index) =>
    book.product(part) === undefined ? [fault(index, 'component_unknown', `there is no product ${part}`)] : [],
  )
  if (unknown.length > 0) return refuse('component_unknown', String(unknown[0]?.detail), { errors: unknown })
  const bundles = components.flatMap(({ sku: part }, index) =>
    part === sku || (book.product(part)?.components.length ?? 0) > 0
      ? [fault(index, 'component_is_bundle', `${part} is a bundle itself`)]
      : [],
  )
  return bundles.length > 0 ? refuse('component_is_bundle', String(bundles[0]?.detail), { errors: bundles }) : undefined
}

const fault = (index: number, code: string, detail: string): FieldProblem => ({
  pointer: `/components/${index}/sku`,
  code,
  detail,
})

const compared = [
  'name',
  'description',
  'unitPrice',
  'currency',
  'grams',
  'whenSoldOut',
  'lowStock',
  'components',
  'prices',
  'archived',
] as const satisfies readonly (keyof Product)[]

const changedFields = (before: Product, after: Product): readonly string[] =>
  compared.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))

export const productFact = (before: Product | undefined, after: Product): CatalogEvent => {
  const { sku, version, unitPrice, currency } = after
  return before === undefined
    ? { type: 'ProductAdded', sku, version, unitPrice, currency }
    : { type: 'ProductChanged', sku, version, unitPrice, currency, fields: changedFields(before, after) }
}

/** A channel's own price goes before the currency's, and that before the product's; undefined where it is not sold so. */
export const priceIn = (product: Product, currency: string, channel: string): number | undefined => {
  const here = product.prices.filter((price) => price.currency === currency)
  const special = here.find((price) => price.channel === channel) ?? here.find((price) => price.channel === undefined)
  return special?.unitPrice ?? (product.currency === currency ? product.unitPrice : undefined)
}
