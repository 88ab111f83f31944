/** The simulated provider's own pages, which a real one would host elsewhere, and what the owner may see of its set-up. */
import { Type, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyPluginAsync, FastifyReply } from 'fastify'
import { type SimulatedProvider, simulatedName, simulatedPagePath } from './simulated.ts'
import { noSuchPage, paymentPage } from './simulated-page.ts'
import type { BuyerAction } from './simulated-session.ts'

/** Where the simulated provider sends its webhooks, and a stranger may send his. */
const webhookPath = `/v1/webhooks/payments/${simulatedName}`

const Reference = Type.Object({ reference: Type.String({ maxLength: 100 }) })
const Action = Type.Object({
  action: Type.Union([Type.Literal('pay'), Type.Literal('decline'), Type.Literal('refuse'), Type.Literal('cancel')]),
})
const Setup = Type.Object({ provider: Type.String(), webhookPath: Type.String(), secret: Type.String() })
const anyone = { policy: { roles: 'public' } } as const

/** Adds the simulated provider's routes to the room's own. */
export const simulatedRoutes =
  (provider: SimulatedProvider, own: FastifyPluginAsyncTypebox): FastifyPluginAsync =>
  async (edge) => {
    await edge.register(own)
    await edge.register(pages(provider))
  }

const pages =
  (provider: SimulatedProvider): FastifyPluginAsyncTypebox =>
  async (edge) => {
    edge.get(
      `${simulatedPagePath}/:reference`,
      { config: anyone, schema: { hide: true, params: Reference } },
      async ({ params }, reply) => {
        const session = await provider.session(params.reference)
        return session === undefined ? html(reply, 404, noSuchPage()) : html(reply, 200, paymentPage(session))
      },
    )

    edge.post(
      `${simulatedPagePath}/:reference`,
      { config: anyone, schema: { hide: true, params: Reference, body: Action } },
      async ({ params, body }, reply) => {
        const action: BuyerAction = body.action
        const session = await provider.act(params.reference, action)
        if (session === undefined) return html(reply, 404, noSuchPage())
        // See other: loading the page again afterwards pays nothing twice.
        return reply.redirect(session.returnUrl ?? `${simulatedPagePath}/${session.reference}`, 303)
      },
    )

    edge.get(
      '/v1/payment-providers/simulated',
      {
        config: { policy: { roles: ['owner'] } },
        schema: { summary: 'How the simulated payment provider signs its webhooks', response: { 200: Setup } },
      },
      async () => ({ provider: simulatedName, webhookPath, secret: await provider.secret() }),
    )
  }

const html = (reply: FastifyReply, status: number, page: string): FastifyReply =>
  reply
    .code(status)
    .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'")
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(page)
