/** What other rooms may know of carts. */
import type { Instant, OrderId, Sku } from '../kernel/ids.ts'
import type { Work, Write } from '../platform/store/work.ts'

declare const owner: unique symbol
/** Whose cart it is: a user's, or whoever holds a guest's token. Made by `userOwner` and `guestOwner` only. */
export type CartOwner = string & { readonly [owner]: true }

export type CartItem = Readonly<{ sku: Sku; quantity: number }>
/** An item as it is shown: name and price are the catalogue's of this moment. */
export type CartItemView = CartItem &
  Readonly<{ name: string; unitPrice: number /** False where it is no longer sold. */; sold: boolean }>
export type CartView = Readonly<{
  cartId: string
  version: number
  currency: string | null
  items: readonly CartItemView[]
  subtotal: number
  lastOrder?: OrderId
  expiresAt?: Instant
}>

/** What ordering a cart needs of it, inside the order's own batch. */
export type CartAtCheckout = Readonly<{ items: readonly CartItem[]; version: number; lastOrder?: OrderId }>
export interface CartCheckout {
  /**
   * Locks the carts. One that does not belong to its owner is not in the answer; one that nobody ever used is there, empty.
   * Where two orders of a batch name the same cart, the second finds it empty: the caller minds that.
   */
  lockForCheckout(
    work: Work,
    carts: readonly Readonly<{ cartId: string; owner: string }>[],
  ): Promise<ReadonlyMap<string, CartAtCheckout>>
  /** Empties locked carts; each remembers its order. */
  emptied(carts: readonly Readonly<{ cartId: string; order: OrderId }>[], now: Instant): Write
}

/** Two carts hold the same exactly when these are equal: what was priced is compared with what is being ordered. */
export const sameness = (items: readonly CartItem[]): string => JSON.stringify(items.map(({ sku, quantity }) => [sku, quantity]))
