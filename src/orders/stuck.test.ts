import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Day, Place, Sku } from '../kernel/ids.ts'
import { instant } from '../kernel/time.ts'
import type { OrderEvent, OrderEventOf, ParcelStatus, ShipmentLine } from './contract.ts'
import { evolve } from './evolve.ts'
import { type Live, type Order, unplaced } from './order.ts'
import { waitingOf } from './stuck.ts'

const now = instant(Date.parse('2026-11-21T10:00:00Z'))
const today = '2026-11-21' as Day
const leeds = 'leeds' as Place
const placed: OrderEvent = {
  type: 'OrderPlaced',
  number: 1001,
  placedAt: now,
  channel: 'web',
  source: 'Web',
  dialect: 'v1',
  currency: 'GBP',
  lines: [
    { sku: 'mug' as Sku, name: 'Mug', quantity: 2, unitPrice: 100, discount: 0, kind: 'product', grams: 1, ifShort: 'backorder' },
  ],
  totals: { subtotal: 200, discount: 0, shipping: 0, tax: 0, total: 200 },
  terms: 'prepaid',
  capture: 'placement',
  onShortage: 'backorder',
  destination: { country: 'GB', postalCode: 'LS1', latitude: 0, longitude: 0 },
  shippingMethod: 'standard',
  expiresAt: instant(Date.parse('2026-11-21T10:30:00Z')),
}
const money = (step: OrderEventOf<'MoneyRecorded'>['step']): OrderEvent => ({
  type: 'MoneyRecorded',
  payment: 'p',
  step,
  amount: 200,
})
const reserved = (kind: ShipmentLine['kind'] = 'stock', arrives = '2026-11-24'): OrderEvent => ({
  type: 'StockReserved',
  shipments: [
    {
      place: leeds,
      dispatch: '2026-11-23' as Day,
      arrives: arrives as Day,
      lines: [{ line: 0, sku: 'mug' as Sku, quantity: 2, from: leeds, kind }],
    },
  ],
})
const secured: OrderEvent = { type: 'OrderSecured' }
const assembly: OrderEvent = {
  type: 'AssemblyRequested',
  number: 1001,
  shipments: [],
  destination: { country: 'GB', postalCode: 'LS1', latitude: 0, longitude: 0 },
  held: false,
  shippingMethod: 'standard',
}
const work = (status: OrderEventOf<'FulfilmentProgressed'>['status']): OrderEvent => ({
  type: 'FulfilmentProgressed',
  fulfilment: 'f',
  place: leeds,
  status,
  lines: [{ line: 0, quantity: 2 }],
})
const parcel = (status: ParcelStatus): OrderEvent => ({
  type: 'ParcelProgressed',
  parcel: 'x',
  fulfilment: 'f',
  status,
  carrier: 'simulated',
  attempts: 0,
  lines: [{ line: 0, quantity: 2 }],
})
const paid = [placed, reserved(), money('captured'), secured] as const
const sent = [...paid, assembly, work('packed'), parcel('in_transit')] as const

const orderAfter = (...events: readonly OrderEvent[]): Live => {
  const order = events.reduce<Order>(evolve, unplaced)
  assert.ok(order.status === 'live')
  return order
}
const after = (...events: readonly OrderEvent[]) => ({
  waits: (reason: string, waitsFor: string, mark?: number) => {
    const waiting = waitingOf(orderAfter(...events), today, now)
    assert.deepEqual([waiting?.reason, waiting?.waitsFor], [reason, waitsFor])
    if (mark !== undefined) assert.equal(waiting?.markSeconds, mark)
  },
})

describe('An order waits', () => {
  it('for its payment to be started, for seconds only', () => after(placed).waits('payment_missing', 'system', 30))
  it('for its buyer to pay', () => after(placed, money('pending')).waits('unpaid', 'customer', 3_600))
  it('for its buyer to pay otherwise', () => after(placed, money('failed')).waits('payment_failed', 'customer'))
  it('for the provider to say what became of the money', () =>
    after(placed, money('unknown')).waits('payment_unknown', 'payment', 60))
  it('for nobody, when its reservation is over', () => {
    const late = instant(Date.parse('2026-11-21T10:31:00Z'))
    assert.equal(waitingOf(orderAfter(placed, money('pending')), today, late)?.reason, 'expiry_overdue')
  })
  it('for nobody, when nothing is set aside for it', () =>
    after(placed, money('captured'), secured).waits('not_reserved', 'system', 30))
  it('for nobody, when no warehouse was told', () => after(...paid).waits('not_assembled', 'system'))
  it('for nobody, when no warehouse works on it', () => after(...paid, assembly).waits('no_work', 'system'))
  it('for nobody, when all is there and nothing released', () =>
    after(...paid, assembly, work('planned')).waits('not_released', 'system'))
  it('for a transfer', () => after(...paid, assembly, work('awaiting_transfer')).waits('awaiting_transfer', 'warehouse'))
  it('for the warehouse to pack it', () => after(...paid, assembly, work('released')).waits('not_packed', 'warehouse', 86_400))
  it('for the carrier to collect it', () => after(...paid, assembly, work('packed')).waits('not_collected', 'carrier'))
  it('for the carrier to deliver it', () => after(...sent).waits('not_delivered', 'carrier', 604_800))
  it('for its buyer to collect it', () => after(...sent, parcel('ready_for_pickup')).waits('not_delivered', 'customer'))
  it('for the carrier to find it', () => after(...sent, parcel('exception')).waits('parcel_exception', 'carrier', 60))
  it('for the warehouse to take it back', () =>
    after(...sent, parcel('returned_to_sender')).waits('returned_to_sender', 'warehouse'))
  it('for who placed a hold', () => {
    const hold = (kind: string): OrderEvent => ({ type: 'HoldPlaced', hold: 'h', kind, blocks: 'release', by: 'staff' })
    after(...paid, assembly, hold('fraud')).waits('held', 'system', 86_400)
    after(...paid, assembly, hold('address_missing')).waits('held', 'customer')
  })
})

describe('An order that waits for supply', () => {
  const waiting = (kind: ShipmentLine['kind'], arrives: string) => [placed, reserved(kind, arrives), money('captured'), secured]
  it('may wait until the day it was promised for', () => {
    const order = orderAfter(...waiting('backorder', '2026-12-01'))
    assert.deepEqual([waitingOf(order, today, now)?.waitsFor, waitingOf(order, today, now)?.markSeconds], ['supplier', undefined])
  })
  it('is late the day after', () => after(...waiting('backorder', '2026-11-20')).waits('backordered', 'supplier', 0))
  it('says that it was ordered before its first stock', () =>
    after(...waiting('preorder', '2026-11-20')).waits('preordered', 'supplier', 0))
})

describe('An order that has ended', () => {
  for (const [how, ...events] of [
    ['delivered', ...sent, parcel('delivered'), { type: 'StatusChanged', from: 'in_transit', to: 'completed' }],
    ['cancelled', placed, { type: 'OrderCancelled', reason: 'customer_request', refund: 'auto' }],
    ['expired', placed, { type: 'OrderExpired' }],
  ] as const satisfies readonly (readonly [string, ...OrderEvent[]])[])
    it(`because it was ${how} waits for nobody`, () => assert.equal(waitingOf(orderAfter(...events), today, now), undefined))
})
