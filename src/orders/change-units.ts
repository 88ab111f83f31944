/**
 * Changing how much of a line an order has (dialect D's PUT): fewer units are cancelled, more are added at the line's frozen
 * price and set aside inline like a placement's. All lines of one command change together, or none does. Pure.
 */
import { type Refusal, refuse } from '../kernel/decider.ts'
import type { LineUnits, OrderEvent, OrderReason } from './contract.ts'
import { totalsWithout } from './derive.ts'
import { carriesUnits, type Live, type Placed, sumOf } from './order.ts'

export type ChangeUnits = Readonly<{
  reason: string
  by: string
  /** What each named line (a product or a whole bundle) shall have afterwards. */
  lines: readonly LineUnits[]
}>
type Change = Readonly<{ line: number; carriers: readonly Carrier[]; by: number }>
type Carrier = Readonly<{ line: number; per: number }>

export const changeUnits = (command: ChangeUnits, order: Live): readonly OrderEvent[] | Refusal<OrderReason> => {
  const { placed, progress } = order
  if (progress.phase !== 'open') return refuse('order_closed', `the order is ${progress.status}: its items stay as they are`)
  const changes: Change[] = []
  // A line that is named twice is what it was named last.
  for (const [line, quantity] of new Map(command.lines.map((asked) => [asked.line, asked.quantity]))) {
    const carriers = carriersOf(placed, line)
    if (carriers.length === 0) return refuse('line_not_found', `the order has no line ${line + 1} of its own`)
    const current = Math.min(...carriers.map(({ line: at, per }) => Math.floor((progress.counters.current[at] ?? 0) / per)))
    const change = { line, carriers, by: quantity - current }
    const refusal = change.by > 0 ? unlessAddable(order, change, current) : unlessFree(order, change)
    if (refusal !== undefined) return refusal
    changes.push(change)
  }
  const added = unitsOf(changes.filter(({ by }) => by > 0))
  const gone = unitsOf(changes.filter(({ by }) => by < 0)).map(({ line, quantity }) => ({ line, quantity: -quantity }))
  const events: OrderEvent[] = []
  const more = added.map(({ line, quantity }) => ({ line, quantity: -quantity }))
  if (added.length > 0)
    events.push({ type: 'UnitsAdded', by: command.by, lines: added, totals: totalsWithout(placed, progress.counters, more) })
  if (gone.length === 0) return events
  if (added.length === 0 && sumOf(gone.map(({ quantity }) => quantity)) === sumOf(progress.counters.current))
    return [{ type: 'OrderCancelled', reason: command.reason, refund: 'auto' }]
  const totals = totalsWithout(placed, progress.counters, [...more, ...gone])
  return [...events, { type: 'UnitsCancelled', reason: command.reason, lines: gone, totals, refund: 'auto' }]
}

/** The lines that carry a line's units: itself, or a bundle's components. */
const carriersOf = (placed: Placed, line: number): Carrier[] => {
  const asked = placed.lines[line]
  if (asked?.kind === 'product') return [{ line, per: 1 }]
  if (asked?.kind !== 'bundle') return []
  return placed.lines.flatMap((part, at) =>
    part.parent === line && carriesUnits(part) ? [{ line: at, per: part.quantity / asked.quantity }] : [],
  )
}

const unitsOf = (changes: readonly Change[]): LineUnits[] =>
  changes.flatMap(({ carriers, by }) => carriers.map(({ line, per }) => ({ line, quantity: by * per })))

const unlessFree = (order: Live, { line, carriers, by }: Change): Refusal<OrderReason> | undefined => {
  const { current, shipped } = order.progress.counters
  const free = Math.min(...carriers.map(({ line: at, per }) => Math.floor(((current[at] ?? 0) - (shipped[at] ?? 0)) / per)))
  if (free >= -by) return undefined
  return refuse(
    'quantity_exceeds_current',
    `line ${line + 1}: ${-by} to be cancelled, ${free} can still be: the others were collected`,
    {
      errors: [{ pointer: `/lines/${line}/quantity`, code: 'quantity_exceeds_current', sku: order.placed.lines[line]?.sku }],
    },
  )
}

const unlessAddable = (order: Live, { line }: Change, current: number): Refusal<OrderReason> | undefined => {
  const { placed, progress } = order
  const no = (why: string) =>
    refuse('units_not_addable' as const, `${placed.lines[line]?.sku}: ${why}: place another order for the rest`, {
      errors: [{ pointer: `/lines/${line}/quantity`, code: 'units_not_addable', sku: placed.lines[line]?.sku }],
    })
  if (current === 0) return no('it was cancelled')
  // A payment is for what was ordered; more would have to be asked of the buyer first.
  if (placed.terms === 'prepaid' && placed.totals.total > 0) return no('the order is paid here for what it had')
  // What is `ready` has every product in its package, and no state is taken back.
  if (progress.status !== 'received' && progress.status !== 'paid') return no('the order is packed')
  return undefined
}
