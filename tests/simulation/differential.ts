/**
 * One seed's operations, one after the other and nothing beside them, on stores in memory and on PostgreSQL: what is there
 * in the end must be the same. It holds the memory forms, on which the simulation rests, to the truth.
 */
import { actions } from '../../src/fulfilment/fulfilment-order.ts'
import { isRequested, transferActions } from '../../src/fulfilment/transfer.ts'
import { isLive } from '../../src/fulfilment/work.ts'
import { isRefusal } from '../../src/kernel/decider.ts'
import type { Day, OrderId } from '../../src/kernel/ids.ts'
import type { PaymentProvider, ProviderNews } from '../../src/payments/provider.ts'
import {
  act,
  captured,
  capture,
  giveUp,
  openSession,
  refund,
  type Session,
  statusOf,
} from '../../src/payments/adapters/simulated-session.ts'
import { newId } from '../../src/platform/ids.ts'
import { silentLog } from '../../src/platform/log.ts'
import type { Batches } from '../../src/platform/store/work.ts'
import { TaskWorker } from '../../src/platform/tasks/worker.ts'
import type { Carrier } from '../../src/shipping/carrier.ts'
import { isAnnounced } from '../../src/shipping/parcel.ts'
import { canonical } from './canonical.ts'
import { draftOf } from './clients.ts'
import { drawOperations, type Operation, skus } from './operations.ts'
import { Random } from './random.ts'
import { type Line, openRooms, type Rooms } from './rooms.ts'

/** A form of the database: rooms' ports, and what only it can read. */
export type Form = Readonly<{
  line: Omit<Line, 'provider' | 'carrier' | 'log'>
  facts: () => Promise<readonly unknown[]>
  ledger: () => Promise<readonly unknown[]>
}>

/** Of a seed's orders, those that are played: PostgreSQL takes its time. */
const ordersMax = 2
const listed = { limit: 1_000 }
const roundsMax = 60
const origin = { actor: 'client' }

/** A provider that answers at once and tells everything once. */
const plainProvider = () => {
  const sessions = new Map<string, Session>()
  const change = (reference: string, to: (session: Session) => ReturnType<typeof capture>): ReturnType<typeof capture> => {
    const before = sessions.get(reference)
    if (before === undefined) return { refused: 'declined', detail: 'unknown_reference' }
    const after = to(before)
    if (!isRefusal(after)) sessions.set(reference, after)
    return after
  }
  const provider: PaymentProvider = {
    name: 'provider',
    createPage: (request) => {
      const reference = `ref-${sessions.size + 1}`
      sessions.set(reference, openSession(request, reference))
      return Promise.resolve({ reference, url: `http://provider.example/${reference}` })
    },
    capture: (request) => {
      const session = change(request.reference, (before) => capture(before, request))
      return Promise.resolve(isRefusal(session) ? session : { captured: captured(session) })
    },
    refund: (request) => {
      const session = change(request.reference, (before) => refund(before, request))
      return Promise.resolve(isRefusal(session) ? session : { reference: `refund of ${request.key.length}` })
    },
    void: ({ reference }) => {
      const session = change(reference, giveUp)
      return Promise.resolve(isRefusal(session) ? session : statusOf(session))
    },
    status: (reference) => Promise.resolve(statusOf(sessions.get(reference) ?? openSession({} as never, reference))),
    parseWebhook: (body) => Promise.resolve(JSON.parse(body.toString()) as ProviderNews),
  }
  return { provider, sessions }
}

const plainCarrier = (): Carrier => ({
  name: 'carrier',
  needsAddress: false,
  quote: ({ service }) => Promise.resolve({ service, amount: 300, currency: 'GBP', days: 2 }),
  createShipment: ({ parcel }) => Promise.resolve({ tracking: `T-${parcel}`, labelUrl: 'http://l', trackingUrl: 'http://t' }),
  cancel: () => Promise.resolve('cancelled'),
  label: () => Promise.resolve(undefined),
  parseWebhook: () => ({ news: [] }),
})

class Play {
  readonly #rooms: Rooms
  readonly #line: Form['line']
  readonly #sessions: Map<string, Session>
  readonly #random: Random
  readonly #orders = new Map<number, OrderId>()
  /** A worker a kind: what tasks of different kinds tell then comes in one order. */
  readonly #workers: readonly TaskWorker[]
  #news = 0

  constructor(rooms: Rooms, line: Form['line'], sessions: Map<string, Session>, seed: number) {
    this.#rooms = rooms
    this.#line = line
    this.#workers = rooms.handlers.map((handler) => new TaskWorker(line.tasks, [handler], silentLog))
    this.#sessions = sessions
    this.#random = new Random(seed, 'play')
  }

  get orders(): readonly OrderId[] {
    return [...this.#orders.values()]
  }

  async settle(): Promise<void> {
    for (let round = 0; round < roundsMax; round++) {
      await this.#rooms.consumers.settle()
      let taken = 0
      for (const worker of this.#workers) taken += await worker.round()
      if (taken === 0) return
    }
    throw new Error('it does not settle')
  }

  async run(operation: Operation): Promise<void> {
    const { placement, orders, inventory } = this.#rooms
    const key = { scope: 'client', key: `${operation.do}-${operation.id}`, hash: 'body' }
    switch (operation.do) {
      case 'place': {
        const draft = draftOf(operation)
        for (let copy = 0; copy < operation.copies; copy++) {
          const outcome = await placement.place({ draft, origin, key })
          if (!isRefusal(outcome)) this.#orders.set(operation.id, outcome.id)
        }
        return
      }
      case 'pay':
        return this.#pay(operation.of, operation.action)
      case 'cancel': {
        const id = this.#orders.get(operation.of)
        if (id === undefined) return
        const lines = operation.line === undefined ? {} : { lines: [{ line: operation.line, quantity: 1 }] }
        await orders.handle({
          id,
          command: { do: 'cancel', reason: 'changed_mind', by: 'client', refund: 'auto', ...lines },
          origin,
          key,
        })
        return
      }
      case 'receive':
        await inventory.handle({
          command: { do: 'receive', sku: operation.sku, place: operation.place, quantity: operation.quantity },
          origin,
          key,
        })
        return
      case 'adjust':
        await inventory.handle({
          command: { do: 'adjust', sku: operation.sku, place: operation.place, by: operation.by, reason: 'count' },
          origin,
          key,
        })
        return
      case 'expect': {
        const { sku, place, quantity } = operation
        await inventory.handle({
          command: { do: 'expect', sku, place, day: '2027-12-01' as Day, quantity, kind: 'purchase' },
          origin,
          key,
        })
        return
      }
      case 'return':
      case 'read':
        return
    }
  }

  async #pay(of: number, action: 'pay' | 'decline' | 'refuse' | 'cancel'): Promise<void> {
    const order = this.#orders.get(of)
    const before = [...this.#sessions.values()].find((session) => session.order === order)
    if (before === undefined) return
    const { session, news } = act(before, action, { declines: 0, processing: false })
    this.#sessions.set(session.reference, session)
    for (const one of news) {
      this.#news += 1
      const { payment, reference, amount, currency } = session
      const body = JSON.stringify({ id: `news-${this.#news}`, payment, reference, amount, currency, ...one })
      await this.#rooms.payments.webhook('provider', Buffer.from(body), {})
    }
  }

  /** Staff and carrier do what there is to do, until there is nothing. */
  async work(): Promise<void> {
    for (let round = 0; round < roundsMax; round++) {
      if (!((await this.#transfer()) || (await this.#atWarehouse()) || (await this.#carry()))) return
      await this.settle()
    }
  }

  async #transfer(): Promise<boolean> {
    const found = await this.#line.fulfilment.transfers.list({}, listed)
    for (const { id, state } of found.toReversed()) {
      const [action] = isRequested(state) ? transferActions(state) : []
      if (action === undefined) continue
      const declines = action === 'send' && this.#random.happens(0.1)
      await this.#rooms.fulfilment.handleTransfer({ id, command: { do: declines ? 'decline' : action }, origin })
      return true
    }
    return false
  }

  async #atWarehouse(): Promise<boolean> {
    const { fulfilment } = this.#rooms
    const found = await this.#line.fulfilment.fulfilments.list({}, listed)
    for (const { id, state } of found.toReversed()) {
      if (!isLive(state)) continue
      const [action] = actions(state)
      if (action === undefined) continue
      const [line] = state.lines
      if (action === 'pick' && line !== undefined && line.picked < line.quantity && this.#random.happens(0.15))
        await fulfilment.handle({ id, command: { do: 'short', lines: [{ line: line.line, quantity: 1 }], by: 'staff' }, origin })
      else if (action === 'pick') await fulfilment.handle({ id, command: { do: 'pick' }, origin })
      else if (action === 'pack')
        await fulfilment.handle({ id, command: { do: 'pack', parcels: [{ parcel: newId(this.#line.now()) }] }, origin })
      else await fulfilment.handle({ id, command: { do: 'putBack' }, origin })
      return true
    }
    return false
  }

  async #carry(): Promise<boolean> {
    const found = await this.#line.shipping.parcels.list({}, listed)
    for (const { state } of found.toReversed()) {
      if (!isAnnounced(state) || state.label === undefined || ['delivered', 'cancelled'].includes(state.status)) continue
      const status = state.collected ? 'delivered' : 'picked_up'
      this.#news += 1
      const news = { id: `scan-${this.#news}`, tracking: state.label.tracking, status } as const
      await this.#rooms.shipping.learn({ carrier: 'carrier', news, raw: news })
      return true
    }
    return false
  }
}

const positionsIn = (positions: Line['positions'], batches: Batches): Line['positions'] => ({
  batch: (decide) => batches.batch(decide),
  know: (names) => positions.know(names),
  all: () => positions.all(),
  isBehind: (wanted) => positions.isBehind(wanted),
  own: (work, name, keys) => positions.own(work, name, keys),
  moved: (name, position) => positions.moved(name, position),
  moveQuiet: (names, at) => positions.moveQuiet(names, at),
  park: (work, name, events, reason) => positions.park(work, name, events, reason),
  unpark: (work, name, position) => positions.unpark(work, name, position),
  dueParked: (names) => positions.dueParked(names),
  firstParked: (work, name) => positions.firstParked(work, name),
  guarded: (work, step, otherwise) => positions.guarded(work, step, otherwise),
})

/** One batch at a time, in the order in which they were asked for. */
const inTurn = (batches: Batches): Batches => {
  let last: Promise<unknown> = Promise.resolve()
  return {
    batch: (decide) => {
      const mine = last.then(() => batches.batch(decide))
      last = mine.catch(() => undefined)
      return mine
    },
  }
}

/** @returns everything that is there in the end, a row a line. */
export const playedOn = async (seed: number, { line: given, facts, ledger }: Form): Promise<readonly string[]> => {
  const batches = inTurn(given.batches)
  const line = { ...given, batches, positions: positionsIn(given.positions, batches) }
  const { provider, sessions } = plainProvider()
  const rooms = await openRooms({ ...line, log: silentLog, provider, carrier: plainCarrier() })
  await line.positions.know(rooms.reactions.map(({ name }) => name))
  const play = new Play(rooms, line, sessions, seed)
  const operations = drawOperations(seed)
  const played = new Set(
    operations
      .filter((operation) => operation.do === 'place')
      .slice(0, ordersMax)
      .map(({ id }) => id),
  )
  for (const operation of operations) {
    if (operation.do === 'place' ? !played.has(operation.id) : 'of' in operation && !played.has(operation.of)) continue
    await play.run(operation)
    // Stock that comes in before anybody has ordered moves nothing else.
    if (play.orders.length > 0) await play.settle()
  }
  await play.work()
  const orders = [...new Set(play.orders)]
  const stored = await line.orders.get(orders)
  return canonical({
    facts: await facts(),
    orders: orders.map((id) => ({ id, version: stored.get(id)?.version, state: stored.get(id)?.state })),
    payments: await line.payments.find('order_id', orders, 100),
    money: (await line.payments.movements(orders)).toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)),
    fulfilments: await line.fulfilment.fulfilments.list({}, listed),
    transfers: await line.fulfilment.transfers.list({}, listed),
    parcels: await line.shipping.parcels.list({}, listed),
    levels: await line.inventory.readLevels([...skus]),
    lots: await line.inventory.readLots([...skus]),
    waiting: await line.inventory.readWaiting([...skus]),
    holdings: await line.batches.batch(async (work) =>
      [...(await line.inventory.lockHoldings(work, orders))].sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    ledger: await ledger(),
  })
}

/** Not by their time: two movements within a millisecond in one form may be one apart in the other. */
const nameOf = ({ payment, kind, reference }: Readonly<{ payment: string; kind: string; reference: string }>): string =>
  `${payment} ${kind} ${reference}`
