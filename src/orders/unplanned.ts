/** Which units are given back where warehouses have not heard of them yet, or stock not of what warehouses did. Pure. */
import type { StockSession } from '../inventory/contract.ts'
import type { OrderId, Place } from '../kernel/ids.ts'
import type { LineUnits } from './contract.ts'
import { type Live, sumOf, type UnitsLeft } from './order.ts'

type Holding = ReturnType<StockSession['holding']>

/** No warehouse knows of the order yet: it holds too much where its plan names less, and what waits there goes first. */
export const unplanned = (holding: Holding, { progress: { plan } }: Live): readonly UnitsLeft[] => {
  const parts = plan.flatMap(({ lines }) => lines)
  const unitsAt = (line: number, place: Place): number =>
    sumOf(parts.map((part) => (part.line === line && part.from === place ? part.quantity : 0)))
  return [...Map.groupBy(holding, ({ line, place }) => `${line} ${place}`).values()].flatMap((entries): UnitsLeft[] => {
    const [first] = entries
    if (first === undefined) return []
    const quantity = sumOf(entries.map((entry) => entry.quantity)) - unitsAt(first.line, first.place)
    const waiting = Math.min(quantity, sumOf(entries.map((entry) => (entry.state === 'w' ? entry.quantity : 0))))
    const at = { line: first.line, at: first.place }
    return [
      ...(waiting > 0 ? [{ ...at, quantity: waiting, state: 'supply' as const }] : []),
      ...(quantity > waiting ? [{ ...at, quantity: quantity - waiting, state: 'shelf' as const }] : []),
    ]
  })
}

/**
 * Of units that are given up, those that wait for supply and that no warehouse has heard of: they go first, as they do in
 * the order's own counts, so that nothing is unpacked for them.
 * @param awaited units that warehouses' work waits for.
 */
export const waitingUnheard = (
  holding: Holding,
  lines: readonly LineUnits[],
  awaited: readonly LineUnits[],
): readonly UnitsLeft[] =>
  lines.flatMap(({ line, quantity }) => {
    const waiting = holding.filter((entry) => entry.line === line && entry.state === 'w')
    const known = sumOf(awaited.map((units) => (units.line === line ? units.quantity : 0)))
    let left = Math.min(quantity, sumOf(waiting.map((entry) => entry.quantity)) - known)
    // Set aside last, heard of last.
    return waiting.toReversed().flatMap((entry): UnitsLeft[] => {
      const units = Math.min(entry.quantity, left)
      if (units <= 0) return []
      left -= units
      return [{ line, quantity: units, at: entry.place, state: 'supply' }]
    })
  })

/** What stock has given back beyond what warehouses let go (`left`), and where it had it. */
export const bareUnits = (before: Holding, after: Holding, left: readonly UnitsLeft[]): readonly UnitsLeft[] => {
  const named = new Map<number, number>()
  for (const { line, quantity } of left) named.set(line, (named.get(line) ?? 0) + quantity)
  const key = ({ line, place, state }: Holding[number]): string => `${line} ${place} ${state === 'w'}`
  const unitsOf = (holding: Holding, of: string): number =>
    sumOf(holding.map((entry) => (entry.state !== 'x' && key(entry) === of ? entry.quantity : 0)))
  // What was lost on its way is nowhere that a plan could take it from.
  const there = before.filter(({ state }) => state !== 'x')
  const given = [...Map.groupBy(there, key)].flatMap(([of, [entry]]): UnitsLeft[] => {
    if (entry === undefined) return []
    const state = entry.state === 'w' ? 'supply' : 'shelf'
    return [{ line: entry.line, at: entry.place, state, quantity: unitsOf(before, of) - unitsOf(after, of) }]
  })
  // Where a warehouse named some, those are its.
  const here = (line: number, at: Place): boolean => left.some((units) => units.line === line && units.at === at)
  return given
    .toSorted((a, b) => Number(here(b.line, b.at)) - Number(here(a.line, a.at)))
    .flatMap((units) => {
      const theirs = Math.min(units.quantity, named.get(units.line) ?? 0)
      named.set(units.line, (named.get(units.line) ?? 0) - theirs)
      return units.quantity > theirs ? [{ ...units, quantity: units.quantity - theirs }] : []
    })
}

/** Units of a line that a transfer took from their sender. */
export type SentUnits = Readonly<{ transfer: string; order: OrderId; line: number; from: Place; to: Place }>

/**
 * Whether stock still holds units at a sender that they have left: given back there, they would be sold where they are not.
 * @param unfollowed what transfers of this order took that stock has not followed.
 */
export const isBehind = (holding: Holding, lines: readonly LineUnits[] | 'all', unfollowed: readonly SentUnits[]): boolean =>
  unfollowed.some(
    ({ line, from, to }) =>
      (lines === 'all' || lines.some((units) => units.line === line)) &&
      holding.some((entry) => entry.line === line && entry.state === 'r' && entry.place === from && entry.to === to),
  )
