import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isRefusal } from '../kernel/decider.ts'
import type { OrderEvent, OrderEventOf, PlacedLine } from './contract.ts'
import { changeUnits } from './change-units.ts'
import { orderDecider } from './decide.ts'
import type { Live } from './order.ts'

const line = (sku: string, quantity: number, unitPrice: number, more: Partial<PlacedLine> = {}): PlacedLine => ({
  sku: sku as PlacedLine['sku'],
  name: sku,
  quantity,
  unitPrice,
  discount: 0,
  kind: 'product',
  grams: 100,
  ifShort: 'refuse',
  ...more,
})
const placed = (lines: readonly PlacedLine[], terms: 'outside' | 'prepaid' = 'outside'): OrderEventOf<'OrderPlaced'> => {
  const priced = lines.filter(({ kind }) => kind !== 'component')
  const subtotal = priced.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0)
  const discount = priced.reduce((sum, one) => sum + one.discount, 0)
  return {
    type: 'OrderPlaced',
    number: 1,
    placedAt: '2026-11-24T09:00:00.000Z' as OrderEventOf<'OrderPlaced'>['placedAt'],
    channel: 'web',
    source: 'Web',
    dialect: 'd',
    currency: 'GBP',
    lines,
    totals: { subtotal, discount, shipping: 0, tax: 0, total: subtotal - discount },
    terms,
    capture: 'placement',
    onShortage: 'cancelLine',
    destination: { country: 'GB', postalCode: 'LS1', latitude: 53.8, longitude: -1.5 },
    shippingMethod: 'standard',
  }
}
const order = (...events: readonly OrderEvent[]): Live => {
  const state = events.reduce(orderDecider.evolve, orderDecider.initial)
  if (state.status !== 'live') throw new Error('not live')
  return state
}
const two = [line('mug', 4, 2_50), line('cup', 2, 10_00)]
const asked = (...lines: readonly { line: number; quantity: number }[]) => ({ reason: 'asked', by: 'customer:ann', lines })
const changes = (state: Live, ...lines: readonly { line: number; quantity: number }[]): readonly OrderEvent[] => {
  const decided = changeUnits(asked(...lines), state)
  if (isRefusal(decided)) assert.fail(decided.detail)
  return decided
}
const refused = (state: Live, ...lines: readonly { line: number; quantity: number }[]): string => {
  const decided = changeUnits(asked(...lines), state)
  return isRefusal(decided) ? decided.refused : 'accepted'
}
const totals = (subtotal: number, discount = 0) => ({ subtotal, discount, shipping: 0, tax: 0, total: subtotal - discount })

describe('Changing the units of an order', () => {
  it('adds units at the frozen price', () => {
    const state = order(placed(two))
    const events = changes(state, { line: 0, quantity: 6 })
    assert.deepEqual(events, [{ type: 'UnitsAdded', by: 'customer:ann', lines: [{ line: 0, quantity: 2 }], totals: totals(35_00) }])
    const after = order(placed(two), ...events)
    assert.deepEqual(
      [after.progress.counters.current, after.progress.counters.added],
      [
        [6, 2],
        [2, 0],
      ],
    )
    assert.equal(after.progress.totals.total, 35_00)
  })
  it('cancels units', () =>
    assert.deepEqual(changes(order(placed(two)), { line: 0, quantity: 1 }), [
      { type: 'UnitsCancelled', reason: 'asked', lines: [{ line: 0, quantity: 3 }], totals: totals(22_50), refund: 'auto' },
    ]))
  it('adds before it cancels, so that a shortage drops all of it', () =>
    assert.deepEqual(changes(order(placed(two)), { line: 0, quantity: 0 }, { line: 1, quantity: 3 }), [
      { type: 'UnitsAdded', by: 'customer:ann', lines: [{ line: 1, quantity: 1 }], totals: totals(40_00) },
      { type: 'UnitsCancelled', reason: 'asked', lines: [{ line: 0, quantity: 4 }], totals: totals(30_00), refund: 'auto' },
    ]))
  it('cancels the order with its last units', () =>
    assert.deepEqual(changes(order(placed(two)), { line: 0, quantity: 0 }, { line: 1, quantity: 0 }), [
      { type: 'OrderCancelled', reason: 'asked', refund: 'auto' },
    ]))
  it('takes the last word where a line is named twice', () =>
    assert.deepEqual(changes(order(placed(two)), { line: 0, quantity: 0 }, { line: 0, quantity: 3 }), [
      { type: 'UnitsCancelled', reason: 'asked', lines: [{ line: 0, quantity: 1 }], totals: totals(27_50), refund: 'auto' },
    ]))
  it('does nothing where nothing differs', () => assert.deepEqual(changes(order(placed(two)), { line: 0, quantity: 4 }), []))
  it('leaves a discount to the units it was given for', () => {
    const events = changes(order(placed([line('mug', 4, 2_50, { discount: 1_00 })])), { line: 0, quantity: 8 })
    assert.deepEqual(events[0]?.type === 'UnitsAdded' && events[0].totals, totals(20_00, 1_00))
  })
  it('changes a bundle by its components', () => {
    const lines = [
      line('set', 2, 30_00, { kind: 'bundle' }),
      line('mug', 4, 0, { kind: 'component', parent: 0 }),
      line('cup', 2, 0, { kind: 'component', parent: 0 }),
    ]
    const events = changes(order(placed(lines)), { line: 0, quantity: 3 })
    assert.deepEqual(events, [
      {
        type: 'UnitsAdded',
        by: 'customer:ann',
        lines: [
          { line: 1, quantity: 2 },
          { line: 2, quantity: 1 },
        ],
        totals: totals(90_00),
      },
    ])
    assert.equal(refused(order(placed(lines)), { line: 1, quantity: 9 }), 'line_not_found')
  })
  it('refuses more of what is paid here, packed, cancelled or not there', () => {
    assert.equal(refused(order(placed(two, 'prepaid')), { line: 0, quantity: 5 }), 'units_not_addable')
    const ready: OrderEvent = { type: 'StatusChanged', from: 'received', to: 'ready' }
    assert.equal(refused(order(placed(two), ready), { line: 0, quantity: 5 }), 'units_not_addable')
    const gone = changes(order(placed(two)), { line: 0, quantity: 0 })
    assert.equal(refused(order(placed(two), ...gone), { line: 0, quantity: 1 }), 'units_not_addable')
    assert.equal(refused(order(placed(two)), { line: 9, quantity: 1 }), 'line_not_found')
    const closed: OrderEvent = { type: 'OrderCancelled', reason: 'x', refund: 'auto' }
    assert.equal(refused(order(placed(two), closed), { line: 0, quantity: 1 }), 'order_closed')
  })
})
