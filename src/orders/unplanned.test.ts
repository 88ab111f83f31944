/** Which units are given back before warehouses have heard of them. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { OrderId, Place, Sku } from '../kernel/ids.ts'
import { bareUnits, isBehind, waitingUnheard } from './unplanned.ts'

const [leeds, york] = ['leeds' as Place, 'york' as Place]
const entry = (line: number, place: Place, quantity: number, state: 'r' | 'w' | 'x' = 'r') => {
  return { line, sku: `sku${line}` as Sku, place, quantity, state }
}

it('names what no warehouse let go, and where it was', () => {
  const before = [entry(0, leeds, 1), entry(0, york, 2), entry(1, leeds, 1)]
  assert.deepEqual(bareUnits(before, [entry(0, leeds, 1), entry(0, york, 1), entry(1, leeds, 1)], []), [
    { line: 0, at: york, state: 'shelf', quantity: 1 },
  ])
})

it('names nothing where a warehouse let all of it go', () => {
  const left = [{ line: 0, quantity: 2, at: york, state: 'shelf' as const }]
  assert.deepEqual(bareUnits([entry(0, leeds, 1), entry(0, york, 2)], [entry(0, leeds, 1)], left), [])
})

it('names nothing that was lost on its way', () => {
  const before = [entry(0, leeds, 1), entry(0, leeds, 1, 'x')]
  assert.deepEqual(bareUnits(before, [entry(0, leeds, 1)], []), [])
})

it('names only what is beyond that, and elsewhere first', () => {
  const left = [{ line: 0, quantity: 1, at: leeds, state: 'shelf' as const }]
  assert.deepEqual(bareUnits([entry(0, york, 2), entry(0, leeds, 1, 'w')], [entry(0, york, 1)], left), [
    { line: 0, at: york, state: 'shelf', quantity: 1 },
  ])
})

it('gives up first what waits and no warehouse has heard of, the last that was set aside first', () => {
  const holding = [entry(0, leeds, 1), entry(0, leeds, 2, 'w'), entry(0, york, 1, 'w'), entry(1, york, 1, 'w')]
  const known = [{ line: 0, quantity: 1 }]
  assert.deepEqual(waitingUnheard(holding, [{ line: 0, quantity: 3 }], known), [
    { line: 0, quantity: 1, at: york, state: 'supply' },
    { line: 0, quantity: 1, at: leeds, state: 'supply' },
  ])
  assert.deepEqual(waitingUnheard(holding, [{ line: 0, quantity: 1 }], [{ line: 0, quantity: 3 }]), [])
})

const sent = { transfer: 'transfer-1', order: 'order-1' as OrderId, line: 0, from: leeds, to: york }
const held = { ...entry(0, leeds, 2), to: york }

it('knows stock to be behind where it holds units at a sender that have left it', () => {
  assert.equal(isBehind([held], 'all', [sent]), true)
  assert.equal(isBehind([held], [{ line: 0, quantity: 1 }], [sent]), true)
})

it('does not where other units left, or none, or stock has followed them', () => {
  assert.equal(isBehind([held], [{ line: 1, quantity: 1 }], [sent]), false)
  assert.equal(isBehind([held], 'all', [{ ...sent, from: york, to: leeds }]), false)
  assert.equal(isBehind([held], 'all', []), false)
  assert.equal(isBehind([{ ...held, place: york, state: 't' as const }], 'all', [sent]), false)
})
