/**
 * A quick way for orders of few lines: everything in one parcel from the shelves of one place. Most orders of a shop with
 * ample stock end like that, and then neither problem nor tables are laid: null wherever it is not proven to be the very
 * plan that the tables would find.
 *
 * The proof. Let C be the cost of the cheapest such parcel, the first in the order of places and services among equals, as
 * the tables go. Let f(v) be what a parcel of service v costs at all, with the least step of its tariff, and m(i, v) what
 * line i adds to it at least: the cheapest unit among the places that have the line whole, and v's carriage and time on the
 * first day its place can send. Lanes only add to both, and waiting makes nothing cheaper. So
 * - a plan of k ≥ 2 parcels costs at least k · min f + Σ min m(i, v). Is that at least C for k = 2, it is so for more, and
 *   at the same cost fewer parcels win;
 * - one parcel of service v with lines by lanes costs at least f(v) + Σ m(i, v) + the least fixed cost of a lane to its
 *   place. It must be above C: at the same cost an earlier place would be found first;
 * - a plan that leaves a line out costs at least what that costs, which must be above C;
 * - one parcel of the same shelves on a later day costs no less and is found later.
 * A line that the place has whole is never cut. Without dated supply there is no other plan.
 */
import { effort } from './effort.ts'
import { fewForTables } from './exact.ts'
import type { Instance } from './instance.ts'
import type { Load } from './plan.ts'
import { arrival, exactCentsMax, leastStep, NEVER, perKilo, type Places, SCALE, stepCents } from './problem.ts'
import type { Solved } from './split.ts'

export type Shelved = Readonly<
  Pick<Instance, 'n' | 'qty' | 'grams' | 'stock' | 'shadow'> & {
    pol: Pick<Instance['pol'], 'perDay' | 'late' | 'promiseDay' | 'split' | 'transfers'>
  }
>

/** More lines are seldom one parcel of one place, and buffers are this long. */
const linesMax = 12
const weight = new Float64Array(linesMax)
/** Cents of the cheapest place that has the line whole, and of the cheapest way from there. */
const leastHandling = new Float64Array(linesMax)
const leastCarriage = new Float64Array(linesMax)

/** Service of the cheapest parcel, what it costs, and what every parcel costs at least. */
let chosen = -1
let cost = 0
let leastOpening = 0

/** For an order without dated supply. @param leftOut the least that leaving a line out costs */
export const fromOnePlace = (places: Places, order: Shelved, leftOut: number): Solved | null => {
  const { n } = order
  if (n === 0 || n > linesMax || !fewForTables(places, n, order.pol.transfers)) return null
  if (!handleAll(places, order)) return null
  choose(places, order)
  if (chosen < 0 || cost > exactCentsMax || cost >= leftOut) return null
  if (2 * leastOpening + total(leastHandling, n) + total(leastCarriage, n) < cost) return null
  if (order.pol.transfers && lanesPay(places, order)) return null
  effort.atOnce++
  return { parcels: [{ service: chosen, loads: loadsOf(places, order) }], left: [], bound: cost * SCALE + 1 }
}

/** What each line costs at the cheapest place that has it whole; false where none has. */
const handleAll = (places: Places, { n, qty, grams, stock, shadow }: Shelved): boolean => {
  const { W, perUnit, callers } = places
  for (let i = 0; i < n; i++) {
    const need = qty[i]!
    const row = stock[i]!
    const prices = shadow === null ? null : shadow[i]!
    let least = Number.POSITIVE_INFINITY
    for (let k = 0; k < W; k++) {
      const w = callers[k]!
      if (row[w]! < need) continue
      const cents = perUnit[k]! + (prices === null ? 0 : prices[w]!)
      if (cents < least) least = cents
    }
    if (least === Number.POSITIVE_INFINITY) return false
    weight[i] = need * grams[i]!
    leastHandling[i] = need * least
    leastCarriage[i] = Number.POSITIVE_INFINITY
  }
  return true
}

const choose = (places: Places, { n, qty, stock, shadow, pol }: Shelved): void => {
  const { services, serviceHub, ready0, fixed, perUnit, callers } = places
  const promiseDay = pol.promiseDay ?? NEVER
  chosen = -1
  cost = Number.POSITIVE_INFINITY
  leastOpening = Number.POSITIVE_INFINITY
  for (let v = 0; v < services.length; v++) {
    const service = services[v]!
    const hub = serviceHub[v]!
    const w = callers[hub]!
    const arrives = arrival(service, ready0[hub]!)
    if (arrives === NEVER) continue
    const timeOfUnit = pol.perDay * arrives + pol.late * Math.max(0, arrives - promiseDay)
    const opening = service.base + fixed[hub]! + pol.split
    let cents = opening
    let grams = 0
    let whole = true
    for (let i = 0; i < n; i++) {
      const need = qty[i]!
      const carriage = perKilo(weight[i]!, service.perKg) + need * timeOfUnit
      if (carriage < leastCarriage[i]!) leastCarriage[i] = carriage
      if (stock[i]![w]! < need) whole = false
      cents += carriage + need * (perUnit[hub]! + (shadow === null ? 0 : shadow[i]![w]!))
      grams += weight[i]!
    }
    const least = opening + (service.tariff === null ? 0 : leastStep(service))
    if (least < leastOpening) leastOpening = least
    if (!whole) continue
    if (service.tariff !== null) cents += stepCents(service, grams)
    if (cents >= cost) continue
    cost = cents
    chosen = v
  }
}

/** Whether a parcel with lines by a lane may cost no more. */
const lanesPay = (places: Places, { n, qty, pol }: Shelved): boolean => {
  const { W, services, serviceHub, ready0, fixed, leastLane } = places
  const promiseDay = pol.promiseDay ?? NEVER
  const handling = total(leastHandling, n)
  let leastMoved = Number.POSITIVE_INFINITY
  for (let k = 0; k < W; k++) if (leastLane[k]! < leastMoved) leastMoved = leastLane[k]!
  // Mostly this already says it, for all services at once.
  if (leastOpening + handling + total(leastCarriage, n) + leastMoved > cost) return false
  for (let v = 0; v < services.length; v++) {
    const hub = serviceHub[v]!
    if (leastLane[hub] === Number.POSITIVE_INFINITY) continue
    const service = services[v]!
    const arrives = arrival(service, ready0[hub]!)
    if (arrives === NEVER) continue
    const timeOfUnit = pol.perDay * arrives + pol.late * Math.max(0, arrives - promiseDay)
    let cents = service.base + fixed[hub]! + pol.split + handling + leastLane[hub]!
    if (service.tariff !== null) cents += leastStep(service)
    for (let i = 0; i < n; i++) cents += perKilo(weight[i]!, service.perKg) + qty[i]! * timeOfUnit
    if (cents <= cost) return true
  }
  return false
}

const total = (row: Float64Array, n: number): number => {
  let sum = 0
  for (let i = 0; i < n; i++) sum += row[i]!
  return sum
}

const loadsOf = (places: Places, { n, qty, shadow }: Shelved): Load[] => {
  const hub = places.serviceHub[chosen]!
  const w = places.callers[hub]!
  const loads: Load[] = []
  for (let line = 0; line < n; line++)
    loads.push({
      line,
      quantity: qty[line]!,
      grams: weight[line]!,
      unitCost: places.perUnit[hub]! + (shadow === null ? 0 : shadow[line]![w]!),
      lane: -1,
      from: hub,
      ready: places.ready0[hub]!,
      lot: null,
    })
  return loads
}
