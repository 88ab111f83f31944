/** The rules of returns, and what comes back is worth. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { OrderId, Place, Sku } from '../../src/kernel/ids.ts'
import { instant } from '../../src/kernel/time.ts'
import type { ReturnableLine, ReturnableOrder, ReturnEvent } from '../../src/returns/contract.ts'
import { type Known, type ReturnCommand, returnDecider, type ReturnStep } from '../../src/returns/return.ts'
import { giveable, worthOf } from '../../src/returns/units.ts'
import { specify } from './fulfilment-specify.ts'

const at = instant(Date.parse('2026-11-21T10:00:00Z'))
const order = '01990000-0000-7000-8000-000000000001' as OrderId
const leeds = 'leeds' as Place
const line = (sku: string, units: number, worth: number, more: Partial<ReturnableLine> = {}): ReturnableLine => ({
  sku: sku as Sku,
  kind: 'product',
  current: units,
  shipped: units,
  returned: 0,
  worth,
  ...more,
})
const facts = (lines: readonly ReturnableLine[], more: Partial<ReturnableOrder> = {}): ReturnableOrder => {
  const total = lines.reduce((sum, { worth }) => sum + worth, 0)
  return { number: 1001, currency: 'GBP', lines, total, captured: total, refunded: 0, ...more }
}
/** Three mugs for 10.00 in all, and a bundle of two cups and a pot for 9.00. */
const mugs = line('mug', 3, 1_000)
const bundle = [
  line('set', 0, 0, { kind: 'bundle' }),
  line('cup', 2, 600, { kind: 'component', parent: 1, perBundle: 2 }),
  line('pot', 1, 300, { kind: 'component', parent: 1, perBundle: 1 }),
]
const placed = facts([mugs, ...bundle])
const asked = (step: ReturnStep, about = placed, others: readonly Known[] = []): ReturnCommand => ({
  ...step,
  at,
  order,
  facts: about,
  others,
})
const expect = (...lines: readonly (readonly [number, number])[]): ReturnStep => ({
  do: 'expect',
  reason: 'wrong_size',
  lines: lines.map(([line, quantity]) => ({ line, quantity })),
})
const units = (line: number, sku: string, quantity: number) => ({ line, sku: sku as Sku, quantity })
const expected = (...lines: readonly ReturnType<typeof units>[]): ReturnEvent => ({
  type: 'ReturnExpected',
  order,
  number: 1001,
  currency: 'GBP',
  lines,
  reason: 'wrong_size',
})
const received = (refund: number, more: Partial<Extract<ReturnEvent, { type: 'ReturnReceived' }>> = {}): ReturnEvent => ({
  type: 'ReturnReceived',
  order,
  place: leeds,
  restock: [],
  damaged: [],
  writtenOff: [],
  refund,
  ...more,
})
const receive = (
  lines: readonly (readonly [number, number, 'restock' | 'damaged' | 'write_off'])[],
  refund: 'auto' | 'none' | number = 'auto',
): ReturnStep => ({
  do: 'receive',
  place: leeds,
  lines: lines.map(([line, quantity, disposition]) => ({ line, quantity, disposition })),
  refund,
})
const given = (...past: readonly ReturnEvent[]) => specify(returnDecider).given(...past)
const stateAfter = (...past: readonly ReturnEvent[]): Known => {
  const state = past.reduce(returnDecider.evolve, returnDecider.initial)
  assert.ok(state.status !== 'unknown')
  return state
}

describe('Announcing a return', () => {
  it('names what was sent', () =>
    given()
      .when(asked(expect([0, 2])))
      .thenEvents(expected(units(0, 'mug', 2))))
  it('adds up a line that is named twice', () =>
    given()
      .when(asked(expect([0, 1], [0, 1])))
      .thenEvents(expected(units(0, 'mug', 2))))
  it('takes a bundle whole', () =>
    given()
      .when(asked(expect([1, 1])))
      .thenEvents(expected(units(2, 'cup', 2), units(3, 'pot', 1))))
  it('is refused for a part of a bundle', () =>
    given()
      .when(asked(expect([2, 1])))
      .thenRefused('bundle_split'))
  it('is refused beyond what was sent', () =>
    given()
      .when(asked(expect([0, 4])))
      .thenRefused('quantity_exceeds_returnable'))
  it('is refused for what is still in the warehouse', () =>
    given()
      .when(asked(expect([0, 1]), facts([{ ...mugs, shipped: 0 }])))
      .thenRefused('quantity_exceeds_returnable'))
  it('is refused for what came back before', () =>
    given()
      .when(asked(expect([0, 2]), facts([{ ...mugs, returned: 2 }])))
      .thenRefused('quantity_exceeds_returnable'))
  it('is refused for what another return was promised', () =>
    given()
      .when(asked(expect([0, 2]), placed, [stateAfter(expected(units(0, 'mug', 2)))]))
      .thenRefused('quantity_exceeds_returnable'))
  it('is possible for what another return gave up', () =>
    given()
      .when(
        asked(expect([0, 3]), placed, [
          stateAfter(expected(units(0, 'mug', 3)), { type: 'ReturnClosed', order, outcome: 'cancelled' }),
        ]),
      )
      .thenEvents(expected(units(0, 'mug', 3))))
  it('is refused for a line that is not there', () =>
    given()
      .when(asked(expect([9, 1])))
      .thenRefused('line_not_found'))
  it('is refused for a delivery charge', () =>
    given()
      .when(asked(expect([0, 1]), facts([{ ...mugs, kind: 'charge' }])))
      .thenRefused('line_not_found'))
})

describe('Receiving a return', () => {
  const two = expected(units(0, 'mug', 2))
  it('says what becomes of each unit, and gives back what they cost', () =>
    given(two)
      .when(
        asked(
          receive([
            [0, 1, 'restock'],
            [0, 1, 'damaged'],
          ]),
        ),
      )
      .thenEvents(received(667, { restock: [units(0, 'mug', 1)], damaged: [units(0, 'mug', 1)] })))
  it('may bring less than was announced', () =>
    given(two)
      .when(asked(receive([[0, 1, 'write_off']])))
      .thenEvents(received(334, { writtenOff: [units(0, 'mug', 1)] })))
  it('gives nothing back where that was asked', () =>
    given(two)
      .when(asked(receive([[0, 2, 'restock']], 'none')))
      .thenEvents(received(0, { restock: [units(0, 'mug', 2)] })))
  it('gives a free amount back', () =>
    given(two)
      .when(asked(receive([[0, 2, 'restock']], 1_900)))
      .thenEvents(received(1_900, { restock: [units(0, 'mug', 2)] })))
  it('never gives back more than was taken', () =>
    given(two)
      .when(asked(receive([[0, 2, 'restock']], 1_901)))
      .thenRefused('refund_exceeds_captured'))
  it('counts what was given back already', () =>
    given(two)
      .when(asked(receive([[0, 2, 'restock']]), { ...placed, refunded: 1_500 }))
      .thenEvents(received(400, { restock: [units(0, 'mug', 2)] })))
  it('gives nothing back where nothing was paid here', () =>
    given(two)
      .when(asked(receive([[0, 2, 'restock']]), { ...placed, captured: 0 }))
      .thenEvents(received(0, { restock: [units(0, 'mug', 2)] })))
  it('is refused for more than was announced', () =>
    given(two)
      .when(
        asked(
          receive([
            [0, 2, 'restock'],
            [0, 1, 'damaged'],
          ]),
        ),
      )
      .thenRefused('quantity_exceeds_expected'))
  it('gives for a bundle with a part missing what the rest is worth', () =>
    given(expected(units(2, 'cup', 2), units(3, 'pot', 1)))
      .when(asked(receive([[2, 2, 'restock']])))
      .thenEvents(received(600, { restock: [units(2, 'cup', 2)] })))
  it('is refused twice', () =>
    given(two, received(667, { restock: [units(0, 'mug', 2)] }))
      .when(asked(receive([[0, 1, 'restock']])))
      .thenRefused('return_not_open'))
  it('is refused for a return that was never announced', () =>
    given()
      .when(asked(receive([[0, 1, 'restock']])))
      .thenRefused('return_not_found'))
})

describe('Ending a return', () => {
  const two = expected(units(0, 'mug', 2))
  const back = received(667, { restock: [units(0, 'mug', 2)] })
  it('settles when the order has it in its books', () =>
    given(two, back)
      .when(asked({ do: 'settle' }))
      .thenEvents({ type: 'ReturnClosed', order, outcome: 'settled' }))
  it('settles once', () =>
    given(two, back, { type: 'ReturnClosed', order, outcome: 'settled' })
      .when(asked({ do: 'settle' }))
      .thenNothing())
  it('calls off what will not come, once', () => {
    given(two)
      .when(asked({ do: 'cancel' }))
      .thenEvents({ type: 'ReturnClosed', order, outcome: 'cancelled' })
    given(two, { type: 'ReturnClosed', order, outcome: 'cancelled' })
      .when(asked({ do: 'cancel' }))
      .thenNothing()
  })
  it('is refused for what has come', () =>
    given(two, back)
      .when(asked({ do: 'cancel' }))
      .thenRefused('return_not_open'))
})

describe('What comes back', () => {
  it('is worth the whole line when all of it came, in whatever parts', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }), fc.nat(100_000), (parts, worth) => {
        const current = parts.reduce((sum, part) => sum + part, 0)
        let [returned, given] = [0, 0]
        for (const part of parts) {
          given += worthOf(facts([line('mug', current, worth, { returned })]), [], new Map([[0, part]]))
          returned += part
        }
        assert.equal(given, worth)
      }),
    )
  })
  it('never asks for more than is left of the money', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(10_000), fc.array(fc.nat(5_000), { maxLength: 4 }), (captured, refunded, promised) => {
        const others = promised.map((refund) => ({ expected: [], received: [], refund }))
        const most = giveable(facts([mugs], { captured, total: captured, refunded: Math.min(refunded, captured) }), others)
        assert.ok(most >= 0 && most <= captured - Math.min(refunded, captured))
        assert.ok(most === 0 || most + promised.reduce((sum, refund) => sum + refund, 0) <= captured)
      }),
    )
  })
})
