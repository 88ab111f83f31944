/** A British warehouse as its owner lays it in, where a test says nothing else of it. */
import type { Place } from '../../src/kernel/ids.ts'
import { defaults } from '../../src/sourcing/contract.ts'

export const site = (id: string, postalCode: string, latitude: number, longitude: number) => ({
  ...defaults.warehouse,
  id: id as Place,
  name: id,
  country: 'GB',
  postalCode,
  latitude,
  longitude,
})
