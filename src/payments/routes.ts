/** Payments over HTTP: attempts of an order, what staff may do to one, and the door for providers' webhooks. */
import { Type, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isRefusal } from '../kernel/decider.ts'
import type { Instant, OrderId } from '../kernel/ids.ts'
import { Problem } from '../kernel/problem.ts'
import type { OrderFacts, OrderQueries } from '../orders/contract.ts'
import { requiredKey } from '../platform/http/idempotency.ts'
import { actor, office, type Role } from '../platform/http/policy.ts'
import { type ProblemTable, unlessRefused } from '../platform/http/refusals.ts'
import { etag } from '../platform/http/versions.ts'
import { newId } from '../platform/ids.ts'
import type { Logger } from '../platform/log.ts'
import type { PaymentCommand } from './payment.ts'
import type { WebhookHeaders } from './provider.ts'
import type { AttemptReason, PaymentOutcome, PaymentService, WebhookRefused } from './service.ts'
import { detailsOf, type PaymentDetails } from './views.ts'

export type RouteOptions = Readonly<{
  service: PaymentService
  orders: OrderQueries
  now: () => Instant
  log: Logger
  /** Waits for a payment's page, `pageWaitMs` at most. */
  pageWithin: (payment: string, ms: number) => Promise<void>
}>

/** The page is made by a task, usually within milliseconds; who waited in vain reads the payment again. */
const pageWaitMs = 1_000

/** Every refusal has an HTTP form, or this file does not compile. */
const paymentProblems = {
  payment_not_found: { status: 404, title: 'No such payment' },
  payment_exists: { status: 409, title: 'Payment already exists' },
  payment_open: { status: 409, title: 'A payment is open already' },
  not_payable: { status: 409, title: 'Order cannot take a payment now' },
  amount_invalid: { status: 422, title: 'Amount is not usable' },
  amount_mismatch: { status: 422, title: 'Amount differs from the payment' },
  currency_mismatch: { status: 422, title: 'Currency differs from the payment' },
  reference_mismatch: { status: 422, title: 'Reference differs from the payment' },
  not_capturable: { status: 409, title: 'Nothing can be captured' },
  capture_exceeds_authorized: { status: 422, title: 'More than is authorised' },
  not_refundable: { status: 409, title: 'Nothing can be refunded' },
  refund_exceeds_captured: { status: 422, title: 'More than was captured' },
  not_voidable: { status: 409, title: 'Nothing can be given back' },
  provider_not_found: { status: 404, title: 'No such payment provider' },
  webhook_signature_invalid: { status: 401, title: 'Webhook signature is not valid' },
  webhook_invalid: { status: 400, title: 'Webhook is not valid' },
} as const satisfies ProblemTable<AttemptReason | WebhookRefused>

const id = Type.Unsafe<OrderId>({ type: 'string', pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' })
const Params = Type.Object({ id })
const amount = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'Minor units; all there is when absent.' })
const strict = { additionalProperties: false } as const
const Attempt = Type.Object({ method: Type.String({ pattern: '^[A-Z][A-Z0-9_]{0,39}$', examples: ['CREDIT_CARD'] }) }, strict)
const Capture = Type.Object({ amount: Type.Optional(amount) }, strict)
const Refund = Type.Object({ amount: Type.Optional(amount), reason: Type.String({ minLength: 1, maxLength: 500 }) }, strict)
const Void = Type.Object({ reason: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })) }, strict)
const RefundShown = Type.Object({ id: Type.String(), amount: Type.Integer(), status: Type.String() })
const PaymentShown = Type.Object({
  id: Type.String(),
  order: Type.String(),
  version: Type.Integer(),
  status: Type.String(),
  method: Type.String(),
  provider: Type.String(),
  amount: Type.Integer(),
  authorized: Type.Integer(),
  captured: Type.Integer(),
  refunded: Type.Integer(),
  voided: Type.Integer(),
  currency: Type.String(),
  captureAt: Type.String(),
  declines: Type.Integer(),
  refunds: Type.Array(RefundShown),
  actions: Type.Array(Type.String()),
  paymentUrl: Type.Optional(Type.String()),
  reference: Type.Optional(Type.String()),
})
const Payments = Type.Object({ data: Type.Array(PaymentShown) })
const Taken = Type.Object({ received: Type.Boolean(), duplicate: Type.Boolean() })

const payers: readonly Role[] = [...office, 'customer']
const mayPay = { policy: { roles: payers } } as const
const officeOnly = { policy: { roles: office } } as const

export const paymentRoutes =
  ({ service, orders, now, pageWithin, log }: RouteOptions): FastifyPluginAsyncTypebox =>
  async (edge) => {
    /** A customer sees his own orders; another's are as if they did not exist. */
    const orderFor = async ({ principal }: FastifyRequest, order: OrderId): Promise<OrderFacts> => {
      const facts = (await orders.facts([order])).get(order)
      const hidden = principal.role === 'customer' && (principal.user === undefined || facts?.user !== principal.user)
      if (facts !== undefined && !hidden) return facts
      throw new Problem('order_not_found', { status: 404, title: 'No such order' }, `There is no order ${order}.`)
    }

    const details = async (payment: string): Promise<PaymentDetails | undefined> => {
      const stored = (await service.store.get([payment])).get(payment)
      return stored === undefined ? undefined : detailsOf(payment, stored)
    }

    const found = async (payment: string): Promise<PaymentDetails> => {
      const shown = await details(payment)
      if (shown !== undefined) return shown
      throw new Problem('payment_not_found', paymentProblems.payment_not_found, `There is no payment ${payment}.`)
    }

    /** What was asked of the provider is carried out by a task: 202, and the payment says how far it is. */
    const asked = async (reply: FastifyReply, payment: string, outcome: PaymentOutcome): Promise<PaymentDetails> => {
      const { replayed } = unlessRefused(outcome, paymentProblems)
      if (replayed) reply.header('idempotent-replayed', 'true')
      const shown = await found(payment)
      reply.header('etag', etag(shown.version)).code(202)
      return shown
    }
    const ask = async (request: FastifyRequest, reply: FastifyReply, payment: string, command: PaymentCommand) => {
      const key = requiredKey(request, `${command.do}:${payment}`, now())
      return asked(reply, payment, await service.handle({ id: payment, command, origin: actor(request), key }))
    }

    const startAttempt = async (request: FastifyRequest, reply: FastifyReply, order: OrderId, method: string) => {
      const facts = await orderFor(request, order)
      const key = requiredKey(request, `startPayment:${facts.id}`, now())
      const outcome = unlessRefused(await service.attempt(facts, method, { origin: actor(request), key }), paymentProblems)
      if (outcome.replayed) reply.header('idempotent-replayed', 'true')
      await pageWithin(outcome.id, pageWaitMs)
      const shown = await found(outcome.id)
      reply.header('location', `/v1/payments/${shown.id}`).header('etag', etag(shown.version)).code(201)
      return shown
    }

    const listed = async (request: FastifyRequest, order: OrderId) => {
      const facts = await orderFor(request, order)
      const attempts = (await service.ofOrders([facts.id])).get(facts.id) ?? []
      return { data: await Promise.all(attempts.map((attempt) => found(attempt.id))) }
    }

    const takeWebhook = async (request: FastifyRequest, provider: string) => {
      const outcome = await service.webhook(provider, request.rawBody ?? Buffer.alloc(0), request.headers)
      if (isRefusal(outcome))
        log.warn({ provider, refused: outcome.refused, detail: outcome.detail }, 'a payment webhook was refused')
      const { duplicate } = unlessRefused(outcome, paymentProblems)
      return { received: true, duplicate }
    }

    edge.post(
      '/v1/orders/:id/payments',
      {
        config: mayPay,
        schema: {
          summary: 'Start another attempt to pay for an order',
          description: 'Answers with the hosted page to send the buyer to. An open page of an earlier attempt is closed.',
          params: Params,
          body: Attempt,
          response: { 201: PaymentShown },
        },
      },
      (request, reply) => startAttempt(request, reply, request.params.id, request.body.method),
    )

    edge.get(
      '/v1/orders/:id/payments',
      {
        config: mayPay,
        schema: { summary: 'The payments of an order, oldest first', params: Params, response: { 200: Payments } },
      },
      (request) => listed(request, request.params.id),
    )

    edge.get(
      '/v1/payments/:id',
      { config: mayPay, schema: { summary: 'One payment', params: Params, response: { 200: PaymentShown } } },
      async (request, reply) => {
        const shown = await found(request.params.id)
        if (request.principal.role === 'customer') await orderFor(request, shown.order)
        reply.header('etag', etag(shown.version))
        return shown
      },
    )

    edge.post(
      '/v1/payments/:id/capture',
      {
        config: officeOnly,
        schema: { summary: 'Capture what is authorised', params: Params, body: Capture, response: { 202: PaymentShown } },
      },
      (request, reply) =>
        ask(request, reply, request.params.id, { do: 'requestCapture', capture: newId(now()), amount: request.body.amount }),
    )

    edge.post(
      '/v1/payments/:id/refund',
      {
        config: officeOnly,
        schema: {
          summary: 'Give money back, bounded by what is captured and not yet refunded',
          params: Params,
          body: Refund,
          response: { 202: PaymentShown },
        },
      },
      async (request, reply) => {
        const { params, body } = request
        const key = requiredKey(request, `requestRefund:${params.id}`, now())
        return asked(reply, params.id, await service.refund(params.id, body, { origin: actor(request), key }))
      },
    )

    edge.post(
      '/v1/payments/:id/void',
      {
        config: officeOnly,
        schema: {
          summary: 'Give back what is authorised and not captured',
          params: Params,
          body: Void,
          response: { 202: PaymentShown },
        },
      },
      (request, reply) =>
        ask(request, reply, request.params.id, { do: 'requestVoid', reason: request.body.reason ?? 'voided_by_staff' }),
    )

    edge.post(
      '/v1/webhooks/payments/:provider',
      {
        config: { policy: { roles: 'public' } },
        schema: {
          summary: 'News from a payment provider',
          description: 'Signed over the raw body; see docs/reference/simulated-payment-provider.md.',
          params: Type.Object({ provider: Type.String({ maxLength: 40 }) }),
          response: { 200: Taken },
        },
      },
      (request) => takeWebhook(request, request.params.provider),
    )
  }

/** The same door without HTTP, for a provider that lives in this process. @returns the status HTTP would answer with. */
export const webhookDoor =
  (service: PaymentService, provider: string): ((body: Buffer, headers: WebhookHeaders) => Promise<number>) =>
  async (body, headers) => {
    const outcome = await service.webhook(provider, body, headers)
    return isRefusal(outcome) ? paymentProblems[outcome.refused].status : 200
  }
