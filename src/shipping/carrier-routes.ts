/** Carriers' doors: signed news from outside, the public tracking answer, and the simulated carrier's secret for the owner. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { Problem } from '../kernel/problem.ts'
import type { Policy } from '../platform/http/policy.ts'
import { signatureHeader, type SimulatedCarrier, simulatedName, stories } from './adapters/simulated.ts'
import { isAnnounced } from './parcel.ts'
import { carrierName, publicTracking } from './requests.ts'
import type { ShippingService } from './service.ts'

const open: Policy = { roles: 'public' }
const tags = ['carriers']
/** Far above what any carrier says about one parcel. */
const newsBytesMax = 65_536

const webhookSchema = { summary: "A carrier's tracking news, signed", tags, params: Type.Object({ carrier: carrierName }) }
const trackSchema = {
  summary: "A parcel's way, for whoever has its tracking number",
  tags,
  params: Type.Object({ carrier: carrierName, tracking: Type.String({ maxLength: 200 }) }),
}

export const carrierRoutes =
  (
    service: ShippingService,
    simulated: Readonly<{ carrier: SimulatedCarrier; mode: 'manual' | 'auto'; baseUrl: () => string }>,
  ): FastifyPluginAsyncTypebox =>
  async (edge) => {
    edge.post(
      '/v1/webhooks/carriers/:carrier',
      { schema: webhookSchema, config: { policy: open }, bodyLimit: newsBytesMax },
      async ({ params, rawBody, headers }) => {
        const carrier = service.carrier(params.carrier)
        if (carrier === undefined)
          throw new Problem(
            'carrier_not_found',
            { status: 404, title: 'No such carrier' },
            `There is no carrier ${params.carrier}.`,
          )
        const parsed = carrier.parseWebhook(rawBody ?? Buffer.alloc(0), headers)
        if ('rejected' in parsed) {
          const status = parsed.rejected === 'signature_invalid' ? 401 : 400
          throw new Problem(parsed.rejected, { status, title: 'News not taken' }, parsed.detail)
        }
        const outcomes = await Promise.all(parsed.news.map((news) => service.learn({ carrier: carrier.name, news, raw: news })))
        if (outcomes.includes('tracking_unknown'))
          throw new Problem(
            'tracking_unknown',
            { status: 404, title: 'No such tracking number', retryable: true },
            'No parcel has this tracking number (yet): send the news again in a moment.',
          )
        return { received: true, duplicate: outcomes.length > 0 && outcomes.every((outcome) => outcome === 'duplicate') }
      },
    )

    edge.get('/v1/carriers/:carrier/track/:tracking', { schema: trackSchema, config: { policy: open } }, async ({ params }) => {
      const rows = await service.stores.parcels.find('tracking', [params.tracking], 1)
      const state = rows[0]?.state
      if (state === undefined || !isAnnounced(state) || state.carrier !== params.carrier)
        throw new Problem(
          'tracking_unknown',
          { status: 404, title: 'No such tracking number' },
          'No parcel has this tracking number.',
        )
      return publicTracking(state)
    })

    edge.get(
      `/v1/carriers/${simulatedName}`,
      { schema: { summary: 'The simulated carrier, with its webhook secret', tags }, config: { policy: { roles: ['owner'] } } },
      async () => ({
        carrier: simulatedName,
        mode: simulated.mode,
        webhookUrl: `${simulated.baseUrl()}/v1/webhooks/carriers/${simulatedName}`,
        signatureHeader,
        secret: simulated.carrier.secret,
        trackingNumbers: Object.entries(stories).map(([code, { word, steps }]) => ({
          prefix: `SIM${code}`,
          shippingMethodEndsWith: word,
          steps: steps.map(({ status }) => status),
        })),
      }),
    )
  }
