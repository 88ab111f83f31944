import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { specify } from '../../tests/contracts/fulfilment-specify.ts'
import { fold, isRefusal } from '../kernel/decider.ts'
import type { Instant, OrderId, Place, Sku } from '../kernel/ids.ts'
import type { TransferEvent } from './contract.ts'
import { isRequested, outstanding, transfer, transferActions, type TransferCommand } from './transfer.ts'
import { totalOf } from './units.ts'

const at = '2026-11-21T10:00:00.000Z' as Instant
const order = 'order' as OrderId
const from = 'york' as Place
const to = 'leeds' as Place
const about = { order, from, to }
const lines = [
  { line: 0, sku: 'a' as Sku, quantity: 4 },
  { line: 3, sku: 'b' as Sku, quantity: 2 },
]
const requested: TransferEvent = { type: 'TransferRequested', ...about, fulfilment: 'ful', lines }
const sent: TransferEvent = { type: 'TransferSent', ...about, lines }
const { given } = specify(transfer)
const receive = (more: Omit<Extract<TransferCommand, { do: 'receive' }>, 'do' | 'at'> = {}): TransferCommand => ({
  do: 'receive',
  ...more,
  at,
})
const received = (more: Partial<Extract<TransferEvent, { type: 'TransferReceived' }>>): TransferEvent => ({
  type: 'TransferReceived',
  ...about,
  fulfilment: 'ful',
  received: [],
  damaged: [],
  missing: [],
  closed: false,
  ...more,
})

describe('A transfer', () => {
  it('is sent as it was asked for', () => given(requested).when({ do: 'send', at }).thenEvents(sent))
  it('is sent once', () => given(requested, sent).when({ do: 'send', at }).thenNothing())
  it('arrives whole when nothing else is said', () =>
    given(requested, sent)
      .when(receive())
      .thenEvents(received({ received: lines, closed: true })))
  it('is not received before it is sent', () => given(requested).when(receive()).thenRefused('step_not_possible'))
  // inventree#5352, #8406: transfers without transit, confirmation or partial receipt.
  it('arrives in parts', () => {
    const part = received({ received: [{ line: 0, sku: 'a' as Sku, quantity: 1 }] })
    given(requested, sent)
      .when(receive({ lines: [{ line: 0, quantity: 1 }] }))
      .thenEvents(part)
    given(requested, sent, part)
      .when(receive())
      .thenEvents(
        received({
          received: [
            { line: 0, sku: 'a' as Sku, quantity: 3 },
            { line: 3, sku: 'b' as Sku, quantity: 2 },
          ],
          closed: true,
        }),
      )
  })
  it('tells what came damaged, and what is missing when it is closed', () =>
    given(requested, sent)
      .when(receive({ lines: [{ line: 0, quantity: 1 }], damaged: [{ line: 3, quantity: 1 }], close: true }))
      .thenEvents(
        received({
          received: [{ line: 0, sku: 'a' as Sku, quantity: 1 }],
          damaged: [{ line: 3, sku: 'b' as Sku, quantity: 1 }],
          missing: [
            { line: 0, sku: 'a' as Sku, quantity: 3 },
            { line: 3, sku: 'b' as Sku, quantity: 1 },
          ],
          closed: true,
        }),
      ))
  it('brings no more than was sent', () =>
    given(requested, sent)
      .when(receive({ lines: [{ line: 3, quantity: 3 }] }))
      .thenRefused('quantity_exceeds_open'))
  it('is received once', () =>
    given(requested, sent, received({ received: lines, closed: true }))
      .when(receive())
      .thenNothing())
  it('is declined by a sender who has not got it', () =>
    given(requested)
      .when({ do: 'decline', at })
      .thenEvents({ type: 'TransferDeclined', ...about, fulfilment: 'ful', lines }))
  it('is declined in part', () => {
    const part: TransferEvent = {
      type: 'TransferDeclined',
      ...about,
      fulfilment: 'ful',
      lines: [{ line: 0, sku: 'a' as Sku, quantity: 4 }],
    }
    given(requested)
      .when({ do: 'decline', lines: [{ line: 0, quantity: 4 }], at })
      .thenEvents(part)
    given(requested, part)
      .when({ do: 'send', at })
      .thenEvents({ type: 'TransferSent', ...about, lines: [{ line: 3, sku: 'b' as Sku, quantity: 2 }] })
  })
  it('cannot be declined on its way', () => given(requested, sent).when({ do: 'decline', at }).thenRefused('step_not_possible'))
  it('is called off before it is sent', () =>
    given(requested).when({ do: 'cancel', reason: 'x', at }).thenTypes('TransferCancelled'))
  it('comes in when it is on its way, whatever was cancelled', () =>
    given(requested, sent).when({ do: 'cancel', reason: 'x', at }).thenNothing())
  it('does not go from a place to itself', () =>
    given().when({ do: 'request', from, to: from, lines, at }).thenRefused('transfer_invalid'))
  it('names each line once', () =>
    given()
      .when({ do: 'request', from, to, lines: [...lines, ...lines], at })
      .thenRefused('transfer_invalid'))

  it('loses and makes no unit: what was sent is received, damaged, missing or still on its way', () => {
    const units = fc.array(fc.record({ line: fc.constantFrom(0, 3), quantity: fc.integer({ min: 1, max: 3 }) }), { maxLength: 2 })
    const command = fc.record({ lines: units, damaged: units, missing: units, close: fc.boolean() }).map((more) => receive(more))
    fc.assert(
      fc.property(fc.array(command, { maxLength: 8 }), (commands) => {
        let state = fold(transfer.evolve, transfer.initial, [requested, sent])
        for (const one of commands) {
          const decided = transfer.decide(one, state)
          if (!isRefusal(decided)) state = fold(transfer.evolve, state, decided)
          assert.ok(isRequested(state))
          const known = state.lines.reduce((sum, row) => sum + row.received + row.damaged + row.missing, 0)
          assert.equal(known + totalOf(outstanding(state)), 6)
          assert.equal(state.status === 'received', totalOf(outstanding(state)) === 0)
          assert.deepEqual(transferActions(state), state.status === 'received' ? [] : ['receive'])
        }
      }),
    )
  })
})
