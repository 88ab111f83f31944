/** What other rooms may know of notifications. */
import type { Instant, OrderId } from '../kernel/ids.ts'

export type Channel = 'email' | 'sms'
export type NotificationStatus = 'PENDING' | 'SENT' | 'FAILED'
export type NotificationKind =
  | 'placed'
  | 'paid'
  | 'ready'
  | 'shipped'
  | 'out_for_delivery'
  | 'ready_for_pickup'
  | 'delivered'
  | 'failed_attempt'
  | 'returned_to_sender'
  | 'backordered'
  | 'delayed'
  | 'choice'
  | 'filled'
  | 'units_cancelled'
  | 'cancelled'
  | 'payment_failed'
  | 'expired'
  | 'payment_returned'
  | 'refunded'
  | 'return_received'

export type NotificationView = Readonly<{
  id: string
  orderId: OrderId
  orderNumber: number
  userId?: string
  kind: NotificationKind
  channel: Channel
  status: NotificationStatus
  /** The message in one sentence, without personal data. */
  message: string
  attempts: number
  lastError?: string
  createdAt: Instant
  sentAt?: Instant
}>
