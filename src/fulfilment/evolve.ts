/** How each fact changes the work. The fold of a fulfilment order's facts is its state row, always. Pure. */
import type { LineUnits } from '../orders/contract.ts'
import type { FulfilmentEvent, FulfilmentEventOf } from './contract.ts'
import { isAwaited, totalOf, unitsOf, without } from './units.ts'
import { type FulfilmentLine, type FulfilmentOrder, isLive, isWaiting, type Live, reducedLines, waitingStatus } from './work.ts'

/** The catalogue's weight where a line brings none. */
const gramsDefault = 500

export const evolve = (state: FulfilmentOrder, event: FulfilmentEvent): FulfilmentOrder => {
  if (event.type === 'FulfilmentPlanned') {
    if (isLive(state)) throw new Error('broken history: a fulfilment order was planned twice')
    return planned(event)
  }
  if (!isLive(state)) throw new Error(`broken history: ${event.type} before FulfilmentPlanned`)
  return { ...state, ...changed(state, event) }
}

const planned = (event: FulfilmentEventOf<'FulfilmentPlanned'>): Live => {
  const lines = linesOf(event)
  return {
    status: waitingStatus(lines),
    order: event.order,
    number: event.number,
    place: event.place,
    lines,
    parcels: [],
    putBack: [],
    held: event.held,
    collectionHeld: event.collectionHeld ?? event.held,
    country: event.country,
    postalCode: event.postalCode,
    shippingMethod: event.shippingMethod,
    addressPending: event.addressPending,
  }
}

/** One row an order line, wherever its units come from. */
const linesOf = (event: FulfilmentEventOf<'FulfilmentPlanned'>): FulfilmentLine[] => {
  const lines = new Map<number, FulfilmentLine>()
  for (const { line, sku, quantity, from, kind, bundle, grams } of event.lines) {
    const before = lines.get(line)
    const supply = isAwaited(kind) ? quantity : 0
    const transit = supply === 0 && from !== event.place ? quantity : 0
    lines.set(line, {
      line,
      sku,
      quantity: (before?.quantity ?? 0) + quantity,
      supply: (before?.supply ?? 0) + supply,
      transit: (before?.transit ?? 0) + transit,
      picked: 0,
      grams: grams ?? before?.grams ?? gramsDefault,
      ...(bundle === undefined ? {} : { bundle }),
    })
  }
  return [...lines.values()].sort((a, b) => a.line - b.line)
}

const changed = (state: Live, event: Exclude<FulfilmentEvent, { type: 'FulfilmentPlanned' }>): Partial<Live> => {
  switch (event.type) {
    case 'UnitsArrived':
      return waited(state, came(state.lines, event.lines, event.via), state.place === '' ? { place: event.place } : {})
    case 'UnitsRerouted':
      return waited(state, rerouted(state.lines, event.lines))
    case 'UnitsNotComing':
      return leaving(state, lost(state.lines, event.lines))
    case 'FulfilmentWaiting':
      return { status: event.status }
    case 'FulfilmentHeld':
      return { held: true, ...(state.status === 'released' ? { status: 'planned' } : {}) }
    case 'FulfilmentUnheld':
      return { held: false }
    case 'CollectionHeld':
      return { collectionHeld: true }
    case 'CollectionUnheld':
      return { collectionHeld: false }
    case 'FulfilmentAddressed':
      return {
        country: event.country,
        postalCode: event.postalCode,
        addressPending: event.addressPending,
        ...(state.combined === undefined ? {} : { combined: undefined }),
      }
    case 'FulfilmentCombined':
      return { combined: { shipment: event.shipment, with: event.with } }
    case 'FulfilmentReleased':
      return { status: 'released' }
    case 'UnitsPicked':
      return { status: 'picking', lines: each(state.lines, event.lines, (known, units) => ({ picked: known.picked + units })) }
    case 'UnitsFoundShort':
      return leaving(state, gone(state.lines, event.lines))
    case 'FulfilmentPacked':
      return {
        status: 'packed',
        parcels: [...state.parcels, ...event.parcels.map((parcel) => ({ ...parcel, where: 'here' as const }))],
      }
    case 'ParcelLeft':
      return { parcels: moved(state, 'away', event.parcel) }
    case 'FulfilmentCollected':
      return { status: 'collected', parcels: moved(state, 'away') }
    case 'ParcelAtDoor':
      return { parcels: moved(state, 'delivered', event.parcel) }
    case 'FulfilmentDelivered':
      return { status: 'delivered', parcels: moved(state, 'delivered') }
    case 'FulfilmentReduced':
      return reduced(state, event)
    case 'UnitsPutBack':
      return { putBack: without(state.putBack, event.lines) }
    case 'FulfilmentCancelled':
      return { status: 'cancelled' }
  }
}

const each = (
  lines: readonly FulfilmentLine[],
  units: readonly LineUnits[],
  change: (known: FulfilmentLine, units: number) => Partial<FulfilmentLine>,
): FulfilmentLine[] =>
  lines.map((known) => {
    const quantity = unitsOf(units, known.line)
    return quantity === 0 ? known : { ...known, ...change(known, quantity) }
  })

const came = (lines: readonly FulfilmentLine[], units: readonly LineUnits[], via?: 'transfer' | 'supply'): FulfilmentLine[] =>
  each(lines, units, ({ transit, supply }, quantity) => {
    const travelled = via === 'supply' ? 0 : Math.min(transit, quantity)
    return { transit: transit - travelled, supply: supply - (quantity - travelled) }
  })

const rerouted = (lines: readonly FulfilmentLine[], units: readonly LineUnits[]): FulfilmentLine[] =>
  each(lines, units, ({ transit, supply }, quantity) => ({ transit: transit + quantity, supply: supply - quantity }))

const lost = (lines: readonly FulfilmentLine[], units: readonly LineUnits[]): FulfilmentLine[] =>
  each(lines, units, (known, quantity) => ({ quantity: known.quantity - quantity, transit: known.transit - quantity })).filter(
    ({ quantity }) => quantity > 0,
  )

const gone = (lines: readonly FulfilmentLine[], units: readonly LineUnits[]): FulfilmentLine[] =>
  each(lines, units, (known, quantity) => ({ quantity: known.quantity - quantity })).filter(({ quantity }) => quantity > 0)

const waited = (state: Live, lines: readonly FulfilmentLine[], more: Partial<Live> = {}): Partial<Live> => ({
  lines,
  ...more,
  ...(isWaiting(state) ? { status: waitingStatus(lines) } : {}),
})

/** Units that nobody can find leave the work; when none are left it is over, and orders sources them elsewhere. */
const leaving = (state: Live, lines: readonly FulfilmentLine[]): Partial<Live> =>
  lines.length === 0 ? { lines, status: 'short' } : waited(state, lines)

const moved = ({ parcels }: Live, where: 'away' | 'delivered', parcel?: string): Live['parcels'] =>
  parcels.map((known) => {
    if (parcel !== undefined && known.parcel !== parcel) return known
    return where === 'away' && known.where === 'delivered' ? known : { ...known, where }
  })

const reduced = (state: Live, event: FulfilmentEventOf<'FulfilmentReduced'>): Partial<Live> => {
  const lines = reducedLines(state, event.lines)
  const opened = event.opened ?? []
  const parcels = opened.length === 0 ? state.parcels : state.parcels.filter(({ parcel }) => !opened.includes(parcel))
  const putBack = event.putBack.length === 0 ? state.putBack : [...state.putBack, ...event.putBack]
  const reopened = totalOf(event.unpacked ?? []) > 0 && state.status === 'packed'
  return { ...waited(state, lines), parcels, putBack, ...(reopened ? { status: 'picking' } : {}) }
}
