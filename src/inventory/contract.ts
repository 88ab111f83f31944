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
