/** Seeds played in memory and on PostgreSQL, in a process of its own. */
import { answering } from '../support/apart.ts'
import { hashOf } from './canonical.ts'
import { playedOn } from './differential.ts'
import { inMemory, onPostgres } from './differential-forms.ts'

export type Played = Readonly<{
  rows: number
  /** The first seed that ended in two states, and both. */
  differs?: Readonly<{ seed: number; memory: readonly unknown[]; postgres: readonly unknown[] }>
}>

answering(async ({ seeds }: Readonly<{ seeds: number }>): Promise<Played> => {
  const truth = await onPostgres()
  try {
    let rows = 0
    for (let seed = 1; seed <= seeds; seed++) {
      const [memory, postgres] = [await playedOn(seed, inMemory()), await playedOn(seed, await truth.empty())]
      rows += postgres.length
      if (hashOf(memory) !== hashOf(postgres)) return { rows, differs: { seed, memory, postgres } }
    }
    return { rows }
  } finally {
    await truth.close()
  }
})
