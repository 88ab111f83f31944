/** Orders: each row is the fold of a history without gaps, each step is one that its life allows, and every unit is somewhere. */
import type { Fact } from '../../src/kernel/event.ts'
import { isSame } from '../../src/cli/verify.ts'
import { fulfilmentOrder } from '../../src/fulfilment/fulfilment-order.ts'
import { transfer } from '../../src/fulfilment/transfer.ts'
import type { OrderEvent } from '../../src/orders/contract.ts'
import { isForward } from '../../src/orders/derive.ts'
import { evolve } from '../../src/orders/evolve.ts'
import { carriesUnits, unplaced } from '../../src/orders/order.ts'
import { payment } from '../../src/payments/payment.ts'
import { returnDecider } from '../../src/returns/return.ts'
import { parcel } from '../../src/shipping/parcel.ts'
import type { Seen, SeenFact } from './state.ts'

type Room = Readonly<{
  name: string
  rows: ReadonlyMap<string, Readonly<{ version: number; state: unknown }>>
  initial: unknown
  evolve: (state: unknown, event: Fact) => unknown
}>
const roomsOf = (seen: Seen): readonly Room[] => {
  const room = (name: string, rows: Room['rows'], decider: Readonly<{ initial: unknown; evolve: unknown }>): Room => {
    return { name, rows, initial: decider.initial, evolve: decider.evolve as Room['evolve'] }
  }
  return [
    room('order', seen.orders, { initial: unplaced, evolve }),
    room('payment', seen.payments, payment),
    room('fulfilment', seen.fulfilments, fulfilmentOrder),
    room('transfer', seen.transfers, transfer),
    room('parcel', seen.parcels, parcel),
    room('return', seen.returns, returnDecider),
  ]
}

const byStream = ({ journal }: Seen): ReadonlyMap<string, readonly SeenFact[]> => Map.groupBy(journal, ({ stream }) => stream)

/** I8: a stream's facts are numbered 1..n in the journal's order, and the row is what they come to. */
export const historiesFold = (seen: Seen): readonly string[] => {
  const streams = byStream(seen)
  const found: string[] = []
  for (const [stream, facts] of streams) {
    const gap = facts.findIndex(({ version }, index) => version !== index + 1)
    if (gap >= 0) found.push(`${stream}: its fact ${gap + 1} has version ${facts[gap]?.version}`)
  }
  if (!seen.isEnd) return found
  for (const { name, rows, initial, evolve } of roomsOf(seen)) {
    for (const [id, { version, state }] of rows) {
      const facts = streams.get(id) ?? []
      if (facts.length !== version) found.push(`${name} ${id}: version ${version}, ${facts.length} facts`)
      const folded = facts.reduce((before, { fact }) => evolve(before, fact), initial)
      if (!isSame(folded, state)) found.push(`${name} ${id}: the row is not the fold of its facts`)
    }
  }
  for (const [stream, [first]] of streams)
    if (first?.fact.type === 'OrderPlaced' && !seen.orders.has(stream)) found.push(`order ${stream} has facts and no row`)
  return found
}

/** I8: the headline only goes forward, nothing is secured twice, and what has ended stays as it is, unless its money came late. */
export const legalTransitions = (seen: Seen): readonly string[] => {
  const found: string[] = []
  for (const [id, { state }] of seen.orders) {
    if (state.status !== 'live' || !seen.isEnd) continue
    let phase: 'open' | 'cancelled' | 'expired' = 'open'
    for (const { fact } of byStream(seen).get(id) ?? []) {
      const event = fact as OrderEvent
      switch (event.type) {
        case 'StatusChanged':
          if (!isForward(event.from, event.to) && phase === 'open') found.push(`order ${id} went from ${event.from} to ${event.to}`)
          break
        case 'OrderCancelled':
        case 'OrderExpired':
          if (phase !== 'open') found.push(`order ${id} was ${phase} and is ${event.type} again`)
          phase = event.type === 'OrderCancelled' ? 'cancelled' : 'expired'
          break
        case 'OrderReopened':
          if (phase !== 'expired') found.push(`order ${id} was ${phase} and is reopened`)
          phase = 'open'
          break
        case 'AssemblyRequested':
          if (phase !== 'open') found.push(`order ${id} was ${phase} and goes to its warehouses`)
          break
        default:
          break
      }
    }
  }
  return found
}

/** I8, units: what was ordered is current or cancelled (also where the carrier had it before anybody knew), no line has more anywhere than it has units, and totals are the sum of their lines. */
export const unitsOfOrders = ({ orders }: Seen): readonly string[] => {
  const found: string[] = []
  for (const [id, { state }] of orders) {
    if (state.status !== 'live') continue
    const { placed, progress } = state
    const { counters } = progress
    for (const [line, { kind, quantity }] of placed.lines.entries()) {
      if (!carriesUnits({ ...placed.lines[line], kind } as never)) continue
      const at = (name: keyof typeof counters): number => counters[name][line] ?? 0
      const wrong =
        at('current') + at('cancelled') !== quantity + at('added') ||
        at('reserved') + at('backordered') + at('preordered') > at('current') ||
        at('shipped') > at('current') + at('cancelled') ||
        at('delivered') > at('shipped') ||
        at('returned') > at('shipped') ||
        Object.values(counters).some((units) => (units[line] ?? 0) < 0)
      if (wrong)
        found.push(
          `order ${id} line ${line + 1} of ${quantity}: ${Object.entries(counters)
            .map(([name, units]) => `${name} ${units[line] ?? 0}`)
            .join(', ')}`,
        )
    }
    const { subtotal, discount, shipping, tax, total } = progress.totals
    if (total !== subtotal - discount + shipping + tax) found.push(`order ${id}: its total of ${total} is not the sum of its parts`)
  }
  return found
}
