import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { specify } from '../../tests/contracts/fulfilment-specify.ts'
import { fold, isRefusal } from '../kernel/decider.ts'
import type { Instant, OrderId, Place, Sku } from '../kernel/ids.ts'
import { instant } from '../kernel/time.ts'
import type { ParcelStatus } from '../orders/contract.ts'
import type { ParcelEvent } from './contract.ts'
import { isAnnounced, parcel, parcelActions, type ParcelCommand } from './parcel.ts'
import { attemptsOf, learn, nothingKnown, statusOf } from './tracking.ts'

const hour = (n: number): Instant => instant(Date.parse('2026-11-21T00:00:00Z') + n * 3_600_000)
const at = hour(100)
const order = 'order' as OrderId
const announcement = {
  order,
  number: 7,
  fulfilment: 'ful',
  place: 'leeds' as Place,
  carrier: 'simulated',
  service: 'standard',
  weightGrams: 900,
  lines: [{ line: 0, sku: 'a' as Sku, quantity: 2 }],
  country: 'GB',
  postalCode: 'LS1',
}
const announced: ParcelEvent = { type: 'ParcelAnnounced', ...announcement, blocked: false, held: false, waitsForAddress: false }
const held: ParcelEvent = { ...announced, blocked: true, held: true }
const labelled: ParcelEvent = { type: 'LabelCreated', order, tracking: 'SIM1X', labelUrl: 'l', trackingUrl: 't' }
const { given } = specify(parcel)
const news = (status: ParcelStatus, n: number): ParcelCommand => ({ do: 'news', status, happenedAt: hour(n), at })
const after = (...commands: ParcelCommand[]): readonly ParcelEvent[] => {
  const events: ParcelEvent[] = [announced, labelled]
  for (const command of commands) {
    const decided = parcel.decide(command, fold(parcel.evolve, parcel.initial, events))
    assert.ok(!isRefusal(decided))
    events.push(...decided)
  }
  return events
}

describe('Announcing a parcel', () => {
  it('is done once', () =>
    given(announced)
      .when({ do: 'announce', ...announcement, held: false, waitsForAddress: false, at })
      .thenNothing())
  it('is blocked by a hold', () =>
    given()
      .when({ do: 'announce', ...announcement, held: true, waitsForAddress: false, at })
      .thenEvents(held))
  it('gets its label once', () =>
    given(announced, labelled).when({ do: 'label', tracking: 'b', labelUrl: 'l', trackingUrl: 't', at }).thenNothing())
  it('gets no label when it is cancelled', () =>
    given(announced, { type: 'ParcelCancelled', order, fulfilment: 'ful' })
      .when({ do: 'label', tracking: 'b', labelUrl: 'l', trackingUrl: 't', at })
      .thenRefused('parcel_cancelled'))
  it('is freed by the address that its carrier needs', () =>
    given({ ...announced, blocked: true, waitsForAddress: true })
      .when({ do: 'address', country: 'GB', postalCode: 'M1', waitsForAddress: false, at })
      .thenTypes('ParcelAddressed', 'CollectionUnblocked'))
})

describe('Handing a parcel over', () => {
  it('takes its units out of stock before it moves', () =>
    given(announced, labelled).when({ do: 'handOver', at }).thenTypes('ParcelCollected', 'ParcelMoved'))
  it('is refused while a hold blocks it', () => given(held).when({ do: 'handOver', at }).thenRefused('collection_blocked'))
  it('is done once', () =>
    given(...after({ do: 'handOver', at }))
      .when({ do: 'handOver', at })
      .thenNothing())
  it('cannot be undone by a cancellation', () =>
    given(...after({ do: 'handOver', at }))
      .when({ do: 'cancel', at })
      .thenRefused('parcel_collected'))
  it('is fact when the carrier says so, hold or not', () =>
    given(held).when(news('picked_up', 1)).thenTypes('ParcelCollected', 'ParcelMoved'))
})

describe('A parcel that went astray', () => {
  const cancelled: ParcelEvent = { type: 'ParcelCancelled', order, fulfilment: 'ful' }
  const { fulfilment, place, carrier, lines } = announcement
  const astray = (said: ParcelStatus, n: number): ParcelEvent => {
    const about = { order, fulfilment, place, carrier, tracking: 'SIM1X', lines }
    return { type: 'ParcelAstray', ...about, news: said, happenedAt: hour(n) }
  }
  it('is one that was cancelled, and that its carrier has', () =>
    given(announced, labelled, cancelled).when(news('picked_up', 1)).thenEvents(astray('picked_up', 1)))
  it('is not one that its carrier does not say to have', () =>
    given(announced, labelled, cancelled).when(news('exception', 1)).thenNothing())
  it('is told of once for each place it is said to be in', () =>
    given(announced, labelled, cancelled, astray('in_transit', 2)).when(news('picked_up', 1)).thenNothing())
  it('is told of again when it comes to another', () =>
    given(announced, labelled, cancelled, astray('in_transit', 2)).when(news('delivered', 3)).thenEvents(astray('delivered', 3)))
  it('is settled once', () => {
    const settled: ParcelEvent = { type: 'ParcelSettled', order, by: 'ann' }
    given(announced, labelled, cancelled, astray('in_transit', 2)).when({ do: 'settle', by: 'ann', at }).thenEvents(settled)
    given(announced, labelled, cancelled, astray('in_transit', 2), settled)
      .when({ do: 'settle', by: 'ann', at })
      .thenRefused('parcel_not_astray')
  })
})

describe("A carrier's news", () => {
  it('may skip steps: delivered at once is collected and delivered', () =>
    given(announced, labelled).when(news('delivered', 1)).thenTypes('ParcelCollected', 'ParcelMoved'))
  it('never moves a parcel back', () =>
    given(...after(news('picked_up', 1), news('out_for_delivery', 3)))
      .when(news('in_transit', 2))
      .thenNothing())
  it('never moves a delivered parcel', () =>
    given(...after(news('delivered', 3)))
      .when(news('returned_to_sender', 4))
      .thenNothing())
  it('does nothing when it is repeated', () =>
    given(...after(news('in_transit', 2)))
      .when(news('in_transit', 2))
      .thenNothing())
  it('of its cancellation changes nothing on a cancelled parcel', () =>
    given(announced, labelled, { type: 'ParcelCancelled', order, fulfilment: 'ful' }).when(news('cancelled', 1)).thenNothing())
  it('of a failed collection leaves the parcel with its label', () =>
    given(announced, labelled).when(news('exception', 1)).thenTypes('ParcelNoted'))
  it('counts attempts: failed ones and the delivery (C6)', () => {
    const state = fold(
      parcel.evolve,
      parcel.initial,
      after(news('failed_attempt', 1), news('out_for_delivery', 2), news('failed_attempt', 3), news('delivered', 4)),
    )
    assert.ok(isAnnounced(state))
    assert.equal(attemptsOf(state.known), 3)
  })
  it('counts a failed attempt that is told after the delivery, and the parcel stays delivered', () => {
    const [moved] = after(news('delivered', 4), news('failed_attempt', 2)).slice(-1)
    assert.ok(moved?.type === 'ParcelMoved')
    assert.deepEqual([moved.status, moved.attempts], ['delivered', 2])
  })
  it('counts the same attempt once, whoever tells it', () =>
    given(...after(news('failed_attempt', 2)))
      .when(news('failed_attempt', 2))
      .thenNothing())
  it('from tomorrow counts as now', () => {
    const [moved] = after(news('out_for_delivery', 900)).slice(-1)
    assert.ok(moved?.type === 'ParcelMoved')
    assert.equal(moved.happenedAt, at)
  })
  it('finds a lost parcel again', () => {
    const state = fold(parcel.evolve, parcel.initial, after(news('in_transit', 1), news('exception', 2), news('delivered', 3)))
    assert.equal(state.status, 'delivered')
    assert.deepEqual(parcelActions(state), ['print_label'])
  })
  it('takes a found parcel on its way again', () => {
    const found = [news('in_transit', 1), news('exception', 2), news('out_for_delivery', 3)]
    assert.equal(fold(parcel.evolve, parcel.initial, after(...found)).status, 'out_for_delivery')
    assert.equal(fold(parcel.evolve, parcel.initial, after(...found.toReversed())).status, 'out_for_delivery')
  })
  it('comes to the same in any order, however often', () => {
    const status = fc.constantFrom<ParcelStatus>(
      'picked_up',
      'in_transit',
      'out_for_delivery',
      'ready_for_pickup',
      'failed_attempt',
      'exception',
    )
    const told = fc.array(fc.record({ status, n: fc.integer({ min: 0, max: 20 }) }), { minLength: 1, maxLength: 8 })
    const story = fc
      .tuple(told, fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined }))
      .map(([steps, end]) => [...steps, ...(end === undefined ? [] : [{ status: 'delivered' as const, n: end }])])
    const twoWays = story.chain((steps) =>
      fc.tuple(fc.constant(steps), fc.shuffledSubarray([...steps, ...steps], { minLength: steps.length * 2 })),
    )
    fc.assert(
      fc.property(twoWays, ([straight, shuffled]) => {
        const known = (steps: typeof straight) =>
          steps.reduce((all, step) => learn(all, { status: step.status, at: hour(step.n) }), nothingKnown)
        assert.equal(statusOf(known(shuffled)), statusOf(known(straight)))
        assert.equal(attemptsOf(known(shuffled)), attemptsOf(known(straight)))
      }),
    )
  })
})
