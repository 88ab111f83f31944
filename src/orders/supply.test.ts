/** What an order waits for moves, or will not come: by the order's own rules, without stock or warehouses. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { at, both, day, part, placed, reserved } from '../../tests/support/order-story.ts'
import { leeds } from '../../tests/support/heart.ts'
import { fold, isRefusal } from '../kernel/decider.ts'
import type { Day } from '../kernel/ids.ts'
import { addDays } from '../kernel/time.ts'
import type { OrderEvent } from './contract.ts'
import { type OrderCommand, orderDecider } from './decide.ts'
import { actionsOf } from './derive.ts'
import { unplaced } from './order.ts'

const waiting = [placed(), reserved(part(0, 1), part(0, 2, { kind: 'backorder', ready: day }), part(1, 2))]
const after = (events: readonly OrderEvent[]) => {
  const order = fold(orderDecider.evolve, unplaced, events)
  assert.ok(order.status === 'live')
  return order
}
type Asked = OrderCommand extends infer One ? (One extends OrderCommand ? Omit<One, 'at'> : never) : never
const decide = (events: readonly OrderEvent[], command: Asked) => {
  const answer = orderDecider.decide({ ...command, at }, after(events))
  return isRefusal(answer) ? answer.refused : answer
}
const moves = (was: Day, now: Day): Asked => ({ do: 'followSupply', moved: [{ line: 0, place: leeds, was, now }], lost: [] })
const offered: OrderEvent = { type: 'ChoiceOffered', lines: [{ line: 0, quantity: 2 }] }

describe('An order whose supply moves', () => {
  it('arrives by as many days later or earlier, and keeps its promise', () => {
    for (const days of [3, -2]) {
      const events = decide(waiting, moves(day, addDays(day, days)))
      assert.deepEqual(events, [
        { type: 'ArrivalMoved', was: day, now: addDays(day, days), lines: [{ line: 0, place: leeds, days }] },
      ])
      const { progress } = after([...waiting, ...(events as OrderEvent[])])
      assert.deepEqual(
        [progress.promised, progress.expected, progress.plan[0]?.dispatch],
        [day, addDays(day, days), addDays(day, days)],
      )
      assert.deepEqual(
        progress.plan[0]?.lines.map(({ ready }) => ready),
        [undefined, addDays(day, days), undefined],
      )
    }
  })

  it('stays where something else of the same parcel comes later still', () => {
    const travels = [
      placed(),
      reserved(part(0, 3, { kind: 'backorder', ready: day }), part(1, 2, { kind: 'transfer', ready: addDays(day, 5) })),
    ]
    const [moved] = decide(travels, moves(day, addDays(day, 4))) as readonly OrderEvent[]
    assert.ok(moved?.type === 'ArrivalMoved' && moved.was === moved.now)
  })

  it('hears nothing of a line that does not wait there, nor after its end', () => {
    assert.deepEqual(decide([...both], moves(day, addDays(day, 3))), [])
    assert.deepEqual(decide([...waiting, { type: 'OrderExpired' }], moves(day, addDays(day, 3))), [])
  })
})

describe('An order whose supply is lost', () => {
  const lost = (quantity: number): Asked => ({ do: 'followSupply', moved: [], lost: [{ line: 0, quantity }] })

  it('loses no more than waits', () => {
    assert.deepEqual(decide(waiting, lost(5)), [{ type: 'SupplyFailed', lines: [{ line: 0, quantity: 2 }] }])
    assert.deepEqual(decide([...both], lost(1)), [])
  })

  it('offers a choice that ends with it, with new supply, with the units’ coming, or with their being cancelled', () => {
    const asked = [...waiting, offered]
    assert.ok(actionsOf(after(asked)).includes('choose'))
    assert.ok(!actionsOf(after(waiting)).includes('choose'))
    const fills = [{ line: 0, quantity: 1, place: leeds }]
    const { totals } = after(asked).progress
    const left = (event: OrderEvent) => after([...asked, event]).progress.choice
    assert.deepEqual(left({ type: 'BackorderFilled', fills }), [{ line: 0, quantity: 1 }])
    assert.deepEqual(
      left({ type: 'UnitsCancelled', reason: 'r', lines: [{ line: 0, quantity: 2 }], totals, refund: 'auto' }),
      undefined,
    )
    assert.deepEqual(left({ type: 'ArrivalMoved', was: day, now: day, lines: [{ line: 0, place: leeds, days: 0 }] }), undefined)
    assert.deepEqual(left({ type: 'OrderExpired' }), undefined)
  })

  it('waits, is parted, or is cancelled, as its customer says', () => {
    const asked = [...waiting, offered]
    const lines = [{ line: 0, quantity: 2 }]
    const made = (choice: 'wait' | 'split' | 'cancel') => decide(asked, { do: 'choose', choice, by: 'ann' })
    assert.deepEqual(made('wait'), [{ type: 'ChoiceMade', choice: 'wait', by: 'ann', lines }])
    const parted = after([...asked, ...(made('split') as OrderEvent[])]).progress
    assert.deepEqual(
      parted.plan.map((shipment) => shipment.lines.map(({ quantity, kind }) => `${quantity} ${kind}`)),
      [['1 stock', '2 stock'], ['2 backorder']],
    )
    const gone = made('cancel') as readonly OrderEvent[]
    assert.deepEqual(
      gone.map(({ type }) => type),
      ['ChoiceMade', 'UnitsCancelled'],
    )
    assert.deepEqual(after([...asked, ...gone]).progress.counters.current, [1, 2])
  })

  it('is asked only what it offers', () => {
    assert.equal(decide(waiting, { do: 'choose', choice: 'wait', by: 'ann' }), 'nothing_to_choose')
    assert.equal(decide([...waiting, offered], { do: 'choose', choice: 'wait', by: 'ann', lines: [1] }), 'line_not_found')
    const nothing = [placed(), reserved(part(0, 3, { kind: 'preorder', ready: day }), part(1, 2, { kind: 'preorder', ready: day }))]
    assert.equal(decide([...nothing, offered], { do: 'choose', choice: 'split', by: 'ann' }), 'nothing_to_choose')
  })

  it('is not parted where a bundle would be torn', () => {
    const [one, ...rest] = waiting
    assert.ok(one?.type === 'OrderPlaced')
    const lines = one.lines.map((ordered, at) => (at === 0 ? { ...ordered, kind: 'component' as const, parent: 1 } : ordered))
    assert.equal(decide([{ ...one, lines }, ...rest, offered], { do: 'choose', choice: 'split', by: 'ann' }), 'nothing_to_choose')
  })

  it('waits no longer for what it has otherwise', () => {
    const { progress } = after([
      ...waiting,
      offered,
      { type: 'WaitEnded', lines: [{ line: 0, quantity: 2 }] },
      reserved(part(0, 2)),
    ])
    assert.deepEqual([progress.counters.reserved, progress.counters.backordered, progress.choice], [[3, 2], [0, 0], undefined])
    assert.deepEqual(
      progress.plan.map((shipment) => shipment.lines.length),
      [2, 1],
    )
  })
})
