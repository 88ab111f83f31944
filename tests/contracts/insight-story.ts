/** What the tests of the read models tell them: events as the other rooms write them, appended to a real journal. */
import { join } from 'node:path'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import type { Day, Instant, Place, Sku } from '../../src/kernel/ids.ts'
import { addSeconds } from '../../src/kernel/time.ts'
import type { InventoryEvent } from '../../src/inventory/contract.ts'
import type { LineUnits, OrderEvent, OrderEventOf, ParcelStatus } from '../../src/orders/contract.ts'
import { createApp } from '../../src/platform/http/app.ts'
import type { Role } from '../../src/platform/http/policy.ts'
import { newId } from '../../src/platform/ids.ts'
import { silentLog } from '../../src/platform/log.ts'
import { Database } from '../../src/platform/postgres/database.ts'
import { migrate } from '../../src/platform/postgres/migrations.ts'
import { PostgresRecords } from '../../src/platform/records/postgres.ts'
import { testDatabase } from '../support/database.ts'

/** A fresh database with the platform and one room in it. */
export const databaseWith = async (room: string): Promise<Readonly<{ database: Database; close: () => Promise<void> }>> => {
  const test = await testDatabase()
  const database = new Database(test.config, () => undefined)
  const client = await database.client()
  const folders = ['platform', room].map((room) => ({
    room,
    folder: join(import.meta.dirname, '..', '..', 'src', room, 'migrations'),
  }))
  await migrate(client, folders, () => undefined)
  await client.end()
  return {
    database,
    close: async () => {
      await database.close()
      await test.drop()
    },
  }
}

/** The real edge; the key is the role. */
export const edgeOf = (rooms: readonly FastifyPluginAsyncTypebox[]): Promise<FastifyInstance> =>
  createApp({
    log: silentLog,
    authenticate: (key) => Promise.resolve({ id: 'test', role: key as Role, scopes: [] }),
    demo: () => undefined,
    rooms,
    version: 'test',
  })
export const asOwner = { authorization: 'Bearer owner' }

export type Moment = readonly [seconds: number, event: OrderEvent]
export const append = (
  database: Database,
  stream: string,
  moments: readonly (readonly [Instant, OrderEvent | InventoryEvent])[],
  firstVersion = 1,
): Promise<void> =>
  database.batch(async (work) => {
    const records = new PostgresRecords(database)
    for (const [index, [at, fact]] of moments.entries())
      work.add(records.append([{ stream, firstVersion: firstVersion + index, facts: [fact], origin: { actor: 'test' }, at }]))
  })

/** An order's life as a list of facts, each at so many seconds after the order was placed. */
export const appendOrder = async (
  database: Database,
  placed: OrderEventOf<'OrderPlaced'>,
  life: readonly Moment[] = [],
): Promise<ReturnType<typeof newId>> => {
  const id = newId(placed.placedAt)
  const moments: readonly Moment[] = [[0, placed], ...life]
  await append(
    database,
    id,
    moments.map(([seconds, event]) => [addSeconds(placed.placedAt, seconds), event] as const),
  )
  return id
}

export const line = (quantity: number, more: Partial<OrderEventOf<'OrderPlaced'>['lines'][number]> = {}) => ({
  sku: 'mug' as Sku,
  name: 'A mug',
  quantity,
  unitPrice: 500,
  discount: 0,
  kind: 'product' as const,
  grams: 300,
  ifShort: 'refuse' as const,
  ...more,
})
let number = 1000
export const placed = (at: string, more: Partial<OrderEventOf<'OrderPlaced'>> = {}): OrderEventOf<'OrderPlaced'> => {
  const lines = more.lines ?? [line(2)]
  const subtotal = lines.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0)
  number += 1
  return {
    type: 'OrderPlaced',
    number,
    placedAt: at as Instant,
    channel: 'web',
    source: 'Web',
    dialect: 'v1',
    currency: 'GBP',
    lines,
    totals: { subtotal, discount: 0, shipping: 0, tax: 0, total: subtotal },
    terms: 'prepaid',
    capture: 'placement',
    onShortage: 'refuse',
    destination: { country: 'GB', postalCode: 'LS1', latitude: 53.8, longitude: -1.5 },
    shippingMethod: 'standard',
    ...more,
  }
}
export const became = (to: OrderEventOf<'StatusChanged'>['to']): OrderEvent => ({ type: 'StatusChanged', from: 'received', to })
export const reserved = (arrives: string, quantity: number, kind: 'stock' | 'backorder' = 'stock'): OrderEvent => ({
  type: 'StockReserved',
  shipments: [
    {
      place: 'LDS' as Place,
      dispatch: arrives as Day,
      arrives: arrives as Day,
      lines: [{ line: 0, sku: 'mug' as Sku, quantity, from: 'LDS' as Place, kind }],
    },
  ],
})
export const parcel = (name: string, status: ParcelStatus, lines: readonly LineUnits[]): OrderEvent => ({
  type: 'ParcelProgressed',
  parcel: name,
  fulfilment: 'f',
  status,
  carrier: 'simulated',
  attempts: 0,
  lines,
})
export const both: LineUnits[] = [{ line: 0, quantity: 2 }]
export const one: LineUnits[] = [{ line: 0, quantity: 1 }]
