/**
 * Batches of real orders: decided together over one stock, or, where they hold units already, bettered until they are
 * released. Nothing is left out that was filled, and no promise is worsened: a plan that comes after its order's day is
 * fined beyond all carriage, and checked again before it is handed on. Pure; a generator, like the search itself.
 */
import type { Day, Place, Sku } from '../kernel/ids.ts'
import { type Batch, type Batched, batchSteps, type Option, type Use } from './batch.ts'
import type { Network } from './network.ts'
import { decisiveCents, type Policy } from './policy.ts'
import type { Levels, Sourced, SourcingOrder } from './request.ts'
import { createSourcer, type Sourcer } from './source.ts'

export type BatchedOrder = Readonly<{
  order: SourcingOrder
  policy: Policy
  /** The day its units are promised for; null where none was given. */
  promised: Day | null
}>
export type HoldingOrder = BatchedOrder &
  Readonly<{
    id: string
    /** Units set aside for it where they lie, all of the order's and nothing else. */
    held: readonly Readonly<{ sku: Sku; place: Place; quantity: number }>[]
    /** Not yet released, nothing on its way: the asker's rule. What may not move keeps its units. */
    mayMove: boolean
  }>
export type Move = Readonly<{ id: string; saving: number; before: Sourced; after: Sourced }>
/** Moves that need each other's units: all of them, or none. */
export type MoveGroup = Readonly<{ saving: number; moves: readonly Move[] }>
export type Bettered = Readonly<{ groups: readonly MoveGroup[]; cost: number; lowerBound: number; gap: number; decisions: number }>

type Stock = Pick<Levels, 'available' | 'price' | 'utilisation'>
type Plan = Readonly<{ sourced: Sourced; inTime: boolean }>
type Asked = Readonly<{ order: SourcingOrder; policy: Policy; engine: Sourcer; deadline: Day | null }>

/** A decision of the search holds the process for some 40 ms at most: between two of them others have their turn. */
const decisionStepsMax = 2_000_000
/** Units left out: above all that is weighed for an order otherwise. */
const leftOutCents = 100_000_000

/** Orders that came together, over these levels. `options[i].plan.sourced` is the plan of order i. */
export function* sourceTogether(network: Network, orders: readonly BatchedOrder[], levels: Stock): Generator<void, Batched<Plan>> {
  const pool = poolOf(network, orders, levels)
  const asked = orders.map(
    ({ order, policy, promised }): Asked => ({ order, policy, engine: pool.engine(policy), deadline: promised }),
  )
  return yield* batchSteps<Asked, Plan>({
    orders: asked.map((order) => ({ order, present: null })),
    stock: pool.stock,
    decide: pool.decide,
  })
}

/**
 * Another way for orders that hold units already, where it saves `threshold` for every order that moves.
 * @param levels units free beside those that the orders hold
 */
export function* betterOrders(
  network: Network,
  all: readonly HoldingOrder[],
  levels: Stock,
  threshold: number,
): Generator<void, Bettered> {
  const pool = poolOf(network, all, levels)
  const movable: Readonly<{ id: string; order: Asked; present: Option<Plan> }>[] = []
  for (const one of all) {
    if (!one.mayMove) continue
    const present = presentOf(pool, one)
    yield
    if (present === null) continue
    for (const { pair, quantity } of present.option.uses) pool.stock[pair]! += quantity
    movable.push({ id: one.id, order: present.asked, present: present.option })
  }
  const batch: Batch<Asked, Plan> = { orders: movable, stock: pool.stock, decide: pool.decide }
  const found = yield* batchSteps(batch, { threshold })
  const { lowerBound, gap, decisions } = found
  const groups = linked(found.moved, (o) => [...movable[o]!.present.uses, ...found.options[o]!.uses])
  return {
    groups: groups
      .map((group) => groupOf(group.map((o) => ({ id: movable[o]!.id, before: movable[o]!.present, after: found.options[o]! }))))
      .filter((group) => group !== null)
      .filter(({ saving, moves }) => saving >= threshold * moves.length && saving > 0),
    cost: found.cost,
    lowerBound,
    gap,
    decisions,
  }
}

/** The best way to send the very units that it holds, and the day that no other way may miss. Null: it stays as it is. */
const presentOf = (pool: Pool, one: HoldingOrder): Readonly<{ asked: Asked; option: Option<Plan> }> | null => {
  const own = new Float64Array(pool.stock.length)
  for (const { sku, place, quantity } of one.held) {
    const pair = pool.pairOf(sku, place)
    if (pair === null) return null
    own[pair]! += quantity
  }
  const asked: Asked = { order: one.order, policy: one.policy, engine: pool.engine(one.policy), deadline: null }
  const { plan, uses } = pool.decide(asked, own, null)
  const units = (list: readonly { quantity: number }[]) => list.reduce((sum, { quantity }) => sum + quantity, 0)
  if (plan.sourced.unfilled.length > 0 || units(uses) !== units(one.held)) return null
  // What is late already may not become later.
  const arrives = arrivalOf(plan.sourced)
  const deadline = one.promised === null || arrives === null ? null : one.promised > arrives ? one.promised : arrives
  const bound = { ...asked, deadline }
  return { asked: bound, option: pool.decide(bound, own, null) }
}

const groupOf = (moves: readonly Readonly<{ id: string; before: Option<Plan>; after: Option<Plan> }>[]): MoveGroup | null => {
  if (moves.some(({ after: { plan } }) => !plan.inTime || plan.sourced.unfilled.length > 0)) return null
  const told = moves.map(
    ({ id, before, after }): Move => ({
      id,
      saving: before.cost - after.cost,
      before: before.plan.sourced,
      after: after.plan.sourced,
    }),
  )
  return { saving: told.reduce((sum, { saving }) => sum + saving, 0), moves: told }
}

/** Orders that share a pair, before or after, belong together; groups so made have nothing to do with each other. */
const linked = (moved: readonly number[], usesOf: (o: number) => readonly Use[]): readonly (readonly number[])[] => {
  let groups: { members: number[]; pairs: Set<number> }[] = []
  for (const o of moved) {
    const pairs = new Set(usesOf(o).map(({ pair }) => pair))
    const touching = groups.filter((group) => [...pairs].some((pair) => group.pairs.has(pair)))
    groups = groups.filter((group) => !touching.includes(group))
    groups.push({
      members: [...touching.flatMap(({ members }) => members), o],
      pairs: new Set([...pairs, ...touching.flatMap((group) => [...group.pairs])]),
    })
  }
  return groups.map(({ members }) => members.toSorted((a, b) => a - b))
}

type Pool = Readonly<{
  stock: Float64Array
  pairOf: (sku: Sku, place: Place) => number | null
  engine: (policy: Policy) => Sourcer
  decide: Batch<Asked, Plan>['decide']
}>

const poolOf = (network: Network, orders: readonly BatchedOrder[], levels: Stock): Pool => {
  const W = network.warehouses.length
  const places = new Map<Place, number>(network.warehouses.map(({ id }, w) => [id, w]))
  const skus = [...new Set(orders.flatMap(({ order }) => order.lines.map(({ sku }) => sku)))]
  const products = new Map<Sku, number>(skus.map((sku, product) => [sku, product]))
  const row = (from: Float64Array, sku: Sku): number[] => {
    const product = products.get(sku)!
    return [...from.subarray(product * W, (product + 1) * W)]
  }
  const pairOf = (sku: Sku, place: Place): number | null => {
    const [product, w] = [products.get(sku), places.get(place)]
    return product === undefined || w === undefined ? null : product * W + w
  }
  const engines = new Map<string, Sourcer>()
  const engine = (policy: Policy): Sourcer => {
    const known = engines.get(policy.id) ?? createSourcer(network, strict(policy))
    engines.set(policy.id, known)
    return known
  }
  const decide: Pool['decide'] = ({ order, policy, engine: { source }, deadline }, stock, prices) => {
    const { scarcity } = firstTerms(policy).weights
    const later = (sku: Sku) => (scarcity === 0 ? null : (levels.price?.(sku) ?? null))
    const asked = deadline === null ? order : { ...order, wishedBy: deadline }
    const sourced = source(
      asked,
      {
        available: (sku) => row(stock, sku),
        lots: () => [],
        price: (sku) => {
          const [own, shared] = [later(sku), prices === null ? null : row(prices, sku)]
          if (own === null) return shared
          return own.map((cents, w) => Math.round(cents * scarcity) + (shared?.[w] ?? 0))
        },
        ...(levels.utilisation === undefined ? {} : { utilisation: levels.utilisation }),
      },
      decisionStepsMax,
    )
    return optionOf({ sourced, inTime: isInTime(sourced, deadline) }, usesOf(sourced, order, pairOf), prices)
  }
  const stock = Float64Array.from(skus.flatMap((sku) => levels.available(sku).map((units) => Math.max(0, units))))
  return { stock, pairOf, engine, decide }
}

const optionOf = (plan: Plan, uses: readonly Use[], prices: Float64Array | null): Option<Plan> => {
  const { cost, gap, parcels, unfilled } = plan.sourced
  const fines = leftOutCents * unfilled.reduce((sum, { quantity }) => sum + quantity, 0)
  const shared = prices === null ? 0 : uses.reduce((sum, { pair, quantity }) => sum + quantity * prices[pair]!, 0)
  return { plan, cost: cost - shared + fines, parcels, uses, least: Math.floor(cost * (1 - gap)) + fines }
}

const usesOf = (sourced: Sourced, order: SourcingOrder, pairOf: Pool['pairOf']): readonly Use[] => {
  const uses = new Map<number, number>()
  for (const { lines } of sourced.shipments)
    for (const { line, quantity, from } of lines) {
      const pair = pairOf(order.lines[line]!.sku, from)
      if (pair === null) throw new Error(`sourcing answered with a place that is not in the network: ${from}`)
      uses.set(pair, (uses.get(pair) ?? 0) + quantity)
    }
  return [...uses].map(([pair, quantity]) => ({ pair, quantity }))
}

const arrivalOf = ({ shipments }: Sourced): Day | null =>
  shipments.reduce<Day | null>((latest, { arrives }) => (latest === null || arrives > latest ? arrives : latest), null)

const isInTime = (sourced: Sourced, deadline: Day | null): boolean => {
  const arrives = arrivalOf(sourced)
  return deadline === null || arrives === null || arrives <= deadline
}

/** A ladder is decided step by step, and costs of two steps cannot be compared: its first terms are weighed. */
const firstTerms = (policy: Policy) => policy.ladder?.[0] ?? policy

/** Lateness is beyond all carriage; prices come as they are, the policy's factor already in them. */
const strict = (policy: Policy): Policy => {
  const terms = firstTerms(policy)
  const weights = { ...terms.weights, late: Math.max(terms.weights.late, decisiveCents), scarcity: 1 }
  return { ...policy, ...terms, weights, ladder: null }
}
