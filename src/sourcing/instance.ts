/**
 * The solver's instance and its plan: what goes in, what comes out, and the reading of one from text. Money is whole
 * cents, time whole days from now. Field names are those of the published format, so that anybody can compare solvers.
 */

export type Step = Readonly<{ upToGrams: number | null; cents: number }>
export type Service = Readonly<{
  id: string
  base: number
  perKg: number
  days: number
  /** Arrival day for dispatch day 0, 1, 2 …; after its end nothing leaves. Never decreasing: later out is never earlier in. */
  arr: readonly number[] | null
  tariff: readonly Step[] | null
}>
export type Site = Readonly<{
  id: string
  pick: number
  perUnit: number
  load: number
  ready0: number
  noHub: boolean
  services: readonly Service[]
}>
export type Lot = Readonly<{ w: number; day: number; qty: number }>
export type Lane = Readonly<{
  from: number
  to: number
  fixed: number
  perKg: number
  days: number
  /** As a service's: the day goods can be packed at `to` that are ready at `from` on day 0, 1, 2 …; absent: after `days`. */
  arr?: readonly number[] | null
}>
export type Terms = Readonly<{
  perDay: number
  late: number
  promiseDay: number | null
  split: number
  /** What leaving a line out costs; null where it must be served. */
  unfilled: readonly (number | null)[]
  transfers: boolean
  backorder: boolean
}>
export type Instance = Readonly<{
  n: number
  W: number
  qty: readonly number[]
  grams: readonly number[]
  stock: readonly (readonly number[])[]
  incoming: readonly (readonly Lot[])[]
  lanes: readonly Lane[]
  shadow: readonly (readonly number[])[] | null
  wh: readonly Site[]
  pol: Terms
}>

export type LineKind = 'stock' | 'transfer' | 'supply'
export type PlanLine = Readonly<{
  line: number
  quantity: number
  from: string
  /** The day the units are at the hub. */
  day: number
  kind: LineKind
  /** The day of the lots these units wait for at `from`; null when they lie there now. */
  lot: number | null
}>
export type PlanShipment = Readonly<{
  hub: string
  service: string
  /** Dispatch. */
  day: number
  arrives: number
  lines: readonly PlanLine[]
  cost: number
}>
/**
 * `cost` is null when no plan exists, and `unfilled` then names every line. `gap` is certified: no plan costs less than
 * `cost × (1 − gap)`; it is 0 when `optimal`.
 */
export type Plan = Readonly<{
  cost: number | null
  parcels: number
  optimal: boolean
  gap: number
  shipments: readonly PlanShipment[]
  unfilled: readonly number[]
}>

/** The text is no instance; the message starts with the field at fault. */
export class InstanceError extends Error {
  override name = 'InstanceError'
}

/** DESIGN §13, Limits: lines of an order, and units of a line. */
const linesMax = 2000
const unitsMax = 1_000_000
/** Enough for any network seen, and it keeps the tables of the solver in memory. */
const placesMax = 1000
/** Ten years: beyond it a day is a mistake, and days multiply prices. */
const daysMax = 3660
/** A price above this is meant as "never"; sums of such prices must stay exact. */
const centsMax = 1_000_000_000

export const parseInstance = (text: string): Instance => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new InstanceError(`instance: not JSON (${cause instanceof Error ? cause.message : 'unreadable'})`, { cause })
  }
  return readInstance(value)
}

export const readInstance = (value: unknown): Instance => {
  const top = record(value, 'instance')
  const n = whole(top['n'], 'n', 1, linesMax)
  const W = whole(top['W'], 'W', 1, placesMax)
  const units = (from: unknown, at: string) => whole(from, at, 0, unitsMax)
  const wh = list(top['wh'], 'wh', W).map((from, w) => readSite(from, `wh[${w}]`))
  wh.forEach((site, w) => {
    if (wh.findIndex((other) => other.id === site.id) !== w) throw new InstanceError(`wh[${w}].id: ${site.id} is there twice`)
  })
  return {
    n,
    W,
    qty: list(top['qty'], 'qty', n).map((from, i) => whole(from, `qty[${i}]`, 1, unitsMax)),
    grams: list(top['grams'], 'grams', n).map((from, i) => whole(from, `grams[${i}]`, 0, centsMax)),
    stock: list(top['stock'], 'stock', n).map((row, i) =>
      list(row, `stock[${i}]`, W).map((from, w) => units(from, `stock[${i}][${w}]`)),
    ),
    incoming: (top['incoming'] === undefined || top['incoming'] === null
      ? Array.from({ length: n }, () => [])
      : list(top['incoming'], 'incoming', n)
    ).map((row, i) => list(row, `incoming[${i}]`).map((from, j) => readLot(from, `incoming[${i}][${j}]`, W))),
    lanes: (top['lanes'] === undefined || top['lanes'] === null ? [] : list(top['lanes'], 'lanes')).map((from, j) =>
      readLane(from, `lanes[${j}]`, W),
    ),
    shadow:
      top['shadow'] === undefined || top['shadow'] === null
        ? null
        : list(top['shadow'], 'shadow', n).map((row, i) =>
            list(row, `shadow[${i}]`, W).map((from, w) => cents(from, `shadow[${i}][${w}]`)),
          ),
    wh,
    pol: readTerms(top['pol'], n),
  }
}

const readSite = (value: unknown, at: string): Site => {
  const site = record(value, at)
  const services = list(site['services'], `${at}.services`).map((from, v) => readService(from, `${at}.services[${v}]`))
  services.forEach((service, v) => {
    if (services.findIndex((other) => other.id === service.id) !== v)
      throw new InstanceError(`${at}.services[${v}].id: ${service.id} is there twice`)
  })
  return {
    id: identity(site['id'], `${at}.id`),
    pick: cents(site['pick'] ?? 0, `${at}.pick`),
    perUnit: cents(site['perUnit'] ?? 0, `${at}.perUnit`),
    load: cents(site['load'] ?? 0, `${at}.load`),
    ready0: whole(site['ready0'] ?? 0, `${at}.ready0`, 0, daysMax),
    noHub: flag(site['noHub'] ?? false, `${at}.noHub`),
    services,
  }
}

const readService = (value: unknown, at: string): Service => {
  const service = record(value, at)
  const arr = service['arr'] ?? null
  const tariff = service['tariff'] ?? null
  return {
    id: identity(service['id'], `${at}.id`),
    base: cents(service['base'] ?? 0, `${at}.base`),
    perKg: cents(service['perKg'] ?? 0, `${at}.perKg`),
    days: whole(service['days'] ?? (arr === null ? undefined : 0), `${at}.days`, 0, daysMax),
    arr: arr === null ? null : readArrivals(arr, `${at}.arr`),
    tariff: tariff === null ? null : readTariff(tariff, `${at}.tariff`),
  }
}

const readArrivals = (value: unknown, at: string): readonly number[] => {
  const arrivals = list(value, at).map((from, r) => whole(from, `${at}[${r}]`, 0, daysMax))
  arrivals.forEach((day, r) => {
    if (r > 0 && day < (arrivals[r - 1] ?? 0)) throw new InstanceError(`${at}[${r}]: a parcel sent later cannot arrive earlier`)
  })
  return arrivals
}

const readTariff = (value: unknown, at: string): readonly Step[] => {
  const steps = list(value, at).map((from, j): Step => {
    const step = record(from, `${at}[${j}]`)
    const upTo = step['upToGrams'] ?? null
    return {
      upToGrams: upTo === null ? null : whole(upTo, `${at}[${j}].upToGrams`, 0, Number.MAX_SAFE_INTEGER),
      cents: cents(step['cents'], `${at}[${j}].cents`),
    }
  })
  if (steps.at(-1)?.upToGrams !== null) throw new InstanceError(`${at}: the last step must be open (upToGrams null)`)
  steps.forEach((step, j) => {
    if (j === steps.length - 1) return
    if (step.upToGrams === null) throw new InstanceError(`${at}[${j}].upToGrams: only the last step is open`)
    if (j > 0 && step.upToGrams <= (steps[j - 1]?.upToGrams ?? 0))
      throw new InstanceError(`${at}[${j}].upToGrams: must grow from step to step`)
  })
  return steps
}

const readLot = (value: unknown, at: string, W: number): Lot => {
  const lot = record(value, at)
  return {
    w: whole(lot['w'], `${at}.w`, 0, W - 1),
    day: whole(lot['day'], `${at}.day`, 0, daysMax),
    qty: whole(lot['qty'], `${at}.qty`, 0, unitsMax),
  }
}

const readLane = (value: unknown, at: string, W: number): Lane => {
  const lane = record(value, at)
  return {
    from: whole(lane['from'], `${at}.from`, 0, W - 1),
    to: whole(lane['to'], `${at}.to`, 0, W - 1),
    fixed: cents(lane['fixed'] ?? 0, `${at}.fixed`),
    perKg: cents(lane['perKg'] ?? 0, `${at}.perKg`),
    days: whole(lane['days'] ?? 0, `${at}.days`, 0, daysMax),
  }
}

const readTerms = (value: unknown, n: number): Terms => {
  const pol = record(value, 'pol')
  const promiseDay = pol['promiseDay'] ?? null
  const unfilled = pol['unfilled'] ?? null
  return {
    perDay: cents(pol['perDay'] ?? 0, 'pol.perDay'),
    late: cents(pol['late'] ?? 0, 'pol.late'),
    promiseDay: promiseDay === null ? null : whole(promiseDay, 'pol.promiseDay', 0, Number.MAX_SAFE_INTEGER),
    split: cents(pol['split'] ?? 0, 'pol.split'),
    unfilled:
      unfilled === null
        ? Array.from({ length: n }, () => null)
        : list(unfilled, 'pol.unfilled', n).map((from, i) => (from === null ? null : cents(from, `pol.unfilled[${i}]`))),
    transfers: flag(pol['transfers'] ?? false, 'pol.transfers'),
    backorder: flag(pol['backorder'] ?? false, 'pol.backorder'),
  }
}

const record = (value: unknown, at: string): Readonly<Record<string, unknown>> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new InstanceError(`${at}: must be an object`)
  return Object.fromEntries(Object.entries(value))
}
const list = (value: unknown, at: string, length?: number): readonly unknown[] => {
  if (!Array.isArray(value)) throw new InstanceError(`${at}: must be a list`)
  if (length !== undefined && value.length !== length)
    throw new InstanceError(`${at}: must have ${length} entries, has ${value.length}`)
  return value
}
const whole = (value: unknown, at: string, least: number, most: number): number => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new InstanceError(`${at}: must be a whole number`)
  if (value < least || value > most) throw new InstanceError(`${at}: must lie between ${least} and ${most}, is ${value}`)
  return value
}
const cents = (value: unknown, at: string): number => whole(value, at, 0, centsMax)
const flag = (value: unknown, at: string): boolean => {
  if (typeof value !== 'boolean') throw new InstanceError(`${at}: must be true or false`)
  return value
}
const identity = (value: unknown, at: string): string => {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  if (typeof value !== 'string' || value === '') throw new InstanceError(`${at}: must be a text`)
  return value
}
