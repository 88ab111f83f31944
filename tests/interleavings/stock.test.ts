import { stockPairs, stockTriples } from './pairs/stock.ts'
import { raceAll } from './races.ts'

raceAll('Stock', [...stockPairs, ...stockTriples])
