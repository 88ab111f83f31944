import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fold } from '../kernel/decider.ts'
import type { OrderId } from '../kernel/ids.ts'
import { allot, type Held } from './allotment.ts'
import type { PaymentEvent } from './contract.ts'
import { evolve, unstarted } from './payment-state.ts'

const order = 'o' as OrderId
const held = (id: string, amount: number, authorized: number, ...more: readonly PaymentEvent[]): Held => {
  const start: PaymentEvent = {
    type: 'PaymentStarted',
    order,
    amount,
    total: 100,
    currency: 'GBP',
    method: 'PAYPAL',
    provider: 'p',
    captureAt: 'shipment',
  }
  const money: readonly PaymentEvent[] =
    authorized > 0 ? [{ type: 'PaymentAuthorized', order, amount: authorized, reference: 'r' }] : []
  const state = fold(evolve, unstarted, [start, ...money, ...more])
  if (state.status !== 'started') throw new Error('unreachable')
  return { id, state }
}

describe('What an order keeps of its payments', () => {
  const kept = (payments: readonly Held[], total: number, newest?: string) => Object.fromEntries(allot(payments, total, newest))
  it('is all of the one that pays for it', () => assert.deepEqual(kept([held('a', 100, 100)], 100), { a: 100 }))
  it('is what it is worth now', () => assert.deepEqual(kept([held('a', 100, 100)], 60), { a: 60 }))
  it('is the sum of several', () => assert.deepEqual(kept([held('a', 60, 60), held('b', 40, 40)], 100), { a: 60, b: 40 }))
  it('is nothing of the one that came second', () =>
    assert.deepEqual(kept([held('a', 100, 100), held('b', 100, 100)], 100, 'a'), { a: 0, b: 100 }))
  it('closes the page that is not needed any more', () =>
    assert.deepEqual(kept([held('a', 100, 0), held('b', 100, 100)], 100, 'b'), { a: 0, b: 100 }))
  it('is not less for what was given freely', () => {
    const given: PaymentEvent = { type: 'RefundRequested', order, refund: 'r', amount: 30, reason: 'x' }
    const captured: PaymentEvent = { type: 'PaymentCaptured', order, amount: 100, reference: 'r' }
    assert.deepEqual(kept([held('a', 100, 100, captured, given)], 100), { a: 100 })
  })
})
