/**
 * The instance as the solver wants it: warehouses, services and lanes sorted by id, numbers in flat arrays. The network
 * half (`Places`) is prepared once and serves many orders; the order half (`Problem`) is built for each.
 * In the solver's files an index is in range by construction, hence the `!`.
 */
import type { Instance, Lane, Service, Site } from './instance.ts'

/** Later than any day that can be reached. */
export const NEVER = 0x3fff_ffff
/** A plan is compared by cents, then parcels, in one number: exact up to two billion in money and 4,095 parcels. */
export const SCALE = 4096
export const exactCentsMax = Math.floor(Number.MAX_SAFE_INTEGER / SCALE)

export type Places = Readonly<{
  W: number
  ids: readonly string[]
  /** The caller's index of each sorted warehouse, and the other way round. */
  callers: Int32Array
  sorted: Int32Array
  ready0: Int32Array
  /** Pick and load: what a parcel costs before any carrier. */
  fixed: Float64Array
  perUnit: Float64Array
  services: readonly Service[]
  serviceFrom: Int32Array
  serviceHub: Int32Array
  /** Lanes grouped by the hub they lead to. */
  lanes: readonly Lane[]
  laneFrom: Int32Array
  /** The least that any lane to each hub costs at all, Infinity where none leads. */
  leastLane: Float64Array
}>

export type Problem = Readonly<{
  places: Places
  n: number
  qty: Float64Array
  /** Grams of the whole line. */
  weight: Float64Array
  /** [line × W + place]: the first day the whole line can leave the place; NEVER where it cannot. */
  day: Int32Array
  /** The same index: 1 when it can because it lies there now. */
  now: Uint8Array
  /** The same index: handling and price of the line's units at the place. */
  cost: Float64Array
  /** Cents for leaving the line out, Infinity where it must be served. */
  unfilled: Float64Array
  perDay: number
  late: number
  promiseDay: number
  split: number
  transfers: boolean
  /** At most one parcel leaves; the other lines stay unfilled. */
  oneParcel: boolean
  /** Lines with the same number leave in the same parcel or not at all; 0 is free. Null when all are free. */
  together: Int32Array | null
  /** How much search many lines are worth now; null: all that helps. */
  limit: Limit | null
}>
/** Counted work, shared by all searches of one answer. `cut`: some search ended for it, so more of it may find a better plan. */
export type Limit = { readonly steps: number; left: number; cut: boolean }
/** As much of a problem as prices a parcel. */
export type Pricing = Pick<Problem, 'places' | 'perDay' | 'late' | 'promiseDay' | 'split'>
export const pricingOf = (
  places: Places,
  { perDay, late, promiseDay, split }: Pick<Instance['pol'], 'perDay' | 'late' | 'promiseDay' | 'split'>,
): Pricing => ({ places, perDay, late, promiseDay: promiseDay ?? NEVER, split })
export type Bonds = Readonly<{ oneParcel: boolean; together: readonly number[] | null }>
export const noBonds: Bonds = { oneParcel: false, together: null }

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export const preparePlaces = (wh: readonly Site[], lanes: readonly Lane[]): Places => {
  const W = wh.length
  const order = wh.map((_, w) => w).sort((a, b) => byText(wh[a]!.id, wh[b]!.id))
  const sorted = new Int32Array(W)
  order.forEach((w, k) => {
    sorted[w] = k
  })
  const sites = order.map((w) => wh[w]!)
  const services = sites.flatMap((site) => [...site.services].sort((a, b) => byText(a.id, b.id)))
  const usable = lanes
    .filter((lane) => lane.from !== lane.to && !wh[lane.to]!.noHub)
    .map((lane): Lane => ({ ...lane, arr: lane.arr ?? null, from: sorted[lane.from]!, to: sorted[lane.to]! }))
    .sort((a, b) => a.to - b.to || a.from - b.from || a.fixed - b.fixed || a.perKg - b.perKg || a.days - b.days)
  return {
    W,
    ids: sites.map((site) => site.id),
    callers: Int32Array.from(order),
    sorted,
    ready0: Int32Array.from(sites, (site) => site.ready0),
    fixed: Float64Array.from(sites, (site) => site.pick + site.load),
    perUnit: Float64Array.from(sites, (site) => site.perUnit),
    services,
    serviceFrom: offsets(sites.map((site) => site.services.length)),
    serviceHub: Int32Array.from(sites.flatMap((site, h) => site.services.map(() => h))),
    lanes: usable,
    laneFrom: offsets(sites.map((_, h) => usable.filter((lane) => lane.to === h).length)),
    leastLane: leastFixed(usable, W),
  }
}

const leastFixed = (lanes: readonly Lane[], W: number): Float64Array => {
  const least = new Float64Array(W).fill(Number.POSITIVE_INFINITY)
  for (const { to, fixed } of lanes) least[to] = Math.min(least[to]!, fixed)
  return least
}

const offsets = (counts: readonly number[]): Int32Array => {
  const starts = new Int32Array(counts.length + 1)
  counts.forEach((count, k) => {
    starts[k + 1] = starts[k]! + count
  })
  return starts
}

export const buildProblem = (
  places: Places,
  order: Omit<Instance, 'wh' | 'lanes'>,
  bonds: Bonds = noBonds,
  limit: Limit | null = null,
): Problem => {
  const { n, W } = order
  const { pol } = order
  const qty = new Float64Array(n)
  const weight = new Float64Array(n)
  const day = new Int32Array(n * W)
  const now = new Uint8Array(n * W)
  const cost = new Float64Array(n * W)
  const unfilled = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    const need = order.qty[i]!
    const stock = order.stock[i]!
    const lots = pol.backorder ? order.incoming[i]! : noLots
    const shadow = order.shadow === null ? null : order.shadow[i]!
    qty[i] = need
    weight[i] = need * order.grams[i]!
    unfilled[i] = pol.unfilled[i] ?? Number.POSITIVE_INFINITY
    for (let k = 0; k < W; k++) {
      const w = places.callers[k]!
      const at = i * W + k
      const here = stock[w]! >= need
      now[at] = here ? 1 : 0
      day[at] = here ? places.ready0[k]! : lots.length === 0 ? NEVER : coveredOn(lots, w, need - stock[w]!)
      cost[at] = need * (places.perUnit[k]! + (shadow === null ? 0 : shadow[w]!))
    }
  }
  const { perDay, late, split, transfers } = pol
  return {
    places,
    n,
    qty,
    weight,
    day,
    now,
    cost,
    unfilled,
    perDay,
    late,
    promiseDay: pol.promiseDay ?? NEVER,
    split,
    transfers,
    oneParcel: bonds.oneParcel,
    together: bonds.together === null ? null : Int32Array.from(bonds.together),
    limit,
  }
}

const noLots: Instance['incoming'][number] = []

/** The first day by which the lots at `w` add up to what is lacking there. */
const coveredOn = (lots: Instance['incoming'][number], w: number, lacking: number): number => {
  let best = NEVER
  for (const lot of lots) {
    if (lot.w !== w || lot.day >= best) continue
    let sum = 0
    for (const other of lots) if (other.w === w && other.day <= lot.day) sum += other.qty
    if (sum >= lacking) best = lot.day
  }
  return best
}

/** The day a parcel dispatched on `day` arrives; NEVER after the end of the service's table. */
export const arrival = (service: Service, day: number): number =>
  service.arr === null ? day + service.days : day < service.arr.length ? service.arr[day]! : NEVER

/** The day goods are at the lane's hub that are ready at its other end on `day`; NEVER after the end of its table. */
export const movedBy = ({ arr, days }: Lane, day: number): number =>
  arr === null || arr === undefined ? day + days : day < arr.length ? arr[day]! : NEVER

export const perKilo = (grams: number, price: number): number => Math.round((grams * price) / 1000)

export const stepCents = (service: Service, grams: number): number => {
  if (service.tariff === null) return 0
  for (const step of service.tariff) if (step.upToGrams === null || grams <= step.upToGrams) return step.cents
  return 0
}

export const leastStep = (service: Service): number =>
  service.tariff === null ? 0 : service.tariff.reduce((least, step) => Math.min(least, step.cents), Number.POSITIVE_INFINITY)

/** What line `i` adds to a parcel of this service that arrives on day `a`. */
export const carried = (p: Problem, i: number, service: Service, a: number): number =>
  perKilo(p.weight[i]!, service.perKg) + p.qty[i]! * (p.perDay * a + p.late * Math.max(0, a - p.promiseDay))
