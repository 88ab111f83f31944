/**
 * More than can be done: what is still done, how long it takes, and what a refusal costs. Three times: with the database
 * behind a line that is 30 ms late, with the processor as the limit, and with two instances behind the shipped HAProxy file.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { BenchCase, BenchOptions, Mark, Result } from '../case.ts'
import { endChild, startChild } from '../children.ts'
import { median } from '../load/latencies.ts'
import { knee, press, type Step, stepText, type Target } from '../pressure/press.ts'
import { freePort, listening, openWorld, type Served, type World } from '../world.ts'
import { drain } from './intake-run.ts'

const products = 10_000
/** The issue: what of the knee's goodput is left beyond it. */
const marks = { database: 0.95, processor: 0.75, haproxy: 0.9 } as const
const lateMs = 30
/** Batches of one order on their way at once, where the database must be the limit. */
const inFlight = 8
const secondsMax = 8
const srcFile = join(import.meta.dirname, '..', '..', 'src', 'main.ts')
const haproxyFile = join(import.meta.dirname, '..', '..', 'deploy', 'haproxy', 'haproxy.cfg')
const singleFile = join(import.meta.dirname, '..', 'references', 'single.ts')
const lineFile = join(import.meta.dirname, '..', 'pressure-line.ts')

type Environment = Readonly<Record<string, string>>
type Asked = Readonly<{
  target: Target
  /** Times the knee. */
  beyond: readonly number[]
  mark?: number
  /** Behind a late line what follows from orders takes minutes; it is left behind, and the processor hardly feels it. */
  drains: boolean
  /** Goodput a second, or a second of Waybill's processor time. */
  per?: 'second' | 'cpuSecond'
}>

/** The database's address over a line whose answers come late. */
const lateLine = async ({ connection }: World): Promise<Readonly<{ line: Served; environment: Environment }>> => {
  const path = join(connection.host, `.s.PGSQL.${connection.port}`)
  const line = await listening(startChild(process.execPath, [lineFile, path, String(lateMs)]), lineFile)
  const { user, password, database } = connection
  const address = `127.0.0.1:${new URL(line.url).port}`
  return { line, environment: { DATABASE_URL: `postgresql://${user}:${encodeURIComponent(password)}@${address}/${database}` } }
}

const serve = (world: World, file: string, args: readonly string[], environment: Environment = {}): Promise<Served> =>
  listening(startChild(process.execPath, [file, ...args], { ...world.environment, ...environment }), file)

/** What a refusal costs: the processor's time beyond what the accepted ones cost at the knee. Unknown where that is noise. */
const refusedMicros = (atKnee: Step, step: Step): number => {
  const accepted = (atKnee.cores / Math.max(1, atKnee.accepted)) * step.accepted
  return Math.max(0, ((step.cores - accepted) * 1e6) / Math.max(1, step.refused))
}

/** A step beyond the knee, and the knee's own load right after it: the machine has other work, and that changes. */
type Beyond = Readonly<{ times: number; step: Step; after: Step }>

const stepFigures = (at: string, step: Step): [string, number][] => {
  const odd = Object.entries(step.answers).filter(([answer]) => !['200', '201', '409', '503'].includes(answer))
  return [
    [`${at}OfferedPerSecond`, step.offered],
    [`${at}AcceptedPerSecond`, step.accepted],
    [`${at}GoodPerSecond`, step.good],
    [`${at}RefusedPerSecond`, step.refused],
    [`${at}AcceptedP99Ms`, step.acceptedMs.p99],
    [`${at}RefusedP99Ms`, step.refusedMs.p99],
    [`${at}WaybillCores`, step.cores],
    [`${at}LoadCores`, step.loadCores],
    ...odd.map(([answer, count]): [string, number] => [`${at}Answered${answer}`, count]),
    ...(step.withoutRetryAfter > 0 ? [[`${at}WithoutRetryAfter`, step.withoutRetryAfter] satisfies [string, number]] : []),
  ]
}

const calm = async (world: World, { drains }: Asked): Promise<void> => {
  if (drains) await drain(world)
}

const beyondKnee = async (asked: Asked, atKnee: Step, world: World, options: BenchOptions): Promise<readonly Beyond[]> => {
  const { target, beyond } = asked
  const seconds = secondsOf(options)
  const steps: Beyond[] = []
  for (const times of beyond) {
    await calm(world, asked)
    const step = await press(target, atKnee.perSecond * times, seconds)
    options.say(stepText(`${target.name}, ${times} times the knee`, step))
    await calm(world, asked)
    const after = await press(target, atKnee.perSecond, seconds)
    options.say(stepText(`${target.name}, the knee again`, after))
    steps.push({ times, step, after })
  }
  return steps
}

const measured = async (asked: Asked, world: World, options: BenchOptions): Promise<Result> => {
  const { target, beyond, mark, per = 'second' } = asked
  const atKnee = await knee(target, secondsOf(options), options.say)
  const all: Beyond[] = []
  for (let round = 0; round < options.rounds; round++) all.push(...(await beyondKnee(asked, atKnee, world, options)))
  const worth = (step: Step): number => (per === 'second' ? step.good : step.good / step.cores)
  const of = (times: number, figure: (one: Beyond) => number): number =>
    median(all.filter((one) => one.times === times).map(figure))
  const shown = all.slice(-beyond.length)
  return {
    name: `pressure, ${target.name}`,
    figures: {
      ...Object.fromEntries(stepFigures('atKnee', atKnee)),
      ...Object.fromEntries(shown.flatMap(({ times, step }) => stepFigures(`at${times}Times`, step))),
      ...Object.fromEntries(
        beyond.map((times) => [`at${times}TimesRefusedMicros`, of(times, ({ step, after }) => refusedMicros(after, step))]),
      ),
    },
    marks: beyond.flatMap((times): Mark[] => {
      const what = `${per === 'second' ? 'goodput' : 'goodput a CPU second'} at ${times}× ÷ at the knee`
      // Of the knee's two measurements the better one counts against us.
      const share = ({ step, after }: Beyond): number => worth(step) / Math.max(worth(atKnee), worth(after))
      return mark === undefined ? [] : [{ what, value: of(times, share), mark }]
    }),
  }
}
/** A step is long enough for a second of settling and short enough for a shared machine. */
const secondsOf = ({ seconds }: BenchOptions): number => Math.min(seconds, secondsMax)

type Run = (world: World, options: BenchOptions) => Promise<Result>

const lateRun =
  (
    name: string,
    file: string,
    args: readonly string[],
    asked: Omit<Asked, 'target' | 'drains'> & Pick<Target, 'what' | 'muchPerSecond'>,
  ): Run =>
  async (world, options) => {
    const { line, environment } = await lateLine(world)
    const one = await serve(world, file, args, environment)
    try {
      const { what, muchPerSecond, ...more } = asked
      const target: Target = { name, url: one.url, what, products, pids: [one.pid], muchPerSecond }
      return await measured({ target, drains: false, ...more }, world, options)
    } finally {
      await one.stop('SIGKILL')
      await line.stop()
    }
  }

const databaseBound = lateRun(`database-bound: batches of one order, a line ${lateMs} ms late`, singleFile, [String(inFlight)], {
  what: 'orders',
  muchPerSecond: 600,
  beyond: [2, 5, 10],
  mark: marks.database,
})
const listsBound = lateRun(`database-bound: lists, a line ${lateMs} ms late`, srcFile, [], {
  what: 'lists',
  muchPerSecond: 600,
  beyond: [2, 5, 10],
  mark: marks.database,
})
// Batches fill while the line is late: as shipped, the processor is the limit here too, and its mark is the one to hold.
const ordersLate = lateRun(`orders as shipped, a line ${lateMs} ms late`, srcFile, [], {
  what: 'orders',
  muchPerSecond: 3_000,
  beyond: [2],
  mark: marks.processor,
})

const processorBound: Run = async (world, options) => {
  const one = await serve(world, srcFile, [])
  try {
    const name = 'processor-bound: one process'
    const target: Target = { name, url: one.url, what: 'orders', products, pids: [one.pid], muchPerSecond: 4_000 }
    return await measured({ target, beyond: [2], mark: marks.processor, drains: true }, world, options)
  } finally {
    await one.stop('SIGKILL')
  }
}

const hasHaproxy = (): boolean => spawnSync('haproxy', ['-v']).status === 0
/** A new instance gets its whole share after five seconds, and is looked at every second. */
const growthMs = 8_000

const behindHaproxy: Run = async (world, options) => {
  const name = 'two instances behind HAProxy'
  if (!hasHaproxy()) return { name: `pressure, ${name}`, figures: { notRun: 'no haproxy here' } }
  const instances = [await serve(world, srcFile, []), await serve(world, srcFile, [])]
  const [bind, stats] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`]
  const [one = '', two = ''] = instances.map(({ url }) => new URL(url).host)
  const addresses = { WAYBILL_BIND: bind, WAYBILL_STATS: stats, WAYBILL_INSTANCE_1: one, WAYBILL_INSTANCE_2: two }
  const proxy = startChild('haproxy', ['-f', haproxyFile], addresses)
  try {
    await wait(growthMs)
    const pids = instances.map(({ pid }) => pid)
    const target: Target = { name, url: `http://${bind}`, what: 'orders', products, pids, muchPerSecond: 4_000 }
    return await measured({ target, beyond: [5], mark: marks.haproxy, per: 'cpuSecond', drains: true }, world, options)
  } finally {
    await endChild(proxy, 'SIGKILL')
    for (const instance of instances) await instance.stop('SIGKILL')
  }
}

const runs: readonly Run[] = [databaseBound, listsBound, ordersLate, processorBound, behindHaproxy]

const run = async (options: BenchOptions): Promise<readonly Result[]> => {
  options.say(`the late line is our own process, ${lateMs} ms an answer`)
  const results: Result[] = []
  // A world each: nothing of one run is left to be done in the next.
  for (const one of runs) {
    const world = await openWorld({ products })
    try {
      results.push(await one(world, options))
    } finally {
      await world.close()
    }
  }
  return results
}

export const pressureCase: BenchCase = {
  name: 'pressure',
  long: true,
  what: 'up to ten times what can be done: goodput, latency and what a refusal costs; database-bound, processor-bound, behind HAProxy',
  run,
}
