/** Bundles are given up whole. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { restOfBundles, unitsWithout } from './bundle-rest.ts'

describe('With units of a component that are given up', () => {
  /** Three bundles of one and two, and a product. */
  const lines = [
    { kind: 'bundle', quantity: 3 },
    { kind: 'component', quantity: 3, parent: 0 },
    { kind: 'component', quantity: 6, parent: 0 },
    { kind: 'product', quantity: 4 },
  ]
  it('goes the rest of as many bundles', () => {
    assert.deepEqual(restOfBundles(lines, [0, 3, 6, 4], [{ line: 1, quantity: 1 }]), [{ line: 2, quantity: 2 }])
    assert.deepEqual(restOfBundles(lines, [0, 3, 6, 4], [{ line: 2, quantity: 3 }]), [
      { line: 1, quantity: 2 },
      { line: 2, quantity: 1 },
    ])
  })
  it('goes nothing else where only whole bundles went, or no bundle is meant', () => {
    assert.deepEqual(
      restOfBundles(
        lines,
        [0, 3, 6, 4],
        [
          { line: 1, quantity: 1 },
          { line: 2, quantity: 2 },
        ],
      ),
      [],
    )
    assert.deepEqual(restOfBundles(lines, [0, 3, 6, 4], [{ line: 3, quantity: 2 }]), [])
  })
})

it('takes units off others of their line', () => {
  const units = [
    { line: 1, quantity: 2 },
    { line: 2, quantity: 1 },
  ]
  assert.deepEqual(
    unitsWithout(units, [
      { line: 2, quantity: 1 },
      { line: 1, quantity: 1 },
    ]),
    [{ line: 1, quantity: 1 }],
  )
})
