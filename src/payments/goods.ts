/** What a parcel is worth, at the prices frozen when the order was placed: the sum to capture when it leaves. */
import { spread } from '../kernel/money.ts'
import type { LineUnits, PlacedLine } from '../orders/contract.ts'
import type { LineWorth } from './contract.ts'

/**
 * The worth of every line that has units. What is left of the total (delivery, fees) goes with the first parcel; where an
 * order-wide discount makes the total smaller than the lines, the lines share it.
 */
export const worthOfLines = (lines: readonly PlacedLine[], total: number): readonly LineWorth[] => {
  const fromBundle = bundleShares(lines)
  const goods = lines.flatMap((line, index) =>
    line.kind === 'product' || line.kind === 'component'
      ? [{ line: index, quantity: line.quantity, worth: fromBundle.get(index) ?? ownWorth(line) }]
      : [],
  )
  const sum = goods.reduce((whole, { worth }) => whole + worth, 0)
  if (sum <= total) return goods
  const shares = spread(
    total,
    goods.map(({ worth }) => worth),
  )
  return goods.map((line, index) => ({ ...line, worth: shares[index] ?? 0 }))
}

export const worth = (goods: readonly LineWorth[]): number => goods.reduce((sum, line) => sum + line.worth, 0)

/** Takes units out: what they are worth, and what is left. The last unit of a line takes the line's last penny. */
export const takeOut = (
  goods: readonly LineWorth[],
  units: readonly LineUnits[],
): Readonly<{ taken: number; left: readonly LineWorth[] }> => {
  const asked = new Map<number, number>()
  for (const { line, quantity } of units) asked.set(line, (asked.get(line) ?? 0) + quantity)
  let taken = 0
  const left: LineWorth[] = []
  for (const line of goods) {
    const gone = Math.min(line.quantity, asked.get(line.line) ?? 0)
    const [part = 0, rest = 0] = spread(line.worth, [gone, line.quantity - gone])
    taken += part
    if (gone < line.quantity) left.push({ line: line.line, quantity: line.quantity - gone, worth: rest })
  }
  return { taken, left }
}

const ownWorth = (line: PlacedLine): number => line.unitPrice * line.quantity - line.discount

/** A bundle is priced on its parent line, and its components carry the units: they share the parent's price. */
const bundleShares = (lines: readonly PlacedLine[]): ReadonlyMap<number, number> => {
  const shares = new Map<number, number>()
  for (const [parent, bundle] of lines.entries()) {
    if (bundle.kind !== 'bundle') continue
    const parts = lines.flatMap((line, index) => (line.kind === 'component' && line.parent === parent ? [{ line, index }] : []))
    // Components that carry their share already are taken at it.
    if (parts.some(({ line }) => ownWorth(line) !== 0)) continue
    const worths = spread(
      ownWorth(bundle),
      parts.map(({ line }) => line.quantity),
    )
    for (const [at, { index }] of parts.entries()) shares.set(index, worths[at] ?? 0)
  }
  return shares
}
