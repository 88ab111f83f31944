/**
 * The work one warehouse does for one order: its state, what is derived from it, and how cancelled units leave it. Pure.
 * A line's units are awaited (`supply`, `transit`), on the shelf, picked, or packed: always exactly one of these.
 */
import type { OrderId, Place } from '../kernel/ids.ts'
import { type BundlePart, type FulfilmentStatus, leavesAlone, type LineUnits, type OrderEventOf } from '../orders/contract.ts'
import type { FulfilmentEventOf, LineHints, PackedParcel, WorkLine } from './contract.ts'
import { summed, totalOf, unitsOf } from './units.ts'

export type FulfilmentLine = WorkLine &
  Readonly<{
    /** Of `quantity`: wait for supply, travel here from another warehouse, are off the shelf (packed ones included). */
    supply: number
    transit: number
    picked: number
    /** A unit's weight. */
    grams: number
    /** The order's bundle line that this component belongs to. */
    bundle?: number
  }>

export type WorkParcel = PackedParcel & Readonly<{ where: 'here' | 'away' | 'delivered' }>

export type Live = Readonly<{
  status: FulfilmentStatus
  order: OrderId
  number: number
  place: Place
  lines: readonly FulfilmentLine[]
  parcels: readonly WorkParcel[]
  /** Picked units that were cancelled and are not on their shelf yet. */
  putBack: readonly WorkLine[]
  held: boolean
  collectionHeld: boolean
  country: string
  postalCode: string
  shippingMethod: string
  addressPending: boolean
  /** The parcel that it is to share with other orders of its customer. */
  combined?: Readonly<{ shipment: string; with: readonly OrderId[] }> | undefined
}>
export type FulfilmentOrder = Readonly<{ status: 'unplanned' }> | Live

export const unplanned: FulfilmentOrder = { status: 'unplanned' }

export const isLive = (state: FulfilmentOrder): state is Live => state.status !== 'unplanned'
export const isWaiting = ({ status }: Live): boolean =>
  status === 'planned' || status === 'awaiting_stock' || status === 'awaiting_transfer'
export const isOver = ({ status }: Live): boolean => status === 'cancelled' || status === 'short' || status === 'delivered'

/** What it is before its release: why it is not released. */
export const waitingStatus = (lines: readonly FulfilmentLine[]): 'awaiting_stock' | 'awaiting_transfer' | 'planned' =>
  lines.some(({ supply }) => supply > 0)
    ? 'awaiting_stock'
    : lines.some(({ transit }) => transit > 0)
      ? 'awaiting_transfer'
      : 'planned'

export const inParcels = (parcels: readonly WorkParcel[], where?: WorkParcel['where']): LineUnits[] =>
  summed(parcels.filter((parcel) => where === undefined || parcel.where === where).flatMap(({ lines }) => lines))

/** Without what became of it since. */
export const packedAs = ({ where: _, ...packed }: WorkParcel): PackedParcel => packed

/** These parcels of the work as the fact that says that they were packed. */
export const packedFact = (state: Live, parcels: readonly PackedParcel[]): FulfilmentEventOf<'FulfilmentPacked'> => {
  const { order, number, place, country, postalCode, shippingMethod, collectionHeld, held, addressPending } = state
  const collectionBlocked = collectionHeld || held
  return {
    type: 'FulfilmentPacked',
    order,
    number,
    place,
    parcels,
    country,
    postalCode,
    shippingMethod,
    collectionBlocked,
    addressPending,
  }
}

/** Units that left with the carrier: nobody can cancel them any more. */
export const collectedUnits = ({ parcels }: Live): LineUnits[] =>
  summed(parcels.filter(({ where }) => where !== 'here').flatMap(({ lines }) => lines))

export const shelved = ({ quantity, supply, transit, picked }: FulfilmentLine): number => quantity - supply - transit - picked
export const unpicked = ({ quantity, picked }: FulfilmentLine): number => quantity - picked

/** Units that are in no parcel yet. */
export const unpacked = ({ lines, parcels }: Live): LineUnits[] => {
  const packed = inParcels(parcels)
  return lines
    .map(({ line, quantity }) => ({ line, quantity: quantity - unitsOf(packed, line) }))
    .filter(({ quantity }) => quantity > 0)
}

export const workLines = (state: Live, units: readonly LineUnits[]): WorkLine[] =>
  summed(units).flatMap(({ line, quantity }) => {
    const known = state.lines.find((candidate) => candidate.line === line)
    return known === undefined ? [] : [{ line, sku: known.sku, quantity }]
  })

/** Weight by the catalogue's weights; packing material is the warehouse's to add. */
export const gramsOf = (state: Live, units: readonly LineUnits[]): number =>
  units.reduce((sum, { line, quantity }) => sum + quantity * (state.lines.find((known) => known.line === line)?.grams ?? 0), 0)

export type Reduction = Readonly<{
  lines: readonly WorkLine[]
  putBack: readonly WorkLine[]
  /** Units that were still to come, by what they waited for: the transfers of `transit` may be called off. */
  supply: readonly WorkLine[]
  transit: readonly WorkLine[]
  /** Units that were here, on the shelf or in somebody's hands. */
  here: readonly WorkLine[]
  opened: readonly string[]
  unpacked: readonly LineUnits[]
}>

/**
 * Which units go when some are cancelled: those still to come first, then from the shelf, then picked ones, packed ones
 * last. A parcel that loses only a part is opened, and with it every other one that is still here.
 */
export const reductionOf = (state: Live, asked: readonly LineUnits[] | 'all'): Reduction => {
  const away = collectedUnits(state)
  const packedHere = inParcels(state.parcels, 'here')
  const supply: WorkLine[] = []
  const transit: WorkLine[] = []
  const here: WorkLine[] = []
  const putBack: WorkLine[] = []
  const fromParcels: LineUnits[] = []
  for (const known of state.lines) {
    const { line, sku } = known
    const free = known.quantity - unitsOf(away, line)
    let left = asked === 'all' ? free : Math.min(free, unitsOf(asked, line))
    const take = (available: number, into: WorkLine[]): number => {
      const quantity = Math.min(available, left)
      if (quantity > 0) into.push({ line, sku, quantity })
      left -= quantity
      return quantity
    }
    take(known.supply, supply)
    take(known.transit, transit)
    take(shelved(known), here)
    const packed = unitsOf(packedHere, line)
    const loose = take(known.picked - unitsOf(away, line) - packed, putBack)
    const unwrapped = take(packed, putBack)
    if (loose + unwrapped > 0) here.push({ line, sku, quantity: loose + unwrapped })
    if (unwrapped > 0) fromParcels.push({ line, quantity: unwrapped })
  }
  const merge = (rows: readonly WorkLine[]): WorkLine[] => workLines(state, rows)
  const lines = merge([...supply, ...transit, ...here])
  return { lines, putBack: merge(putBack), supply, transit, here: merge(here), ...openings(state.parcels, fromParcels) }
}

/**
 * What waits for supply, as work of its own, with the bundles that it belongs to; undefined where nothing would be left, or
 * where units of such a bundle are still on their way here.
 */
export const partingOf = (state: Live, bundles: readonly BundlePart[]) => {
  const { order, number, place, held, country, postalCode, shippingMethod, addressPending, collectionHeld } = state
  const isUnknown = state.lines.some(
    ({ line, supply, bundle }) => supply > 0 && bundle !== undefined && !bundles.some((part) => part.line === line),
  )
  const rows = state.lines.map(({ line, quantity, supply }) => ({ line, inHand: quantity - supply, waits: supply }))
  const leaves = leavesAlone(rows, bundles)
  const later = state.lines.map((known) => ({ ...known, stays: known.quantity - known.supply - (leaves.get(known.line) ?? 0) }))
  const units = later.reduce((sum, { supply, stays }) => sum + supply + stays, 0)
  const travels = later.some(({ stays, transit }) => stays > 0 && transit > 0)
  if (units === 0 || units === totalOf(state.lines) || isUnknown || travels || !isWaiting(state)) return undefined
  const lines = later.flatMap(({ line, sku, supply, stays, grams, bundle }) => {
    const known = { line, sku, from: place, grams, ...(bundle === undefined ? {} : { bundle }) }
    const kinds = [
      { ...known, quantity: supply, kind: 'backorder' as const },
      { ...known, quantity: stays, kind: 'stock' as const },
    ]
    return kinds.filter(({ quantity }) => quantity > 0)
  })
  return { order, number, place, held, country, postalCode, shippingMethod, addressPending, collectionHeld, lines }
}

const openings = (
  parcels: readonly WorkParcel[],
  gone: readonly LineUnits[],
): Readonly<{ opened: readonly string[]; unpacked: readonly LineUnits[] }> => {
  if (gone.length === 0) return { opened: [], unpacked: [] }
  const left = new Map(gone.map(({ line, quantity }) => [line, quantity]))
  const emptied: string[] = []
  let touched = false
  const standing = parcels.filter(({ where }) => where === 'here')
  for (const { parcel, lines } of standing) {
    let rest = totalOf(lines)
    for (const { line, quantity } of lines) {
      const taken = Math.min(quantity, left.get(line) ?? 0)
      left.set(line, (left.get(line) ?? 0) - taken)
      rest -= taken
    }
    if (rest === 0) emptied.push(parcel)
    else if (rest < totalOf(lines)) touched = true
  }
  if (!touched) return { opened: emptied, unpacked: [] }
  const packed = inParcels(parcels, 'here')
  const again = packed.map(({ line, quantity }) => ({ line, quantity: quantity - unitsOf(gone, line) }))
  return { opened: standing.map(({ parcel }) => parcel), unpacked: again.filter(({ quantity }) => quantity > 0) }
}

/** The lines after a reduction; `reductionOf` and this take the same units. */
export const reducedLines = (state: Live, gone: readonly LineUnits[]): FulfilmentLine[] => {
  const away = collectedUnits(state)
  return state.lines
    .map((known) => {
      let left = Math.min(unitsOf(gone, known.line), known.quantity - unitsOf(away, known.line))
      const quantity = known.quantity - left
      const take = (available: number): number => {
        const taken = Math.min(available, left)
        left -= taken
        return available - taken
      }
      const supply = take(known.supply)
      const transit = take(known.transit)
      take(shelved(known))
      return { ...known, quantity, supply, transit, picked: known.picked - left }
    })
    .filter(({ quantity }) => quantity > 0)
}

/** Units of a line that the work waits for. */
export const supplyOf = (state: Live, line: number): number => state.lines.find((known) => known.line === line)?.supply ?? 0
const byProgress = ['awaiting_stock', 'awaiting_transfer', 'planned', 'released', 'picking', 'packed', 'collected']
/** How far the work has come: what is least advanced gives up its units first. */
export const progress = ({ status }: Live): number => byProgress.indexOf(status)
type PlannedPart = OrderEventOf<'AssemblyRequested'>['shipments'][number]['lines'][number] & LineHints
/** A line of a work's plan, of what orders ask for. */
export const plannedLine = ({ line, sku, quantity, from, kind, bundle, grams }: PlannedPart) => ({
  line,
  sku,
  quantity,
  from,
  kind,
  ...(bundle === undefined ? {} : { bundle }),
  ...(grams === undefined ? {} : { grams }),
})
