/** Which units of an order may come back, and what they are worth. Bundles come back whole: a bundle's line stands for its parts. Pure. */
import type { LineUnits } from '../orders/contract.ts'
import type { ReturnableLine, ReturnableOrder } from './contract.ts'

/** Another return of the same order: what it is still promised, and what of it the order has not counted yet. */
export type Other = Readonly<{ expected: readonly LineUnits[]; received: readonly LineUnits[]; refund: number }>
type Part = Readonly<{ line: number; per: number }>

/** The lines whose units a line stands for: itself, or a bundle's parts. None for charges, and for lines that are not there. */
export const carriedBy = ({ lines }: ReturnableOrder, line: number): readonly Part[] => {
  const kind = lines[line]?.kind
  if (kind === 'product' || kind === 'component') return [{ line, per: 1 }]
  if (kind !== 'bundle') return []
  return lines.flatMap((part, at) => (part.parent === line ? [{ line: at, per: part.perBundle ?? 1 }] : []))
}

/** What was asked, in units; `unknown`: the first that names no line with units. */
export const unitsOf = <Asked extends LineUnits>(
  order: ReturnableOrder,
  asked: readonly Asked[],
): readonly Asked[] | Readonly<{ unknown: number }> => {
  const units: Asked[] = []
  for (const [index, one] of asked.entries()) {
    const parts = carriedBy(order, one.line)
    if (parts.length === 0) return { unknown: index }
    for (const { line, per } of parts) units.push({ ...one, line, quantity: one.quantity * per })
  }
  return units
}

export const sumOf = (units: readonly LineUnits[]): ReadonlyMap<number, number> => {
  const sums = new Map<number, number>()
  for (const { line, quantity } of units) sums.set(line, (sums.get(line) ?? 0) + quantity)
  return sums
}

const taken = (others: readonly Other[], which: 'expected' | 'received', line: number): number =>
  others.reduce((sum, other) => sum + (sumOf(other[which]).get(line) ?? 0), 0)

/** By line: units that were sent, and that no return has, or has had. */
export const returnableOf = ({ lines }: ReturnableOrder, others: readonly Other[]): readonly number[] =>
  lines.map(({ shipped, returned }, line) =>
    Math.max(0, shipped - returned - taken(others, 'expected', line) - taken(others, 'received', line)),
  )

/** What these units are worth: each line's worth spread over its units by largest remainder, so that all of them make the whole. */
export const worthOf = ({ lines }: ReturnableOrder, others: readonly Other[], came: ReadonlyMap<number, number>): number => {
  let worth = 0
  for (const [index, quantity] of came) {
    const line = lines[index]
    if (line === undefined) continue
    // News of an earlier return may be counted twice for a moment; the units at hand are worth something all the same.
    const before = Math.min(line.returned + taken(others, 'received', index), Math.max(0, line.current - quantity))
    worth += firstUnits(line, before + quantity) - firstUnits(line, before)
  }
  return worth
}

const firstUnits = ({ worth, current }: ReturnableLine, units: number): number => {
  if (current === 0) return 0
  const each = Math.floor(worth / current)
  return each * units + Math.min(units, worth - each * current)
}

/** The most that may still be given back: captured, not refunded, and not promised by another return of the order. */
export const giveable = ({ total, captured, refunded }: ReturnableOrder, others: readonly Other[]): number => {
  const promised = others.reduce((sum, { refund }) => sum + refund, 0)
  return Math.max(0, Math.min(captured - refunded, Math.min(captured, total) - promised))
}
