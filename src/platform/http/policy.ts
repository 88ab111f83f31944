/** Who may call a route. Every route says it; one that does not keeps the server from starting. */
import type { FastifyRequest } from 'fastify'
import type { Place } from '../../kernel/ids.ts'
import type { Problem } from '../../kernel/problem.ts'

export type Role = 'customer' | 'customer_service' | 'warehouse' | 'owner' | 'logistics_partner' | 'service' | 'demo'
export type Principal = Readonly<{
  id: string
  role: Role
  /** A customer principal is tied to one user. */
  user?: string
  /** Warehouse staff see their own warehouse. */
  place?: Place
  /** A logistics partner sees its own shipments. */
  carrier?: string
  scopes: readonly string[]
}>

/** `public`: no key needed (health, tracking by signed link, webhooks with a signature of their own). */
export type Policy = Readonly<{
  roles: readonly Role[] | 'public'
  /** Callers without a key are the principal `demo` where requirement T4 allows it. */
  openInDemo?: boolean
}>

declare module 'fastify' {
  interface FastifyContextConfig {
    policy?: Policy
    /** A dialect with an error shape of its own (requirement D2). */
    problems?: (problem: Problem, request: FastifyRequest) => Readonly<{ status: number; body: unknown }>
  }
  interface FastifyRequest {
    principal: Principal
    rawBody?: Buffer | undefined
  }
}

export const staff: readonly Role[] = ['owner', 'customer_service', 'warehouse', 'service']
export const office: readonly Role[] = ['owner', 'customer_service', 'service']
export const everyone: readonly Role[] = ['owner', 'customer_service', 'warehouse', 'service', 'customer', 'logistics_partner']

export const actor = ({ principal, id }: FastifyRequest): Readonly<{ actor: string; cause: string }> => ({
  actor: `${principal.role}:${principal.user ?? principal.id}`,
  cause: `request:${id}`,
})
