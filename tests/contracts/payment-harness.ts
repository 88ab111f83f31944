/** The payments room with everything it needs around it, in memory and on PostgreSQL, for the suites that run on both. */
import type { FastifyInstance } from 'fastify'
import pg from 'pg'
import type { Envelope, Fact } from '../../src/kernel/event.ts'
import type { OrderId, StreamId } from '../../src/kernel/ids.ts'
import { instant } from '../../src/kernel/time.ts'
import type { OrderEvent, OrderFacts, OrderQueries } from '../../src/orders/contract.ts'
import type { PaymentEvent, PaymentView } from '../../src/payments/contract.ts'
import { createPayments, type PaymentsRoom, paymentsInMemory, paymentsInPostgres } from '../../src/payments/room.ts'
import { Unreachable } from '../../src/payments/provider.ts'
import type { PaymentRepository } from '../../src/payments/store.ts'
import { Consumers } from '../../src/platform/bus/consumers.ts'
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
import type { Append, Records } from '../../src/platform/records/records.ts'
import { MemoryBatches } from '../../src/platform/store/memory.ts'
import { type Batches, Fault } from '../../src/platform/store/work.ts'
import { bundleKind, kindOf, unbundled } from '../../src/platform/tasks/bundle.ts'
import type { ClaimedTask } from '../../src/platform/tasks/handler.ts'
import { TaskWorker } from '../../src/platform/tasks/worker.ts'
import { PostgresTaskRows } from '../../src/platform/tasks/rows.ts'
import { testDatabase } from '../support/database.ts'

export type Harness = Readonly<{
  room: PaymentsRoom
  app: FastifyInstance
  store: PaymentRepository
  batches: Batches
  records: Records
  database?: Database
  /** Facts of another room's stream, as if that room had saved them. */
  publish: (stream: string, ...facts: readonly Fact[]) => Promise<void>
  /** Reactions and due tasks, until nothing is left. */
  settle: () => Promise<void>
  /** Tasks of a kind, due or not. */
  hurry: (kind: string) => Promise<void>
  events: (payment: string) => Promise<readonly PaymentEvent[]>
  facts: Map<OrderId, OrderFacts>
  close: () => Promise<void>
}>

export const harnesses = { memory: () => memoryHarness(), PostgreSQL: () => postgresHarness() } as const
const roundsMax = 50

const memoryHarness = async (): Promise<Harness> => {
  const records = new MemoryRecords()
  const batches = new MemoryBatches()
  const storage = paymentsInMemory()
  const facts = new Map<OrderId, OrderFacts>()
  const room = roomOf(batches, records, storage, facts)
  const versions = new Map<string, number>()
  const done = new Map<string, number>()
  const runTask = async (id: string): Promise<boolean> => {
    const row = records.tasks.get(id)
    const tasks = row === undefined ? [] : unbundled<ClaimedTask>({ ...row, attempt: 1 })
    const handler = room.tasks.find(({ kind }) => kind === tasks[0]?.kind)
    if (handler === undefined) return false
    const outcomes = await handler.run(tasks)
    for (const outcome of outcomes) if (outcome instanceof Fault && !(outcome.cause instanceof Unreachable)) throw outcome.cause
    const isDone = outcomes.every((outcome) => outcome === 'done')
    if (isDone) records.tasks.delete(id)
    return isDone
  }
  const react = async (): Promise<boolean> => {
    let worked = false
    for (const reaction of room.reactions) {
      const from = done.get(reaction.name) ?? 0
      const rows = records.journal.map((row, index): Envelope => {
        return { ...row, stream: row.stream as StreamId, position: index + 1, event: row.fact }
      })
      const envelopes = rows.slice(from).filter(({ event }) => reaction.on.includes(event.type))
      done.set(reaction.name, rows.length)
      if (envelopes.length === 0) continue
      worked = true
      await batches.batch((work) => reaction.react(work, envelopes))
    }
    return worked
  }
  const settle = async (): Promise<void> => {
    for (let round = 0; round < roundsMax; round++) {
      let worked = await react()
      for (const task of records.tasks.values()) {
        if (Date.parse(task.dueAt) <= Date.now()) worked = (await runTask(task.id)) || worked
      }
      if (!worked) return
    }
    throw new Error('it does not settle')
  }
  return {
    room,
    app: await appOf(room),
    store: storage.store,
    batches,
    records,
    publish: async (stream, ...published) => {
      const version = versions.get(stream) ?? 0
      versions.set(stream, version + published.length)
      await batches.batch(async (work) => work.add(records.append([appendTo(stream, version + 1, published)])))
    },
    settle,
    hurry: async (kind) => {
      for (const task of records.tasks.values()) if (kindOf(task.kind) === kind) await runTask(task.id)
    },
    events: (payment) =>
      Promise.resolve(records.journal.filter(({ stream }) => stream === payment).map(({ fact }) => fact as PaymentEvent)),
    facts,
    close: () => Promise.resolve(),
  }
}

const postgresHarness = async (): Promise<Harness> => {
  const test = await testDatabase()
  const client = new pg.Client(test.config)
  await client.connect()
  const folders = ['platform', 'payments'].map((room) => ({
    room,
    folder: new URL(`../../src/${room}/migrations`, import.meta.url).pathname,
  }))
  await migrate(client, folders, () => undefined)
  await client.end()
  const database = new Database(test.config, () => undefined)
  const records = new PostgresRecords(database)
  const storage = paymentsInPostgres(database)
  const facts = new Map<OrderId, OrderFacts>()
  const room = roomOf(database, records, storage, facts)
  const journal = new JournalReader(database)
  const names = room.reactions.map(({ name }) => name)
  await database.read('insert into platform.consumers (name) select unnest($1::text[])', [names])
  const consumers = new Consumers(new PostgresPositions(database), journal, room.reactions, silentLog)
  const worker = new TaskWorker(new PostgresTaskRows(database), room.tasks, silentLog)
  const settle = async (): Promise<void> => {
    for (let round = 0; round < roundsMax; round++) {
      await consumers.settle()
      if ((await worker.round()) === 0) return
    }
    throw new Error('it does not settle')
  }
  const versions = new Map<string, number>()
  return {
    room,
    app: await appOf(room),
    store: storage.store,
    batches: database,
    records,
    database,
    publish: async (stream, ...published) => {
      const version = versions.get(stream) ?? 0
      versions.set(stream, version + published.length)
      await database.batch(async (work) => work.add(records.append([appendTo(stream, version + 1, published)])))
    },
    settle,
    hurry: async (kind) => {
      await database.read('update platform.tasks set due_at = now(), lease_until = null where kind = any($1)', [
        [kind, bundleKind(kind)],
      ])
      await worker.round()
    },
    events: async (payment) => (await journal.history(payment)).map(({ event }) => event as PaymentEvent),
    facts,
    close: async () => {
      await database.close()
      await test.drop()
    },
  }
}

const appendTo = (stream: string, firstVersion: number, facts: readonly Fact[]): Append => ({
  stream,
  firstVersion,
  facts,
  origin: { actor: 'test' },
  at: instant(Date.now()),
})

const roomOf = (
  batches: Batches,
  records: Records,
  storage: Parameters<typeof createPayments>[0]['storage'],
  facts: ReadonlyMap<OrderId, OrderFacts>,
): PaymentsRoom => {
  const orders: OrderQueries = { facts: () => Promise.resolve(facts) }
  const now = () => instant(Date.now())
  const signal = (): void => undefined
  const baseUrl = 'http://shop.example'
  return createPayments({ batches, records, storage, orders, now, signal, baseUrl, log: silentLog, environment: {} })
}

const principals: Readonly<Record<string, Principal>> = {
  owner: { id: 'owner', role: 'owner', scopes: [] },
  ann: { id: 'ann', role: 'customer', user: 'ann', scopes: [] },
  bob: { id: 'bob', role: 'customer', user: 'bob', scopes: [] },
}
const appOf = (room: PaymentsRoom): Promise<FastifyInstance> =>
  createApp({
    log: silentLog,
    authenticate: (key) => Promise.resolve(principals[key]),
    demo: () => undefined,
    rooms: [room.routes],
    version: '0',
  })

/** A prepaid order of 1,530 pence: three at 4.00, one at 2.30, and 1.00 for delivery. */
export const orderPlaced = (capture: 'placement' | 'shipment' = 'placement'): Extract<OrderEvent, { type: 'OrderPlaced' }> => {
  const line = { name: 'x', discount: 0, kind: 'product', grams: 500, ifShort: 'refuse' } as const
  return {
    type: 'OrderPlaced',
    number: 1,
    placedAt: instant(Date.now()),
    user: 'ann',
    channel: 'web',
    source: 'Web',
    dialect: 'v1',
    currency: 'GBP',
    lines: [
      { ...line, sku: 'a' as never, quantity: 3, unitPrice: 400 },
      { ...line, sku: 'b' as never, quantity: 1, unitPrice: 230 },
    ],
    totals: { subtotal: 1430, discount: 0, shipping: 100, tax: 0, total: 1530 },
    terms: 'prepaid',
    capture,
    onShortage: 'refuse',
    destination: { country: 'GB', postalCode: 'LS1', latitude: 0, longitude: 0 },
    shippingMethod: 'standard',
    paymentMethod: 'CREDIT_CARD',
  }
}

/** An order is placed, and its payment's page is ready. */
export const placedOrder = async (
  { publish, settle, room, facts }: Harness,
  capture: 'placement' | 'shipment' = 'placement',
): Promise<Readonly<{ order: OrderId; payment: PaymentView }>> => {
  const order = idAt(Date.now())
  facts.set(order, { id: order, number: 1, status: 'received', currency: 'GBP', due: 1530, secured: false, user: 'ann' })
  await publish(order, orderPlaced(capture))
  await settle()
  return { order, payment: await firstPayment(room, order) }
}

export const firstPayment = async (room: PaymentsRoom, order: OrderId): Promise<PaymentView> => {
  const [payment] = (await room.queries.ofOrders([order])).get(order) ?? []
  if (payment === undefined) throw new Error('the order has no payment')
  return payment
}
