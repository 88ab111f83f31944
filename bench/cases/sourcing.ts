/**
 * The sourcing engine alone: one core, warm, no server. Seeded orders of each shape at three densities of stock; beside
 * the rate, what the solver did in steps that do not depend on the machine, and the same search without its bounds, twice:
 * - without bounds: the same tables and the same partition, filled for every subset of the lines, hub, service, day and lane,
 *   nothing left out for what it costs;
 * - with dominance alone: without bounds as well, but lanes that cannot pay (no line comes cheaper or sooner by them, or all
 *   save less than the lane costs at all) and days on which nothing became cheaper are left out, as in the search itself.
 */
import { exactWithoutBounds } from '../../src/sourcing/exact.ts'
import { effort, resetEffort } from '../../src/sourcing/effort.ts'
import { buildProblem, noBonds } from '../../src/sourcing/problem.ts'
import { writePlan } from '../../src/sourcing/plan.ts'
import { solvePrepared } from '../../src/sourcing/solve.ts'
import type { BenchCase, BenchOptions, Mark, Result } from '../case.ts'
import { type OrderShape, type Task, tasksOf } from '../sourcing/orders.ts'

const densities = [30, 60, 90] as const
/** Orders before the clock starts: the runtime has then compiled what is hot. */
const warmUps = 200
/** The search without bounds takes milliseconds a hub and order, so many hubs mean fewer orders. */
const comparedHubs = 1_500
const comparedOrdersMax = 100
const comparedTurns = 3

type Case = Readonly<{
  lines: number
  places: number
  hubs: number
  basket: boolean
  orders: number
  marks: (seen: Seen) => readonly Mark[]
}>
type Seen = Readonly<{
  rate: number
  p99: number
  slowest: number
  worstGap: number
  /** Null where it is not compared. */
  ratio: number | null
  stepRatio: number | null
}>

const none = () => []
const atLeast = (ordersPerSecond: number) => (seen: Seen) => [{ what: 'orders/s', value: seen.rate, mark: ordersPerSecond }]
const within =
  (slowestMs: number) =>
  ({ slowest, worstGap }: Seen) => [
    { what: 'slowest, ms', value: slowest, mark: slowestMs, atMost: true },
    { what: 'worst gap, %', value: 100 * worstGap, mark: 10, atMost: true },
  ]

const tenfold = ({ ratio, stepRatio }: Seen) => [
  { what: 'rate ÷ that without bounds', value: ratio ?? 0, mark: 10 },
  { what: 'steps without bounds ÷ steps', value: stepRatio ?? 0, mark: 10 },
]

const cases: readonly Case[] = [
  { lines: 2, places: 10, hubs: 5, basket: false, orders: 10_000, marks: atLeast(20_000) },
  { lines: 5, places: 10, hubs: 5, basket: false, orders: 2_000, marks: none },
  { lines: 10, places: 10, hubs: 5, basket: false, orders: 2_000, marks: none },
  {
    lines: 10,
    places: 50,
    hubs: 5,
    basket: false,
    orders: 2_000,
    marks: (seen) => [...atLeast(1_000)(seen), { what: 'p99, ms', value: seen.p99, mark: 10, atMost: true }, ...tenfold(seen)],
  },
  // Every place a hub: the setting in which the prototype was compared with its own search without bounds.
  { lines: 10, places: 50, hubs: 50, basket: false, orders: 500, marks: (seen) => tenfold(seen) },
  { lines: 12, places: 50, hubs: 5, basket: false, orders: 2_000, marks: within(250) },
  ...[false, true].flatMap((basket): Case[] => [
    { lines: 30, places: 5, hubs: 5, basket, orders: 200, marks: within(250) },
    { lines: 30, places: 50, hubs: 5, basket, orders: 100, marks: within(250) },
    { lines: 1_114, places: 5, hubs: 5, basket, orders: 10, marks: within(2_000) },
    { lines: 1_114, places: 50, hubs: 5, basket, orders: 10, marks: within(2_000) },
  ]),
]

const run = async ({ say }: BenchOptions): Promise<readonly Result[]> =>
  cases.flatMap((one) =>
    densities.map((density) => {
      const result = measured(one, { ...one, density })
      say(`${result.name}: ${Math.round(Number(result.figures['ordersPerSecond'])).toLocaleString('en-GB')} orders/s`)
      return result
    }),
  )

const measured = (one: Case, shape: OrderShape): Result => {
  const tasks = tasksOf(shape, one.orders)
  for (const task of tasks.slice(0, Math.min(warmUps, one.orders))) solvePrepared(task.places, task.order, noBonds)
  resetEffort()
  const times = new Float64Array(tasks.length)
  let optimal = 0
  let worstGap = 0
  const began = performance.now()
  const processor = process.cpuUsage()
  tasks.forEach((task, k) => {
    const at = performance.now()
    const plan = solvePrepared(task.places, task.order, noBonds)
    times[k] = performance.now() - at
    if (plan.optimal) optimal++
    worstGap = Math.max(worstGap, plan.gap)
  })
  const rate = (1_000 * tasks.length) / (performance.now() - began)
  const processorRate = (1e6 * tasks.length) / process.cpuUsage(processor).user
  const steps = perOrder(tasks.length)
  times.sort()
  const of = (share: number) => times[Math.min(tasks.length - 1, Math.floor(share * tasks.length))] ?? 0
  const bounded = tableSteps() / tasks.length
  const compared = one.lines === 10 && one.places === 50
  const without = compared ? withoutBounds(tasks, one.hubs, false) : null
  const dominance = compared ? withoutBounds(tasks, one.hubs, true) : null
  const ratio = without === null ? null : without.ratio
  const stepRatio = without === null ? null : without.steps / bounded
  return {
    name: `sourcing ${one.lines} × ${one.places}, ${one.hubs} hubs, stock ${shape.density / 100}${one.basket ? ', like real baskets' : ''}: ${tasks.length.toLocaleString('en-GB')} orders`,
    figures: {
      ordersPerSecond: rate,
      ordersPerProcessorSecond: processorRate,
      p50Ms: of(0.5),
      p99Ms: of(0.99),
      slowestMs: of(1),
      optimalShare: optimal / tasks.length,
      worstGap,
      ...steps,
      ...compare(bounded, 'withoutBounds', without),
      ...compare(bounded, 'withDominanceAlone', dominance),
    },
    marks: one.marks({ rate, p99: of(0.99), slowest: of(1), worstGap, ratio, stepRatio }),
  }
}

const perOrder = (orders: number) =>
  Object.fromEntries(Object.entries(effort).map(([what, count]) => [`${what}AnOrder`, count / orders]))

const tableSteps = () => effort.evaluations + effort.joins + effort.partitions

type Compared = Readonly<{ orders: number; rate: number; ratio: number; steps: number }>

const compare = (steps: number, name: string, other: Compared | null): Readonly<Record<string, number>> =>
  other === null
    ? {}
    : {
        [`${name}PerSecond (${other.orders} orders)`]: other.rate,
        [`${name}Ratio`]: other.ratio,
        [`${name}StepRatio`]: other.steps / steps,
      }

/**
 * The same orders with bounds and without, in turn, each order at its quickest of three: what else the machine does then
 * hardly matters to the ratio. Timed is the whole of an order: the problem laid, the search, the plan written.
 */
const withoutBounds = (tasks: readonly Task[], hubs: number, dominance: boolean): Compared => {
  const orders = Math.min(comparedOrdersMax, Math.ceil(comparedHubs / hubs))
  const some = tasks.filter((_, k) => k % Math.ceil(tasks.length / orders) === 0)
  const bounded = (task: Task) => solvePrepared(task.places, task.order, noBonds)
  const plain = (task: Task) => {
    const p = buildProblem(task.places, task.order, noBonds)
    const found = exactWithoutBounds(p, dominance)
    if (found === null) throw new Error('every line of these orders lies somewhere')
    return writePlan(p, found.parcels, found.left, found.score)
  }
  for (const task of some.slice(0, 10)) plain(task)
  const quickest = {
    bounded: new Float64Array(some.length).fill(Number.POSITIVE_INFINITY),
    plain: new Float64Array(some.length).fill(Number.POSITIVE_INFINITY),
  }
  let steps = 0
  for (let turn = 0; turn < comparedTurns; turn++) {
    quicken(quickest.bounded, some, bounded)
    resetEffort()
    quicken(quickest.plain, some, plain)
    steps += tableSteps()
  }
  const sum = (times: Float64Array) => times.reduce((all, time) => all + time, 0)
  return {
    orders: some.length,
    rate: (1_000 * some.length) / sum(quickest.plain),
    ratio: sum(quickest.plain) / sum(quickest.bounded),
    steps: steps / comparedTurns / some.length,
  }
}

const quicken = (times: Float64Array, tasks: readonly Task[], solved: (task: Task) => unknown): void =>
  tasks.forEach((task, k) => {
    const began = performance.now()
    solved(task)
    times[k] = Math.min(times[k] ?? Number.POSITIVE_INFINITY, performance.now() - began)
  })

export const sourcingCase: BenchCase = {
  name: 'sourcing',
  what: 'the sourcing engine on one core: orders a second, what bounds save, large orders',
  run,
}
