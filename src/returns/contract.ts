/** What other rooms may know of returns: goods that come back, what became of them, and the money given for them. */
import type { OrderId, Place, Sku } from '../kernel/ids.ts'
import type { LineKind } from '../orders/contract.ts'
import type { Work } from '../platform/store/work.ts'

export type ReturnedUnits = Readonly<{ line: number; sku: Sku; quantity: number }>
/** `write_off`: not fit to be kept, not even among the damaged. */
export type Disposition = 'restock' | 'damaged' | 'write_off'

/** Facts on a return's stream. Every fact carries the order, so that its reaction needs nothing else. */
export type ReturnEvent = Readonly<
  | { type: 'ReturnExpected'; order: OrderId; number: number; currency: string; lines: readonly ReturnedUnits[]; reason: string }
  /** What came back, by what became of it, and what is given for it. What was expected and is not named here did not come. */
  | {
      type: 'ReturnReceived'
      order: OrderId
      place: Place
      restock: readonly ReturnedUnits[]
      damaged: readonly ReturnedUnits[]
      writtenOff: readonly ReturnedUnits[]
      refund: number
    }
  /** `settled`: the order has it in its books. `cancelled`: it will not come, its units may be returned another time. */
  | { type: 'ReturnClosed'; order: OrderId; outcome: 'settled' | 'cancelled' }
>

/** A line of an order, as far as a return must know it. */
export type ReturnableLine = Readonly<{
  sku: Sku
  kind: LineKind
  /** The bundle that a component belongs to, and how many of it each bundle has. */
  parent?: number
  perBundle?: number
  current: number
  shipped: number
  returned: number
  /** What the current units are worth together at their frozen price, discounts taken off; a component has its bundle's share. */
  worth: number
}>
export type ReturnableOrder = Readonly<{
  number: number
  currency: string
  user?: string
  lines: readonly ReturnableLine[]
  total: number
  captured: number
  refunded: number
}>

/** What returns asks of orders: a read port that `main.ts` hands over. */
export interface ReturnableOrders {
  /** Locked until the batch ends, so that no two returns, in whichever process, are promised the same units. */
  within(work: Work, orders: readonly OrderId[]): Promise<ReadonlyMap<OrderId, ReturnableOrder>>
  one(order: OrderId): Promise<ReturnableOrder | undefined>
}
