/** All mutants. Each is caught by the narrowest instrument that can; a new one needs a line in the documentation's table, too. */
import type { Mutant } from './mutant.ts'
import { platformMutants } from './platform.ts'
import { ruleMutants } from './rules.ts'
import { interleavingMutants } from './seen-by-interleavings.ts'
import { simulationMutants } from './seen-by-simulation.ts'
import { stockMutants } from './stock.ts'

export const mutants: readonly Mutant[] = [
  ...ruleMutants,
  ...stockMutants,
  ...platformMutants,
  ...simulationMutants,
  ...interleavingMutants,
]
