/**
 * The flash sale: 20,000 buyers for 1,000 units over 500 connections. What must be exact is checked on every run, in the
 * answers and in the database, and a wrong count is a fault, not a figure.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type pg from 'pg'
import { type BenchCase, type BenchOptions, type Result, warmUpSeconds } from '../case.ts'
import type { Loaded } from '../load/asked.ts'
import { median } from '../load/latencies.ts'
import { load } from '../load/run.ts'
import { freePort, openWorld, ownerKey, type Served, type World } from '../world.ts'
import { drain } from './intake-run.ts'

const buyers = 20_000
const connections = 500
const marks = { allSeconds: 5, slowestMs: 1_500 } as const
/** Beyond this the sale is broken, not slow. */
const secondsMax = 60
/** Products beside the scarce ones, for the warm-up. */
const others = 1_000

type Sale = Readonly<{
  name: string
  /** Scarce products, and of each so many units in each of the five towns. */
  products: number
  unitsEach: number
  /** Different products in a basket, one unit of each. */
  lines: number
  killed?: boolean
}>
const sales: readonly Sale[] = [
  { name: 'one product, 1,000 units', products: 1, unitsEach: 200, lines: 1 },
  { name: '10 products in baskets of 3', products: 10, unitsEach: 60, lines: 3 },
  { name: 'one product, kill -9 in the middle', products: 1, unitsEach: 200, lines: 1, killed: true },
]
const townsCount = 5

type Sold = Readonly<{ loaded: Loaded; downSeconds: number }>

const sell = async (sale: Sale): Promise<Sold> => {
  const world = await openWorld({ products: sale.products + others, units: sale.unitsEach, scarce: sale.products })
  try {
    const environment = { PORT: String(await freePort()) }
    const served = await world.waybill(environment)
    const { url } = served
    const warm = { url, key: ownerKey, connections: 64, products: others, first: sale.products + 1 }
    await load({ scenario: 'place', ...warm, seconds: warmUpSeconds })
    await drain(world)
    const asked = { url, key: ownerKey, connections, products: sale.products, lines: sale.lines, buyers, secondsMax }
    const selling = load({ scenario: 'flash', ...asked })
    // A fault of the load is heard below; until then it must not be nobody's.
    selling.catch(() => undefined)
    const downSeconds = sale.killed === true ? await killInTheMiddle(world, served, environment, sale) : 0
    const loaded = await selling
    checkAnswers(sale, loaded)
    await checkDatabase(world.client, sale, loaded.done)
    return { loaded, downSeconds }
  } finally {
    await world.close()
  }
}

const soldSql = `select coalesce(sum(reserved), 0)::int as units from inventory.levels where sku = any($1::text[])`
const skusOf = ({ products }: Sale): string[] => Array.from({ length: products }, (_, index) => `S${index + 1}`)

const unitsSold = async (client: pg.Client, sale: Sale): Promise<number> => {
  const { rows } = await client.query<{ units: number }>(soldSql, [skusOf(sale)])
  return rows[0]?.units ?? 0
}

/** @returns seconds until it listened again. */
const killInTheMiddle = async (
  world: World,
  served: Served,
  environment: Readonly<Record<string, string>>,
  sale: Sale,
): Promise<number> => {
  const half = (sale.products * sale.unitsEach * townsCount) / 2
  while ((await unitsSold(world.client, sale)) < half / 2) await wait(2)
  const start = performance.now()
  await served.stop('SIGKILL')
  const sold = await unitsSold(world.client, sale)
  if (sold >= half * 2) throw new Error('the server was killed too late: everything was sold')
  await world.waybill(environment)
  return (performance.now() - start) / 1_000
}

const checkAnswers = ({ name, products, unitsEach, lines }: Sale, { answers, odd }: Loaded): void => {
  if (odd.length > 0) throw new Error(`${name}: answered with ${odd.join('; ')}`)
  const [sold, refused] = [answers['201'] ?? 0, answers['409'] ?? 0]
  if (sold + refused !== buyers) throw new Error(`${name}: ${sold} sold and ${refused} refused are not ${buyers} buyers`)
  const units = products * unitsEach * townsCount
  if (lines === 1 && sold !== units) throw new Error(`${name}: ${sold} were sold of ${units}`)
  if (sold * lines > units) throw new Error(`${name}: ${sold} baskets of ${lines} are more than ${units} units`)
}

/** Ledger = levels = what orders hold = what was answered; and nobody was refused while his basket was there. */
const checkDatabase = async (client: pg.Client, sale: Sale, sold: number): Promise<void> => {
  const { rows } = await client.query<{
    levels: number
    ledger: number
    held: number
    orders: number
    placed: number
    open: number
    below: number
  }>(
    `with holds as (
       select order_id, (e->>3)::int as units from inventory.holdings, json_array_elements(body) e where e->>1 = any($1::text[])
     ), left_over as (
       select sku, sum(on_hand - reserved) as units, min(on_hand - reserved) as least from inventory.levels where sku = any($1::text[]) group by sku
     )
     select (${soldSql}) as levels,
       (select coalesce(sum(reserved), 0)::int from inventory.ledger where sku = any($1::text[])) as ledger,
       (select coalesce(sum(units), 0)::int from holds) as held,
       (select count(distinct order_id)::int from holds) as orders,
       (select count(*)::int from platform.journal where type = 'OrderPlaced' and stream in (select order_id from holds)) as placed,
       (select count(*)::int from left_over where units > 0) as open,
       (select count(*)::int from left_over where least < 0) as below`,
    [skusOf(sale)],
  )
  const [found] = rows
  const units = sold * sale.lines
  const isExact =
    found !== undefined &&
    [found.levels, found.ledger, found.held].every((count) => count === units) &&
    [found.orders, found.placed].every((count) => count === sold) &&
    found.below === 0 &&
    // With every basket asked for again and again, fewer products are left over than a basket has.
    found.open < sale.lines
  if (!isExact) throw new Error(`${sale.name}: ${sold} answers of 201, and the database has ${JSON.stringify(found)}`)
}

const run = async ({ rounds, say }: BenchOptions): Promise<readonly Result[]> => {
  const all = sales.map((): Sold[] => [])
  for (let round = 0; round < rounds; round++)
    for (const [index, sale] of sales.entries()) {
      const sold = await sell(sale)
      all[index]?.push(sold)
      say(`${sale.name}: ${sold.loaded.done} sold, all ${buyers} answered in ${sold.loaded.seconds.toFixed(1)} s`)
    }
  return sales.map((sale, index) => resultOf(sale, all[index] ?? []))
}

const resultOf = ({ name, killed = false }: Sale, runs: readonly Sold[]): Result => {
  const of = (figure: (sold: Sold) => number): number => median(runs.map(figure))
  const allSeconds = of(({ loaded }) => loaded.seconds)
  const slowestMs = of(({ loaded }) => loaded.latency.max)
  return {
    name: `flash, ${name}`,
    figures: {
      sold: of(({ loaded }) => loaded.answers['201'] ?? 0),
      refused: of(({ loaded }) => loaded.answers['409'] ?? 0),
      exact: true,
      allAnsweredSeconds: allSeconds,
      p50Ms: of(({ loaded }) => loaded.latency.p50),
      p99Ms: of(({ loaded }) => loaded.latency.p99),
      slowestMs,
      ...(killed ? { askedAgain: of(({ loaded }) => loaded.cut), downSeconds: of(({ downSeconds }) => downSeconds) } : {}),
    },
    // With a restart in between the times say how fast it starts, which `start` measures.
    marks: killed
      ? []
      : [
          { what: 'seconds until all are answered', value: allSeconds, mark: marks.allSeconds, atMost: true },
          { what: 'slowest answer, ms', value: slowestMs, mark: marks.slowestMs, atMost: true },
        ],
  }
}

export const flashCase: BenchCase = {
  name: 'flash',
  what: '20,000 buyers for 1,000 units over 500 connections, in baskets, and with kill -9 in the middle; every unit counted',
  run,
}
