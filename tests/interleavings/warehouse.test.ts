import { warehousePairs } from './pairs/warehouse.ts'
import { raceAll } from './races.ts'

raceAll('Warehouses and carriers', warehousePairs)
