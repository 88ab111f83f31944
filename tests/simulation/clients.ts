/** Those who ask for things: each carries out its operation to a definite end, with the same key through every doubt. */
import { isRefusal } from '../../src/kernel/decider.ts'
import type { Day, OrderId } from '../../src/kernel/ids.ts'
import type { PlacedLine } from '../../src/orders/contract.ts'
import type { Draft, PlaceAsked } from '../../src/orders/placement-service.ts'
import { newId } from '../../src/platform/ids.ts'
import { Overloaded } from '../../src/kernel/micro-batch.ts'
import { OutcomeUnknown } from '../../src/platform/store/work.ts'
import { addressOf } from './mail.ts'
import type { Operation, OperationOf, WantedLine } from './operations.ts'
import { Random } from './random.ts'
import type { Rooms } from './rooms.ts'
import { NoAnswer, type World } from './world.ts'

const againMs = { least: 20, most: 600 } as const
/** With every fault there is, a client that asks a hundred times is answered. */
const triesMax = 200
const lookEveryMs = 250

export class Clients {
  readonly #world: World
  /** Operations that are not over: what they wait for. */
  readonly open = new Map<number, string>()
  /** Orders by the operation that placed them, once they are known. */
  readonly orders = new Map<number, OrderId | 'refused'>()
  readonly lots = new Map<number, string>()

  constructor(world: World) {
    this.#world = world
  }

  begin(operations: readonly Operation[]): void {
    const { scheduler } = this.#world
    for (const operation of operations) {
      this.open.set(operation.id, operation.do)
      scheduler.after(operation.at, () => void this.#carryOut(operation))
    }
  }

  async #carryOut(operation: Operation): Promise<void> {
    const { trace, broken } = this.#world
    try {
      const outcome = await this.#do(operation)
      trace.add(`client #${operation.id}`, `${operation.do}: ${outcome}`)
    } catch (fault) {
      broken.push(`client #${operation.id} ${operation.do}: ${String(fault)}`)
      trace.add(`client #${operation.id}`, `${operation.do} failed: ${String(fault)}`)
    }
    this.open.delete(operation.id)
  }

  #do(operation: Operation): Promise<string> {
    switch (operation.do) {
      case 'place':
        return this.#place(operation)
      case 'pay':
        return this.#pay(operation)
      case 'cancel':
        return this.#cancel(operation)
      case 'return':
        return this.#return(operation)
      case 'receive':
        return this.#stock(operation, { do: 'receive', sku: operation.sku, place: operation.place, quantity: operation.quantity })
      case 'adjust':
        return this.#stock(operation, {
          do: 'adjust',
          sku: operation.sku,
          place: operation.place,
          by: operation.by,
          reason: 'count',
        })
      case 'expect':
        return this.#expect(operation)
      case 'read':
        return this.#read()
    }
  }

  /** Asks until somebody knows. Every other fault is our own, and ends the operation. */
  async #surely<Result>(what: string, ask: (rooms: Rooms) => Promise<Result>): Promise<Result> {
    const { random, scheduler } = this.#world
    for (let tries = 1; ; tries++) {
      try {
        return await this.#world.request(what, ask)
      } catch (fault) {
        if (!isDoubtful(fault) || tries > triesMax) throw fault
        await scheduler.wait(random.between(againMs.least, againMs.most))
      }
    }
  }

  async #place(operation: OperationOf<'place'>): Promise<string> {
    const { acknowledged, scheduler, broken, mail } = this.#world
    const draft = draftOf(operation)
    const key = { scope: 'client', key: `order-${operation.id}`, hash: 'body' }
    const asked: PlaceAsked = {
      draft,
      origin: { actor: 'client' },
      key,
      ...(mail === undefined ? {} : { person: { email: addressOf(operation.id) } }),
      ...(operation.ttlSeconds === undefined ? {} : { reservedSeconds: operation.ttlSeconds }),
    }
    const once = async (): Promise<string> => {
      const outcome = await this.#surely('place', (rooms) => rooms.placement.place(asked))
      if (isRefusal(outcome)) return outcome.refused
      acknowledged.push({ operation: operation.id, order: outcome.id, replayed: outcome.replayed, at: scheduler.now })
      this.orders.set(operation.id, outcome.id)
      return `${outcome.id}${outcome.replayed ? ' replayed' : ''}`
    }
    const outcomes = await Promise.all(Array.from({ length: operation.copies }, once))
    if (!this.orders.has(operation.id)) this.orders.set(operation.id, 'refused')
    else if (operation.otherBody) {
      const other = await this.#surely('place', (rooms) =>
        rooms.placement.place({ ...asked, key: { ...key, hash: 'another body' } }),
      )
      if (!isRefusal(other) || other.refused !== 'idempotency_key_reused')
        broken.push(`I2: client #${operation.id} used its key for another body and was not refused`)
    }
    return outcomes.join(', ')
  }

  /** The order's id, once its client has it; undefined where it was refused. */
  async #orderOf(operation: number): Promise<OrderId | undefined> {
    const { scheduler } = this.#world
    for (;;) {
      const order = this.orders.get(operation)
      if (order !== undefined) return order === 'refused' ? undefined : order
      // An operation that was left out places nothing.
      if (!this.open.has(operation)) return undefined
      await scheduler.wait(lookEveryMs)
    }
  }

  /** A customer waits some seconds for the page, and gives up where there is none. */
  async #pay(operation: OperationOf<'pay'>): Promise<string> {
    const order = await this.#orderOf(operation.of)
    if (order === undefined) return 'no order'
    const { scheduler, provider, server } = this.#world
    for (let look = 0; look < 40; look++) {
      const [found] = await server.stores.payments.find('order_id', [order], 1)
      const reference = found?.state.status === 'started' ? found.state.reference : undefined
      if (reference !== undefined) return provider.act(reference, operation.action) ? operation.action : 'the page was closed'
      await scheduler.wait(lookEveryMs)
    }
    return 'no page'
  }

  async #cancel(operation: OperationOf<'cancel'>): Promise<string> {
    const order = await this.#orderOf(operation.of)
    if (order === undefined) return 'no order'
    const key = { scope: 'client', key: `cancel-${operation.id}`, hash: 'body' }
    const lines = operation.line === undefined ? {} : { lines: [{ line: operation.line, quantity: 1 }] }
    const outcome = await this.#surely('cancel', (rooms) =>
      rooms.orders.handle({
        id: order,
        command: { do: 'cancel', reason: 'changed_mind', by: 'client', refund: 'auto', ...lines },
        origin: { actor: 'client' },
        key,
      }),
    )
    return isRefusal(outcome) ? outcome.refused : `version ${outcome.version}`
  }

  async #return(operation: OperationOf<'return'>): Promise<string> {
    const order = await this.#orderOf(operation.of)
    if (order === undefined) return 'no order'
    const { scheduler, server } = this.#world
    const random = new Random(this.#world.seed, `return ${operation.id}`)
    const sent = (): { line: number; quantity: number } | undefined => {
      const state = server.stores.orders.rows.get(order)?.state
      if (state?.status !== 'live') return undefined
      const line = state.placed.lines.findIndex(
        ({ kind }, at) => kind === 'product' && (state.progress.counters.shipped[at] ?? 0) > 0,
      )
      return line < 0 ? undefined : { line, quantity: 1 }
    }
    for (let look = 0; look < 30 && sent() === undefined; look++) await scheduler.wait(lookEveryMs)
    const units = sent()
    if (units === undefined) return 'nothing was sent'
    const id = newId(server.now())
    const origin = { actor: 'client' }
    const key = (step: string) => ({ scope: 'client', key: `${step}-${operation.id}`, hash: 'body' })
    const expected = await this.#surely('announce a return', (rooms) =>
      rooms.returns.handle({ id, order, step: { do: 'expect', lines: [units], reason: 'too_small' }, origin, key: key('expect') }),
    )
    if (isRefusal(expected)) return expected.refused
    const disposition = random.pick(['restock', 'damaged', 'write_off'] as const)
    const place = random.pick(['leeds', 'york'] as const)
    const received = await this.#surely('receive a return', (rooms) =>
      rooms.returns.handle({
        id: expected.id,
        order,
        step: { do: 'receive', place: place as never, lines: [{ ...units, disposition }], refund: 'auto' },
        origin,
        key: key('received'),
      }),
    )
    return isRefusal(received) ? received.refused : disposition
  }

  async #stock(operation: Operation, command: Parameters<Rooms['inventory']['handle']>[0]['command']): Promise<string> {
    const key = { scope: 'client', key: `stock-${operation.id}`, hash: 'body' }
    const outcome = await this.#surely('stock', (rooms) => rooms.inventory.handle({ command, origin: { actor: 'client' }, key }))
    return isRefusal(outcome) ? outcome.refused : JSON.stringify(outcome.level ?? outcome.supply ?? {})
  }

  /** Supply is announced, and comes some seconds later, in one part or two; or it is called off. */
  async #expect(operation: OperationOf<'expect'>): Promise<string> {
    const { sku, place, quantity, comes } = operation
    const { scheduler, server } = this.#world
    const random = new Random(this.#world.seed, `supply ${operation.id}`)
    const day = '2026-12-01' as Day
    const told = await this.#stock(operation, {
      do: 'expect',
      sku,
      place,
      day,
      quantity,
      kind: 'purchase',
      reference: `supply-${operation.id}`,
    })
    const lot = [...server.stores.inventory.lots.values()].find(({ reference }) => reference === `supply-${operation.id}`)
    if (lot === undefined) return told
    await scheduler.wait(random.between(2_000, 8_000))
    const origin = { actor: 'client' }
    const send = (step: string, command: Parameters<Rooms['inventory']['handle']>[0]['command']) =>
      this.#surely('supply', (rooms) =>
        rooms.inventory.handle({ command, origin, key: { scope: 'client', key: `${step}-${operation.id}`, hash: 'body' } }),
      )
    if (!comes) await send('off', { do: 'changeSupply', supply: lot.id, quantity: 0 })
    else if (random.happens(0.5)) await send('all', { do: 'receiveSupply', supply: lot.id, quantity })
    else {
      await send('part', { do: 'receiveSupply', supply: lot.id, quantity: 1 })
      await scheduler.wait(random.between(10, 3_000))
      await send('rest', { do: 'receiveSupply', supply: lot.id, quantity: quantity - 1, close: true })
    }
    return comes ? 'came' : 'called off'
  }

  /** Whoever was told of an order finds it. */
  async #read(): Promise<string> {
    const { acknowledged, broken } = this.#world
    const before = acknowledged.map(({ order }) => order)
    const found = await this.#surely('read', (rooms) => rooms.reads.many(before))
    for (const [index, read] of found.entries())
      if (read === undefined) broken.push(`I1: order ${before[index]} was acknowledged, and a reader does not find it`)
    return `${found.length} orders`
  }
}

/** Nobody knows, or there is no room: asked again with the same key. */
const isDoubtful = (fault: unknown): boolean =>
  fault instanceof NoAnswer ||
  fault instanceof OutcomeUnknown ||
  fault instanceof Overloaded ||
  (fault instanceof Error && /connection|aborted/.test(fault.message))

const prices: Readonly<Record<string, number>> = { mug: 799, pen: 120, cup: 550, jar: 1_035, box: 333, set: 1_499 }

export const draftOf = ({ id, lines, terms, capture }: OperationOf<'place'>): Draft => {
  const placed: PlacedLine[] = []
  for (const wanted of lines) placed.push(...placedOf(wanted, placed.length))
  const priced = placed.filter(({ kind }) => kind !== 'component')
  const subtotal = priced.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0)
  const discount = priced.reduce((sum, line) => sum + line.discount, 0)
  const shipping = 295
  return {
    channel: 'web',
    source: 'Web',
    dialect: 'v1',
    currency: 'GBP',
    user: `client-${id}`,
    lines: placed,
    totals: { subtotal, discount, shipping, tax: 0, total: subtotal - discount + shipping },
    terms,
    capture,
    onShortage: 'backorder',
    destination: { country: 'GB', postalCode: 'LS1', latitude: 53.8, longitude: -1.5 },
    shippingMethod: 'standard',
  }
}

const placedOf = ({ sku, quantity, ifShort, bundle }: WantedLine, at: number): PlacedLine[] => {
  const line = {
    sku,
    name: sku,
    quantity,
    unitPrice: prices[sku] ?? 100,
    discount: quantity > 1 ? 37 : 0,
    grams: 300,
    ifShort,
  } as const
  if (bundle === undefined) return [{ ...line, kind: 'product' }]
  const parts = bundle.map((part): PlacedLine => {
    return { ...line, sku: part, name: part, unitPrice: 0, discount: 0, kind: 'component', parent: at }
  })
  return [{ ...line, kind: 'bundle' }, ...parts]
}
