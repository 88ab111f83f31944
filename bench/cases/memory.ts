/** Memory of Waybill with the database it starts itself: idle, under load, and idle again. */
import { setTimeout as wait } from 'node:timers/promises'
import type { BenchCase, BenchOptions, Result } from '../case.ts'
import { median } from '../load/latencies.ts'
import { loadWithout5xx } from '../load/run.ts'
import { furnish, placeOne, startOwn, stockFolder, withFolder } from '../own-server.ts'
import { memoryOf, postmasterOf, sharedMemoryOf } from '../processes.ts'
import { ownerKey, type Served } from '../world.ts'

/** Long enough for connections that starting opened to go again (ten seconds). */
const idleMs = 15_000
const sampleMs = 250
const connections = 64
const products = 10_000
const megabyte = 1_000_000
/** The issue: Node and PostgreSQL together, idle. */
const idleMegabytes = 200

type Run = Readonly<{
  /** Of the very first start, which compiles all of Waybill, and of any later one. */
  firstNode: number
  idleNode: number
  idlePostgres: number
  peakNode: number
  peakPostgres: number
  afterNode: number
}>

const idleAfter = async (folder: string, begin: (served: Served) => Promise<void>) => {
  const served = await startOwn(folder)
  try {
    await begin(served)
    await placeOne(served)
    await wait(idleMs)
    return { node: memoryOf(served.pid).bytes, postgres: sharedMemoryOf(postmasterOf(folder)) }
  } finally {
    await served.stop()
  }
}
const idle = async (folder: string): Promise<Pick<Run, 'firstNode' | 'idleNode' | 'idlePostgres'>> => {
  const first = await idleAfter(folder, furnish)
  const later = await idleAfter(folder, () => Promise.resolve())
  return { firstNode: first.node, idleNode: later.node, idlePostgres: later.postgres }
}

const busy = async (folder: string, seconds: number): Promise<Omit<Run, 'firstNode' | 'idleNode' | 'idlePostgres'>> => {
  const served = await startOwn(folder)
  const postmaster = postmasterOf(folder)
  let peakPostgres = 0
  const sampling = setInterval(() => (peakPostgres = Math.max(peakPostgres, sharedMemoryOf(postmaster))), sampleMs)
  try {
    await loadWithout5xx({ scenario: 'place', url: served.url, key: ownerKey, connections, products, seconds })
    await wait(idleMs)
    const { bytes, peakBytes } = memoryOf(served.pid)
    return { peakNode: peakBytes, peakPostgres, afterNode: bytes }
  } finally {
    clearInterval(sampling)
    await served.stop()
  }
}

/** Idle as it was just installed; under load with a catalogue. */
const once = async (seconds: number): Promise<Run> => {
  const atRest = await withFolder(idle)
  const atWork = await withFolder(async (folder) => {
    await stockFolder(folder, { products })
    return busy(folder, seconds)
  })
  return { ...atRest, ...atWork }
}

const run = async ({ rounds, seconds, say }: BenchOptions): Promise<readonly Result[]> => {
  const runs: Run[] = []
  for (let round = 0; round < rounds; round++) {
    const one = await once(seconds)
    runs.push(one)
    say(
      `idle ${Math.round((one.idleNode + one.idlePostgres) / megabyte)} MB, Node at most ${Math.round(one.peakNode / megabyte)} MB`,
    )
  }
  const of = (figure: (one: Run) => number): number => median(runs.map(figure)) / megabyte
  const together = of(({ idleNode, idlePostgres }) => idleNode + idlePostgres)
  return [
    {
      name: `memory, idle and under ${connections} connections`,
      figures: {
        idleNodeOfTheFirstStartMegabytes: of(({ firstNode }) => firstNode),
        idleNodeMegabytes: of(({ idleNode }) => idleNode),
        idlePostgresMegabytes: of(({ idlePostgres }) => idlePostgres),
        idleTogetherMegabytes: together,
        peakNodeMegabytes: of(({ peakNode }) => peakNode),
        peakPostgresMegabytes: of(({ peakPostgres }) => peakPostgres),
        nodeAfterLoadMegabytes: of(({ afterNode }) => afterNode),
      },
      marks: [{ what: 'Node and PostgreSQL idle, MB', value: together, mark: idleMegabytes, atMost: true }],
    },
  ]
}

export const memoryCase: BenchCase = {
  name: 'memory',
  what: 'resident memory of Node and of its PostgreSQL, idle and at most under load',
  run,
}
