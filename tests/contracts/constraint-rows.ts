/** Rows that are right, and may be made wrong in one thing: for the suite of what the tables refuse. */
import { randomUUID } from 'node:crypto'
import { userOwner } from '../../src/carts/service-owner.ts'
import type { CartChange } from '../../src/carts/store.ts'
import type { Product } from '../../src/catalog/product.ts'
import type { Promotion } from '../../src/catalog/promotion.ts'
import type { Lot, Waiting } from '../../src/inventory/store.ts'
import type { Change } from '../../src/kernel/decider.ts'
import type { OrderId, PersonRef } from '../../src/kernel/ids.ts'
import { instant } from '../../src/kernel/time.ts'
import type { NewNotification } from '../../src/notifications/store.ts'
import type { OrderEvent } from '../../src/orders/contract.ts'
import { evolve } from '../../src/orders/evolve.ts'
import { type Order, unplaced } from '../../src/orders/order.ts'
import type { LoggedMovement } from '../../src/payments/contract.ts'
import { idAt } from '../../src/platform/ids.ts'
import { day, draft, leeds, line, sku } from '../support/heart.ts'

export const at = instant(Date.parse('2026-11-21T10:00:00Z'))
export const id = (): OrderId => idAt(Date.now())
export const placed = (): Change<OrderEvent, Order> => {
  const event: OrderEvent = { type: 'OrderPlaced', number: 7, placedAt: at, ...draft([line('mug', 2)]) }
  return { id: id(), version: 1, state: evolve(unplaced, event), events: [event] }
}
export const delta = { place: leeds, onHand: 1, reserved: 0, inTransit: 0, damaged: 0, safety: 0, claimed: false }
export const waiting = (more: Partial<Waiting> = {}): Waiting => {
  return { sku: sku('mug'), order: id(), line: 0, place: leeds, quantity: 1, kind: 'backorder', priority: 0, at, ...more }
}
export const lot = (more: Partial<Lot> = {}): Lot => {
  return {
    id: id(),
    sku: sku('mug'),
    place: leeds,
    day: day('2026-12-01'),
    quantity: 5,
    received: 0,
    kind: 'purchase',
    closed: false,
    ...more,
  }
}
export const product = (more: Partial<Product> = {}): Product => ({
  sku: sku(`p ${randomUUID()}`.slice(0, 30)),
  name: 'A product',
  description: '',
  unitPrice: 100,
  currency: 'GBP',
  grams: 1,
  whenSoldOut: 'deny',
  lowStock: 5,
  components: [],
  prices: [],
  archived: false,
  version: 1,
  ...more,
})
export const promotion = (more: Partial<Promotion> = {}): Promotion => ({
  code: `C${randomUUID()}`.toUpperCase(),
  kind: 'percent',
  value: 1_000,
  currency: null,
  startsAt: null,
  endsAt: null,
  minimumSubtotal: 0,
  active: true,
  version: 1,
  ...more,
})
export const cart = (version: number, cartId: string = randomUUID()): CartChange => {
  return { id: cartId, version, events: ['one'], state: { items: [], currency: null }, owner: userOwner('ada'), expiresAt: at }
}
export const movement = (more: Partial<LoggedMovement> = {}): LoggedMovement => {
  return { payment: randomUUID(), order: id(), kind: 'authorize', amount: 5, currency: 'GBP', at, reference: 'r', ...more }
}
export const account = (userId = `user ${randomUUID()}`) => {
  return { id: randomUUID(), userId, person: undefined, version: 1, createdAt: at, updatedAt: at }
}
export const notification = (more: Partial<NewNotification> = {}): NewNotification => {
  return {
    id: id(),
    order: id(),
    kind: 'placed',
    channel: 'email',
    subject: 's',
    person: randomUUID() as PersonRef,
    facts: {},
    ...more,
  }
}
export const news = { carrier: 'c', id: randomUUID(), tracking: 't', receivedAt: at, body: {} }
