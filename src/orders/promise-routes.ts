/** `POST /v1/promises`: what an order would cost to send and when it would come, before it is placed. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { isRefusal, type Refusal } from '../kernel/decider.ts'
import { actor, everyone } from '../platform/http/policy.ts'
import { problemOf, unlessRefused } from '../platform/http/refusals.ts'
import type { Intake } from './intake-service.ts'
import type { PlaceReason } from './placement-service.ts'
import { orderProblems } from './problems.ts'
import type { Promises } from './promise-service.ts'
import { AskPromise } from './schemas.ts'

export const promiseRoutes =
  (promises: Promises): FastifyPluginAsyncTypebox =>
  async (edge) => {
    edge.post(
      '/v1/promises',
      {
        schema: { summary: 'When an order would come, and what delivery would cost', tags: ['orders'], body: AskPromise },
        config: { policy: { roles: everyone } },
      },
      async (request) => {
        const { body, principal } = request
        const asked = await promises.ask({
          dialect: 'v1',
          channel: body.channel ?? 'web',
          source: 'Web',
          user: principal.role === 'customer' ? principal.user : undefined,
          address: body.shippingAddress,
          lines: body.lines,
          currency: body.currency,
          promotionCodes: body.promotionCodes ?? [],
          onShortage: body.onShortage ?? 'refuse',
          shippingMethod: body.shippingMethod ?? 'standard',
          terms: 'prepaid',
          capture: 'placement',
          origin: actor(request),
        })
        return unlessRefused(asked, orderProblems)
      },
    )
  }

/** An order that cannot keep its promise is told what can be promised now, so that nobody asks twice. */
export const withFreshPromise = async (
  refusal: Refusal<PlaceReason>,
  promises: Promises,
  asked: Intake,
): Promise<ReturnType<typeof problemOf>> => {
  const fresh = await promises.ask(asked)
  return problemOf(isRefusal(fresh) ? refusal : { ...refusal, about: { ...refusal.about, promise: fresh } }, orderProblems)
}
