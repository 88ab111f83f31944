/** Every checker, by the name it is told under. */
import type { Checker } from './checker.ts'
import { effects, endings, unexplained } from './endings.ts'
import { keys } from './keys.ts'
import { lives } from './lives.ts'
import { money } from './money.ts'
import { orders } from './orders.ts'
import { ledger, oversold } from './stock.ts'

export const checkers: Readonly<Record<string, Checker>> = {
  orders,
  keys,
  oversold,
  ledger,
  money,
  lives,
  endings,
  effects,
  unexplained,
}
