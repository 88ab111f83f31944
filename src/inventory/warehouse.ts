/** A warehouse is what sourcing knows of it: one shape, so that neither room translates. */
import type { Warehouse } from '../sourcing/contract.ts'

export type WarehouseView = Warehouse

/** With every field said that may be left out, as it is kept. */
export const wholeWarehouse = (warehouse: WarehouseView): WarehouseView => ({
  ...warehouse,
  holidays: warehouse.holidays ?? null,
  closedDays: warehouse.closedDays ?? [],
  openDays: warehouse.openDays ?? [],
  unitsPerDay: warehouse.unitsPerDay ?? null,
  blockedCountries: warehouse.blockedCountries ?? [],
})
