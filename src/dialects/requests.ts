/** What the routes of both dialects share: shapes of what comes in, who may call, versions. Pure. */
import { Type } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { basketLimits, skuPattern } from '../catalog/contract.ts'
import { refuse } from '../kernel/decider.ts'
import { Problem } from '../kernel/problem.ts'
import { everyone, office, type Policy, type Role, staff } from '../platform/http/policy.ts'
import { ifMatch } from '../platform/http/versions.ts'
import type { OrderSeen } from './ports.ts'
import { problemIn } from './problems.ts'

export const closed = { additionalProperties: false } as const
/** The caller's own ids (users, products). */
export const outsideId = Type.String({ pattern: skuPattern })
export const units = Type.Integer({ minimum: 1, maximum: basketLimits.unitsMax })
export const linesMax = basketLimits.linesMax
export const version = Type.Integer({
  minimum: 0,
  maximum: 2_147_483_647,
  description: 'The version you saw; an older one is 409.',
})
/** PostgreSQL's text holds every character but this one. */
export const text = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: '^[^\\u0000]*$' })
export const oneOf = <Word extends string>(...words: readonly Word[]) => Type.Unsafe<Word>({ type: 'string', enum: words })
/** Anything: what is no order's id is an order that is not there. */
export const orderParams = Type.Object({ orderId: Type.String({ maxLength: 200 }) })

/** Who may look, who may buy, and who may move orders on; callers without a key only where T4 says so. */
export const readers: Policy = { roles: everyone, openInDemo: true }
export const buyers: Policy = { roles: [...office, 'customer'], openInDemo: true }
export const owners: Policy = { roles: ['owner', 'service'] }

const forbidden = (detail: string, roles?: readonly Role[]): Problem =>
  problemIn(refuse('forbidden', detail, roles === undefined ? undefined : { requiredRoles: roles }))

/** A customer acts for himself; `field` is where the request names somebody. */
export const onlyFor = ({ principal }: FastifyRequest, user: string | undefined, field = 'userId'): void => {
  if (principal.role === 'customer' && (principal.user === undefined || principal.user !== user))
    throw forbidden(`${field}: your key is for the user ${principal.user ?? '(none)'} only`)
}

/** Somebody else's order is no order to a customer: the same answer, so that nothing can be learned by asking. */
export const visible = ({ principal }: FastifyRequest, order: OrderSeen): boolean =>
  principal.role !== 'customer' || (order.user !== undefined && order.user === principal.user)

export const noOrder = (id: string): Problem => problemIn(refuse('order_not_found', `There is no order ${id}.`))

const handlers: readonly Role[] = [...staff, 'logistics_partner']
/** `SHIPPED` and `DELIVERED` are said by those who have the goods in hand: staff for their place, partners for their parcels. */
export const mayMove = ({ principal }: FastifyRequest, { places, carriers }: OrderSeen): void => {
  if (!handlers.includes(principal.role))
    throw forbidden(`status: SHIPPED and DELIVERED are set by staff or the delivery partner, not by ${principal.role}`, handlers)
  const { place, carrier } = principal
  if (principal.role === 'warehouse' && place !== undefined && places.some((other) => other !== place))
    throw forbidden(`status: this order is assembled elsewhere too, and your key is for ${place}`)
  if (principal.role === 'logistics_partner' && (carriers.length === 0 || carriers.some((other) => other !== carrier)))
    throw forbidden('status: this order has no parcel of yours, or not only yours')
}

const cancellers: readonly Role[] = [...office, 'customer', 'demo']
export const mayCancel = ({ principal }: FastifyRequest): void => {
  if (!cancellers.includes(principal.role)) throw forbidden(`the role ${principal.role} cannot cancel or change orders`, cancellers)
}

/** B11: the version that the caller saw, from `If-Match` or the body. */
export const seenVersion = (request: FastifyRequest, said?: number): number | undefined => ifMatch(request) ?? said

export const unlessStale = (order: OrderSeen, expected: number | undefined): void => {
  if (expected === undefined || expected === order.version) return
  throw problemIn(
    refuse('version_mismatch', `the order is at version ${order.version}, not ${expected}`, { version: order.version }),
  )
}
