/** An order's history as specs tell it: three mugs at 10.00 and two pens at 1.00, reserved for a minute. */
import assert from 'node:assert/strict'
import { fold } from '../../src/kernel/decider.ts'
import type { Day, Instant, Sku } from '../../src/kernel/ids.ts'
import { addSeconds } from '../../src/kernel/time.ts'
import type { MoneyStep, OrderEvent, OrderEventOf, ShipmentLine } from '../../src/orders/contract.ts'
import { type OrderCommand, orderDecider } from '../../src/orders/decide.ts'
import { type Live, unplaced } from '../../src/orders/order.ts'
import { draft, leeds, line } from './heart.ts'

export const at = '2026-11-21T10:00:00.000Z' as Instant
export const day = '2026-11-23' as Day
export const placed = (more: Partial<OrderEventOf<'OrderPlaced'>> = {}): OrderEvent => ({
  type: 'OrderPlaced',
  number: 1001,
  placedAt: at,
  ...draft([line('mug', 3, { unitPrice: 10_00 }), line('pen', 2, { unitPrice: 1_00 })]),
  expiresAt: addSeconds(at, 60),
  ...more,
})
export const part = (index: number, quantity: number, more: Partial<ShipmentLine> = {}): ShipmentLine => ({
  line: index,
  sku: (index === 0 ? 'mug' : 'pen') as Sku,
  quantity,
  from: leeds,
  kind: 'stock',
  ...more,
})
export const reserved = (...lines: readonly ShipmentLine[]): OrderEvent => ({
  type: 'StockReserved',
  shipments: [{ place: leeds, dispatch: day, arrives: day, lines }],
})
export const both = [placed(), reserved(part(0, 3), part(1, 2))] as const
export const money = (step: MoneyStep, amount: number, payment = 'pay'): OrderEvent => ({
  type: 'MoneyRecorded',
  payment,
  step,
  amount,
})
export const secured: OrderEvent = { type: 'OrderSecured' }
export const expired: OrderEvent = { type: 'OrderExpired' }
export const cancelled: OrderEvent = { type: 'OrderCancelled', reason: 'bought twice', refund: 'auto' }
export const reopened: OrderEvent = { type: 'OrderReopened' }
export const parcel = (status: OrderEventOf<'ParcelProgressed'>['status'], quantity = 3): OrderEvent => ({
  type: 'ParcelProgressed',
  parcel: 'parcel',
  fulfilment: 'work',
  status,
  carrier: 'simulated',
  attempts: 0,
  lines: [{ line: 0, quantity }],
})
export const held = (hold: string, kind: string, blocks: 'release' | 'collection' = 'release'): OrderEvent => ({
  type: 'HoldPlaced',
  hold,
  kind,
  blocks,
  by: 'ann',
})

export const news = (
  step: MoneyStep,
  amount: number,
  more: Partial<Extract<OrderCommand, { do: 'recordMoney' }>> = {},
): OrderCommand => ({
  do: 'recordMoney',
  payment: 'pay',
  step,
  amount,
  at: addSeconds(at, 90),
  ...more,
})
export const cancel = (...lines: readonly (readonly [number, number])[]): OrderCommand => ({
  do: 'cancel',
  reason: 'bought twice',
  by: 'ann',
  refund: 'auto',
  at,
  ...(lines.length === 0 ? {} : { lines: lines.map(([index, quantity]) => ({ line: index, quantity })) }),
})
export const expire = (seconds: number): OrderCommand => ({ do: 'expire', at: addSeconds(at, seconds) })
export const live = (...past: readonly OrderEvent[]): Live => {
  const order = fold(orderDecider.evolve, unplaced, past)
  assert.ok(order.status === 'live')
  return order
}
export const total = 32_00
