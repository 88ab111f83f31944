/** What other rooms may know of the catalogue. */
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

export type AskedLine = Readonly<{ sku: string; quantity: number; unitPrice?: number | undefined; /** Frozen price set by a caller with the scope, or by the import: no check. */ override?: boolean }>
export type PriceRequest = Readonly<{ lines: readonly AskedLine[]; currency?: string | undefined; channel: string; promotionCodes: readonly string[]; shippingMethod: string; at: Instant }>
export type PricedLine = Readonly<{ sku: Sku; name: string; quantity: number; unitPrice: number; discount: number; kind: 'product' | 'bundle' | 'component'; parent?: number; grams: number; whenSoldOut: WhenSoldOut }>
export type Priced = Readonly<{
  currency: string
  /** In the order asked; a bundle's components follow it, `parent` is its index. */
  lines: readonly PricedLine[]
  promotions: readonly Readonly<{ code: string; amount: number }>[]
  totals: Readonly<{ subtotal: number; discount: number; shipping: number; tax: number; total: number }>
}>
/** Reasons a basket cannot be priced; `about.errors` points at the fields. */
export type PricingReason = 'product_unknown' | 'price_changed' | 'currency_mixed' | 'promotion_unknown' | 'promotion_not_applicable' | 'shipping_method_unknown' | 'amount_too_large'
