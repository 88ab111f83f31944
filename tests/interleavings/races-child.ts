/** Races some pairs, in a process of its own. */
import { verifyShop } from '../../src/cli/verify.ts'
import { answering } from '../support/apart.ts'
import { pairs } from './pairs.ts'
import { Race, type Raced } from './race.ts'
import { World } from './world.ts'

export type Asked = Readonly<{ pairs: readonly string[]; sampleMax: number; seed: number }>
export type Races = Readonly<{
  /** By the pair's name: what came of it, or why it broke off. */
  raced: readonly Readonly<{ pair: string; raced?: Raced; broke?: string }>[]
  differences: readonly unknown[]
}>

answering(async ({ pairs: names, sampleMax, seed }: Asked): Promise<Races> => {
  const world = await World.open()
  try {
    const raced = []
    for (const pair of pairs.filter(({ name }) => names.includes(name))) {
      try {
        raced.push({ pair: pair.name, raced: await new Race(world, pair).explore(sampleMax, seed) })
      } catch (error) {
        raced.push({ pair: pair.name, broke: error instanceof Error ? (error.stack ?? error.message) : String(error) })
      }
    }
    await world.mark()
    const { differences } = await verifyShop(world.shop(0))
    return { raced, differences }
  } finally {
    await world.close()
  }
})
