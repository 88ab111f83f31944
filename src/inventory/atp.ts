/**
 * Who waits gets what, and when: supply of one product at one place, dated, handed out to the queue, and what is left to
 * promise (ATP). Promises come first: one that can be kept is kept before anybody gains; behind them the queue goes by
 * priority, then by time. Nobody waits longer than he must, and new orders are promised only what is left. Pure.
 */
import type { Day } from '../kernel/ids.ts'
import { addDays } from '../kernel/time.ts'

/** Units that are there (today), or announced for a day. `sellable`: no more of them may be promised before they come. */
export type Supply = Readonly<{ id: string; day: Day; quantity: number; sellable?: number | undefined }>
export type Demand = Readonly<{
  id: string
  quantity: number
  priority: number
  at: string
  /** The day by which its units were promised to be there, and never changed; absent: whenever there is something. */
  promised?: Day | undefined
  /** The day on which they are expected since last time; of them `lost` were expected on no day. */
  expected?: Day | undefined
  lost?: number | undefined
}>
export type Part = Readonly<{ supply: string; day: Day; quantity: number }>
/** `day`: when the last of its units that have supply is there. */
export type Allotted = Readonly<{ day?: Day | undefined; parts: readonly Part[]; unfilled: number }>
export type Allotment = Readonly<{ byDemand: ReadonlyMap<string, Allotted>; free: readonly Supply[] }>

/** Priority, then time, then name: the queue. */
export const inQueueOrder = (a: Pick<Demand, 'priority' | 'at' | 'id'>, b: Pick<Demand, 'priority' | 'at' | 'id'>): number =>
  b.priority - a.priority || compare(a.at, b.at) || compare(a.id, b.id)
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Where nothing was measured yet: supply that is past its day comes tomorrow at the earliest. */
const delayDefaultDays = 1

/** Past its day and not received: as many days from now as this supplier is usually late, never today. */
export const dueOn = (day: Day, today: Day | undefined, delayDays: number = delayDefaultDays): Day =>
  today === undefined || day >= today ? day : addDays(today, Math.max(delayDefaultDays, delayDays))

/**
 * Hands out supply. In five rounds, each in the queue's order and none taking back what one before it secured:
 * 1. promises that are on course are secured by their promised day;
 * 2. those that are late already are secured by the day that was last expected: nobody is put off twice for another's sake;
 * 3. of these, whichever can be kept after all is;
 * 4. units that are late, then units without a promise, move to the earliest supply that is left;
 * 5. units that are in time move forward into what is left then.
 */
export const allot = (supplies: readonly Supply[], demands: readonly Demand[]): Allotment => {
  const sorted = supplies.filter(({ quantity }) => quantity > 0).sort((a, b) => compare(a.day, b.day) || compare(a.id, b.id))
  const days = [...new Set(sorted.map(({ day }) => day))]
  const board = new Board(days, sorted)
  const queue = [...demands].sort(inQueueOrder)
  const plans = queue.map((demand): Plan => planOf(demand, days))
  for (const plan of plans) if (plan.onCourse) board.secure(plan, plan.known, plan.promised)
  for (const plan of plans) if (plan.isPromised && !plan.onCourse) board.secure(plan, plan.known, plan.expected)
  for (const plan of plans) board.keep(plan)
  for (const plan of plans) if (plan.isPromised) board.forward(plan, plan.promised)
  for (const plan of plans) if (!plan.isPromised) board.forward(plan, never)
  for (const plan of plans) board.forward(plan, never)
  return board.handedOut(plans, sorted)
}

/** No supply day: before the first of them. */
const never = -1

/** A demand's units by the supply day by which they are secured; the last place holds those that are not. */
type Plan = Readonly<{
  demand: Demand
  units: number[]
  /** The last supply day that keeps its promise, or the one expected; `never` where there is none. */
  promised: number
  expected: number
  isPromised: boolean
  onCourse: boolean
  /** Units that had a day. */
  known: number
}>

const planOf = (demand: Demand, days: readonly Day[]): Plan => {
  const { quantity, promised, expected, lost = 0 } = demand
  const units = new Array<number>(days.length + 1).fill(0)
  units[days.length] = quantity
  const lastBy = (day: Day | undefined): number => (day === undefined ? never : days.findLastIndex((one) => one <= day))
  return {
    demand,
    units,
    promised: lastBy(promised),
    expected: lastBy(expected),
    isPromised: promised !== undefined,
    onCourse: promised !== undefined && (expected === undefined || expected <= promised),
    known: Math.max(0, quantity - lost),
  }
}

/** Supply less what is secured, day by day. */
class Board {
  readonly #days: readonly Day[]
  /** Units that came by each day and that nobody is secured by then. Never negative. */
  readonly #slack: number[]

  constructor(days: readonly Day[], supplies: readonly Supply[]) {
    this.#days = days
    const by = new Map<Day, number>()
    for (const { day, quantity } of supplies) by.set(day, (by.get(day) ?? 0) + quantity)
    let sum = 0
    this.#slack = days.map((day) => (sum += by.get(day) ?? 0))
  }

  /** Secures units by a supply day: as many as fit without anybody else's being put off. */
  secure(plan: Plan, units: number, by: number): void {
    if (by !== never) this.#move(plan, this.#days.length, by, units)
  }

  /** Secures what is late by its promised day after all. */
  keep(plan: Plan): void {
    if (plan.promised === never) return
    for (let from = plan.promised + 1; from <= this.#days.length; from++)
      this.#move(plan, from, plan.promised, plan.units[from] ?? 0)
  }

  /** Moves units that are secured later than `by` (`never`: all of them) to the earliest supply that is left. */
  forward(plan: Plan, by: number): void {
    for (let from = by + 1; from <= this.#days.length; from++)
      for (let to = 0; to < from && (plan.units[from] ?? 0) > 0; to++) this.#move(plan, from, to, plan.units[from] ?? 0)
  }

  #move(plan: Plan, from: number, to: number, units: number): void {
    let fits = Math.min(units, plan.units[from] ?? 0)
    for (let day = to; day < from; day++) fits = Math.min(fits, this.#slack[day] ?? 0)
    if (fits === 0) return
    for (let day = to; day < from; day++) this.#slack[day] = (this.#slack[day] ?? 0) - fits
    plan.units[from] = (plan.units[from] ?? 0) - fits
    plan.units[to] = (plan.units[to] ?? 0) + fits
  }

  /** Whose units come out of which supply: of one day's, the queue's head takes from the first. */
  handedOut(plans: readonly Plan[], supplies: readonly Supply[]): Allotment {
    const left = supplies.map(({ quantity }) => quantity)
    const byDemand = new Map<string, Allotted>()
    for (const { demand, units } of plans) {
      const parts: Part[] = []
      for (const [at, { id, day }] of supplies.entries()) {
        const due = this.#days.indexOf(day)
        const quantity = Math.min(units[due] ?? 0, left[at] ?? 0)
        if (quantity === 0) continue
        units[due] = (units[due] ?? 0) - quantity
        left[at] = (left[at] ?? 0) - quantity
        parts.push({ supply: id, day, quantity })
      }
      byDemand.set(demand.id, { day: parts.at(-1)?.day, parts, unfilled: units[this.#days.length] ?? 0 })
    }
    const free = supplies.flatMap((supply, at): Supply[] => {
      const taken = supply.quantity - (left[at] ?? 0)
      const quantity = Math.min(left[at] ?? 0, Math.max(0, (supply.sellable ?? supply.quantity) - taken))
      return quantity > 0 ? [{ ...supply, quantity }] : []
    })
    return { byDemand, free }
  }
}
