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

  it('knows the newest 25,000 lines and never more than some 50,000, whatever their orders’ length', () => {
    const memory = new PlacedMemory()
    const orders = Array.from({ length: 90 }, (_, index) => order(index))
    for (const [index, id] of orders.entries()) {
      memory.remember(id, placedWith(1_000))
      const known = memory.known(orders)
      const newest = orders.slice(Math.max(0, index - 24), index + 1)
      assert.ok(newest.every((one) => known.has(one)))
      assert.ok(known.size <= 50)
    }
    assert.equal(memory.known([order(0)]).size, 0, 'the oldest is forgotten')
  })

  it('counts an order once, however often it is told', () => {
    const memory = new PlacedMemory()
    for (let round = 0; round < 100; round++) memory.remember(order(1), placedWith(1_000))
    memory.remember(order(2), placedWith(1_000))
    assert.equal(memory.known([order(1), order(2)]).size, 2)
  })
})
