/** Bundles leave whole or not at all; other units leave as they come. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { leavesAlone } from './whole-bundles.ts'

/** Line 1 and 2 are a bundle's: one and two units in each. Line 4 is another bundle's only component. */
const parts = [
  { line: 1, bundle: 0, per: 1 },
  { line: 2, bundle: 0, per: 2 },
  { line: 4, bundle: 3, per: 3 },
]
const row = (line: number, inHand: number, waits: number) => ({ line, inHand, waits })
const leaves = (...rows: readonly ReturnType<typeof row>[]) => Object.fromEntries(leavesAlone(rows, parts))

it('lets units leave that belong to no bundle', () => {
  assert.deepEqual(leaves(row(5, 2, 3)), { 5: 2 })
})

it('lets as many bundles leave as are whole', () => {
  assert.deepEqual(leaves(row(1, 3, 0), row(2, 5, 1)), { 1: 2, 2: 4 })
  assert.deepEqual(leaves(row(1, 3, 0), row(2, 1, 5)), { 1: 0, 2: 0 })
  assert.deepEqual(leaves(row(1, 2, 1), row(2, 6, 0), row(4, 5, 1), row(5, 1, 0)), { 1: 2, 2: 4, 4: 3, 5: 1 })
})

it('leaves a bundle alone of which nothing is awaited here, though another part of it is elsewhere', () => {
  assert.deepEqual(leaves(row(1, 3, 0), row(2, 4, 0), row(4, 1, 2)), { 1: 3, 2: 4, 4: 0 })
  assert.deepEqual(leaves(row(1, 3, 0), row(2, 0, 0), row(4, 3, 0)), { 1: 3, 2: 0, 4: 3 })
})
