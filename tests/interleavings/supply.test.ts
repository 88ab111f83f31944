import { platformPairs } from './pairs/platform.ts'
import { supplyPairs } from './pairs/supply.ts'
import { raceAll } from './races.ts'

raceAll('Supply, the journal, tasks and policies', [...supplyPairs, ...platformPairs])
