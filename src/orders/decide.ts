/** The rules of an order's life. Pure: what needs stock or a warehouse's word is answered inline by those rooms (`service.ts`). */
import { type Decider, type Refusal, refuse } from '../kernel/decider.ts'
import type { Instant, PersonRef, Place } from '../kernel/ids.ts'
import type {
  Destination,
  FulfilmentStatus,
  HoldBlocks,
  LineUnits,
  MoneyStep,
  OrderEvent,
  OrderEventOf,
  OrderReason,
  ShipmentLine,
} from './contract.ts'
import { type ChangeUnits, changeUnits } from './change-units.ts'
import { combine, type Combine } from './combine.ts'
import { cancellable, coverOf, isForward, isSecured, statusOf, summed, totalsWithout } from './derive.ts'
import { evolve } from './evolve.ts'
import { type Live, type Order, type Placed, sumOf, unplaced } from './order.ts'
import { choose, type Choose, followSupply, type FollowSupply } from './supply.ts'

type Told = Readonly<{ at: Instant }>
export type OrderCommand = Told &
  Readonly<
    | { do: 'place'; placed: Placed }
    /** `reopen: false`: the stock for an expired order is gone, so its late money goes back. */
    | { do: 'recordMoney'; payment: string; step: MoneyStep; amount: number; method?: string | undefined; reopen?: boolean }
    | { do: 'expire' }
    | { do: 'cancel'; reason: string; by: string; refund: 'auto' | 'none'; lines?: readonly LineUnits[] | undefined }
    | (Readonly<{ do: 'changeUnits' }> & ChangeUnits)
    /** `lost` on the way there. */
    | { do: 'reportShort'; place: Place; lines: readonly LineUnits[]; lost?: boolean }
    | { do: 'recordFill'; fills: OrderEventOf<'BackorderFilled'>['fills'] }
    | (Readonly<{ do: 'followSupply' }> & FollowSupply)
    | (Readonly<{ do: 'choose' }> & Choose)
    | { do: 'recordMove'; step: 'sent' | 'received'; from: Place; to: Place; lines: readonly LineUnits[] }
    | { do: 'hold'; hold: string; kind: string; blocks: HoldBlocks; by: string }
    | { do: 'release'; hold: string; by: string }
    | { do: 'addNote'; note: PersonRef; by: string }
    /** Filled in when it is decided: the plan that stock and warehouses would now allow (`replan.ts`). */
    | { do: 'replan'; leastSaving: number; revised?: OrderEventOf<'PlanRevised'> | undefined }
    | (Readonly<{ do: 'combine' }> & Combine)
    | { do: 'changeAddress'; contact: PersonRef; destination: Destination; by: string }
    | {
        do: 'followFulfilment'
        fulfilment: string
        place: Place
        status: FulfilmentStatus
        lines: readonly LineUnits[]
        unpacked?: readonly LineUnits[]
      }
    | (Readonly<{ do: 'followParcel' }> & Omit<OrderEventOf<'ParcelProgressed'>, 'type'>)
    | { do: 'recordReturn'; return: string; lines: readonly LineUnits[]; refund: number }
  >

type Decision = readonly OrderEvent[] | Refusal<OrderReason>

const decide = (command: OrderCommand, order: Order): Decision => {
  if (command.do === 'place')
    return order.status === 'unplaced' ? [command.placed] : refuse('order_exists', 'this order was placed already')
  if (order.status === 'unplaced') return refuse('order_not_found', 'no such order')
  const { progress, placed } = order
  switch (command.do) {
    case 'recordMoney':
      return recordMoney(command, order)
    case 'expire': {
      const { expiresAt } = progress
      const due = progress.phase === 'open' && !progress.secured && expiresAt !== undefined && expiresAt <= command.at
      return due ? [{ type: 'OrderExpired' }] : []
    }
    case 'cancel':
      return cancel(command, order)
    case 'changeUnits':
      return changeUnits(command, order)
    case 'reportShort': {
      const lines = within(command.lines, progress.counters.reserved)
      return progress.phase === 'open' && lines.length > 0
        ? [{ type: 'UnitsShort', place: command.place, lines, ...(command.lost === true ? { lost: true } : {}) }]
        : []
    }
    case 'recordFill':
      return recordFill(command, order)
    case 'followSupply':
      return followSupply(command, order)
    case 'choose': {
      const made = choose(command, order)
      if ('refused' in made || command.choice !== 'cancel') return 'refused' in made ? made : [made]
      const gone = cancel(
        { do: 'cancel', at: command.at, reason: 'supply_lost', by: command.by, refund: 'auto', lines: made.lines },
        order,
      )
      return 'refused' in gone ? gone : [made, ...gone]
    }
    case 'recordMove':
      return [{ type: 'UnitsMoved', step: command.step, from: command.from, to: command.to, lines: command.lines }]
    case 'hold':
      if (progress.phase !== 'open') return refuse('order_closed', `the order is ${progress.status}: there is nothing left to hold`)
      if (progress.holds.some(({ id }) => id === command.hold)) return []
      return [{ type: 'HoldPlaced', hold: command.hold, kind: command.kind, blocks: command.blocks, by: command.by }]
    case 'release': {
      const hold = progress.holds.find(({ id, kind }) => id === command.hold || kind === command.hold)
      if (hold === undefined) return refuse('hold_not_found', `no hold ${command.hold} on this order`)
      const rest = progress.holds.filter(({ id }) => id !== hold.id)
      return [
        {
          type: 'HoldReleased',
          hold: hold.id,
          kind: hold.kind,
          releaseBlocked: rest.some(({ blocks }) => blocks === 'release'),
          collectionBlocked: rest.some(({ blocks }) => blocks === 'collection'),
        },
      ]
    }
    case 'replan':
      return command.revised === undefined ? [] : [command.revised]
    case 'combine':
      return combine(command, order)
    case 'addNote':
      return [{ type: 'NoteAdded', note: command.note, by: command.by }]
    case 'changeAddress':
      return changeAddress(command, order)
    case 'followFulfilment': {
      const known = progress.fulfilments.find(({ id }) => id === command.fulfilment)
      if (known?.status === command.status) return []
      // An order that ended meanwhile has nothing packed any more.
      const unpacked = within(command.unpacked ?? [], progress.counters.picked)
      return [
        {
          type: 'FulfilmentProgressed',
          fulfilment: command.fulfilment,
          place: command.place,
          status: command.status,
          lines: command.lines,
          ...(unpacked.length === 0 ? {} : { unpacked }),
        },
      ]
    }
    case 'followParcel': {
      const { do: _, at: _at, ...parcel } = command
      const known = progress.parcels.find(({ id }) => id === command.parcel)
      if (
        known !== undefined &&
        known.status === command.status &&
        known.attempts === command.attempts &&
        known.tracking === command.tracking
      )
        return []
      return [{ type: 'ParcelProgressed', ...parcel }]
    }
    case 'recordReturn': {
      const tooMany = summed(command.lines).find(
        ({ line, quantity }) => (progress.counters.returned[line] ?? 0) + quantity > (progress.counters.shipped[line] ?? 0),
      )
      if (tooMany !== undefined)
        return refuse(
          'quantity_exceeds_current',
          `line ${tooMany.line + 1} of ${placed.number}: more would come back than was sent`,
        )
      return [{ type: 'UnitsReturned', return: command.return, lines: command.lines, refund: command.refund }]
    }
  }
}

/** Of these units, as many of each line as there are. */
const within = (lines: readonly LineUnits[], counter: readonly number[]): LineUnits[] => {
  const left = [...counter]
  return lines.flatMap(({ line, quantity }) => {
    const units = Math.min(quantity, left[line] ?? 0)
    left[line] = (left[line] ?? 0) - units
    return units > 0 ? [{ line, quantity: units }] : []
  })
}

type CommandOf<Do extends OrderCommand['do']> = Extract<OrderCommand, { do: Do }>

/** News from before it expired says nothing of what it waits for since it was reopened. */
const recordFill = ({ fills: told }: CommandOf<'recordFill'>, { progress: { phase, counters } }: Live): Decision => {
  const left = counters.current.map((_, line) => (counters.backordered[line] ?? 0) + (counters.preordered[line] ?? 0))
  const fills = told.flatMap(({ line, quantity, place }) => {
    const units = Math.min(quantity, left[line] ?? 0)
    left[line] = (left[line] ?? 0) - units
    return units > 0 ? [{ line, quantity: units, place }] : []
  })
  return phase === 'open' && fills.length > 0 ? [{ type: 'BackorderFilled', fills }] : []
}

/** Money news is compared with what is known, never with the order in which it arrives: a late failure undoes nothing. */
const recordMoney = (command: CommandOf<'recordMoney'>, order: Live): Decision => {
  const { progress } = order
  const recorded: OrderEvent = {
    type: 'MoneyRecorded',
    payment: command.payment,
    step: command.step,
    amount: command.amount,
    ...(command.method === undefined ? {} : { method: command.method }),
  }
  const before = progress.money.find(({ payment }) => payment === command.payment)
  const covers = (before?.authorized ?? 0) > 0 || (before?.captured ?? 0) > 0
  if (command.step === 'failed' || command.step === 'pending') {
    if (before !== undefined && (covers || before.step === command.step)) return []
    const othersOpen = progress.money.some(
      ({ payment, step }) => payment !== command.payment && step !== 'failed' && step !== 'voided',
    )
    const over = command.step === 'failed' && progress.phase === 'open' && !progress.secured && !othersOpen
    return over ? [recorded, { type: 'OrderCancelled', reason: 'payment_failed', refund: 'auto' }] : [recorded]
  }
  if (command.step !== 'authorized' && command.step !== 'captured') return [recorded]
  if (progress.phase === 'open' || progress.phase === 'completed') return [recorded]
  // Once refused it stays refused: the money is on its way back, whatever stock comes in between.
  if (progress.closedReason === 'reopen_refused') return [recorded]
  const after = evolve(order, recorded)
  const enough = after.status === 'live' && coverOf(after.progress) >= progress.totals.total
  if (progress.phase === 'expired' && enough && command.reopen !== false) return [recorded, { type: 'OrderReopened' }]
  const reason = progress.phase === 'cancelled' ? 'the order was cancelled' : 'the stock was sold meanwhile'
  return [recorded, { type: 'ReopenRefused', payment: command.payment, reason }]
}

const cancel = (command: CommandOf<'cancel'>, order: Live): Decision => {
  const { placed, progress } = order
  if (progress.phase === 'cancelled' || progress.phase === 'expired') return [] // Cancelling twice is one cancellation: retries are safe.
  const free = cancellable(order)
  if (free.length === 0)
    return refuse('order_not_cancellable', 'every parcel has been collected: ask for a return instead', {
      blockedBy: ['parcel_collected'],
    })
  if (command.lines === undefined) {
    if (sumOf(progress.counters.shipped) > 0) {
      return refuse(
        'order_not_cancellable',
        'a parcel has been collected: cancel the other lines by name, and return what was sent',
        { blockedBy: ['parcel_collected'] },
      )
    }
    return [{ type: 'OrderCancelled', reason: command.reason, refund: command.refund }]
  }
  const asked = wholeBundles(placed, command.lines)
  for (const { line, quantity } of asked) {
    if (placed.lines[line] === undefined) return refuse('line_not_found', `the order has no line ${line + 1}`)
    const units = free.find((units) => units.line === line)?.quantity ?? 0
    if (quantity > units)
      return refuse('quantity_exceeds_current', `line ${line + 1}: ${quantity} asked, ${units} can still be cancelled`, {
        available: units,
      })
  }
  const left = sumOf(progress.counters.current) - sumOf(asked.map(({ quantity }) => quantity))
  if (left === 0) return [{ type: 'OrderCancelled', reason: command.reason, refund: command.refund }]
  return [
    {
      type: 'UnitsCancelled',
      reason: command.reason,
      lines: asked,
      totals: totalsWithout(placed, progress.counters, asked),
      refund: command.refund,
    },
  ]
}

/**
 * A bundle is cancelled whole: its line stands for so many units of each component, and units of a component for the bundles
 * they are in. Several components of one bundle are in the same bundles: the most counts, not the sum.
 */
const wholeBundles = (placed: Placed, lines: readonly LineUnits[]): LineUnits[] => {
  const units: LineUnits[] = []
  const bundles = new Map<number, number>()
  for (const { line, quantity } of summed(lines)) {
    const asked = placed.lines[line]
    const at = asked?.kind === 'component' ? asked.parent : asked?.kind === 'bundle' ? line : undefined
    const whole = at === undefined ? undefined : placed.lines[at]
    if (at === undefined || whole === undefined) units.push({ line, quantity })
    else {
      const count = at === line ? quantity : Math.ceil((quantity * whole.quantity) / Math.max(1, asked?.quantity ?? 1))
      bundles.set(at, Math.max(bundles.get(at) ?? 0, count))
    }
  }
  for (const [at, count] of bundles)
    for (const [line, part] of placed.lines.entries())
      if (part.parent === at) units.push({ line, quantity: (count * part.quantity) / (placed.lines[at]?.quantity ?? 1) })
  return units
}

const changeAddress = (command: CommandOf<'changeAddress'>, order: Live): Decision => {
  const { progress } = order
  if (progress.phase !== 'open' || sumOf(progress.counters.shipped) > 0)
    return refuse('order_closed', 'a parcel has been collected: its address can no longer be changed')
  return [{ type: 'AddressChanged', contact: command.contact, destination: command.destination, by: command.by }]
}

export const orderDecider: Decider<OrderCommand, OrderEvent, Order, OrderReason> = { initial: unplaced, decide, evolve }

/** What follows from where an order now stands, whatever brought it there: secured, work for the warehouses, the headline. */
export const settle = (order: Order): readonly OrderEvent[] => {
  if (order.status !== 'live') return []
  const events: OrderEvent[] = []
  let now: Live = order
  const add = (event: OrderEvent): void => {
    events.push(event)
    const next = evolve(now, event)
    if (next.status === 'live') now = next
  }
  if (now.progress.phase === 'open' && !now.progress.secured && isSecured(now.placed, now.progress)) add({ type: 'OrderSecured' })
  if (now.progress.phase === 'open' && now.progress.secured && now.progress.plan.length > now.progress.assembled) add(assembly(now))
  const status = statusOf(now)
  if (isForward(now.progress.status, status)) add({ type: 'StatusChanged', from: now.progress.status, to: status })
  return events
}

const assembly = ({ placed, progress }: Live): OrderEvent => ({
  type: 'AssemblyRequested',
  number: placed.number,
  shipments: progress.plan
    .slice(progress.assembled)
    .filter(({ lines }) => lines.length > 0)
    .map((shipment) => ({ ...shipment, lines: shipment.lines.map((line) => withWeight(line, placed)) })),
  destination: progress.destination,
  ...(progress.combined === undefined ? {} : { combined: progress.combined }),
  held: progress.holds.some(({ blocks }) => blocks === 'release'),
  ...(progress.holds.some(({ blocks }) => blocks === 'collection') ? { collectionBlocked: true } : {}),
  shippingMethod: placed.shippingMethod,
})

const withWeight = (line: ShipmentLine, placed: Placed): ShipmentLine => {
  const ordered = placed.lines[line.line]
  if (ordered === undefined) return line
  return { ...line, grams: ordered.grams, ...(ordered.parent === undefined ? {} : { bundle: ordered.parent }) }
}
