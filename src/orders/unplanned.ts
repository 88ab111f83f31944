/** Which units are given back of an order whose warehouses have not heard of them. Pure. */
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
