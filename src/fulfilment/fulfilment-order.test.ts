import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { specify } from '../../tests/contracts/fulfilment-specify.ts'
import { fold } from '../kernel/decider.ts'
import type { Instant, OrderId, Place, Sku } from '../kernel/ids.ts'
import type { LineUnits } from '../orders/contract.ts'
import type { FulfilmentEvent, FulfilmentEventOf, WorkLine } from './contract.ts'
import { actions, type FulfilmentCommand, fulfilmentOrder } from './fulfilment-order.ts'

const at = '2026-11-21T10:00:00.000Z' as Instant
const order = 'order' as OrderId
const leeds = 'leeds' as Place
const york = 'york' as Place
const line = (index: number, quantity: number): WorkLine => ({ line: index, sku: `sku${index}` as Sku, quantity })
const here = (index: number, quantity: number) => ({ ...line(index, quantity), from: leeds, kind: 'stock' as const })
type Planned = FulfilmentEventOf<'FulfilmentPlanned'>

const plannedOf = (lines: Planned['lines'], more: Partial<Planned> = {}): Planned => ({
  type: 'FulfilmentPlanned',
  order,
  number: 7,
  place: leeds,
  lines,
  held: false,
  country: 'GB',
  postalCode: 'LS1',
  shippingMethod: 'standard',
  addressPending: false,
  ...more,
})
const about = { order, place: leeds }
const released = (...lines: LineUnits[]): FulfilmentEvent => ({ type: 'FulfilmentReleased', ...about, lines })
const picked = (...lines: WorkLine[]): FulfilmentEvent => ({ type: 'UnitsPicked', ...about, lines })
const packed = (...parcels: FulfilmentEventOf<'FulfilmentPacked'>['parcels']): FulfilmentEvent => ({
  type: 'FulfilmentPacked',
  ...about,
  number: 7,
  parcels,
  country: 'GB',
  postalCode: 'LS1',
  shippingMethod: 'standard',
  collectionBlocked: false,
  addressPending: false,
})
const twoLines = plannedOf([here(0, 2), here(1, 3)])
const ready = [twoLines, released({ line: 0, quantity: 2 }, { line: 1, quantity: 3 })]
const allPicked = [...ready, picked(line(0, 2), line(1, 3))]
const box = { parcel: 'p1', weightGrams: 2500, lines: [line(0, 2), line(1, 3)] }
const allPacked = [...allPicked, packed(box)]
const twoBoxes = packed(
  { parcel: 'p1', weightGrams: 1000, lines: [line(0, 2)] },
  { parcel: 'p2', weightGrams: 1500, lines: [line(1, 3)] },
)
const { given } = specify(fulfilmentOrder)
const cancel = (lines: readonly LineUnits[] | 'all'): FulfilmentCommand => ({ do: 'reduce', lines, reason: 'customer_request', at })

describe('Planning the work of a warehouse', () => {
  const { type: _, ...asked } = twoLines
  it('releases it at once when every unit is there', () =>
    given()
      .when({ do: 'plan', ...asked, at })
      .thenEvents(...ready))
  it('waits while a hold blocks it', () =>
    given()
      .when({ do: 'plan', ...asked, held: true, at })
      .thenTypes('FulfilmentPlanned'))
  it('waits for units that travel', () =>
    given()
      .when({ do: 'plan', ...asked, lines: [{ ...here(0, 2), from: york, kind: 'transfer' }], at })
      .thenTypes('FulfilmentPlanned'))
  it('is refused a second time', () =>
    given(twoLines)
      .when({ do: 'plan', ...asked, at })
      .thenRefused('fulfilment_exists'))
})

describe('Waiting for units', () => {
  const travelling = plannedOf([here(0, 2), { ...here(1, 3), from: york, kind: 'transfer' }])
  const waiting = plannedOf([{ ...here(0, 2), kind: 'backorder' }])
  it('goes on waiting when a part arrives', () =>
    given(travelling)
      .when({ do: 'arrive', lines: [{ line: 1, quantity: 2 }], via: 'transfer', place: leeds, at })
      .thenEvents({ type: 'UnitsArrived', ...about, lines: [line(1, 2)], via: 'transfer' }))
  it('is released by the last unit', () =>
    given(travelling)
      .when({ do: 'arrive', lines: [{ line: 1, quantity: 3 }], via: 'transfer', place: leeds, at })
      .thenTypes('UnitsArrived', 'FulfilmentReleased'))
  it('takes no more than it waits for', () =>
    given(travelling)
      .when({ do: 'arrive', lines: [{ line: 1, quantity: 9 }], via: 'transfer', place: leeds, at })
      .thenEvents(
        { type: 'UnitsArrived', ...about, lines: [line(1, 3)], via: 'transfer' },
        released({ line: 0, quantity: 2 }, { line: 1, quantity: 3 }),
      ))
  it('does nothing for units it does not wait for', () =>
    given(travelling)
      .when({ do: 'arrive', lines: [{ line: 0, quantity: 2 }], via: 'transfer', place: leeds, at })
      .thenNothing())
  it('is released by supply', () =>
    given(waiting)
      .when({ do: 'arrive', lines: [{ line: 0, quantity: 2 }], via: 'supply', place: leeds, at })
      .thenTypes('UnitsArrived', 'FulfilmentReleased'))
  it('waits for a transfer when supply came in elsewhere', () =>
    given(waiting, { type: 'UnitsRerouted', ...about, from: york, lines: [line(0, 2)] })
      .when({ do: 'arrive', lines: [{ line: 0, quantity: 2 }], via: 'transfer', place: leeds, at })
      .thenTypes('UnitsArrived', 'FulfilmentReleased'))
  it('says so when supply that came in elsewhere turns its wait into one for a transfer', () =>
    given(waiting)
      .when({ do: 'reroute', lines: [{ line: 0, quantity: 2 }], from: york, at })
      .thenEvents(
        { type: 'UnitsRerouted', ...about, from: york, lines: [line(0, 2)] },
        { type: 'FulfilmentWaiting', ...about, status: 'awaiting_transfer' },
      ))
  it('goes on with the rest when units will not come', () =>
    given(travelling)
      .when({ do: 'giveUp', lines: [{ line: 1, quantity: 3 }], reason: 'declined', at })
      .thenEvents(
        { type: 'UnitsNotComing', ...about, lines: [line(1, 3)], reason: 'declined' },
        released({ line: 0, quantity: 2 }),
      ))
  it('is not picked before', () => given(travelling).when({ do: 'pick', at }).thenRefused('step_not_possible'))
})

describe('Holding the work', () => {
  it('takes it back from the warehouse while nothing is picked', () =>
    given(...ready)
      .when({ do: 'hold', release: true, collection: true, at })
      .thenEvents(
        { type: 'FulfilmentHeld', order },
        { type: 'CollectionHeld', order },
        { type: 'FulfilmentWaiting', order, place: leeds, status: 'planned' },
      ))
  it('is over when the last hold is released', () =>
    given(...ready, { type: 'FulfilmentHeld', order }, { type: 'CollectionHeld', order })
      .when({ do: 'hold', release: false, collection: false, at })
      .thenTypes('FulfilmentUnheld', 'CollectionUnheld', 'FulfilmentReleased'))
  it('stops the packer', () =>
    given(...allPicked, { type: 'FulfilmentHeld', order })
      .when({ do: 'pack', parcels: [{ parcel: 'p1' }], at })
      .thenRefused('fulfilment_held'))
  it('keeps packed parcels from being collected', () =>
    given(...allPacked)
      .when({ do: 'hold', release: false, collection: true, at })
      .thenTypes('CollectionHeld'))
})

describe('Picking', () => {
  it('takes everything that is left', () =>
    given(...ready, picked(line(0, 2)))
      .when({ do: 'pick', at })
      .thenEvents(picked(line(1, 3))))
  it('takes some of a line', () =>
    given(...ready)
      .when({ do: 'pick', lines: [{ line: 1, quantity: 1 }], at })
      .thenEvents(picked(line(1, 1))))
  it('does nothing when everything is picked', () =>
    given(...allPicked)
      .when({ do: 'pick', at })
      .thenNothing())
  it('does nothing when everything is packed', () =>
    given(...allPacked)
      .when({ do: 'pick', at })
      .thenNothing())
  it('cannot take more than is open', () =>
    given(...ready)
      .when({ do: 'pick', lines: [{ line: 0, quantity: 3 }], at })
      .thenRefused('quantity_exceeds_open'))
  it('cannot take the same units twice in one call', () =>
    given(...ready)
      .when({
        do: 'pick',
        lines: [
          { line: 0, quantity: 2 },
          { line: 0, quantity: 1 },
        ],
        at,
      })
      .thenRefused('quantity_exceeds_open'))
  it('knows its lines', () =>
    given(...ready)
      .when({ do: 'pick', lines: [{ line: 9, quantity: 1 }], at })
      .thenRefused('line_not_found'))
})

describe('Finding fewer than asked', () => {
  const short = (quantity: number): FulfilmentCommand => ({ do: 'short', lines: [{ line: 1, quantity }], by: 'warehouse:w', at })
  const found: FulfilmentEvent = { type: 'UnitsFoundShort', ...about, lines: [line(1, 3)], by: 'warehouse:w' }
  it('gives up these units, the rest goes on', () =>
    given(...ready)
      .when(short(3))
      .thenEvents(found))
  it('cannot give up what is picked', () =>
    given(...allPicked)
      .when(short(1))
      .thenRefused('quantity_exceeds_open'))
  it('lets the rest be packed', () =>
    given(...ready, picked(line(0, 2)), found)
      .when({ do: 'pack', parcels: [{ parcel: 'p1' }], at })
      .thenTypes('FulfilmentPacked'))
  it('is the end when nothing is left', () => {
    const state = fold(fulfilmentOrder.evolve, fulfilmentOrder.initial, [
      ...ready,
      found,
      { type: 'UnitsFoundShort', ...about, lines: [line(0, 2)], by: 'w' },
    ])
    assert.equal(state.status, 'short')
    assert.deepEqual(actions(state), [])
  })
})

describe('Packing', () => {
  const into = (...parcels: Extract<FulfilmentCommand, { do: 'pack' }>['parcels']): FulfilmentCommand => ({
    do: 'pack',
    parcels,
    at,
  })
  it('puts everything into one parcel, weighed by the catalogue', () =>
    given(...allPicked)
      .when(into({ parcel: 'p1' }))
      .thenEvents(packed(box)))
  it('splits into parcels as named', () =>
    given(...allPicked)
      .when(
        into(
          { parcel: 'p1', weightGrams: 1000, lines: [{ line: 0, quantity: 2 }] },
          { parcel: 'p2', lines: [{ line: 1, quantity: 3 }] },
        ),
      )
      .thenEvents(twoBoxes))
  it('forgets no unit', () =>
    given(...allPicked)
      .when(into({ parcel: 'p1', lines: [{ line: 0, quantity: 2 }] }))
      .thenRefused('parcels_incomplete'))
  it('packs no unit twice', () =>
    given(...allPicked)
      .when(
        into(
          {
            parcel: 'p1',
            lines: [
              { line: 0, quantity: 2 },
              { line: 1, quantity: 3 },
            ],
          },
          { parcel: 'p2', lines: [{ line: 1, quantity: 1 }] },
        ),
      )
      .thenRefused('quantity_exceeds_open'))
  it('waits for the last unit to be picked', () =>
    given(...ready, picked(line(0, 2)))
      .when(into({ parcel: 'p1' }))
      .thenRefused('units_not_picked'))
  it('does nothing the second time', () =>
    given(...allPacked)
      .when(into({ parcel: 'p9' }))
      .thenNothing())
  it('keeps a bundle together', () => {
    const bundle = plannedOf([
      { ...here(0, 2), bundle: 5 },
      { ...here(1, 4), bundle: 5 },
    ])
    const past = [bundle, released({ line: 0, quantity: 2 }, { line: 1, quantity: 4 }), picked(line(0, 2), line(1, 4))]
    given(...past)
      .when(into({ parcel: 'p1', lines: [{ line: 0, quantity: 2 }] }, { parcel: 'p2', lines: [{ line: 1, quantity: 4 }] }))
      .thenRefused('bundle_split')
    given(...past)
      .when(
        into(
          {
            parcel: 'p1',
            lines: [
              { line: 0, quantity: 1 },
              { line: 1, quantity: 2 },
            ],
          },
          {
            parcel: 'p2',
            lines: [
              { line: 0, quantity: 1 },
              { line: 1, quantity: 2 },
            ],
          },
        ),
      )
      .thenTypes('FulfilmentPacked')
  })
})

describe('Leaving the warehouse', () => {
  const lines = [
    { line: 0, quantity: 2 },
    { line: 1, quantity: 3 },
  ]
  const collected: FulfilmentEvent = { type: 'FulfilmentCollected', ...about, lines }
  it('is collected with its only parcel', () =>
    given(...allPacked)
      .when({ do: 'parcelCollected', parcel: 'p1', at })
      .thenEvents(collected))
  it('waits for the second parcel', () =>
    given(...allPicked, twoBoxes)
      .when({ do: 'parcelCollected', parcel: 'p1', at })
      .thenEvents({ type: 'ParcelLeft', order, parcel: 'p1' }))
  it('is collected with the last one', () =>
    given(...allPicked, twoBoxes, { type: 'ParcelLeft', order, parcel: 'p1' })
      .when({ do: 'parcelCollected', parcel: 'p2', at })
      .thenEvents(collected))
  it('is delivered with the last one', () =>
    given(...allPacked, collected)
      .when({ do: 'parcelDelivered', parcel: 'p1', at })
      .thenEvents({ type: 'FulfilmentDelivered', ...about, lines }))
  it('takes a delivery whose collection nobody reported', () =>
    given(...allPacked)
      .when({ do: 'parcelDelivered', parcel: 'p1', at })
      .thenTypes('FulfilmentCollected', 'FulfilmentDelivered'))
  it('does nothing for a parcel it does not have', () =>
    given(...allPacked)
      .when({ do: 'parcelCollected', parcel: 'p8', at })
      .thenNothing())
})

describe('Cancelling units', () => {
  it('takes them from the shelf first', () =>
    given(...ready, picked(line(1, 1)))
      .when(cancel([{ line: 1, quantity: 2 }]))
      .thenEvents({ type: 'FulfilmentReduced', ...about, lines: [line(1, 2)], putBack: [] }))
  it('puts picked ones back', () =>
    given(...allPicked)
      .when(cancel([{ line: 1, quantity: 2 }]))
      .thenEvents({ type: 'FulfilmentReduced', ...about, lines: [line(1, 2)], putBack: [line(1, 2)] }))
  it('opens a parcel that loses a part', () =>
    given(...allPacked)
      .when(cancel([{ line: 1, quantity: 2 }]))
      .thenEvents({
        type: 'FulfilmentReduced',
        ...about,
        lines: [line(1, 2)],
        putBack: [line(1, 2)],
        opened: ['p1'],
        unpacked: [
          { line: 0, quantity: 2 },
          { line: 1, quantity: 1 },
        ],
      }))
  it('drops a parcel that loses everything, and the other one stays', () => {
    const reduced: FulfilmentEvent = {
      type: 'FulfilmentReduced',
      ...about,
      lines: [line(1, 3)],
      putBack: [line(1, 3)],
      opened: ['p2'],
    }
    given(...allPicked, twoBoxes)
      .when(cancel([{ line: 1, quantity: 3 }]))
      .thenEvents(reduced)
    const state = fold(fulfilmentOrder.evolve, fulfilmentOrder.initial, [...allPicked, twoBoxes, reduced])
    assert.equal(state.status, 'packed')
    assert.deepEqual(actions(state), ['put_back'])
  })
  it('cancels the work when nothing is left', () =>
    given(...ready)
      .when(cancel('all'))
      .thenTypes('FulfilmentReduced', 'FulfilmentCancelled'))
  it('leaves what was collected alone', () =>
    given(...allPicked, twoBoxes, { type: 'ParcelLeft', order, parcel: 'p1' })
      .when(cancel('all'))
      .thenTypes('FulfilmentReduced', 'FulfilmentCollected'))
  it('does nothing when everything was collected', () =>
    given(...allPacked, { type: 'FulfilmentCollected', ...about, lines: [] })
      .when(cancel('all'))
      .thenNothing())
  it('releases what waited for the cancelled units only', () =>
    given(plannedOf([here(0, 2), { ...here(1, 3), kind: 'backorder' }]))
      .when(cancel([{ line: 1, quantity: 3 }]))
      .thenTypes('FulfilmentReduced', 'FulfilmentReleased'))
  it('lists the put-back until it is done', () =>
    given(...allPicked, { type: 'FulfilmentReduced', ...about, lines: [line(1, 2)], putBack: [line(1, 2)] })
      .when({ do: 'putBack', at })
      .thenEvents({ type: 'UnitsPutBack', ...about, lines: [line(1, 2)] }))
})
