/** Every pair that is raced. */
import type { Pair } from './pair.ts'
import { moneyPairs } from './pairs/money.ts'
import { platformPairs } from './pairs/platform.ts'
import { stockPairs, stockTriples } from './pairs/stock.ts'
import { supplyPairs } from './pairs/supply.ts'
import { warehousePairs } from './pairs/warehouse.ts'

export const pairs: readonly Pair[] = [
  ...stockPairs,
  ...stockTriples,
  ...moneyPairs,
  ...supplyPairs,
  ...warehousePairs,
  ...platformPairs,
]
