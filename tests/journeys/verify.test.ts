/** `waybill verify` finds every kind of difference that is planted, names it, and finds nothing in a shop that is well. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { verifyShop } from '../../src/cli/verify.ts'
import { type Seen, SmallShop } from '../support/shop.ts'

type Plant = Readonly<{ table: string; by: string; finds: string; naming: string }>

describe('Verifying a shop', () => {
  let shop: SmallShop
  let paid: Seen
  let waiting: Seen
  let reserved: Seen

  before(async () => {
    shop = await SmallShop.open()
    await shop.stock('mug', 500)
    await shop.stock('cap', 1, { whenSoldOut: 'backorder' })
    const supply = { sku: 'cap', warehouse: 'leeds', quantity: 9, day: '2027-01-01' }
    assert.equal((await shop.waybill.ask('POST', '/v1/supplies', supply)).status, 201)
    paid = await shop.placed('mug', 3)
    await shop.pays(paid)
    const { id } = await shop.work(paid.id, 'released')
    await shop.does('pick', id)
    waiting = await shop.placed('cap', 3, { onShortage: 'backorder' })
    reserved = await shop.placed('mug', 2)
    await shop.waybill.shop.settled()
  })
  after(() => shop.close())

  const run = (text: string) => shop.waybill.shop.database.read(text)
  const verified = () => verifyShop(shop.waybill.shop)
  /** One difference, found, and taken away again. */
  const finds = async ({ table, by, finds: what, naming }: Plant): Promise<void> => {
    await run(`create table kept as select * from ${table}`)
    try {
      await run(by)
      const { ok, differences } = await verified()
      assert.equal(ok, false)
      const found = differences.filter((difference) => difference.what === what)
      assert.ok(
        found.some(({ detail }) => detail.includes(naming)),
        `${what} naming ${naming} in ${JSON.stringify(differences)}`,
      )
    } finally {
      await run(`delete from ${table}`)
      await run(`insert into ${table} overriding system value select * from kept`)
      await run('drop table kept')
    }
  }

  it('finds nothing where nothing is wrong', async () => {
    const { ok, orders, events, differences } = await verified()
    assert.deepEqual(differences, [])
    assert.equal(ok, true)
    assert.equal(orders, 3)
    assert.ok(events > 20)
  })

  const plants: Readonly<Record<string, () => Plant>> = {
    'an order’s state that is not what its events say': () => ({
      table: 'orders.orders',
      by: `update orders.orders set progress = jsonb_set(progress::jsonb, '{notes}', '["x"]')::json where id = '${paid.id}'`,
      finds: 'order_state',
      naming: paid.id,
    }),
    'an order’s head that is not what its events say': () => ({
      table: 'orders.orders',
      by: `update orders.orders set status = 'completed' where id = '${reserved.id}'`,
      finds: 'order_head',
      naming: reserved.id,
    }),
    'an order whose total is another': () => ({
      table: 'orders.orders',
      by: `update orders.orders set total = total - 1 where id = '${reserved.id}'`,
      finds: 'order_head',
      naming: reserved.id,
    }),
    'an order that is gone': () => ({
      table: 'orders.orders',
      by: `delete from orders.orders where id = '${reserved.id}'`,
      finds: 'order_missing',
      naming: reserved.id,
    }),
    'an event that is gone from the middle': () => ({
      table: 'platform.journal',
      by: `delete from platform.journal where stream = '${paid.id}' and version = 2`,
      finds: 'history',
      naming: paid.id,
    }),
    'an event that is gone from the end': () => ({
      table: 'platform.journal',
      by: `delete from platform.journal where stream = '${paid.id}' and version = (select max(version) from platform.journal j where j.stream = platform.journal.stream)`,
      finds: 'history',
      naming: paid.id,
    }),
    'an event that says something else': () => ({
      table: 'platform.journal',
      by: `update platform.journal set body = jsonb_set(body::jsonb, '{amount}', '1')::json where stream = '${paid.id}' and type = 'MoneyRecorded'`,
      finds: 'order_state',
      naming: paid.id,
    }),
    'a movement that no level knows': () => ({
      table: 'inventory.ledger',
      by: `insert into inventory.ledger (at, sku, place, on_hand, reserved, in_transit, damaged, kind) values (now(), 'mug', 'leeds', 1, 0, 0, 0, 'received')`,
      finds: 'ledger_level',
      naming: 'mug in leeds',
    }),
    'a level that no movement made': () => ({
      table: 'inventory.levels',
      by: `update inventory.levels set on_hand = on_hand + 1 where sku = 'mug'`,
      finds: 'ledger_level',
      naming: 'mug in leeds',
    }),
    'a level that is gone': () => ({
      table: 'inventory.levels',
      by: `delete from inventory.levels where sku = 'cap'`,
      finds: 'ledger_level',
      naming: 'cap in leeds',
    }),
    'units that are reserved for nobody': () => ({
      table: 'inventory.levels',
      by: `update inventory.levels set reserved = reserved + 1 where sku = 'mug'`,
      finds: 'reservation_level',
      naming: 'mug in leeds',
    }),
    'a holding that is gone': () => ({
      table: 'inventory.holdings',
      by: `delete from inventory.holdings where order_id = '${reserved.id}'`,
      finds: 'reservation_demand',
      naming: reserved.id,
    }),
    'a holding that is not what its order says': () => ({
      table: 'inventory.holdings',
      by: `update inventory.holdings set body = '[[0,"mug","leeds",1,"r"]]' where order_id = '${reserved.id}'`,
      finds: 'reservation_demand',
      naming: `order ${reserved.id} line 1: stock holds 1`,
    }),
    'somebody who waits for less than his order does': () => ({
      table: 'inventory.waiting',
      by: `update inventory.waiting set quantity = quantity + 1`,
      finds: 'waiting_queue',
      naming: waiting.id,
    }),
    'somebody who is gone from the queue': () => ({
      table: 'inventory.waiting',
      by: `delete from inventory.waiting`,
      finds: 'waiting_queue',
      naming: waiting.id,
    }),
    'money in the log that its payment does not know': () => ({
      table: 'payments.money_log',
      by: `update payments.money_log set amount = amount + 1 where kind = 'capture'`,
      finds: 'money_log',
      naming: paid.id,
    }),
    'money in the log that its order does not know': () => ({
      table: 'payments.money_log',
      by: `update payments.money_log set amount = amount + 1 where kind = 'capture'`,
      finds: 'money_order',
      naming: paid.id,
    }),
    'money that is gone from the log': () => ({
      table: 'payments.money_log',
      by: `delete from payments.money_log where kind = 'capture'`,
      finds: 'money_order',
      naming: paid.id,
    }),
    'a payment’s state that is not what its events say': () => ({
      table: 'payments.payments',
      by: `update payments.payments set state = jsonb_set(state::jsonb, '{surprise}', '1')::json`,
      finds: 'stream_state',
      naming: 'payments.payments',
    }),
    'a warehouse’s work that is not what its events say': () => ({
      table: 'fulfilment.fulfilment_orders',
      by: `update fulfilment.fulfilment_orders set state = jsonb_set(state::jsonb, '{status}', '"packed"')::json`,
      finds: 'stream_state',
      naming: 'fulfilment.fulfilment_orders',
    }),
    'a version that counts more events than there are': () => ({
      table: 'fulfilment.fulfilment_orders',
      by: `update fulfilment.fulfilment_orders set version = version + 1`,
      finds: 'history',
      naming: 'fulfilment.fulfilment_orders',
    }),
  }
  for (const [name, plant] of Object.entries(plants)) it(`finds ${name}`, () => finds(plant()))

  it('finds nothing while orders are placed, paid and cancelled', async () => {
    const { shop: heart } = shop.waybill
    const working = { over: false }
    const busy = Promise.all(
      Array.from({ length: 6 }, async (_, customer) => {
        for (let order = 0; order < 12; order++) {
          const placed = await shop.placed('mug', 1 + (order % 2))
          if ((customer + order) % 3 === 0) await shop.waybill.ask('POST', `/v1/orders/${placed.id}/cancel`, {})
          else if (order % 2 === 0) await shop.pays(placed)
        }
      }),
    ).then(() => (working.over = true))
    let looks = 0
    while (!working.over) {
      assert.deepEqual((await verifyShop(heart)).differences, [])
      looks += 1
    }
    await busy
    await heart.settled()
    const { differences, orders } = await verifyShop(heart)
    assert.deepEqual(differences, [])
    assert.equal(orders, 75)
    assert.ok(looks > 1)
  })
})
