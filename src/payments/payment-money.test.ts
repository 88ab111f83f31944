import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { fold, isRefusal } from '../kernel/decider.ts'
import type { Instant, OrderId } from '../kernel/ids.ts'
import { movementsOf } from './money-log.ts'
import { payment, type PaymentCommand } from './payment.ts'
import { refunded, refundsTaken, unstarted } from './payment-state.ts'

const order = 'o' as OrderId
const base = { order, amount: 100, total: 100, currency: 'GBP', method: 'PAYPAL', provider: 'p', goods: [] } as const
const amount = fc.integer({ min: -5, max: 130 })
const total = fc.integer({ min: 0, max: 120 })
const id = fc.constantFrom('a', 'b', 'c', 'owed-1', 'owed-2', 'placement-1')
const told = { currency: fc.constantFrom('GBP', 'GBP', 'GBP', 'EUR'), reference: fc.constant('r') }
const make = (does: PaymentCommand['do'], rest: object): fc.Arbitrary<PaymentCommand> =>
  fc.record({ do: fc.constant(does), ...rest }) as unknown as fc.Arbitrary<PaymentCommand>
const command: fc.Arbitrary<PaymentCommand> = fc.oneof(
  make('pageReady', { url: fc.constant('u'), reference: fc.constant('r') }),
  make('recordSuccess', { amount, ...told, captured: fc.option(fc.boolean(), { nil: undefined }) }),
  make('recordAuthorized', { amount, ...told }),
  make('recordCaptured', { amount, ...told, capture: fc.option(id, { nil: undefined }) }),
  make('recordFailed', { reason: fc.constant('x') }),
  make('recordCancelled', { reason: fc.constant('x') }),
  make('requestCapture', { capture: id, amount: fc.option(amount, { nil: undefined }) }),
  make('captureFailed', { capture: id, reason: fc.constant('x') }),
  make('billParcel', { parcel: id, lines: fc.constant([{ line: 0, quantity: 1 }]), whole: fc.boolean() }),
  make('requestRefund', { refund: id, amount: fc.option(amount, { nil: undefined }), reason: fc.constant('x') }),
  make('recordRefunded', { refund: id, amount, reference: fc.constant('x') }),
  make('refundFailed', { refund: id, reason: fc.constant('x') }),
  make('requestVoid', { reason: fc.constant('x') }),
  make('recordVoided', { amount }),
  make('want', { amount: total, total, reason: fc.constant('x'), closed: fc.boolean() }),
)

describe('The money of a payment, whatever is asked and told', () => {
  it('is conserved, and the log says the same as the state', () =>
    fc.assert(
      fc.property(fc.constantFrom('placement', 'shipment'), fc.array(command, { maxLength: 30 }), (captureAt, commands) => {
        let state = fold(payment.evolve, unstarted, [{ type: 'PaymentStarted', ...base, captureAt }])
        const logged = new Map<string, number>()
        const references = new Set<string>()
        for (const one of commands) {
          const events = payment.decide(one, state)
          if (isRefusal(events)) continue
          state = fold(payment.evolve, state, events)
          assert.ok(state.status === 'started')
          for (const row of movementsOf({ id: 'p', version: 1, state, events }, '' as Instant)) {
            logged.set(row.kind, (logged.get(row.kind) ?? 0) + row.amount)
            assert.ok(!references.has(`${row.kind} ${row.reference}`), 'a movement is logged twice')
            references.add(`${row.kind} ${row.reference}`)
          }
          // Money that was given back and then captured all the same was authorised twice, as far as the log can say.
          assert.ok(state.authorized <= state.amount + state.voided)
          assert.ok(state.captured <= state.amount)
          assert.ok(state.captured + state.voided <= state.authorized)
          assert.ok(refundsTaken(state) <= state.captured)
          const stated = [state.authorized, state.captured, state.voided, refunded(state)]
          assert.deepEqual(
            stated,
            ['authorize', 'capture', 'void', 'refund'].map((kind) => logged.get(kind) ?? 0),
          )
          // The same again changes nothing.
          if (one.do !== 'recordDeclined' && !isRefusal(payment.decide(one, state))) {
            assert.deepEqual(payment.decide(one, state), [], one.do)
          }
        }
      }),
      { numRuns: 3_000 },
    ))
})
