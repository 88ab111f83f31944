import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fold, isRefusal } from '../kernel/decider.ts'
import type { Instant, OrderId, Sku } from '../kernel/ids.ts'
import { type Cart, type CartCommand, cartDecider, type CartEvent, type CartReason, expiryOf, type Sellable } from './cart.ts'

const mug = 'mug' as Sku
const lamp = 'lamp' as Sku
const order = '01900000-0000-7000-8000-000000000001' as OrderId
const add = (quantity: number, sellable: Sellable = 10, sku = mug, currency = 'GBP'): CartCommand => ({
  do: 'addItem',
  sku,
  quantity,
  currency,
  sellable,
})
const change = (quantity: number, sellable: Sellable = 10): CartCommand => ({ do: 'changeQuantity', sku: mug, quantity, sellable })
const added = (quantity: number, sku = mug): CartEvent => ({ type: 'ItemAdded', sku, quantity, currency: 'GBP' })
const ordered: CartEvent = { type: 'CartOrdered', order }

const { initial, decide, evolve } = cartDecider
const given = (...past: CartEvent[]) => {
  const cart = fold(evolve, initial, past)
  return {
    when: (command: CartCommand) => ({
      gives: (...events: CartEvent[]) => assert.deepEqual(decide(command, cart), events),
      thenRefused: (reason: CartReason) => {
        const outcome = decide(command, cart)
        assert.ok(isRefusal(outcome), 'it was accepted')
        assert.equal(outcome.refused, reason)
        return outcome
      },
    }),
    holds: (items: Cart['items'], currency: string | null = 'GBP') => {
      assert.deepEqual(cart.items, items)
      assert.equal(cart.currency, currency)
    },
  }
}

describe('Putting things in a cart', () => {
  it('adds an item', () => given().when(add(2)).gives(added(2)))
  it('adds to what is there already', () => given(added(2), added(3)).holds([{ sku: mug, quantity: 5 }]))
  it('accepts all there is', () => given(added(4)).when(add(6)).gives(added(6)))
  it('is refused when there is less than the cart would hold', () =>
    void given(added(5)).when(add(6)).thenRefused('insufficient_stock'))
  it('is never refused for stock where the product is sold beyond it', () => given().when(add(99, 'unlimited')).gives(added(99)))
  it('is refused in another currency', () =>
    void given(added(1))
      .when(add(1, 10, lamp, 'EUR'))
      .thenRefused('currency_mixed'))
  it('is refused beyond a million units', () =>
    void given(added(1)).when(add(1_000_000, 'unlimited')).thenRefused('quantity_too_large'))
  it('is refused beyond 2,000 products', () => {
    const full = Array.from({ length: 2_000 }, (_, index) => added(1, `p${index}` as Sku))
    given(...full)
      .when(add(1))
      .thenRefused('cart_full')
    given(...full)
      .when(add(1, 10, 'p7' as Sku))
      .gives(added(1, 'p7' as Sku))
  })
})

describe('Changing a cart', () => {
  it('sets a quantity', () => given(added(2)).when(change(5)).gives({ type: 'QuantityChanged', sku: mug, quantity: 5 }))
  it('does nothing when the quantity is the same', () => given(added(2)).when(change(2)).gives())
  it('is refused beyond stock', () => void given(added(2)).when(change(11)).thenRefused('insufficient_stock'))
  it('may always take some out', () => given(added(9)).when(change(5, 3)).gives({ type: 'QuantityChanged', sku: mug, quantity: 5 }))
  it('is refused for what is not in it', () => {
    given().when(change(1)).thenRefused('item_not_found')
    given(added(1)).when({ do: 'removeItem', sku: lamp }).thenRefused('item_not_found')
  })
  it('takes an item out, and forgets the currency with the last', () => {
    given(added(1)).when({ do: 'removeItem', sku: mug }).gives({ type: 'ItemRemoved', sku: mug })
    given(added(1), { type: 'ItemRemoved', sku: mug }).holds([], null)
    given(added(1), added(1, lamp), { type: 'ItemRemoved', sku: mug }).holds([{ sku: lamp, quantity: 1 }])
  })
  it('empties it, once', () => {
    given(added(1)).when({ do: 'empty' }).gives({ type: 'CartEmptied' })
    given(added(1), { type: 'CartEmptied' }).when({ do: 'empty' }).gives()
  })
})

describe('Ordering a cart', () => {
  it('leaves it empty', () => {
    given(added(1)).when({ do: 'checkOut', order }).gives(ordered)
    given(added(1), ordered).holds([], null)
  })
  it('is refused the second time, and names the order', () => {
    const refusal = given(added(1), ordered).when({ do: 'checkOut', order }).thenRefused('cart_empty')
    assert.equal(refusal.about?.['lastOrder'], order)
  })
  it('is possible again with new items', () => given(added(1), ordered, added(2)).when({ do: 'checkOut', order }).gives(ordered))
})

describe('A cart’s end', () => {
  it('is the same the whole day', () => {
    assert.equal(expiryOf('2026-11-21T00:00:00.000Z' as Instant), '2026-12-22T00:00:00.000Z')
    assert.equal(expiryOf('2026-11-21T23:59:59.999Z' as Instant), '2026-12-22T00:00:00.000Z')
  })
})
