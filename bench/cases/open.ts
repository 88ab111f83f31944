/**
 * Latency where nobody waits for anybody: an open loop at half the rate that was measured just before, and how long after
 * its answer an order's event is seen by a reaction.
 */
import { join } from 'node:path'
import type pg from 'pg'
import { type BenchCase, type BenchOptions, type Result, warmUpSeconds } from '../case.ts'
import { endChild, startChild } from '../children.ts'
import type { Loaded, Seen } from '../load/asked.ts'
import { median, percentile } from '../load/latencies.ts'
import { loadWithout5xx } from '../load/run.ts'
import { openWorld, ownerKey, type World } from '../world.ts'
import { drain } from './intake-run.ts'

const products = 10_000
const commits = 200
/** The issue: p99 within 25 ms and ten commits, p99.9 within three times that, events within 10 ms. */
const marks = { p99Ms: 25, p99Commits: 10, p999Times: 3, lagMs: 10 } as const
/** As many as could wait at once; a queue before them counts as latency too. */
const connections = 256

/** One row, one commit, one connection, nobody else: what the disk and the log cost here. */
const commitMs = async (client: pg.Client): Promise<number> => {
  await client.query('create schema if not exists bench; create table if not exists bench.commits (n int)')
  const took: number[] = []
  for (let n = 0; n < commits; n++) {
    const start = performance.now()
    await client.query({ name: 'bench_commit', text: 'insert into bench.commits values ($1)', values: [n] })
    took.push(performance.now() - start)
  }
  return median(took)
}

/** Runs while a probe looks on. @returns what it saw. */
const probed = async <Value>(world: World, run: () => Promise<Value>): Promise<readonly [Value, readonly Seen[]]> => {
  const probe = startChild(process.execPath, [
    join(import.meta.dirname, '..', 'load', 'probe.ts'),
    world.environment['DATABASE_URL'] ?? '',
  ])
  let output = ''
  const looking = new Promise<void>((resolve, reject) => {
    probe.once('exit', () => reject(new Error('the probe ended')))
    probe.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (output.startsWith('looking')) resolve()
    })
  })
  const told = new Promise<void>((resolve) => probe.once('close', () => resolve()))
  await looking
  const value = await run()
  await drain(world)
  await endChild(probe)
  await told
  return [value, JSON.parse(output.trim().split('\n').at(-1) ?? '[]') as Seen[]]
}

/** Sorted milliseconds from an order's answer to its event; below 0 the event was there first. */
const lagsOf = (answered: readonly Seen[], seen: readonly Seen[]): Float64Array => {
  const at = new Map(seen)
  const lags = answered.map(([order, answeredAt]) => {
    const seenAt = at.get(order)
    if (seenAt === undefined) throw new Error(`the event of order ${order} was never seen`)
    return seenAt - answeredAt
  })
  return Float64Array.from(lags).sort()
}

type Run = Readonly<{ rate: number; commit: number; loaded: Loaded; lagP50: number; lagP99: number }>

const once = async (world: World, url: string, { seconds }: BenchOptions): Promise<Run> => {
  const target = { url, key: ownerKey, products }
  const closed = await loadWithout5xx({ scenario: 'place', ...target, connections: 64, seconds })
  await drain(world)
  const commit = await commitMs(world.client)
  const perSecond = closed.perSecond / 2
  const [loaded, seen] = await probed(world, () => loadWithout5xx({ scenario: 'open', ...target, connections, seconds, perSecond }))
  const lags = lagsOf(loaded.seen ?? [], seen)
  return { rate: perSecond, commit, loaded, lagP50: percentile(lags, 0.5), lagP99: percentile(lags, 0.99) }
}

const run = async (options: BenchOptions): Promise<readonly Result[]> => {
  const world = await openWorld({ products })
  try {
    const { url } = await world.waybill()
    await loadWithout5xx({ scenario: 'place', url, key: ownerKey, connections: 64, products, seconds: warmUpSeconds })
    await drain(world)
    const runs: Run[] = []
    for (let round = 0; round < options.rounds; round++) {
      const one = await once(world, url, options)
      runs.push(one)
      options.say(
        `${Math.round(one.rate)} orders/s due: p99 ${one.loaded.latency.p99} ms, events after ${one.lagP99.toFixed(1)} ms`,
      )
    }
    return [resultOf(runs)]
  } finally {
    await world.close()
  }
}

const resultOf = (runs: readonly Run[]): Result => {
  const of = (figure: (run: Run) => number): number => median(runs.map(figure))
  const commit = of((one) => one.commit)
  const [p99, p999, lag] = [
    of(({ loaded }) => loaded.latency.p99),
    of(({ loaded }) => loaded.latency.p999),
    of((one) => one.lagP99),
  ]
  const p99Mark = marks.p99Ms + marks.p99Commits * commit
  return {
    name: 'open, half of the measured rate, random arrivals',
    figures: {
      ordersDuePerSecond: of(({ rate }) => rate),
      commitMs: commit,
      p50Ms: of(({ loaded }) => loaded.latency.p50),
      p99Ms: p99,
      p999Ms: p999,
      slowestMs: of(({ loaded }) => loaded.latency.max),
      shedRequests: of(({ loaded }) => loaded.shed),
      eventLagP50Ms: of(({ lagP50 }) => lagP50),
      eventLagP99Ms: lag,
      loadMicros: of(({ loaded }) => loaded.loadMicros),
    },
    marks: [
      { what: 'p99 of the answer, ms', value: p99, mark: p99Mark, atMost: true },
      { what: 'p99.9 of the answer, ms', value: p999, mark: p99Mark * marks.p999Times, atMost: true },
      { what: 'p99 from the answer to a reaction, ms', value: lag, mark: marks.lagMs, atMost: true },
    ],
  }
}

export const openCase: BenchCase = {
  name: 'open',
  what: 'buyers who come at half the measured rate whatever happens: latency of the answer, and lag of events behind it',
  run,
}
