/** The life of one return: expected → received, each unit with what becomes of it → closed. Pure. */
import { type Decider, only, type Refusal, refuse } from '../kernel/decider.ts'
import type { Instant, OrderId, Place } from '../kernel/ids.ts'
import type { LineUnits } from '../orders/contract.ts'
import type { Disposition, ReturnableOrder, ReturnedUnits, ReturnEvent } from './contract.ts'
import { carriedBy, giveable, type Other, returnableOf, sumOf, unitsOf, worthOf } from './units.ts'

type Announced = Readonly<{ order: OrderId; number: number; currency: string; lines: readonly ReturnedUnits[]; reason: string }>
type Arrived = Announced &
  Readonly<{
    place: Place
    restock: readonly ReturnedUnits[]
    damaged: readonly ReturnedUnits[]
    writtenOff: readonly ReturnedUnits[]
    refund: number
  }>
/** `closed`: the order has it in its books, so that its units count there. */
export type Return =
  | Readonly<{ status: 'unknown' }>
  | (Readonly<{ status: 'expected' }> & Announced)
  | (Readonly<{ status: 'received' }> & Arrived)
  | (Readonly<{ status: 'closed' }> & Arrived)
  | (Readonly<{ status: 'cancelled' }> & Announced)
export type Known = Exclude<Return, { status: 'unknown' }>
export const isKnown = (state: Return): state is Known => state.status !== 'unknown'

export type AskedUnits = LineUnits & Readonly<{ disposition: Disposition }>
export type RefundAsked = 'auto' | 'none' | number
export type ReturnStep = Readonly<
  | { do: 'expect'; lines: readonly LineUnits[]; reason: string }
  | { do: 'receive'; place: Place; lines: readonly AskedUnits[]; refund: RefundAsked }
  | { do: 'cancel' }
  | { do: 'settle' }
>
/** What the service adds to every step: the order as it stands, locked, and its other returns. */
export type ReturnCommand = ReturnStep & Readonly<{ at: Instant; order: OrderId; facts: ReturnableOrder; others: readonly Known[] }>

export type ReturnReason =
  | 'order_not_found'
  | 'return_not_found'
  | 'return_exists'
  | 'return_not_open'
  | 'line_not_found'
  | 'bundle_split'
  | 'quantity_exceeds_returnable'
  | 'quantity_exceeds_expected'
  | 'refund_exceeds_captured'

type Decision = readonly ReturnEvent[] | Refusal<ReturnReason>

const decide = (command: ReturnCommand, state: Return): Decision => {
  if (command.do === 'expect') {
    return isKnown(state) ? refuse('return_exists', 'this return was announced before') : expect(command)
  }
  if (!isKnown(state)) return refuse('return_not_found', 'there is no such return')
  switch (command.do) {
    case 'receive':
      return state.status === 'expected' ? receive(command, state) : notOpen(state)
    case 'cancel':
      if (state.status === 'cancelled') return []
      return state.status === 'expected' ? [{ type: 'ReturnClosed', order: state.order, outcome: 'cancelled' }] : notOpen(state)
    case 'settle':
      return state.status === 'received' ? [{ type: 'ReturnClosed', order: state.order, outcome: 'settled' }] : []
  }
}

type CommandOf<Do extends ReturnCommand['do']> = Extract<ReturnCommand, { do: Do }>

const notOpen = ({ status }: Known): Refusal<ReturnReason> =>
  refuse('return_not_open', `the return is ${status}: announce another one for what else comes back`)

const expect = ({ order, facts, others, lines, reason }: CommandOf<'expect'>): Decision => {
  const units = unitsOf(facts, lines)
  if ('unknown' in units) return noLine(units.unknown)
  const part = lines.findIndex(({ line }) => facts.lines[line]?.kind === 'component')
  if (part >= 0)
    return refuse('bundle_split', 'a bundle comes back whole: name its own line', {
      errors: [{ pointer: `/lines/${part}/id`, code: 'bundle_split' }],
    })
  const free = returnableOf(facts, othersOf(others))
  const asked = sumOf(units)
  for (const [index, { line }] of lines.entries()) {
    const parts = carriedBy(facts, line)
    if (parts.every((part) => (asked.get(part.line) ?? 0) <= (free[part.line] ?? 0))) continue
    const available = Math.min(...parts.map((part) => Math.floor((free[part.line] ?? 0) / part.per)))
    return refuse('quantity_exceeds_returnable', `line ${line + 1}: ${available} can be returned: sent, and not returned yet`, {
      available,
      errors: [{ pointer: `/lines/${index}/quantity`, code: 'quantity_exceeds_returnable', available }],
    })
  }
  const merged = [...asked].map(([line, quantity]): ReturnedUnits => ({ line, sku: skuOf(facts, line), quantity }))
  return [{ type: 'ReturnExpected', order, number: facts.number, currency: facts.currency, lines: merged, reason }]
}

const receive = (command: CommandOf<'receive'>, expected: Extract<Known, { status: 'expected' }>): Decision => {
  const { facts, others, place, refund } = command
  const units = unitsOf(facts, command.lines)
  if ('unknown' in units) return noLine(units.unknown)
  const came = sumOf(units)
  for (const [index, { line }] of command.lines.entries()) {
    const over = carriedBy(facts, line).find((part) => (came.get(part.line) ?? 0) > quantityIn(expected.lines, part.line))
    if (over === undefined) continue
    const available = Math.floor(quantityIn(expected.lines, over.line) / over.per)
    return refuse('quantity_exceeds_expected', `line ${line + 1}: ${available} were announced`, {
      available,
      errors: [{ pointer: `/lines/${index}/quantity`, code: 'quantity_exceeds_expected', available }],
    })
  }
  const most = giveable(facts, othersOf(others))
  if (typeof refund === 'number' && refund > most)
    return refuse('refund_exceeds_captured', `at most ${most} can be given back for this order`, {
      available: most,
      errors: [{ pointer: '/refund', code: 'refund_exceeds_captured', available: most }],
    })
  const worth = refund === 'auto' ? Math.min(most, worthOf(facts, othersOf(others), came)) : 0
  const by = (disposition: Disposition): ReturnedUnits[] =>
    [...sumOf(units.filter((unit) => unit.disposition === disposition))].map(([line, quantity]) => ({
      line,
      sku: skuOf(facts, line),
      quantity,
    }))
  return [
    {
      type: 'ReturnReceived',
      order: expected.order,
      place,
      restock: by('restock'),
      damaged: by('damaged'),
      writtenOff: by('write_off'),
      refund: typeof refund === 'number' ? refund : worth,
    },
  ]
}

const noLine = (index: number): Refusal<ReturnReason> =>
  refuse('line_not_found', 'the order has no such line, or one that is not sent', {
    errors: [{ pointer: `/lines/${index}/id`, code: 'line_not_found' }],
  })

const skuOf = (facts: ReturnableOrder, line: number): ReturnedUnits['sku'] => {
  const sku = facts.lines[line]?.sku
  if (sku === undefined) throw new Error(`the order has no line ${line}`)
  return sku
}
const quantityIn = (lines: readonly ReturnedUnits[], line: number): number =>
  lines.reduce((sum, units) => sum + (units.line === line ? units.quantity : 0), 0)

export const cameBack = ({ restock, damaged, writtenOff }: Arrived): readonly ReturnedUnits[] => [
  ...restock,
  ...damaged,
  ...writtenOff,
]

/** Units of a closed return are in the order's own count already; its money still counts here. */
const othersOf = (others: readonly Known[]): readonly Other[] =>
  others.map((other) => {
    switch (other.status) {
      case 'expected':
        return { expected: other.lines, received: [], refund: 0 }
      case 'received':
        return { expected: [], received: cameBack(other), refund: other.refund }
      case 'closed':
        return { expected: [], received: [], refund: other.refund }
      case 'cancelled':
        return { expected: [], received: [], refund: 0 }
    }
  })

const evolve = (state: Return, event: ReturnEvent): Return => {
  switch (event.type) {
    case 'ReturnExpected': {
      const { type: _, ...announced } = event
      return { status: 'expected', ...announced }
    }
    case 'ReturnReceived': {
      const { type: _, order: _order, ...arrived } = event
      return { ...only(state, 'expected'), ...arrived, status: 'received' }
    }
    case 'ReturnClosed':
      return event.outcome === 'cancelled'
        ? { ...only(state, 'expected'), status: 'cancelled' }
        : { ...only(state, 'received'), status: 'closed' }
  }
}

export const returnDecider: Decider<ReturnCommand, ReturnEvent, Return, ReturnReason> = {
  initial: { status: 'unknown' },
  decide,
  evolve,
}
