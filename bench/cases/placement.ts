/**
 * The heart alone: the shop's own placement with pricing and sourcing, in one process, without HTTP and without anything
 * that reacts, beside pgbench. What HTTP and reactions cost is what `intake` has more.
 */
import { isRefusal } from '../../src/kernel/decider.ts'
import { intakeOrder } from '../../src/orders/intake-service.ts'
import type { Shop } from '../../src/shop.ts'
import { type BenchCase, type BenchOptions, type Result, warmUpSeconds } from '../case.ts'
import { Latencies, median, type Spread } from '../load/latencies.ts'
import { anySku, price, uniqueKeys } from '../load/requests.ts'
import { cpuSeconds } from '../processes.ts'
import { clearPgbench, freeConnections, preparePgbench, runPgbench } from '../references/pgbench.ts'
import { openWorld, type World } from '../world.ts'

const products = 10_000
const loads = [
  { name: '10,000 products, 64 callers', callers: 64, products },
  { name: '10,000 products, 256 callers', callers: 256, products },
  { name: 'one product, 64 callers', callers: 64, products: 1 },
  { name: 'one product, 256 callers', callers: 256, products: 1 },
] as const
type Load = (typeof loads)[number]
type Run = Readonly<{
  perSecond: number
  spread: Spread
  nodeMicros: number
  postgresMicros: number
  locked: number
  transaction: number
}>

const placeOne = async (shop: Shop, range: Load, key: string): Promise<void> => {
  const asked = await intakeOrder(shop.intake, {
    dialect: 'v1',
    channel: 'web',
    source: 'Web',
    customer: { email: 'a@example.com' },
    address: { country: 'GB', postalCode: 'LS1 4AP' },
    lines: [0, 1].map(() => ({ sku: anySku(range), quantity: 1, unitPrice: price })),
    promotionCodes: ['BENCH'],
    onShortage: 'refuse',
    shippingMethod: 'standard',
    terms: 'prepaid',
    capture: 'placement',
    origin: { actor: 'bench' },
    key: { scope: 'bench', key, hash: 'the same for all' },
  })
  if (isRefusal(asked)) throw new Error(asked.detail)
  const outcome = await shop.placement.place(asked)
  if (isRefusal(outcome)) throw new Error(outcome.detail)
}

const place = async (world: World, shop: Shop, one: Load, seconds: number): Promise<Omit<Run, 'transaction'>> => {
  const keys = uniqueKeys()
  const latencies = new Latencies()
  const lockedBefore = shop.placement.counts.locked
  await world.client.query('checkpoint')
  const [cpu, postgres, start] = [process.cpuUsage(), cpuSeconds(world.postmaster), performance.now()]
  const caller = async (): Promise<void> => {
    for (let since = performance.now(); since - start < seconds * 1_000; since = performance.now()) {
      await placeOne(shop, one, keys())
      latencies.add(performance.now() - since)
    }
  }
  await Promise.all(Array.from({ length: one.callers }, caller))
  const { user, system } = process.cpuUsage(cpu)
  return {
    perSecond: (latencies.count * 1_000) / (performance.now() - start),
    spread: latencies.summary(),
    nodeMicros: (user + system) / latencies.count,
    postgresMicros: ((cpuSeconds(world.postmaster) - postgres) * 1e6) / latencies.count,
    locked: (shop.placement.counts.locked - lockedBefore) / latencies.count,
  }
}

const run = async ({ seconds, rounds, say }: BenchOptions): Promise<readonly Result[]> => {
  const world = await openWorld({ products })
  const shop = await world.shop()
  try {
    await preparePgbench(world.client, products)
    await place(world, shop, loads[0], warmUpSeconds)
    const all = loads.map((): Run[] => [])
    for (let round = 0; round < rounds; round++)
      for (const [index, one] of loads.entries()) {
        const alone = await place(world, shop, one, seconds)
        const clients = Math.min(one.callers, 64, await freeConnections(world.client))
        const asked = { connection: world.connection, script: 'transaction', clients, seconds, products: one.products } as const
        await clearPgbench(world.client)
        const transaction = (await runPgbench(asked)) ?? 0
        all[index]?.push({ ...alone, transaction })
        say(`${one.name}: ${Math.round(alone.perSecond)}/s, (a) ${Math.round(transaction)}/s`)
      }
    return loads.map(({ name }, index) => resultOf(name, all[index] ?? []))
  } finally {
    await shop.close()
    await world.close()
  }
}

const resultOf = (name: string, runs: readonly Run[]): Result => {
  const of = (figure: (run: Run) => number): number => median(runs.map(figure))
  const transaction = of((one) => one.transaction)
  return {
    name: `placement, ${name}`,
    figures: {
      ordersPerSecond: of(({ perSecond }) => perSecond),
      p50Ms: of(({ spread }) => spread.p50),
      p99Ms: of(({ spread }) => spread.p99),
      nodeMicros: of(({ nodeMicros }) => nodeMicros),
      postgresMicros: of(({ postgresMicros }) => postgresMicros),
      lockedShare: of(({ locked }) => locked),
      ...(transaction > 0
        ? { transactionPerSecond: transaction, rateOverTransaction: of(({ perSecond }) => perSecond) / transaction }
        : { transactionPerSecond: 'no pgbench here' }),
    },
  }
}

export const placementCase: BenchCase = {
  name: 'placement',
  what: 'placing alone, in one process, without HTTP and reactions',
  run,
}
