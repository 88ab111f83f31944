import { propertySuite } from './property.ts'
import { stockProperties } from './stock.ts'

propertySuite('Stock', stockProperties)
