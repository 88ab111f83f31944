/** Orders' side of returns: what a return may know of an order, and the order that follows what came back. */
import { isRefusal } from '../kernel/decider.ts'
import type { Envelope, Fact } from '../kernel/event.ts'
import { spread } from '../kernel/money.ts'
import type { Handled, Reaction } from '../platform/bus/consumers.ts'
import type { Work } from '../platform/store/work.ts'
import type { ReturnableLine, ReturnableOrder, ReturnableOrders, ReturnEvent } from '../returns/contract.ts'
import { capturedOf, refundedOf } from './derive.ts'
import { carriesUnits, type Live, type Order, sumOf } from './order.ts'
import type { OrderService } from './service.ts'
import type { OrderRepository } from './store.ts'

type Received = Extract<ReturnEvent, { type: 'ReturnReceived' }>
const isReceived = (fact: Fact): fact is Received => fact.type === 'ReturnReceived'

/** The order counts what came back, and says what is given for it: payments follow that. */
export const followReturns = (orders: OrderService): Reaction => ({
  name: 'orders.returns',
  on: ['ReturnReceived'],
  key: ({ event, stream }) => (isReceived(event) ? event.order : stream),
  react: async (work: Work, envelopes: readonly Envelope[]): Promise<readonly Handled[]> => {
    const outcomes = await orders.within(
      work,
      envelopes.flatMap(({ event, stream, actor, position }) =>
        isReceived(event)
          ? [
              {
                id: event.order,
                command: {
                  do: 'recordReturn' as const,
                  return: stream,
                  lines: unitsOf(event),
                  refund: event.refund,
                },
                origin: { actor, cause: `journal:${position}` },
              },
            ]
          : [],
      ),
    )
    // Money hangs on it: what the order refuses must be seen by people, so it is parked and in the end a dead letter.
    return outcomes.map((outcome) => (isRefusal(outcome) ? { notYet: `the order refused: ${outcome.detail}` } : 'done'))
  },
})

/** A line may have come back in several conditions; the order counts its units together. */
const unitsOf = ({ restock, damaged, writtenOff }: Received) => {
  const sums = new Map<number, number>()
  for (const { line, quantity } of [...restock, ...damaged, ...writtenOff]) sums.set(line, (sums.get(line) ?? 0) + quantity)
  return [...sums].map(([line, quantity]) => ({ line, quantity }))
}

export const returnableOrders = (repository: Pick<OrderRepository, 'lock' | 'get'>): ReturnableOrders => ({
  within: async (work, ids) => {
    const locked = await repository.lock(work, ids)
    return new Map([...locked].flatMap(([id, { state }]) => (state.status === 'live' ? [[id, returnable(state)] as const] : [])))
  },
  one: async (id) => {
    const state: Order | undefined = (await repository.get([id])).get(id)?.state
    return state?.status === 'live' ? returnable(state) : undefined
  },
})

const returnable = (order: Live): ReturnableOrder => {
  const { placed, progress } = order
  const worths = worthOfLines(order)
  return {
    number: placed.number,
    currency: placed.currency,
    ...(placed.user === undefined ? {} : { user: placed.user }),
    lines: placed.lines.map((line, index): ReturnableLine => {
      const bundle = line.parent === undefined ? undefined : placed.lines[line.parent]
      const at = (name: 'current' | 'shipped' | 'returned'): number => progress.counters[name][index] ?? 0
      return {
        sku: line.sku,
        kind: line.kind,
        ...(line.parent === undefined || bundle === undefined
          ? {}
          : { parent: line.parent, perBundle: line.quantity / bundle.quantity }),
        current: at('current'),
        shipped: at('shipped'),
        returned: at('returned'),
        worth: worths[index] ?? 0,
      }
    }),
    total: progress.totals.total,
    captured: capturedOf(progress),
    refunded: refundedOf(progress),
  }
}

/** Each line's current units at the frozen price, with the share of its discount that `totalsWithout` leaves them. */
const worthOfLines = ({ placed, progress }: Live): readonly number[] => {
  const current = (index: number): number => progress.counters.current[index] ?? 0
  const priced = (index: number, units: number): number => {
    const line = placed.lines[index]
    if (line === undefined) return 0
    const off = units >= line.quantity ? line.discount : (spread(line.discount, [units, line.quantity - units])[0] ?? 0)
    return line.unitPrice * units - off
  }
  const worths = placed.lines.map((line, index) => (carriesUnits(line) ? priced(index, current(index)) : 0))
  for (const [index, bundle] of placed.lines.entries()) {
    if (bundle.kind !== 'bundle') continue
    const parts = placed.lines.flatMap((line, at) => (line.parent === index ? [{ at, per: line.quantity / bundle.quantity }] : []))
    // Parts that carry their share themselves are taken at it.
    if (parts.length === 0 || sumOf(parts.map(({ at }) => worths[at] ?? 0)) !== 0) continue
    const bundles = Math.min(...parts.map(({ at, per }) => Math.floor(current(at) / per)))
    const shares = spread(
      priced(index, bundles),
      parts.map(({ at }) => current(at)),
    )
    for (const [part, { at }] of parts.entries()) worths[at] = shares[part] ?? 0
  }
  return worths
}
