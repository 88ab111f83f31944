/** What other rooms may know of stock. Levels are the ledger's sum; reservations belong to orders. */
import type { OrderId, Place, Sku } from '../kernel/ids.ts'

/** Facts that stock itself publishes, on streams of their own, one fact a stream. */
export type InventoryEvent = Readonly<
  /** Waiting units were set aside from what came in, in queue order. */
  | {
      type: 'WaitingFilled'
      order: OrderId
      fills: readonly Readonly<{ line: number; sku: Sku; quantity: number; place: Place }>[]
    }
  | { type: 'StockAdjusted'; sku: Sku; place: Place; by: number; onHand: number; reason: string }
  | { type: 'StockReceived'; sku: Sku; place: Place; quantity: number; supply?: string }
  | { type: 'StockLow'; sku: Sku; place: Place; available: number; threshold: number }
  | { type: 'StockOut'; sku: Sku; place: Place }
  | { type: 'SupplyPromised'; sku: Sku; place: Place; quantity: number; day: string; supply: string }
>

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
export type { ReserveLine, ReserveRequest, Source, SourceAnswer, SourceLine, StockSeen } from './planner.ts'
export type { Stock as StockSession } from './stock.ts'
export type { Inventory as InventoryPart } from './service.ts'

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
