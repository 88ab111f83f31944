/** The stores as one process sees them: every call takes its time, locks rows, and can fail; what is saved says which rows it touches. */
import type { InventoryRepository } from '../../src/inventory/store.ts'
import type { MailPort } from '../../src/notifications/adapters/ports.ts'
import type { NotificationRepository } from '../../src/notifications/store.ts'
import type { OrderRepository } from '../../src/orders/store.ts'
import type { PaymentRepository } from '../../src/payments/store.ts'
import type { Journal } from '../../src/platform/bus/journal.ts'
import type { Positions } from '../../src/platform/bus/positions.ts'
import type { Records } from '../../src/platform/records/records.ts'
import type { Work, Write } from '../../src/platform/store/work.ts'
import type { StreamStore } from '../../src/platform/streams/store.ts'
import type { TaskRows } from '../../src/platform/tasks/rows.ts'
import { type Logger, silentLog } from '../../src/platform/log.ts'
import type { Process } from './process.ts'
import type { Line } from './rooms.ts'
import { transactionOf } from './process.ts'
import type { SimulatedWrite } from './server.ts'
import type { Stores } from './stores.ts'

/** The write as it is, with the rows that PostgreSQL would lock for it. */
const touching = (write: Write, rows: readonly string[]): SimulatedWrite => ({
  ...(write as SimulatedWrite),
  rows,
  isEmpty: rows.length === 0,
})
/** New rows, that nobody else can hold. */
const adding = (write: Write, rows: readonly unknown[]): SimulatedWrite => ({
  ...(write as SimulatedWrite),
  isEmpty: rows.length === 0,
})

const sorted = (keys: Iterable<string>): string[] => [...new Set(keys)].sort()

/** `select … for update`: rows that are there when it begins, as they are once all of them are locked. */
const lockMap = <Key extends string, Row>(
  process: Process,
  work: Work,
  table: string,
  read: () => Promise<ReadonlyMap<Key, Row>>,
): Promise<Map<Key, Row>> =>
  process.statement(work, `lock ${table}`, async (transaction) => {
    const ids = new Set((await read()).keys())
    await process.around.server.locks.take(transaction, sorted([...ids].map((id) => `${table} ${id}`)))
    return new Map([...(await read())].filter(([id]) => ids.has(id)))
  })

const lockRows = <Row>(
  process: Process,
  work: Work,
  table: string,
  keyOf: (row: Row) => string,
  read: () => Promise<readonly Row[]>,
): Promise<readonly Row[]> =>
  process.statement(work, `lock ${table}`, async (transaction) => {
    const keys = new Set((await read()).map((row) => `${table} ${keyOf(row)}`))
    await process.around.server.locks.take(transaction, keys)
    return (await read()).filter((row) => keys.has(`${table} ${keyOf(row)}`))
  })

const ordersOf = (process: Process, { orders }: Stores): OrderRepository => {
  const rows = (changes: readonly Readonly<{ id: string }>[]): string[] => changes.map(({ id }) => `orders ${id}`)
  return {
    lock: (work, ids) => lockMap(process, work, 'orders', () => orders.lock(work, ids)),
    ended: async (work, ids) => {
      await lockMap(process, work, 'orders', () => orders.lock(work, ids))
      return orders.ended(work, ids)
    },
    add: (changes, now) => adding(orders.add(changes, now), changes),
    save: (changes, now) => touching(orders.save(changes, now), sorted(rows(changes))),
    get: (ids) => process.call('read orders', () => orders.get(ids)),
    list: (filter) => process.call('list orders', () => orders.list(filter)),
    idByNumber: (number) => process.call('read orders', () => orders.idByNumber(number)),
    idsByExternalRef: (refs) => process.call('read orders', () => orders.idsByExternalRef(refs)),
    toExpire: (limit) => process.call('read orders to expire', () => orders.toExpire(limit)),
    numbers: (count) => process.write('take numbers', () => orders.numbers(count)),
  }
}

type Pair = Readonly<{ sku: string; place: string }>
const pairKey = ({ sku, place }: Pair): string => `${sku}\n${place}`
type Queued = Pair & Readonly<{ order: string; line: number }>
const queueKey = ({ sku, place, order, line }: Queued): string => `${sku}\n${order}\n${line}\n${place}`

const inventoryOf = (process: Process, { inventory }: Stores): InventoryRepository => {
  const levelRows = (rows: readonly Pair[]): string[] => rows.map((row) => `levels ${pairKey(row)}`)
  const holdingRows = (rows: readonly Readonly<{ order: string }>[]): string[] => rows.map(({ order }) => `holdings ${order}`)
  const waitingRows = (rows: readonly Queued[]): string[] => rows.map((row) => `waiting ${queueKey(row)}`)
  return {
    lockLevels: (work, skus) => lockRows(process, work, 'levels', pairKey, () => inventory.lockLevels(work, skus)),
    ensureLevels: (work, pairs) =>
      pairs.length === 0
        ? Promise.resolve()
        : process.statement(work, 'ensure levels', async (transaction) => {
            const fresh = pairs.filter((pair) => !inventory.levels.has(pairKey(pair)))
            await process.around.server.locks.take(transaction, sorted(levelRows(fresh)))
            await inventory.ensureLevels(work, pairs)
          }),
    lockHoldings: (work, orders) =>
      orders.length === 0
        ? Promise.resolve(new Map())
        : lockMap(process, work, 'holdings', () => inventory.lockHoldings(work, orders)),
    openLots: (work, skus) => process.statement(work, 'read lots', () => inventory.openLots(work, skus)),
    lockLots: (work, ids) =>
      lockRows(
        process,
        work,
        'lots',
        ({ id }) => id,
        () => inventory.lockLots(work, ids),
      ),
    waitingFor: (work, skus) => lockRows(process, work, 'waiting', queueKey, () => inventory.waitingFor(work, skus)),
    followed: (work, transfers) => process.statement(work, 'read followed', () => inventory.followed(work, transfers)),
    saveLevels: (deltas) => touching(inventory.saveLevels(deltas), levelRows(deltas)),
    saveLedger: (rows, at) => adding(inventory.saveLedger(rows, at), rows),
    newHoldings: (holdings) => adding(inventory.newHoldings(holdings), holdings),
    saveHoldings: (holdings) => touching(inventory.saveHoldings(holdings), holdingRows(holdings)),
    saveWaiting: (rows) => touching(inventory.saveWaiting(rows), waitingRows(rows)),
    dropWaiting: (rows) => touching(inventory.dropWaiting(rows), waitingRows(rows)),
    saveLots: (lots) =>
      touching(
        inventory.saveLots(lots),
        lots.map(({ id }) => `lots ${id}`),
      ),
    readLevels: (skus) => process.call('read levels', () => inventory.readLevels(skus)),
    stockedAfter: (sku, limit) => process.call('read stocked', () => inventory.stockedAfter(sku, limit)),
    readLots: (skus) => process.call('read lots', () => inventory.readLots(skus)),
    readWaiting: (skus) => process.call('read waiting', () => inventory.readWaiting(skus)),
    overdue: (limit) => process.call('read overdue', () => inventory.overdue(limit)),
  }
}

const streamsOf = <State>(process: Process, table: string, inner: StreamStore<State>): StreamStore<State> => ({
  lock: (work, ids) => (ids.length === 0 ? Promise.resolve(new Map()) : lockMap(process, work, table, () => inner.lock(work, ids))),
  save: (changes) => touching(inner.save(changes), sorted(changes.map(({ id }) => `${table} ${id}`))),
  get: (ids) => process.call(`read ${table}`, () => inner.get(ids)),
  find: (column, values, limit, before) => process.call(`find ${table}`, () => inner.find(column, values, limit, before)),
  idsBy: (work, column, values) =>
    values.length === 0 ? Promise.resolve([]) : process.statement(work, `ids ${table}`, () => inner.idsBy(work, column, values)),
})

const paymentsOf = (process: Process, { payments }: Stores): PaymentRepository => {
  const streams = streamsOf(process, 'payments', payments)
  return {
    ...streams,
    holdStarts: (work, orders) =>
      orders.length === 0
        ? Promise.resolve()
        : process.statement(work, 'hold starts', (transaction) =>
            process.around.server.locks.take(transaction, sorted(orders.map((order) => `starts ${order}`))),
          ),
    lockOfOrders: async (work, orders) => streams.lock(work, await streams.idsBy(work, 'order_id', orders)),
    log: (movements) => adding(payments.log(movements), movements),
    seen: (work, webhooks) => process.statement(work, 'seen webhooks', () => payments.seen(work, webhooks)),
    remember: (webhooks, at) => payments.remember(webhooks, at),
    movements: (orders) => process.call('read money', () => payments.movements(orders)),
    differences: () => process.call('read money', () => payments.differences()),
  }
}

const messagesOf = (process: Process, { notifications: { store } }: Stores): NotificationRepository => ({
  cards: (work, orders) => process.statement(work, 'read cards', () => store.cards(work, orders)),
  toldBefore: (work, orders) => process.statement(work, 'read messages', () => store.toldBefore(work, orders)),
  mutedChannels: (work, users) => process.statement(work, 'read channels', () => store.mutedChannels(work, users)),
  addCards: (cards) => adding(store.addCards(cards), cards),
  saveCards: (cards) =>
    touching(
      store.saveCards(cards),
      cards.map(({ id }) => `cards ${id}`),
    ),
  add: (rows, at) => adding(store.add(rows, at), rows),
  due: (ids) => process.call('read messages', () => store.due(ids)),
  finish: (ends) => process.write('end messages', () => store.finish(ends)),
  undelivered: (ids) => process.write('end messages', () => store.undelivered(ids)),
  lock: (work, id) => process.statement(work, 'lock message', () => store.lock(work, id)),
  reopen: (id) => touching(store.reopen(id), [`messages ${id}`]),
  get: (id) => process.call('read messages', () => store.get(id)),
  list: (wanted) => process.call('read messages', () => store.list(wanted)),
  outbox: (limit, before) => process.call('read messages', () => store.outbox(limit, before)),
  setChannel: (user, channel, wanted) => process.write('set channel', () => store.setChannel(user, channel, wanted)),
  mutedOf: (user) => process.call('read channels', () => store.mutedOf(user)),
  forget: (people) => process.write('forget people', () => store.forget(people)),
})

const recordsOf = (process: Process, { records }: Stores): Records => ({
  append: (appends) => adding(records.append(appends), appends),
  schedule: (tasks) => adding(records.schedule(tasks), tasks),
  claim: (claims) => adding(records.claim(claims), claims),
  describe: (people) => adding(records.describe(people), people),
  claimed: (work, claims) =>
    claims.length === 0 ? Promise.resolve(new Map()) : process.statement(work, 'keys', () => records.claimed(work, claims)),
  people: (refs) => process.call('read people', () => records.people(refs)),
})

const journalOf = (process: Process, { journal }: Stores): Journal => ({
  behind: false,
  forget: () => undefined,
  horizon: () => process.call('horizon', () => journal.horizon()),
  read: (after, upTo, types, limit) => process.call('read journal', () => journal.read(after, upTo, types, limit)),
  readAt: (positions, types) => process.call('read journal', () => journal.readAt(positions, types)),
  history: (stream) => process.call('read journal', () => journal.history(stream)),
})

const positionsOf = (process: Process, { positions }: Stores): Positions => ({
  batch: (decide) => process.batch(decide),
  know: (names) => process.write('know consumers', () => positions.know(names)),
  all: () => process.call('read positions', () => positions.all()),
  isBehind: (wanted) => process.call('read positions', () => positions.isBehind(wanted)),
  own: (work, name, keys) =>
    process.statement(work, `own ${name}`, (transaction) =>
      process.around.server.locks.tryTake(transaction, `consumer ${name}`) ? positions.own(work, name, keys) : undefined,
    ),
  moved: (name, position) => touching(positions.moved(name, position), [`consumer ${name}`]),
  // Whose row is taken is left to who has it; it is looked at again two thousand events later.
  moveQuiet: (names, at) => process.write('move positions', () => positions.moveQuiet(names, at)),
  park: (work, name, events, reason) => process.statement(work, `park ${name}`, () => positions.park(work, name, events, reason)),
  unpark: (work, name, position) => process.statement(work, `unpark ${name}`, () => positions.unpark(work, name, position)),
  dueParked: (names) => process.call('read parked', () => positions.dueParked(names)),
  firstParked: (work, name) => process.statement(work, `parked ${name}`, () => positions.firstParked(work, name)),
  guarded: (work, step, otherwise) =>
    positions.guarded(work, step, (fault) => {
      // A transaction that is over has no savepoint to go back to.
      if (transactionOf(work).state === 'over') throw fault
      return otherwise(fault)
    }),
})

const tasksOf = (process: Process, { tasks }: Stores): TaskRows => ({
  claim: (wanted) => process.write('claim tasks', () => tasks.claim(wanted)),
  renew: (rows) => process.write('hold tasks longer', () => tasks.renew(rows)),
  done: (ids) => (ids.length === 0 ? Promise.resolve() : process.write('end tasks', () => tasks.done(ids))),
  putOff: (later) => (later.length === 0 ? Promise.resolve() : process.write('put tasks off', () => tasks.putOff(later))),
  takeApart: (bundles, left) =>
    bundles.length === 0 ? Promise.resolve() : process.write('take tasks apart', () => tasks.takeApart(bundles, left)),
  isBusy: (kinds) => process.call('read tasks', () => tasks.isBusy(kinds)),
})

const wholeOf = (process: Process, stores: Stores, mail: MailPort): Line['whole'] => ({
  warehouses: stores.warehouses,
  sourcing: stores.sourcing,
  recent: stores.recent,
  storage: { ...stores.notifications, store: messagesOf(process, stores) },
  mail,
  listing: stores.listing,
})

/** One process's way to everything. */
export const lineOf = (
  process: Process,
  { mail, ...outside }: Pick<Line, 'provider' | 'carrier' | 'watched'> & Readonly<{ mail?: MailPort | undefined }>,
): Line => {
  const { stores } = process.around.server
  return {
    ...outside,
    batches: process,
    save: (writes) => process.save(writes),
    now: () => process.now(),
    log: logOf(process),
    records: recordsOf(process, stores),
    orders: ordersOf(process, stores),
    inventory: inventoryOf(process, stores),
    payments: paymentsOf(process, stores),
    fulfilment: {
      fulfilments: {
        ...streamsOf(process, 'fulfilments', stores.fulfilment.fulfilments),
        list: (filter, page) => process.call('list work', () => stores.fulfilment.fulfilments.list(filter, page)),
      },
      transfers: {
        ...streamsOf(process, 'transfers', stores.fulfilment.transfers),
        list: (filter, page) => process.call('list transfers', () => stores.fulfilment.transfers.list(filter, page)),
      },
      early: streamsOf(process, 'early', stores.fulfilment.early),
      cancelled: streamsOf(process, 'cancelled', stores.fulfilment.cancelled),
    },
    shipping: {
      ...stores.shipping,
      parcels: {
        ...streamsOf(process, 'parcels', stores.shipping.parcels),
        list: (filter, page) => process.call('list parcels', () => stores.shipping.parcels.list(filter, page)),
      },
      inbox: {
        seen: (work, name, ids) => process.statement(work, 'seen news', () => stores.shipping.inbox.seen(work, name, ids)),
        keep: (rows) => stores.shipping.inbox.keep(rows),
      },
    },
    returns: streamsOf(process, 'returns', stores.returns),
    positions: positionsOf(process, stores),
    journal: journalOf(process, stores),
    tasks: tasksOf(process, stores),
    whole: mail === undefined ? undefined : wholeOf(process, stores, mail),
  }
}

/** What a process writes down is part of its trace. */
const logOf = (process: Process): Logger => {
  const told =
    (level: string) =>
    (about: unknown, what?: string): void => {
      const { trace, counted } = process.around
      const fault = typeof about === 'object' && about !== null && 'fault' in about ? `: ${String(about.fault)}` : ''
      trace.add(process.name, `${level}: ${what ?? ''}${fault}`)
      if (level === 'error') counted('error logged')
    }
  return { ...silentLog, warn: told('warn'), error: told('error'), info: () => undefined, debug: () => undefined } as Logger
}
