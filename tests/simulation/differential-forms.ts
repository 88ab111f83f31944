/** The two forms on which one seed is played, each empty when it begins. */
import pg from 'pg'
import { MemoryBatches } from '../../src/platform/store/memory.ts'
import { postgresFulfilmentStores } from '../../src/fulfilment/store.ts'
import { PostgresInventory } from '../../src/inventory/store.ts'
import { instant } from '../../src/kernel/time.ts'
import { PostgresOrders } from '../../src/orders/store.ts'
import { PostgresPayments } from '../../src/payments/store.ts'
import { JournalReader } from '../../src/platform/bus/journal.ts'
import { PostgresPositions } from '../../src/platform/bus/positions.ts'
import { Database } from '../../src/platform/postgres/database.ts'
import { migrate } from '../../src/platform/postgres/migrations.ts'
import { PostgresRecords } from '../../src/platform/records/postgres.ts'
import { PostgresTaskRows } from '../../src/platform/tasks/rows.ts'
import { postgresReturns } from '../../src/returns/store.ts'
import { postgresShippingStores } from '../../src/shipping/store.ts'
import { testDatabase } from '../support/database.ts'
import type { Form } from './differential.ts'
import { storesOf } from './stores.ts'

export const inMemory = (): Form => {
  const clock = () => instant(Date.now())
  const stores = storesOf(clock)
  const batches = new MemoryBatches(clock, stores.store)
  const { records } = stores
  return {
    line: {
      ...stores,
      batches,
      save: (writes) => batches.save(writes),
      now: clock,
    },
    facts: () => Promise.resolve(records.journal.map(({ stream, version, fact }) => ({ stream, version, fact }))),
    ledger: () => Promise.resolve(stores.inventory.ledger.map(({ at: _, ...row }) => row)),
  }
}

const rooms = ['platform', 'orders', 'inventory', 'payments', 'fulfilment', 'shipping', 'returns']

export type Truth = Readonly<{ empty: () => Promise<Form>; close: () => Promise<void> }>

export const onPostgres = async (): Promise<Truth> => {
  const test = await testDatabase()
  const client = new pg.Client(test.config)
  await client.connect()
  const folders = rooms.map((room) => ({ room, folder: new URL(`../../src/${room}/migrations`, import.meta.url).pathname }))
  await migrate(client, folders, () => undefined)
  await client.query(`alter database ${test.config.database} set synchronous_commit = off`)
  const { rows } = await client.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = any($1) and tablename not like '%migration%'`,
    [rooms],
  )
  // PROMISES §4.2: deleting rows is twenty times quicker than truncating tables that hold a few.
  const wipe = `${rows.map(({ name }) => `delete from ${name}`).join('; ')}; alter sequence orders.number restart`
  const database = new Database(test.config, () => undefined)
  return {
    empty: async () => {
      await client.query(wipe)
      return postgresForm(database)
    },
    close: async () => {
      await database.close()
      await client.end()
      await test.drop()
    },
  }
}

const postgresForm = (database: Database): Form => ({
  line: {
    batches: database,
    save: (writes) => database.save(writes),
    now: () => database.nowEstimate(),
    records: new PostgresRecords(database),
    orders: new PostgresOrders(database),
    inventory: new PostgresInventory(database),
    payments: new PostgresPayments(database),
    fulfilment: postgresFulfilmentStores(database),
    shipping: postgresShippingStores(database),
    returns: postgresReturns(database),
    positions: new PostgresPositions(database),
    journal: new JournalReader(database),
    tasks: new PostgresTaskRows(database),
  },
  facts: async () => {
    const read = await database.read<{ stream: string; version: number; type: string; body: object }>(
      'select stream, version, type, body from platform.journal order by position',
    )
    return read.map(({ stream, version, type, body }) => ({ stream, version, fact: { type, ...body } }))
  },
  ledger: async () => {
    const read = await database.read<{ order: string | null; reference: string | null }>(
      `select sku, place, on_hand as "onHand", reserved, in_transit as "inTransit", damaged, kind, order_id as "order", reference from inventory.ledger order by id`,
    )
    return read.map(({ order, reference, ...row }) => ({
      ...row,
      ...(order === null ? {} : { order }),
      ...(reference === null ? {} : { reference }),
    }))
  },
})
