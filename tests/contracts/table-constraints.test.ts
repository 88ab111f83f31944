/**
 * What the tables forbid, one case each, on PostgreSQL and in memory: the batch is aborted for the same reason, and nothing
 * of it is saved. The simulation rests on this.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import type { Product } from '../../src/catalog/product.ts'
import type { Promotion } from '../../src/catalog/promotion.ts'
import { fulfilmentOrder } from '../../src/fulfilment/fulfilment-order.ts'
import { presetHistory } from '../../src/inventory/policy-life.ts'
import type { Instant, PersonRef } from '../../src/kernel/ids.ts'
import { instant } from '../../src/kernel/time.ts'
import { payment } from '../../src/payments/payment.ts'
import { PostgresRecords } from '../../src/platform/records/postgres.ts'
import type { Records } from '../../src/platform/records/records.ts'
import { MemoryBatches } from '../../src/platform/store/memory.ts'
import { Aborted, type Batches, type Write } from '../../src/platform/store/work.ts'
import { returnDecider } from '../../src/returns/return.ts'
import { parcel } from '../../src/shipping/parcel.ts'
import { postgresStores, type ShopStores } from '../../src/shop-stores.ts'
import { day, heartDatabase, leeds, sku } from '../support/heart.ts'
import { memoryTables } from '../support/memory-shop.ts'
import {
  account,
  at,
  cart,
  delta,
  id,
  lot,
  movement,
  news,
  notification,
  placed,
  product,
  promotion,
  waiting,
} from './constraint-rows.ts'

type Form = Readonly<{
  batches: Batches
  records: Records
  stores: ShopStores
  factsOf: (stream: string) => Promise<number>
  close: () => Promise<void>
}>
const rooms = [
  'platform',
  'orders',
  'inventory',
  'catalog',
  'carts',
  'payments',
  'shipping',
  'fulfilment',
  'identity',
  'returns',
  'notifications',
]
const forms: Readonly<Record<string, () => Promise<Form>>> = {
  memory: () => {
    const clock = (): Instant => instant(Date.now())
    const tables = memoryTables(clock)
    return Promise.resolve({
      batches: new MemoryBatches(clock, tables.database),
      records: tables.records,
      stores: tables.stores,
      factsOf: (stream) => Promise.resolve(tables.records.historyOf(stream).length),
      close: () => Promise.resolve(),
    })
  },
  PostgreSQL: async () => {
    const { database, close } = await heartDatabase(rooms)
    return {
      batches: database,
      records: new PostgresRecords(database),
      stores: postgresStores(database),
      factsOf: async (stream) => (await database.read('select 1 as one from platform.journal where stream = $1', [stream])).length,
      close,
    }
  },
}

/** `fault`: a rule of ours was broken, which trying again will not cure. */
type Why = 'conflict' | 'guard' | 'fault'
type Bad = (on: Form) => readonly Write[]
const twice =
  (write: (on: Form) => Write | readonly Write[]): Bad =>
  (on) =>
    [write(on), write(on)].flat()

const unknown = account()
const known = {
  order: placed(),
  cart: cart(1),
  account: account(),
  person: randomUUID() as PersonRef,
  stream: id(),
  lot: lot({ reference: 'PO 1' }),
}
const cases: readonly (readonly [string, Why, Bad])[] = [
  [
    'a stream’s version twice',
    'conflict',
    twice(({ records }) =>
      records.append([{ stream: known.stream, firstVersion: 1, facts: [{ type: 'A' }], origin: { actor: 'a' }, at }]),
    ),
  ],
  ['a key twice', 'conflict', twice(({ records }) => records.claim([{ scope: 's', key: 'k', hash: 'h', object: known.stream }]))],
  ['a person twice', 'conflict', twice(({ records }) => records.describe([{ ref: known.person, body: {} }]))],
  ['an order twice', 'conflict', twice(({ stores }) => stores.orders.add([known.order], at))],
  ['a change of an order that is not there', 'guard', ({ stores }) => [stores.orders.save([placed()], at)]],
  ['a level changed twice', 'guard', twice(({ stores }) => stores.stock.saveLevels([{ ...delta, sku: sku('mug') }]))],
  ['a level that is not there', 'guard', ({ stores }) => [stores.stock.saveLevels([{ ...delta, sku: sku('none') }])]],
  [
    'more reserved than there is',
    'fault',
    ({ stores }) => [stores.stock.saveLevels([{ ...delta, sku: sku('mug'), onHand: 0, reserved: 999 }])],
  ],
  ['a new holding twice', 'conflict', twice(({ stores }) => stores.stock.newHoldings([{ order: known.stream, holding: [] }]))],
  ['a holding changed twice', 'fault', twice(({ stores }) => stores.stock.saveHoldings([{ order: known.stream, holding: [] }]))],
  ['nobody waits for nothing', 'fault', ({ stores }) => [stores.stock.saveWaiting([waiting({ quantity: 0 })])]],
  ['fewer than none lost', 'fault', ({ stores }) => [stores.stock.saveWaiting([waiting({ lost: -1 })])]],
  ['supply of nothing', 'fault', ({ stores }) => [stores.stock.saveLots([lot({ quantity: 0 })])]],
  ['supply that took away', 'fault', ({ stores }) => [stores.stock.saveLots([lot({ received: -1 })])]],
  ['supply with fewer than none damaged', 'fault', ({ stores }) => [stores.stock.saveLots([lot({ damaged: -1 })])]],
  ['supply with fewer than none to sell', 'fault', ({ stores }) => [stores.stock.saveLots([lot({ sellable: -1 })])]],
  [
    'supply announced twice',
    'conflict',
    ({ stores }) => [stores.stock.saveLots([lot({ reference: 'PO 2' }), lot({ reference: 'PO 2' })])],
  ],
  [
    'a policy’s name twice',
    'conflict',
    ({ stores }) => [
      stores.sourcing.policies.streams.save(
        ['a', 'b'].map(() => ({ id: id(), version: 1, state: presetHistory('fastest', at), events: [] })),
      ),
    ],
  ],
  [
    'a product twice',
    'conflict',
    ({ stores }) => {
      const row = product()
      return stores.catalog.products.save({ fresh: [row, row], changed: [] }, at)
    },
  ],
  [
    'a product changed that is not there',
    'guard',
    ({ stores }) => stores.catalog.products.save({ fresh: [], changed: [product()] }, at),
  ],
  ...Object.entries<Partial<Product>>({
    'a product with an odd name': { sku: sku('a/b') },
    'a product that costs less than nothing': { unitPrice: -1 },
    'a product without a currency': { currency: 'gbp' },
    'a product lighter than air': { grams: -1 },
    'a product sold out in an unknown way': { whenSoldOut: 'never' as 'deny' },
    'a product low on fewer than none': { lowStock: -1 },
  }).map(
    ([name, more]) =>
      [name, 'fault', ({ stores }: Form) => stores.catalog.products.save({ fresh: [product(more)], changed: [] }, at)] as const,
  ),
  ...Object.entries<Partial<Promotion>>({
    'a promotion with an odd code': { code: 'a' },
    'a promotion of an unknown kind': { kind: 'gift' as 'percent' },
    'a promotion of nothing': { value: 0 },
    'a promotion of more than all': { value: 10_001 },
    'a promotion below nothing': { minimumSubtotal: -1, currency: 'GBP' },
    'an amount without a currency': { kind: 'amount' },
  }).map(
    ([name, more]) =>
      [name, 'fault', ({ stores }: Form) => stores.catalog.promotions.save({ fresh: [promotion(more)], changed: [] }, at)] as const,
  ),
  ['a cart begun twice', 'conflict', ({ stores }) => stores.carts.save([known.cart], at)],
  ['a cart changed from another version', 'guard', ({ stores }) => stores.carts.save([cart(5, known.cart.id)], at)],
  [
    'a cart emptied that is not there',
    'guard',
    ({ stores }) => [stores.carts.emptied([{ cartId: randomUUID(), order: id() }], at)],
  ],
  ['a cart emptied twice', 'guard', twice(({ stores }) => stores.carts.emptied([{ cartId: known.cart.id, order: id() }], at))],
  [
    'a movement of money twice',
    'conflict',
    ({ stores }) => {
      const row = movement()
      return [stores.payments.store.log([row, row])]
    },
  ],
  ['a movement of no money', 'fault', ({ stores }) => [stores.payments.store.log([movement({ amount: 0 })])]],
  ['a movement of an unknown kind', 'fault', ({ stores }) => [stores.payments.store.log([movement({ kind: 'gift' as 'void' })])]],
  ['a webhook twice', 'conflict', twice(({ stores }) => stores.payments.store.remember([{ provider: 'p', id: 'w' }], at))],
  [
    'a payment of no order',
    'fault',
    ({ stores }) => [stores.payments.store.save([{ id: id(), version: 1, state: payment.initial, events: [] }])],
  ],
  ['a carrier’s news twice', 'conflict', twice(({ stores }) => stores.shipping.inbox.keep([news]))],
  [
    'a parcel of no order',
    'fault',
    ({ stores }) => [stores.shipping.parcels.save([{ id: id(), version: 1, state: parcel.initial, events: [] }])],
  ],
  [
    'work of no order',
    'fault',
    ({ stores }) => [stores.fulfilment.fulfilments.save([{ id: id(), version: 1, state: fulfilmentOrder.initial, events: [] }])],
  ],
  [
    'a return of no order',
    'fault',
    ({ stores }) => [stores.returns.save([{ id: id(), version: 1, state: returnDecider.initial, events: [] }])],
  ],
  [
    'a state saved twice',
    'fault',
    twice(({ stores }) => stores.fulfilment.early.save([{ id: known.stream, version: 1, state: {} as never, events: [] }])),
  ],
  ['an account twice', 'conflict', twice(({ stores }) => stores.users.create([unknown]))],
  ['an account with an odd name', 'fault', ({ stores }) => [stores.users.create([account('a/b')])]],
  ['a change of an account that is not there', 'guard', ({ stores }) => [stores.users.update([account()])]],
  [
    'a person owned twice',
    'conflict',
    twice(({ stores }) => stores.users.own([{ account: known.account.id, person: known.person }])),
  ],
  [
    'a message told twice',
    'conflict',
    ({ stores }) => {
      const row = notification()
      return [stores.notifications.store.add([row, { ...row, id: id() }], at)]
    },
  ],
  [
    'a message by pigeon',
    'fault',
    ({ stores }) => [stores.notifications.store.add([notification({ channel: 'pigeon' as 'sms' })], at)],
  ],
]

for (const [form, open] of Object.entries(forms)) {
  describe(`The tables in ${form} refuse`, () => {
    let on: Form
    const save = (...writes: readonly Write[]): Promise<void> => on.batches.batch(async (work) => work.add(...writes))
    before(async () => {
      on = await open()
      await on.batches.batch((work) => on.stores.stock.ensureLevels(work, [{ sku: sku('mug'), place: leeds }]))
      await save(
        on.stores.orders.add([known.order], at),
        ...on.stores.carts.save([known.cart], at),
        on.stores.users.create([known.account]),
      )
    })
    after(() => on.close())

    for (const [name, why, bad] of cases) {
      it(`${name} (${why})`, async () => {
        const stream = randomUUID()
        const beside = on.records.append([{ stream, firstVersion: 1, facts: [{ type: 'Beside' }], origin: { actor: 'a' }, at }])
        await assert.rejects(save(beside, ...bad(on)), (fault) =>
          why === 'fault' ? !(fault instanceof Aborted) : fault instanceof Aborted && fault.reason === why,
        )
        assert.equal(await on.factsOf(stream), 0, 'something of the batch was saved')
      })
    }

    it('what is written by itself', async () => {
      const { catalog, warehouses, sourcing } = on.stores
      await assert.rejects(catalog.saveShippingMethod({ code: 'free', name: 'Free', price: -1, currency: 'GBP' }))
      await assert.rejects(catalog.saveShippingMethod({ code: 'free', name: 'Free', price: 0, currency: '£' }))
      assert.deepEqual(
        (await catalog.shippingMethods()).map(({ code }) => code),
        ['express', 'standard'],
      )
      const warehouse = {
        id: leeds,
        name: 'L',
        country: 'GB',
        postalCode: 'LS1',
        latitude: 1,
        longitude: 1,
        timeZone: 'UTC',
        cutOff: '14:00',
        workdays: [1],
        handlingDays: 0,
        pickCents: 0,
        perUnitCents: 0,
        hub: false,
      }
      await assert.rejects(save(warehouses.save([{ ...warehouse, unitsPerDay: 0 }])))
      assert.deepEqual(await warehouses.all(), [])
      await save(warehouses.save([warehouse]))
      const defaults = { holidays: null, closedDays: [], openDays: [], unitsPerDay: null, blockedCountries: [] }
      assert.deepEqual(await warehouses.all(), [{ ...warehouse, ...defaults }])
      assert.equal(await sourcing.prices.lease('me', 900, 300), true)
      assert.equal(await sourcing.prices.lease('you', 900, 300), false)
      const price = { sku: sku('mug'), place: leeds, stock: 1, forecast: 2, orders: 3, until: day('2026-12-01') }
      await assert.rejects(sourcing.prices.save('me', [{ ...price, cents: 0 }]))
      assert.equal(await sourcing.prices.save('you', [{ ...price, cents: 5 }]), false)
      assert.equal(await sourcing.prices.newer(0), undefined)
      assert.equal(await sourcing.prices.save('me', [{ ...price, cents: 5 }]), true)
      assert.deepEqual(await sourcing.prices.newer(0), { version: 1, rows: [{ ...price, cents: 5 }] })
      assert.equal(await sourcing.prices.lease('you', 900, 300), false)
    })

    it('nothing that is right, and keep a queue’s place and a supply’s origin', async () => {
      const { stock } = on.stores
      const first = waiting({ to: leeds, priority: 3, expected: day('2026-12-01') })
      await save(stock.saveWaiting([first]))
      await save(stock.saveWaiting([{ ...first, priority: 9, quantity: 2, lost: 1, expected: undefined }]))
      const { expected: _, ...kept } = first
      const mine = (await stock.readWaiting([sku('mug')])).filter(({ order }) => order === first.order)
      assert.deepEqual(mine, [{ ...kept, quantity: 2, lost: 1 }])
      // Planned another way, it is sent from elsewhere once it has come.
      const { to: _to, ...stays } = first
      await save(stock.saveWaiting([stays]))
      assert.deepEqual(
        (await stock.readWaiting([sku('mug')])).filter(({ order }) => order === first.order),
        [stays],
      )
      await save(stock.saveLots([known.lot]))
      await save(stock.saveLots([{ ...known.lot, kind: 'preorder', received: 2, quantity: 6 }]))
      const [lots] = await stock.readLots([sku('mug')])
      assert.deepEqual(lots, { ...known.lot, received: 2, quantity: 6 })
    })

    it('to measure how late supply is by what has not come', async () => {
      const { stock } = on.stores
      const late = (came: string | undefined, due = '2026-01-05') =>
        lot({ sku: sku('late'), day: day(due), ...(came === undefined ? {} : { came: day(came), closed: true, received: 5 }) })
      await save(stock.saveLots([late('2026-01-08'), late('2026-01-06'), late('2026-01-12'), late('2026-01-03'), late(undefined)]))
      const delays = (await stock.readLots([sku('late')])).map(({ delayDays }) => delayDays)
      assert.deepEqual(delays, [1])
      await save(
        stock.saveWaiting([
          waiting({ sku: sku('late'), expected: day('2026-01-05') }),
          waiting({ sku: sku('fine'), expected: day('2026-01-05') }),
        ]),
      )
      assert.deepEqual(await stock.overdue(9), [sku('late')])
    })
  })
}
