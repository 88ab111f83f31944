/** From nothing to the first accepted order: in an empty folder, and in one that was used before. Packages are there. */
import type { BenchCase, BenchOptions, Result } from '../case.ts'
import { median } from '../load/latencies.ts'
import { furnish, placeOne, startOwn, withFolder } from '../own-server.ts'
import type { Served } from '../world.ts'

const marks = { emptySeconds: 3, warmSeconds: 1.5 } as const

type Start = Readonly<{ listening: number; order: number }>

const timed = async (folder: string, prepare: (served: Served) => Promise<void>): Promise<Start> => {
  const start = performance.now()
  const since = (): number => (performance.now() - start) / 1_000
  const served = await startOwn(folder)
  try {
    const listening = since()
    await prepare(served)
    await placeOne(served)
    return { listening, order: since() }
  } finally {
    await served.stop()
  }
}

const run = async ({ rounds, say }: BenchOptions): Promise<readonly Result[]> => {
  const [empty, warm]: [Start[], Start[]] = [[], []]
  for (let round = 0; round < rounds; round++)
    await withFolder(async (folder) => {
      const first = await timed(folder, furnish)
      const second = await timed(folder, () => Promise.resolve())
      empty.push(first)
      warm.push(second)
      say(`empty folder ${first.order.toFixed(2)} s, again ${second.order.toFixed(2)} s`)
    })
  const of = (starts: readonly Start[], what: keyof Start): number => median(starts.map((one) => one[what]))
  return [
    {
      name: 'start, an empty folder',
      figures: { listeningSeconds: of(empty, 'listening'), firstOrderSeconds: of(empty, 'order') },
      marks: [{ what: 'seconds to the first accepted order', value: of(empty, 'order'), mark: marks.emptySeconds, atMost: true }],
    },
    {
      name: 'start, a folder that was used before',
      figures: { listeningSeconds: of(warm, 'listening'), firstOrderSeconds: of(warm, 'order') },
      marks: [{ what: 'seconds to the first accepted order', value: of(warm, 'order'), mark: marks.warmSeconds, atMost: true }],
    },
  ]
}

export const startCase: BenchCase = {
  name: 'start',
  what: 'seconds from an empty folder to the first accepted order, and of a warm start',
  run,
}
