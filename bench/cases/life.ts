/**
 * Whole lives of orders, sustained: placed over HTTP, paid, assembled, packed, carried, delivered, at least ten commands
 * each; every tenth order's units come from two places. As many lives at once as keep the machine busy, so the rate is
 * what all reactions together keep up with. In the end every history is verified.
 */
import { join } from 'node:path'
import { verifyShop } from '../../src/cli/verify.ts'
import { type BenchCase, type BenchOptions, type Figures, type Result, warmUpSeconds } from '../case.ts'
import { runProgram } from '../children.ts'
import { median } from '../load/latencies.ts'
import type { LifeAsked, Lived } from '../load/life.ts'
import { loadWithout5xx } from '../load/run.ts'
import { cpuSeconds } from '../processes.ts'
import { openWorld, ownerKey, type Served, type World } from '../world.ts'
import { drain } from './intake-run.ts'
import { mostBehind, type Sample, sampling, slopeOf } from './life-samples.ts'

export const products = 5_000
/** Beyond those: each in one town only. */
export const apart = 100
const lives = 1_024
/** The first lives begin together, and until they are spread out the rate says nothing. */
const settlingShare = 0.25
/** Of the intake rate; commands an order; and of all events, how many a second a reaction may fall behind by. */
const marks = { shareOfIntake: 0.25, commands: 10, shareFallingBehind: 0.02 } as const

type Used = Readonly<{ server: number; postgres: number; commits: number }>
type Run = Readonly<{ intake: number; perSecond: number; lived: Lived; used: Used; samples: readonly Sample[] }>

export const lifeFile = join(import.meta.dirname, '..', 'load', 'life.ts')

const once = async (world: World, served: Served, { seconds, lifeSeconds }: BenchOptions): Promise<Run> => {
  const target = { url: served.url, key: ownerKey, products }
  const intake = await loadWithout5xx({ scenario: 'place', ...target, connections: 64, seconds })
  await drain(world)
  const asked: LifeAsked = { ...target, lives, seconds: lifeSeconds, apart }
  const before = await usedBy(world, served)
  const { samples, stop } = sampling(world, served)
  let lived: Lived
  try {
    lived = await runProgram(lifeFile, asked, lifeSeconds, world.environment)
  } finally {
    await stop()
  }
  await drain(world)
  const after = await usedBy(world, served)
  const an = (what: keyof Used): number => (after[what] - before[what]) / Math.max(1, lived.ended.length)
  const used = { server: an('server') * 1e6, postgres: an('postgres') * 1e6, commits: an('commits') }
  const settled = samples.filter(({ atSeconds }) => atSeconds >= lifeSeconds * settlingShare && atSeconds <= lifeSeconds)
  return { intake: intake.perSecond, perSecond: sustained(lived, lifeSeconds), lived, used, samples: settled }
}

const usedBy = async ({ client, postmaster }: World, { pid }: Served): Promise<Used> => {
  const { rows } = await client.query<{ commits: number }>(
    'select xact_commit::float8 as commits from pg_stat_database where datname = current_database()',
  )
  return { server: cpuSeconds(pid), postgres: cpuSeconds(postmaster), commits: rows[0]?.commits ?? 0 }
}

/** Lives that ended a second, between the settling and the moment when no new ones began. */
const sustained = ({ ended }: Lived, seconds: number): number => {
  const from = seconds * settlingShare
  return ended.filter((at) => at >= from && at < seconds).length / (seconds - from)
}

const run = async (options: BenchOptions): Promise<readonly Result[]> => {
  const world = await openWorld({ products: products + apart, apart })
  try {
    const served = await world.waybill()
    await loadWithout5xx({ scenario: 'place', url: served.url, key: ownerKey, connections: 64, products, seconds: warmUpSeconds })
    await drain(world)
    const runs: Run[] = []
    for (let round = 0; round < options.rounds; round++) {
      const one = await once(world, served, options)
      runs.push(one)
      options.say(`${one.perSecond.toFixed(1)} whole lives/s, intake alone ${Math.round(one.intake)}/s`)
    }
    await verify(world)
    return [resultOf(runs), lagResult(runs)]
  } finally {
    await world.close()
  }
}

/** @throws where the books differ from the histories */
export const verify = async (world: World): Promise<void> => {
  const shop = await world.shop()
  try {
    const { ok, differences } = await verifyShop(shop)
    if (!ok) throw new Error(`the books differ: ${JSON.stringify(differences.slice(0, 5))}`)
  } finally {
    await shop.close()
  }
}

const resultOf = (runs: readonly Run[]): Result => {
  const of = (figure: (run: Run) => number): number => median(runs.map(figure))
  const perOrder = (figure: (lived: Lived) => number): number => of(({ lived }) => figure(lived) / Math.max(1, lived.ended.length))
  const rate = of(({ perSecond }) => perSecond)
  const commands = perOrder((lived) => lived.commands)
  const outside = perOrder((lived) => lived.cpuSeconds) * 1e6
  const [server, postgres] = [of(({ used }) => used.server), of(({ used }) => used.postgres)]
  return {
    name: `life, ${lives} orders at once`,
    figures: {
      livesPerSecond: rate,
      intakePerSecond: of(({ intake }) => intake),
      livesEnded: of(({ lived }) => lived.ended.length),
      commandsAnOrder: commands,
      commitsAnOrder: of(({ used }) => used.commits),
      transfersAnOrder: perOrder((lived) => lived.travelled),
      serverMicrosAnOrder: server,
      outsideMicrosAnOrder: outside,
      postgresMicrosAnOrder: postgres,
      cpuMicrosAnOrder: server + outside + postgres,
      verified: true,
    },
    marks: [
      { what: 'lives a second ÷ intake rate', value: rate / of(({ intake }) => intake), mark: marks.shareOfIntake },
      { what: 'commands an order from outside', value: commands, mark: marks.commands },
    ],
  }
}

/** Events that each reaction has still to take, at intervals: in the first and the second half of the time. */
const lagResult = (runs: readonly Run[]): Result => {
  const names = [...new Set(runs.flatMap(({ samples }) => samples.flatMap(({ lags }) => [...lags.keys()])))].sort()
  const half = (one: Run, second: boolean): readonly Sample[] => {
    const middle = Math.ceil(one.samples.length / 2)
    return second ? one.samples.slice(middle) : one.samples.slice(0, middle)
  }
  const lag = (name: string, second: boolean): number =>
    median(runs.map((one) => median(half(one, second).map(({ lags }) => lags.get(name) ?? 0))))
  const figures: Figures = Object.fromEntries(names.map((name) => [name, `${lag(name, false)} → ${lag(name, true)}`]))
  const growth = median(runs.map(({ samples }) => slopeOf(samples, mostBehind)))
  const events = median(runs.map(({ samples }) => slopeOf(samples, ({ position }) => position)))
  return {
    name: 'life, events each reaction had still to take, first → second half',
    figures: { ...figures, eventsPerSecond: events, slowestFallsBehindPerSecond: growth },
    marks: [
      {
        what: 'falls behind ÷ events a second',
        value: Math.max(0, growth) / Math.max(1, events),
        mark: marks.shareFallingBehind,
        atMost: true,
      },
    ],
  }
}

export const lifeCase: BenchCase = {
  name: 'life',
  what: 'whole lives of orders, from the placement to the door, sustained, with the lag of every reaction',
  run,
}
