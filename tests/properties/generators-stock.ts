/** Stock batch by batch, as a store keeps it, and what happens to it: placements, deliveries, parcels, transfers, miscounts. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { isRefusal } from '../../src/kernel/decider.ts'
import type { Day, OrderId, Place, Sku } from '../../src/kernel/ids.ts'
import { addDays } from '../../src/kernel/time.ts'
import type { Entry, Holding } from '../../src/inventory/holding.ts'
import { type LevelRow, levelsBySku } from '../../src/inventory/levels.ts'
import type { ReserveLine } from '../../src/inventory/planner.ts'
import { Stock } from '../../src/inventory/stock.ts'
import type { Lot, Waiting } from '../../src/inventory/store.ts'
import { nearest, orderId, request } from '../support/stock.ts'
import { hull, leeds, place, sku, unitsOf, york } from './generators.ts'
import { sumOf } from './property.ts'

export const skus = ['mug', 'pen', 'set'] as Sku[]
const places = [leeds, york, hull]
export const units = fc.integer({ min: 1, max: 6 })
export const pick = fc.nat(1_000)

export const rows = fc
  .array(
    fc.record({ sku, place, onHand: fc.nat(12), held: fc.nat(4), safety: fc.nat(3), damaged: fc.nat(2), inTransit: fc.nat(3) }),
    { minLength: 1, maxLength: 9 },
  )
  .map((drawn): LevelRow[] => {
    const kept = new Map(drawn.map((row) => [`${row.sku} ${row.place}`, row]))
    return [...kept.values()].map(({ held, ...row }) => ({ ...row, reserved: Math.min(held, row.onHand) }))
  })
export const asked = fc.array(
  fc.record({
    sku,
    quantity: units,
    ifShort: fc.constantFrom('refuse' as const, 'cancelLine' as const, 'backorder' as const, 'preorder' as const),
  }),
  { minLength: 1, maxLength: 4 },
)
export const linesOf = (drawn: typeof asked extends fc.Arbitrary<infer Value> ? Value : never): ReserveLine[] =>
  drawn.map((line, index) => ({ line: index, grams: 100, ...line }))
export const days = fc.integer({ min: 0, max: 20 }).map((count) => addDays('2026-11-21' as Day, count))
export const lots = fc
  .array(fc.record({ sku, place, day: days, quantity: fc.integer({ min: 1, max: 9 }) }), { maxLength: 4 })
  .map((drawn) => drawn.map((lot, index): Lot => ({ ...lot, id: `lot${index}`, kind: 'purchase', received: 0, closed: false })))

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('place' as const), lines: asked }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('receive' as const), sku, place, units }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lot' as const), pick, units, damaged: fc.nat(1), close: fc.boolean() }) },
  fc.record({ do: fc.constant('release' as const), pick, lines: fc.option(unitsOf(4)) }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('ship' as const), pick, units }) },
  fc.record({ do: fc.constant('short' as const), pick, units }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('send' as const), pick, units }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('arrive' as const), pick, damaged: fc.nat(1), missing: fc.nat(1) }) },
)
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

export const chosen = <Thing>(things: readonly Thing[], number: number): Thing | undefined =>
  things[number % Math.max(1, things.length)]

/** Stock batch by batch, as a store keeps it: every step is a batch of its own, loaded from and saved to plain maps. */
class Store {
  readonly levels = new Map<string, LevelRow>()
  readonly holdings = new Map<OrderId, Holding>()
  readonly lots = new Map<string, Lot>()
  readonly waiting = new Map<string, Waiting>()
  readonly travelling: { order: OrderId; line: number; sku: Sku; to: Place; quantity: number }[] = []
  /** Units that came from outside, less those that left for good. */
  balance = 0
  ledger = { onHand: 0, reserved: 0, inTransit: 0, damaged: 0 }

  constructor(levels: readonly LevelRow[], announced: readonly Lot[]) {
    for (const at of skus)
      for (const where of places)
        this.levels.set(`${at} ${where}`, { sku: at, place: where, onHand: 0, reserved: 0, inTransit: 0, safety: 0, damaged: 0 })
    for (const row of levels) this.levels.set(`${row.sku} ${row.place}`, { ...row, reserved: 0, inTransit: 0, damaged: 0 })
    for (const lot of announced) this.lots.set(lot.id, lot)
    this.balance = sumOf([...this.levels.values()].map(({ onHand }) => onHand))
    this.ledger.onHand = this.balance
  }

  batch(act: (stock: Stock) => void): void {
    const stock = new Stock({
      levels: levelsBySku(this.levels.values()),
      holdings: this.holdings,
      lots: [...this.lots.values()],
      waiting: [...this.waiting.values()],
    })
    act(stock)
    const { deltas, ledger, fresh, holdings, waiting, gone, lots: saved } = stock.result(() => 0)
    for (const { sku: of, place: where, claimed: _, ...by } of deltas) {
      const row = this.levels.get(`${of} ${where}`)
      assert.ok(row !== undefined)
      const [onHand, reserved, safety] = [row.onHand + by.onHand, row.reserved + by.reserved, row.safety + by.safety]
      this.levels.set(`${of} ${where}`, {
        ...row,
        onHand,
        reserved,
        safety,
        inTransit: row.inTransit + by.inTransit,
        damaged: row.damaged + by.damaged,
      })
    }
    for (const row of ledger)
      for (const name of ['onHand', 'reserved', 'inTransit', 'damaged'] as const) this.ledger[name] += row[name]
    for (const { order, holding } of [...fresh, ...holdings]) this.holdings.set(order, holding)
    const key = (row: Waiting): string => `${row.sku} ${row.order} ${row.line} ${row.place}`
    for (const row of gone) this.waiting.delete(key(row))
    for (const row of waiting) this.waiting.set(key(row), row)
    for (const lot of saved) this.lots.set(lot.id, lot)
  }

  entries(state: Entry['state']): { order: OrderId; entry: Entry }[] {
    return [...this.holdings].flatMap(([order, holding]) =>
      holding.filter((entry) => entry.state === state).map((entry) => ({ order, entry })),
    )
  }

  run(drawn: Step): void {
    switch (drawn.do) {
      case 'place': {
        const order = orderId(this.holdings.size + 1)
        return this.batch((stock) => {
          const asking = request(...linesOf(drawn.lines))
          const planned = stock.plan(asking, nearest)
          if (!isRefusal(planned)) stock.reserve(order, asking, planned.shipments)
        })
      }
      case 'receive':
        this.balance += drawn.units
        return this.batch((stock) => void stock.receive(drawn.sku, drawn.place, drawn.units, 'received'))
      case 'lot': {
        const lot = chosen(
          [...this.lots.values()].filter(({ closed }) => !closed),
          drawn.pick,
        )
        if (lot === undefined) return
        this.balance += drawn.units + drawn.damaged
        return this.batch((stock) => void stock.receiveLot(lot.id, drawn.units, drawn.damaged, drawn.close))
      }
      case 'release': {
        const order = chosen([...this.holdings.keys()], drawn.pick)
        if (order !== undefined) this.batch((stock) => stock.release(order, drawn.lines ?? 'all'))
        return
      }
      case 'ship':
      case 'short': {
        const found = chosen(this.entries('r'), drawn.pick)
        if (found === undefined) return
        const { order, entry } = found
        const part = [{ line: entry.line, sku: entry.sku, quantity: Math.min(drawn.units, entry.quantity) }]
        this.balance -= sumOf(part.map(({ quantity }) => quantity))
        return this.batch((stock) =>
          drawn.do === 'ship' ? stock.ship(order, entry.place, part) : stock.short(order, entry.place, part),
        )
      }
      case 'send': {
        const found = chosen(
          this.entries('r').filter(({ entry }) => entry.to !== undefined),
          drawn.pick,
        )
        if (found?.entry.to === undefined) return
        const { order, entry } = found
        const [to, quantity] = [found.entry.to, Math.min(drawn.units, entry.quantity)]
        this.travelling.push({ order, line: entry.line, sku: entry.sku, to, quantity })
        return this.batch((stock) => stock.send(order, entry.place, to, [{ line: entry.line, sku: entry.sku, quantity }]))
      }
      case 'arrive': {
        const [found] = this.travelling.splice(drawn.pick % Math.max(1, this.travelling.length), 1)
        if (found === undefined) return
        const { order, line, sku: of, to, quantity } = found
        const damaged = Math.min(drawn.damaged, quantity)
        const missing = Math.min(drawn.missing, quantity - damaged)
        this.balance -= missing
        const part = (count: number) => (count > 0 ? [{ line, sku: of, quantity: count }] : [])
        this.batch((stock) =>
          stock.arrive(order, to, { received: part(quantity - damaged - missing), damaged: part(damaged), missing: part(missing) }),
        )
        return this.batch((stock) =>
          stock.lose(
            order,
            to,
            stock.lost(order, to, part(damaged + missing)).map((one) => ({ ...one, sku: of })),
          ),
        )
      }
    }
  }
}

export const kept = (look: (store: Store) => void) =>
  fc.property(rows, lots, fc.array(step, { minLength: 4, maxLength: 25, size: 'max' }), (levels, announced, steps) => {
    const store = new Store(levels, announced)
    for (const drawn of steps) {
      store.run(drawn)
      look(store)
    }
  })

export const total = (store: Store, name: 'onHand' | 'reserved' | 'inTransit' | 'damaged'): number =>
  sumOf([...store.levels.values()].map((row) => row[name]))
