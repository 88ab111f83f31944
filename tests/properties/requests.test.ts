import { propertySuite } from './property.ts'
import { requestProperties } from './requests.ts'

propertySuite('Requests', requestProperties)
