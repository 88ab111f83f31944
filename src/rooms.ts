/** The rooms as `flow.ts` wires them: what each brings to the choreography. */
import type { createFulfilment } from './fulfilment/room.ts'
import type { createInsights } from './insights/insights.ts'
import type { createNotifications } from './notifications/notifications.ts'
import type { createPayments } from './payments/room.ts'
import type { Reaction } from './platform/bus/consumers.ts'
import type { Returns } from './returns/room.ts'
import type { createShipping } from './shipping/room.ts'

type OrderReactions =
  | 'listing'
  | 'followPayments'
  | 'followStock'
  | 'followTransfers'
  | 'followFulfilment'
  | 'followParcels'
  | 'followReturns'

export type Rooms = Readonly<{
  orders: Readonly<{ reactions: Readonly<Record<OrderReactions, Reaction>> }>
  inventory: Readonly<{ reactions: Readonly<{ stockMoves: Reaction }> }>
  payments: ReturnType<typeof createPayments>
  fulfilment: ReturnType<typeof createFulfilment>
  shipping: Awaited<ReturnType<typeof createShipping>>
  returns: Returns
  notifications: ReturnType<typeof createNotifications>
  insights: Pick<ReturnType<typeof createInsights>, 'reactions'>
}>
