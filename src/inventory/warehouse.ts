/** A warehouse is what sourcing knows of it: one shape, so that neither room translates. */
export type { Warehouse as WarehouseView } from '../sourcing/contract.ts'
