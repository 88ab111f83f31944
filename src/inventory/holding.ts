/** What one order holds of stock, and the pure steps over it. Units never vanish: every step says what it moved. */
import type { Place, Sku } from '../kernel/ids.ts'
import type { LineUnits } from '../orders/contract.ts'

/** `r` reserved at the place · `t` on the way to it · `x` lost on that way, and the order has not heard · `w` waiting for supply there. */
export type HoldingState = 'r' | 't' | 'x' | 'w'
export type Entry = Readonly<{ line: number; sku: Sku; place: Place; quantity: number; state: HoldingState; to?: Place }>
export type Holding = readonly Entry[]

/** As it is stored: short, because it is written with every order. */
export const packHolding = (holding: Holding): string =>
  JSON.stringify(
    holding.map(({ line, sku, place, quantity, state, to }) =>
      to === undefined ? [line, sku, place, quantity, state] : [line, sku, place, quantity, state, to],
    ),
  )

type Packed = readonly [number, Sku, Place, number, HoldingState, Place?]
export const unpackHolding = (packed: readonly Packed[]): Holding =>
  packed.map(([line, sku, place, quantity, state, to]) => ({
    line,
    sku,
    place,
    quantity,
    state,
    ...(to === undefined ? {} : { to }),
  }))

export type Match = Readonly<{
  line: number
  state?: HoldingState
  place?: Place
  /** At this place or to be sent there: what was set aside last is meant. */
  into?: Place
  /** `here`: rather units that stay at their place; a place: rather those that are to be sent there. */
  rather?: 'here' | Readonly<{ to: Place }>
}>

/** As warehouses let units go: waiting ones first, then those that are to be sent to another place, then those on their way. */
const rankOf = ({ state, to }: Entry, { rather }: Match): number => {
  if (rather === 'here') return Number(to !== undefined)
  if (rather !== undefined) return to === rather.to ? 0 : to === undefined ? 1 : 2
  return state === 'w' ? 0 : state === 't' ? 2 : to === undefined ? 3 : 1
}

/** Takes up to `quantity` units of a line that match out of a holding. */
export const take = (holding: Holding, match: Match, quantity: number): Readonly<{ taken: Holding; left: Holding }> => {
  const fits = (entry: Entry): boolean =>
    entry.line === match.line &&
    (match.state === undefined || entry.state === match.state) &&
    (match.place === undefined || entry.place === match.place) &&
    (match.into === undefined || (entry.to ?? entry.place) === match.into)
  const found = holding.filter(fits)
  const sorted = match.into === undefined ? found.sort((a, b) => rankOf(a, match) - rankOf(b, match)) : found.toReversed()
  const taken: Entry[] = []
  const used = new Map<Entry, number>()
  let missing = quantity
  for (const entry of sorted) {
    if (missing === 0) break
    const units = Math.min(missing, entry.quantity)
    taken.push({ ...entry, quantity: units })
    used.set(entry, units)
    missing -= units
  }
  const left = holding.flatMap((entry) => {
    const rest = entry.quantity - (used.get(entry) ?? 0)
    return rest > 0 ? [{ ...entry, quantity: rest }] : []
  })
  return { taken, left }
}

/** Units that left a warehouse's work, and where they were: on its shelf, to be sent from there, on their way there, or awaited there. */
export type LetGo = LineUnits & Readonly<{ at: Place; state: 'shelf' | 'sending' | 'travelling' | 'supply' }>
/** As stock may hold them: it may have heard already that they came, or may wait for them at another place. */
export const heldAs = (state: LetGo['state'], place: Place): readonly Omit<Match, 'line'>[] => {
  if (state === 'supply') return [{ state: 'w', place }, { state: 'w' }, { state: 'r', into: place }, { place }]
  if (state === 'travelling') return [{ state: 't', place }, { state: 'x', place }, { place }]
  return [{ state: 'r', place, ...(state === 'shelf' ? { rather: 'here' } : {}) }, { place }]
}

/** Of these units, as many as are held so. */
export const among = (holding: Holding, lines: readonly LineUnits[], match: Omit<Match, 'line'>): readonly LineUnits[] => {
  let rest = holding
  return lines.flatMap(({ line, quantity }) => {
    const { taken, left } = take(rest, { line, ...match }, quantity)
    rest = left
    const units = taken.reduce((sum, entry) => sum + entry.quantity, 0)
    return units > 0 ? [{ line, quantity: units }] : []
  })
}
