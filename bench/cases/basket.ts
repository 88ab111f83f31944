/** Large baskets: what a line costs, and what the neighbours of a very large one wait. */
import { type BenchCase, type BenchOptions, type Result, warmUpSeconds } from '../case.ts'
import { median } from '../load/latencies.ts'
import { loadWithout5xx } from '../load/run.ts'
import { openWorld, ownerKey, type Served, type World } from '../world.ts'
import { drain, measuredRun, type Run } from './intake-run.ts'

const products = 10_000
const connections = 16
/** The largest is the largest order of the real data; the middle one is a trade customer's. */
const sizes = [1, 15, 200, 1_114] as const
const largest = 1_114
const largeEveryMs = 200
const neighbours = 8
/** The issue: microseconds a line of the largest, its share of a line at 15, and milliseconds that neighbours wait longer. */
const marks = { lineMicros: 40, shareOfSmall: 0.5, waitMs: 100 } as const

type Wait = Readonly<{ without: number; beside: number; p99Without: number; p99Beside: number }>

const neighboursRun = async (world: World, url: string, seconds: number): Promise<Wait> => {
  const asked = {
    scenario: 'neighbours',
    url,
    key: ownerKey,
    connections: neighbours + 1,
    products,
    largeLines: largest,
    seconds,
  } as const
  const without = await loadWithout5xx({ ...asked, largeEveryMs: 0 })
  await drain(world)
  const beside = await loadWithout5xx({ ...asked, largeEveryMs })
  await drain(world)
  return {
    without: without.latency.max,
    beside: beside.latency.max,
    p99Without: without.latency.p99,
    p99Beside: beside.latency.p99,
  }
}

const run = async ({ seconds, rounds, say }: BenchOptions): Promise<readonly Result[]> => {
  const world = await openWorld({ products })
  try {
    const served = await world.waybill()
    await warm(world, served)
    const runs = new Map(sizes.map((lines): readonly [number, Run[]] => [lines, []]))
    const waits: Wait[] = []
    for (let round = 0; round < rounds; round++) {
      for (const [lines, all] of runs) {
        const one = await measuredRun(world, served, { connections, seconds, products, lines })
        all.push(one)
        say(`${lines} lines: ${one.perSecond.toFixed(1)} orders/s, ${Math.round(cpuOf(one))} µs an order`)
      }
      const wait = await neighboursRun(world, served.url, seconds)
      waits.push(wait)
      say(`neighbours of ${largest} lines: slowest ${wait.beside} ms, without ${wait.without} ms`)
    }
    return [...[...runs].map(([lines, all]) => sizeResult(lines, all, runs)), waitResult(waits)]
  } finally {
    await world.close()
  }
}

const warm = async (world: World, { url }: Served): Promise<void> => {
  for (const lines of [2, largest])
    await loadWithout5xx({ scenario: 'place', url, key: ownerKey, connections, products, lines, seconds: warmUpSeconds })
  await drain(world)
}

const cpuOf = ({ nodeMicros, postgresMicros }: Run): number => nodeMicros + postgresMicros
/** What the marks are for: the search has a bound of its own. */
const beside = (one: Run): number => cpuOf(one) - one.sourcingMicros

const sizeResult = (lines: number, all: readonly Run[], runs: ReadonlyMap<number, readonly Run[]>): Result => {
  const of = (figure: (run: Run) => number): number => median(all.map(figure))
  const aLine = of(beside) / lines
  const small = median((runs.get(15) ?? []).map(beside)) / 15
  return {
    name: `basket, ${lines} lines, ${connections} connections`,
    figures: {
      ordersPerSecond: of(({ perSecond }) => perSecond),
      p50Ms: of(({ p50 }) => p50),
      p99Ms: of(({ p99 }) => p99),
      nodeMicros: of(({ nodeMicros }) => nodeMicros),
      postgresMicros: of(({ postgresMicros }) => postgresMicros),
      sourcingMicros: of(({ sourcingMicros }) => sourcingMicros),
      cpuMicrosALine: of(cpuOf) / lines,
      cpuMicrosALineWithoutSourcing: aLine,
      cpuMicrosWithDrain: of(({ drainedMicros }) => drainedMicros),
      walBytes: of(({ walBytes }) => walBytes),
    },
    marks:
      lines === largest
        ? [
            { what: 'CPU µs a line, sourcing aside', value: aLine, mark: marks.lineMicros, atMost: true },
            { what: 'a line ÷ a line at 15, sourcing aside', value: aLine / small, mark: marks.shareOfSmall, atMost: true },
          ]
        : [],
  }
}

const waitResult = (waits: readonly Wait[]): Result => {
  const of = (figure: (wait: Wait) => number): number => median(waits.map(figure))
  const longer = of(({ beside, without }) => beside - without)
  return {
    name: `basket, neighbours of ${largest} lines every ${largeEveryMs} ms`,
    figures: {
      slowestWithoutMs: of(({ without }) => without),
      slowestBesideMs: of(({ beside }) => beside),
      p99WithoutMs: of(({ p99Without }) => p99Without),
      p99BesideMs: of(({ p99Beside }) => p99Beside),
      slowestWaitsLongerMs: longer,
    },
    marks: [{ what: 'the slowest neighbour waits longer by, ms', value: longer, mark: marks.waitMs, atMost: true }],
  }
}

export const basketCase: BenchCase = {
  name: 'basket',
  what: 'orders of 1, 15, 200 and 1,114 lines: what a line costs, and what the neighbours of the largest wait',
  run,
}
