/** Which units are given back where warehouses have not heard of them yet, or stock not of what warehouses did. Pure. */
import type { StockSession } from '../inventory/contract.ts'
import type { Place } from '../kernel/ids.ts'
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
export const bareUnits = (
  before: Holding,
  after: Holding,
  left: readonly UnitsLeft[],
): readonly (LineUnits & Readonly<{ at: Place }>)[] => {
  const named = new Map<number, number>()
  for (const { line, quantity } of left) named.set(line, (named.get(line) ?? 0) + quantity)
  const unitsAt = (holding: Holding, line: number, at: Place): number =>
    sumOf(holding.map((entry) => (entry.line === line && entry.place === at ? entry.quantity : 0)))
  const places = Map.groupBy(before, ({ line, place }) => `${line} ${place}`)
  const given = [...places.values()].flatMap(([entry]) => {
    if (entry === undefined) return []
    const { line, place: at } = entry
    return [{ line, at, quantity: unitsAt(before, line, at) - unitsAt(after, line, at) }]
  })
  // Where a warehouse named some, those are its.
  const here = (line: number, at: Place): boolean => left.some((units) => units.line === line && units.at === at)
  return given
    .toSorted((a, b) => Number(here(b.line, b.at)) - Number(here(a.line, a.at)))
    .flatMap(({ line, at, quantity }) => {
      const theirs = Math.min(quantity, named.get(line) ?? 0)
      named.set(line, (named.get(line) ?? 0) - theirs)
      return quantity > theirs ? [{ line, at, quantity: quantity - theirs }] : []
    })
}

/**
 * Whether stock still sees units at their sender that warehouses know to have left it: on their way, as transfers that were
 * not sent yet are called off before, or on the shelf they were sent to.
 * @param left what warehouses let go.
 */
export const isBehind = (holding: Holding, left: readonly UnitsLeft[]): boolean => {
  const leaves = (line: number, state: UnitsLeft['state'], at?: Place): number =>
    sumOf(left.map((units) => (units.line === line && units.state === state && units.at === (at ?? units.at) ? units.quantity : 0)))
  const held = (line: number, is: (entry: Holding[number]) => boolean): number =>
    sumOf(holding.map((entry) => (entry.line === line && entry.state === 'r' && is(entry) ? entry.quantity : 0)))
  return left.some(({ line, state, at }) => {
    if (state === 'travelling') return held(line, ({ to }) => to !== undefined) > leaves(line, 'sending')
    if (state !== 'shelf') return false
    return held(line, ({ to }) => to === at) > 0 && held(line, ({ place }) => place === at) < leaves(line, 'shelf', at)
  })
}
