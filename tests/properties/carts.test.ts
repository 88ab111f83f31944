import { cartProperties } from './carts.ts'
import { propertySuite } from './property.ts'

propertySuite('Carts, and batches of anything', cartProperties)
