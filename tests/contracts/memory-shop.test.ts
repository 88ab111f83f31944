/** One day of a small shop, on PostgreSQL and wholly in memory: the same facts, the same stock, the same messages. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { isRefusal, type Refusal } from '../../src/kernel/decider.ts'
import type { Instant, OrderId, Place } from '../../src/kernel/ids.ts'
import { addSeconds, instant } from '../../src/kernel/time.ts'
import { stockQueries } from '../../src/dialect-ports.ts'
import type { InventoryRepository } from '../../src/inventory/store.ts'
import { intakeOrder } from '../../src/orders/intake-service.ts'
import { readConfiguration } from '../../src/platform/config/config.ts'
import { newId } from '../../src/platform/ids.ts'
import { silentLog } from '../../src/platform/log.ts'
import { openShop } from '../../src/shop.ts'
import { testDatabase } from './../support/database.ts'
import { sku } from '../support/heart.ts'
import { lineTo, type MemoryShopOptions, memoryShop, memoryTables } from '../support/memory-shop.ts'

type MemoryShop = Awaited<ReturnType<typeof memoryShop>>
type Rooms = Pick<
  MemoryShop,
  | 'catalog'
  | 'warehouses'
  | 'inventory'
  | 'placement'
  | 'payments'
  | 'fulfilment'
  | 'shipping'
  | 'returns'
  | 'orders'
  | 'intake'
  | 'reads'
>
type Shop = Rooms &
  Readonly<{
    now: () => Instant
    stock: InventoryRepository
    settled: () => Promise<void>
    facts: (stream: string) => Promise<readonly string[]>
    told: (order: OrderId) => Promise<readonly string[]>
    close: () => Promise<void>
  }>

const forms: Readonly<Record<string, () => Promise<Shop>>> = {
  memory: async () => {
    const clock = (): Instant => instant(Date.now())
    const tables = memoryTables(clock)
    const shop = await memoryShop({ line: lineTo(tables), clock })
    return {
      ...shop,
      stock: tables.stores.stock,
      now: clock,
      settled: shop.settle,
      facts: async (stream) => (await tables.journal.history(stream)).map(({ event }) => event.type),
      told: async (order) =>
        (await tables.stores.notifications.store.list({ order, limit: 99 })).map(({ kind, status }) => `${kind} ${status}`),
      close: () => Promise.resolve(),
    }
  },
  PostgreSQL: async () => {
    const test = await testDatabase()
    const configuration = readConfiguration({})
    assert.ok(!('problems' in configuration))
    const shop = await openShop({
      connection: test.config,
      configuration,
      log: silentLog,
      environment: {},
      baseUrl: () => 'http://shop.example',
    })
    await shop.start()
    return {
      ...shop,
      stock: shop.stockStore,
      facts: async (stream) => (await shop.journal.history(stream)).map(({ event }) => event.type),
      told: async (order) => {
        const rows = await shop.database.read<{ told: string }>(
          `select kind || ' ' || status as told from notifications.notifications where order_id = $1 order by id desc`,
          [order],
        )
        return rows.map(({ told }) => told)
      },
      close: async () => {
        await shop.stop()
        await shop.close()
        await test.drop()
      },
    }
  },
}

const origin = { actor: 'test' }
const leeds = 'leeds' as Place
const accepted = <Value>(outcome: Value): Exclude<Value, Refusal> => {
  if (isRefusal(outcome)) assert.fail(`${outcome.refused}: ${outcome.detail}`)
  return outcome as Exclude<Value, Refusal>
}

const opened = async (open: () => Promise<Shop>): Promise<Shop> => {
  const shop = await open()
  await shop.warehouses.save([{ ...leedsWarehouse, id: leeds }])
  await shop.catalog.save([{ sku: sku('mug'), name: 'The mug', unitPrice: 500, currency: 'GBP' }], origin)
  accepted(await shop.inventory.handle({ command: { do: 'receive', sku: sku('mug'), place: leeds, quantity: 10 }, origin }))
  return shop
}
const leedsWarehouse = {
  name: 'Leeds',
  country: 'GB',
  postalCode: 'LS1',
  latitude: 53.8,
  longitude: -1.5,
  timeZone: 'Europe/London',
  cutOff: '14:00',
  workdays: [1, 2, 3, 4, 5],
  handlingDays: 0,
  pickCents: 0,
  perUnitCents: 0,
  hub: true,
}

const placed = async (shop: Shop, quantity: number): Promise<OrderId> => {
  const asked = await intakeOrder(shop.intake, {
    dialect: 'v1',
    channel: 'web',
    source: 'Web',
    user: 'anna',
    customer: { email: 'anna@example.com', name: 'Anna' },
    address: { country: 'GB', postalCode: 'LS1 4AP', lines: ['1 High St'], city: 'Leeds' },
    lines: [{ sku: sku('mug'), quantity }],
    promotionCodes: [],
    onShortage: 'refuse',
    shippingMethod: 'standard',
    terms: 'prepaid',
    capture: 'placement',
    origin,
  })
  const { id } = accepted(await shop.placement.place(accepted(asked)))
  await shop.settled()
  return id
}
const paid = async (shop: Shop, order: OrderId): Promise<void> => {
  const [payment] = (await shop.payments.service.store.find('order_id', [order], 1)).map(({ state }) => state)
  assert.ok(payment?.status === 'started' && payment.reference !== undefined)
  await shop.payments.simulated.act(payment.reference, 'pay')
  await shop.settled()
}
const levels = async (shop: Shop) => {
  const [level] = await stockQueries(shop.stock).levels([sku('mug')])
  return { onHand: level?.onHand, reserved: level?.reserved }
}
const statusOf = async (shop: Shop, order: OrderId) => (await shop.reads.one(order))?.order.progress.status

for (const [form, open] of Object.entries(forms)) {
  describe(`A small shop in ${form}`, () => {
    let shop: Shop
    beforeEach(async () => {
      shop = await opened(open)
    })
    afterEach(() => shop.close())

    it('sells, sends and takes back', async () => {
      const order = await placed(shop, 3)
      assert.deepEqual(await levels(shop), { onHand: 10, reserved: 3 })
      await paid(shop, order)
      const assembled = accepted(await shop.fulfilment.service.assembleAll(order, origin))
      accepted(await shop.shipping.service.handOver(order, origin, assembled.packed))
      await shop.settled()
      accepted(await shop.shipping.service.markDelivered(order, origin))
      await shop.settled()
      assert.deepEqual(await levels(shop), { onHand: 7, reserved: 0 })
      assert.equal(await statusOf(shop, order), 'completed')
      const facts = await shop.facts(order)
      assert.deepEqual(facts.slice(0, 2), ['OrderPlaced', 'StockReserved'])
      assert.equal(facts.filter((type) => type === 'OrderSecured').length, 1)

      const back = newId(shop.now())
      const lines = [{ line: 0, quantity: 1 }]
      accepted(await shop.returns.service.handle({ id: back, order, step: { do: 'expect', lines, reason: 'broken' }, origin }))
      const received = {
        do: 'receive',
        place: leeds,
        lines: [{ line: 0, quantity: 1, disposition: 'restock' }],
        refund: 'auto',
      } as const
      accepted(await shop.returns.service.handle({ id: back, order, step: received, origin }))
      await shop.settled()
      assert.deepEqual(await levels(shop), { onHand: 8, reserved: 0 })
      assert.deepEqual(await shop.facts(back), ['ReturnExpected', 'ReturnReceived', 'ReturnClosed'])
      const told = (await shop.told(order)).toSorted()
      assert.ok(
        told.every((row) => row.endsWith('SENT')),
        told.join(),
      )
      for (const kind of ['placed', 'paid', 'shipped', 'delivered', 'refunded'])
        assert.equal(told.filter((row) => row === `${kind} SENT`).length, 1, told.join())
      assert.deepEqual(await shop.payments.service.store.differences(), [])
    })

    it('gives units back when an order is cancelled, and the money', async () => {
      const order = await placed(shop, 4)
      await paid(shop, order)
      const command = { do: 'cancel', reason: 'bought twice', by: 'anna', refund: 'auto' } as const
      accepted(await shop.orders.handle({ id: order, command, origin }))
      await shop.settled()
      assert.deepEqual(await levels(shop), { onHand: 10, reserved: 0 })
      assert.equal(await statusOf(shop, order), 'cancelled')
      const [payment] = (await shop.payments.service.store.find('order_id', [order], 1)).map(({ state }) => state)
      assert.ok(payment?.status === 'started')
      assert.deepEqual(
        payment.refunds.map(({ amount, step }) => [amount, step]),
        [[2_000, 'done']],
      )
    })
  })
}

describe('A shop in memory', () => {
  it('goes on in another process where one was killed, and forgets what a standby never had', async () => {
    let now = instant(Date.now())
    const tables = memoryTables(() => now)
    const line = lineTo(tables)
    const options: Omit<MemoryShopOptions, 'line'> = { clock: () => now, reservationSeconds: 60 }
    const first = await memoryShop({ ...options, line })
    const rooms = { ...first, now: () => now, settled: first.settle } as unknown as Shop
    await opened(() => Promise.resolve(rooms))
    const order = await placed(rooms, 2)
    line.crash()
    let answered = false
    void first.orders.handle({ id: order, command: { do: 'expire' }, origin }).finally(() => {
      answered = true
    })
    const second = await memoryShop({ ...options, line: lineTo(tables) })
    now = addSeconds(now, 61)
    assert.equal(await second.reaper.round(), 1)
    await second.settle()
    assert.equal((await second.reads.one(order))?.order.progress.status, 'cancelled')
    assert.equal(answered, false, 'a process that is gone was answered')
    assert.equal(tables.database.lose(1), 0, 'nothing is kept to be lost unless it is asked for')
  })
})
