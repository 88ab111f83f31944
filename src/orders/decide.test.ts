import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { specify } from '../../tests/contracts/fulfilment-specify.ts'
import { leeds, york } from '../../tests/support/heart.ts'
import {
  at,
  day,
  placed,
  part,
  reserved,
  both,
  money,
  secured,
  expired,
  cancelled,
  reopened,
  parcel,
  held,
  news,
  cancel,
  expire,
  live,
  total,
} from '../../tests/support/order-story.ts'
import type { PersonRef, Place } from '../kernel/ids.ts'
import { packProgress, unpackProgress } from './codec.ts'
import type { OrderEvent, OrderEventOf } from './contract.ts'
import { type OrderCommand, orderDecider, settle } from './decide.ts'

const given = (...past: readonly OrderEvent[]) => specify(orderDecider).given(...past)

describe('Placing an order', () => {
  const place = { do: 'place', placed: placed() as OrderEventOf<'OrderPlaced'>, at } as const
  it('is its first event', () => given().when(place).thenEvents(placed()))
  it('happens once', () => given(placed()).when(place).thenRefused('order_exists'))
  it('comes before everything else', () => given().when(expire(99)).thenRefused('order_not_found'))
})

describe('The end of a reservation', () => {
  it('comes when its time is over', () =>
    given(...both)
      .when(expire(60))
      .thenEvents(expired))
  it('does not come before', () =>
    given(...both)
      .when(expire(59))
      .thenNothing())
  it('does not come for an order that is paid', () =>
    given(...both, money('captured', total), secured)
      .when(expire(99))
      .thenNothing())
  it('comes once', () =>
    given(...both, expired)
      .when(expire(99))
      .thenNothing())
  it('does not come for an order without an end', () =>
    given(placed({ expiresAt: undefined } as never))
      .when(expire(1e6))
      .thenNothing())
  it('leaves nothing set aside', () => {
    const { counters, phase, status } = live(...both, expired).progress
    assert.deepEqual(
      [counters.current, counters.reserved, counters.cancelled, phase, status],
      [[0, 0], [0, 0], [3, 2], 'expired', 'received'],
    )
    assert.deepEqual(settle(live(...both, expired)), [{ type: 'StatusChanged', from: 'received', to: 'cancelled' }])
  })
})

describe('News of money', () => {
  it('is recorded', () =>
    given(...both)
      .when(news('captured', total))
      .thenTypes('MoneyRecorded'))
  it('of a failure cancels an order that nothing else pays', () =>
    given(...both, money('pending', total))
      .when(news('failed', 0))
      .thenTypes('MoneyRecorded', 'OrderCancelled'))
  it('of a failure leaves an order alone while another payment is open', () =>
    given(...both, money('pending', total, 'other'))
      .when(news('failed', 0))
      .thenTypes('MoneyRecorded'))
  it('of a failure undoes nothing that is authorised or captured', () => {
    for (const step of ['authorized', 'captured'] as const)
      given(...both, money(step, total), secured)
        .when(news('failed', 0))
        .thenNothing()
  })
  it('of a failure does not cancel what another payment has secured', () =>
    given(...both, money('captured', total, 'other'), secured)
      .when(news('failed', 0))
      .thenTypes('MoneyRecorded'))
  it('that is known already is nothing', () =>
    given(...both, money('pending', total))
      .when(news('pending', total))
      .thenNothing())

  it('after the end reopens the order when it is enough', () =>
    given(...both, expired)
      .when(news('captured', total))
      .thenTypes('MoneyRecorded', 'OrderReopened'))
  it('after the end is refused when it is not enough', () =>
    given(...both, expired)
      .when(news('captured', total - 1))
      .thenTypes('MoneyRecorded', 'ReopenRefused'))
  it('after the end is refused when the stock is gone', () =>
    given(...both, expired)
      .when(news('captured', total, { reopen: false }))
      .thenTypes('MoneyRecorded', 'ReopenRefused'))
  it('that was refused once stays refused', () =>
    given(...both, expired, money('authorized', total), { type: 'ReopenRefused', payment: 'pay', reason: 'x' })
      .when(news('captured', total))
      .thenTypes('MoneyRecorded'))
  it('for an order that was cancelled goes back', () =>
    given(...both, cancelled)
      .when(news('captured', total))
      .thenTypes('MoneyRecorded', 'ReopenRefused'))
  it('for an order that was reopened and cancelled goes back too', () =>
    given(...both, expired, money('authorized', total), reopened, cancelled)
      .when(news('captured', total, { payment: 'second' }))
      .thenTypes('MoneyRecorded', 'ReopenRefused'))

  it('after the end reopens only what was still ordered, at its price', () => {
    const less = { subtotal: 30_00, discount: 0, shipping: 0, tax: 0, total: 30_00 }
    const history: OrderEvent[] = [
      ...both,
      { type: 'UnitsCancelled', reason: 'changed', lines: [{ line: 1, quantity: 2 }], totals: less, refund: 'auto' },
      expired,
    ]
    given(...history)
      .when(news('captured', 30_00))
      .thenTypes('MoneyRecorded', 'OrderReopened')
    const { progress } = live(...history, money('captured', 30_00), reopened)
    assert.deepEqual([progress.counters.current, progress.counters.cancelled, progress.totals.total], [[3, 0], [0, 2], 30_00])
  })
})

describe('What follows from where an order stands', () => {
  const plan = reserved(part(0, 3), part(1, 2))
  const types = (...past: readonly OrderEvent[]) => settle(live(...past)).map(({ type }) => type)
  it('is nothing while money is due', () => assert.deepEqual(types(...both), []))
  it('is nothing for part of the money', () => assert.deepEqual(types(...both, money('captured', total - 1)), []))
  it('is a firm reservation, work and the headline, once money is secured', () => {
    assert.deepEqual(types(...both, money('authorized', total)), ['OrderSecured', 'AssemblyRequested', 'StatusChanged'])
    assert.deepEqual(types(...both, money('captured', 12_00, 'a'), money('authorized', 20_00, 'b')), [
      'OrderSecured',
      'AssemblyRequested',
      'StatusChanged',
    ])
  })
  it('is the same at once where no money is due', () => {
    for (const more of [{ terms: 'outside' }, { terms: 'on_account' }] as const)
      assert.deepEqual(types(placed(more), plan), ['OrderSecured', 'AssemblyRequested', 'StatusChanged'])
  })
  it('is said once', () => {
    const past = [...both, money('captured', total)]
    assert.deepEqual(types(...past, ...settle(live(...past))), [])
  })
  it('tells warehouses of a hold', () => {
    const requested = settle(live(...both, held('h', 'fraud'), money('captured', total))).find(
      ({ type }) => type === 'AssemblyRequested',
    )
    assert.equal(requested?.type === 'AssemblyRequested' && requested.held, true)
    const free = settle(live(...both, held('h', 'fraud', 'collection'), money('captured', total)))
    assert.ok(free.some((event) => event.type === 'AssemblyRequested' && !event.held))
  })
  it('is work for what is reserved later, and only for that', () => {
    const past = [...both, money('captured', total)]
    const more = [...past, ...settle(live(...past)), reserved(part(0, 1, { from: york }))]
    const [requested, ...rest] = settle(live(...more))
    assert.ok(requested?.type === 'AssemblyRequested')
    assert.deepEqual(
      requested.shipments.flatMap(({ lines }) => lines.map(({ line, quantity, from }) => ({ line, quantity, from }))),
      [{ line: 0, quantity: 1, from: york }],
    )
    assert.deepEqual(rest, [])
  })
  it('never takes a headline back', () => {
    const past = [...both, money('captured', total), secured, parcel('picked_up')]
    const shipped = [...past, ...settle(live(...past))]
    assert.equal(live(...shipped).progress.status, 'in_transit')
    assert.deepEqual(types(...shipped, money('failed', 0, 'other')), [])
  })
})

describe('Cancelling', () => {
  const less = (mugs: number, pens: number) => {
    const subtotal = mugs * 10_00 + pens * 1_00
    return { subtotal, discount: 0, shipping: 0, tax: 0, total: subtotal }
  }
  const units = (lines: readonly (readonly [number, number])[], totals: ReturnType<typeof less>): OrderEvent => ({
    type: 'UnitsCancelled',
    reason: 'bought twice',
    lines: lines.map(([index, quantity]) => ({ line: index, quantity })),
    totals,
    refund: 'auto',
  })
  it('an order gives it up whole', () =>
    given(...both)
      .when(cancel())
      .thenEvents(cancelled))
  it('an order twice is one cancellation', () =>
    given(...both, cancelled)
      .when(cancel())
      .thenNothing())
  it('units of a line keeps the rest', () =>
    given(...both)
      .when(cancel([0, 1]))
      .thenEvents(units([[0, 1]], less(2, 2))))
  it('every unit gives up the order', () =>
    given(...both)
      .when(cancel([0, 3], [1, 2]))
      .thenEvents(cancelled))
  it('more units than there are is refused', () =>
    given(...both)
      .when(cancel([0, 4]))
      .thenRefused('quantity_exceeds_current'))
  it('more units than are left is refused', () =>
    given(...both, units([[0, 2]], less(1, 2)))
      .when(cancel([0, 2]))
      .thenRefused('quantity_exceeds_current'))
  it('one line named twice counts both', () => {
    given(...both)
      .when(cancel([0, 2], [0, 2]))
      .thenRefused('quantity_exceeds_current')
    given(...both)
      .when(cancel([0, 1], [0, 1]))
      .thenEvents(units([[0, 2]], less(1, 2)))
  })
  it('a line that is not there is refused', () =>
    given(...both)
      .when(cancel([2, 1]))
      .thenRefused('line_not_found'))
  it('what was collected is refused, the rest is not', () => {
    const past = [...both, money('captured', total), secured, parcel('picked_up')]
    given(...past)
      .when(cancel())
      .thenRefused('order_not_cancellable')
    given(...past)
      .when(cancel([0, 1]))
      .thenRefused('quantity_exceeds_current')
    given(...past)
      .when(cancel([1, 2]))
      .thenTypes('UnitsCancelled')
  })
  it('is possible under a hold', () =>
    given(...both, held('h', 'fraud'))
      .when(cancel())
      .thenEvents(cancelled))
  it('takes waiting units before reserved ones', () => {
    const past = [placed(), reserved(part(0, 1), part(0, 2, { kind: 'backorder', ready: day }), part(1, 2))]
    const { counters } = live(...past, units([[0, 2]], less(1, 2))).progress
    assert.deepEqual(
      [counters.reserved, counters.backordered, counters.current, counters.cancelled],
      [
        [1, 2],
        [0, 0],
        [1, 2],
        [2, 0],
      ],
    )
  })
})

describe('A hold', () => {
  const hold = (id: string): OrderCommand => ({ do: 'hold', hold: id, kind: 'fraud', blocks: 'release', by: 'ann', at })
  const release = (id: string): OrderCommand => ({ do: 'release', hold: id, by: 'ann', at })
  it('is placed once', () => {
    given(...both)
      .when(hold('h'))
      .thenEvents(held('h', 'fraud'))
    given(...both, held('h', 'fraud'))
      .when(hold('h'))
      .thenNothing()
  })
  it('is let go by its id or its kind, and says what still blocks', () => {
    const two = [...both, held('h', 'fraud'), held('i', 'address', 'collection')]
    given(...two)
      .when(release('h'))
      .thenEvents({ type: 'HoldReleased', hold: 'h', kind: 'fraud', releaseBlocked: false, collectionBlocked: true })
    given(...two)
      .when(release('address'))
      .thenEvents({
        type: 'HoldReleased',
        hold: 'i',
        kind: 'address',
        releaseBlocked: true,
        collectionBlocked: false,
      })
  })
  it('that is not there cannot be let go', () =>
    given(...both)
      .when(release('h'))
      .thenRefused('hold_not_found'))
  it('on an order that is over is refused', () =>
    given(...both, cancelled)
      .when(hold('h'))
      .thenRefused('order_closed'))
})

describe('Short units', () => {
  const report = (...lines: readonly (readonly [number, number])[]): OrderCommand => ({
    do: 'reportShort',
    place: 'leeds' as Place,
    lines: lines.map(([index, quantity]) => ({ line: index, quantity })),
    at,
  })
  it('are no more than are reserved', () =>
    given(...both)
      .when(report([0, 9], [1, 1]))
      .thenEvents({
        type: 'UnitsShort',
        place: leeds,
        lines: [
          { line: 0, quantity: 3 },
          { line: 1, quantity: 1 },
        ],
      }))
  it('of a line named twice are no more than are reserved together', () =>
    given(...both)
      .when(report([0, 2], [0, 2]))
      .thenEvents({
        type: 'UnitsShort',
        place: leeds,
        lines: [
          { line: 0, quantity: 2 },
          { line: 0, quantity: 1 },
        ],
      }))
  it('of an order that is over are nobody’s', () =>
    given(...both, cancelled)
      .when(report([0, 1]))
      .thenNothing())
})

describe('A return', () => {
  const back = (...quantities: readonly number[]): OrderCommand => ({
    do: 'recordReturn',
    return: 'r',
    lines: quantities.map((quantity) => ({ line: 0, quantity })),
    refund: 0,
    at,
  })
  const sent = [...both, money('captured', total), secured, parcel('picked_up'), parcel('delivered')]
  it('is of what was sent', () =>
    given(...sent)
      .when(back(3))
      .thenTypes('UnitsReturned'))
  it('is never of more', () =>
    given(...sent)
      .when(back(4))
      .thenRefused('quantity_exceeds_current'))
  it('is never of more, whichever way it is told', () =>
    given(...sent)
      .when(back(2, 2))
      .thenRefused('quantity_exceeds_current'))
})

describe('A stored order', () => {
  const histories: Readonly<Record<string, readonly OrderEvent[]>> = {
    placed: both,
    held: [...both, held('h', 'fraud')],
    expired: [...both, expired],
    reopened: [...both, expired, money('captured', total), reopened, reserved(part(0, 3), part(1, 2))],
    shipped: [...both, money('captured', total), secured, parcel('picked_up'), parcel('failed_attempt')],
    noted: [placed({ contact: 'c' as PersonRef }), { type: 'NoteAdded', note: 'n' as PersonRef, by: 'ann' }],
  }
  for (const [name, history] of Object.entries(histories)) {
    it(`is the fold of its events: ${name}`, () => {
      const { placed: first, progress } = live(...history)
      const stored: unknown = JSON.parse(JSON.stringify(packProgress(progress, first)))
      const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
      assert.deepEqual(plain(unpackProgress(stored as Parameters<typeof unpackProgress>[0], first)), plain(progress))
    })
  }
})
