import { orderProperties } from './orders.ts'
import { propertySuite } from './property.ts'

propertySuite('The life of an order', orderProperties)
