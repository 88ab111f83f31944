/** Reads over HTTP from a filled shop: which paths, and what a run of them cost. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from '../children.ts'
import type { Loaded } from '../load/asked.ts'
import type { PathsAsked } from '../load/paths.ts'
import { cpuSeconds } from '../processes.ts'
import { ownerKey, type Served, type World } from '../world.ts'

const file = join(import.meta.dirname, '..', 'load', 'paths.ts')
/** Orders asked for, from all of history: the oldest as often as the newest, which no shop's customers do. */
const readsMax = 50_000

export type ReadRun = Readonly<{
  perSecond: number
  p50: number
  p99: number
  nodeMicros: number
  postgresMicros: number
  loadMicros: number
}>
type Asked = Readonly<{ connections: number; seconds: number }>

/** @throws when anything is answered but with 200 */
export const readRun = async (world: World, { url, pid }: Served, paths: readonly string[], asked: Asked): Promise<ReadRun> => {
  const pathsFile = join(world.folder, 'paths.txt')
  writeFileSync(pathsFile, paths.join('\n'))
  const used = () => ({ node: cpuSeconds(pid), postgres: cpuSeconds(world.postmaster) })
  const before = used()
  const request: PathsAsked = { url, key: ownerKey, ...asked, file: pathsFile }
  const loaded = await runProgram<Loaded>(file, request, asked.seconds)
  const after = used()
  const [odd] = loaded.odd
  if (odd !== undefined) throw new Error(`a read was answered with ${odd}`)
  const micros = (what: 'node' | 'postgres'): number => ((after[what] - before[what]) * 1e6) / Math.max(1, loaded.done)
  const { perSecond, loadMicros } = loaded
  const { p50, p99 } = loaded.latency
  return { perSecond, p50, p99, nodeMicros: micros('node'), postgresMicros: micros('postgres'), loadMicros }
}

/** By chance from all of history: the journal then comes from the disk, a page an order. */
export const orderPaths = async ({ client }: World): Promise<readonly string[]> => {
  const { rows } = await client.query<{ id: string }>(
    `select id from orders.orders where random() < $1::float8 / (select count(*) from orders.orders) limit ${readsMax}`,
    [readsMax],
  )
  return pathsOf(rows)
}

/** The newest, which people ask for. */
export const newestPaths = async ({ client }: World): Promise<readonly string[]> => {
  const { rows } = await client.query<{ id: string }>(`select id from orders.orders order by id desc limit ${newestMax}`)
  return pathsOf(rows)
}
const newestMax = 10_000
const pathsOf = (rows: readonly Readonly<{ id: string }>[]): readonly string[] => rows.map(({ id }) => `/v1/orders/${id}`)

const dayMs = 86_400_000
const day = (daysAgo: number): string => new Date(Date.now() - daysAgo * dayMs).toISOString()
const month = (from: number, to: number): string => `placedAt[gte]=${day(from)}&placedAt[lt]=${day(to)}`

/** Questions of every kind, the awkward ones too: rare among many, old, beginning like everybody's. */
export const listPaths: Readonly<Record<string, string>> = {
  newest: '/v1/orders',
  status: '/v1/orders?status=completed',
  rareStatus: '/v1/orders?status=received',
  statuses: '/v1/orders?status=received,cancelled',
  customer: '/v1/orders?userId=user-c0000041',
  largeCustomer: '/v1/orders?userId=user-c0000000',
  largeCustomerRareStatus: '/v1/orders?userId=user-c0000000&status=received',
  email: '/v1/orders?email=mail-c0000041@example.com',
  number: '/v1/orders?number=5000',
  beginningOfEmail: '/v1/orders?q=mail-c000004',
  beginningOfName: '/v1/orders?q=Customer%20c00000',
  beginningOfEverybody: '/v1/orders?q=mail',
  beginningOfNobody: '/v1/orders?q=zzz',
  oldWeek: `/v1/orders?${month(170, 163)}`,
  oldWeekStatus: `/v1/orders?status=cancelled&${month(170, 163)}`,
  beforeAnOldDay: `/v1/orders?placedAt[lt]=${day(170)}`,
}
const date = (daysAgo: number): string => day(daysAgo).slice(0, 10)
/** The default and the longest that is answered, by each interval; and one whose ends lie in summer time. */
export const insightPaths: Readonly<Record<string, string>> = {
  default: '/v1/insights',
  yearByDay: `/v1/insights?from=${date(364)}`,
  longestByWeek: `/v1/insights?from=${date(1_097)}&interval=week`,
  longestByMonth: `/v1/insights?from=${date(1_097)}&interval=month`,
  fortyDays: `/v1/insights?from=${date(100)}&to=${date(61)}`,
}
