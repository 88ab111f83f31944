/**
 * The queue of those who wait, and what is announced to come, during one batch: who gets which units of what came in, what
 * may still be promised, and whose day moves when supply does. The rule itself is in `atp.ts`. Pure.
 */
import type { Day, Instant, OrderId, Place, Sku } from '../kernel/ids.ts'
import { addDays, dayIn } from '../kernel/time.ts'
import type { LineUnits } from '../orders/contract.ts'
import { allot, type Demand, dueOn, inQueueOrder, type Supply } from './atp.ts'
import type { InventoryEvent, LostLine, MovedLine } from './events.ts'
import type { OpenLot } from './planner.ts'
import type { Lot, Waiting } from './store.ts'

export type QueueTimes = Readonly<{
  /** The shop's: what "today" is. */
  zone: string
  /** Absent where nothing is saved: the day is that of the question. */
  now?: Instant | undefined
  /** When units that are at a place now, or come in there on a day, can be packed at another; undefined: they cannot get there. */
  fromShelf: (from: Place, to: Place, at: Instant, today: Day) => Day | undefined
  fromSupply: (from: Place, to: Place, day: Day) => Day | undefined
}>
const nextDay = (from: Place, to: Place, day: Day): Day => (from === to ? day : addDays(day, 1))
/** Where no network is known: places work every day and are a day apart. */
export const anywhere: QueueTimes = {
  zone: 'UTC',
  fromShelf: (from, to, _, today) => nextDay(from, to, today),
  fromSupply: nextDay,
}

/** Nobody has confirmed the day: what is promised of it is promised a week later. */
const forecastDays = 7
/** Units that are there, among supply that is announced. */
const here = ''
/** Before every day that is announced, where it is not known what day it is. */
const atOnce = '0000-01-01' as Day

type Row = Pick<Waiting, 'sku' | 'order' | 'line' | 'place'>
const rowKey = ({ sku, order, line, place }: Row): string => `${sku}\n${order}\n${line}\n${place}`
const demandOf = (row: Waiting): Demand => ({ ...row, id: `${row.order} ${String(row.line).padStart(6, '0')} ${row.place}` })
const compare = (a: Waiting, b: Waiting): number => inQueueOrder(demandOf(a), demandOf(b))
const isLate = ({ lost = 0, promised, expected }: Waiting): boolean =>
  lost > 0 || expected === undefined || (promised !== undefined && expected > promised)

export class Queue {
  readonly #times: QueueTimes
  #at: Instant | undefined
  #day: Day | undefined
  readonly #lots: Map<string, Lot>
  readonly #touchedLots = new Set<string>()
  readonly #waiting: Map<string, Waiting>
  readonly #saved = new Set<string>()
  readonly #gone = new Map<string, Waiting>()
  /** Products whose supply or queue changed: their days are looked at again. */
  readonly #unsettled = new Set<Sku>()
  readonly #open = new Map<Sku, readonly OpenLot[]>()
  readonly #moved = new Map<OrderId, MovedLine[]>()
  readonly #lost = new Map<OrderId, LostLine[]>()

  constructor(lots: readonly Lot[], waiting: readonly Waiting[], times: QueueTimes) {
    this.#lots = new Map(lots.map((lot) => [lot.id, lot]))
    this.#waiting = new Map(waiting.map((row) => [rowKey(row), row]))
    this.#times = times
    this.#at = times.now
  }

  /** The moment that is planned for. */
  askedAt(at: Instant): void {
    this.#at = at
    this.#day = undefined
  }

  /** Most stock has neither supply nor queue, and no need of a calendar. */
  get #today(): Day | undefined {
    if (this.#day === undefined && this.#at !== undefined) this.#day = dayIn(this.#times.zone, this.#at)
    return this.#day
  }

  lot(id: string): Lot | undefined {
    return this.#lots.get(id)
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0
  }

  know(lot: Lot): void {
    this.#lots.set(lot.id, lot)
  }

  saveLot(lot: Lot): void {
    this.#lots.set(lot.id, lot)
    this.#touchedLots.add(lot.id)
    this.look(lot.sku)
  }

  /** Units came in of what was announced. `close`: the rest of it will not come. */
  receive(lot: Lot, quantity: number, damaged: number, close: boolean): Lot {
    const received = lot.received + quantity
    const broken = (lot.damaged ?? 0) + damaged
    const closed = close || received + broken >= lot.quantity
    const came = this.#today
    const after: Lot = {
      ...lot,
      received,
      closed,
      ...(broken === 0 ? {} : { damaged: broken }),
      ...(closed && came !== undefined && received + broken > 0 ? { came } : {}),
    }
    this.saveLot(after)
    return after
  }

  /** What was announced of a product may have changed for those who wait: their days are looked at again in the end. */
  look(sku: Sku): void {
    this.#unsettled.add(sku)
    this.#open.delete(sku)
  }

  /** Joins the queue, behind everybody: it is promised what is left. */
  join(row: Waiting): void {
    const key = rowKey(row)
    const before = this.#waiting.get(key)
    const quantity = row.quantity + (before?.quantity ?? 0)
    const { promised: _, ...open } = { ...row, quantity, lost: undefined }
    this.#waiting.set(key, open)
    const { day = row.expected, unfilled } = this.#allotted(row.sku, row.place).get(demandOf(open).id) ?? { unfilled: 0 }
    const promised = latest(before?.promised, unfilled > 0 ? row.expected : day)
    this.#waiting.set(key, { ...open, promised, expected: latest(before?.expected, promised) })
    this.#saved.add(key)
    this.#gone.delete(key)
    this.#open.delete(row.sku)
  }

  leave(row: Row, units: number): void {
    const found = this.#waiting.get(rowKey(row))
    if (found === undefined) return
    this.#shorten(found, units)
    this.look(row.sku)
  }

  /** Of free units at a place, who gets how many: those who wait there by the rule, then those elsewhere who have them sooner so. */
  shares(sku: Sku, place: Place, free: number): readonly Readonly<{ row: Waiting; units: number }>[] {
    if (free <= 0 || this.isEmpty) return []
    const rows = this.#rows(sku)
    const shares: { row: Waiting; units: number }[] = []
    let left = free
    const give = (row: Waiting, units: number): void => {
      if (units <= 0) return
      shares.push({ row, units })
      left -= units
    }
    const own = rows.filter((row) => row.place === place)
    const first = { id: here, day: this.#today ?? atOnce, quantity: free }
    const { byDemand } = allot([first, ...this.#supplies(sku, place)], own.map(demandOf))
    for (const row of own) give(row, byDemand.get(demandOf(row).id)?.parts.find(({ supply }) => supply === here)?.quantity ?? 0)
    const others = rows.filter((row) => row.place !== place)
    for (const row of [...others.filter(isLate), ...others.filter((row) => !isLate(row))])
      if (left > 0) give(row, Math.min(left, this.#betterOff(row, place)))
    return shares
  }

  /** Units of a row that can be packed sooner when they come from a place that is not theirs. */
  #betterOff(row: Waiting, from: Place): number {
    const day = this.#fromShelf(row, from)
    if (day === undefined) return 0
    const own = this.#fromSupply(row, row.expected)
    if (own === undefined || day < own || this.#today === undefined) return row.quantity
    return row.lost ?? 0
  }

  /** When units that are at a place now can be packed where the row is sent from. */
  #fromShelf({ place, to = place }: Waiting, from: Place): Day | undefined {
    if (this.#today === undefined || this.#at === undefined) return atOnce
    return this.#times.fromShelf(from, to, this.#at, this.#today)
  }

  /** When units that come in for the row on a day can be. */
  #fromSupply({ place, to = place }: Waiting, day: Day | undefined): Day | undefined {
    return day === undefined ? undefined : this.#times.fromSupply(place, to, day)
  }

  /** Units of a row are set aside: it waits for so many less. */
  fill(row: Waiting, units: number, from: Place): void {
    const { expected: was, sku, place } = row
    const ready = this.#fromShelf(row, from)
    const now = from === place ? this.#today : ready
    if (units >= row.quantity && this.#today !== undefined && now !== undefined && was !== undefined)
      if (now !== was || from !== place)
        // Units that come in on their day change nothing, whatever the hour.
        this.#move(row, { quantity: row.quantity, was, now, ready })
    this.#shorten(row, units)
    this.look(sku)
  }

  /** An order hears once a batch of all that moved for it. */
  #move({ order, line, sku, place }: Waiting, { ready, ...days }: Pick<MovedLine, 'quantity' | 'was' | 'now' | 'ready'>): void {
    listed(this.#moved, order).push({ line, sku, place, ...days, ...(ready === undefined ? {} : { ready }) })
  }

  #shorten(row: Waiting, units: number): void {
    const key = rowKey(row)
    if (row.quantity > units) {
      const quantity = row.quantity - units
      this.#waiting.set(key, { ...row, quantity, ...(row.lost === undefined ? {} : { lost: Math.min(row.lost, quantity) }) })
      this.#saved.add(key)
      return
    }
    this.#waiting.delete(key)
    this.#saved.delete(key)
    this.#gone.set(key, row)
  }

  /** Units on their way that nobody waits for and that may be promised. */
  openLots(sku: Sku): readonly OpenLot[] {
    if (this.#lots.size === 0) return []
    const known = this.#open.get(sku)
    if (known !== undefined) return known
    const places = [...new Set([...this.#lots.values()].flatMap((lot) => (lot.sku === sku ? [lot.place] : [])))].sort()
    const open = places.flatMap((place) => {
      const rows = this.#rows(sku).filter((row) => row.place === place)
      return allot(this.#supplies(sku, place), rows.map(demandOf)).free.map(({ day, quantity }) => ({ place, day, quantity }))
    })
    const sorted = open.sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0))
    this.#open.set(sku, sorted)
    return sorted
  }

  /** Of what an order waits for, units that no supply is announced for. */
  lostBy(order: OrderId): readonly (LineUnits & Readonly<{ place: Place }>)[] {
    return [...this.#waiting.values()].flatMap((row) =>
      row.order === order && (row.lost ?? 0) > 0 ? [{ line: row.line, place: row.place, quantity: row.lost ?? 0 }] : [],
    )
  }

  #rows(sku: Sku): readonly Waiting[] {
    return [...this.#waiting.values()].filter((row) => row.sku === sku).sort(compare)
  }

  #supplies(sku: Sku, place: Place): readonly Supply[] {
    return [...this.#lots.values()].flatMap((lot): Supply[] => {
      if (lot.sku !== sku || lot.place !== place || lot.closed) return []
      const quantity = lot.quantity - lot.received - (lot.damaged ?? 0)
      const day = dueOn(lot.forecast === true ? addDays(lot.day, forecastDays) : lot.day, this.#today, lot.delayDays)
      const sellable = lot.sellable === undefined ? undefined : Math.max(0, lot.sellable - lot.received)
      return quantity > 0 ? [{ id: lot.id, day, quantity, sellable }] : []
    })
  }

  #allotted(sku: Sku, place: Place) {
    const rows = this.#rows(sku).filter((row) => row.place === place)
    return allot(this.#supplies(sku, place), rows.map(demandOf)).byDemand
  }

  /** Looks at everybody's day again whose supply or queue changed: what moved is saved and told, an order once. */
  settle(): void {
    for (const sku of this.#unsettled) {
      const rows = this.#rows(sku)
      for (const place of new Set(rows.map((row) => row.place))) {
        const byDemand = this.#allotted(sku, place)
        for (const row of rows) {
          const found = row.place === place ? byDemand.get(demandOf(row).id) : undefined
          if (found !== undefined) this.#follow(row, found.day, found.unfilled)
        }
      }
    }
    this.#unsettled.clear()
  }

  #follow(row: Waiting, day: Day | undefined, unfilled: number): void {
    const { order, line, sku, place, quantity, expected, lost = 0 } = row
    const back = lost > 0 && unfilled === 0
    if ((day === undefined || day === expected) && !back && unfilled === lost) return
    const key = rowKey(row)
    const { lost: _, ...rest } = row
    this.#waiting.set(key, {
      ...rest,
      ...(day === undefined ? {} : { expected: day }),
      ...(unfilled > 0 ? { lost: unfilled } : {}),
    })
    this.#saved.add(key)
    if (unfilled > 0 && unfilled !== lost) listed(this.#lost, order).push({ line, sku, quantity: unfilled, place })
    if (day !== undefined && expected !== undefined && (day !== expected || back))
      this.#move(row, { quantity: quantity - unfilled, was: expected, now: day, ready: this.#fromSupply(row, day) })
  }

  get waiting(): readonly Waiting[] {
    return [...this.#saved].flatMap((key) => this.#waiting.get(key) ?? [])
  }
  get gone(): readonly Waiting[] {
    return [...this.#gone.values()]
  }
  get lots(): readonly Lot[] {
    return [...this.#touchedLots].flatMap((id) => this.#lots.get(id) ?? [])
  }
  get events(): readonly InventoryEvent[] {
    return [
      ...[...this.#moved].map(([order, lines]): InventoryEvent => ({ type: 'SupplyMoved', order, lines })),
      // After it: of what moved, some may still be missing. The queue's head hears first, and is first to be had elsewhere.
      ...[...this.#lost].map(([order, lines]): InventoryEvent => ({ type: 'SupplyLost', order, lines })),
    ]
  }
}

const latest = (a: Day | undefined, b: Day | undefined): Day | undefined => (a === undefined ? b : b === undefined || a > b ? a : b)

const listed = <Line>(lists: Map<OrderId, Line[]>, order: OrderId): Line[] => {
  const list = lists.get(order) ?? []
  lists.set(order, list)
  return list
}
