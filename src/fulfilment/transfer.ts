/**
 * A transfer: units travel from one warehouse to another, usually for an order that leaves from there. Requested, sent,
 * received in one or more parts; or declined, or cancelled before it is sent. Pure. Every unit that was sent is in the end
 * received, damaged or missing.
 */
import { type Decider, type Refusal, refuse } from '../kernel/decider.ts'
import type { Instant, OrderId, Place } from '../kernel/ids.ts'
import type { LineUnits } from '../orders/contract.ts'
import type { SentUnits, TransferEvent, WorkLine } from './contract.ts'
import { summed, unitsOf, without } from './units.ts'

export type TransferLine = WorkLine & Readonly<{ received: number; damaged: number; missing: number }>
export type TransferStatus = 'requested' | 'sent' | 'received' | 'declined' | 'cancelled'
export type LiveTransfer = Readonly<{
  status: TransferStatus
  order?: OrderId | undefined
  fulfilment?: string | undefined
  from: Place
  to: Place
  lines: readonly TransferLine[]
}>
export type Transfer = Readonly<{ status: 'unrequested' }> | LiveTransfer
export const unrequested: Transfer = { status: 'unrequested' }

export type TransferCommand = Readonly<{ at: Instant }> &
  Readonly<
    | {
        do: 'request'
        order?: OrderId | undefined
        fulfilment?: string | undefined
        from: Place
        to: Place
        lines: readonly WorkLine[]
      }
    | { do: 'send' }
    | {
        do: 'receive'
        /** Absent, with nothing damaged or missing: everything that is still on its way. */
        lines?: readonly LineUnits[] | undefined
        damaged?: readonly LineUnits[] | undefined
        missing?: readonly LineUnits[] | undefined
        /** Nothing more will come: what is still open is missing. */
        close?: boolean | undefined
      }
    | { do: 'decline'; lines?: readonly LineUnits[] | undefined }
    | { do: 'cancel'; lines?: readonly LineUnits[] | undefined; reason: string }
  >

export type TransferReason =
  | 'transfer_not_found'
  | 'transfer_exists'
  | 'transfer_invalid'
  | 'step_not_possible'
  | 'line_not_found'
  | 'quantity_exceeds_open'
type No = Refusal<TransferReason>
type Events = readonly TransferEvent[]

export type TransferAction = 'send' | 'decline' | 'receive'
export const transferActions = ({ status }: Transfer): readonly TransferAction[] =>
  status === 'requested' ? ['send', 'decline'] : status === 'sent' ? ['receive'] : []

export const isRequested = (transfer: Transfer): transfer is LiveTransfer => transfer.status !== 'unrequested'

/** What it took from its sender, by line. */
export const sentUnits = (transfer: string, order: OrderId, state: Transfer): readonly SentUnits[] => {
  if (state.status !== 'sent' && state.status !== 'received') return []
  const { from, to, lines } = state
  return lines.map(({ line }) => ({ transfer, order, line, from, to }))
}

/** Units on their way still. */
export const outstanding = ({ lines }: LiveTransfer): LineUnits[] =>
  lines
    .map(({ line, quantity, received, damaged, missing }) => ({ line, quantity: quantity - received - damaged - missing }))
    .filter(({ quantity }) => quantity > 0)

const decide = (command: TransferCommand, state: Transfer): Events | No => {
  if (command.do === 'request') return request(command, state)
  if (!isRequested(state)) return refuse('transfer_not_found', 'there is no such transfer')
  const { order, fulfilment, from, to } = state
  const about = { ...(order === undefined ? {} : { order }), from, to }
  const forWork = fulfilment === undefined ? {} : { fulfilment }
  switch (command.do) {
    case 'send':
      if (state.status === 'sent' || state.status === 'received') return []
      if (state.status !== 'requested') return notNow(state, 'send')
      return [{ type: 'TransferSent', ...about, lines: named(state, state.lines) }]
    case 'receive':
      return receive(command, state)
    case 'decline': {
      if (state.status === 'declined') return []
      if (state.status !== 'requested') return notNow(state, 'decline')
      const wrong = overdrawn(state, command.lines ?? [])
      if (wrong !== undefined) return wrong
      return [{ type: 'TransferDeclined', ...about, ...forWork, lines: named(state, command.lines ?? state.lines) }]
    }
    case 'cancel': {
      // What was sent comes in and is put away there: nothing to call off.
      if (state.status !== 'requested') return []
      const lines = named(state, command.lines ?? state.lines).flatMap((units) => {
        const quantity = Math.min(units.quantity, unitsOf(state.lines, units.line))
        return quantity > 0 ? [{ ...units, quantity }] : []
      })
      return lines.length === 0 ? [] : [{ type: 'TransferCancelled', ...about, lines, reason: command.reason }]
    }
  }
}

const evolve = (state: Transfer, event: TransferEvent): Transfer => {
  if (event.type === 'TransferRequested') {
    const { order, fulfilment, from, to } = event
    const lines = event.lines.map((line) => ({ ...line, received: 0, damaged: 0, missing: 0 }))
    return {
      status: 'requested',
      ...(order === undefined ? {} : { order }),
      ...(fulfilment === undefined ? {} : { fulfilment }),
      from,
      to,
      lines,
    }
  }
  if (!isRequested(state)) throw new Error(`broken history: ${event.type} before TransferRequested`)
  switch (event.type) {
    case 'TransferSent':
      return { ...state, status: 'sent' }
    case 'TransferReceived':
      return { ...state, status: event.closed ? 'received' : 'sent', lines: state.lines.map((known) => counted(known, event)) }
    case 'TransferDeclined':
      return left(state, event.lines, 'declined')
    case 'TransferCancelled':
      return left(state, event.lines, 'cancelled')
  }
}

export const transfer: Decider<TransferCommand, TransferEvent, Transfer, TransferReason> = { initial: unrequested, decide, evolve }

const counted = (known: TransferLine, event: Extract<TransferEvent, { type: 'TransferReceived' }>): TransferLine => ({
  ...known,
  received: known.received + unitsOf(event.received, known.line),
  damaged: known.damaged + unitsOf(event.damaged, known.line),
  missing: known.missing + unitsOf(event.missing, known.line),
})

/** Units leave before anything is sent; when none are left, that was the end of the transfer. */
const left = (state: LiveTransfer, gone: readonly LineUnits[], end: 'declined' | 'cancelled'): LiveTransfer => {
  const lines = without(state.lines, gone)
  return lines.length === 0 ? { ...state, status: end } : { ...state, lines }
}

const request = (
  { order, fulfilment, from, to, lines }: Extract<TransferCommand, { do: 'request' }>,
  state: Transfer,
): Events | No => {
  if (isRequested(state)) return refuse('transfer_exists', 'this transfer is requested already')
  if (from === to) return refuse('transfer_invalid', `units cannot travel from ${from} to itself`)
  if (new Set(lines.map(({ line }) => line)).size !== lines.length || lines.length === 0)
    return refuse('transfer_invalid', 'a transfer needs at least one line, and each line once')
  const about = { ...(order === undefined ? {} : { order }), ...(fulfilment === undefined ? {} : { fulfilment }) }
  return [{ type: 'TransferRequested', ...about, from, to, lines }]
}

const receive = (command: Extract<TransferCommand, { do: 'receive' }>, state: LiveTransfer): Events | No => {
  const { lines, damaged = [], missing = [], close = false } = command
  const everything = lines === undefined && damaged.length === 0 && missing.length === 0
  if (state.status === 'received' && everything) return []
  if (state.status !== 'sent') return notNow(state, 'receive')
  const open = outstanding(state)
  const received = lines ?? (everything && !close ? open : [])
  const wrong = overdrawn(state, [...received, ...damaged, ...missing], open)
  if (wrong !== undefined) return wrong
  const rest = without(open, [...received, ...damaged, ...missing])
  const lost = close ? [...missing, ...rest] : missing
  const { order, fulfilment, from, to } = state
  return [
    {
      type: 'TransferReceived',
      ...(order === undefined ? {} : { order }),
      ...(fulfilment === undefined ? {} : { fulfilment }),
      from,
      to,
      received: named(state, received),
      damaged: named(state, damaged),
      missing: named(state, lost),
      closed: close || rest.length === 0,
    },
  ]
}

const named = (state: LiveTransfer, units: readonly LineUnits[]): WorkLine[] =>
  summed(units).flatMap(({ line, quantity }) => {
    const sku = state.lines.find((known) => known.line === line)?.sku
    return sku === undefined ? [] : [{ line, sku, quantity }]
  })

const overdrawn = (state: LiveTransfer, units: readonly LineUnits[], open: readonly LineUnits[] = state.lines): No | undefined => {
  for (const { line, quantity } of summed(units)) {
    if (!state.lines.some((known) => known.line === line))
      return refuse('line_not_found', `this transfer has no line ${line}`, { line })
    const left = unitsOf(open, line)
    if (quantity > left)
      return refuse(
        'quantity_exceeds_open',
        `line ${line}: ${quantity} named, ${left} open; what is more is an adjustment of stock`,
        {
          line,
          open: left,
        },
      )
  }
  return undefined
}

const notNow = (state: LiveTransfer, step: string): No => {
  const now = transferActions(state)
  const what = now.length === 0 ? 'nothing' : now.join(', ')
  return refuse('step_not_possible', `it is ${state.status}: ${step} is not possible, ${what} is`, {
    state: state.status,
    actions: now,
  })
}
