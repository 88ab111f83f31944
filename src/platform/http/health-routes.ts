/** `/healthz`, `/readyz`, `/metrics`, `/openapi.json`: for those who run Waybill. */
import type { FastifyPluginAsync } from 'fastify'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { Problem } from '../../kernel/problem.ts'
import type { Database } from '../postgres/database.ts'
import type { Admission } from './admission.ts'
import type { Crowd } from './crowd.ts'

export type Measured = Readonly<{ name: string; help: string; value: () => Promise<number> | number }>

/** Gauges of the doorkeeper, by lane: is the house full, and how many were sent away. */
const measureAdmission = (registry: Registry, { crowds }: Admission): void => {
  const gauge = (name: string, help: string, value: (crowd: Crowd) => number): void => {
    new Gauge({
      name,
      help,
      labelNames: ['lane'],
      registers: [registry],
      collect: function () {
        for (const [lane, crowd] of Object.entries(crowds)) this.set({ lane }, value(crowd))
      },
    })
  }
  gauge('waybill_requests_in_house', 'Requests taken and not answered yet', ({ inHouse }) => inHouse)
  gauge('waybill_requests_limit', 'Requests that may be in the house now', ({ limit }) => limit)
  gauge('waybill_requests_refused', 'Requests refused for load since the start', ({ refused }) => refused)
}

export const healthRoutes =
  (database: Database, measured: readonly Measured[]): FastifyPluginAsync =>
  async (edge) => {
    const registry = new Registry()
    collectDefaultMetrics({ register: registry })
    for (const { name, help, value } of measured) {
      new Gauge({
        name,
        help,
        registers: [registry],
        collect: async function () {
          this.set(await value())
        },
      })
    }
    if (edge.hasDecorator('admission')) measureAdmission(registry, edge.admission)
    const open = { config: { policy: { roles: 'public' as const }, alwaysAdmitted: true } }
    edge.get('/healthz', { ...open, schema: { summary: 'The process lives', tags: ['operations'] } }, async () => ({
      status: 'ok',
    }))
    edge.get('/readyz', { ...open, schema: { summary: 'It can take orders', tags: ['operations'] } }, async () => {
      try {
        await database.read('select 1')
        return { status: 'ready' }
      } catch (fault) {
        throw new Problem(
          'unavailable',
          { status: 503, title: 'Not ready', retryable: true },
          `The database is out of reach: ${fault instanceof Error ? fault.message : String(fault)}`,
        )
      }
    })
    edge.get('/metrics', { ...open, schema: { summary: 'Prometheus metrics', tags: ['operations'] } }, async (_, reply) =>
      reply.type(registry.contentType).send(await registry.metrics()),
    )
    edge.get('/openapi.json', { ...open, schema: { hide: true } }, async () => edge.swagger())
  }
