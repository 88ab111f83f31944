import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { fold, isRefusal } from '../kernel/decider.ts'
import type { Instant, OrderId, Place, Sku } from '../kernel/ids.ts'
import type { FulfilmentEventOf } from './contract.ts'
import { type FulfilmentCommand, fulfilmentOrder } from './fulfilment-order.ts'
import { totalOf } from './units.ts'
import { isLive } from './work.ts'

const at = '2026-11-21T10:00:00.000Z' as Instant
const leeds = 'leeds' as Place
const york = 'york' as Place
const here = (index: number, quantity: number) => ({
  line: index,
  sku: `sku${index}` as Sku,
  quantity,
  from: leeds,
  kind: 'stock' as const,
})
const plannedOf = (lines: FulfilmentEventOf<'FulfilmentPlanned'>['lines']): FulfilmentEventOf<'FulfilmentPlanned'> => ({
  type: 'FulfilmentPlanned',
  order: 'order' as OrderId,
  number: 7,
  place: leeds,
  lines,
  held: false,
  country: 'GB',
  postalCode: 'LS1',
  shippingMethod: 'standard',
  addressPending: false,
})
const someUnits = fc.array(fc.record({ line: fc.integer({ min: 0, max: 2 }), quantity: fc.integer({ min: 1, max: 4 }) }), {
  minLength: 1,
  maxLength: 3,
})
const anyCommand: fc.Arbitrary<FulfilmentCommand> = fc.oneof(
  fc.record({
    do: fc.constant('arrive' as const),
    lines: someUnits,
    via: fc.constantFrom('transfer' as const, 'supply' as const),
    place: fc.constant(leeds),
    at: fc.constant(at),
  }),
  fc.record({
    do: fc.constant('giveUp' as const),
    lines: someUnits,
    reason: fc.constantFrom('declined' as const, 'lost' as const),
    at: fc.constant(at),
  }),
  fc.record({ do: fc.constant('reroute' as const), lines: someUnits, from: fc.constant(york), at: fc.constant(at) }),
  fc.record({ do: fc.constant('hold' as const), release: fc.boolean(), collection: fc.boolean(), at: fc.constant(at) }),
  fc.record({ do: fc.constant('pick' as const), lines: fc.option(someUnits, { nil: undefined }), at: fc.constant(at) }),
  fc.record({ do: fc.constant('short' as const), lines: someUnits, by: fc.constant('w'), at: fc.constant(at) }),
  fc.record({
    do: fc.constant('pack' as const),
    parcels: fc.constantFrom(['a'], ['b'], ['c']).map(([parcel = '']) => [{ parcel }]),
    at: fc.constant(at),
  }),
  fc.record({
    do: fc.constantFrom('parcelCollected' as const, 'parcelDelivered' as const),
    parcel: fc.constantFrom('a', 'b', 'c'),
    at: fc.constant(at),
  }),
  fc.record({
    do: fc.constant('reduce' as const),
    lines: fc.oneof(someUnits, fc.constant('all' as const)),
    reason: fc.constant('x'),
    at: fc.constant(at),
  }),
  fc.record({ do: fc.constant('putBack' as const), at: fc.constant(at) }),
)

describe('Whatever happens to the work of a warehouse', () => {
  it('units in are units out, and each is in one place', () => {
    const start = plannedOf([here(0, 4), { ...here(1, 3), from: york, kind: 'transfer' }, { ...here(2, 5), kind: 'backorder' }])
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 30 }), (commands) => {
        let state = fold(fulfilmentOrder.evolve, fulfilmentOrder.initial, [start])
        let gone = 0
        for (const command of commands) {
          const decided = fulfilmentOrder.decide(command, state)
          if (isRefusal(decided)) continue
          for (const event of decided) {
            if (event.type === 'UnitsFoundShort' || event.type === 'UnitsNotComing' || event.type === 'FulfilmentReduced')
              gone += totalOf(event.lines)
            state = fulfilmentOrder.evolve(state, event)
          }
          assert.ok(isLive(state))
          assert.equal(totalOf(state.lines) + gone, 12)
          for (const { supply, transit, picked: off, quantity } of state.lines) {
            assert.ok(supply >= 0 && transit >= 0 && off >= 0 && supply + transit + off <= quantity)
          }
          const inBoxes = totalOf(state.parcels.flatMap(({ lines }) => lines))
          if (['packed', 'collected', 'delivered'].includes(state.status)) assert.equal(inBoxes, totalOf(state.lines))
          if (state.status === 'released')
            assert.ok(!state.held && state.lines.every(({ supply, transit }) => supply + transit === 0))
          const again = fulfilmentOrder.decide(command, state)
          if (command.do === 'pack' || (command.do === 'reduce' && command.lines === 'all'))
            assert.ok(isRefusal(again) || again.length === 0, 'repeated, it changes nothing')
        }
      }),
    )
  })
})
