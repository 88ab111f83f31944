import { moneyPairs } from './pairs/money.ts'
import { raceAll } from './races.ts'

raceAll('Money', moneyPairs)
