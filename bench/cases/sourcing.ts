/**
 * The sourcing engine alone: one core, warm, no server. Seeded orders of each shape at three densities of stock; beside
 * the rate, what the solver did in steps that do not depend on the machine, and the same search without its bounds.
 */
import { exactWithoutBounds } from '../../src/sourcing/exact.ts'
import { effort, resetEffort } from '../../src/sourcing/effort.ts'
import { buildProblem, noBonds } from '../../src/sourcing/problem.ts'
import { solvePrepared } from '../../src/sourcing/solve.ts'
import type { BenchCase, BenchOptions, Mark, Result } from '../case.ts'
import { type OrderShape, type Task, tasksOf } from '../sourcing/orders.ts'

const densities = [30, 60, 90] as const
/** Orders before the clock starts: the runtime has then compiled what is hot. */
const warmUps = 200
/** The search without bounds takes milliseconds an order. */
const withoutBoundsOrders = 100

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
    marks: (seen) => [
      ...atLeast(1_000)(seen),
      { what: 'p99, ms', value: seen.p99, mark: 10, atMost: true },
      { what: 'rate ÷ that without bounds', value: seen.ratio ?? 0, mark: 10 },
      { what: 'steps without bounds ÷ steps', value: seen.stepRatio ?? 0, mark: 10 },
    ],
  },
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
  const without = one.lines === 10 && one.places === 50 ? withoutBounds(tasks) : null
  const ratio = without === null ? null : rate / without.rate
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
      ...(without === null ? {} : { [`withoutBoundsPerSecond (${withoutBoundsOrders} orders)`]: without.rate }),
    },
    marks: one.marks({ rate, p99: of(0.99), slowest: of(1), worstGap, ratio, stepRatio }),
  }
}

const perOrder = (orders: number) =>
  Object.fromEntries(Object.entries(effort).map(([what, count]) => [`${what}AnOrder`, count / orders]))

const tableSteps = () => effort.evaluations + effort.joins + effort.partitions

const withoutBounds = (tasks: readonly Task[]): Readonly<{ rate: number; steps: number }> => {
  const some = tasks.filter((_, k) => k % Math.ceil(tasks.length / withoutBoundsOrders) === 0)
  for (const task of some.slice(0, 10)) exactWithoutBounds(buildProblem(task.places, task.order, noBonds))
  resetEffort()
  const began = performance.now()
  for (const task of some) exactWithoutBounds(buildProblem(task.places, task.order, noBonds))
  return { rate: (1_000 * some.length) / (performance.now() - began), steps: tableSteps() / some.length }
}

export const sourcingCase: BenchCase = {
  name: 'sourcing',
  what: 'the sourcing engine on one core: orders a second, what bounds save, large orders',
  run,
}
