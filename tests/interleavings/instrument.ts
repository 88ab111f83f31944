/** The explorer for `npm run prove`: schedules of every pair and triple drawn from the seed, for as long as asked. */
import { verifyShop } from '../../src/cli/verify.ts'
import type { Finding, Instrument } from '../proof/instrument.ts'
import { pairs } from './pairs.ts'
import { type Found, Race, type Raced, replayCommand } from './race.ts'
import { World } from './world.ts'

/** A pair's turn; then the next one's, so that every pair is met in the first minutes. */
const turnMs = 2_000
/** Told in full; more of the same says nothing new. */
const findingsMax = 50

export const instrument: Instrument = {
  name: 'interleavings',
  run: async ({ seed, forMs, say }) => {
    const until = performance.now() + forMs
    const isOver = (): boolean => performance.now() >= until
    const counts = { schedules: 0, pairs: pairs.length, blocked: 0, deadlocks: 0, reruns: 0, shops: 0 }
    const findings: Finding[] = []
    const add = (raced: Raced, drawnFrom: number): void => {
      for (const name of ['schedules', 'blocked', 'deadlocks', 'reruns'] as const) counts[name] += raced[name]
      for (const found of raced.found) if (findings.length < findingsMax) findings.push(findingOf(found, drawnFrom))
    }
    // A shop for each time through all pairs, so that it stays as small as a case expects it.
    for (let drawnFrom = seed; counts.shops === 0 || !isOver(); drawnFrom++) {
      const world = await World.open()
      counts.shops += 1
      try {
        for (const pair of pairs) {
          if (isOver() && counts.schedules > 0) break
          const begun = performance.now()
          const isTurnOver = (): boolean => isOver() || performance.now() - begun > turnMs
          add(await new Race(world, pair).draw(drawnFrom, isTurnOver), drawnFrom)
          say(`interleavings: ${counts.schedules} schedules, ${findings.length} findings; ${pair.name}`)
        }
        findings.push(...(await verified(world, drawnFrom)))
      } finally {
        await world.close()
      }
    }
    return { counts, findings }
  },
}

const findingOf = ({ invariant, told, trace, ...run }: Found, seed: number): Finding => ({
  invariant,
  seed,
  told: [`${run.pair}: ${told}`, replayCommand(run), ...trace.map((line) => `  ${line}`)].join('\n'),
})

const verified = async (world: World, seed: number): Promise<readonly Finding[]> => {
  await world.mark()
  const { differences } = await verifyShop(world.shop(0))
  return differences.slice(0, findingsMax).map(({ what, detail }) => ({ invariant: 'I4', seed, told: `${what}: ${detail}` }))
}
