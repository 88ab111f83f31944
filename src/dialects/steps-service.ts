/** `SHIPPED` and `DELIVERED` in B and D: the rooms are asked in turn, and the caller hears what stands in the way. */
import type { FastifyRequest } from 'fastify'
import { refuse } from '../kernel/decider.ts'
import type { OrderStatus } from '../orders/contract.ts'
import { actor } from '../platform/http/policy.ts'
import type { OrderPorts, OrderSeen } from './ports.ts'
import { problemIn, unlessRefused } from './problems.ts'
import { mayMove, unlessStale } from './requests.ts'
import { statusOfB } from './shapes.ts'

export type Step = 'SHIPPED' | 'DELIVERED'
const reached = { SHIPPED: 'in_transit', DELIVERED: 'completed' } as const satisfies Record<Step, OrderStatus>

/** The order after the step. A step that was taken before changes nothing. */
export const takeStep = async (
  orders: OrderPorts,
  request: FastifyRequest,
  { order, step, expected }: Readonly<{ order: OrderSeen; step: Step; expected: number | undefined }>,
): Promise<OrderSeen> => {
  mayMove(request, order)
  unlessStale(order, expected)
  if (order.status === reached[step]) return order
  const impossible = step === 'SHIPPED' ? whyNotShipped(order) : whyNotDelivered(order)
  if (impossible !== undefined) throw problemIn(impossible)
  const origin = actor(request)
  if (step === 'SHIPPED') unlessRefused(await orders.ship(order.id, origin, request.principal.role !== 'logistics_partner'))
  else unlessRefused(await orders.deliver(order.id, origin))
  const after = await orders.reaching(order.id, ['completed', reached[step]])
  // The parcels have moved, whether or not their news has come to the order within the wait.
  return { ...(after ?? order), status: reached[step] }
}

const whyNotShipped = (order: OrderSeen) => {
  if (order.status === 'cancelled' || order.status === 'completed')
    return refuse('step_impossible', `status: the order is ${statusOfB(order)}, it cannot become SHIPPED`)
  if (!order.secured) return refuse('not_paid', 'status: the order is not paid yet, it cannot become SHIPPED')
  if (order.held) return refuse('order_held', 'status: a hold blocks the order, it cannot become SHIPPED')
  const waiting = order.items.find(({ state }) => state === 'waiting')
  if (waiting === undefined) return undefined
  const day = waiting.expected === undefined ? '' : `, expected on ${waiting.expected}`
  return refuse('not_assembled_yet', `status: ${waiting.sku} waits for supply${day}; the order cannot become SHIPPED`)
}

const whyNotDelivered = (order: OrderSeen) =>
  order.status === 'in_transit'
    ? undefined
    : refuse('step_impossible', `status: the order is ${statusOfB(order)}; only a SHIPPED one can become DELIVERED`)
