/** Properties of carts, and of the kernel that decides batches of anything. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Cart, type CartCommand, cartDecider, emptyCart, expiryOf } from '../../src/carts/cart.ts'
import { sameness } from '../../src/carts/contract.ts'
import { Deciding, fold, isRefusal, type Stored } from '../../src/kernel/decider.ts'
import type { OrderId } from '../../src/kernel/ids.ts'
import { moment, sku } from './generators.ts'
import { Life } from './generators-lives.ts'
import { frozen, type Property, sumOf } from './property.ts'

const quantity = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 1_000_000 }))
const sellable = fc.oneof(fc.nat(20), fc.constant('unlimited' as const))
const command: fc.Arbitrary<CartCommand> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('addItem' as const),
      sku,
      quantity,
      currency: fc.constantFrom('GBP', 'GBP', 'EUR'),
      sellable,
    }),
  },
  fc.record({ do: fc.constant('changeQuantity' as const), sku, quantity, sellable }),
  fc.record({ do: fc.constant('removeItem' as const), sku }),
  fc.record({ do: fc.constant('empty' as const) }),
  fc.record({ do: fc.constant('checkOut' as const), order: fc.constant('o' as OrderId) }),
)
const filled = (look: (before: Cart, after: Cart, asked: CartCommand, accepted: boolean) => void) =>
  fc.property(fc.array(command, { maxLength: 20 }), (commands) => {
    const life = new Life(cartDecider)
    for (const one of commands) {
      const before = life.state
      const events = life.run(one)
      if (events === undefined) assert.equal(life.state, before, 'what is refused changes nothing')
      look(before, life.state, one, events !== undefined)
    }
  })
const plenty = (asked: readonly (readonly [string, number])[]): Cart =>
  asked.reduce((cart, [product, count]) => {
    const decided = cartDecider.decide(
      { do: 'addItem', sku: product as never, quantity: count, currency: 'GBP', sellable: 'unlimited' },
      cart,
    )
    assert.ok(!isRefusal(decided))
    return fold(cartDecider.evolve, cart, decided)
  }, emptyCart)
const contents = ({ items }: Cart): unknown =>
  Object.fromEntries([...items].sort((a, b) => (a.sku < b.sku ? -1 : 1)).map((item) => [item.sku, item.quantity]))
const additions = fc.array(fc.tuple(sku, fc.integer({ min: 1, max: 50 })), { maxLength: 8 })
const held = (cart: Cart, product: string): number => sumOf(cart.items.map((item) => (item.sku === product ? item.quantity : 0)))

export const cartProperties: readonly Property[] = [
  {
    name: 'a cart has each product once, in whole units within its limits, all in one currency',
    property: filled((_, after) => {
      assert.equal(new Set(after.items.map((item) => item.sku)).size, after.items.length)
      for (const item of after.items)
        assert.ok(Number.isSafeInteger(item.quantity) && item.quantity >= 1 && item.quantity <= 1_000_000)
      assert.equal(after.currency === null, after.items.length === 0)
    }),
  },
  {
    name: 'nobody puts more into a cart than could be sold, and everybody may take out',
    property: filled((before, after, asked, accepted) => {
      if (asked.do === 'removeItem') assert.equal(accepted, held(before, asked.sku) > 0)
      if (asked.do !== 'addItem' && asked.do !== 'changeQuantity') return
      const isMore = held(after, asked.sku) > held(before, asked.sku)
      if (isMore && asked.sellable !== 'unlimited') assert.ok(held(after, asked.sku) <= asked.sellable)
      if (asked.do === 'changeQuantity' && held(before, asked.sku) >= asked.quantity) assert.ok(accepted)
      if (asked.do === 'addItem' && accepted) assert.equal(held(after, asked.sku), held(before, asked.sku) + asked.quantity)
    }),
  },
  {
    name: 'a cart holds the same in whatever order, and in however many parts, things were put in',
    property: fc.property(
      additions.chain((asked) => fc.tuple(fc.constant(asked), fc.shuffledSubarray(asked, { minLength: asked.length }))),
      ([asked, other]) => {
        const whole = contents(plenty(asked))
        assert.deepEqual(contents(plenty(other)), whole)
        const singly = asked.flatMap(([product, count]) => [
          [product, 1] as const,
          ...(count > 1 ? [[product, count - 1] as const] : []),
        ])
        assert.deepEqual(contents(plenty(singly)), whole)
      },
    ),
  },
  {
    name: 'a cart is emptied, ordered and cleared of a product once: again changes nothing',
    invariant: 'I2',
    property: filled((_, after, asked, accepted) => {
      if (!accepted || asked.do === 'addItem') return
      const again = cartDecider.decide(asked, after)
      assert.ok(isRefusal(again) || again.length === 0)
      if (asked.do === 'checkOut') assert.deepEqual(after, { items: [], currency: null, lastOrder: asked.order })
    }),
  },
  {
    name: 'two carts are the same to a checkout exactly when they list the same',
    property: fc.property(additions, additions, (one, other) => {
      const [first, second] = [plenty(one).items, plenty(other).items]
      const isSame =
        first.length === second.length &&
        first.every((item, index) => item.sku === second[index]?.sku && item.quantity === second[index]?.quantity)
      assert.equal(sameness(first) === sameness(second), isSame)
    }),
  },
  {
    name: 'a cart is kept to the end of a day, thirty to thirty-one days on',
    property: fc.property(moment, (now) => {
      const end = expiryOf(now)
      const days = (Date.parse(end) - Date.parse(now)) / 86_400_000
      assert.ok(end.endsWith('T00:00:00.000Z') && days > 30 && days <= 31)
    }),
  },
  {
    name: 'a batch decides as one command after the other would: versions without a gap, states the fold of their events',
    invariant: 'I8',
    property: fc.property(
      fc.array(fc.tuple(fc.constantFrom('x', 'y'), command, fc.boolean()), { maxLength: 20 }),
      fc.nat(9),
      (commands, version) => {
        const stored = new Map<string, Stored<Cart>>([['x', frozen({ version, state: emptyCart })]])
        const deciding = new Deciding(cartDecider, stored)
        const alone = { x: new Life(cartDecider), y: new Life(cartDecider) }
        for (const [id, one, keeps] of commands) {
          const before = deciding.current(id).version
          const decided = deciding.consider(id, one)
          // What is only considered leaves nothing behind.
          if (isRefusal(decided) || !keeps) continue
          assert.equal(decided.version, before + decided.events.length)
          deciding.keep(id, decided)
          assert.equal(deciding.current(id).version, before + decided.events.length)
          alone[id].run(one)
        }
        for (const { id, events, state, version: after } of deciding.changes) {
          assert.deepEqual(events, alone[id as 'x' | 'y'].events)
          assert.deepEqual(state, fold(cartDecider.evolve, emptyCart, events))
          assert.equal(after, (id === 'x' ? version : 0) + events.length)
        }
        assert.equal(deciding.changes.length, Object.values(alone).filter(({ events }) => events.length > 0).length)
      },
    ),
  },
]
