import type { Day, OrderId, Place, Sku } from '../kernel/ids.ts'

/** Of a line that waits, units whose supply comes on another day. `ready`: when they can be packed where they are sent from. */
export type MovedLine = Readonly<{
  line: number
  sku: Sku
  quantity: number
  place: Place
  was: Day
  now: Day
  ready?: Day | undefined
}>
/** Of a line that waits, all units that no supply is announced for now. */
export type LostLine = Readonly<{ line: number; sku: Sku; quantity: number; place: Place }>

/** Facts that stock itself publishes, on streams of their own, one fact a stream. */
export type InventoryEvent = Readonly<
  /** Waiting units were set aside from what came in, in queue order. */
  | {
      type: 'WaitingFilled'
      order: OrderId
      fills: readonly Readonly<{ line: number; sku: Sku; quantity: number; place: Place }>[]
    }
  /** What an order waits for comes on another day: said of exactly those whose day moved, once an order and batch. */
  | { type: 'SupplyMoved'; order: OrderId; lines: readonly MovedLine[] }
  /** What an order waits for will not come: nothing else is announced that it could have instead. */
  | { type: 'SupplyLost'; order: OrderId; lines: readonly LostLine[] }
  /** Units of an order that did not arrive at this place with their transfer, or broken. */
  | {
      type: 'UnitsLost'
      order: OrderId
      place: Place
      lines: readonly Readonly<{ line: number; sku: Sku; quantity: number }>[]
    }
  | { type: 'StockAdjusted'; sku: Sku; place: Place; by: number; onHand: number; reason: string }
  | { type: 'StockReceived'; sku: Sku; place: Place; quantity: number; supply?: string; damaged?: number }
  | { type: 'StockLow'; sku: Sku; place: Place; available: number; threshold: number }
  | { type: 'StockOut'; sku: Sku; place: Place }
  | { type: 'SupplyPromised'; sku: Sku; place: Place; quantity: number; day: string; supply: string }
  /** The supplier says otherwise than before; `quantity` is all of it, what came already too. */
  | {
      type: 'SupplyChanged'
      sku: Sku
      place: Place
      supply: string
      day: Day
      quantity: number
      was: Readonly<{ day: Day; quantity: number }>
    }
  /** Nothing more comes of it: what was announced, and what came of it, whole and broken. */
  | { type: 'SupplyClosed'; sku: Sku; place: Place; supply: string; announced: number; received: number; damaged: number }
>
