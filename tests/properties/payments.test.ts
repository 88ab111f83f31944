import { paymentProperties } from './payments.ts'
import { propertySuite } from './property.ts'

propertySuite('Payments and returns', paymentProperties)
