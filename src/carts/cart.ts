/** One cart: what is in it, and how it changes. Pure. It reserves nothing and freezes no price. */
import { basketLimits } from '../catalog/contract.ts'
import { type Decider, type Refusal, refuse } from '../kernel/decider.ts'
import type { Instant, OrderId, Sku } from '../kernel/ids.ts'
import { instant, milliseconds } from '../kernel/time.ts'
import type { CartItem } from './contract.ts'

export type Cart = Readonly<{
  items: readonly CartItem[]
  /** Of all items; null while it is empty. */
  currency: string | null
  lastOrder?: OrderId
}>
/** `sellable`: units that could be sold now; `unlimited` where the product is sold beyond its stock. */
export type Sellable = number | 'unlimited'
export type CartCommand = Readonly<
  | { do: 'addItem'; sku: Sku; quantity: number; currency: string; sellable: Sellable }
  | { do: 'changeQuantity'; sku: Sku; quantity: number; sellable: Sellable }
  | { do: 'removeItem'; sku: Sku }
  | { do: 'empty' }
  | { do: 'checkOut'; order: OrderId }
>
/** Not for the journal: these say what a batch did to a cart, and its row is all that is kept. */
export type CartEvent = Readonly<
  | { type: 'ItemAdded'; sku: Sku; quantity: number; currency: string }
  | { type: 'QuantityChanged'; sku: Sku; quantity: number }
  | { type: 'ItemRemoved'; sku: Sku }
  | { type: 'CartEmptied' }
  | { type: 'CartOrdered'; order: OrderId }
>
export type CartReason =
  | 'insufficient_stock'
  | 'item_not_found'
  | 'currency_mixed'
  | 'cart_full'
  | 'quantity_too_large'
  | 'cart_empty'

export const emptyCart: Cart = { items: [], currency: null }

/** Long enough for next month's pay day; after that prices and minds have changed. */
export const cartDays = 30
const dayMs = 86_400_000
/** The end of the day, thirty days on. */
export const expiryOf = (now: Instant): Instant => instant((Math.floor(milliseconds(now) / dayMs) + cartDays + 1) * dayMs)

const decide = (command: CartCommand, cart: Cart): readonly CartEvent[] | Refusal<CartReason> => {
  switch (command.do) {
    case 'addItem':
      return add(command, cart)
    case 'changeQuantity': {
      const { sku, quantity, sellable } = command
      const held = heldOf(cart, sku)
      if (held === undefined) return notFound(sku)
      if (quantity === held) return []
      // Fewer is always fine, even where that is still more than there is.
      const refusal = quantity > held ? unlessSellable(sku, quantity, sellable) : undefined
      return refusal ?? [{ type: 'QuantityChanged', sku, quantity }]
    }
    case 'removeItem':
      return heldOf(cart, command.sku) === undefined ? notFound(command.sku) : [{ type: 'ItemRemoved', sku: command.sku }]
    case 'empty':
      return cart.items.length === 0 ? [] : [{ type: 'CartEmptied' }]
    case 'checkOut':
      if (cart.items.length > 0) return [{ type: 'CartOrdered', order: command.order }]
      return refuse('cart_empty', 'the cart is empty: it was ordered already, or nothing was put in', { lastOrder: cart.lastOrder })
  }
}

const add = (
  { sku, quantity, currency, sellable }: Extract<CartCommand, { do: 'addItem' }>,
  cart: Cart,
): readonly CartEvent[] | Refusal<CartReason> => {
  const held = heldOf(cart, sku)
  if (cart.currency !== null && cart.currency !== currency)
    return refuse('currency_mixed', `${sku} is priced in ${currency}, the cart in ${cart.currency}: one currency an order`, {
      errors: [{ pointer: '/sku', code: 'currency_mixed' }],
    })
  if (held === undefined && cart.items.length >= basketLimits.linesMax)
    return refuse('cart_full', `a cart has at most ${basketLimits.linesMax} different products`)
  return unlessSellable(sku, (held ?? 0) + quantity, sellable) ?? [{ type: 'ItemAdded', sku, quantity, currency }]
}

const unlessSellable = (sku: Sku, quantity: number, sellable: Sellable): Refusal<CartReason> | undefined => {
  if (quantity > basketLimits.unitsMax)
    return refuse('quantity_too_large', `${sku}: at most ${basketLimits.unitsMax} units`, {
      errors: [{ pointer: '/quantity', code: 'quantity_too_large' }],
    })
  if (sellable === 'unlimited' || quantity <= sellable) return undefined
  return refuse('insufficient_stock', `${sku}: ${quantity} asked, ${sellable} available`, {
    errors: [{ pointer: '/quantity', code: 'quantity_exceeds_available', available: sellable }],
  })
}

const heldOf = (cart: Cart, sku: Sku): number | undefined => cart.items.find((item) => item.sku === sku)?.quantity
const notFound = (sku: Sku): Refusal<CartReason> => refuse('item_not_found', `${sku} is not in the cart`)

const evolve = (cart: Cart, event: CartEvent): Cart => {
  switch (event.type) {
    case 'ItemAdded': {
      const { sku, quantity, currency } = event
      const held = heldOf(cart, sku)
      return {
        ...cart,
        currency,
        items: held === undefined ? [...cart.items, { sku, quantity }] : changed(cart, sku, held + quantity),
      }
    }
    case 'QuantityChanged':
      return { ...cart, items: changed(cart, event.sku, event.quantity) }
    case 'ItemRemoved': {
      const items = cart.items.filter(({ sku }) => sku !== event.sku)
      return { ...cart, items, currency: items.length === 0 ? null : cart.currency }
    }
    case 'CartEmptied':
      return { ...cart, items: [], currency: null }
    case 'CartOrdered':
      return { items: [], currency: null, lastOrder: event.order }
  }
}

const changed = (cart: Cart, sku: Sku, quantity: number): readonly CartItem[] =>
  cart.items.map((item) => (item.sku === sku ? { sku, quantity } : item))

export const cartDecider: Decider<CartCommand, CartEvent, Cart, CartReason> = { initial: emptyCart, decide, evolve }
