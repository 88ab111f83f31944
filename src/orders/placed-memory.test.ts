import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OrderId } from '../kernel/ids.ts'
import type { Placed } from './order.ts'
import { PlacedMemory } from './placed-memory.ts'

const order = (index: number): OrderId => `order-${index}` as OrderId
const placedWith = (lines: number): Placed => ({ lines: Array.from({ length: lines }) }) as never

describe('The memory of what was placed', () => {
  it('knows what it was told, and nothing else', () => {
    const memory = new PlacedMemory()
    const placed = placedWith(2)
    memory.remember(order(1), placed)
    assert.deepEqual([...memory.known([order(1), order(2)])], [[order(1), placed]])
  })

  it('forgets the oldest beyond 50,000 lines, whatever their orders’ length', () => {
    const memory = new PlacedMemory()
    for (let index = 0; index < 60; index++) memory.remember(order(index), placedWith(1_000))
    const known = [...memory.known(Array.from({ length: 60 }, (_, index) => order(index))).keys()]
    assert.deepEqual(
      known,
      Array.from({ length: 50 }, (_, index) => order(index + 10)),
    )
  })

  it('counts an order once, however often it is told', () => {
    const memory = new PlacedMemory()
    for (let round = 0; round < 100; round++) memory.remember(order(1), placedWith(1_000))
    memory.remember(order(2), placedWith(1_000))
    assert.equal(memory.known([order(1), order(2)]).size, 2)
  })
})
