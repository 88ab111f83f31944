/**
 * Lines that no place can serve whole are cut into pieces by patterns: which pools of units (stock here, a lot there)
 * are drawn, all of them fully but one. For linear costs an optimal plan has this form; steps and rounding break that,
 * so for a few units every way of cutting is tried, and otherwise the plan says by how much it may miss.
 */
import { exact, exactScore } from './exact.ts'
import { exactLinesMax } from './hub.ts'
import type { Instance, Lane } from './instance.ts'
import { solveMany } from './limited.ts'
import { costOf, finesOf, mergeLoads, type Parcel } from './plan.ts'
import { NEVER, SCALE, type Places, type Problem } from './problem.ts'

type Pool = Readonly<{ place: number; units: number; day: number; now: boolean }>
type Piece = Readonly<{ pool: Pool; quantity: number }>
type Pattern = readonly Piece[]
type Cut = Readonly<{ line: number; patterns: readonly Pattern[]; complete: boolean; slack: number }>
export type Solved = Readonly<{ parcels: readonly Parcel[]; left: readonly number[]; bound: number }>

/** Up to this many units all ways of cutting a line are tried, not only the patterns. */
const everyWayUnitsMax = 4
const patternsMax = 400
/** Steps of the exact tables spent on all patterns of an order together: about 50 ms. */
const workMax = 20_000_000

type Order = Pick<Instance, 'stock' | 'incoming' | 'pol'>

/** Lines without a place that can send them whole to any parcel, yet with units enough. */
export const linesToCut = (p: Problem, order: Order): number[] => {
  const useful = usefulPlaces(p)
  const lines: number[] = []
  for (let i = 0; i < p.n; i++) {
    let whole = false
    for (let w = 0; w < p.places.W && !whole; w++) whole = p.day[i * p.places.W + w]! <= useful[w]!
    if (whole) continue
    if (poolsOf(p, order, i, useful).reduce((sum, pool) => sum + pool.units, 0) >= p.qty[i]!) lines.push(i)
  }
  return lines
}

export const solveCut = (p: Problem, order: Order, lines: readonly number[]): Solved | null => {
  const useful = usefulPlaces(p)
  const cuts = lines.map((i) => cutsOf(p, i, poolsOf(p, order, i, useful)))
  const relaxed = relaxedBound(p, cuts, order)
  const tries = combinations(p, cuts)
  let found: Found | null = null
  let least = Number.POSITIVE_INFINITY
  for (const patterns of tries.list) {
    const left = leftOutBy(p, cuts, patterns)
    const { problem, lineOf } = withPieces(p, cuts, patterns, left)
    const few = problem.n <= exactLinesMax
    const searched = few ? null : solveMany(problem, lineOf)
    const score = few ? exactScore(problem) : (searched?.bound ?? Number.POSITIVE_INFINITY)
    least = Math.min(least, score + finesOf(p, left) * SCALE)
    if (found !== null && score + finesOf(p, left) * SCALE >= found.score) continue
    const solved = few ? exact(problem, lineOf) : searched
    if (solved === null) continue
    const next = merged(p, solved, left)
    if (found === null || next.score < found.score) found = next
    if (p.n > exactLinesMax) break
  }
  if (found === null) return null
  const slack = cuts.reduce((sum, cut) => sum + cut.slack, 0)
  const enumerated = tries.complete ? least - slack * SCALE : 0
  return { parcels: found.parcels, left: found.left, bound: Math.max(enumerated, relaxed) }
}

/** Cut lines whose pattern is empty, and what may not leave without them. */
const leftOutBy = (p: Problem, cuts: readonly Cut[], patterns: readonly Pattern[]): number[] => {
  const lines = new Set(cuts.filter((_, k) => patterns[k]!.length === 0).map((cut) => cut.line))
  const groups = new Set([...lines].map((line) => p.together?.[line] ?? 0))
  p.together?.forEach((group, i) => {
    if (group !== 0 && groups.has(group)) lines.add(i)
  })
  return [...lines]
}

type Found = Readonly<{ parcels: readonly Parcel[]; left: readonly number[]; score: number }>

/** The pieces' plan as the order's: pieces that travel together are one, and are priced as one. */
const merged = (p: Problem, solved: Pick<Solved, 'parcels' | 'left'>, left: readonly number[]): Found => {
  const parcels = solved.parcels.map((parcel): Parcel => ({ service: parcel.service, loads: mergeLoads(parcel.loads) }))
  const out = [...left, ...solved.left].sort((a, b) => a - b)
  return { parcels, left: out, score: (costOf(p, parcels) + finesOf(p, out)) * SCALE + parcels.length }
}

/** The last day on which units that leave each place still get into some parcel that leaves, -1 where they never do. */
const usefulPlaces = (p: Problem): Int32Array => {
  const { places } = p
  const latest = new Int32Array(places.W).fill(-1)
  for (let v = 0; v < places.services.length; v++) {
    const h = places.serviceHub[v]!
    const { arr } = places.services[v]!
    const last = arr === null ? NEVER - 1 : arr.length - 1
    if (last < places.ready0[h]!) continue
    latest[h] = Math.max(latest[h]!, last)
    for (let lane = places.laneFrom[h]!; p.transfers && lane < places.laneFrom[h + 1]!; lane++) {
      const { from } = places.lanes[lane]!
      latest[from] = Math.max(latest[from]!, lastDeparture(places.lanes[lane]!, last))
    }
  }
  return latest
}

/** The last day on which goods leave by the lane and are there by `last`; -1 when there is none. */
const lastDeparture = ({ arr, days }: Lane, last: number): number =>
  arr === null || arr === undefined ? last - days : arr.findLastIndex((there) => there <= last)

const poolsOf = (p: Problem, order: Order, i: number, useful: Int32Array): Pool[] => {
  const { places } = p
  const pools: Pool[] = []
  const lots = order.pol.backorder ? order.incoming[i]! : []
  for (let k = 0; k < places.W; k++) {
    if (useful[k]! < 0) continue
    const w = places.callers[k]!
    const units = order.stock[i]![w]!
    if (units > 0 && places.ready0[k]! <= useful[k]!) pools.push({ place: k, units, day: places.ready0[k]!, now: true })
    const here = lots.filter((lot) => lot.w === w && lot.qty > 0 && lot.day <= useful[k]!)
    const days = [...new Set(here.map((lot) => lot.day))].sort((a, b) => a - b)
    for (const day of days) {
      const sum = here.reduce((total, lot) => total + (lot.day === day ? lot.qty : 0), 0)
      pools.push({ place: k, units: sum, day, now: false })
    }
  }
  return pools
}

const cutsOf = (p: Problem, line: number, pools: readonly Pool[]): Cut => {
  const need = p.qty[line]!
  const exactMoney = roundsExactly(p.places, p.weight[line]! / need)
  const smooth = p.places.services.every((service) => service.tariff === null)
  const every = need <= everyWayUnitsMax && pools.length <= 6
  const patterns = every
    ? everyWay(pools, need)
    : drawnFully(p.limit === null ? pools : fullest(pools), need, p.limit === null ? patternsMax : limitedPatternsMax)
  const complete = patterns.length <= patternsMax && (every || smooth)
  const kept = patterns.sort((a, b) => a.length - b.length).slice(0, patternsMax)
  if (p.unfilled[line] !== Number.POSITIVE_INFINITY) kept.push([])
  return { line, patterns: kept, complete, slack: slackOf(pools, need, every, exactMoney) }
}

/**
 * Cents by which a plan of another form may undercut the patterns: each piece is rounded twice, by half a cent at most,
 * and stock and lots of one place that travel together are rounded together.
 */
const slackOf = (pools: readonly Pool[], need: number, every: boolean, exactMoney: boolean): number => {
  if (exactMoney) return 0
  const mixed = new Set(pools.map((pool) => pool.place)).size < pools.length
  return every ? (mixed ? 2 * need : 0) : 4 * need
}

const roundsExactly = (places: Places, grams: number): boolean =>
  [...places.services, ...places.lanes].every(({ perKg }) => (grams * perKg) % 1000 === 0)

/** Of many lines the shortest way of cutting is taken, and the fullest pools make it. */
const limitedPatternsMax = 8
const fullest = (pools: readonly Pool[]): readonly Pool[] => pools.toSorted((a, b) => b.units - a.units)

/** Sets of pools drawn fully, and one more that gives the rest. */
const drawnFully = (pools: readonly Pool[], need: number, most: number): Pattern[] => {
  const patterns: Pattern[] = []
  const draw = (from: number, left: number, taken: readonly Piece[]): void => {
    if (patterns.length > most) return
    if (left === 0) {
      patterns.push(taken)
      return
    }
    pools.forEach((pool, k) => {
      if (pool.units > left && !taken.some((piece) => piece.pool === pool)) patterns.push([...taken, { pool, quantity: left }])
      if (k >= from && pool.units <= left) draw(k + 1, left - pool.units, [...taken, { pool, quantity: pool.units }])
    })
  }
  draw(0, need, [])
  return patterns
}

/** Every multiset of pieces: the units of one pool may leave in several parcels. */
const everyWay = (pools: readonly Pool[], need: number): Pattern[] => {
  const patterns: Pattern[] = []
  const draw = (k: number, largest: number, poolLeft: number, left: number, taken: readonly Piece[]): void => {
    if (left === 0) {
      patterns.push(taken)
      return
    }
    if (patterns.length > patternsMax || k >= pools.length) return
    const pool = pools[k]!
    for (let quantity = Math.min(largest, poolLeft, left); quantity > 0; quantity--) {
      draw(k, quantity, poolLeft - quantity, left - quantity, [...taken, { pool, quantity }])
    }
    draw(k + 1, need, pools[k + 1]?.units ?? 0, left, taken)
  }
  draw(0, need, pools[0]?.units ?? 0, need, [])
  return patterns
}

const combinations = (p: Problem, cuts: readonly Cut[]): { list: Pattern[][]; complete: boolean } => {
  if (p.n > exactLinesMax) return { list: firstWays(p, cuts), complete: false }
  let list: Pattern[][] = [[]]
  for (const cut of cuts) list = list.slice(0, patternsMax).flatMap((chosen) => cut.patterns.map((pattern) => [...chosen, pattern]))
  const asked = cuts.reduce((product, cut) => product * cut.patterns.length, 1)
  const kept: Pattern[][] = []
  let work = 0
  for (const patterns of list) {
    const lines = p.n - cuts.length + patterns.reduce((sum, pattern) => sum + pattern.length, 0)
    if (lines > exactLinesMax && kept.length > 0) continue
    const places = p.places.W + p.places.lanes.length
    work += lines > exactLinesMax ? workMax : 3 ** Math.max(0, lines - 1) + places * 2 ** lines * lines
    if (work > workMax && kept.length > 0) continue
    kept.push(patterns)
  }
  const complete = kept.length === asked && cuts.every((cut) => cut.complete)
  // The way that always has a plan where lines may be left out, even when the work ran out before it.
  const none = cuts.map((): Pattern => [])
  if (kept.length < asked && cuts.every((cut) => p.unfilled[cut.line] !== Number.POSITIVE_INFINITY)) kept.push(none)
  return { list: kept, complete }
}

/**
 * Too many lines for the tables: one way of cutting each, and the bound says how good it is. Where that leaves no plan (a
 * bundle that cannot come whole), cut lines in bundles stay out, then all.
 */
const firstWays = (p: Problem, cuts: readonly Cut[]): Pattern[][] => {
  const ways = [() => false, (cut: Cut) => (p.together?.[cut.line] ?? 0) !== 0, () => true]
  return ways.flatMap((out) =>
    cuts.every((cut) => !out(cut) || p.unfilled[cut.line] !== Number.POSITIVE_INFINITY)
      ? [cuts.map((cut) => (out(cut) ? [] : cut.patterns[0]!))]
      : [],
  )
}

/** The order with the cut lines replaced by their pieces, each tied to its pool. */
const withPieces = (
  p: Problem,
  cuts: readonly Cut[],
  patterns: readonly Pattern[],
  left: readonly number[],
): { problem: Problem; lineOf: number[] } => {
  const rows: { line: number; piece: Piece | null }[] = []
  for (let i = 0; i < p.n; i++) {
    if (left.includes(i)) continue
    const k = cuts.findIndex((cut) => cut.line === i)
    if (k < 0) rows.push({ line: i, piece: null })
    else for (const piece of patterns[k]!) rows.push({ line: i, piece })
  }
  const { W } = p.places
  const n = rows.length
  const problem = { ...p, n, qty: new Float64Array(n), weight: new Float64Array(n), unfilled: new Float64Array(n) }
  const day = new Int32Array(n * W).fill(NEVER)
  const now = new Uint8Array(n * W)
  const cost = new Float64Array(n * W)
  rows.forEach(({ line, piece }, r) => {
    const share = piece === null ? p.qty[line]! : piece.quantity
    problem.qty[r] = share
    problem.weight[r] = (p.weight[line]! / p.qty[line]!) * share
    problem.unfilled[r] = piece === null ? p.unfilled[line]! : Number.POSITIVE_INFINITY
    for (let w = 0; w < W; w++) {
      const at = line * W + w
      cost[r * W + w] = (p.cost[at]! / p.qty[line]!) * share
      if (piece === null) {
        day[r * W + w] = p.day[at]!
        now[r * W + w] = p.now[at]!
      } else if (piece.pool.place === w) {
        day[r * W + w] = piece.pool.day
        now[r * W + w] = piece.pool.now ? 1 : 0
      }
    }
  })
  const together = p.together === null ? null : Int32Array.from(rows, (row) => p.together![row.line]!)
  return { problem: { ...problem, day, now, cost, together }, lineOf: rows.map((row) => row.line) }
}

/**
 * As if one pool could serve a cut line whole: all units where they are cheapest. Their weight is left out of steps and
 * rounding, and comes back as the least a unit can cost by weight.
 */
const relaxedBound = (p: Problem, cuts: readonly Cut[], order: Order): number => {
  const { W, services } = p.places
  const growing = services.every(
    (s) => s.tariff === null || s.tariff.every((step, k) => k === 0 || step.cents >= s.tariff![k - 1]!.cents),
  )
  if (!growing) return 0
  const useful = usefulPlaces(p)
  const day = p.day.slice()
  const cost = p.cost.slice()
  const weight = p.weight.slice()
  const perKg = services.reduce((least, service) => Math.min(least, service.perKg), Number.POSITIVE_INFINITY)
  for (const { line } of cuts) {
    const need = p.qty[line]!
    const byWeight = leastByWeight((p.weight[line]! / need) * perKg, need)
    weight[line] = 0
    for (const pool of poolsOf(p, order, line, useful)) day[line * W + pool.place] = Math.min(day[line * W + pool.place]!, pool.day)
    for (let w = 0; w < W; w++) cost[line * W + w] = cost[line * W + w]! + byWeight
  }
  const relaxed = { ...p, day, cost, weight }
  if (p.n <= exactLinesMax) return exactScore(relaxed)
  return solveMany(relaxed, null)?.bound ?? 0
}

/** However the units are shared out, rounding included, their weight costs at least this. */
const leastByWeight = (perUnit: number, units: number): number => {
  const tried = Math.min(units, 1000)
  let rate = units > tried ? perUnit / 1000 - 0.5 / tried : Number.POSITIVE_INFINITY
  for (let x = 1; x <= tried; x++) rate = Math.min(rate, Math.round((x * perUnit) / 1000) / x)
  return Math.max(0, Math.floor(rate * units - 1e-9))
}
