import { propertySuite } from './property.ts'
import { timeProperties } from './times.ts'

propertySuite('Days, zones and calendars', timeProperties)
