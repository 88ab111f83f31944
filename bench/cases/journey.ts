/** A shopper's whole way: seven requests, from a cart to the page to pay at. */
import { join } from 'node:path'
import { type BenchCase, type BenchOptions, type Result, warmUpSeconds } from '../case.ts'
import type { Loaded } from '../load/asked.ts'
import { journeySteps } from '../load/journey.ts'
import { median } from '../load/latencies.ts'
import { load, loadWithout5xx } from '../load/run.ts'
import { cpuSeconds } from '../processes.ts'
import { sampleAnswer } from '../references/sample.ts'
import { openWorld, ownerKey, type Served, type World } from '../world.ts'
import { drain } from './intake-run.ts'

const products = 10_000
const connections = 64
/** The issue: half of what the bare route could answer in requests. */
const shareOfBare = 0.5

type Run = Readonly<{ loaded: Loaded; micros: number; bare: number }>

const once = async (world: World, served: Served, bare: Served, seconds: number): Promise<Run> => {
  const used = (): number => cpuSeconds(served.pid) + cpuSeconds(world.postmaster)
  const before = used()
  const loaded = await loadWithout5xx({ scenario: 'journey', url: served.url, key: ownerKey, connections, products, seconds })
  const micros = ((used() - before) * 1e6 * journeySteps.length) / Math.max(1, loaded.done)
  await drain(world)
  const reference = await load({ scenario: 'place', url: bare.url, key: ownerKey, connections, products, seconds })
  return { loaded, micros, bare: reference.perSecond }
}

const run = async ({ seconds, rounds, say }: BenchOptions): Promise<readonly Result[]> => {
  const world = await openWorld({ products })
  try {
    const served = await world.waybill()
    const bare = await world.serve(join(import.meta.dirname, '..', 'references', 'bare.ts'), [await sampleAnswer(served)])
    await once(world, served, bare, warmUpSeconds)
    const runs: Run[] = []
    for (let round = 0; round < rounds; round++) {
      const one = await once(world, served, bare, seconds)
      runs.push(one)
      say(`${Math.round(one.loaded.perSecond / journeySteps.length)} journeys/s, bare route ${Math.round(one.bare)}/s`)
    }
    return [resultOf(runs)]
  } finally {
    await world.close()
  }
}

const resultOf = (runs: readonly Run[]): Result => {
  const of = (figure: (run: Run) => number): number => median(runs.map(figure))
  const [requests, bare] = [of(({ loaded }) => loaded.perSecond), of((one) => one.bare)]
  const rate = requests / journeySteps.length
  const mark = (shareOfBare * bare) / journeySteps.length
  return {
    name: `journey, ${connections} shoppers`,
    figures: {
      journeysPerSecond: rate,
      requestsPerSecond: requests,
      requestP50Ms: of(({ loaded }) => loaded.latency.p50),
      requestP99Ms: of(({ loaded }) => loaded.latency.p99),
      cpuMicrosAJourney: of(({ micros }) => micros),
      shedRequests: of(({ loaded }) => loaded.shed),
      loadMicros: of(({ loaded }) => loaded.loadMicros),
      barePerSecond: bare,
      steps: journeySteps.join(', '),
    },
    marks: [{ what: 'journeys a second, against 0.5 × (c) ÷ 7', value: rate, mark }],
  }
}

export const journeyCase: BenchCase = {
  name: 'journey',
  what: 'seven /v1 requests of a shopper, from a cart to the page to pay at',
  run,
}
