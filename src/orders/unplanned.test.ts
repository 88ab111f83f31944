/** Which units are given back before warehouses have heard of them. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Place, Sku } from '../kernel/ids.ts'
import { bareUnits } from './unplanned.ts'

const [leeds, york] = ['leeds' as Place, 'york' as Place]
const entry = (line: number, place: Place, quantity: number, state: 'r' | 'w' = 'r') => {
  return { line, sku: `sku${line}` as Sku, place, quantity, state }
}

it('names what no warehouse let go, and where it was', () => {
  const before = [entry(0, leeds, 1), entry(0, york, 2), entry(1, leeds, 1)]
  assert.deepEqual(bareUnits(before, [entry(0, leeds, 1), entry(0, york, 1), entry(1, leeds, 1)], []), [
    { line: 0, at: york, quantity: 1 },
  ])
})

it('names nothing where a warehouse let all of it go', () => {
  const left = [{ line: 0, quantity: 2, at: york, state: 'shelf' as const }]
  assert.deepEqual(bareUnits([entry(0, leeds, 1), entry(0, york, 2)], [entry(0, leeds, 1)], left), [])
})

it('names only what is beyond that, and elsewhere first', () => {
  const left = [{ line: 0, quantity: 1, at: leeds, state: 'shelf' as const }]
  assert.deepEqual(bareUnits([entry(0, york, 2), entry(0, leeds, 1, 'w')], [entry(0, york, 1)], left), [
    { line: 0, at: york, quantity: 1 },
  ])
})
