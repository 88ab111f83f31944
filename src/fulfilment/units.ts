/** Arithmetic on units of lines. Pure. */
import type { LineUnits } from '../orders/contract.ts'

export const unitsOf = (lines: readonly LineUnits[], line: number): number =>
  lines.reduce((sum, units) => sum + (units.line === line ? units.quantity : 0), 0)

export const totalOf = (lines: readonly Readonly<{ quantity: number }>[]): number =>
  lines.reduce((sum, { quantity }) => sum + quantity, 0)

/** One row a line, in the order in which lines first appear; rows of nothing are left out. */
export const summed = (lines: readonly LineUnits[]): LineUnits[] => {
  const sums = new Map<number, number>()
  for (const { line, quantity } of lines) sums.set(line, (sums.get(line) ?? 0) + quantity)
  return [...sums].filter(([, quantity]) => quantity > 0).map(([line, quantity]) => ({ line, quantity }))
}

/** Of these units, as many of each line as there are `there`. One row a line. */
export const within = (lines: readonly LineUnits[], there: (line: number) => number): LineUnits[] =>
  summed(lines).flatMap(({ line, quantity }) => {
    const units = Math.min(quantity, there(line))
    return units > 0 ? [{ line, quantity: units }] : []
  })

/** What is left of `from` when `taken` is gone; never below nothing. */
export const without = <Row extends LineUnits>(from: readonly Row[], taken: readonly LineUnits[]): Row[] => {
  const left = new Map(summed(taken).map(({ line, quantity }) => [line, quantity]))
  const rest: Row[] = []
  for (const row of from) {
    const gone = Math.min(row.quantity, left.get(row.line) ?? 0)
    left.set(row.line, (left.get(row.line) ?? 0) - gone)
    if (row.quantity > gone) rest.push({ ...row, quantity: row.quantity - gone })
  }
  return rest
}

/** Whether a planned line's units are still to be supplied. */
export const isAwaited = (kind: string): boolean => kind === 'backorder' || kind === 'preorder'
