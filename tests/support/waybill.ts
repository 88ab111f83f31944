/** A whole Waybill on a database of its own, listening on a free port of this machine: for journeys. */
import { layInDemo } from '../../src/cli/demo-shop.ts'
import { readConfiguration } from '../../src/platform/config/config.ts'
import { createLog } from '../../src/platform/log.ts'
import { openDatabase } from '../../src/database.ts'
import { startServer } from '../../src/server.ts'
import type { Shop } from '../../src/shop.ts'
import { testDatabase } from './database.ts'

export const ownerKey = 'owner-key-for-tests-only'
export type Answered = Readonly<{ status: number; headers: Headers; body: unknown }>
export type Waybill = Readonly<{
  url: string
  shop: Shop
  /** `key: null` sends none; the owner's otherwise. Bodies are JSON; a string is sent as it is. */
  ask: (
    method: string,
    path: string,
    body?: unknown,
    options?: Readonly<{ key?: string | null; headers?: Readonly<Record<string, string>> }>,
  ) => Promise<Answered>
  stop: () => Promise<void>
}>

/** @param environment variables over the defaults: demo off, logs silent. `demo: true` lays the demo shop in. */
export const startWaybill = async (environment: Readonly<Record<string, string>> = {}, demo = false): Promise<Waybill> => {
  const database = await testDatabase()
  const env = { DATABASE_URL: database.url, PORT: '0', WAYBILL_OWNER_KEY: ownerKey, WAYBILL_LOG_LEVEL: 'silent', ...environment }
  const configuration = readConfiguration(env)
  if ('problems' in configuration) throw new Error(configuration.problems.join('\n'))
  const server = await startServer({
    configuration,
    log: createLog(configuration.logLevel),
    environment: env,
    say: () => undefined,
    database: await openDatabase({ configuration, say: () => undefined, kind: 'server' }),
  })
  if (demo) await layInDemo(server.shop, configuration.timeZone)
  await server.ensureOwner()
  const url = await server.listen(demo)
  const ask: Waybill['ask'] = async (method, path, body, { key = ownerKey, headers = {} } = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(method === 'POST' && path.startsWith('/v1/') ? { 'idempotency-key': crypto.randomUUID() } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const json = /json/.test(response.headers.get('content-type') ?? '')
    return { status: response.status, headers: response.headers, body: json && text !== '' ? JSON.parse(text) : text }
  }
  return {
    url,
    shop: server.shop,
    ask,
    stop: async () => {
      await server.stop()
      await database.drop()
    },
  }
}

/** How long a journey waits for what must come; far beyond what it takes, so that only a fault reaches it. */
const patienceMs = 20_000

/** Looks again after each commit until the answer is there. @throws with the last answer where it never comes. */
export const eventually = async <Value>(waybill: Waybill, what: string, look: () => Promise<Value | undefined>): Promise<Value> => {
  const end = performance.now() + patienceMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`)
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 100)
      waybill.shop.wakeUps.once(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}
