/** The load: keep-alive connections that place orders of two lines, each with a key of its own. A process of its own. */
import { randomUUID } from 'node:crypto'
import autocannon from 'autocannon'

type Asked = Readonly<{ url: string; key: string; connections: number; seconds: number; skus: number }>
export type Loaded = Readonly<{
  perSecond: number
  p50: number
  p99: number
  created: number
  refused: number
  failed: number
  seconds: number
}>

const asked = JSON.parse(process.argv[2] ?? '{}') as Asked
const sku = (): string => `S${1 + Math.floor(Math.random() * asked.skus)}`
const result = await autocannon({
  url: asked.url,
  connections: asked.connections,
  duration: asked.seconds,
  requests: [
    {
      method: 'POST',
      path: '/v1/orders',
      headers: { authorization: `Bearer ${asked.key}`, 'content-type': 'application/json' },
      setupRequest: (request) => ({
        ...request,
        headers: { ...request.headers, 'idempotency-key': randomUUID() },
        body: JSON.stringify({
          lines: [
            { sku: sku(), quantity: 1, unitPrice: 255 },
            { sku: sku(), quantity: 1, unitPrice: 255 },
          ],
          promotionCodes: ['BENCH'],
          customer: { email: 'a@example.com' },
          shippingAddress: { country: 'GB', postalCode: 'LS1 4AP', lines: ['1 High St'] },
        }),
      }),
    },
  ],
})
const loaded: Loaded = {
  perSecond: result['2xx'] / result.duration,
  p50: result.latency.p50,
  p99: result.latency.p99,
  created: result['2xx'],
  refused: result['4xx'],
  failed: result['5xx'] + result.errors + result.timeouts,
  seconds: result.duration,
}
process.stdout.write(`${JSON.stringify(loaded)}\n`)
