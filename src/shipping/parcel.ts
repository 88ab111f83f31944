/**
 * The life of one parcel, from its announcement to the door. Pure. News from carriers is fact: it is never refused, and
 * changes nothing where it is old. What people ask for can be refused.
 */
import { type Decider, fold, type Refusal, refuse } from '../kernel/decider.ts'
import type { Instant, OrderId, Place } from '../kernel/ids.ts'
import type { SharedParcel, WorkLine } from '../fulfilment/contract.ts'
import type { ParcelStatus } from '../orders/contract.ts'
import type { ParcelEvent, ParcelEventOf, ParcelView } from './contract.ts'
import { attemptsOf, isEnd, type Known, learn, nothingKnown, saysCollected, statusOf } from './tracking.ts'

export type Label = Readonly<{ tracking: string; labelUrl: string; trackingUrl: string }>
export type LiveParcel = Readonly<{
  status: ParcelStatus
  order: OrderId
  number: number
  fulfilment: string
  place: Place
  carrier: string
  service: string
  weightGrams: number
  lines: readonly WorkLine[]
  country: string
  postalCode: string
  held: boolean
  waitsForAddress: boolean
  shared?: SharedParcel
  label?: Label
  collected: boolean
  known: Known
  /** Its carrier has it though it was cancelled, since then; undefined once somebody has seen to it. */
  astraySince?: Instant | undefined
}>
export type Parcel = Readonly<{ status: 'unannounced' }> | LiveParcel
export const unannounced: Parcel = { status: 'unannounced' }
export const isAnnounced = (parcel: Parcel): parcel is LiveParcel => parcel.status !== 'unannounced'
export const isBlocked = ({ held, waitsForAddress }: LiveParcel): boolean => held || waitsForAddress

export type ParcelCommand = Readonly<{ at: Instant }> &
  Readonly<
    | ({ do: 'announce'; held: boolean; waitsForAddress: boolean } & Omit<
        ParcelEventOf<'ParcelAnnounced'>,
        'type' | 'blocked' | 'held' | 'waitsForAddress'
      >)
    | ({ do: 'label' } & Label)
    | { do: 'hold'; held: boolean }
    | { do: 'address'; country: string; postalCode: string; waitsForAddress: boolean }
    /** The warehouse gives it to the carrier, and says so itself. */
    | { do: 'handOver' }
    | { do: 'deliver' }
    | { do: 'news'; status: ParcelStatus; happenedAt?: Instant | undefined; raw?: string | undefined }
    | { do: 'cancel' }
    | { do: 'settle'; by: string; note?: string | undefined }
  >

export type ParcelReason =
  | 'parcel_not_found'
  | 'collection_blocked'
  | 'parcel_cancelled'
  | 'parcel_not_astray'
  | 'parcel_collected'
  | 'parcel_not_collected'
type No = Refusal<ParcelReason>
type Events = readonly ParcelEvent[]

export type ParcelAction = 'hand_over' | 'track' | 'print_label' | 'settle'
export const parcelActions = (parcel: Parcel): readonly ParcelAction[] => {
  if (!isAnnounced(parcel)) return []
  if (parcel.status === 'cancelled') return parcel.astraySince === undefined ? [] : ['settle']
  const print: readonly ParcelAction[] = parcel.label === undefined ? [] : ['print_label']
  if (isEnd(parcel.status)) return print
  return parcel.collected ? ['track', ...print] : isBlocked(parcel) ? print : ['hand_over', 'track', ...print]
}

const decide = (command: ParcelCommand, state: Parcel): Events | No => {
  if (command.do === 'announce') return isAnnounced(state) ? [] : announce(command)
  if (!isAnnounced(state)) return refuse('parcel_not_found', 'there is no such parcel')
  const { order } = state
  switch (command.do) {
    case 'label': {
      if (state.status === 'cancelled') return refuse('parcel_cancelled', 'the parcel was cancelled before its label came')
      if (state.label !== undefined) return []
      const { tracking, labelUrl, trackingUrl } = command
      return [{ type: 'LabelCreated', order, tracking, labelUrl, trackingUrl }]
    }
    case 'hold':
      if (command.held === state.held || state.collected || state.status === 'cancelled') return []
      if (command.held) return [{ type: 'CollectionBlocked', order }]
      return [{ type: 'CollectionUnblocked', order }]
    case 'address':
      return address(command, state)
    case 'handOver':
      if (state.collected) return []
      if (state.status === 'cancelled') return refuse('parcel_cancelled', 'the parcel is cancelled')
      if (isBlocked(state)) return blocked(state)
      return news(state, { status: 'picked_up', at: command.at })
    case 'deliver':
      if (state.status === 'delivered') return []
      if (state.status === 'cancelled') return refuse('parcel_cancelled', 'the parcel is cancelled')
      if (!state.collected) return refuse('parcel_not_collected', 'the carrier has not collected it yet')
      return news(state, { status: 'delivered', at: command.at })
    case 'news': {
      // Nobody knows tomorrow: a carrier's clock that runs ahead must not outrank all later news.
      const happenedAt = command.happenedAt === undefined || command.happenedAt > command.at ? command.at : command.happenedAt
      return news(state, { status: command.status, at: happenedAt }, command.raw)
    }
    case 'cancel':
      if (state.status === 'cancelled') return []
      if (state.collected) return refuse('parcel_collected', 'the carrier has it: it can only come back as a return')
      return [{ type: 'ParcelCancelled', order, fulfilment: state.fulfilment }]
    case 'settle': {
      const { by, note } = command
      if (state.astraySince === undefined)
        return refuse('parcel_not_astray', 'its carrier has not got it, or somebody has seen to it')
      return [{ type: 'ParcelSettled', order, by, ...(note === undefined ? {} : { note }) }]
    }
  }
}

const evolve = (state: Parcel, event: ParcelEvent): Parcel => {
  if (event.type === 'ParcelAnnounced') {
    const { type: _, blocked: __, held = false, waitsForAddress = false, ...about } = event
    return { status: 'label_created', ...about, held, waitsForAddress, collected: false, known: nothingKnown }
  }
  if (!isAnnounced(state)) throw new Error(`broken history: ${event.type} before ParcelAnnounced`)
  switch (event.type) {
    case 'LabelCreated':
      return { ...state, label: { tracking: event.tracking, labelUrl: event.labelUrl, trackingUrl: event.trackingUrl } }
    case 'CollectionBlocked':
      return { ...state, held: true }
    case 'CollectionUnblocked':
      return { ...state, held: false }
    case 'ParcelAddressed':
      return { ...state, country: event.country, postalCode: event.postalCode, waitsForAddress: event.waitsForAddress }
    case 'ParcelCollected':
      return { ...state, collected: true }
    case 'ParcelMoved':
    case 'ParcelNoted': {
      if (event.happenedAt === undefined) throw new Error(`broken history: ${event.type} without its time`)
      const status = event.type === 'ParcelNoted' ? event.news : (event.news ?? event.status)
      const known = learn(state.known, { status, at: event.happenedAt })
      return { ...state, known, status: statusOf(known) }
    }
    case 'ParcelCancelled':
      return { ...state, status: 'cancelled' }
    case 'ParcelAstray': {
      const { news: status, happenedAt: at } = event
      return { ...state, known: learn(state.known, { status, at }), astraySince: state.astraySince ?? at }
    }
    case 'ParcelSettled':
      return { ...state, astraySince: undefined }
  }
}

export const parcel: Decider<ParcelCommand, ParcelEvent, Parcel, ParcelReason> = { initial: unannounced, decide, evolve }

const announce = ({ do: _, at: __, held, waitsForAddress, ...about }: Extract<ParcelCommand, { do: 'announce' }>): Events => [
  { type: 'ParcelAnnounced', ...about, blocked: held || waitsForAddress, held, waitsForAddress },
]

const address = (command: Extract<ParcelCommand, { do: 'address' }>, state: LiveParcel): Events => {
  const { country, postalCode, waitsForAddress } = command
  const same = state.country === country && state.postalCode === postalCode && state.waitsForAddress === waitsForAddress
  if (same || state.collected || state.status === 'cancelled') return []
  const addressed: ParcelEvent = { type: 'ParcelAddressed', order: state.order, country, postalCode, waitsForAddress }
  const after = fold(evolve, state, [addressed])
  const freed = isBlocked(state) && isAnnounced(after) && !isBlocked(after)
  return freed ? [addressed, { type: 'CollectionUnblocked', order: state.order }] : [addressed]
}

const blocked = ({ held, waitsForAddress }: LiveParcel): No => {
  const why = [...(held ? ['a hold'] : []), ...(waitsForAddress ? ['the missing address'] : [])]
  return refuse('collection_blocked', `${why.join(' and ')} keeps it from being handed over`, { held, waitsForAddress })
}

const news = (state: LiveParcel, step: Readonly<{ status: ParcelStatus; at: Instant }>, raw?: string): Events => {
  const { order, fulfilment, place, carrier, lines, label } = state
  if (state.status === 'cancelled') return astray(state, step)
  if (step.status === 'cancelled') return state.collected ? [] : [{ type: 'ParcelCancelled', order, fulfilment }]
  const known = learn(state.known, step)
  if (known === state.known) return []
  const status = statusOf(known)
  const attempts = attemptsOf(known)
  const collected: Events =
    saysCollected(step.status) && !state.collected ? [{ type: 'ParcelCollected', order, fulfilment, place, lines }] : []
  if (status === state.status && attempts === attemptsOf(state.known) && collected.length === 0)
    return [{ type: 'ParcelNoted', order, news: step.status, happenedAt: step.at }]
  const tracking = label === undefined ? {} : { tracking: label.tracking }
  const said = raw === undefined ? {} : { raw }
  const about = { order, fulfilment, place, carrier, ...tracking, lines, ...said }
  return [...collected, { type: 'ParcelMoved', status, attempts, ...about, news: step.status, happenedAt: step.at }]
}

/** News of a carrier that should not have it. What changes nothing of where it is said to be is said once. */
const astray = (state: LiveParcel, { status: news, at: happenedAt }: Readonly<{ status: ParcelStatus; at: Instant }>): Events => {
  const { order, fulfilment, place, carrier, lines, label } = state
  const known = learn(state.known, { status: news, at: happenedAt })
  if (!saysCollected(news) || statusOf(known) === statusOf(state.known)) return []
  const tracking = label === undefined ? {} : { tracking: label.tracking }
  return [{ type: 'ParcelAstray', order, fulfilment, place, carrier, ...tracking, lines, news, happenedAt }]
}

export const parcelView = (id: string, state: LiveParcel): ParcelView => ({
  id,
  order: state.order,
  fulfilment: state.fulfilment,
  place: state.place,
  status: state.status,
  carrier: state.carrier,
  ...state.label,
  attempts: attemptsOf(state.known),
  lines: state.lines,
  ...(state.astraySince === undefined ? {} : { astray: { status: statusOf(state.known), since: state.astraySince } }),
  ...(state.shared === undefined ? {} : { shared: state.shared.parts }),
})

/** The other parts of the parcel that it is a part of: what befalls one befalls all. */
export const othersOf = (id: string, { shared }: LiveParcel): readonly string[] =>
  shared === undefined ? [] : shared.parts.filter((part) => part !== id)

export type Part = Readonly<{ id: string; state: LiveParcel }>
/** Of the parts of one parcel, those that are in it: one that was taken out while others go on is not. */
export const partsInside = (parts: readonly Part[]): readonly Part[] => {
  const going = parts.filter(({ state }) => state.status !== 'cancelled')
  return going.length > 0 ? going : parts
}
