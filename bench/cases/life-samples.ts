/** What a shop looks like from outside while orders live, now and then. */
import { setTimeout as wait } from 'node:timers/promises'
import { cpuSeconds, memoryOf, sharedMemoryOf } from '../processes.ts'
import type { Served, World } from '../world.ts'

export type Sample = Readonly<{
  atSeconds: number
  position: number
  /** Events that each reaction has still to take. */
  lags: ReadonlyMap<string, number>
  /** Rows that no transaction sees any more and nobody has swept, all tables together. */
  deadRows: number
  /** Processor time so far of the server and PostgreSQL. */
  cpuSeconds: number
  serverBytes: number
  postgresBytes: number
}>

const everyMs = 1_000

export const sampling = (world: World, served: Served): Readonly<{ samples: readonly Sample[]; stop: () => Promise<void> }> => {
  const samples: Sample[] = []
  const start = performance.now()
  const over = new AbortController()
  const look = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const lags = await world.lags()
      const { rows } = await world.client.query<{ position: number; dead: number }>(
        `select last_value::float8 as position, (select sum(n_dead_tup)::float8 from pg_stat_user_tables) as dead from platform.journal_position`,
      )
      samples.push({
        atSeconds: (performance.now() - start) / 1_000,
        position: rows[0]?.position ?? 0,
        lags,
        deadRows: rows[0]?.dead ?? 0,
        cpuSeconds: cpuSeconds(served.pid) + cpuSeconds(world.postmaster),
        serverBytes: memoryOf(served.pid).bytes,
        postgresBytes: sharedMemoryOf(world.postmaster),
      })
      await wait(everyMs)
    }
  }
  const looking = look()
  // A fault is heard where it is waited for.
  looking.catch(() => undefined)
  return {
    samples,
    stop: async () => {
      over.abort()
      await looking
    },
  }
}

export const mostBehind = ({ lags }: Sample): number => Math.max(0, ...lags.values())

/** What a figure grows by in a second: the line with the least squares. */
export const slopeOf = (samples: readonly Sample[], figure: (sample: Sample) => number): number => {
  const mean = (of: (sample: Sample) => number): number =>
    samples.reduce((sum, one) => sum + of(one), 0) / Math.max(1, samples.length)
  const [at, value] = [mean(({ atSeconds }) => atSeconds), mean(figure)]
  const above = samples.reduce((sum, one) => sum + (one.atSeconds - at) * (figure(one) - value), 0)
  const below = samples.reduce((sum, one) => sum + (one.atSeconds - at) ** 2, 0)
  return below === 0 ? 0 : above / below
}
