/** What orders tells returns: the units that were sent, and what those that are left are worth, to the penny of the order's total. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OrderId, Sku } from '../../src/kernel/ids.ts'
import { instant } from '../../src/kernel/time.ts'
import type { LineUnits, OrderEvent, PlacedLine } from '../../src/orders/contract.ts'
import { totalsWithout } from '../../src/orders/derive.ts'
import { evolve } from '../../src/orders/evolve.ts'
import { type Order, unplaced } from '../../src/orders/order.ts'
import { returnableOrders } from '../../src/orders/returns-reactions.ts'

const at = instant(Date.parse('2026-11-21T10:00:00Z'))
const order = '01990000-0000-7000-8000-000000000001' as OrderId
const line = (sku: string, quantity: number, unitPrice: number, more: Partial<PlacedLine> = {}): PlacedLine => ({
  sku: sku as Sku,
  name: sku,
  quantity,
  unitPrice,
  discount: 0,
  kind: 'product',
  grams: 1,
  ifShort: 'refuse',
  ...more,
})
const placed = (lines: readonly PlacedLine[]): Extract<OrderEvent, { type: 'OrderPlaced' }> => {
  const subtotal = lines.reduce((sum, { unitPrice, quantity }) => sum + unitPrice * quantity, 0)
  const discount = lines.reduce((sum, { discount }) => sum + discount, 0)
  return {
    type: 'OrderPlaced',
    number: 1001,
    placedAt: at,
    user: 'ann',
    channel: 'web',
    source: 'Web',
    dialect: 'v1',
    currency: 'GBP',
    lines,
    totals: { subtotal, discount, shipping: 0, tax: 0, total: subtotal - discount },
    terms: 'prepaid',
    capture: 'placement',
    onShortage: 'refuse',
    destination: { country: 'GB', postalCode: 'LS1', latitude: 0, longitude: 0 },
    shippingMethod: 'standard',
  }
}
const factsOf = async (lines: readonly PlacedLine[], cancelled: readonly LineUnits[] = []) => {
  const first = placed(lines)
  let state: Order = evolve(unplaced, first)
  assert.ok(state.status === 'live')
  const totals = totalsWithout(first, state.progress.counters, cancelled)
  if (cancelled.length > 0)
    state = evolve(state, { type: 'UnitsCancelled', reason: 'customer_request', lines: cancelled, totals, refund: 'auto' })
  const get = () => Promise.resolve(new Map([[order, { version: 1, updatedAt: at, state }]]))
  const facts = await returnableOrders({ get, lock: get }).one(order)
  assert.ok(facts !== undefined)
  return { facts, totals, worth: facts.lines.reduce((sum, { worth }) => sum + worth, 0) }
}

describe('What an order’s lines are worth to a return', () => {
  it('is their price less their discount', async () => {
    const { facts } = await factsOf([line('mug', 3, 100, { discount: 10 }), line('pot', 1, 500)])
    assert.deepEqual(
      facts.lines.map(({ worth }) => worth),
      [290, 500],
    )
    assert.equal(facts.user, 'ann')
  })
  it('is what the order still costs after units were cancelled, to the penny', async () => {
    for (const gone of [1, 2]) {
      const { worth, totals } = await factsOf([line('mug', 3, 100, { discount: 10 })], [{ line: 0, quantity: gone }])
      assert.equal(worth, totals.total)
    }
  })
  it('is shared by the parts of a bundle', async () => {
    const { facts } = await factsOf([
      line('set', 2, 999, { kind: 'bundle', discount: 98 }),
      line('cup', 4, 0, { kind: 'component', parent: 0 }),
      line('pot', 2, 0, { kind: 'component', parent: 0 }),
    ])
    assert.deepEqual(
      facts.lines.map(({ worth, perBundle }) => [worth, perBundle]),
      [
        [0, undefined],
        [1_267, 2],
        [633, 1],
      ],
    )
  })
  it('is shared by the parts of the bundles that are left', async () => {
    const { worth, totals } = await factsOf(
      [
        line('set', 2, 999, { kind: 'bundle', discount: 99 }),
        line('cup', 4, 0, { kind: 'component', parent: 0 }),
        line('pot', 2, 0, { kind: 'component', parent: 0 }),
      ],
      [
        { line: 1, quantity: 2 },
        { line: 2, quantity: 1 },
      ],
    )
    assert.equal(worth, totals.total)
  })
})
