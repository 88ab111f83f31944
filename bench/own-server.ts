/** Waybill as `npm start` runs it: with an embedded database of its own, in a folder that lives as long as the case. */
import { randomUUID } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { silentLog } from '../src/platform/log.ts'
import { readConfiguration } from '../src/platform/config/config.ts'
import { startEmbedded } from '../src/platform/postgres/embedded.ts'
import { openShop } from '../src/shop.ts'
import { startChild } from './children.ts'
import { orderBody, price } from './load/requests.ts'
import { rememberPostgres } from './machine.ts'
import { seed, type Seed } from './seed.ts'
import { listening, ownerKey, type Served } from './world.ts'

const mainFile = join(import.meta.dirname, '..', 'src', 'main.ts')

/** An empty data folder for one use. What Node compiles is kept beside it, as `npm start` keeps it: a first start finds none. */
export const withFolder = async <Value>(use: (folder: string) => Promise<Value>): Promise<Value> => {
  const around = mkdtempSync(join(tmpdir(), 'waybill-bench-'))
  const folder = join(around, 'data')
  mkdirSync(folder)
  for (const path of [around, folder]) chmodSync(path, 0o755)
  try {
    return await use(folder)
  } finally {
    rmSync(around, { recursive: true, force: true })
  }
}
const compiledBeside = (folder: string): string => join(dirname(folder), 'compile')

export const startOwn = (folder: string): Promise<Served> => {
  const environment = {
    WAYBILL_DATA: folder,
    NODE_COMPILE_CACHE: compiledBeside(folder),
    DATABASE_URL: '',
    PORT: '0',
    WAYBILL_OWNER_KEY: ownerKey,
    WAYBILL_DEMO: 'off',
    WAYBILL_LOG_LEVEL: 'error',
  }
  return listening(startChild(process.execPath, [mainFile], environment), mainFile)
}

/** Fills the folder's shop while no server runs in it. */
export const stockFolder = async (folder: string, asked: Seed): Promise<void> => {
  const configuration = readConfiguration({ WAYBILL_DATA: folder })
  if ('problems' in configuration) throw new Error(configuration.problems.join('\n'))
  const { connection, stop } = await startEmbedded({ dataFolder: folder, kind: 'cli', say: () => undefined })
  try {
    const shop = await openShop({ connection, configuration, log: silentLog, environment: {}, baseUrl: () => '' })
    const client = await shop.database.client()
    await rememberPostgres(client)
    await seed(shop, client, asked)
    await client.end()
    await shop.close()
  } finally {
    await stop()
  }
}

const asked = async ({ url }: Served, method: string, path: string, body: string): Promise<void> => {
  const headers = { authorization: `Bearer ${ownerKey}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() }
  const answer = await fetch(`${url}${path}`, { method, headers, body })
  if (!answer.ok) throw new Error(`${method} ${path} was answered with ${answer.status}: ${await answer.text()}`)
  await answer.arrayBuffer()
}

/** The least that a shop needs before it can sell: a place, two products, what lies there, and the benchmark's promotion. */
export const furnish = async (served: Served): Promise<void> => {
  await asked(served, 'PUT', '/v1/warehouses/LDS1', JSON.stringify({ name: 'Leeds', country: 'GB', postalCode: 'LS1 4AP' }))
  await asked(served, 'PUT', '/v1/promotions/BENCH', JSON.stringify({ kind: 'percent', value: 1_000 }))
  for (const sku of ['S1', 'S2']) {
    await asked(served, 'PUT', `/v1/products/${sku}`, JSON.stringify({ name: 'a thing', unitPrice: price, currency: 'GBP' }))
    await asked(served, 'POST', '/v1/stock/receipts', JSON.stringify({ sku, warehouse: 'LDS1', quantity: 1_000_000 }))
  }
}

export const placeOne = (served: Served): Promise<void> => asked(served, 'POST', '/v1/orders', orderBody(['S1', 'S2']))
