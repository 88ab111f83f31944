/** Fulfilment and shipping with everything they need around them, in memory and on PostgreSQL, for the suites that run on both. */
import assert from 'node:assert/strict'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import pg from 'pg'
import type { FulfilmentEvent, TransferEvent } from '../../src/fulfilment/contract.ts'
import { createFulfilment, type Fulfilment } from '../../src/fulfilment/room.ts'
import { memoryFulfilmentStores } from '../../src/fulfilment/store.memory.ts'
import { postgresFulfilmentStores } from '../../src/fulfilment/store.ts'
import type { Envelope, Fact } from '../../src/kernel/event.ts'
import type { OrderId, Place, Sku, StreamId } from '../../src/kernel/ids.ts'
import { instant } from '../../src/kernel/time.ts'
import type { OrderEventOf, ShipmentLine } from '../../src/orders/contract.ts'
import { Consumers, type Reaction } from '../../src/platform/bus/consumers.ts'
import { JournalReader } from '../../src/platform/bus/journal.ts'
import { PostgresPositions } from '../../src/platform/bus/positions.ts'
import { createApp } from '../../src/platform/http/app.ts'
import type { Principal } from '../../src/platform/http/policy.ts'
import { idAt } from '../../src/platform/ids.ts'
import { silentLog } from '../../src/platform/log.ts'
import { Database } from '../../src/platform/postgres/database.ts'
import { migrate } from '../../src/platform/postgres/migrations.ts'
import { MemoryRecords } from '../../src/platform/records/memory.ts'
import { PostgresRecords } from '../../src/platform/records/postgres.ts'
import type { Records } from '../../src/platform/records/records.ts'
import { MemoryBatches } from '../../src/platform/store/memory.ts'
import { type Batches, Fault } from '../../src/platform/store/work.ts'
import type { TaskHandler } from '../../src/platform/tasks/handler.ts'
import { TaskWorker } from '../../src/platform/tasks/worker.ts'
import { PostgresTaskRows } from '../../src/platform/tasks/rows.ts'
import type { Carrier } from '../../src/shipping/carrier.ts'
import type { ParcelEvent } from '../../src/shipping/contract.ts'
import { createShipping, type Shipping } from '../../src/shipping/room.ts'
import { memoryShippingStores } from '../../src/shipping/store.memory.ts'
import { postgresShippingStores, type ShippingStores } from '../../src/shipping/store.ts'
import type { FulfilmentStores } from '../../src/fulfilment/store.ts'
import { testDatabase } from '../support/database.ts'

type RoomEvent = FulfilmentEvent | TransferEvent | ParcelEvent
export type Harness = Readonly<{
  fulfilment: Fulfilment
  shipping: Shipping
  stores: Readonly<{ fulfilment: FulfilmentStores; shipping: ShippingStores }>
  batches: Batches
  app: FastifyInstance
  /** Facts of an order's stream, as if orders had saved them. */
  publish: (stream: string, ...facts: readonly Fact[]) => Promise<void>
  /** Reactions and due tasks, until nothing is left. */
  settle: () => Promise<void>
  events: () => Promise<readonly (RoomEvent & Readonly<{ stream: string }>)[]>
  /** `METHOD /path` as a principal; `body` and a fresh Idempotency-Key go with it. */
  call: (who: string, request: string, body?: object, headers?: Readonly<Record<string, string>>) => Promise<LightMyRequestResponse>
  close: () => Promise<void>
}>
type Options = Readonly<{ mode?: 'manual' | 'auto'; paceSeconds?: number; carriers?: readonly Carrier[] }>

export const harnesses = {
  memory: (options: Options = {}) => memoryHarness(options),
  PostgreSQL: (options: Options = {}) => postgresHarness(options),
} as const
const roundsMax = 100
export const secret = 'a secret for tests'
const now = () => instant(Date.now())

const roomsOn = async (batches: Batches, records: Records, stores: Harness['stores'], { carriers = [], ...simulated }: Options) => {
  const shipping = await createShipping({
    batches,
    records,
    stores: stores.shipping,
    baseUrl: () => 'http://shop.example',
    committed: () => undefined,
    now,
    simulated: { ...simulated, secret },
    carriers,
    recipient: () => Promise.resolve(['Ann <b>Kowalski</b>', '1 High Street', 'LS1']),
  })
  const fulfilment = createFulfilment({
    batches,
    records,
    stores: stores.fulfilment,
    committed: () => undefined,
    now,
    collectedWithin: (work, parcels) => shipping.service.collectedWithin(work, parcels),
    callOffWithin: (work, parcels, origin) => shipping.service.callOffWithin(work, parcels, origin),
  })
  const { followOrders, followTransfers, followParcels } = fulfilment.reactions
  return { shipping, fulfilment, reactions: [followOrders, followTransfers, followParcels, shipping.reactions.followFulfilment] }
}

const principals: Readonly<Record<string, Principal>> = {
  owner: { id: 'owner', role: 'owner', scopes: [] },
  leeds: { id: 'l', role: 'warehouse', place: 'leeds' as Place, scopes: [] },
  york: { id: 'y', role: 'warehouse', place: 'york' as Place, scopes: [] },
  partner: { id: 'p', role: 'logistics_partner', carrier: 'simulated', scopes: [] },
  rival: { id: 'r', role: 'logistics_partner', carrier: 'rival', scopes: [] },
  ann: { id: 'ann', role: 'customer', user: 'ann', scopes: [] },
}

const doorsOn = async (fulfilment: Fulfilment, shipping: Shipping): Promise<Pick<Harness, 'app' | 'call'>> => {
  const app = await createApp({
    log: silentLog,
    authenticate: (key) => Promise.resolve(principals[key]),
    demo: () => undefined,
    rooms: [...fulfilment.routes, ...shipping.routes],
    version: '0',
  })
  let keys = 0
  const call: Harness['call'] = (who, request, body, headers = {}) => {
    const [method = 'GET', url = '/'] = request.split(' ')
    const key: Record<string, string> = method === 'POST' ? { 'idempotency-key': `key-${++keys}` } : {}
    return app.inject({
      method: method === 'POST' ? 'POST' : 'GET',
      url,
      headers: { authorization: `Bearer ${who}`, ...key, ...headers },
      ...(body === undefined ? {} : { payload: body }),
    })
  }
  return { app, call }
}

const publishing = (batches: Batches, records: Records): Harness['publish'] => {
  const versions = new Map<string, number>()
  return async (stream, ...facts) => {
    const version = versions.get(stream) ?? 0
    versions.set(stream, version + facts.length)
    const append = { stream, firstVersion: version + 1, facts, origin: { actor: 'test' }, at: now() }
    await batches.batch(async (work) => work.add(records.append([append])))
  }
}

const memoryHarness = async (options: Options): Promise<Harness> => {
  const records = new MemoryRecords()
  const batches = new MemoryBatches()
  const stores = { fulfilment: memoryFulfilmentStores(), shipping: memoryShippingStores() }
  const { fulfilment, shipping, reactions } = await roomsOn(batches, records, stores, options)
  const done = new Map<string, number>()
  const react = async (reaction: Reaction): Promise<boolean> => {
    const from = done.get(reaction.name) ?? 0
    const envelopes = records.journal
      .map((row, index): Envelope => ({ ...row, stream: row.stream as StreamId, position: index + 1, event: row.fact }))
      .slice(from)
      .filter(({ event }) => reaction.on.includes(event.type))
    done.set(reaction.name, records.journal.length)
    if (envelopes.length === 0) return false
    const handled = await batches.batch((work) => reaction.react(work, envelopes))
    for (const answer of handled) assert.equal(answer, 'done')
    return true
  }
  const perform = async (handlers: readonly TaskHandler[]): Promise<boolean> => {
    let worked = false
    for (const task of records.tasks.values()) {
      const handler = handlers.find(({ kind }) => kind === task.kind)
      if (handler === undefined || Date.parse(task.dueAt) > Date.now()) continue
      const [outcome] = await handler.run([{ ...task, attempt: 1 }])
      if (outcome instanceof Fault) throw outcome.cause
      if (outcome !== 'done') continue
      records.tasks.delete(task.id)
      worked = true
    }
    return worked
  }
  const settle = async (): Promise<void> => {
    for (let round = 0; round < roundsMax; round++) {
      let worked = false
      for (const reaction of reactions) worked = (await react(reaction)) || worked
      if (!((await perform(shipping.tasks)) || worked)) return
    }
    throw new Error('it does not settle')
  }
  return {
    fulfilment,
    shipping,
    stores,
    batches,
    settle,
    ...(await doorsOn(fulfilment, shipping)),
    publish: publishing(batches, records),
    events: () => Promise.resolve(records.journal.map(({ stream, fact }) => ({ ...(fact as RoomEvent), stream }))),
    close: () => Promise.resolve(),
  }
}

const postgresHarness = async (options: Options): Promise<Harness> => {
  const test = await testDatabase()
  const client = new pg.Client(test.config)
  await client.connect()
  const folders = ['platform', 'fulfilment', 'shipping'].map((room) => ({
    room,
    folder: new URL(`../../src/${room}/migrations`, import.meta.url).pathname,
  }))
  await migrate(client, folders, () => undefined)
  await client.end()
  const database = new Database(test.config, () => undefined)
  const records = new PostgresRecords(database)
  const stores = { fulfilment: postgresFulfilmentStores(database), shipping: postgresShippingStores(database) }
  const { fulfilment, shipping, reactions } = await roomsOn(database, records, stores, options)
  await database.read('insert into platform.consumers (name) select unnest($1::text[])', [reactions.map(({ name }) => name)])
  const journal = new JournalReader(database)
  const consumers = new Consumers(new PostgresPositions(database), journal, reactions, silentLog)
  const worker = new TaskWorker(new PostgresTaskRows(database), shipping.tasks, silentLog)
  const settle = async (): Promise<void> => {
    for (let round = 0; round < roundsMax; round++) {
      await consumers.settle()
      if ((await worker.round()) > 0) continue
      const parked = await database.read<{ reason: string }>('select reason from platform.parked')
      assert.deepEqual(parked, [])
      return
    }
    throw new Error('it does not settle')
  }
  return {
    fulfilment,
    shipping,
    stores,
    batches: database,
    settle,
    ...(await doorsOn(fulfilment, shipping)),
    publish: publishing(database, records),
    events: async () => {
      const rows = await database.read<{ stream: string; type: string; body: object }>(
        'select stream, type, body from platform.journal order by position',
      )
      return rows.map(({ stream, type, body }) => ({ ...body, type, stream }) as RoomEvent & { stream: string })
    },
    close: async () => {
      await database.close()
      await test.drop()
    },
  }
}

export const leeds = 'leeds' as Place
export const york = 'york' as Place
export const units = (line: number, quantity: number, from: Place = leeds, kind: ShipmentLine['kind'] = 'stock'): ShipmentLine => ({
  line,
  sku: `sku${line}` as Sku,
  quantity,
  from,
  kind,
})
export const anOrder = (): OrderId => idAt(Date.now())

export const requested = (
  lines: readonly ShipmentLine[],
  more: Partial<OrderEventOf<'AssemblyRequested'>> = {},
  place: Place = leeds,
): OrderEventOf<'AssemblyRequested'> => ({
  type: 'AssemblyRequested',
  number: 1001,
  shipments: [{ place, dispatch: '2026-11-21' as never, arrives: '2026-11-23' as never, lines }],
  destination: { country: 'GB', postalCode: 'LS1', latitude: 0, longitude: 0 },
  held: false,
  shippingMethod: 'standard',
  ...more,
})

/** An order is with the warehouses. */
export const assembling = async (
  { publish, settle }: Harness,
  lines: readonly ShipmentLine[],
  more: Partial<OrderEventOf<'AssemblyRequested'>> = {},
): Promise<OrderId> => {
  const order = anOrder()
  await publish(order, requested(lines, more))
  await settle()
  return order
}

export const worksOf = async ({ fulfilment }: Harness, order: OrderId) =>
  (await fulfilment.queries.ofOrders([order])).get(order) ?? []
export const parcelsOf = async ({ shipping }: Harness, order: OrderId) =>
  (await shipping.queries.ofOrders([order])).get(order) ?? []
export const firstOf = <Thing>(things: readonly Thing[]): Thing => {
  const [first] = things
  assert.ok(first !== undefined, 'there is none')
  return first
}
