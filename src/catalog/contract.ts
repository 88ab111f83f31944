/** What other rooms may know of the catalogue. */
import type { Refusal } from '../kernel/decider.ts'
import type { Instant, Sku } from '../kernel/ids.ts'

export type WhenSoldOut = 'deny' | 'backorder' | 'preorder'
export type ProductView = Readonly<{
  sku: Sku
  name: string
  description: string
  /** Minor units of `currency`. */
  unitPrice: number
  currency: string
  grams: number
  whenSoldOut: WhenSoldOut
  /** Free units at or below which a place's stock counts as low. */
  lowStock: number
  /** Whole units of each component in one bundle; empty for an ordinary product. */
  components: readonly Readonly<{ sku: Sku; quantity: number }>[]
  archived: boolean
  version: number
}>

export type AskedLine = Readonly<{
  sku: string
  quantity: number
  unitPrice?: number | undefined /** Frozen price set by a caller with the scope, or by the import: no check. */
  override?: boolean
}>
export type PriceRequest = Readonly<{
  lines: readonly AskedLine[]
  currency?: string | undefined
  channel: string
  promotionCodes: readonly string[]
  shippingMethod: string
  at: Instant
}>
export type PricedLine = Readonly<{
  sku: Sku
  name: string
  quantity: number
  unitPrice: number
  discount: number
  kind: 'product' | 'bundle' | 'component'
  parent?: number
  grams: number
  whenSoldOut: WhenSoldOut /** Of a component: the part of its bundle's discounted price that it stands for. For information; it is in no sum. */
  share?: number
}>
export type Priced = Readonly<{
  currency: string
  /** In the order asked; a bundle's components follow it, `parent` is its index. */
  lines: readonly PricedLine[]
  promotions: readonly Readonly<{ code: string; amount: number }>[]
  totals: Readonly<{ subtotal: number; discount: number; shipping: number; tax: number; total: number }>
}>
/** Reasons a basket cannot be priced; `about.errors` points at the fields. */
export type PricingReason =
  | 'product_unknown'
  | 'price_changed'
  | 'currency_mixed'
  | 'promotion_unknown'
  | 'promotion_not_applicable'
  | 'shipping_method_unknown'
  | 'amount_too_large'

/** The caller's own product id, and likewise user id: 1 to 64 of these, kept as written. */
export const skuPattern = '^[A-Za-z0-9 ._:-]{1,64}$'
/** DESIGN §13, Limits: of an order and of a cart alike. The units also keep every count of stock inside 32 bits. */
export const basketLimits = { linesMax: 2_000, unitsMax: 1_000_000 } as const

/** Facts of the catalogue, on streams of their own, one fact a stream. Nobody else decides anything by them (requirement D5). */
export type CatalogEvent = Readonly<
  | { type: 'ProductAdded'; sku: Sku; version: number; unitPrice: number; currency: string }
  | { type: 'ProductChanged'; sku: Sku; version: number; unitPrice: number; currency: string; fields: readonly string[] }
  | { type: 'PromotionAdded'; code: string; version: number }
  | { type: 'PromotionChanged'; code: string; version: number; fields: readonly string[] }
>

export interface CatalogQueries {
  /** Call it before the two below: it loads what this process has not seen, and what others changed meanwhile. */
  ensure(skus: readonly string[]): Promise<void>
  /** Archived ones too; undefined where there never was such a product, or where `ensure` was not asked for it. */
  product(sku: string): ProductView | undefined
  price(request: PriceRequest): Priced | Refusal<PricingReason>
}
