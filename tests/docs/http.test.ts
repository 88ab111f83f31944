/** docs/reference/http.md lists every path of the server with who may call it, and nothing else. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { AnySchema } from 'ajv'
import fastify, { type FastifySchemaCompiler } from 'fastify'
import { healthRoutes } from '../../src/platform/http/health-routes.ts'
import type { Policy } from '../../src/platform/http/policy.ts'
import { compiled } from '../../src/platform/http/schemas.ts'
import { startWaybill, type Waybill } from '../support/waybill.ts'

const everyRole = ['owner', 'service', 'customer_service', 'warehouse', 'logistics_partner', 'customer'] as const

const who = ({ roles, openInDemo }: Policy): string => {
  if (roles === 'public') return 'anyone'
  const named = everyRole.filter((role) => roles.includes(role))
  const said = named.length === everyRole.length ? 'every key' : named.join(', ')
  return openInDemo === true ? `${said}; demo` : said
}

/** `GET /v1/orders/{id} | every key`, of each route. */
const routesOf = async (waybill: Waybill, compiler: FastifySchemaCompiler<AnySchema>): Promise<readonly string[]> => {
  const rows: string[] = []
  const app = fastify()
  app.setValidatorCompiler(compiler)
  app.decorateRequest('rawBody')
  app.addHook('onRoute', ({ method, url, config }) => {
    const path = url.replaceAll(/:(\w+)/g, '{$1}')
    for (const each of [method].flat()) {
      if (each !== 'HEAD') rows.push(`${each} ${path} | ${config?.policy === undefined ? 'no policy' : who(config.policy)}`)
    }
  })
  for (const room of [...waybill.shop.routes, healthRoutes(waybill.shop.database, [])]) await app.register(room)
  await app.ready()
  await app.close()
  return rows
}

const rowsIn = (page: string): readonly string[] =>
  [...page.matchAll(/^\| `([A-Z]+ \/[^`]*)` \| ([^|]+) \| [^|]+ \|$/gm)].map(
    ([, path = '', roles = '']) => `${path} | ${roles.trim()}`,
  )

const differences = (real: readonly string[], said: readonly string[]): readonly string[] => [
  ...real.filter((row) => !said.includes(row)).map((row) => `the page lacks: ${row}`),
  ...said.filter((row) => !real.includes(row)).map((row) => `the server lacks: ${row}`),
]

describe('The page of paths', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs/reference/http.md'), 'utf8')
  let waybill: Waybill
  let real: readonly string[]
  before(async () => {
    waybill = await startWaybill()
    real = await routesOf(waybill, () => () => true)
  })
  after(() => waybill.stop())

  it('says what the server has, path by path, and for whom', () => {
    assert.ok(real.length > 90, `${real.length} routes found`)
    assert.deepEqual(differences(real, rowsIn(page)), [])
  })

  it('lists all that openapi.json lists', async () => {
    const { paths } = (await waybill.ask('GET', '/openapi.json')).body as { paths: Record<string, Record<string, unknown>> }
    const listed = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const said = new Set(rowsIn(page).map((row) => row.split(' | ')[0]))
    assert.deepEqual(
      listed.filter((path) => !said.has(path) && !path.startsWith('HEAD ')),
      [],
    )
  })

  it('has schemas that can all be compiled', async () => {
    let schemas = 0
    await routesOf(waybill, (route) => {
      schemas += 1
      return compiled(route)
    })
    assert.ok(schemas > 100, `${schemas} schemas found`)
  })

  it('would notice a path that is planted on either side', () => {
    assert.deepEqual(differences([...real, 'GET /planted | anyone'], rowsIn(page)), ['the page lacks: GET /planted | anyone'])
    const planted = '| `GET /planted` | owner | nothing |'
    assert.deepEqual(differences(real, rowsIn(`${page}\n${planted}\n`)), ['the server lacks: GET /planted | owner'])
  })
})
