/** Which units of an order's work go where some of them are cancelled. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Day, Instant, OrderId, Place, Sku } from '../kernel/ids.ts'
import { Desk } from './desk.ts'

const [order, york, mug] = ['order-1' as OrderId, 'york' as Place, 'mug' as Sku]
const [instant, day] = ['2026-11-21T08:00:00.000Z' as Instant, '2026-12-01' as Day]

type Part = Readonly<{ kind: 'stock' | 'backorder'; quantity: number }>
const plan = (desk: Desk, ...shipments: readonly (readonly Part[])[]): void =>
  desk.assemblyRequested(order, {
    type: 'AssemblyRequested',
    number: 1001,
    shipments: shipments.map((parts) => ({
      place: york,
      dispatch: day,
      arrives: day,
      lines: parts.map((part) => ({ line: 0, sku: mug, from: york, ...part })),
    })),
    destination: { country: 'GB', postalCode: 'LS1', latitude: 53.8, longitude: -1.5 },
    held: false,
    shippingMethod: 'standard',
  })

/** Works of one order in one place, each waiting for as many units of line 0. */
const waiting = (...quantities: readonly number[]): Desk => {
  let made = 0
  const none = new Map<string, never>()
  const states = { fulfilments: none, transfers: none, early: none, cancelled: none }
  const desk = new Desk(states, () => `work-${++made}`, instant)
  plan(desk, ...quantities.map((quantity) => [{ kind: 'backorder' as const, quantity }]))
  return desk
}

it('takes what waits in any work before what is there in one', () => {
  const desk = waiting(2, 1)
  desk.supplyArrived(order, [{ line: 0, quantity: 1, place: york }])
  const taken = desk.cancel({ order, lines: [{ line: 0, quantity: 2 }] }, 'cancelled')
  assert.deepEqual(
    taken.map(({ quantity, state }) => ({ quantity, state })),
    [
      { quantity: 1, state: 'supply' },
      { quantity: 1, state: 'supply' },
    ],
  )
  assert.deepEqual(
    desk.of(order).map(({ state }) => state.status),
    ['released', 'cancelled'],
  )
  assert.deepEqual(
    desk.awaited(order).filter(({ quantity }) => quantity > 0),
    [],
  )
})

it('takes what is there where that is not enough', () => {
  const desk = waiting(2, 1)
  desk.supplyArrived(order, [{ line: 0, quantity: 1, place: york }])
  const taken = desk.cancel({ order, lines: [{ line: 0, quantity: 3 }] }, 'cancelled')
  assert.deepEqual(
    taken.map(({ state }) => state),
    ['supply', 'supply', 'shelf'],
  )
})

it('leaves out of a plan what was cancelled before it came: what waits, where that was cancelled', () => {
  const desk = waiting()
  desk.unplanned(order, [{ line: 0, quantity: 1, at: york, state: 'supply' }])
  plan(desk, [{ kind: 'stock', quantity: 1 }], [{ kind: 'backorder', quantity: 2 }])
  assert.deepEqual(
    desk.of(order).map(({ state }) => state.lines.map(({ quantity, supply }) => [quantity, supply])),
    [[[1, 0]], [[1, 1]]],
  )
})
