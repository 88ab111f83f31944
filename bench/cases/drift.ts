/**
 * Ten minutes of whole lives: whether anything drifts. Rows die and are swept (autovacuum), tables and memory grow, reactions
 * may fall behind: a minute near the end must look like one near the beginning.
 */
import { type BenchCase, type BenchOptions, type Figures, type Result, warmUpSeconds } from '../case.ts'
import { runProgram } from '../children.ts'
import { median } from '../load/latencies.ts'
import type { LifeAsked, Lived } from '../load/life.ts'
import { loadWithout5xx } from '../load/run.ts'
import { openWorld, ownerKey, type World } from '../world.ts'
import { drain } from './intake-run.ts'
import { apart, lifeFile, products, verify } from './life.ts'
import { mostBehind, type Sample, sampling, slopeOf } from './life-samples.ts'

const minutes = 10
/** What a shop can keep up for hours: at four times as many lives the processors are full. */
const lives = 256
/** Minutes that are compared, counted from 0: in the first, pools and memory still fill, in the last no lives begin. */
const [early, late] = [
  [1, 2, 3],
  [minutes - 4, minutes - 3, minutes - 2],
] as const
/** Ours: the issue asks for "no drift", and one minute differs by so much from the next. */
const marks = { cost: 1.1, memory: 1.1, shareFallingBehind: 0.02 } as const

type Minute = Readonly<{
  lives: number
  cpuMicros: number
  serverBytes: number
  postgresBytes: number
  behind: number
  deadRows: number
}>

const minutesOf = (samples: readonly Sample[], { ended }: Lived): readonly Minute[] =>
  Array.from({ length: minutes }, (_, index) => {
    const within = (at: number): boolean => at >= index * 60 && at < (index + 1) * 60
    const mine = samples.filter(({ atSeconds }) => within(atSeconds))
    const of = (figure: (sample: Sample) => number): number => median(mine.map(figure))
    const [first, last] = [mine[0], mine.at(-1)]
    const cpu =
      first === undefined || last === undefined ? 0 : (last.cpuSeconds - first.cpuSeconds) / (last.atSeconds - first.atSeconds)
    const over = ended.filter(within).length
    return {
      lives: over,
      cpuMicros: (cpu * 60 * 1e6) / Math.max(1, over),
      serverBytes: of(({ serverBytes }) => serverBytes),
      postgresBytes: of(({ postgresBytes }) => postgresBytes),
      behind: of(mostBehind),
      deadRows: of(({ deadRows }) => deadRows),
    }
  })

/** One run, whatever the rounds: it is its own reference. */
const run = async ({ say }: BenchOptions): Promise<readonly Result[]> => {
  const world = await openWorld({ products: products + apart, apart })
  try {
    const served = await world.waybill()
    await loadWithout5xx({ scenario: 'place', url: served.url, key: ownerKey, connections: 64, products, seconds: warmUpSeconds })
    await drain(world)
    const asked: LifeAsked = { url: served.url, key: ownerKey, products, lives, seconds: minutes * 60, apart }
    const { samples, stop } = sampling(world, served)
    let lived: Lived
    try {
      lived = await runProgram(lifeFile, asked, minutes * 60, world.environment)
    } finally {
      await stop()
    }
    await drain(world)
    const all = minutesOf(samples, lived)
    for (const [index, one] of all.entries()) say(`minute ${index + 1}: ${sentence(one)}`)
    const sweeps = await sweepsOf(world)
    await verify(world)
    return [resultOf(all, samples, lived, sweeps)]
  } finally {
    await world.close()
  }
}

const sentence = ({ lives: ended, cpuMicros, serverBytes, postgresBytes, behind, deadRows }: Minute): string =>
  `${ended} lives, ${Math.round(cpuMicros)} µs each, server ${megabytes(serverBytes)} MB, PostgreSQL ${megabytes(postgresBytes)} MB, ` +
  `${behind} events behind, ${deadRows} dead rows`
const megabytes = (bytes: number): number => Math.round(bytes / 1e6)

/** How often autovacuum came by, all tables together. */
const sweepsOf = async ({ client }: World): Promise<number> => {
  const { rows } = await client.query<{ sweeps: number }>('select sum(autovacuum_count)::float8 as sweeps from pg_stat_user_tables')
  return rows[0]?.sweeps ?? 0
}

const resultOf = (all: readonly Minute[], samples: readonly Sample[], { ended }: Lived, autovacuums: number): Result => {
  const series = (figure: (one: Minute) => number): string => all.map((one) => Math.round(figure(one))).join(' ')
  const of = (some: readonly number[], figure: (one: Minute) => number): number =>
    median(all.filter((_, index) => some.includes(index)).map(figure))
  const ratio = (figure: (one: Minute) => number): number => of(late, figure) / Math.max(1, of(early, figure))
  const settled = samples.filter(({ atSeconds }) => atSeconds >= early[0] * 60 && atSeconds < (minutes - 1) * 60)
  const events = slopeOf(settled, ({ position }) => position)
  const figures: Figures = {
    livesEnded: ended.length,
    livesByMinute: series((one) => one.lives),
    cpuMicrosALifeByMinute: series((one) => one.cpuMicros),
    serverMegabytesByMinute: series((one) => one.serverBytes / 1e6),
    postgresMegabytesByMinute: series((one) => one.postgresBytes / 1e6),
    mostEventsBehindByMinute: series((one) => one.behind),
    deadRowsByMinute: series((one) => one.deadRows),
    autovacuums,
    eventsPerSecond: events,
    verified: true,
  }
  return {
    name: `drift, ${minutes} minutes of ${lives} orders at once`,
    figures,
    marks: [
      {
        what: 'CPU a life, minutes 7 to 9 ÷ minutes 2 to 4',
        value: ratio((one) => one.cpuMicros),
        mark: marks.cost,
        atMost: true,
      },
      {
        what: 'memory of server and PostgreSQL, the same',
        value: ratio((one) => one.serverBytes + one.postgresBytes),
        mark: marks.memory,
        atMost: true,
      },
      {
        what: 'falls behind ÷ events a second',
        value: Math.max(0, slopeOf(settled, mostBehind)) / Math.max(1, events),
        mark: marks.shareFallingBehind,
        atMost: true,
      },
    ],
  }
}

export const driftCase: BenchCase = {
  name: 'drift',
  what: 'ten minutes of whole lives: processor time, memory, dead rows and lag, minute by minute',
  long: true,
  run,
}
