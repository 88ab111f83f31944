/** Every path of dialects B and D. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { orderRoutesOfB } from './b-order-routes.ts'
import { cartRoutesOfB, productRoutesOfB, userRoutesOfB } from './b-shop-routes.ts'
import { orderRoutesOfD } from './d-routes.ts'
import type { DialectPorts } from './ports.ts'

export const dialectRoutes = (ports: DialectPorts): readonly FastifyPluginAsyncTypebox[] =>
  [orderRoutesOfB, userRoutesOfB, productRoutesOfB, cartRoutesOfB, orderRoutesOfD].map((routes) => routes(ports))
