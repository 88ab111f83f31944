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
