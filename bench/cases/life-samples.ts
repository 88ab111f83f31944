/** How far the reactions are, looked at now and then while orders live. */
import { setTimeout as wait } from 'node:timers/promises'
import type { World } from '../world.ts'

export type Sample = Readonly<{ atSeconds: number; position: number; lags: ReadonlyMap<string, number> }>

const everyMs = 1_000

export const sampling = (world: World): Readonly<{ samples: readonly Sample[]; stop: () => Promise<void> }> => {
  const samples: Sample[] = []
  const start = performance.now()
  const over = new AbortController()
  const look = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const lags = await world.lags()
      const { rows } = await world.client.query<{ position: number }>(
        'select last_value::float8 as position from platform.journal_position',
      )
      samples.push({ atSeconds: (performance.now() - start) / 1_000, position: rows[0]?.position ?? 0, lags })
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

/** What a figure grows by in a second: the line with the least squares. */
export const slopeOf = (samples: readonly Sample[], figure: (sample: Sample) => number): number => {
  const mean = (of: (sample: Sample) => number): number =>
    samples.reduce((sum, one) => sum + of(one), 0) / Math.max(1, samples.length)
  const [at, value] = [mean(({ atSeconds }) => atSeconds), mean(figure)]
  const above = samples.reduce((sum, one) => sum + (one.atSeconds - at) * (figure(one) - value), 0)
  const below = samples.reduce((sum, one) => sum + (one.atSeconds - at) ** 2, 0)
  return below === 0 ? 0 : above / below
}
