import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { level, nearest, orderId, request, wanted } from '../../tests/support/stock.ts'
import { isRefusal } from '../kernel/decider.ts'
import type { Day, Place, Sku } from '../kernel/ids.ts'
import { type Entry, packHolding, take, unpackHolding } from './holding.ts'
import { free, Levels, type LevelRow, levelsBySku } from './levels.ts'
import { LevelMemory } from './memory.ts'
import type { ReserveLine } from './planner.ts'
import { Stock } from './stock.ts'
import type { Lot } from './store.ts'

const lot = (sku: string, quantity: number, more: Partial<Lot> = {}): Lot => ({
  id: 'lot-1',
  sku: sku as Sku,
  place: 'leeds' as Place,
  day: '2026-12-01' as Day,
  quantity,
  received: 0,
  kind: 'purchase',
  closed: false,
  ...more,
})
const stockOf = (levels: readonly LevelRow[], lots: readonly Lot[] = []) => new Stock({ levels: levelsBySku(levels), lots })
const planned = (stock: Stock, ...lines: readonly ReserveLine[]) => {
  const plan = stock.plan(request(...lines), nearest)
  if (isRefusal(plan)) return { refused: plan.refused, errors: plan.about?.['errors'] }
  return {
    taken: plan.shipments.flatMap((shipment) =>
      shipment.lines.map(({ line, quantity, from, kind }) => `${line}: ${quantity} ${kind} from ${from}`),
    ),
    cancelled: plan.cancelled,
  }
}

describe('Planning an order’s stock', () => {
  it('takes what is free', () => {
    assert.deepEqual(planned(stockOf([level('mug', 'leeds', 5)]), wanted(0, 'mug', 5)), {
      taken: ['0: 5 stock from leeds'],
      cancelled: [],
    })
  })

  it('counts neither what is reserved, nor safety stock, nor what is damaged or on its way', () => {
    const levels = [level('mug', 'leeds', 10, { reserved: 4, safety: 3, inTransit: 9, damaged: 9 })]
    assert.deepEqual(planned(stockOf(levels), wanted(0, 'mug', 3)), { taken: ['0: 3 stock from leeds'], cancelled: [] })
    assert.deepEqual(planned(stockOf(levels), wanted(0, 'mug', 4)), {
      refused: 'insufficient_stock',
      errors: [
        {
          pointer: '/lines/0/quantity',
          code: 'quantity_exceeds_available',
          sku: 'mug',
          asked: 4,
          available: 3,
          resolution: 'requires_buyer_input',
        },
      ],
    })
  })

  it('never counts a unit for two lines of one product', () => {
    const levels = [level('mug', 'leeds', 5)]
    assert.equal(planned(stockOf(levels), wanted(0, 'mug', 3), wanted(1, 'mug', 3)).refused, 'insufficient_stock')
    assert.deepEqual(planned(stockOf(levels), wanted(0, 'mug', 3), wanted(1, 'mug', 2)).taken, [
      '0: 3 stock from leeds',
      '1: 2 stock from leeds',
    ])
  })

  it('cancels a line whole where the buyer wants the rest, and names every line that is short otherwise', () => {
    const levels = [level('mug', 'leeds', 5), level('pen', 'leeds', 5)]
    assert.deepEqual(planned(stockOf(levels), wanted(0, 'mug', 6, 'cancelLine'), wanted(1, 'pen', 5)), {
      taken: ['1: 5 stock from leeds'],
      cancelled: [{ line: 0, quantity: 6 }],
    })
    const refused = planned(stockOf(levels), wanted(0, 'mug', 6), wanted(1, 'pen', 1), wanted(2, 'pen', 6))
    assert.deepEqual(
      (refused.errors as { pointer: string }[]).map(({ pointer }) => pointer),
      ['/lines/0/quantity', '/lines/2/quantity'],
    )
  })

  it('waits for dated supply where that is allowed, and not for more than is expected', () => {
    const stock = () => stockOf([level('mug', 'leeds', 2)], [lot('mug', 5, { received: 1 })])
    assert.deepEqual(planned(stock(), wanted(0, 'mug', 6, 'backorder')).taken, [
      '0: 2 stock from leeds',
      '0: 4 backorder from leeds',
    ])
    assert.equal(planned(stock(), wanted(0, 'mug', 7, 'backorder')).refused, 'insufficient_stock')
    assert.equal(planned(stock(), wanted(0, 'mug', 3)).refused, 'insufficient_stock')
    const closed = stockOf([level('mug', 'leeds', 2)], [lot('mug', 5, { closed: true })])
    assert.equal(planned(closed, wanted(0, 'mug', 3, 'backorder')).refused, 'insufficient_stock')
  })

  it('promises supply once: who waits already has his part of it', () => {
    const stock = stockOf([level('mug', 'leeds', 0)], [lot('mug', 5)])
    const asked = request(wanted(0, 'mug', 3, 'backorder'))
    const plan = stock.plan(asked, nearest)
    assert.ok(!isRefusal(plan))
    stock.reserve(orderId(1), asked, plan.shipments)
    assert.equal(planned(stock, wanted(0, 'mug', 3, 'backorder')).refused, 'insufficient_stock')
    assert.deepEqual(planned(stock, wanted(0, 'mug', 2, 'backorder')).taken, ['0: 2 backorder from leeds'])
  })

  it('never plans more of a product than is free, whatever lines ask for it', () => {
    const lines = fc.array(fc.tuple(fc.constantFrom('mug', 'pen'), fc.integer({ min: 1, max: 5 }), fc.boolean()), {
      minLength: 1,
      maxLength: 8,
    })
    const levels = fc.array(fc.tuple(fc.constantFrom('mug', 'pen'), fc.nat(9), fc.nat(4), fc.nat(4)), { maxLength: 1 })
    fc.assert(
      fc.property(lines, levels, fc.nat(12), fc.nat(12), (asked, extra, mugs, pens) => {
        const rows = [level('mug', 'leeds', mugs), level('pen', 'leeds', pens)]
        for (const [index, [sku, onHand, reserved, safety]] of extra.entries())
          rows.push(level(sku, `p${index}`, onHand + reserved, { reserved, safety }))
        const stock = stockOf(rows)
        const before = new Map(['mug', 'pen'].map((sku) => [sku, stock.levels.available(sku as Sku)]))
        const all = asked.map(([sku, quantity, drop], line) => wanted(line, sku, quantity, drop ? 'cancelLine' : 'refuse'))
        const plan = stock.plan(request(...all), nearest)
        const sum = (sku: string, of: readonly ReserveLine[]) =>
          of.reduce((units, line) => units + (line.sku === sku ? line.quantity : 0), 0)
        if (isRefusal(plan)) {
          const needed = all.filter(({ ifShort }) => ifShort === 'refuse')
          // A refusal is just: together with lines before them, those that may not be dropped do not fit.
          assert.ok(needed.some(({ sku }) => sum(sku, all) > (before.get(sku) ?? 0)))
          return
        }
        stock.reserve(orderId(1), request(...all), plan.shipments)
        for (const sku of ['mug', 'pen']) {
          const kept: readonly ReserveLine[] = all.filter(({ line }) => !plan.cancelled.some((gone) => gone.line === line))
          assert.equal(stock.levels.available(sku as Sku), (before.get(sku) ?? 0) - sum(sku, kept))
        }
        for (const { line, quantity } of plan.cancelled) assert.equal(quantity, all[line]?.quantity)
      }),
    )
  })
})

describe('Levels', () => {
  const mugs = () => new Levels(levelsBySku([level('mug', 'leeds', 5), level('mug', 'york', 2, { reserved: 2, safety: 3 })]))
  const move = (levels: Levels, change: Parameters<Levels['move']>[2], place = 'leeds') =>
    levels.move('mug' as Sku, place as Place, change, 'adjusted')

  it('are never less than nothing, and never promised twice', () => {
    for (const change of [{ onHand: -6 }, { reserved: 6 }, { reserved: -1 }, { inTransit: -1 }, { damaged: -1 }])
      assert.throws(() => move(mugs(), change), /would break the level of mug in leeds/)
    assert.throws(() => move(mugs(), { onHand: 1 }, 'hull'), /no level/)
  })

  it('are free down to nothing, not below', () => {
    assert.equal(free(level('mug', 'york', 2, { safety: 3 })), 0)
    assert.equal(mugs().available('mug' as Sku), 5)
  })

  it('sum their changes, one a place, in one order for every batch', () => {
    const levels = new Levels(levelsBySku([level('pen', 'leeds', 1), level('mug', 'york', 9), level('mug', 'leeds', 9)]))
    for (const [sku, place, by] of [
      ['pen', 'leeds', 1],
      ['mug', 'york', 2],
      ['mug', 'leeds', 3],
      ['mug', 'york', -1],
    ] as const)
      levels.move(sku as Sku, place as Place, { onHand: by }, 'adjusted')
    assert.deepEqual(
      levels.deltas.map(({ sku, place, onHand }) => `${sku} ${place} ${onHand}`),
      ['mug leeds 3', 'mug york 1', 'pen leeds 1'],
    )
    assert.equal(levels.ledger.length, 4)
  })
})

describe('What an order holds', () => {
  const entry = (line: number, state: Entry['state'], quantity: number, place = 'leeds'): Entry => ({
    line,
    sku: 'mug' as Sku,
    place: place as Place,
    quantity,
    state,
  })
  const holding = [entry(0, 'r', 2), entry(0, 't', 2, 'york'), entry(0, 'w', 2), entry(1, 'r', 9)]

  it('is given up waiting units first, then those that travel, then reserved ones', () => {
    const { taken, left } = take(holding, { line: 0 }, 5)
    assert.deepEqual(
      taken.map(({ state, quantity }) => `${quantity}${state}`),
      ['2w', '2t', '1r'],
    )
    assert.deepEqual(left, [entry(0, 'r', 1), entry(1, 'r', 9)])
  })

  it('is taken only where it matches, and never more than there is', () => {
    const { taken, left } = take(holding, { line: 0, state: 'r', place: 'leeds' as Place }, 9)
    assert.deepEqual(taken, [entry(0, 'r', 2)])
    assert.equal(left.length, 3)
    assert.deepEqual(take(holding, { line: 0, place: 'hull' as Place }, 1), { taken: [], left: holding })
  })

  it('is the same after it was stored', () => {
    const all = [...holding, { ...entry(2, 'r', 1), to: 'york' as Place, sku: 'a "b"\\' as Sku }]
    assert.deepEqual(unpackHolding(JSON.parse(packHolding(all)) as Parameters<typeof unpackHolding>[0]), all)
  })
})

describe('Remembered levels', () => {
  const sku = 'mug' as Sku
  it('are copies: what one batch plans on does not move under it', () => {
    const memory = new LevelMemory()
    memory.remember([level('mug', 'leeds', 5)], [sku])
    const seen = memory.recall([sku])
    const stock = new Stock({ levels: memory.recall([sku]) ?? new Map() })
    stock.reserve(orderId(1), request(wanted(0, 'mug', 3)), [
      {
        place: 'leeds' as Place,
        dispatch: '2026-11-21' as Day,
        arrives: '2026-11-21' as Day,
        lines: [{ line: 0, sku, quantity: 3, from: 'leeds' as Place, kind: 'stock' }],
      },
    ])
    assert.equal(memory.recall([sku])?.get(sku)?.[0]?.reserved, 0)
    memory.apply(stock.levels.deltas)
    assert.equal(memory.recall([sku])?.get(sku)?.[0]?.reserved, 3)
    assert.equal(seen?.get(sku)?.[0]?.reserved, 0)
  })

  it('are unknown until they were seen, and once they are forgotten', () => {
    const memory = new LevelMemory()
    assert.equal(memory.recall([sku]), undefined)
    memory.remember([], [sku])
    assert.deepEqual(memory.recall([sku])?.get(sku), [])
    memory.forget([sku])
    assert.deepEqual(memory.unknown([sku]), [sku])
  })
})
