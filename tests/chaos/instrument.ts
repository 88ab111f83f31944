/** Chaos for as long as it is asked for: rounds of some minutes, each on a fresh shop, with faults drawn from the seed. */
import { chance as chanceOf } from '../../src/payments/adapters/simulated-knobs.ts'
import type { Finding, Instrument } from '../proof/instrument.ts'
import type { Found } from './checkers/checker.ts'
import { type Faults, type Phase, phases } from './nemesis.ts'
import { runRound } from './round.ts'

export const usualPerSecond = 80
/** What a fault of each kind takes, with the calm after it: how many fit into a round. */
const secondsOf: Faults = { kill: 4, postgres: 4, stop: 5, disk: 5, clock: 12, network: 18, embedded: 16 }
const roundSeconds = 180
/** What is left of a broken promise after the first of its kind mostly says the same. */
const toldMax = 10

/** As many faults as fit into the time, each kind about as long as the others. */
export const drawFaults = (allowed: readonly Phase[], seconds: number, chance: () => number): Faults => {
  const faults = { kill: 0, postgres: 0, stop: 0, disk: 0, clock: 0, network: 0, embedded: 0 }
  let left = seconds
  while (left > 0) {
    const phase = allowed[Math.floor(chance() * allowed.length)] ?? 'kill'
    // The cheap ones come in groups, so that no kind is rare.
    const group = Math.max(1, Math.round(secondsOf.network / secondsOf[phase] / 2))
    faults[phase] += group
    left -= group * secondsOf[phase]
  }
  return faults
}

export const findingsOf = (found: readonly Found[], seed: number, history: string, again: string): readonly Finding[] => {
  const told = found.slice(0, toldMax).map(({ invariant, told }) => ({
    invariant,
    seed,
    told: `${invariant}: ${told}\n  history: ${history}\n  run it again: ${again}`,
  }))
  const more = found.length - told.length
  return more <= 0 ? told : [...told, { invariant: 'more', seed, told: `and ${more} more findings` }]
}

export const instrumentOf = (allowed: readonly Phase[]): Instrument => ({
  name: 'chaos',
  run: async ({ seed, forMs, say }) => {
    const end = performance.now() + forMs
    const counts: Record<string, number> = { seeds: 0 }
    const findings: Finding[] = []
    for (let round = seed; performance.now() < end; round += 1) {
      const seconds = Math.min(roundSeconds, (end - performance.now()) / 1000)
      const faults = drawFaults(allowed, seconds, chanceOf(round))
      const {
        counts: own,
        found,
        history,
      } = await runRound({ seed: round, faults, ordersMin: 0, comingMaxMs: 0, perSecond: usualPerSecond, say })
      counts['seeds'] = (counts['seeds'] ?? 0) + 1
      for (const [name, count] of Object.entries(own))
        counts[name] = name.startsWith('slowest') ? Math.max(counts[name] ?? 0, count) : (counts[name] ?? 0) + count
      const again = `node tests/chaos/run.ts --seed ${round} --minutes ${(seconds / 60).toFixed(1)} --phases ${allowed.join(',')}`
      findings.push(...findingsOf(found, round, history, again))
    }
    return { counts, findings }
  },
})

export const instrument: Instrument = instrumentOf(phases)
