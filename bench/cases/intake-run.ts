/** One measured run of placing over HTTP, down to the moment when every reaction has caught up. */
import { cpus } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { median } from '../load/latencies.ts'
import { loadWithout5xx } from '../load/run.ts'
import { cpuSeconds, machineSeconds } from '../processes.ts'
import { ownerKey, type Served, type World } from '../world.ts'

/** Times in seconds and milliseconds as named; `micros` and bytes are an order's. */
export type Run = Readonly<{
  perSecond: number
  /** The same with the time until every reaction had caught up. */
  perSecondWithDrain: number
  p50: number
  p99: number
  nodeMicros: number
  postgresMicros: number
  loadMicros: number
  /** Of Node's: deciding which places ship what. */
  sourcingMicros: number
  drainedMicros: number
  walBytes: number
  drainedWalBytes: number
  commits: number
  lagEvents: number
  drainSeconds: number
  /** Of those placed, on remembered levels in one statement; and batches whose memory was wrong, of a thousand orders. */
  atOnceShare: number
  reruns: number
  /** Requests refused as too busy and asked again, of a thousand orders: their wait is in the latency. */
  shed: number
  /** Processors that nobody used while the load ran, and that others used. */
  idleCores: number
  otherCores: number
}>
export type RunAsked = Readonly<{ connections: number; seconds: number; products: number; lines?: number }>

const drainMaxMs = 120_000
/** Each look is a question to the database that counts as work. */
const drainPollMs = 200

type Look = Readonly<{
  at: number
  node: number
  postgres: number
  machine: number
  wal: number
  commits: number
  atOnce: number
  locked: number
  reruns: number
  sourcing: number
}>

/** CPU is counted over the load and again until the drain's end, as placements go before reactions when it is short. */
export const measuredRun = async (world: World, served: Served, asked: RunAsked): Promise<Run> => {
  // Every run begins as far from the next checkpoint as the one before it.
  await world.client.query('checkpoint')
  const before = await look(world, served)
  const loaded = await loadWithout5xx({ scenario: 'place', url: served.url, key: ownerKey, ...asked })
  const after = await look(world, served)
  const lagEvents = await world.lagEvents()
  await drain(world)
  const drained = await look(world, served)
  const an = (what: keyof Look, to: Look): number => (to[what] - before[what]) / Math.max(1, loaded.done)
  const seconds = after.at - before.at
  const ours = after.node - before.node + after.postgres - before.postgres + (loaded.loadMicros * loaded.done) / 1e6
  const busy = after.machine - before.machine
  return {
    perSecond: loaded.perSecond,
    perSecondWithDrain: loaded.done / (drained.at - before.at),
    p50: loaded.latency.p50,
    p99: loaded.latency.p99,
    nodeMicros: an('node', after) * 1e6,
    postgresMicros: an('postgres', after) * 1e6,
    loadMicros: loaded.loadMicros,
    sourcingMicros: an('sourcing', after) * 1e6,
    drainedMicros: (an('node', drained) + an('postgres', drained)) * 1e6,
    walBytes: an('wal', after),
    drainedWalBytes: an('wal', drained),
    commits: an('commits', drained),
    lagEvents,
    drainSeconds: drained.at - after.at,
    atOnceShare: an('atOnce', after),
    reruns: an('reruns', after) * 1_000,
    shed: (loaded.shed * 1_000) / Math.max(1, loaded.done),
    idleCores: Math.max(0, cpus().length - busy / seconds),
    otherCores: Math.max(0, (busy - ours) / seconds),
  }
}

const look = async ({ client, postmaster }: World, { pid, url }: Served): Promise<Look> => {
  const [processors, at] = [
    { node: cpuSeconds(pid), postgres: cpuSeconds(postmaster), machine: machineSeconds() },
    performance.now(),
  ]
  const { rows } = await client.query<{ wal: number; commits: number }>(
    `select (pg_current_wal_insert_lsn() - '0/0')::float8 as wal, xact_commit::float8 as commits
       from pg_stat_database where datname = current_database()`,
  )
  const metrics = await (await fetch(`${url}/metrics`)).text()
  const metric = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1] ?? 0)
  return {
    at: at / 1_000,
    ...processors,
    wal: rows[0]?.wal ?? 0,
    commits: rows[0]?.commits ?? 0,
    atOnce: metric('waybill_placements_at_once'),
    locked: metric('waybill_placements_locked'),
    reruns: metric('waybill_placement_reruns'),
    sourcing: metric('waybill_sourcing_seconds'),
  }
}

/** Waits until no reaction and no task has anything left to do. */
export const drain = async (world: World): Promise<void> => {
  const end = performance.now() + drainMaxMs
  while (!(await world.isQuiet())) {
    if (performance.now() > end) throw new Error(`reactions were not done ${drainMaxMs / 1_000} s after the load`)
    await wait(drainPollMs)
  }
}

/** Several kinds of runs have figures of the same names: the median of each. */
export const medianOf = <Key extends string>(runs: readonly Readonly<Record<Key, number>>[], what: Key): number =>
  median(runs.map((one) => one[what]))
