/** Carts on both of their stores: one suite. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { MemoryCarts } from '../../src/carts/store.memory.ts'
import { type CartRepository, PostgresCarts } from '../../src/carts/store.ts'
import { Carts } from '../../src/carts/service.ts'
import { cartIdOf, guestOwner, newGuestToken, userOwner } from '../../src/carts/service-owner.ts'
import { sameness, type CartOwner } from '../../src/carts/contract.ts'
import type { CatalogQueries, ProductView } from '../../src/catalog/contract.ts'
import type { StockQueries } from '../../src/inventory/contract.ts'
import { isRefusal } from '../../src/kernel/decider.ts'
import type { Instant, OrderId, Sku } from '../../src/kernel/ids.ts'
import { addSeconds, instant } from '../../src/kernel/time.ts'
import { Database } from '../../src/platform/postgres/database.ts'
import { migrate } from '../../src/platform/postgres/migrations.ts'
import { MemoryBatches } from '../../src/platform/store/memory.ts'
import type { Batches } from '../../src/platform/store/work.ts'
import { testDatabase } from '../support/database.ts'

type World = Readonly<{ batches: Batches; store: CartRepository }>
type Kind = Readonly<{ name: string; open: () => Promise<World>; close: () => Promise<void> }>
const folder = (path: string): string => join(import.meta.dirname, '../../src', path, 'migrations')

const inMemory = (): Kind => ({
  name: 'memory',
  open: () => Promise.resolve({ batches: new MemoryBatches(), store: new MemoryCarts() }),
  close: () => Promise.resolve(),
})
const onPostgres = (): Kind => {
  let stop = (): Promise<void> => Promise.resolve()
  return {
    name: 'PostgreSQL',
    open: async () => {
      const { config, drop } = await testDatabase()
      const database = new Database(config, (fault) => assert.fail(fault))
      const client = await database.client()
      await migrate(client, [{ room: 'carts', folder: folder('carts') }], () => undefined)
      await client.end()
      stop = async () => {
        await database.close()
        await drop()
      }
      return { batches: database, store: new PostgresCarts(database) }
    },
    close: () => stop(),
  }
}

const product = (sku: string, more: Partial<ProductView> = {}): ProductView => ({
  sku: sku as Sku,
  name: `The ${sku}`,
  description: '',
  unitPrice: 255,
  currency: 'GBP',
  grams: 1,
  whenSoldOut: 'deny',
  lowStock: 5,
  components: [],
  archived: false,
  version: 1,
  ...more,
})
const part = (sku: string, quantity: number) => ({ sku: sku as Sku, quantity })
const products = [
  product('mug'),
  product('lamp', { unitPrice: 1_000, whenSoldOut: 'backorder' }),
  product('old', { archived: true }),
  product('set', { components: [part('mug', 4), part('plate', 1)] }),
]
const catalog: Pick<CatalogQueries, 'ensure' | 'product'> = {
  ensure: () => Promise.resolve(),
  product: (sku) => products.find((one) => one.sku === sku),
}
const stock: StockQueries = {
  available: () => Promise.resolve(new Map([['mug' as Sku, 10] as const, ['plate' as Sku, 50] as const])),
  levels: () => Promise.resolve([]),
}
const order = (digit: number): OrderId => `01900000-0000-7000-8000-00000000000${digit}` as OrderId

for (const kind of [inMemory(), onPostgres()]) {
  describe(`Carts on ${kind.name}`, () => {
    let world: World
    let carts: Carts
    const now = (): Instant => instant(Date.now())
    const ada = userOwner('ada')
    const items = async (owner: CartOwner) => (await carts.cartOf(owner)).items.map(({ sku, quantity }) => [sku, quantity])
    const reason = (outcome: Awaited<ReturnType<Carts['add']>>) => (isRefusal(outcome) ? outcome.refused : 'accepted')
    const open = (): Carts => new Carts({ ...world, catalog, stock, now })
    before(async () => {
      world = await kind.open()
      carts = open()
    })
    after(() => kind.close())

    it('are empty until used, under the id they keep', async () => {
      const { cartId, items: none, version } = await carts.cartOf(ada)
      assert.deepEqual([cartId, none, version], [cartIdOf(ada), [], 0])
      assert.match(cartId, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      assert.notEqual(cartId, cartIdOf(userOwner('bob')))
      assert.notEqual(newGuestToken(), newGuestToken())
    })

    it('hold what was added, at today’s prices', async () => {
      assert.equal(reason(await carts.add(ada, 'mug', 2)), 'accepted')
      assert.equal(reason(await carts.add(ada, 'lamp', 900)), 'accepted')
      const { items: held, subtotal, version, currency } = await carts.cartOf(ada)
      assert.deepEqual([subtotal, version, currency], [900_510, 2, 'GBP'])
      assert.deepEqual(held[0], { sku: 'mug', quantity: 2, name: 'The mug', unitPrice: 255, sold: true })
    })

    it('stay as they are when more is asked than there is', async () => {
      assert.equal(reason(await carts.add(ada, 'mug', 9)), 'insufficient_stock')
      assert.equal(reason(await carts.change(ada, 'mug', 11)), 'insufficient_stock')
      assert.equal(reason(await carts.add(ada, 'set', 3)), 'insufficient_stock')
      assert.equal(reason(await carts.add(ada, 'old', 1)), 'product_unknown')
      assert.equal(reason(await carts.add(ada, 'what', 1)), 'product_unknown')
      assert.deepEqual(await items(ada), [
        ['mug', 2],
        ['lamp', 900],
      ])
    })

    it('change, lose items, and are emptied', async () => {
      await carts.change(ada, 'mug', 5)
      await carts.remove(ada, 'lamp')
      assert.deepEqual(await items(ada), [['mug', 5]])
      assert.equal(reason(await carts.empty(ada, 1)), 'version_mismatch')
      await carts.change(ada, 'mug', 0)
      assert.deepEqual(await items(ada), [])
      assert.equal(reason(await carts.remove(ada, 'mug')), 'item_not_found')
    })

    it('lose nothing when many add at once, from two processes', async () => {
      const guest = guestOwner(newGuestToken())
      const [one, other] = [open(), open()]
      const outcomes = await Promise.all(
        Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? one : other).add(guest, 'lamp', 1)),
      )
      assert.ok(outcomes.every((outcome) => !isRefusal(outcome)))
      assert.deepEqual(await items(guest), [['lamp', 40]])
    })

    it('are emptied by the batch that orders them, and name the order afterwards', async () => {
      await carts.add(ada, 'mug', 3)
      const cartId = cartIdOf(ada)
      const checkOut = (id: OrderId) => world.batches.batch((work) => carts.checkoutWithin(work, { owner: ada, cartId, order: id }))
      const first = await checkOut(order(1))
      assert.ok(!isRefusal(first))
      assert.deepEqual(first.items, [{ sku: 'mug', quantity: 3 }])
      const again = await checkOut(order(2))
      assert.ok(isRefusal(again))
      assert.deepEqual([again.refused, again.about?.['lastOrder']], ['cart_empty', order(1)])
      assert.equal((await carts.cartOf(ada)).lastOrder, order(1))
    })

    it('stay full when the order’s batch fails', async () => {
      await carts.add(ada, 'mug', 1)
      const failing = world.batches.batch(async (work) => {
        await carts.checkoutWithin(work, { owner: ada, cartId: cartIdOf(ada), order: order(3) })
        throw new Error('sold out after all')
      })
      await assert.rejects(failing, /sold out after all/)
      assert.deepEqual(await items(ada), [['mug', 1]])
    })

    it('are locked for several orders at once, and only by their owners', async () => {
      const bob = userOwner('bob')
      const found = await world.batches.batch((work) =>
        carts.lock(work, [
          { cartId: cartIdOf(ada), owner: ada },
          { cartId: cartIdOf(bob), owner: bob },
          { cartId: cartIdOf(userOwner('eve')), owner: ada },
        ]),
      )
      assert.deepEqual(
        [...found],
        [
          [cartIdOf(ada), { items: sameness([{ sku: 'mug' as Sku, quantity: 1 }]), empty: false, lastOrder: order(1) }],
          [cartIdOf(bob), { items: sameness([]), empty: true }],
        ],
      )
    })

    it('end after thirty days, and come back empty under the same id', async () => {
      const { expiresAt } = await carts.cartOf(ada)
      assert.ok(expiresAt !== undefined && expiresAt > addSeconds(now(), 30 * 86_400))
      const late = new Carts({ ...world, catalog, stock, now: () => addSeconds(now(), 32 * 86_400) })
      const { items: none, lastOrder } = await late.cartOf(ada)
      assert.deepEqual([none, lastOrder], [[], order(1)])
      assert.equal(await carts.sweep(now()), 0)
      assert.equal(await carts.sweep(addSeconds(now(), 32 * 86_400)), 2)
      assert.deepEqual(await items(ada), [])
      assert.equal(reason(await carts.add(ada, 'mug', 1)), 'accepted')
    })
  })
}
