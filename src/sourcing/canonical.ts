/**
 * Lines in an order of their own, whatever order the caller has them in: among plans of the same cost the first found
 * wins, so what is found first must not depend on how a cart was filled.
 */
import type { Instance } from './instance.ts'
import type { Parcel } from './plan.ts'
import type { Problem } from './problem.ts'

type Order = Pick<Instance, 'stock' | 'incoming' | 'pol'>

/** Null when the lines already are in that order; otherwise the caller's line for each. */
export const canonicalLines = (p: Problem, order: Order): Int32Array | null => {
  let sorted = true
  for (let i = 1; i < p.n && sorted; i++) sorted = compareLines(p, order, i - 1, i) <= 0
  if (sorted) return null
  return Int32Array.from({ length: p.n }, (_, i) => i).sort((a, b) => compareLines(p, order, a, b))
}

/** By units, weight and fine; then place by place, by what is there and what it costs; 0 for lines that nothing tells apart. */
const compareLines = (p: Problem, order: Order, a: number, b: number): number => {
  const head = p.qty[a]! - p.qty[b]! || p.weight[a]! - p.weight[b]! || compare(p.unfilled[a]!, p.unfilled[b]!)
  if (head !== 0) return head
  const { W, callers } = p.places
  const [stockA, stockB] = [order.stock[a]!, order.stock[b]!]
  for (let w = 0; w < W; w++) {
    const [x, y] = [a * W + w, b * W + w]
    const place = callers[w]!
    const here = p.day[x]! - p.day[y]! || p.cost[x]! - p.cost[y]! || stockA[place]! - stockB[place]!
    if (here !== 0) return here
  }
  return compareLots(p, order, a, b) || (p.together === null ? 0 : p.together[a]! - p.together[b]!)
}

const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0)

const compareLots = (p: Problem, order: Order, a: number, b: number): number => {
  if (!order.pol.backorder) return 0
  const [lotsA, lotsB] = [order.incoming[a]!, order.incoming[b]!]
  if (lotsA.length === 0 && lotsB.length === 0) return 0
  const rowOf = (lots: typeof lotsA) =>
    [...lots]
      .map((lot) => [p.places.sorted[lot.w]!, lot.day, lot.qty] as const)
      .sort((one, other) => one[0] - other[0] || one[1] - other[1] || one[2] - other[2])
      .flat()
  const [rowA, rowB] = [rowOf(lotsA), rowOf(lotsB)]
  for (let k = 0; k < rowA.length && k < rowB.length; k++) if (rowA[k] !== rowB[k]) return rowA[k]! - rowB[k]!
  return rowA.length - rowB.length
}

export const reorderLines = (p: Problem, lines: Int32Array): Problem => {
  const { W } = p.places
  const day = new Int32Array(p.day.length)
  const now = new Uint8Array(p.now.length)
  const cost = new Float64Array(p.cost.length)
  lines.forEach((line, i) => {
    day.set(p.day.subarray(line * W, line * W + W), i * W)
    now.set(p.now.subarray(line * W, line * W + W), i * W)
    cost.set(p.cost.subarray(line * W, line * W + W), i * W)
  })
  const pick = (row: Float64Array) => Float64Array.from(lines, (line) => row[line]!)
  const { together } = p
  return {
    ...p,
    qty: pick(p.qty),
    weight: pick(p.weight),
    unfilled: pick(p.unfilled),
    day,
    now,
    cost,
    together: together === null ? null : Int32Array.from(lines, (line) => together[line]!),
  }
}

export const reorderOrder = (order: Order, lines: Int32Array): Order => ({
  pol: order.pol,
  stock: Array.from(lines, (line) => order.stock[line]!),
  incoming: order.pol.backorder ? Array.from(lines, (line) => order.incoming[line]!) : order.incoming,
})

/** Back to the caller's numbers. */
export const callersParcels = (parcels: readonly Parcel[], lines: Int32Array): Parcel[] =>
  parcels.map(({ service, loads }) => ({
    service,
    loads: loads.map((load) => ({ ...load, line: lines[load.line]! })).sort((a, b) => a.line - b.line),
  }))
