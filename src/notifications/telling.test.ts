import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { placed, reserved } from '../../tests/contracts/insight-story.ts'
import type { Day } from '../kernel/ids.ts'
import type { OrderEvent } from '../orders/contract.ts'
import { newId } from '../platform/ids.ts'
import { cardOf, tell } from './telling.ts'

const at = '2026-11-21T10:00:00.000Z'
const id = newId(at as Parameters<typeof newId>[0])
const set = (
  arrives: string,
  kind: 'stock' | 'backorder' = 'stock',
  promised?: string,
): Exclude<OrderEvent, { type: 'OrderPlaced' }> => {
  const event = reserved(arrives, 1, kind)
  assert.ok(event.type === 'StockReserved')
  return { ...event, ...(promised === undefined ? {} : { promised: promised as Day }) }
}

describe('The day that a customer is told', () => {
  const card = cardOf(id, placed(at))
  it('is the promised one, with what it allows for', () => {
    assert.equal(tell(card, set('2026-11-24', 'stock', '2026-11-26')).card.promised, '2026-11-26')
    assert.equal(tell(card, set('2026-11-24')).card.promised, '2026-11-24')
    const { notices } = tell(card, set('2026-12-01', 'backorder', '2026-12-03'))
    assert.deepEqual([notices[0]?.kind, notices[0]?.facts?.day], ['backordered', '2026-12-03'])
  })

  it('is the one of the promise that the order was placed by', () => {
    const held = cardOf(id, placed(at, { promised: '2026-11-27' as Day }))
    const told = tell(held, set('2026-11-25'))
    assert.deepEqual([told.card.promised, told.notices], ['2026-11-27', []])
  })

  it('is told again only when a later plan is past it', () => {
    const { card: promised } = tell(card, set('2026-11-24', 'stock', '2026-11-26'))
    assert.deepEqual(tell(promised, set('2026-11-26')).notices, [])
    const delayed = tell(promised, set('2026-11-27'))
    assert.deepEqual([delayed.notices[0]?.kind, delayed.notices[0]?.facts?.day], ['delayed', '2026-11-27'])
    assert.deepEqual(tell(delayed.card, set('2026-11-27')).notices, [])
  })
})
