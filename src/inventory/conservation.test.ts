/**
 * Random lives of stock: whatever orders, deliveries, transfers, parcels and miscounts follow each other, the ledger's sum is
 * the level, what orders hold is what is reserved, nothing is negative, no unit vanishes, and the queue is served in order.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { day, type Heart, hearts } from '../../tests/support/heart.ts'
import { nearest, orderId, request, wanted } from '../../tests/support/stock.ts'
import { isRefusal } from '../kernel/decider.ts'
import type { OrderId, Place, Sku } from '../kernel/ids.ts'
import { addSeconds } from '../kernel/time.ts'
import type { Entry } from './holding.ts'
import type { Stock } from './stock.ts'
import { byText, MemoryInventory } from './store.memory.ts'
import type { Waiting } from './store.ts'

const skus = ['mug', 'pen'] as Sku[]
const places = ['leeds', 'york', 'hull'] as Place[]
const pairs = skus.flatMap((sku) => places.map((place) => ({ sku, place })))

type Travelling = Readonly<{ order: OrderId | undefined; line: number; sku: Sku; to: Place; quantity: number }>
/** What a bystander with a notebook knows. */
type Notebook = {
  orders: OrderId[]
  travelling: Travelling[]
  /** Units lost on their way, of which their orders have not heard. */
  unheard: (Travelling & Readonly<{ order: OrderId }>)[]
  /** Units that came in from outside, and went out for good, by product. */
  came: Map<Sku, number>
  went: Map<Sku, number>
  /** Units of an order's line that should be held: reserved, travelling or waiting. */
  held: Map<string, number>
}

const units = fc.integer({ min: 1, max: 6 })
const pick = fc.nat(1_000)
const sku = fc.constantFrom(...skus)
const place = fc.constantFrom(...places)
const commands = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('place' as const),
      lines: fc.array(fc.tuple(sku, units, fc.boolean()), { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('receive' as const), sku, place, units }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('expect' as const), sku, place, units: fc.integer({ min: 1, max: 20 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('receiveLot' as const), pick, units, damaged: fc.nat(1), close: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('less' as const), pick, units }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancelUnits' as const), pick, units }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('send' as const), pick, units }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('arrive' as const),
      pick,
      damaged: fc.nat(2),
      missing: fc.nat(2),
      heard: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('ship' as const), pick, units }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('short' as const), pick, units }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('move' as const), sku, from: place, to: place, units }) },
)
type Command = typeof commands extends fc.Arbitrary<infer Value> ? Value : never

const add = <Key>(sums: Map<Key, number>, key: Key, quantity: number): void => void sums.set(key, (sums.get(key) ?? 0) + quantity)
const chosen = <Thing>(things: readonly Thing[], number: number): Thing | undefined => things[number % Math.max(1, things.length)]

class World {
  readonly heart: Heart
  readonly store: MemoryInventory
  readonly book: Notebook = { orders: [], travelling: [], unheard: [], came: new Map(), went: new Map(), held: new Map() }

  constructor(heart: Heart) {
    assert.ok(heart.stockStore instanceof MemoryInventory)
    this.heart = heart
    this.store = heart.stockStore
  }

  /** One batch of its own: load, steps, save. */
  batch(step: (stock: Stock) => void): Promise<void> {
    const { batches, inventory, clock } = this.heart
    clock.now = addSeconds(clock.now, 1)
    return batches.batch(async (work) => {
      const stock = await inventory.load(work, skus, this.book.orders, pairs)
      step(stock)
      work.add(...inventory.writes(stock, work, { actor: 'test' }))
    })
  }

  entries(state: Entry['state']): { order: OrderId; entry: Entry }[] {
    return [...this.store.holdings].flatMap(([order, holding]) =>
      holding.filter((entry) => entry.state === state).map((entry) => ({ order, entry })),
    )
  }

  queue(of: Sku): readonly Waiting[] {
    return [...this.store.waiting.values()]
      .filter((row) => row.sku === of)
      .sort((a, b) => byText(a.at, b.at) || byText(a.order, b.order) || a.line - b.line || byText(a.place, b.place))
  }

  /** Less is held of a line than its order thought: by so much as it held at most. */
  unhold(order: OrderId | undefined, line: number, quantity: number): void {
    if (order === undefined) return
    const key = `${order} ${line}`
    this.book.held.set(key, Math.max(0, (this.book.held.get(key) ?? 0) - quantity))
  }

  async run(command: Command): Promise<void> {
    const { book } = this
    switch (command.do) {
      case 'place': {
        const order = orderId(book.orders.length + 1)
        book.orders.push(order)
        const lines = command.lines.map(([sku, quantity, waits], line) =>
          wanted(line, sku, quantity, waits ? 'backorder' : 'cancelLine'),
        )
        return this.batch((stock) => {
          const asked = { ...request(...lines), at: this.heart.clock.now }
          const planned = stock.plan(asked, nearest)
          if (isRefusal(planned)) return
          stock.reserve(order, asked, planned.shipments)
          for (const shipment of planned.shipments)
            for (const { line, quantity } of shipment.lines) add(book.held, `${order} ${line}`, quantity)
        })
      }
      case 'receive':
        add(book.came, command.sku, command.units)
        return this.inOrder(command.sku, command.place, () =>
          this.batch((stock) => void stock.receive(command.sku, command.place, command.units, 'received')),
        )
      case 'expect': {
        const { sku, place, units: quantity } = command
        const id = orderId(1_000 + this.store.lots.size)
        const lot = { id, sku, place, day: day('2026-12-01'), quantity, received: 0, kind: 'purchase' as const, closed: false }
        return this.batch((stock) => stock.saveLot(lot))
      }
      case 'receiveLot': {
        const lot = chosen(
          [...this.store.lots.values()].filter(({ closed }) => !closed),
          command.pick,
        )
        if (lot === undefined) return
        const { units: whole, damaged, close } = command
        add(book.came, lot.sku, whole + damaged)
        return this.inOrder(lot.sku, lot.place, () => this.batch((stock) => void stock.receiveLot(lot.id, whole, damaged, close)))
      }
      case 'less': {
        const lot = chosen(
          [...this.store.lots.values()].filter(({ closed }) => !closed),
          command.pick,
        )
        if (lot === undefined) return
        return this.batch((stock) => void stock.changeLot(lot, lot.day, lot.quantity - command.units))
      }
      case 'cancel': {
        const order = chosen(book.orders, command.pick)
        if (order === undefined) return
        for (const key of book.held.keys()) if (key.startsWith(order)) book.held.set(key, 0)
        return this.batch((stock) => stock.release(order, 'all'))
      }
      case 'cancelUnits': {
        const order = chosen(book.orders, command.pick)
        if (order === undefined) return
        this.unhold(order, 0, command.units)
        return this.batch((stock) => stock.release(order, [{ line: 0, quantity: command.units }]))
      }
      case 'send': {
        const found = chosen(
          this.entries('r').filter(({ entry }) => entry.to !== undefined),
          command.pick,
        )
        if (found?.entry.to === undefined) return
        const { order, entry } = found
        const [quantity, to] = [Math.min(entry.quantity, command.units), found.entry.to]
        book.travelling.push({ order, line: entry.line, sku: entry.sku, to, quantity })
        return this.batch((stock) => stock.send(order, entry.place, to, [{ line: entry.line, sku: entry.sku, quantity }]))
      }
      case 'arrive':
        return this.arrive(command)
      case 'ship': {
        const found = chosen(this.entries('r'), command.pick)
        if (found === undefined) return
        const { order, entry } = found
        const quantity = Math.min(entry.quantity, command.units)
        add(book.went, entry.sku, quantity)
        this.unhold(order, entry.line, quantity)
        return this.batch((stock) => stock.ship(order, entry.place, [{ line: entry.line, sku: entry.sku, quantity }]))
      }
      case 'short': {
        const found = chosen(this.entries('r'), command.pick)
        if (found === undefined) return
        const { order, entry } = found
        const quantity = Math.min(entry.quantity, command.units)
        add(book.went, entry.sku, quantity)
        this.unhold(order, entry.line, quantity)
        return this.batch((stock) => stock.short(order, entry.place, [{ line: entry.line, sku: entry.sku, quantity }]))
      }
      case 'move': {
        const { sku, from, to } = command
        const level = this.store.levels.get(`${sku}\n${from}`)
        const quantity = Math.min(command.units, (level?.onHand ?? 0) - (level?.reserved ?? 0))
        if (quantity <= 0 || from === to) return
        book.travelling.push({ order: undefined, line: 0, sku, to, quantity })
        return this.batch((stock) => stock.send(undefined, from, to, [{ line: 0, sku, quantity }]))
      }
    }
  }

  /** A transfer arrives, and its order hears what was lost, at once or some time later. */
  async arrive({ pick: number, damaged, missing, heard }: Extract<Command, { do: 'arrive' }>): Promise<void> {
    const { book } = this
    const transfer = chosen(book.travelling, number)
    if (transfer === undefined) return
    book.travelling.splice(book.travelling.indexOf(transfer), 1)
    const { order, line, sku, to, quantity } = transfer
    const broken = Math.min(damaged, quantity)
    const gone = Math.min(missing, quantity - broken)
    add(book.went, sku, gone)
    const part = (count: number) => (count > 0 ? [{ line, sku, quantity: count }] : [])
    await this.inOrder(sku, to, () =>
      this.batch((stock) =>
        stock.arrive(order, to, { received: part(quantity - broken - gone), damaged: part(broken), missing: part(gone) }),
      ),
    )
    if (order !== undefined && broken + gone > 0) book.unheard.push({ order, line, sku, to, quantity: broken + gone })
    if (heard) await this.hear()
  }

  /** Orders hear of what was lost on its way to them: what they have given up meanwhile is not lost to them. */
  async hear(): Promise<void> {
    for (const { order, line, sku, to, quantity } of this.book.unheard.splice(0))
      await this.batch((stock) => {
        const lost = stock.lost(order, to, [{ line, quantity }])
        for (const units of lost) this.unhold(order, line, units.quantity)
        stock.lose(
          order,
          to,
          lost.map((units) => ({ ...units, sku })),
        )
      })
  }

  /**
   * What a delivery fills is the head of the queue, those first who wait for supply at that very place: whoever stands behind
   * somebody who still waits got nothing.
   */
  async inOrder(of: Sku, at: Place, step: () => Promise<void>): Promise<void> {
    const queue = this.queue(of)
    const others = queue.filter((row) => row.place !== at)
    const isLost = ({ lost = 0 }: Waiting): boolean => lost > 0
    const own = queue.filter((row) => row.place === at)
    const before = [...own, ...others.filter(isLost), ...others.filter((row) => !isLost(row))]
    await step()
    const after = new Map(this.queue(of).map((row) => [`${row.order} ${row.line} ${row.place}`, row.quantity]))
    const left = before.map((row) => after.get(`${row.order} ${row.line} ${row.place}`) ?? 0)
    const head = left.findIndex((quantity) => quantity > 0)
    if (head === -1) return
    for (const [index, row] of before.entries())
      if (index > head) assert.equal(left[index], row.quantity, `${row.order} was served before ${before[head]?.order}`)
  }

  check(): void {
    const sums = new Map<string, number>()
    for (const { sku, place, onHand, reserved, inTransit, damaged } of this.store.ledger)
      for (const [name, by] of Object.entries({ onHand, reserved, inTransit, damaged })) add(sums, `${sku} ${place} ${name}`, by)
    const there = new Map<Sku, number>()
    for (const row of this.store.levels.values()) {
      const { sku, place, onHand, reserved, inTransit, damaged, safety } = row
      for (const [name, units] of Object.entries({ onHand, reserved, inTransit, damaged })) {
        assert.equal(sums.get(`${sku} ${place} ${name}`) ?? 0, units, `the ledger of ${sku} in ${place}: ${name}`)
        assert.ok(units >= 0, `${name} is negative: ${JSON.stringify(row)}`)
      }
      assert.ok(onHand >= reserved && safety === 0)
      const reservedBy = this.sum('r', (entry) => entry.sku === sku && entry.place === place)
      assert.equal(reservedBy, reserved, `orders hold ${reservedBy} of ${sku} in ${place}, the level says ${reserved}`)
      assert.ok(this.sum('t', (entry) => entry.sku === sku && entry.place === place) <= inTransit)
      add(there, sku, onHand + inTransit + damaged)
    }
    for (const sku of skus)
      assert.equal(there.get(sku) ?? 0, (this.book.came.get(sku) ?? 0) - (this.book.went.get(sku) ?? 0), `units of ${sku} vanished`)
    const queued = new Map<string, number>()
    for (const { order, line, place, quantity } of this.store.waiting.values()) add(queued, `${order} ${line} ${place}`, quantity)
    const waiting = new Map<string, number>()
    for (const { order, entry } of this.entries('w')) add(waiting, `${order} ${entry.line} ${entry.place}`, entry.quantity)
    assert.deepEqual(Object.fromEntries(queued), Object.fromEntries(waiting), 'queue and holdings')
    for (const { sku, place } of pairs) {
      const rows = this.queue(sku).filter((row) => row.place === place)
      const open = [...this.store.lots.values()].filter((lot) => lot.sku === sku && lot.place === place && !lot.closed)
      const announced = open.reduce((sum, lot) => sum + lot.quantity - lot.received - (lot.damaged ?? 0), 0)
      const missing = rows.reduce((sum, { quantity }) => sum + quantity, 0) - announced
      const lost = rows.reduce((sum, row) => sum + (row.lost ?? 0), 0)
      assert.equal(lost, Math.max(0, missing), `units of ${sku} that nothing is announced for in ${place}`)
    }
    const held = new Map<string, number>()
    for (const [order, holding] of this.store.holdings)
      for (const { line, quantity } of holding) add(held, `${order} ${line}`, quantity)
    for (const [key, quantity] of this.book.held) assert.equal(held.get(key) ?? 0, quantity, `what order and line ${key} hold`)
  }

  sum(state: Entry['state'], fits: (entry: Entry) => boolean): number {
    return this.entries(state).reduce((sum, { entry }) => sum + (fits(entry) ? entry.quantity : 0), 0)
  }
}

describe('Units of stock', () => {
  it('are conserved, held by one order at most, and handed out in the queue’s order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(commands, { minLength: 10, maxLength: 60, size: 'max' }), async (sequence) => {
        const world = new World(await hearts.memory())
        for (const command of sequence) {
          await world.run(command)
          world.check()
        }
      }),
      { numRuns: Number(process.env['WAYBILL_TEST_RUNS'] ?? 300) },
    )
  })

  it('on their way from two places to one lose only what one transfer lost', async () => {
    for (const heard of [true, false]) {
      const world = new World(await hearts.memory())
      for (const place of ['hull', 'leeds', 'york'] as const)
        await world.run({ do: 'receive', sku: 'mug' as Sku, place: place as Place, units: 2 })
      await world.run({ do: 'place', lines: [['mug' as Sku, 6, false]] })
      await world.run({ do: 'send', pick: 0, units: 2 })
      await world.run({ do: 'send', pick: 0, units: 2 })
      assert.equal(world.book.travelling.length, 2)
      await world.run({ do: 'arrive', pick: 0, damaged: 0, missing: 1, heard })
      world.check()
      await world.run({ do: 'arrive', pick: 0, damaged: 0, missing: 0, heard })
      world.check()
      assert.equal(
        world.sum('r', () => true),
        5,
      )
    }
  })
})
