/** Plants mutants one after the other, and keeps the score. */
import { applies, Ground, type Run } from './ground.ts'
import { commandOf, type Mutant } from './mutant.ts'

/** `not_applicable`: the source changed, and the mutant must be written again. `hung`: its catcher did not end. */
export type Verdict = 'caught' | 'survived' | 'hung' | 'not_applicable'
export type Judged = Readonly<{ name: string; invariant: string; verdict: Verdict; ms: number }>

const verdicts = { failed: 'caught', passed: 'survived', hung: 'hung' } as const satisfies Record<Run['ended'], Verdict>

export type Hunt = Readonly<{
  mutants: readonly Mutant[]
  /** The database for catchers that need one, as `WAYBILL_TEST_DATABASE` names it. */
  database: string | undefined
  /** No further one is planted after so long. */
  forMs?: number
  told: (judged: Judged, run: Run | undefined) => void
}>

export const hunt = async ({ mutants, database, forMs = Number.POSITIVE_INFINITY, told }: Hunt): Promise<readonly Judged[]> => {
  const ground = new Ground(database)
  const begun = performance.now()
  const all: Judged[] = []
  try {
    for (const mutant of mutants) {
      if (performance.now() - begun > forMs) break
      const { name, invariant, catchedBy } = mutant
      const run = applies(mutant) ? await ground.run(catchedBy, mutant) : undefined
      const judged = {
        name,
        invariant,
        verdict: run === undefined ? 'not_applicable' : verdicts[run.ended],
        ms: run?.ms ?? 0,
      } as const
      all.push(judged)
      told(judged, run)
    }
  } finally {
    ground.close()
  }
  return all
}

export const scoreOf = (judged: readonly Judged[]): string =>
  `${judged.filter(({ verdict }) => verdict === 'caught').length}/${judged.length}`

/** Catchers that fail without any mutant: they would catch everything, and so nothing. Each is run once. */
export const soundness = async (
  mutants: readonly Mutant[],
  database: string,
): Promise<readonly Readonly<{ command: string; run: Run }>[]> => {
  const catchers = new Map(mutants.map(({ catchedBy }) => [commandOf(catchedBy), catchedBy]))
  const ground = new Ground(database)
  const faulty: { command: string; run: Run }[] = []
  try {
    for (const [command, catcher] of catchers) {
      const run = await ground.run(catcher)
      if (run.ended !== 'passed') faulty.push({ command, run })
    }
  } finally {
    ground.close()
  }
  return faulty
}
