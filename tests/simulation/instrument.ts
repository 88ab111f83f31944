/** The simulation as an instrument of the proof: seeds from one number on, for as long as it is given. */
import type { Finding, Instrument } from '../proof/instrument.ts'
import { report } from './report.ts'
import { simulate } from './simulate.ts'

/** One seed in so many is of the whole shop. */
const wholeEvery = 4
/** One line for whoever watches, now and then. */
const toldEvery = 50

export const instrument: Instrument = {
  name: 'simulation',
  run: async ({ seed: first, forMs, say }) => {
    const end = performance.now() + forMs
    const counts: Record<string, number> = { seeds: 0 }
    const findings: Finding[] = []
    for (let seed = first; performance.now() < end; seed++) {
      const run = await simulate(seed, { whole: seed % wholeEvery === 1 })
      counts['seeds'] = (counts['seeds'] ?? 0) + 1
      for (const [name, count] of Object.entries(run.counts)) counts[name] = (counts[name] ?? 0) + count
      const [broken] = run.violations
      if (broken !== undefined) findings.push({ invariant: broken.check, seed, told: await report(run) })
      if (counts['seeds'] % toldEvery === 0)
        say(
          `${counts['seeds']} seeds, ${counts['acknowledged']} orders acknowledged, ${counts['crash']} crashes, ${findings.length} findings`,
        )
    }
    return { counts, findings }
  },
}
