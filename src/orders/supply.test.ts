/** What an order waits for moves, or will not come: by the order's own rules, without stock or warehouses. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { at, both, day, part, placed, reserved } from '../../tests/support/order-story.ts'
import { leeds } from '../../tests/support/heart.ts'
import { fold, isRefusal } from '../kernel/decider.ts'
import type { Day } from '../kernel/ids.ts'
import { addDays } from '../kernel/time.ts'
import type { SupplyDays } from '../inventory/contract.ts'
import type { OrderEvent } from './contract.ts'
import { type OrderCommand, orderDecider } from './decide.ts'
import { actionsOf } from './derive.ts'
import { unplaced } from './order.ts'
import { redated } from './supply.ts'

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

  it('has the days that its places and carriers keep, where they are known', () => {
    const days: SupplyDays = {
      fromShelf: () => addDays(day, 1),
      fromSupply: () => undefined,
      sent: (_, ready) => ({ dispatch: addDays(ready, 1), arrives: addDays(ready, 4) }),
    }
    const told = (ready: Day) => {
      const moved = [{ line: 0, place: leeds, was: day, now: addDays(day, 3), ready }]
      const shipments = redated(after(waiting), moved, days, at)
      const events = decide(waiting, { do: 'followSupply', moved, lost: [], shipments }) as readonly OrderEvent[]
      const [parcel] = after([...waiting, ...events]).progress.plan
      return [parcel?.lines[1]?.ready, parcel?.dispatch, parcel?.arrives, after([...waiting, ...events]).progress.expected]
    }
    assert.deepEqual(told(addDays(day, 5)), [addDays(day, 5), addDays(day, 6), addDays(day, 9), addDays(day, 9)])
    // Early: the rest of the parcel can be packed on the next day.
    assert.deepEqual(told(addDays(day, -2)), [addDays(day, -2), addDays(day, 2), addDays(day, 5), addDays(day, 5)])
    // Not the last of its parcel: nothing moves.
    assert.deepEqual(redated(after(waiting), [{ line: 1, place: leeds, was: day, now: addDays(day, 3) }], days, at), [])
    const nowhere = { ...days, sent: () => undefined }
    assert.deepEqual(redated(after(waiting), [{ line: 0, place: leeds, was: day, now: addDays(day, 3) }], nowhere, at), [])
    assert.deepEqual(redated(after(waiting), [{ line: 0, place: leeds, was: day, now: addDays(day, 3) }], undefined, at), [])
  })

  it('waits in pieces for several days: the last is told, the others keep their distance', () => {
    const pieces = [
      placed(),
      reserved(
        part(0, 1, { kind: 'backorder', ready: day }),
        part(0, 2, { kind: 'backorder', ready: addDays(day, 4) }),
        part(1, 2),
      ),
    ]
    const moved = [{ line: 0, place: leeds, was: addDays(day, 4), now: addDays(day, 6), ready: addDays(day, 8) }]
    const events = decide(pieces, { do: 'followSupply', moved, lost: [] }) as readonly OrderEvent[]
    const { plan } = after([...pieces, ...events]).progress
    assert.deepEqual(
      plan[0]?.lines.map(({ ready }) => ready),
      [addDays(day, 2), addDays(day, 8), undefined],
    )
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

  it('is parted by whole bundles, and not where one would be torn', () => {
    const [one] = waiting
    assert.ok(one?.type === 'OrderPlaced')
    const [mug, pen] = one.lines
    assert.ok(mug !== undefined && pen !== undefined)
    // Three sets, each with a mug and two pens, and a pen of its own.
    const set = { ...mug, kind: 'bundle' as const }
    const inSet = (what: typeof mug, quantity: number) => ({ ...what, kind: 'component' as const, parent: 0, quantity })
    const sets = { ...one, lines: [set, inSet(mug, 3), inSet(pen, 6), pen] }
    const awaited = (mugs: number, pens: number) => [
      sets,
      reserved(
        part(1, mugs),
        part(1, 3 - mugs, { kind: 'backorder', ready: day }),
        part(2, pens),
        part(2, 6 - pens, { kind: 'backorder', ready: day }),
      ),
      { type: 'ChoiceOffered', lines: [{ line: 1, quantity: 3 - mugs }] } as const,
    ]
    const split = { do: 'choose', choice: 'split', by: 'ann' } as const
    const asked = awaited(2, 3)
    const made = decide(asked, split) as readonly OrderEvent[]
    assert.deepEqual(
      made.map((event) => 'bundles' in event && event.bundles),
      [[1, 2].map((line) => ({ line, bundle: 0, per: line }))],
    )
    assert.deepEqual(
      after([...asked, ...made]).progress.plan.map((shipment) =>
        shipment.lines.map(({ line, quantity, kind }) => `${quantity} of ${line} ${kind}`),
      ),
      [
        ['1 of 1 stock', '2 of 2 stock'],
        ['1 of 1 stock', '1 of 1 backorder', '1 of 2 stock', '3 of 2 backorder'],
      ],
    )
    assert.equal(decide(awaited(2, 1), split), 'nothing_to_choose')
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
