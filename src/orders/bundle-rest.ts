/** What goes with a component that cannot be had: nobody is sent, or pays for, a part of a bundle. Pure. */
import type { LineUnits, OrderEvent } from './contract.ts'
import { letGoRank } from './derive.ts'
import { sumOf, type UnitsLeft } from './order.ts'

type BundleLine = Readonly<{ kind: string; quantity: number; parent?: number }>

/**
 * Where units of a component are given up, the other components of as many bundles, so that nobody gets a part of one.
 * @param current units of each line that are ordered now, those given up among them.
 */
export const restOfBundles = (
  lines: readonly BundleLine[],
  current: readonly number[],
  gone: readonly Readonly<{ line: number; quantity: number }>[],
): readonly Readonly<{ line: number; quantity: number }>[] => {
  const given = (line: number): number => gone.reduce((sum, units) => sum + (units.line === line ? units.quantity : 0), 0)
  const touched = new Set(gone.flatMap(({ line }) => lines[line]?.parent ?? []))
  return [...touched].flatMap((bundle) => {
    const parts = lines.flatMap((part, line) =>
      part.parent === bundle
        ? [{ line, per: part.quantity / (lines[bundle]?.quantity ?? 1), left: (current[line] ?? 0) - given(line) }]
        : [],
    )
    const whole = Math.min(...parts.map(({ left, per }) => Math.floor(left / per)))
    return parts.flatMap(({ line, per, left }) => (left > whole * per ? [{ line, quantity: left - whole * per }] : []))
  })
}

/** Of these units, those that a step has just set aside, and where: in the order in which they leave its plan (`planWithout`). */
export const setAside = (events: readonly OrderEvent[], units: readonly LineUnits[]): UnitsLeft[] => {
  const parts = events.flatMap((event) => (event.type === 'StockReserved' ? event.shipments : [])).flatMap(({ lines }) => lines)
  parts.sort((a, b) => letGoRank[a.kind] - letGoRank[b.kind])
  return units.flatMap(({ line, quantity }) => {
    let left = quantity
    return parts.flatMap((part): UnitsLeft[] => {
      const taken = part.line === line ? Math.min(left, part.quantity) : 0
      left -= taken
      const state = part.kind === 'backorder' || part.kind === 'preorder' ? 'supply' : 'shelf'
      return taken > 0 ? [{ line, quantity: taken, at: part.from, state }] : []
    })
  })
}

export const unitsWithout = (units: readonly LineUnits[], taken: readonly LineUnits[]): LineUnits[] =>
  units.flatMap(({ line, quantity }) => {
    const left = quantity - sumOf(taken.map((one) => (one.line === line ? one.quantity : 0)))
    return left > 0 ? [{ line, quantity: left }] : []
  })
