/**
 * Shadow policies: each decides, beside the live one, the orders it would be chosen for; only sums are kept. It happens
 * after the order's own decision and never inside it: one decision a turn of the event loop, from a bounded queue, and not
 * at all while placements wait. What there was no time for is counted as `skipped`.
 */
import type { Day, Sku } from '../kernel/ids.ts'
import { soon } from '../kernel/timers.ts'
import { type Levels, paidCents, type Sourced, type Sourcer, type SourcingOrder } from '../sourcing/contract.ts'
import { added, noSums, type PolicyRepository, type ShadowRow, type ShadowSums } from './policies-store.ts'

/** A few milliseconds of work each, and a few kilobytes of levels. */
const waitingMax = 256
/** Placements that wait beyond this need the processor themselves. */
const backlogMax = 32

export type ShadowAsked = Readonly<{
  policy: string
  day: Day
  sourcer: () => Sourcer
  order: SourcingOrder
  levels: Levels
  live: Sourced
}>
export type ShadowOptions = Readonly<{
  repository: Pick<PolicyRepository, 'addShadow'>
  /** Placements that are not answered yet. */
  backlog: () => number
  warn: (fault: unknown) => void
}>

export class Shadows {
  readonly #options: ShadowOptions
  readonly #waiting: ShadowAsked[] = []
  #sums = new Map<string, ShadowRow>()
  #scheduled = false
  #idle: (() => void)[] = []

  constructor(options: ShadowOptions) {
    this.#options = options
  }

  /** Called within a decision: copies what it will need and returns. */
  offer(asked: ShadowAsked): void {
    if (this.#waiting.length >= waitingMax || this.#options.backlog() > backlogMax)
      return this.#add(asked, { ...noSums, skipped: 1 })
    this.#waiting.push({ ...asked, levels: copied(asked.order, asked.levels) })
    this.#schedule()
  }

  /** When nothing waits any more. */
  settled(): Promise<void> {
    return this.#waiting.length === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve))
  }

  /** Saves the sums; what could not be saved is kept for the next time. */
  async flush(): Promise<void> {
    const sums = this.#sums
    if (sums.size === 0) return
    this.#sums = new Map()
    try {
      await this.#options.repository.addShadow([...sums.values()])
    } catch (fault) {
      for (const row of sums.values()) this.#add(row, row)
      throw fault
    }
  }

  /** The last sums are saved; a database that is gone keeps nobody from stopping. */
  async stop(): Promise<void> {
    await this.flush().catch(this.#options.warn)
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    soon(() => {
      this.#scheduled = false
      const asked = this.#waiting.shift()
      if (asked !== undefined) this.#decide(asked)
      if (this.#waiting.length > 0) return this.#schedule()
      for (const resolve of this.#idle.splice(0)) resolve()
    })
  }

  #decide(asked: ShadowAsked): void {
    if (this.#options.backlog() > backlogMax) return this.#add(asked, { ...noSums, skipped: 1 })
    try {
      const shadow = asked.sourcer().source(asked.order, asked.levels)
      this.#add(asked, difference(asked.live, shadow))
    } catch (fault) {
      this.#options.warn(fault)
      this.#add(asked, { ...noSums, skipped: 1 })
    }
  }

  #add({ policy, day }: Readonly<{ policy: string; day: string }>, sums: ShadowSums): void {
    const key = `${policy} ${day}`
    this.#sums.set(key, { policy, day, ...added(this.#sums.get(key) ?? noSums, sums) })
  }
}

/** What the decision saw: the batch's own levels go on changing. */
const copied = (order: SourcingOrder, levels: Levels): Levels => {
  const skus = [...new Set(order.lines.map(({ sku }) => sku))]
  const rows = <Row>(of: (sku: Sku) => Row): Map<Sku, Row> => new Map(skus.map((sku) => [sku, of(sku)]))
  const available = rows((sku) => [...levels.available(sku)])
  const lots = rows((sku) => [...levels.lots(sku)])
  const prices = levels.price === undefined ? undefined : rows(levels.price)
  return {
    available: (sku) => available.get(sku) ?? [],
    lots: (sku) => lots.get(sku) ?? [],
    ...(prices === undefined ? {} : { price: (sku) => prices.get(sku) ?? null }),
    ...(levels.utilisation === undefined ? {} : { utilisation: levels.utilisation }),
  }
}

const difference = (live: Sourced, shadow: Sourced): ShadowSums => ({
  orders: 1,
  skipped: 0,
  differently: JSON.stringify(waysOf(live)) === JSON.stringify(waysOf(shadow)) ? 0 : 1,
  unfilledDifference: shadow.unfilled.length - live.unfilled.length,
  costDifference: paidCents(shadow) - paidCents(live),
  parcelsDifference: shadow.parcels - live.parcels,
  transfersDifference: transfersOf(shadow) - transfersOf(live),
})

const waysOf = ({ shipments }: Sourced) => shipments.map(({ place, service, dispatch, lines }) => [place, service, dispatch, lines])
const transfersOf = ({ shipments }: Sourced): number =>
  shipments.reduce(
    (sum, { lines }) => sum + new Set(lines.flatMap(({ kind, from }) => (kind === 'transfer' ? [from] : []))).size,
    0,
  )
