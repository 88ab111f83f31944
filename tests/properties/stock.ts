/** Properties of stock: the ledger, what orders hold, plans, the queue of those who wait, and what a process remembers. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { isRefusal } from '../../src/kernel/decider.ts'
import { allot, type Demand, dueOn, inQueueOrder, type Supply } from '../../src/inventory/atp.ts'
import { type Entry, type Holding, packHolding, take, unpackHolding } from '../../src/inventory/holding.ts'
import { Levels, levelsBySku } from '../../src/inventory/levels.ts'
import { LevelMemory } from '../../src/inventory/memory.ts'
import { plan } from '../../src/inventory/planner.ts'
import { Stock } from '../../src/inventory/stock.ts'
import { nearest, request } from '../support/stock.ts'
import { place, sku } from './generators.ts'
import { asked, chosen, days, kept, linesOf, lots, pick, rows, skus, total, units } from './generators-stock.ts'
import { frozen, type Property, sumOf } from './property.ts'

const supplies = fc
  .array(fc.record({ day: days, quantity: fc.nat(8), sellable: fc.option(fc.nat(8), { nil: undefined }) }), { maxLength: 5 })
  .map((drawn) => drawn.map((supply, index): Supply => ({ id: `s${index}`, ...supply })))
const demands = fc
  .array(
    fc.record({
      quantity: units,
      priority: fc.nat(2),
      at: fc.constantFrom('2026-11-01', '2026-11-02'),
      promised: fc.option(days, { nil: undefined }),
      expected: fc.option(days, { nil: undefined }),
    }),
    { maxLength: 6 },
  )
  .map((drawn) => drawn.map((demand, index): Demand => ({ id: `d${index}`, ...demand })))

const holding: fc.Arbitrary<Holding> = fc
  .array(
    fc.record({
      line: fc.nat(2),
      sku,
      place,
      quantity: units,
      state: fc.constantFrom('r' as const, 't' as const, 'w' as const),
      to: fc.option(place, { nil: undefined }),
    }),
    { maxLength: 6 },
  )
  .map((entries) => entries.map(({ to, ...entry }): Entry => (to === undefined ? entry : { ...entry, to })))

export const stockProperties: readonly Property[] = [
  {
    name: 'the sum of the ledger is the stock, and no level is ever negative',
    invariant: 'I4',
    property: kept((store) => {
      for (const name of ['onHand', 'reserved', 'inTransit', 'damaged'] as const)
        assert.equal(total(store, name), store.ledger[name], name)
      for (const row of store.levels.values())
        assert.ok(
          Math.min(row.onHand, row.reserved, row.inTransit, row.damaged, row.onHand - row.reserved) >= 0,
          JSON.stringify(row),
        )
    }),
  },
  {
    name: 'units are conserved: what came is on hand, on its way or damaged, or has left',
    invariant: 'I4',
    property: kept((store) =>
      assert.equal(total(store, 'onHand') + total(store, 'inTransit') + total(store, 'damaged'), store.balance),
    ),
  },
  {
    name: 'what orders hold is what is reserved, place by place, and nobody holds what another holds',
    invariant: 'I3',
    property: kept((store) => {
      for (const { sku: of, place: where, reserved } of store.levels.values()) {
        const held = store.entries('r').filter(({ entry }) => entry.sku === of && entry.place === where)
        assert.equal(sumOf(held.map(({ entry }) => entry.quantity)), reserved, `${of} in ${where}`)
      }
    }),
  },
  {
    name: 'who waits stands in the queue, for as many units as his order waits for',
    invariant: 'I4',
    property: kept((store) => {
      const waits = sumOf(store.entries('w').map(({ entry }) => entry.quantity))
      assert.equal(sumOf([...store.waiting.values()].map(({ quantity }) => quantity)), waits)
    }),
  },
  {
    name: 'a plan takes no more than is free, no unit twice, and every line whole or not at all',
    invariant: 'I3',
    property: fc.property(rows, lots, asked, (levels, announced, drawn) => {
      const stock = new Stock({ levels: levelsBySku(frozen(levels)), lots: announced })
      const lines = linesOf(drawn)
      const planned = plan(request(...lines), stock.levels, stock.seen, nearest)
      if (isRefusal(planned)) {
        assert.equal(planned.refused, 'insufficient_stock')
        return
      }
      const parts = planned.shipments.flatMap((shipment) => shipment.lines)
      for (const { line, quantity } of lines) {
        const sent = sumOf(parts.map((part) => (part.line === line ? part.quantity : 0)))
        const dropped = sumOf(planned.cancelled.map((one) => (one.line === line ? one.quantity : 0)))
        assert.equal(sent + dropped, quantity)
        assert.ok(sent === 0 || dropped === 0)
      }
      for (const row of levels) {
        const here = parts.filter(
          (part) => part.sku === row.sku && part.from === row.place && (part.kind === 'stock' || part.kind === 'transfer'),
        )
        assert.ok(sumOf(here.map(({ quantity }) => quantity)) <= Math.max(0, row.onHand - row.reserved - row.safety))
      }
      for (const { line } of planned.cancelled) assert.equal(lines[line]?.ifShort, 'cancelLine')
    }),
  },
  {
    name: 'taking units out of a holding loses none, and takes as many as match',
    invariant: 'I4',
    property: fc.property(holding, fc.nat(2), fc.option(place, { nil: undefined }), fc.nat(12), (from, line, where, quantity) => {
      const match = where === undefined ? { line } : { line, place: where }
      const { taken, left } = take(frozen(from), match, quantity)
      const count = (entries: Holding): number => sumOf(entries.map((entry) => entry.quantity))
      assert.equal(count(taken) + count(left), count(from))
      const matching = from.filter((entry) => entry.line === line && (where === undefined || entry.place === where))
      assert.equal(count(taken), Math.min(quantity, count(matching)))
      assert.ok(taken.every((entry) => entry.line === line) && left.every((entry) => entry.quantity > 0))
    }),
  },
  {
    name: 'a holding is read as it was written',
    property: fc.property(holding, (held) =>
      assert.deepEqual(unpackHolding(JSON.parse(packHolding(held)) as Parameters<typeof unpackHolding>[0]), held),
    ),
  },
  {
    name: 'supply is handed out once: nobody gets more than he waits for, no lot gives more than it has',
    invariant: 'I3',
    property: fc.property(supplies, demands, (there, wanted) => {
      const { byDemand, free: left } = allot(frozen(there), frozen(wanted))
      for (const { id, quantity } of wanted) {
        const found = byDemand.get(id)
        assert.ok(found !== undefined)
        assert.equal(sumOf(found.parts.map((part) => part.quantity)) + found.unfilled, quantity)
      }
      for (const { id, quantity, sellable = quantity } of there) {
        const given = sumOf(
          [...byDemand.values()].flatMap(({ parts }) => parts.map((part) => (part.supply === id ? part.quantity : 0))),
        )
        const open = left.find((lot) => lot.id === id)?.quantity ?? 0
        assert.ok(given + open <= quantity && open <= Math.max(0, sellable - given))
      }
    }),
  },
  {
    name: 'a promise that is on course is kept, whoever else joins the queue without one',
    invariant: 'I3',
    property: fc.property(supplies, demands, demands, (there, wanted, others) => {
      const before = allot(there, wanted)
      const promised = wanted.map((demand) => {
        const { day, unfilled } = before.byDemand.get(demand.id) ?? { unfilled: 1 }
        return unfilled === 0 && day !== undefined
          ? { ...demand, promised: day, expected: day }
          : { ...demand, promised: undefined, expected: undefined }
      })
      const joined = others.map((demand) => ({ ...demand, id: `late ${demand.id}`, promised: undefined, priority: 9 }))
      const after = allot(there, [...promised, ...joined])
      for (const { id, promised: by } of promised) {
        if (by === undefined) continue
        const { day, unfilled } = after.byDemand.get(id) ?? { unfilled: 1 }
        assert.ok(unfilled === 0 && day !== undefined && day <= by, `${id} was promised ${by} and gets ${day}`)
      }
    }),
  },
  {
    name: 'no unit lies idle while somebody waits for it, and the order in which a queue is listed is nothing',
    property: fc.property(
      supplies,
      demands.chain((wanted) => fc.tuple(fc.constant(wanted), fc.shuffledSubarray(wanted, { minLength: wanted.length }))),
      (there, [wanted, shuffled]) => {
        const { byDemand } = allot(there, wanted)
        assert.deepEqual(
          allot(there, shuffled).byDemand,
          new Map([...wanted].sort(inQueueOrder).map(({ id }) => [id, byDemand.get(id)])),
        )
        const given = sumOf([...byDemand.values()].flatMap(({ parts }) => parts.map(({ quantity }) => quantity)))
        assert.equal(given, Math.min(sumOf(there.map(({ quantity }) => quantity)), sumOf(wanted.map(({ quantity }) => quantity))))
      },
    ),
  },
  {
    name: 'supply that is overdue is expected later than today, never earlier than announced',
    property: fc.property(days, days, fc.nat(9), (announced, today, delay) => {
      const due = dueOn(announced, today, delay)
      assert.ok(due >= announced && due >= today)
      if (announced >= today) assert.equal(due, announced)
      else assert.ok(due > today)
    }),
  },
  {
    name: 'what one batch remembers is not changed by what another does meanwhile',
    invariant: 'I3',
    property: fc.property(
      rows,
      fc.array(fc.record({ sku, place, by: fc.integer({ min: -3, max: 3 }) }), { maxLength: 6 }),
      (levels, changes) => {
        const memory = new LevelMemory()
        memory.remember(levels, skus)
        const recall = () => [...(memory.recall(skus)?.values() ?? [])].flat()
        const recalled = recall()
        const kept = memory.recall(skus)
        const text = JSON.stringify(recalled)
        const delta = { inTransit: 0, damaged: 0, safety: 0, reserved: 0, claimed: false }
        for (const { by, ...where } of changes) memory.apply([{ ...delta, ...where, onHand: by }])
        assert.equal(JSON.stringify([...(kept?.values() ?? [])].flat()), text)
        for (const row of recall()) {
          const before = levels.find((known) => known.sku === row.sku && known.place === row.place)
          const moved = sumOf(changes.map(({ sku: of, place: where, by }) => (of === row.sku && where === row.place ? by : 0)))
          assert.equal(row.onHand, (before?.onHand ?? 0) + moved)
        }
      },
    ),
  },
  {
    name: 'a batch’s changes of levels are listed by product and place, once each, and sum to what was done',
    invariant: 'I4',
    property: fc.property(rows, fc.array(fc.record({ pick, by: fc.nat(4) }), { maxLength: 8 }), (drawn, moves) => {
      const levels = new Levels(levelsBySku(drawn))
      for (const { pick: number, by } of moves) {
        const row = chosen(drawn, number)
        if (row !== undefined) levels.move(row.sku, row.place, { onHand: by, damaged: 1 }, 'received')
      }
      const names = levels.deltas.map(({ sku: of, place: where }) => `${of}\n${where}`)
      assert.deepEqual(names, [...new Set(names)].sort())
      for (const { before, after, delta } of levels.touched) {
        const { sku: of, place: where, onHand } = delta
        assert.equal(after.onHand, before.onHand + onHand)
        assert.deepEqual(levels.at(of, where), after)
        assert.deepEqual(
          before,
          drawn.find((row) => row.sku === of && row.place === where),
        )
        assert.equal(sumOf(levels.ledger.map((row) => (row.sku === of && row.place === where ? row.onHand : 0))), onHand)
      }
    }),
  },
]
