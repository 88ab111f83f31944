/** A shop behind HTTP: opened, guarded, listening. The process around it is `main.ts`; tests start as many as they like. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createApp } from './platform/http/app.ts'
import { healthRoutes } from './platform/http/health-routes.ts'
import type { Principal } from './platform/http/policy.ts'
import { useCursorSecret } from './platform/http/cursors.ts'
import type { Configuration } from './platform/config/config.ts'
import type { Logger } from './platform/log.ts'
import type { Opened } from './database.ts'
import { openShop, type Shop, type ShopOptions } from './shop.ts'
import { randomBytes } from 'node:crypto'

export type ServerOptions = Readonly<{
  configuration: Configuration
  log: Logger
  environment: Readonly<Record<string, string | undefined>>
  say: (line: string) => void
  /** Left when the server stops, and when it cannot start. */
  database: Opened
  placementLimits?: ShopOptions['placementLimits']
}>

const version = (JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as { version: string }).version

const loopback = new Set(['127.0.0.1', '::1', 'localhost', '[::1]'])
const forwarding = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via']
const demoPrincipal: Principal = { id: 'demo', role: 'demo', scopes: [] }

/** T4: on this machine only, with nothing in between. */
const isLocal = (request: FastifyRequest): boolean => {
  const host = (request.headers.host ?? '').replace(/:\d+$/, '')
  return loopback.has(host) && loopback.has(request.ip) && forwarding.every((name) => request.headers[name] === undefined)
}

export const startServer = async ({ configuration, log, environment, say, database, placementLimits }: ServerOptions) => {
  const { connection, stop: leaveDatabase } = database
  let address = `http://${configuration.host}:${configuration.port}`
  let shop: Shop
  try {
    shop = await openShop({
      connection,
      configuration,
      log,
      environment,
      baseUrl: () => configuration.publicUrl ?? address,
      say,
      placementLimits,
    })
  } catch (fault) {
    await leaveDatabase()
    throw fault
  }
  let app: FastifyInstance | undefined
  let open = false

  const listen = async (demo: boolean): Promise<string> => {
    open = demo && configuration.openDialects === 'auto' && loopback.has(configuration.host)
    useCursorSecret(Buffer.from(await shop.keys.setting('cursor_secret', () => randomBytes(32).toString('base64url')), 'base64url'))
    app = await createApp({
      log,
      version,
      callers: shop.callers,
      authenticate: (key) => shop.keys.principalOf(key),
      demo: (request) => (open && isLocal(request) ? demoPrincipal : undefined),
      rooms: [...shop.routes, healthRoutes(shop.database, shop.measured)],
    })
    await shop.start()
    const listening = await app.listen({ port: configuration.port, host: configuration.host, backlog: 4_096 })
    address = listening.replace('[::1]', 'localhost')
    return address
  }

  return {
    shop,
    listen,
    open: () => open,
    /** Makes the owner's key where there is none yet. @returns the key when it was made up now, to be shown once. */
    ensureOwner: async (): Promise<string | undefined> => {
      const given = configuration.ownerKey
      if (given !== undefined) {
        await shop.keys.make({ role: 'owner', label: 'owner (WAYBILL_OWNER_KEY)', key: given }, shop.now())
        return undefined
      }
      return (await shop.keys.any('owner')) ? undefined : (await shop.keys.make({ role: 'owner', label: 'owner' }, shop.now())).key
    },
    stop: async (): Promise<void> => {
      await app?.close()
      await shop.stop()
      await shop.close()
      await leaveDatabase()
    },
  }
}
