/** How each fact changes an order. The fold of an order's events is its state row, always (`waybill verify`). */
import type { LineUnits, OrderEvent, OrderEventOf, Shipment } from './contract.ts'
import { arrivalOf, planWithout } from './derive.ts'
import { addUnits, carriesUnits, type Counters, type Live, type Order, type PaymentMoney, type Progress } from './order.ts'
import { choiceLeft, supplied } from './supply.ts'

export const evolve = (order: Order, event: OrderEvent): Order => {
  if (event.type === 'OrderPlaced') {
    if (order.status !== 'unplaced') throw new Error('broken history: an order was placed twice')
    return { status: 'live', placed: event, progress: placedProgress(event) }
  }
  if (order.status !== 'live') throw new Error(`broken history: ${event.type} before OrderPlaced`)
  return { ...order, progress: { ...order.progress, ...changed(order, event) } }
}

const zeros = (count: number): number[] => new Array<number>(count).fill(0)

const placedProgress = (placed: OrderEventOf<'OrderPlaced'>): Progress => {
  const none = zeros(placed.lines.length)
  const current = placed.lines.map((line) => (carriesUnits(line) ? line.quantity : 0))
  const counters: Counters = {
    current,
    reserved: none,
    backordered: none,
    preordered: none,
    picked: none,
    shipped: none,
    delivered: none,
    returned: none,
    cancelled: none,
    added: none,
  }
  return {
    phase: 'open',
    status: 'received',
    counters,
    plan: [],
    assembled: 0,
    totals: placed.totals,
    money: [],
    secured: false,
    holds: [],
    fulfilments: [],
    parcels: [],
    notes: [],
    updatedBy: [],
    destination: placed.destination,
    ...(placed.contact === undefined ? {} : { contact: placed.contact }),
    ...(placed.expiresAt === undefined ? {} : { expiresAt: placed.expiresAt }),
    ...(placed.promised === undefined ? {} : { promised: placed.promised }),
  }
}

const by = (progress: Progress, who: string): readonly string[] =>
  progress.updatedBy.includes(who) ? progress.updatedBy : [...progress.updatedBy, who]

const changed = ({ placed, progress }: Live, event: Exclude<OrderEvent, { type: 'OrderPlaced' }>): Partial<Progress> => {
  const { counters } = progress
  switch (event.type) {
    case 'StockReserved': {
      const plan = [...progress.plan, ...event.shipments]
      const expected = arrivalOf(plan)
      return {
        counters: withUnits(counters, event.shipments),
        plan,
        expected,
        promised: progress.promised ?? event.promised ?? expected,
      }
    }
    case 'PlanRevised': {
      const none = zeros(counters.current.length)
      return {
        counters: withUnits({ ...counters, reserved: none, backordered: none, preordered: none }, event.shipments),
        plan: event.shipments,
        assembled: 0,
        expected: arrivalOf(event.shipments),
        ...notCombined(progress),
        ...(progress.choice === undefined ? {} : { choice: undefined }),
      }
    }
    case 'ParcelsCombined':
      return { combined: { shipment: event.shipment, with: event.with, place: event.place } }
    case 'BackorderFilled': {
      const waiting = (name: 'backordered' | 'preordered') =>
        event.fills.map(({ line, quantity }) => ({ line, quantity: Math.min(quantity, counters[name][line] ?? 0) }))
      const filled = {
        ...counters,
        reserved: addUnits(counters.reserved, event.fills),
        backordered: addUnits(counters.backordered, waiting('backordered'), -1),
        preordered: addUnits(counters.preordered, waiting('preordered'), -1),
      }
      return { counters: filled, ...choiceOf(progress, filled) }
    }
    case 'ArrivalMoved':
    case 'SupplyFailed':
    case 'WaitEnded':
    case 'ChoiceOffered':
    case 'ChoiceMade':
      return supplied(progress, event)
    case 'UnitsMoved':
      return {}
    case 'UnitsShort':
      return { counters: { ...counters, reserved: addUnits(counters.reserved, event.lines, -1) } }
    case 'UnitsCancelled': {
      // Units that nothing is set aside for go first; then those that wait, then those that are reserved.
      const bare = (line: number): number =>
        (counters.current[line] ?? 0) -
        (counters.reserved[line] ?? 0) -
        (counters.backordered[line] ?? 0) -
        (counters.preordered[line] ?? 0) -
        (counters.shipped[line] ?? 0)
      const uncounted = event.lines.map((units) => ({
        ...units,
        left: Math.max(0, units.quantity - Math.max(0, bare(units.line))),
      }))
      const from = (values: readonly number[]): readonly number[] =>
        addUnits(
          values,
          uncounted.map((units) => {
            const quantity = Math.min(units.left, values[units.line] ?? 0)
            units.left -= quantity
            return { line: units.line, quantity }
          }),
          -1,
        )
      const preordered = from(counters.preordered)
      const backordered = from(counters.backordered)
      const reserved = from(counters.reserved)
      const picked = counters.picked.map((units, line) =>
        Math.min(units, (counters.current[line] ?? 0) - quantityOf(event.lines, line)),
      )
      const left = {
        ...counters,
        preordered,
        backordered,
        reserved,
        picked,
        current: addUnits(counters.current, event.lines, -1),
        cancelled: addUnits(counters.cancelled, event.lines),
      }
      return {
        counters: left,
        ...choiceOf(progress, left),
        plan: planWithout(progress.plan, progress.assembled, event.lines),
        totals: event.totals,
      }
    }
    case 'UnitsAdded':
      return {
        counters: {
          ...counters,
          current: addUnits(counters.current, event.lines),
          added: addUnits(counters.added, event.lines),
        },
        totals: event.totals,
        updatedBy: by(progress, event.by),
      }
    case 'OrderCancelled':
    case 'OrderExpired': {
      const gone = counters.current
      const none = zeros(gone.length)
      return {
        phase: event.type === 'OrderCancelled' ? 'cancelled' : 'expired',
        counters: {
          ...counters,
          current: none,
          reserved: none,
          backordered: none,
          preordered: none,
          picked: none,
          cancelled: counters.cancelled.map((units, line) => units + (gone[line] ?? 0)),
        },
        plan: progress.plan.slice(0, progress.assembled),
        expiresAt: undefined,
        ...(progress.choice === undefined ? {} : { choice: undefined }),
        closedReason: event.type === 'OrderCancelled' ? event.reason : 'expired',
        // What a late payment would bring back: not what was cancelled before.
        ...(event.type === 'OrderExpired' ? { lapsed: gone } : {}),
      }
    }
    case 'OrderReopened': {
      const current = progress.lapsed ?? placedProgress(placed).counters.current
      return {
        phase: 'open',
        status: 'received',
        counters: { ...counters, current, cancelled: counters.cancelled.map((units, line) => units - (current[line] ?? 0)) },
        plan: [],
        assembled: 0,
        closedReason: undefined,
        lapsed: undefined,
      }
    }
    case 'ReopenRefused':
      return { closedReason: 'reopen_refused' }
    case 'MoneyRecorded':
      return { money: withMoney(progress.money, event) }
    case 'OrderSecured':
      return { secured: true, expiresAt: undefined }
    case 'AssemblyRequested':
      return { assembled: progress.plan.length }
    case 'HoldPlaced':
      return {
        holds: [...progress.holds, { id: event.hold, kind: event.kind, blocks: event.blocks, by: event.by }],
        updatedBy: by(progress, event.by),
      }
    case 'HoldReleased':
      return { holds: progress.holds.filter(({ id }) => id !== event.hold) }
    case 'FulfilmentProgressed': {
      const seen = { id: event.fulfilment, place: event.place, status: event.status }
      const known = progress.fulfilments.some(({ id }) => id === seen.id)
      return {
        fulfilments: known
          ? progress.fulfilments.map((fulfilment) => (fulfilment.id === seen.id ? seen : fulfilment))
          : [...progress.fulfilments, seen],
        ...(event.status === 'packed' ? { counters: { ...counters, picked: addUnits(counters.picked, event.lines) } } : {}),
        ...(event.unpacked === undefined
          ? {}
          : { counters: { ...counters, picked: addUnits(counters.picked, event.unpacked, -1) } }),
      }
    }
    case 'ParcelProgressed':
      return withParcel(progress, event, placed.dialect !== 'import')
    case 'UnitsReturned':
      return { counters: { ...counters, returned: addUnits(counters.returned, event.lines) } }
    case 'NoteAdded':
      return { notes: [...progress.notes, event.note], updatedBy: by(progress, event.by) }
    case 'AddressChanged':
      return {
        contact: event.contact,
        destination: event.destination,
        updatedBy: by(progress, event.by),
        ...notCombined(progress),
      }
    case 'StatusChanged':
      return { status: event.to, ...(event.to === 'completed' ? { phase: 'completed' as const } : {}) }
  }
}

/** It goes another way than the orders that it was to leave with. */
const notCombined = ({ combined }: Progress): Partial<Progress> => (combined === undefined ? {} : { combined: undefined })

const choiceOf = ({ choice }: Progress, counters: Counters): Partial<Progress> =>
  choice === undefined ? {} : { choice: choiceLeft(choice, counters) }

/** Units that a plan sets aside, or binds to dated supply, beside those that were before. */
const withUnits = (counters: Counters, shipments: readonly Shipment[]): Counters => {
  const lines = shipments.flatMap((shipment) => shipment.lines)
  const units = (name: 'reserved' | 'backordered' | 'preordered') =>
    addUnits(
      counters[name],
      lines.filter(({ kind }) => name === (kind === 'backorder' ? 'backordered' : kind === 'preorder' ? 'preordered' : 'reserved')),
    )
  return { ...counters, reserved: units('reserved'), backordered: units('backordered'), preordered: units('preordered') }
}

const quantityOf = (lines: readonly Readonly<{ line: number; quantity: number }>[], line: number): number =>
  lines.reduce((sum, units) => sum + (units.line === line ? units.quantity : 0), 0)

const withMoney = (
  money: readonly PaymentMoney[],
  { payment, step, amount, method }: OrderEventOf<'MoneyRecorded'>,
): readonly PaymentMoney[] => {
  const before = money.find((known) => known.payment === payment) ?? {
    payment,
    step: 'pending' as const,
    authorized: 0,
    captured: 0,
    refunded: 0,
  }
  const after: PaymentMoney = {
    ...before,
    step,
    authorized: step === 'authorized' ? before.authorized + amount : before.authorized,
    captured: step === 'captured' ? before.captured + amount : before.captured,
    refunded: step === 'refunded' ? before.refunded + amount : before.refunded,
    ...(method === undefined ? {} : { method }),
  }
  return money.some((known) => known.payment === payment)
    ? money.map((known) => (known.payment === payment ? after : known))
    : [...money, after]
}

const collected = new Set([
  'picked_up',
  'in_transit',
  'out_for_delivery',
  'ready_for_pickup',
  'failed_attempt',
  'delivered',
  'returned_to_sender',
  'exception',
])

/** What was cancelled while the carrier's news of it was on its way is not set aside any more. */
const heldOf = ({ reserved }: Counters, lines: readonly LineUnits[]): readonly LineUnits[] =>
  lines.map(({ line, quantity }) => ({ line, quantity: Math.min(quantity, reserved[line] ?? 0) }))

/** @param reserved imported history was sent from outside: no unit of it was ever reserved here. */
const withParcel = (progress: Progress, event: OrderEventOf<'ParcelProgressed'>, reserved: boolean): Partial<Progress> => {
  const before = progress.parcels.find(({ id }) => id === event.parcel)
  const seen = {
    id: event.parcel,
    fulfilment: event.fulfilment,
    status: event.status,
    carrier: event.carrier,
    attempts: event.attempts,
    ...(event.tracking === undefined ? {} : { tracking: event.tracking }),
  }
  const { counters } = progress
  const shippedNow = collected.has(event.status) && (before === undefined || !collected.has(before.status))
  const deliveredNow = event.status === 'delivered' && before?.status !== 'delivered'
  return {
    parcels:
      before === undefined
        ? [...progress.parcels, seen]
        : progress.parcels.map((parcel) => (parcel.id === seen.id ? seen : parcel)),
    counters: {
      ...counters,
      shipped: shippedNow ? addUnits(counters.shipped, event.lines) : counters.shipped,
      reserved: shippedNow && reserved ? addUnits(counters.reserved, heldOf(counters, event.lines), -1) : counters.reserved,
      delivered: deliveredNow ? addUnits(counters.delivered, event.lines) : counters.delivered,
    },
  }
}
