import { moneyProperties } from './money.ts'
import { propertySuite } from './property.ts'

propertySuite('Money', moneyProperties)
