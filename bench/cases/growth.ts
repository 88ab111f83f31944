/**
 * What a long history costs: an empty shop and one with history stand side by side, and each figure is taken from both in
 * turn, so that they compare whatever else the machine does.
 */
import { join } from 'node:path'
import { verifyShop } from '../../src/cli/verify.ts'
import { type BenchCase, type BenchOptions, type Result, warmUpSeconds } from '../case.ts'
import { runProgram } from '../children.ts'
import { fillHistory } from '../history.ts'
import { median } from '../load/latencies.ts'
import type { LifeAsked, Lived } from '../load/life.ts'
import { cpuSeconds } from '../processes.ts'
import { openWorld, ownerKey, type Served, type World } from '../world.ts'
import { drain, measuredRun } from './intake-run.ts'
import { newestPaths, orderPaths, readRun } from './read-run.ts'
import { sizesTo } from './read.ts'

const products = 5_000
/** Beyond those: each in one town only, as the lives want them. */
const apart = 100
const connections = 64
const lives = 128
const marks = { placing: 1.15, living: 1.15, reading: 1.5 } as const

type Shop = Readonly<{ world: World; served: Served; history: number }>
/** Microseconds of processor time, of the server, PostgreSQL and, for a life, the outside world. */
type Cost = { intake: number[]; life: number[] }

const lifeFile = join(import.meta.dirname, '..', 'load', 'life.ts')

const lifeCost = async ({ world, served }: Shop, seconds: number): Promise<number> => {
  const asked: LifeAsked = { url: served.url, key: ownerKey, products, lives, seconds, apart }
  const used = (): number => cpuSeconds(served.pid) + cpuSeconds(world.postmaster)
  const before = used()
  const lived = await runProgram<Lived>(lifeFile, asked, seconds, world.environment)
  await drain(world)
  return ((used() - before + lived.cpuSeconds) * 1e6) / Math.max(1, lived.ended.length)
}

const intakeCost = async ({ world, served }: Shop, seconds: number): Promise<number> => {
  const { drainedMicros } = await measuredRun(world, served, { connections, seconds, products })
  return drainedMicros
}

const inTurn = async (shops: readonly Shop[], { rounds, seconds, say }: BenchOptions): Promise<readonly Cost[]> => {
  const costs = shops.map((): Cost => ({ intake: [], life: [] }))
  for (const shop of shops) await intakeCost(shop, warmUpSeconds)
  for (let round = 0; round < rounds; round++) {
    for (const [index, shop] of shops.entries()) {
      const cost = costs[index]
      cost?.intake.push(await intakeCost(shop, seconds))
      cost?.life.push(await lifeCost(shop, seconds))
      say(
        `${shop.history} orders: placing ${Math.round(cost?.intake.at(-1) ?? 0)} µs, a life ${Math.round(cost?.life.at(-1) ?? 0)} µs`,
      )
    }
  }
  return costs
}

type Read = Readonly<{ perSecond: number; micros: number; postgresMicros: number }>
type Reads = Readonly<{ newest: Read; any: Read }>
const readCost = async ({ world, served }: Shop, paths: readonly string[], { rounds, seconds }: BenchOptions): Promise<Read> => {
  await readRun(world, served, paths, { connections, seconds: warmUpSeconds })
  const runs = []
  for (let round = 0; round < rounds; round++) runs.push(await readRun(world, served, paths, { connections, seconds }))
  return {
    perSecond: median(runs.map(({ perSecond }) => perSecond)),
    micros: median(runs.map(({ nodeMicros, postgresMicros }) => nodeMicros + postgresMicros)),
    postgresMicros: median(runs.map(({ postgresMicros }) => postgresMicros)),
  }
}
const readCosts = async (shop: Shop, options: BenchOptions): Promise<Reads> => ({
  newest: await readCost(shop, await newestPaths(shop.world), options),
  any: await readCost(shop, await orderPaths(shop.world), options),
})

type Verified = Readonly<{ seconds: number; memoryBytes: number }>
const verifying = async (world: World): Promise<Verified> => {
  const shop = await world.shop()
  const start = performance.now()
  const before = process.memoryUsage().rss
  let memoryBytes = 0
  const look = setInterval(() => (memoryBytes = Math.max(memoryBytes, process.memoryUsage().rss - before)), lookEveryMs)
  try {
    const { ok, differences } = await verifyShop(shop)
    if (!ok) throw new Error(`the books differ: ${JSON.stringify(differences.slice(0, 5))}`)
    return { seconds: (performance.now() - start) / 1_000, memoryBytes }
  } finally {
    clearInterval(look)
    await shop.close()
  }
}
const lookEveryMs = 100

const databaseBytes = async ({ client }: World): Promise<number> => {
  const { rows } = await client.query<{ bytes: number }>('select pg_database_size(current_database())::float8 as bytes')
  return rows[0]?.bytes ?? 0
}

const opened = async (history: number, say: BenchOptions['say']): Promise<Shop & Readonly<{ bytesAnOrder: number }>> => {
  let bytesAnOrder = 0
  const fill = async (world: World): Promise<void> => {
    const before = await databaseBytes(world)
    await fillHistory(world, { orders: history, products, say })
    bytesAnOrder = ((await databaseBytes(world)) - before) / history
  }
  const world = await openWorld({ products: products + apart, apart }, history === 0 ? undefined : fill)
  return { world, served: await world.waybill(), history, bytesAnOrder }
}

const atSize = async (
  history: number,
  smallest: Reads | undefined,
  options: BenchOptions,
): Promise<Readonly<{ result: Result; reads: Reads }>> => {
  const [empty, filled] = [await opened(0, options.say), await opened(history, options.say)]
  try {
    const reads = await readCosts(filled, options)
    const verified = await verifying(filled.world)
    const [none, long] = await inTurn([empty, filled], options)
    const of = (cost: Cost | undefined, what: keyof Cost): number => median(cost?.[what] ?? [])
    const over = (what: keyof Cost): number => of(long, what) / Math.max(1, of(none, what))
    const reading = (which: keyof Reads): number => reads[which].micros / Math.max(1, (smallest ?? reads)[which].micros)
    const figures = {
      intakeMicros: of(long, 'intake'),
      intakeMicrosEmpty: of(none, 'intake'),
      lifeMicros: of(long, 'life'),
      lifeMicrosEmpty: of(none, 'life'),
      readMicrosNewest: reads.newest.micros,
      readPostgresMicrosNewest: reads.newest.postgresMicros,
      readsPerSecondNewest: reads.newest.perSecond,
      readMicrosAny: reads.any.micros,
      readPostgresMicrosAny: reads.any.postgresMicros,
      readsPerSecondAny: reads.any.perSecond,
      bytesAnOrder: filled.bytesAnOrder,
      verifySeconds: verified.seconds,
      verifyMicrosAnOrder: (verified.seconds * 1e6) / history,
      verifyMemoryBytes: verified.memoryBytes,
    }
    const reached = [
      { what: 'CPU to place an order ÷ in an empty shop', value: over('intake'), mark: marks.placing, atMost: true },
      { what: 'CPU of a life ÷ in an empty shop', value: over('life'), mark: marks.living, atMost: true },
      { what: 'CPU of a new order read ÷ with the least history', value: reading('newest'), mark: marks.reading, atMost: true },
      { what: 'CPU of any order read ÷ with the least history', value: reading('any'), mark: marks.reading, atMost: true },
    ]
    return { result: { name: `growth, ${history.toLocaleString('en-GB')} orders of history`, figures, marks: reached }, reads }
  } finally {
    await filled.world.close()
    await empty.world.close()
  }
}

const run = async (options: BenchOptions): Promise<readonly Result[]> => {
  const results: Result[] = []
  let smallest: Reads | undefined
  for (const history of sizesTo(options.historyMax)) {
    const { result, reads } = await atSize(history, smallest, options)
    smallest ??= reads
    results.push(result)
  }
  return results
}

export const growthCase: BenchCase = {
  name: 'growth',
  what: 'placing, living, reading and verifying with 10,000 to a million orders of history, against an empty shop',
  long: true,
  run,
}
