import { pricingProperties } from './pricing.ts'
import { propertySuite } from './property.ts'

propertySuite('Prices and promotions', pricingProperties)
