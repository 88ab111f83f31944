/**
 * `npm run bench [-- --seconds N --rounds N --json FILE]`: placing orders, against PostgreSQL's own load generator and the
 * bare HTTP route, all on this machine, in turn, in one run. Ratios count; absolute figures move with the machine.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Sku } from '../src/kernel/ids.ts'
import { readConfiguration } from '../src/platform/config/config.ts'
import { silentLog } from '../src/platform/log.ts'
import { startEmbedded } from '../src/platform/postgres/embedded.ts'
import { openShop } from '../src/shop.ts'
import { defaults } from '../src/sourcing/contract.ts'
import { urlOf } from '../tests/support/database.ts'
import type { Loaded } from './load.ts'
import { preparePgbench, runPgbench } from './pgbench.ts'
import { type PlacedAlone, placeAlone } from './placement.ts'
import { cpuSeconds, postmasterOf } from './processes.ts'
import type { Place } from '../src/kernel/ids.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '6' }, rounds: { type: 'string', default: '3' }, json: { type: 'string' } },
})
const [seconds, rounds] = [Number(values.seconds), Number(values.rounds)]
const products = 10_000
/** More interactive clients than these only queue up on two cores (PERFORMANCE §2). */
const pgbenchClients = 16
const key = 'owner-key-for-the-benchmark'
const cases = [
  { name: '10,000 products, 64 connections', connections: 64, skus: products },
  { name: '10,000 products, 256 connections', connections: 256, skus: products },
  { name: 'one product, 64 connections', connections: 64, skus: 1 },
  { name: 'one product, 256 connections', connections: 256, skus: 1 },
] as const
const towns = [
  ['LDS1', 53.8, -1.55],
  ['LON1', 51.5, -0.12],
  ['GLA1', 55.86, -4.25],
  ['BHX1', 52.48, -1.9],
  ['BRS1', 51.45, -2.58],
] as const

type Measured = Loaded & Readonly<{ nodeMicros: number; postgresMicros: number }>

const folder = mkdtempSync(join(tmpdir(), 'waybill-bench-'))
chmodSync(folder, 0o755)
const children: ChildProcess[] = []

/** Starts a child and waits for the line that names its address. */
const serve = (
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Readonly<{ url: string; child: ChildProcess }>> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(child)
    let output = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text
      const url = /(http:\/\/127\.0\.0\.1:\d+)/.exec(output)?.[1]
      if (url !== undefined) resolve({ url, child })
    })
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}: ${output}`)))
  })

const load = (url: string, connections: number, skus: number, forSeconds: number): Loaded => {
  const asked = JSON.stringify({ url, key, connections, seconds: forSeconds, skus })
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(import.meta.dirname, 'load.ts'), asked], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`the load failed: ${stderr}`)
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as Loaded
}

const measured = (pid: number, postgres: number | undefined, url: string, connections: number, skus: number): Measured => {
  const before = [cpuSeconds(pid), postgres === undefined ? 0 : cpuSeconds(postgres)]
  const loaded = load(url, connections, skus, seconds)
  const after = [cpuSeconds(pid), postgres === undefined ? 0 : cpuSeconds(postgres)]
  const micros = (index: 0 | 1): number => (((after[index] ?? 0) - (before[index] ?? 0)) * 1e6) / Math.max(1, loaded.created)
  return { ...loaded, nodeMicros: micros(0), postgresMicros: micros(1) }
}

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0

const print = ({ name, ...figures }: Record<string, unknown>): void =>
  void process.stdout.write(
    `${String(name)}\n${Object.entries(figures)
      .map(([what, value]) => `  ${what.padEnd(18)}${String(value).padStart(10)}`)
      .join('\n')}\n`,
  )

const main = async (): Promise<void> => {
  const embedded = await startEmbedded({ dataFolder: folder, kind: 'server', say: () => undefined })
  const env = {
    DATABASE_URL: urlOf(embedded.connection),
    PORT: '0',
    WAYBILL_OWNER_KEY: key,
    WAYBILL_DEMO: 'off',
    WAYBILL_LOG_LEVEL: 'error',
  }
  const configuration = readConfiguration(env)
  if ('problems' in configuration) throw new Error(configuration.problems.join('\n'))
  const shop = await openShop({
    connection: embedded.connection,
    configuration,
    log: silentLog,
    environment: env,
    baseUrl: () => '',
  })
  const origin = { actor: 'bench' }
  await shop.warehouses.save(
    towns.map(([id, latitude, longitude]) => ({
      ...defaults.warehouse,
      id: id as Place,
      name: id,
      country: 'GB',
      postalCode: 'LS1',
      latitude,
      longitude,
    })),
  )
  await shop.catalog.save(
    Array.from({ length: products }, (_, index) => ({
      sku: `S${index + 1}` as Sku,
      name: 'a thing',
      unitPrice: 255,
      currency: 'GBP',
      grams: 500,
    })),
    origin,
  )
  await shop.catalog.changePromotions([{ do: 'save', draft: { code: 'BENCH', kind: 'percent', value: 1_000 } } as never], origin)
  const client = await shop.database.client()
  await client.query(
    `insert into inventory.levels (sku, place, on_hand) select 'S' || s, p, 100000000 from generate_series(1, ${products}) s, unnest($1::text[]) p`,
    [towns.map(([id]) => id)],
  )
  await preparePgbench(client, products)
  await client.end()

  await shop.close()

  const postgres = postmasterOf(folder)
  const waybill = await serve(join(import.meta.dirname, '..', 'src', 'main.ts'), [], env)
  const sample = await fetch(`${waybill.url}/v1/orders`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': 'sample' },
    body: JSON.stringify({
      lines: [
        { sku: 'S1', quantity: 1 },
        { sku: 'S2', quantity: 1 },
      ],
      promotionCodes: ['BENCH'],
      shippingAddress: { country: 'GB', postalCode: 'LS1 4AP' },
    }),
  })
  if (sample.status !== 201) throw new Error(await sample.text())
  const bare = await serve(join(import.meta.dirname, 'bare.ts'), [JSON.stringify(await sample.json())], {})
  load(waybill.url, 64, products, 3)
  load(bare.url, 64, products, 1)

  const results: Record<string, unknown>[] = []
  for (const { name, connections, skus } of cases) {
    const runs = { waybill: [] as Measured[], bare: [] as Measured[], pgbench: [] as number[] }
    for (let round = 0; round < rounds; round++) {
      runs.waybill.push(measured(waybill.child.pid ?? 0, postgres, waybill.url, connections, skus))
      runs.bare.push(measured(bare.child.pid ?? 0, undefined, bare.url, connections, skus))
      const tps = runPgbench(embedded.connection, pgbenchClients, Math.min(seconds, 4), skus)
      if (tps !== undefined) runs.pgbench.push(tps)
    }
    const of = (all: readonly Measured[], what: keyof Measured): number => median(all.map((one) => one[what]))
    const cpu = of(runs.waybill, 'nodeMicros') + of(runs.waybill, 'postgresMicros')
    const result = {
      name,
      perSecond: Math.round(of(runs.waybill, 'perSecond')),
      p50: of(runs.waybill, 'p50'),
      p99: of(runs.waybill, 'p99'),
      failed: runs.waybill.reduce((sum, { failed, refused }) => sum + failed + refused, 0),
      nodeMicros: Math.round(of(runs.waybill, 'nodeMicros')),
      postgresMicros: Math.round(of(runs.waybill, 'postgresMicros')),
      pgbenchPerSecond: Math.round(median(runs.pgbench)),
      barePerSecond: Math.round(of(runs.bare, 'perSecond')),
      bareMicros: Math.round(of(runs.bare, 'nodeMicros')),
      timesPgbench: Number((of(runs.waybill, 'perSecond') / Math.max(1, median(runs.pgbench))).toFixed(2)),
      timesBare: Number((of(runs.waybill, 'perSecond') / of(runs.bare, 'perSecond')).toFixed(2)),
      cpuTimesBare: Number((cpu / of(runs.bare, 'nodeMicros')).toFixed(2)),
    }
    results.push(result)
    print(result)
  }
  for (const child of children) child.kill('SIGTERM')
  await Promise.all(
    children.map((child) => new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve(undefined)))),
  )
  const alone: Record<string, unknown>[] = []
  const again = await openShop({
    connection: embedded.connection,
    configuration,
    log: silentLog,
    environment: env,
    baseUrl: () => '',
  })
  await placeAlone(again, 64, 2, products)
  for (const { name, connections, skus } of cases) {
    const runs: PlacedAlone[] = []
    const references: number[] = []
    for (let round = 0; round < rounds; round++) {
      runs.push(await placeAlone(again, connections, seconds, skus))
      const tps = runPgbench(embedded.connection, pgbenchClients, seconds, skus)
      if (tps !== undefined) references.push(tps)
    }
    const of = (what: keyof PlacedAlone): number => median(runs.map((run) => run[what]))
    const timesPgbench = Number((of('perSecond') / Math.max(1, median(references))).toFixed(2))
    const result = {
      name: `placement alone, ${name.replace('connections', 'callers')}`,
      perSecond: of('perSecond'),
      p50: of('p50'),
      p99: of('p99'),
      nodeMicros: of('nodeMicros'),
      pgbenchPerSecond: Math.round(median(references)),
      timesPgbench,
    }
    alone.push(result)
    print(result)
  }
  await again.close()
  if (values.json !== undefined)
    writeFileSync(
      values.json,
      JSON.stringify(
        {
          machine: { cpu: cpus()[0]?.model, cores: cpus().length },
          node: process.version,
          seconds,
          rounds,
          results: [...alone, ...results],
        },
        null,
        2,
      ),
    )
  await embedded.stop()
}

try {
  await main()
} finally {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
}
