/**
 * Reading from shops with 10,000 to a million orders of history: one order by its id, against the same edge that reads
 * nothing; lists and search; the owner's figures.
 */
import { join } from 'node:path'
import { type BenchCase, type BenchOptions, type Figures, type Mark, type Result, warmUpSeconds } from '../case.ts'
import { fillHistory } from '../history.ts'
import { median } from '../load/latencies.ts'
import { openWorld, ownerKey, type Served, type World } from '../world.ts'
import { insightPaths, listPaths, orderPaths, type ReadRun, readRun } from './read-run.ts'

const products = 10_000
const smallest = 10_000
const connections = 64
/** Lists and figures are asked for by people: a few at once. */
const people = 4
const questionSecondsMax = 1
const marks = { ofCeiling: 0.8, listP99Ms: 200, insightMs: 50 } as const

/** From 10,000, each ten times the last. */
export const sizesTo = (max: number): readonly number[] => {
  const sizes: number[] = []
  for (let size = smallest; size <= max; size *= 10) sizes.push(size)
  return sizes
}

const bareFor = async (world: World, served: Served, path: string): Promise<Served> => {
  const answer = await fetch(served.url + path, { headers: { authorization: `Bearer ${ownerKey}` } })
  return world.serve(join(import.meta.dirname, '..', 'references', 'bare.ts'), [await answer.text()])
}

/** An order of two lines, as most are. */
const typicalPath = async ({ client }: World): Promise<string> => {
  const { rows } = await client.query<{ stream: string }>(
    `select stream from platform.journal where type = 'OrderPlaced' and json_array_length(body->'lines') = 2 limit 1`,
  )
  return `/v1/orders/${rows[0]?.stream}`
}

type Questions = ReadonlyMap<string, ReadRun>
const askEach = async (
  world: World,
  served: Served,
  paths: Readonly<Record<string, string>>,
  asked: Readonly<{ connections: number; seconds: number }>,
): Promise<Questions> => {
  const runs = new Map<string, ReadRun>()
  for (const [name, path] of Object.entries(paths)) runs.set(name, await readRun(world, served, [path], asked))
  return runs
}

const atSize = async (orders: number, { rounds, seconds, say }: BenchOptions): Promise<Result> => {
  let fillSeconds = 0
  const world = await openWorld({ products }, async (empty) => {
    fillSeconds = await fillHistory(empty, { orders, products, say })
  })
  try {
    const served = await world.waybill()
    const bare = await bareFor(world, served, await typicalPath(world))
    const paths = await orderPaths(world)
    for (const server of [served, bare]) await readRun(world, server, paths, { connections, seconds: warmUpSeconds })
    const [own, ceiling]: [ReadRun[], ReadRun[]] = [[], []]
    for (let round = 0; round < rounds; round++) {
      ceiling.push(await readRun(world, bare, paths, { connections, seconds }))
      own.push(await readRun(world, served, paths, { connections, seconds }))
      say(`${Math.round(own.at(-1)?.perSecond ?? 0)} reads/s, the edge alone ${Math.round(ceiling.at(-1)?.perSecond ?? 0)}/s`)
    }
    const short = Math.min(seconds, questionSecondsMax)
    const lists = await askEach(world, served, listPaths, { connections: people, seconds: short })
    const insights = await askEach(world, served, insightPaths, { connections: 1, seconds: short })
    return resultOf(orders, { own, ceiling, lists, insights, fillSeconds })
  } finally {
    await world.close()
  }
}

type Measured = Readonly<{
  own: readonly ReadRun[]
  ceiling: readonly ReadRun[]
  lists: Questions
  insights: Questions
  fillSeconds: number
}>

const resultOf = (orders: number, { own, ceiling, lists, insights, fillSeconds }: Measured): Result => {
  const of = (runs: readonly ReadRun[], what: keyof ReadRun): number => median(runs.map((run) => run[what]))
  const ratio = of(own, 'perSecond') / Math.max(1, of(ceiling, 'perSecond'))
  const listed = Object.fromEntries([...lists].map(([name, { p99 }]) => [`list ${name} p99 ms`, p99]))
  const shown = Object.fromEntries([...insights].map(([name, { p50 }]) => [`insights ${name} p50 ms`, p50]))
  const slowest = (runs: Questions, what: 'p50' | 'p99'): number => Math.max(...[...runs.values()].map((run) => run[what]))
  const figures: Figures = {
    readsPerSecond: of(own, 'perSecond'),
    p50Ms: of(own, 'p50'),
    p99Ms: of(own, 'p99'),
    nodeMicros: of(own, 'nodeMicros'),
    postgresMicros: of(own, 'postgresMicros'),
    ceilingPerSecond: of(ceiling, 'perSecond'),
    ceilingMicros: of(ceiling, 'nodeMicros'),
    readsOverCeiling: ratio,
    nodeOverCeiling: of(own, 'nodeMicros') / Math.max(1, of(ceiling, 'nodeMicros')),
    ...listed,
    ...shown,
    fillSeconds,
  }
  const reached: readonly Mark[] = [
    { what: 'reads by id ÷ the edge alone', value: ratio, mark: marks.ofCeiling },
    { what: 'slowest list, p99 ms', value: slowest(lists, 'p99'), mark: marks.listP99Ms, atMost: true },
    { what: 'slowest figures, p50 ms', value: slowest(insights, 'p50'), mark: marks.insightMs, atMost: true },
  ]
  return { name: `read, ${orders.toLocaleString('en-GB')} orders of history`, figures, marks: reached }
}

const run = async (options: BenchOptions): Promise<readonly Result[]> => {
  const results: Result[] = []
  for (const orders of sizesTo(options.historyMax)) results.push(await atSize(orders, options))
  return results
}

export const readCase: BenchCase = {
  name: 'read',
  what: 'one order by its id, lists, search and figures, from 10,000 to a million orders of history',
  long: true,
  run,
}
