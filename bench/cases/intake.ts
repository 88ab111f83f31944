/**
 * Taking orders over HTTP, to the answer with stock reserved, against four references on the same server in the same
 * run: (a) one interactive transaction an order and (b) one stored function an order, both by pgbench, (c) the bare HTTP
 * route, (d) Waybill with batches of one.
 */
import { join } from 'node:path'
import { type BenchCase, type BenchOptions, type Result, warmUpSeconds } from '../case.ts'
import { load } from '../load/run.ts'
import { cpuSeconds } from '../processes.ts'
import { clearPgbench, freeConnections, type PgbenchScript, preparePgbench, runPgbench } from '../references/pgbench.ts'
import { sampleAnswer } from '../references/sample.ts'
import { openWorld, ownerKey, type Served, type World } from '../world.ts'
import { type Bare, type Intake, intakeResults } from './intake-figures.ts'
import { drain, measuredRun } from './intake-run.ts'

const products = 10_000
const references = join(import.meta.dirname, '..', 'references')
/** Where the server has no connections for as many clients as the case has: more of them only queue up anyway. */
const clientsUsual = 64
/** On one product fewer clients are faster, as they wait for the same row: the best of these counts too. */
const hotClients = [16, 64] as const
/** In flight for batches of one: which is best depends on the machine, so each is tried. */
const inFlights = [1, 4, 8, 16] as const
const sweepSecondsMax = 2

const loads = [
  { name: '10,000 products, 64 connections', connections: 64, products },
  { name: '10,000 products, 256 connections', connections: 256, products },
  { name: 'one product, 64 connections', connections: 64, products: 1 },
  { name: 'one product, 256 connections', connections: 256, products: 1 },
] as const
type Load = (typeof loads)[number]

type Setting = Readonly<{
  world: World
  bare: Served
  free: number
  bestInFlight: (products: number) => number
  options: BenchOptions
}>

const run = async (options: BenchOptions): Promise<readonly Result[]> => {
  const world = await openWorld({ products })
  try {
    await preparePgbench(world.client, products)
    const answer = await withServer(world.waybill(), sampleAnswer)
    const swept = await sweep(world, options)
    const bare = await world.serve(join(references, 'bare.ts'), [answer])
    await load({ scenario: 'place', url: bare.url, key: ownerKey, connections: clientsUsual, seconds: warmUpSeconds, products })
    const free = await freeConnections(world.client)
    const setting: Setting = { world, bare, free, bestInFlight: (products) => bestOf(swept.get(products) ?? []), options }
    const measured = loads.map(({ name, connections, products }): Intake => {
      const pgbenchClients = free >= connections ? connections : Math.min(clientsUsual, free)
      const references = { bare: [], single: [], transaction: [], hotTransaction: [], function: [] }
      return { name, connections, products, pgbenchClients, inFlight: setting.bestInFlight(products), waybill: [], ...references }
    })
    for (let count = 0; count < options.rounds; count++)
      for (const [index, one] of loads.entries()) await round(setting, one, measured[index] as Intake)
    return intakeResults(measured)
  } finally {
    await world.close()
  }
}

/** Waybill and its references in turn, so that what disturbs the machine disturbs all of them. */
const round = async (setting: Setting, one: Load, measured: Intake): Promise<void> => {
  const { world, options } = setting
  const tell = (who: string, rate: number): void => options.say(`${one.name}: ${who} ${Math.round(rate)}/s`)
  const waybill = await ownRun(setting, one, world.waybill())
  measured.waybill.push(waybill)
  tell('Waybill', waybill.perSecond)
  const bare = await bareRun(setting, one)
  measured.bare.push(bare)
  tell('(c) bare route', bare.perSecond)
  const bench = async (script: PgbenchScript, clients: number): Promise<readonly number[]> => {
    await clearPgbench(world.client)
    const { seconds } = options
    const rate = await runPgbench({ connection: world.connection, script, clients, seconds, products: one.products })
    if (rate === undefined) options.say('there is no pgbench here: no references (a) and (b)')
    else tell(`pgbench, ${script}, ${clients} clients`, rate)
    return rate === undefined ? [] : [rate]
  }
  const { pgbenchClients } = measured
  const usual = await bench('transaction', pgbenchClients)
  measured.transaction.push(...usual)
  measured.function.push(...(await bench('function', pgbenchClients)))
  if (one.products === 1 && usual.length > 0) {
    const others = hotClients.filter((clients) => clients !== pgbenchClients && clients <= setting.free)
    const rates = [...usual]
    for (const clients of others) rates.push(...(await bench('transaction', clients)))
    measured.hotTransaction.push(Math.max(...rates))
  }
  const single = await ownRun(setting, one, startSingle(world, measured.inFlight))
  measured.single.push(single)
  tell('(d) batches of one', single.perSecond)
}

/** A server of its own for each run, warmed up: two at once would share the reactions. */
const ownRun = ({ world, options }: Setting, { connections, products }: Load, starting: Promise<Served>) =>
  withServer(starting, async (served) => {
    await load({ scenario: 'place', url: served.url, key: ownerKey, connections, seconds: warmUpSeconds, products })
    await drain(world)
    return measuredRun(world, served, { connections, seconds: options.seconds, products })
  })

const bareRun = async ({ bare, options }: Setting, { connections, products }: Load): Promise<Bare> => {
  const { seconds } = options
  const before = cpuSeconds(bare.pid)
  const loaded = await load({ scenario: 'place', url: bare.url, key: ownerKey, connections, seconds, products })
  return { perSecond: loaded.perSecond, micros: ((cpuSeconds(bare.pid) - before) * 1e6) / Math.max(1, loaded.done) }
}

const startSingle = (world: World, inFlight: number): Promise<Served> =>
  world.serve(join(references, 'single.ts'), [String(inFlight)], world.environment)

const withServer = async <Value>(starting: Promise<Served>, use: (served: Served) => Promise<Value>): Promise<Value> => {
  const served = await starting
  try {
    return await use(served)
  } finally {
    await served.stop()
  }
}

/** Rates by products, for each number in flight. */
type Swept = ReadonlyMap<number, number[]>

/** Which number of batches of one in flight is best on this machine, for many products and for one. */
const sweep = async (world: World, { seconds, say }: BenchOptions): Promise<Swept> => {
  const found: Swept = new Map([
    [products, []],
    [1, []],
  ])
  const forSeconds = Math.min(seconds, sweepSecondsMax)
  for (const inFlight of inFlights) {
    await withServer(startSingle(world, inFlight), async ({ url }) => {
      for (const [products, rates] of found) {
        const asked = { scenario: 'place', url, key: ownerKey, connections: clientsUsual, products } as const
        await load({ ...asked, seconds: forSeconds / 2 })
        rates.push((await load({ ...asked, seconds: forSeconds })).perSecond)
      }
      await drain(world)
    })
    const [uniform, hot] = [...found.values()].map((rates) => Math.round(rates.at(-1) ?? 0))
    say(`batches of one, ${inFlight} in flight: ${uniform}/s, on one product ${hot}/s`)
  }
  for (const [products, rates] of found) say(`${products} products: best with ${bestOf(rates)} in flight`)
  return found
}

const bestOf = (rates: readonly number[]): number => inFlights[rates.indexOf(Math.max(...rates))] ?? 1

export const intakeCase: BenchCase = {
  name: 'intake',
  what: 'orders of two lines over HTTP, 64 and 256 connections, many products and one, against four references',
  run,
}
