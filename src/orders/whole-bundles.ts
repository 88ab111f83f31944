/** What may leave before the rest: single units as they are, bundles only whole. Orders and warehouses ask alike. Pure. */

/** A component: the line of its bundle, and how many units of it are in one bundle. */
export type BundlePart = Readonly<{ line: number; bundle: number; per: number }>
/** Units of a line that are in hand, and that are still awaited. */
export type InHand = Readonly<{ line: number; inHand: number; waits: number }>

/** @returns by line, how many of the units in hand may leave alone. Bundles of which nothing is awaited leave as they are. */
export const leavesAlone = (rows: readonly InHand[], parts: readonly BundlePart[]): Map<number, number> => {
  const leaves = new Map(rows.map(({ line, inHand }) => [line, inHand]))
  for (const bundle of new Set(parts.map((part) => part.bundle))) {
    const components = parts.flatMap(({ line, per, bundle: its }) => {
      const row = its === bundle ? rows.find((one) => one.line === line && one.inHand + one.waits > 0) : undefined
      return row === undefined ? [] : [{ ...row, per }]
    })
    if (components.every(({ waits }) => waits === 0)) continue
    const whole = Math.min(...components.map(({ inHand, per }) => Math.floor(inHand / per)))
    for (const { line, per } of components) leaves.set(line, whole * per)
  }
  return leaves
}
