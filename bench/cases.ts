/** The cases, in the order in which they run. */
import type { BenchCase } from './case.ts'
import { basketCase } from './cases/basket.ts'
import { batchCase } from './cases/batch.ts'
import { driftCase } from './cases/drift.ts'
import { flashCase } from './cases/flash.ts'
import { growthCase } from './cases/growth.ts'
import { intakeCase } from './cases/intake.ts'
import { journeyCase } from './cases/journey.ts'
import { lifeCase } from './cases/life.ts'
import { memoryCase } from './cases/memory.ts'
import { openCase } from './cases/open.ts'
import { placementCase } from './cases/placement.ts'
import { pressureCase } from './cases/pressure.ts'
import { readCase } from './cases/read.ts'
import { scarcityCase } from './cases/scarcity.ts'
import { sourcingCase } from './cases/sourcing.ts'
import { startCase } from './cases/start.ts'

// There is no `wires` (rooms in one database that meet over the journal only): the product has no way to run so.
export const cases: readonly BenchCase[] = [
  intakeCase,
  placementCase,
  flashCase,
  openCase,
  journeyCase,
  lifeCase,
  basketCase,
  memoryCase,
  startCase,
  sourcingCase,
  scarcityCase,
  batchCase,
  pressureCase,
  readCase,
  growthCase,
  driftCase,
]
