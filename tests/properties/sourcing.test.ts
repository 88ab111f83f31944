import { propertySuite } from './property.ts'
import { sourcingProperties } from './sourcing.ts'

propertySuite('Sourcing', sourcingProperties)
