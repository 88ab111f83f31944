import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Sku } from '../kernel/ids.ts'
import type { PlacedLine } from '../orders/contract.ts'
import { takeOut, worth, worthOfLines } from './goods.ts'

const line = (more: Partial<PlacedLine>): PlacedLine => {
  return {
    sku: 'a' as Sku,
    name: 'x',
    quantity: 1,
    unitPrice: 100,
    discount: 0,
    kind: 'product',
    grams: 1,
    ifShort: 'refuse',
    ...more,
  }
}

describe('What lines are worth', () => {
  it('is their frozen price without their discount', () =>
    assert.deepEqual(worthOfLines([line({ quantity: 3, discount: 50 })], 400), [{ line: 0, quantity: 3, worth: 250 }]))
  it('is a bundle’s price, spread over its components', () => {
    const lines = [
      line({ kind: 'bundle', unitPrice: 100 }),
      line({ kind: 'component', parent: 0, quantity: 2, unitPrice: 0 }),
      line({ kind: 'component', parent: 0, quantity: 1, unitPrice: 0 }),
    ]
    assert.deepEqual(
      worthOfLines(lines, 100).map((one) => one.worth),
      [67, 33],
    )
  })
  it('never sums to more than the order', () => assert.equal(worth(worthOfLines([line({}), line({}), line({})], 250)), 250))
  it('leaves with its units, to the last penny', () => {
    const first = takeOut([{ line: 0, quantity: 3, worth: 100 }], [{ line: 0, quantity: 1 }])
    const second = takeOut(first.left, [{ line: 0, quantity: 5 }])
    assert.deepEqual([first.taken, second.taken, second.left], [33, 67, []])
  })
})
