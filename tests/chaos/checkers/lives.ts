/** I8, I11: each order's history is a whole and legal one, and reservations end when they should, by the database's clock. */
import type { EventRow, OrderRow } from '../evidence.ts'
import { type Checker, type Found, finding, groupBy } from './checker.ts'

/** The headline of an order, as published: never back. What a late payment reopens begins anew. */
const legal: Readonly<Record<string, readonly string[]>> = {
  received: ['paid', 'ready', 'in_transit', 'completed', 'cancelled'],
  paid: ['ready', 'in_transit', 'completed', 'cancelled'],
  ready: ['in_transit', 'completed', 'cancelled'],
  in_transit: ['completed', 'cancelled'],
  completed: [],
  cancelled: [],
}
/** Nothing but money going back and people's notes may happen to an order after its end. */
const forOpenOnly = new Set([
  'StockReserved',
  'UnitsCancelled',
  'UnitsAdded',
  'OrderSecured',
  'AssemblyRequested',
  'OrderExpired',
  'OrderCancelled',
])
/** Clocks of two transactions are read a moment apart. */
const earlyMaxSeconds = 0.05

export const lives: Checker = ({ final }) => {
  const histories = groupBy(final.events, ({ stream }) => stream)
  const found = [...histories].flatMap(([stream, events]) => gapless(stream, events))
  for (const order of final.orders) {
    const events = histories.get(order.id)
    if (events === undefined) found.push(finding('I8', `order ${order.id} has no history`))
    else found.push(...life(order, events))
  }
  return found
}

const gapless = (stream: string, events: readonly EventRow[]): readonly Found[] => {
  const versions = events.map(({ version }) => version)
  const isWhole = versions.every((version, at) => version === at + 1)
  return isWhole ? [] : [finding('I8', `${stream}: versions in the order of the journal are ${versions.slice(0, 50).join(', ')}`)]
}

const life = (order: OrderRow, events: readonly EventRow[]): readonly Found[] => {
  const found: Found[] = []
  const tell = (invariant: string, what: string): unknown => found.push(finding(invariant, `order ${order.id}: ${what}`))
  if (events[0]?.type !== 'OrderPlaced') tell('I8', `its history begins with ${events[0]?.type}`)
  if (events.filter(({ type }) => type === 'OrderPlaced').length > 1) tell('I8', 'it was placed more than once')
  if (events.length !== order.version) tell('I8', `it is at version ${order.version} after ${events.length} events`)
  let status = 'received'
  let [isOver, isSecured, isReopened] = [false, false, false]
  for (const event of events) {
    if (isOver && forOpenOnly.has(event.type)) tell('I8', `${event.type} after its end`)
    if (event.type === 'OrderExpired') {
      if (isSecured) tell('I11', 'it expired although it was paid')
      const lived = event.at - (events[0]?.at ?? 0)
      if (!isReopened && lived < (order.ttlSeconds ?? 0) - earlyMaxSeconds)
        tell('I11', `it expired after ${lived.toFixed(1)} of ${order.ttlSeconds} seconds`)
    }
    if (event.type === 'OrderExpired' || event.type === 'OrderCancelled') isOver = true
    if (event.type === 'OrderReopened') [isOver, isReopened, status] = [false, true, 'received']
    if (event.type === 'OrderSecured') isSecured = true
    if (event.type === 'StatusChanged') {
      if (event.from !== status) tell('I8', `it went from ${event.from} when it was ${status}`)
      if (!(legal[status] ?? []).includes(event.to ?? '')) tell('I8', `it went from ${status} to ${event.to}`)
      status = event.to ?? ''
    }
  }
  if (status !== order.status) tell('I8', `it is ${order.status}, its history ends with ${status}`)
  return found
}
