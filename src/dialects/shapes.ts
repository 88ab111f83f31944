/** The words and shapes of dialects B and D (REQUIREMENTS: one life cycle, four dialects; T1, T2). Pure. */
import type { CartView } from '../carts/contract.ts'
import { toMajor } from '../kernel/money.ts'
import type { OrderStatus } from '../orders/contract.ts'
import type { PaymentStatus, PaymentView } from '../payments/contract.ts'
import type { ItemSeen, OrderSeen, ProductSeen, UserSeen } from './ports.ts'

const statusesOfB = {
  received: 'PLACED',
  paid: 'PLACED',
  ready: 'PLACED',
  in_transit: 'SHIPPED',
  completed: 'DELIVERED',
  cancelled: 'CANCELLED',
} as const satisfies Record<OrderStatus, string>
export type StatusOfB = (typeof statusesOfB)[OrderStatus]
export const statusOfB = ({ status }: Pick<OrderSeen, 'status'>): StatusOfB => statusesOfB[status]

export type StatusOfD = 'PENDING' | 'EXECUTED' | 'SHIPPED' | 'DELIVERED' | 'CANCELED'
/** T1: before `SHIPPED` it is `PENDING` while any item is, else `EXECUTED`, paid or not. */
export const statusOfD = ({ status, items }: Pick<OrderSeen, 'status' | 'items'>): StatusOfD => {
  switch (status) {
    case 'cancelled':
      return 'CANCELED'
    case 'in_transit':
      return 'SHIPPED'
    case 'completed':
      return 'DELIVERED'
    case 'received':
    case 'paid':
    case 'ready':
      return items.some(({ state }) => state === 'waiting') ? 'PENDING' : 'EXECUTED'
  }
}

const itemWords = { waiting: 'PENDING', had: 'EXECUTED', cancelled: 'CANCELED' } as const satisfies Record<
  ItemSeen['state'],
  string
>

/** A cancelled item shows what had been ordered of it. */
const unitsShown = ({ state, current, ordered }: ItemSeen): number => (state === 'cancelled' ? ordered : current)
const expectation = ({ state, expected }: ItemSeen) =>
  state === 'waiting' && expected !== undefined ? { expectedDate: expected } : {}

export const orderOfD = (order: OrderSeen) => ({
  orderId: order.id,
  userId: order.user ?? null,
  status: statusOfD(order),
  orderItems: order.items.map((item) => ({
    productId: item.sku,
    quantity: unitsShown(item),
    status: itemWords[item.state],
    ...expectation(item),
  })),
  totalAmount: toMajor(order.total, order.currency),
})

export const orderOfB = (order: OrderSeen, payments: readonly PaymentView[]) => ({
  orderId: order.id,
  userId: order.user ?? null,
  orderItems: order.items.map((item) => ({
    productId: item.sku,
    quantity: unitsShown(item),
    price: toMajor(item.unitPrice, order.currency),
    status: itemWords[item.state],
    ...expectation(item),
  })),
  totalAmount: toMajor(order.total, order.currency),
  status: statusOfB(order),
  orderDate: order.placedAt,
  version: order.version,
  ...(order.prepaid || payments.length > 0 ? { payments: payments.map(paymentOfB) } : {}),
})

/** T2. A payment that is captured parcel by parcel is completed with the last. */
const paymentWords = {
  pending: 'PENDING',
  authorized: 'PENDING',
  unknown: 'PENDING',
  partially_captured: 'PENDING',
  captured: 'COMPLETED',
  partially_refunded: 'COMPLETED',
  refunded: 'COMPLETED',
  failed: 'FAILED',
  voided: 'FAILED',
} as const satisfies Record<PaymentStatus, string>

export const paymentOfB = ({ id, order, amount, currency, status, method, paymentUrl }: PaymentView) => ({
  paymentId: id,
  orderId: order,
  amount: toMajor(amount, currency),
  status: paymentWords[status],
  paymentMethod: method,
  ...(paymentUrl === undefined ? {} : { paymentUrl }),
})

export const productOfB = ({ sku, name, unitPrice, currency, stock }: ProductSeen) => ({
  productId: sku,
  productName: name,
  price: toMajor(unitPrice, currency),
  stock,
})

export const cartOfB = ({ cartId, items, currency }: CartView) => ({
  cartId,
  cartItems: items.map(({ sku, quantity, unitPrice }) => ({
    productId: sku,
    quantity,
    price: toMajor(unitPrice, currency ?? ''),
  })),
})

export const userOfB = ({ userId, name, email, address }: UserSeen) => ({
  userId,
  name: name ?? null,
  email: email ?? null,
  address: address ?? null,
})
