import { fileProperties } from './files.ts'
import { propertySuite } from './property.ts'

propertySuite('Files', fileProperties)
