/** What other rooms may know of stock. Levels are the ledger's sum; reservations belong to orders. */
import type { Place, Sku } from '../kernel/ids.ts'

export type { InventoryEvent } from './events.ts'

export type Level = Readonly<{
  sku: Sku
  place: Place
  onHand: number
  reserved: number
  inTransit: number
  safety: number
  damaged: number
  available: number
}>

export interface StockQueries {
  /** Sellable now, over all places: on hand − reserved − safety, never below 0. */
  available(skus: readonly Sku[]): Promise<ReadonlyMap<Sku, number>>
  levels(skus: readonly Sku[]): Promise<readonly Level[]>
}

/** Inventory's part in an order's own batch (an inline wire): plan, set aside, give back. */
export type { BetterGroup, Bettering, BetterMove } from './better.ts'
export type { Combination } from './combine.ts'
export type { Combining } from './combine-service.ts'
export type { ReserveLine, ReserveRequest, Source, SourceAnswer, SourceDecision, SourceLine, StockSeen } from './planner.ts'
export type { Stock as StockSession } from './stock.ts'
export type { Inventory as InventoryPart } from './service.ts'

/** How others say a network, or another one. */
export { changedWarehouseSchema, deliveryServiceOf, tariffFields, warehouseId } from './network-schema.ts'
export type { SupplyDays } from '../sourcing/contract.ts'
export type { WarehouseView } from './warehouse.ts'
