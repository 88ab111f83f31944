import { propertySuite } from './property.ts'
import { workProperties } from './work.ts'

propertySuite('Work, transfers and parcels', workProperties)
