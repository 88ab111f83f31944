import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Day, Instant, Place, Sku } from '../kernel/ids.ts'
import type { Shipment } from './contract.ts'
import { type Held, mismatch, readHeld, stepsOf, type Terms, termsOf, written } from './promise.ts'

const order = {
  destination: { country: 'GB', postalCode: 'LS1', latitude: 53.8, longitude: -1.5 },
  shippingMethod: 'standard',
  channel: 'web',
  currency: 'GBP',
  promotions: [
    { code: 'SPRING', amount: 100 },
    { code: 'AUNT', amount: 5 },
  ],
}
const basket = [
  { sku: 'mug', quantity: 2 },
  { sku: 'cup', quantity: 1 },
]
const plain = (text: string): string => text
const terms = (more: Partial<typeof order> = {}, lines = basket): Terms => termsOf({ ...order, ...more }, lines, plain)

const errorsOf = (refusal: ReturnType<typeof mismatch>): readonly Readonly<{ pointer: string }>[] =>
  (refusal?.about?.['errors'] ?? []) as { pointer: string }[]

describe('What a promise is for', () => {
  it('is the basket, however its lines are written down', () => {
    const split = [
      { sku: 'cup', quantity: 1 },
      { sku: 'mug', quantity: 1 },
      { sku: 'mug', quantity: 1 },
    ]
    assert.equal(mismatch(terms(), terms({}, split)), undefined)
  })

  it('is the neighbourhood and the codes, in any order', () => {
    const destination = { ...order.destination, latitude: 53.9 }
    assert.equal(mismatch(terms(), terms({ destination, promotions: order.promotions.toReversed() })), undefined)
  })

  it('is nothing else: what differs is named, with both sides where that tells something', () => {
    const pointers = (more: Partial<typeof order>, lines = basket) =>
      errorsOf(mismatch(terms(), terms(more, lines))).map(({ pointer }) => pointer)
    assert.deepEqual(pointers({}, [{ sku: 'mug', quantity: 3 }]), ['/lines'])
    assert.deepEqual(pointers({ destination: { ...order.destination, postalCode: 'YO1' } }), ['/shippingAddress/postalCode'])
    assert.deepEqual(pointers({ destination: { ...order.destination, country: 'IE' } }), ['/shippingAddress/country'])
    assert.deepEqual(pointers({ shippingMethod: 'express', channel: 'shop', currency: 'EUR', promotions: [] }), [
      '/shippingMethod',
      '/channel',
      '/currency',
      '/promotionCodes',
    ])
    const refusal = mismatch(terms(), terms({ shippingMethod: 'express' }))
    assert.deepEqual(refusal?.about?.['errors'], [
      { pointer: '/shippingMethod', code: 'promise_mismatch', promised: 'standard', ordered: 'express' },
    ])
    assert.match(refusal?.detail ?? '', /shippingMethod differs/)
  })

  it('tells baskets apart that have as many units', () =>
    assert.notEqual(
      terms().lines,
      terms(
        {},
        [...basket].map(({ sku, quantity }) => ({ sku, quantity: 3 - quantity })),
      ).lines,
    ))
})

describe('A promise in its token', () => {
  it('comes back as it was', () =>
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat(), (area, channel, shipping) => {
        const held: Held = {
          issuedAt: '2026-11-24T09:00:00.000Z' as Instant,
          expiresAt: '2026-11-24T09:15:00.000Z' as Instant,
          promised: '2026-11-26' as Day,
          shipping,
          terms: { ...terms(), area, channel },
        }
        assert.deepEqual(readHeld(written(held)), held)
      }),
    ))

  it('is nothing where it has the shape of another version', () => {
    assert.equal(readHeld('[0,"a"]'), undefined)
    assert.equal(readHeld('[1,"a","b","c",0,"GB"]'), undefined)
  })
})

describe('The steps of a promise', () => {
  const parcel = (place: string, more: Partial<Shipment['lines'][number]> = {}): Shipment => ({
    place: place as Place,
    dispatch: '2026-11-24' as Day,
    arrives: '2026-11-25' as Day,
    lines: [{ line: 0, sku: 'mug' as Sku, quantity: 2, from: place as Place, kind: 'stock', ...more }],
  })
  it('say what happens on which day', () => {
    const moved = parcel('york', { kind: 'transfer', from: 'leeds' as Place, ready: '2026-11-23' as Day })
    assert.deepEqual(stepsOf([parcel('leeds'), moved], '2026-11-25' as Day, '2026-11-25' as Day), [
      'parcel 1 leaves leeds on 2026-11-24',
      'parcel 1 arrives on 2026-11-25',
      '2 × mug travel from leeds to york, there on 2026-11-23',
      'parcel 2 leaves york on 2026-11-24',
      'parcel 2 arrives on 2026-11-25',
    ])
  })
  it('say what is waited for, and what is allowed for', () => {
    const awaited = parcel('leeds', { kind: 'backorder', ready: '2026-11-23' as Day })
    const steps = stepsOf([awaited], '2026-11-27' as Day, '2026-11-25' as Day)
    assert.equal(steps[0], '2 × mug are awaited, ready in leeds on 2026-11-23')
    assert.equal(steps.at(-1), 'promised for 2026-11-27: by then nine in ten such parcels were there')
  })
})
