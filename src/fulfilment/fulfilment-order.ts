/**
 * The life of one fulfilment order: planned, released when everything is there, picked, packed, collected, delivered.
 * Pure: what it needs arrives inside the command. Repeated steps change nothing; impossible ones say what may be done now.
 */
import { type Decider, fold, isRefusal, type Refusal, refuse } from '../kernel/decider.ts'
import type { Instant, OrderId, Place } from '../kernel/ids.ts'
import type { LineUnits } from '../orders/contract.ts'
import type { FulfilmentEvent, FulfilmentEventOf, PackedParcel, SharedParcel } from './contract.ts'
import { evolve } from './evolve.ts'
import { summed, totalOf, unitsOf } from './units.ts'
import {
  collectedUnits,
  type FulfilmentLine,
  type FulfilmentOrder,
  gramsOf,
  isLive,
  isOver,
  isWaiting,
  type Live,
  packedFact,
  reductionOf,
  unpacked,
  unpicked,
  unplanned,
  waitingStatus,
  workLines,
} from './work.ts'

/** A parcel as the packer names it; without lines it takes everything, without a weight the catalogue's weights are summed. */
export type ParcelAsked = Readonly<{ parcel: string; weightGrams?: number; lines?: readonly LineUnits[] }>

export type FulfilmentCommand = Readonly<{ at: Instant }> &
  Readonly<
    | ({ do: 'plan' } & Omit<FulfilmentEventOf<'FulfilmentPlanned'>, 'type'>)
    | { do: 'arrive'; lines: readonly LineUnits[]; via: 'transfer' | 'supply'; place: Place }
    | { do: 'reroute'; lines: readonly LineUnits[]; from: Place }
    | { do: 'giveUp'; lines: readonly LineUnits[]; reason: 'declined' | 'lost' }
    | { do: 'hold'; release: boolean; collection: boolean }
    | { do: 'address'; country: string; postalCode: string; pending: boolean }
    | { do: 'pick'; lines?: readonly LineUnits[] | undefined }
    | { do: 'short'; lines: readonly LineUnits[]; by: string }
    | { do: 'combine'; shipment: string; with: readonly OrderId[] }
    | { do: 'pack'; parcels: readonly ParcelAsked[]; shared?: SharedParcel | undefined }
    | { do: 'parcelCollected'; parcel: string }
    | { do: 'parcelDelivered'; parcel: string }
    | { do: 'reduce'; lines: readonly LineUnits[] | 'all'; reason: string }
    | { do: 'putBack'; lines?: readonly LineUnits[] | undefined }
  >

export type FulfilmentReason =
  | 'fulfilment_not_found'
  | 'fulfilment_exists'
  | 'fulfilment_held'
  | 'step_not_possible'
  | 'line_not_found'
  | 'quantity_exceeds_open'
  | 'units_not_picked'
  | 'parcels_incomplete'
  | 'bundle_split'
type No = Refusal<FulfilmentReason>
type Events = readonly FulfilmentEvent[]

export type FulfilmentAction = 'pick' | 'short' | 'pack' | 'put_back'

/** What the warehouse may do with it now. */
export const actions = (state: FulfilmentOrder): readonly FulfilmentAction[] => {
  if (!isLive(state)) return []
  const back: readonly FulfilmentAction[] = state.putBack.length > 0 ? ['put_back'] : []
  const working = (state.status === 'released' || state.status === 'picking') && !state.held
  if (!working) return back
  return state.lines.some((line) => unpicked(line) > 0) ? ['pick', 'short', ...back] : ['pack', ...back]
}

const decide = (command: FulfilmentCommand, state: FulfilmentOrder): Events | No => {
  if (command.do === 'plan') return isLive(state) ? refuse('fulfilment_exists', 'it is planned already') : plan(command)
  if (!isLive(state)) return refuse('fulfilment_not_found', 'there is no such fulfilment order')
  const decided = step(command, state)
  return isRefusal(decided) ? decided : waitingTold(state, decided)
}

const step = (command: Exclude<FulfilmentCommand, { do: 'plan' }>, state: Live): Events | No => {
  switch (command.do) {
    case 'arrive':
      return arrive(state, command.lines, command.via, command.place)
    case 'reroute': {
      const lines = workLines(state, awaited(state, command.lines, 'supply'))
      return lines.length === 0
        ? []
        : [{ type: 'UnitsRerouted', order: state.order, place: state.place, from: command.from, lines }]
    }
    case 'giveUp': {
      const lines = workLines(state, awaited(state, command.lines, 'transit'))
      const { order, place } = state
      const gone = { type: 'UnitsNotComing', order, place, lines, reason: command.reason } as const
      return lines.length === 0 ? [] : released(state, [endingWith(state, gone)])
    }
    case 'hold':
      return hold(state, command.release, command.collection)
    case 'address': {
      const { country, postalCode, pending: addressPending } = command
      const same = state.country === country && state.postalCode === postalCode && state.addressPending === addressPending
      if (same || isOver(state) || state.status === 'collected') return []
      return [{ type: 'FulfilmentAddressed', order: state.order, country, postalCode, addressPending }]
    }
    case 'combine': {
      const { shipment, with: others } = command
      if (isOver(state) || state.parcels.length > 0 || state.combined?.shipment === shipment) return []
      return [{ type: 'FulfilmentCombined', order: state.order, shipment, with: others }]
    }
    case 'pick':
      return pick(state, command.lines)
    case 'short':
      return short(state, command.lines, command.by)
    case 'pack':
      return pack(state, command.parcels, command.shared)
    case 'parcelCollected':
      return parcelCollected(state, command.parcel)
    case 'parcelDelivered':
      return parcelDelivered(state, command.parcel)
    case 'reduce':
      return reduce(state, command.lines, command.reason)
    case 'putBack':
      return putBack(state, command.lines)
  }
}

export const fulfilmentOrder: Decider<FulfilmentCommand, FulfilmentEvent, FulfilmentOrder, FulfilmentReason> = {
  initial: unplanned,
  decide,
  evolve,
}

const plan = ({ do: _, at: __, ...asked }: Extract<FulfilmentCommand, { do: 'plan' }>): Events | No =>
  asked.lines.length === 0
    ? refuse('line_not_found', 'a fulfilment order needs at least one line')
    : released(unplanned, [{ type: 'FulfilmentPlanned', ...asked }])

/** Everything is there and nothing forbids it: the work is released by the same command that brought the last unit. */
const released = (before: FulfilmentOrder, events: Events): Events => {
  const state = fold(evolve, before, events)
  if (!isLive(state) || state.status !== 'planned' || state.held) return events
  const lines = state.lines.map(({ line, quantity }) => ({ line, quantity }))
  return [...events, { type: 'FulfilmentReleased', order: state.order, place: state.place, lines }]
}

/** Whoever follows the work hears what it waits for, also where that changed without ending the wait. */
const waitingTold = (before: Live, events: Events): Events => {
  const after = fold(evolve, before, events)
  if (!isLive(after) || !isWaiting(after) || after.status === before.status) return events
  return [...events, { type: 'FulfilmentWaiting', order: after.order, place: after.place, status: waitingStatus(after.lines) }]
}

/** Of the units named, those that it still waits for; more than that is surplus, put away by the place that got it. */
const awaited = (state: Live, units: readonly LineUnits[], what: 'supply' | 'transit'): LineUnits[] =>
  summed(units).flatMap(({ line, quantity }) => {
    const known = state.lines.find((candidate) => candidate.line === line)
    return known === undefined ? [] : [{ line, quantity: Math.min(quantity, known[what]) }]
  })

const arrive = (state: Live, units: readonly LineUnits[], via: 'transfer' | 'supply', place: Place): Events => {
  const lines = workLines(state, awaited(state, units, via === 'transfer' ? 'transit' : 'supply'))
  if (lines.length === 0) return []
  return released(state, [{ type: 'UnitsArrived', order: state.order, place, lines, via }])
}

const hold = (state: Live, release: boolean, collection: boolean): Events => {
  if (isOver(state) || state.status === 'collected') return []
  const { order } = state
  const events: FulfilmentEvent[] = []
  if (release !== state.held) events.push({ type: release ? 'FulfilmentHeld' : 'FulfilmentUnheld', order })
  if (collection !== state.collectionHeld) events.push({ type: collection ? 'CollectionHeld' : 'CollectionUnheld', order })
  return released(state, events)
}

const blockedNow = (state: Live, step: string): No => {
  const now = actions(state)
  if (state.held && !isOver(state))
    return refuse('fulfilment_held', `a hold blocks it: release the hold, then ${step}`, { actions: now })
  const what = now.length === 0 ? 'nothing' : now.join(', ')
  return refuse('step_not_possible', `it is ${state.status}: ${step} is not possible, ${what} is`, {
    state: state.status,
    actions: now,
  })
}

/** Lines that the work does not have, or more units of one than are still open. */
const overdrawn = (units: readonly LineUnits[], open: ReadonlyMap<number, number>, what: string): No | undefined => {
  for (const { line, quantity } of summed(units)) {
    const left = open.get(line)
    if (left === undefined) return refuse('line_not_found', `this fulfilment order has no line ${line}`, { line })
    if (quantity > left)
      return refuse('quantity_exceeds_open', `line ${line}: ${quantity} asked, ${left} ${what}`, { line, open: left })
  }
  return undefined
}

const openToPick = (state: Live): Map<number, number> => new Map(state.lines.map((line) => [line.line, unpicked(line)]))
const working = ({ status, held }: Live): boolean => (status === 'released' || status === 'picking') && !held

const pick = (state: Live, asked: readonly LineUnits[] | undefined): Events | No => {
  const open = openToPick(state)
  const all = [...open].map(([line, quantity]) => ({ line, quantity }))
  const done = totalOf(all) === 0 && !isOver(state) && state.lines.length > 0
  if (asked === undefined && done) return []
  if (!working(state)) return blockedNow(state, 'pick')
  const lines = workLines(state, asked ?? all)
  return (
    overdrawn(asked ?? [], open, 'left to pick') ??
    (lines.length === 0 ? [] : [{ type: 'UnitsPicked', order: state.order, place: state.place, lines }])
  )
}

const short = (state: Live, asked: readonly LineUnits[], by: string): Events | No => {
  if (!working(state)) return blockedNow(state, 'short')
  const wrong = overdrawn(asked, openToPick(state), 'left to pick')
  if (wrong !== undefined) return wrong
  const { order, place } = state
  const lines = workLines(state, asked)
  return lines.length === 0 ? [] : [endingWith(state, { type: 'UnitsFoundShort', order, place, lines, by })]
}

/** Says so where the work is over with these units: nothing else will. */
const endingWith = <Event extends FulfilmentEventOf<'UnitsFoundShort' | 'UnitsNotComing'>>(state: Live, event: Event): Event => {
  const after = evolve(state, event)
  return isLive(after) && after.status === 'short' ? { ...event, over: true } : event
}

const pack = (state: Live, asked: readonly ParcelAsked[], shared?: SharedParcel): Events | No => {
  const byDefault = asked.length === 1 && asked[0]?.lines === undefined
  if (byDefault && ['packed', 'collected', 'delivered'].includes(state.status)) return []
  if (!working(state)) return blockedNow(state, 'pack')
  const left = state.lines.filter((line) => unpicked(line) > 0)
  if (left.length > 0) {
    const missing = left.map((line) => `${unpicked(line)} of line ${line.line}`).join(', ')
    return refuse('units_not_picked', `not picked yet: ${missing}; pick them or report them short`, { actions: actions(state) })
  }
  const open = unpacked(state)
  const parcels = asked.map(({ parcel, weightGrams, lines }): PackedParcel => {
    const units = workLines(state, lines ?? open)
    return { parcel, weightGrams: weightGrams ?? gramsOf(state, units), lines: units }
  })
  const wrong = misplaced(open, asked, parcels) ?? tornBundle(state.lines, parcels)
  if (wrong !== undefined) return wrong
  return [{ ...packedFact(state, parcels), ...(shared === undefined ? {} : { shared }) }]
}

/** Every unit that is in no parcel yet goes into exactly one. */
const misplaced = (open: readonly LineUnits[], asked: readonly ParcelAsked[], parcels: readonly PackedParcel[]): No | undefined => {
  const wrong = overdrawn(
    asked.flatMap(({ lines }) => lines ?? []),
    new Map(open.map(({ line, quantity }) => [line, quantity])),
    'left to pack',
  )
  if (wrong !== undefined) return wrong
  const put = parcels.flatMap(({ lines }) => lines)
  const off = open.find(({ line, quantity }) => unitsOf(put, line) !== quantity)
  if (off !== undefined)
    return refuse(
      'parcels_incomplete',
      `line ${off.line}: ${off.quantity} to pack, ${unitsOf(put, off.line)} in the parcels; every unit goes into exactly one`,
      { line: off.line, open: off.quantity },
    )
  if (parcels.some(({ lines }) => lines.length === 0)) return refuse('parcels_incomplete', 'a parcel has nothing in it')
  return undefined
}

/** The components of one bundle stay together: each parcel has the same share of every component. */
const tornBundle = (lines: readonly FulfilmentLine[], parcels: readonly PackedParcel[]): No | undefined => {
  if (parcels.length < 2) return undefined
  for (const bundle of new Set(lines.flatMap((line) => line.bundle ?? []))) {
    const [first, ...others] = lines.filter((line) => line.bundle === bundle)
    if (first === undefined) continue
    const torn = parcels.some((parcel) =>
      others.some(
        (other) => unitsOf(parcel.lines, other.line) * first.quantity !== unitsOf(parcel.lines, first.line) * other.quantity,
      ),
    )
    if (torn) return refuse('bundle_split', `the components of bundle line ${bundle} must stay in one parcel`, { line: bundle })
  }
  return undefined
}

const parcelCollected = (state: Live, parcel: string): Events => {
  if (!state.parcels.some((known) => known.parcel === parcel && known.where === 'here')) return []
  const { order, place, parcels } = state
  const others = parcels.some((known) => known.parcel !== parcel && known.where === 'here')
  if (others || unpacked(state).length > 0) return [{ type: 'ParcelLeft', order, parcel }]
  return [{ type: 'FulfilmentCollected', order, place, lines: summed(parcels.flatMap(({ lines }) => lines)) }]
}

/** A parcel may be reported delivered before anyone reported that it left. */
const parcelDelivered = (state: Live, parcel: string): Events => {
  const known = state.parcels.find((candidate) => candidate.parcel === parcel)
  if (known === undefined || known.where === 'delivered') return []
  const left = known.where === 'here' ? parcelCollected(state, parcel) : []
  const { order, place, parcels } = state
  const others = parcels.some((other) => other.parcel !== parcel && other.where !== 'delivered')
  if (others || unpacked(state).length > 0) return [...left, { type: 'ParcelAtDoor', order, parcel }]
  return [...left, { type: 'FulfilmentDelivered', order, place, lines: summed(parcels.flatMap(({ lines }) => lines)) }]
}

const reduce = (state: Live, asked: readonly LineUnits[] | 'all', reason: string): Events => {
  if (isOver(state) || state.status === 'collected') return []
  const { lines, putBack: back, opened, unpacked: again } = reductionOf(state, asked)
  if (lines.length === 0) return []
  const { order, place } = state
  const reduced: FulfilmentEvent = {
    type: 'FulfilmentReduced',
    order,
    place,
    lines,
    putBack: back,
    ...(opened.length === 0 ? {} : { opened }),
    ...(again.length === 0 ? {} : { unpacked: again }),
  }
  const after = fold(evolve, state, [reduced])
  if (!isLive(after)) return [reduced]
  if (after.lines.length === 0) return [reduced, { type: 'FulfilmentCancelled', order, place, reason }]
  return isWaiting(after) ? released(state, [reduced]) : [reduced, ...closing(after)]
}

/** What stays after a reduction may have left already: then the whole is collected, or delivered. */
const closing = (state: Live): Events => {
  if (unpacked(state).length > 0 || state.parcels.some(({ where }) => where === 'here')) return []
  const { order, place } = state
  const lines = collectedUnits(state)
  const collected: FulfilmentEvent = { type: 'FulfilmentCollected', order, place, lines }
  const delivered = state.parcels.every(({ where }) => where === 'delivered')
  return delivered ? [collected, { type: 'FulfilmentDelivered', order, place, lines }] : [collected]
}

const putBack = (state: Live, asked: readonly LineUnits[] | undefined): Events | No => {
  const open = new Map(summed(state.putBack).map(({ line, quantity }) => [line, quantity]))
  const wrong = overdrawn(asked ?? [], open, 'to put back')
  if (wrong !== undefined) return wrong
  const lines = summed(asked ?? state.putBack).flatMap(({ line, quantity }) => {
    const sku = state.putBack.find((units) => units.line === line)?.sku
    return sku === undefined ? [] : [{ line, sku, quantity }]
  })
  return lines.length === 0 ? [] : [{ type: 'UnitsPutBack', order: state.order, place: state.place, lines }]
}
