/** Runs one seed: faults, then healing, then the end, with the checkers between. */
import { type CheckName, type Violation, violations } from './checker.ts'
import { Clients } from './clients.ts'
import { drawOperations, busyMs, type Operation } from './operations.ts'
import { type Seen, seen } from './state.ts'
import { Staff } from './warehouse.ts'
import { World } from './world.ts'
import type { Faults } from './faults.ts'

/** Faults go on for a while after the last client began. */
const faultsMs = busyMs + 6_000
/** PROMISES: half a minute after the faults everything is done, or somebody is waited for. */
const healingMs = 30_000
/** Who died holding a task held it for a minute; a provider that was silent is asked again after minutes. */
const leftMs = 900_000
const settledEveryMs = 1_000
/** The checkers look after so many events. */
const lookEvery = 400

export type Run = Readonly<{
  seed: number
  whole: boolean
  hash: string
  violations: readonly Violation[]
  operations: readonly Operation[]
  counts: Readonly<Record<string, number>>
  trace: readonly string[]
}>
export type RunOptions = Readonly<{
  operations?: readonly Operation[]
  trace?: boolean
  without?: readonly CheckName[]
  faults?: Faults
  /** Sourced by the real engine, customers written to, lists kept. */
  whole?: boolean
}>

/** What a run leaves behind for who asks. */
export type Kept = { end?: Seen }

export const simulate = (seed: number, options: RunOptions = {}): Promise<Run> => simulated(seed, options, {})

export const simulated = async (seed: number, options: RunOptions, kept: Kept): Promise<Run> => {
  const { operations = drawOperations(seed), trace = false, without = [], faults, whole = false } = options
  const world = new World(seed, trace, faults, whole)
  const giveBack = world.take()
  const found: Violation[] = []
  const look = (isEnd: boolean): void => {
    if (found.length > 0) return
    found.push(...violations(seen(world, isEnd), without))
    for (const what of world.broken) found.push({ check: 'I2', what })
  }
  try {
    const clients = new Clients(world)
    const staff = new Staff(world)
    await world.start()
    clients.begin(operations)
    staff.start()
    const run = (ms: number, isOver: () => boolean): Promise<void> =>
      world.scheduler.runUntil(
        world.scheduler.now + ms,
        () => found.length > 0 || isOver(),
        () => look(false),
        lookEvery,
      )
    await run(faultsMs, () => false)
    world.heal()
    const isDone = (): boolean => clients.open.size === 0 && isQuiet(world)
    const settle = async (ms: number): Promise<void> => {
      for (let waited = 0; waited < ms && !isDone() && found.length === 0; waited += settledEveryMs)
        await run(settledEveryMs, () => false)
    }
    await settle(healingMs)
    await settle(leftMs)
    if (!isDone() && found.length === 0) found.push(...unfinished(world, clients))
    look(true)
    kept.end = seen(world, true)
    return {
      seed,
      whole,
      hash: world.trace.hash,
      violations: found,
      operations,
      counts: { ...Object.fromEntries(world.counts), ...sizes(world, operations) },
      trace: world.trace.lines,
    }
  } finally {
    giveBack()
  }
}

/** Tasks that go on asking for as long as a customer may still pay. */
const patient = new Set(['payments.reconcile', 'payments.captureRest'])

const isQuiet = (world: World): boolean => {
  // Where nobody is there, nobody says what is left to do.
  if (world.rooms.length === 0) return false
  const { reactions, parked, tasks, journal, payments } = seen(world, false)
  const behind = reactions.some(({ on, position }) => journal.some((row) => row.position > position && on.includes(row.fact.type)))
  if (behind || parked.some(({ dead }) => !dead)) return false
  if (tasks.some(({ kind, dead }) => !dead && !patient.has(kind.replace('.bundle', '')))) return false
  return moneyUnheard(world, payments).length === 0
}

/** Money that came, and whose news was lost, is asked after. */
const moneyUnheard = ({ provider }: World, payments: Seen['payments']): string[] =>
  [...payments].flatMap(([id, { state }]) => {
    const session = provider.sessions.get(provider.byPayment.get(id) ?? '')
    const isHeard = state.status !== 'started' || session === undefined || session.authorized === state.authorized
    return isHeard ? [] : [`payment ${id}: ${session.authorized} came, it says ${state.authorized}`]
  })

const unfinished = (world: World, clients: Clients): Violation[] => {
  const { parked, tasks, payments } = seen(world, false)
  const left = [
    ...moneyUnheard(world, payments),
    ...[...clients.open].map(([id, what]) => `client #${id} still waits: ${what}`),
    ...parked.map(({ consumer, position, reason }) => `${consumer} keeps event ${position}: ${reason}`),
    ...tasks.filter(({ kind }) => !patient.has(kind)).map(({ kind, key, lastError }) => `task ${kind} of ${key}: ${lastError}`),
  ]
  return [{ check: 'I7', what: `nothing comes to an end: ${left.join('; ') || 'a reaction is behind'}` }]
}

const sizes = (world: World, operations: readonly Operation[]): Record<string, number> => ({
  operations: operations.length,
  events: world.scheduler.events,
  commits: world.server.stores.store.made,
  orders: world.server.stores.orders.rows.size,
  acknowledged: world.acknowledged.length,
  facts: world.server.stores.records.journal.length,
  ...(world.mail === undefined ? {} : { mails: world.mail.taken.size }),
  'lock waits': world.server.locks.counts.waits,
  deadlocks: world.server.locks.counts.deadlocks,
})
