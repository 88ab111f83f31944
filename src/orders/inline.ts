/**
 * What other rooms say to an order's step before it is saved, in the same transaction: stock is set aside or given back,
 * a warehouse may veto a cancellation. Called in the lock order orders → inventory → fulfilment (DESIGN §13).
 */
import { type Decided, isRefusal, type Refusal } from '../kernel/decider.ts'
import type { OrderId } from '../kernel/ids.ts'
import type { ReserveLine, ReserveRequest, Source } from '../inventory/contract.ts'
import type { StockSession } from '../inventory/contract.ts'
import type { LineUnits, OrderEvent, OrderReason } from './contract.ts'
import { settle } from './decide.ts'
import { evolve } from './evolve.ts'
import { carriesUnits, type Live, type Order, sumOf } from './order.ts'
import { totalsWithout } from './derive.ts'
import type { Instant } from '../kernel/ids.ts'

/** Fulfilment's session in a batch of cancellations. */
export interface CancelSession {
  /** Units that cannot be taken back because their parcel was collected. */
  check(order: OrderId, lines: readonly LineUnits[] | 'all'): readonly LineUnits[]
  apply(order: OrderId, lines: readonly LineUnits[] | 'all'): void
}

export type Inline = Readonly<{ stock: StockSession; source: Source; veto?: CancelSession | undefined; now: Instant }>

/** The events that follow a step: answers of the other rooms, then what is derived. A refusal drops the whole step. */
export const answered = (
  id: OrderId,
  decided: Decided<OrderEvent, Order>,
  inline: Inline,
): readonly OrderEvent[] | Refusal<OrderReason> => {
  const added: OrderEvent[] = []
  let order = decided.state
  const add = (events: readonly OrderEvent[]): void => {
    for (const event of events) {
      added.push(event)
      order = evolve(order, event)
    }
  }
  // A refusal must come before anything is taken or given back in this batch: warehouses are asked first.
  const vetoed = decided.events.map((event) => vetoOf(id, event, inline)).find((refusal) => refusal !== undefined)
  if (vetoed !== undefined) return vetoed
  for (const event of decided.events) {
    const answer = answerTo(id, event, order, inline)
    if (isRefusal(answer)) return answer
    add(answer)
  }
  add(settle(order))
  return added
}

const answerTo = (id: OrderId, event: OrderEvent, order: Order, inline: Inline): readonly OrderEvent[] | Refusal<OrderReason> => {
  if (order.status !== 'live') return []
  switch (event.type) {
    case 'OrderPlaced':
      return event.dialect === 'import' ? [] : reserve(id, order, allLines(order), inline)
    case 'OrderReopened':
      return reserve(
        id,
        order,
        allLines(order).map((line) => ({ ...line, ifShort: 'refuse' as const })),
        inline,
      )
    case 'OrderCancelled':
    case 'OrderExpired':
      return release(id, 'all', inline)
    case 'UnitsCancelled':
      return release(id, event.lines, inline)
    case 'UnitsAdded':
      return reserve(id, order, addedLines(order, event.lines), inline)
    case 'UnitsShort': {
      const missing = event.lines.map((units) => ({ ...units, sku: skuOf(order, units.line) }))
      if (event.lost === true) inline.stock.lose(id, event.place, missing)
      else inline.stock.short(id, event.place, missing)
      return replace(id, order, event.lines, inline)
    }
    default:
      return []
  }
}

const skuOf = (order: Live, line: number): ReserveLine['sku'] => {
  const placed = order.placed.lines[line]
  if (placed === undefined) throw new Error(`order ${order.placed.number} has no line ${line}`)
  return placed.sku
}

/** Everything that is ordered now: a reopened order has lost what was cancelled before. */
const allLines = ({ placed, progress }: Live): ReserveLine[] =>
  placed.lines.flatMap((line, index) => {
    const quantity = progress.counters.current[index] ?? 0
    return carriesUnits(line) && quantity > 0
      ? [{ line: index, sku: line.sku, quantity, grams: line.grams, parent: line.parent, ifShort: line.ifShort }]
      : []
  })

/** What is added is had at once or refused: whoever asks for more is told so. */
const addedLines = (order: Live, added: readonly LineUnits[]): ReserveLine[] =>
  allLines(order).flatMap((line) => {
    const quantity = sumOf(added.filter((units) => units.line === line.line).map((units) => units.quantity))
    return quantity > 0 ? [{ ...line, quantity, ifShort: 'refuse' }] : []
  })

const request = (order: Live, lines: readonly ReserveLine[], now: Instant): ReserveRequest => ({
  at: now,
  destination: order.progress.destination,
  lines,
  shippingMethod: order.placed.shippingMethod,
})

const reserve = (
  id: OrderId,
  order: Live,
  lines: readonly ReserveLine[],
  { stock, source, now }: Inline,
): readonly OrderEvent[] | Refusal<OrderReason> => {
  if (lines.length === 0) return []
  const asked = request(order, lines, now)
  const planned = stock.plan(asked, source)
  if (isRefusal(planned)) return planned
  const events: OrderEvent[] = []
  if (planned.shipments.length > 0) {
    stock.reserve(id, asked, planned.shipments)
    events.push({ type: 'StockReserved', shipments: planned.shipments })
  }
  if (planned.cancelled.length > 0) {
    if (planned.shipments.length === 0) events.push({ type: 'OrderCancelled', reason: 'sold_out', refund: 'auto' })
    else
      events.push({
        type: 'UnitsCancelled',
        reason: 'sold_out',
        lines: planned.cancelled,
        totals: totalsWithout(order.placed, order.progress.counters, planned.cancelled),
        refund: 'auto',
      })
  }
  return events
}

/** Units that were short are sourced again: elsewhere, from dated supply where the buyer accepts that, else given up. */
const replace = (
  id: OrderId,
  order: Live,
  units: readonly LineUnits[],
  inline: Inline,
): readonly OrderEvent[] | Refusal<OrderReason> => {
  const lines = units.flatMap(({ line, quantity }): ReserveLine[] => {
    const placed = order.placed.lines[line]
    if (placed === undefined) return []
    return [
      {
        line,
        sku: placed.sku,
        quantity,
        grams: placed.grams,
        ifShort: placed.ifShort === 'refuse' ? 'cancelLine' : placed.ifShort,
      },
    ]
  })
  const again = reserve(id, order, lines, inline)
  if (!isRefusal(again)) {
    const givenUp = again.some((event) => event.type === 'OrderCancelled')
    if (!givenUp) return again
  }
  return giveUp(order, units, id, inline)
}

const giveUp = (order: Live, units: readonly LineUnits[], id: OrderId, inline: Inline): readonly OrderEvent[] => {
  const total = order.progress.counters.current.reduce((sum, count) => sum + count, 0)
  const gone = units.reduce((sum, { quantity }) => sum + quantity, 0)
  if (gone < total)
    return [
      {
        type: 'UnitsCancelled',
        reason: 'not_found',
        lines: units,
        totals: totalsWithout(order.placed, order.progress.counters, units),
        refund: 'auto',
      },
    ]
  inline.stock.release(id, 'all')
  return [{ type: 'OrderCancelled', reason: 'not_found', refund: 'auto' }]
}

const vetoOf = (id: OrderId, event: OrderEvent, { veto }: Inline): Refusal<OrderReason> | undefined => {
  if (event.type !== 'OrderCancelled' && event.type !== 'OrderExpired' && event.type !== 'UnitsCancelled') return undefined
  const blocked = veto?.check(id, event.type === 'UnitsCancelled' ? event.lines : 'all') ?? []
  if (blocked.length === 0) return undefined
  return {
    refused: 'order_not_cancellable',
    detail: 'a parcel with these units has been collected',
    about: { blockedBy: ['parcel_collected'], lines: blocked },
  }
}

const release = (id: OrderId, lines: readonly LineUnits[] | 'all', { stock, veto }: Inline): readonly OrderEvent[] => {
  veto?.apply(id, lines)
  stock.release(id, lines)
  return []
}
