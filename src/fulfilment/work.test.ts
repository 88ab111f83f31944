/** Work that is parted: what is there leaves, what is awaited stays, and bundles are whole in both. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OrderId, Place, Sku } from '../kernel/ids.ts'
import { type FulfilmentLine, type Live, partingOf } from './work.ts'

const line = (at: number, quantity: number, supply: number, more: Partial<FulfilmentLine> = {}): FulfilmentLine => ({
  line: at,
  sku: `sku ${at}` as Sku,
  quantity,
  supply,
  transit: 0,
  picked: 0,
  grams: 100,
  ...more,
})
const work = (lines: readonly FulfilmentLine[], status: Live['status'] = 'awaiting_stock'): Live => ({
  status,
  order: 'order' as OrderId,
  number: 1,
  place: 'leeds' as Place,
  lines,
  parcels: [],
  putBack: [],
  held: false,
  collectionHeld: false,
  country: 'GB',
  postalCode: 'LS1',
  shippingMethod: 'standard',
  addressPending: false,
})
/** Of each bundle of line 0: one unit of line 1, two of line 2. */
const bundles = [
  { line: 1, bundle: 0, per: 1 },
  { line: 2, bundle: 0, per: 2 },
]
const later = (state: Live, known = bundles) =>
  partingOf(state, known)?.lines.map((one) => `${one.quantity} of ${one.line} ${one.kind}`)

describe('Work of which some is awaited', () => {
  it('is parted into what is there and what is awaited', () => {
    assert.deepEqual(later(work([line(3, 3, 2), line(4, 1, 0)])), ['2 of 3 backorder'])
    assert.equal(later(work([line(3, 2, 2)])), undefined)
    assert.equal(later(work([line(3, 2, 0)])), undefined)
    assert.equal(later(work([line(3, 3, 2)], 'released')), undefined)
  })

  it('keeps bundles whole', () => {
    const three = (mugs: number, pens: number, more: Partial<FulfilmentLine> = {}) =>
      work([line(1, 3, mugs, { bundle: 0, ...more }), line(2, 6, pens, { bundle: 0 })])
    assert.deepEqual(later(three(0, 3)), ['2 of 1 stock', '3 of 2 backorder', '1 of 2 stock'])
    assert.deepEqual(partingOf(three(0, 3), bundles)?.lines[0]?.bundle, 0)
    assert.equal(later(three(0, 5)), undefined, 'none is whole')
    // A unit that is still on its way here would arrive for the wrong work.
    assert.equal(later(three(0, 3, { transit: 1 })), undefined)
    assert.equal(later(three(0, 3), []), undefined, 'nobody said what a bundle is made of')
  })
})
