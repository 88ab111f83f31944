import type { Place } from '../kernel/ids.ts'

/** A warehouse as sourcing needs it (the same shape as sourcing's own `Warehouse`). */
export type WarehouseView = Readonly<{
  id: Place
  name: string
  country: string
  postalCode: string
  latitude: number
  longitude: number
  timeZone: string
  cutOff: string
  workdays: readonly number[]
  handlingDays: number
  pickCents: number
  perUnitCents: number
  hub: boolean
}>
