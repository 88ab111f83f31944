/**
 * Stock during one batch: levels, holdings, lots and the waiting queue as they were locked (or remembered), every step a
 * batch takes on them, and in the end what is to be saved. Pure: the service loads it and hands its writes over.
 */
import type { Refusal } from '../kernel/decider.ts'
import type { OrderId, Place, Sku } from '../kernel/ids.ts'
import type { LineUnits, Shipment } from '../orders/contract.ts'
import type { InventoryEvent } from './events.ts'
import { type Entry, type Holding, take } from './holding.ts'
import { free, type LedgerKind, Levels, type LevelRow } from './levels.ts'
import {
  type OpenLot,
  plan,
  type Planned,
  type ReserveRequest,
  type ShortageReason,
  type Source,
  type StockSeen,
} from './planner.ts'
import type { Lot, Waiting } from './store.ts'

export type StockLoad = Readonly<{
  levels: Iterable<LevelRow>
  holdings?: ReadonlyMap<OrderId, Holding>
  lots?: readonly Lot[]
  waiting?: readonly Waiting[]
}>
type Units = Readonly<{ line: number; sku: Sku; quantity: number }>
const waitingKey = (row: Pick<Waiting, 'sku' | 'order' | 'line' | 'place'>): string =>
  `${row.sku}\n${row.order}\n${row.line}\n${row.place}`

export class Stock {
  readonly levels: Levels
  readonly #known: ReadonlyMap<OrderId, Holding>
  readonly #holdings: Map<OrderId, Holding>
  readonly #touched = new Set<OrderId>()
  readonly #fresh = new Set<OrderId>()
  readonly #lots: Map<string, Lot>
  readonly #touchedLots = new Set<string>()
  readonly #waiting: Map<string, Waiting>
  readonly #savedWaiting = new Set<string>()
  readonly #goneWaiting = new Map<string, Waiting>()
  readonly #fills = new Map<OrderId, { line: number; sku: Sku; quantity: number; place: Place }[]>()
  readonly #events: InventoryEvent[] = []
  readonly seen: StockSeen

  constructor({ levels, holdings = new Map(), lots = [], waiting = [] }: StockLoad) {
    this.levels = new Levels(levels)
    this.#known = holdings
    this.#holdings = new Map(holdings)
    this.#lots = new Map(lots.map((lot) => [lot.id, lot]))
    this.#waiting = new Map(waiting.map((row) => [waitingKey(row), row]))
    this.seen = {
      free: (sku) => this.levels.of(sku).flatMap((row) => (free(row) > 0 ? [{ place: row.place, units: free(row) }] : [])),
      lots: (sku) => this.#openLots(sku),
    }
  }

  holding(order: OrderId): Holding {
    return this.#holdings.get(order) ?? []
  }

  plan(request: ReserveRequest, source: Source): Planned | Refusal<ShortageReason> {
    return plan(request, this.levels, this.seen, source)
  }

  /** Sets aside what was planned. */
  reserve(order: OrderId, request: ReserveRequest, shipments: readonly Shipment[]): void {
    const entries: Entry[] = []
    for (const shipment of shipments) {
      for (const { line, sku, quantity, from, kind, ready } of shipment.lines) {
        if (kind === 'backorder' || kind === 'preorder') {
          entries.push({ line, sku, place: shipment.place, quantity, state: 'w' })
          this.#wait({ sku, order, line, place: shipment.place, quantity, kind, priority: 0, at: request.at, expected: ready })
          continue
        }
        this.levels.move(sku, from, { reserved: quantity }, 'reserved', order, undefined, true)
        entries.push({ line, sku, place: from, quantity, state: 'r', ...(from === shipment.place ? {} : { to: shipment.place }) })
      }
    }
    if (!this.#known.has(order) && !this.#touched.has(order)) this.#fresh.add(order)
    this.#hold(order, [...this.holding(order), ...entries])
  }

  /** Gives back what an order holds: all of it, or units of some lines. What travels arrives later and is free then. */
  release(order: OrderId, lines: readonly LineUnits[] | 'all', kind: LedgerKind = 'released'): void {
    const asked = lines === 'all' ? this.holding(order).map(({ line, quantity }) => ({ line, quantity })) : lines
    for (const { line, quantity } of asked) {
      const { taken, left } = take(this.holding(order), { line }, quantity)
      this.#hold(order, left)
      for (const entry of taken) this.#giveBack(order, entry, kind)
    }
  }

  #giveBack(order: OrderId, entry: Entry, kind: LedgerKind): void {
    if (entry.state === 'r') {
      this.levels.move(entry.sku, entry.place, { reserved: -entry.quantity }, kind, order)
      this.#fill(entry.sku, entry.place)
    } else if (entry.state === 'w') this.#stopWaiting(order, entry)
  }

  /** Units that were not where they should be: the count was wrong, so it is corrected with the reservation. */
  short(order: OrderId, place: Place, lines: readonly Units[]): void {
    for (const { line, sku, quantity } of lines) {
      const { taken, left } = take(this.holding(order), { line, place, state: 'r' }, quantity)
      const held = taken.reduce((sum, entry) => sum + entry.quantity, 0)
      // The transfer that brought them has not been followed yet: the caller comes again.
      if (held < quantity) throw new Error(`order ${order} misses ${quantity} of ${sku} in ${place} and holds ${held} there`)
      this.#hold(order, left)
      for (const entry of taken) {
        const row = this.levels.move(sku, place, { onHand: -entry.quantity, reserved: -entry.quantity }, 'short', order)
        this.#events.push({ type: 'StockAdjusted', sku, place, by: -entry.quantity, onHand: row.onHand, reason: 'short_pick' })
      }
    }
  }

  /** Of units that did not arrive, those that the order still holds on their way: it may have given some up before. */
  onTheWay(order: OrderId, to: Place, lines: readonly LineUnits[]): readonly LineUnits[] {
    let holding = this.holding(order)
    return lines.flatMap(({ line, quantity }) => {
      const { taken, left } = take(holding, { line, place: to, state: 't' }, quantity)
      holding = left
      const units = taken.reduce((sum, entry) => sum + entry.quantity, 0)
      return units > 0 ? [{ line, quantity: units }] : []
    })
  }

  /** Units that did not arrive with their transfer: the order holds them no more. Levels follow the transfer itself (`arrive`). */
  lose(order: OrderId, to: Place, lines: readonly Units[]): void {
    for (const { line, quantity } of lines)
      this.#hold(order, take(this.holding(order), { line, place: to, state: 't' }, quantity).left)
  }

  send(order: OrderId | undefined, from: Place, to: Place, lines: readonly Units[]): void {
    for (const { line, sku, quantity } of lines) {
      const { taken, left } =
        order === undefined ? { taken: [], left: [] } : take(this.holding(order), { line, place: from, state: 'r' }, quantity)
      const held = taken.reduce((sum, entry) => sum + entry.quantity, 0)
      this.levels.move(sku, from, { onHand: -quantity, reserved: -held }, 'transfer_sent', order)
      this.levels.move(sku, to, { inTransit: quantity }, 'transfer_sent', order)
      if (order !== undefined && held > 0) this.#hold(order, [...left, { line, sku, place: to, quantity: held, state: 't' }])
    }
  }

  arrive(
    order: OrderId | undefined,
    to: Place,
    parts: Readonly<{ received: readonly Units[]; damaged: readonly Units[]; missing: readonly Units[] }>,
  ): void {
    for (const { line, sku, quantity } of parts.received) {
      const { taken, left } =
        order === undefined ? { taken: [], left: [] } : take(this.holding(order), { line, place: to, state: 't' }, quantity)
      const held = taken.reduce((sum, entry) => sum + entry.quantity, 0)
      this.levels.move(sku, to, { inTransit: -quantity, onHand: quantity, reserved: held }, 'transfer_received', order)
      if (order !== undefined && held > 0) this.#hold(order, [...left, { line, sku, place: to, quantity: held, state: 'r' }])
      if (held < quantity) this.#fill(sku, to)
    }
    for (const [units, change, kind] of [
      [parts.damaged, 1, 'damaged'],
      [parts.missing, 0, 'transfer_lost'],
    ] as const) {
      for (const { sku, quantity } of units) {
        // What the order held of them it gives up itself (`lose`), when it hears of it: twice would take another transfer's units.
        this.levels.move(sku, to, { inTransit: -quantity, damaged: quantity * change }, kind, order)
      }
    }
  }

  /** A parcel has left with the carrier: on hand falls. */
  ship(order: OrderId, place: Place, lines: readonly Units[]): void {
    for (const { line, sku, quantity } of lines) {
      const { taken, left } = take(this.holding(order), { line, place, state: 'r' }, quantity)
      const held = taken.reduce((sum, entry) => sum + entry.quantity, 0)
      if (held < quantity) throw new Error(`order ${order} ships ${quantity} of ${sku} from ${place} and holds ${held} there`)
      this.levels.move(sku, place, { onHand: -quantity, reserved: -quantity }, 'shipped', order)
      this.#hold(order, left)
    }
  }

  /** New units: a delivery, a return, a count that found more. Waiting orders get theirs first. */
  receive(sku: Sku, place: Place, quantity: number, kind: LedgerKind, reference?: string, order?: OrderId): LevelRow {
    this.levels.move(sku, place, { onHand: quantity }, kind, order, reference)
    this.#fill(sku, place)
    return this.levels.at(sku, place) ?? unreachable(sku)
  }

  receiveLot(id: string, quantity: number): Lot | undefined {
    const lot = this.#lots.get(id)
    if (lot === undefined) return undefined
    const received = lot.received + quantity
    const after = { ...lot, received, closed: received >= lot.quantity }
    this.#lots.set(id, after)
    this.#touchedLots.add(id)
    this.receive(lot.sku, lot.place, quantity, 'received', lot.reference ?? id)
    this.#events.push({ type: 'StockReceived', sku: lot.sku, place: lot.place, quantity, supply: id })
    return after
  }

  saveLot(lot: Lot): void {
    this.#lots.set(lot.id, lot)
    this.#touchedLots.add(lot.id)
  }

  lot(id: string): Lot | undefined {
    return this.#lots.get(id)
  }

  tell(event: InventoryEvent): void {
    this.#events.push(event)
  }

  /** Hands free units of a product at a place to those who wait, in queue order; the head of the queue is never passed. */
  #fill(sku: Sku, place: Place): void {
    const queue = [...this.#waiting.values()].filter((row) => row.sku === sku).sort(inQueueOrder)
    for (const row of queue) {
      const level = this.levels.at(sku, place)
      const units = Math.min(row.quantity, level === undefined ? 0 : free(level))
      if (units === 0) return
      const { left } = take(this.holding(row.order), { line: row.line, place: row.place, state: 'w' }, units)
      this.levels.move(sku, place, { reserved: units }, 'reserved', row.order, undefined, true)
      this.#hold(row.order, [
        ...left,
        { line: row.line, sku, place, quantity: units, state: 'r', ...(place === row.place ? {} : { to: row.place }) },
      ])
      this.#lessWaiting(row, units)
      const fills = this.#fills.get(row.order) ?? []
      fills.push({ line: row.line, sku, quantity: units, place })
      this.#fills.set(row.order, fills)
    }
  }

  #lessWaiting(row: Waiting, units: number): void {
    const key = waitingKey(row)
    if (row.quantity > units) {
      this.#waiting.set(key, { ...row, quantity: row.quantity - units })
      this.#savedWaiting.add(key)
      return
    }
    this.#waiting.delete(key)
    this.#savedWaiting.delete(key)
    this.#goneWaiting.set(key, row)
  }

  #wait(row: Waiting): void {
    const key = waitingKey(row)
    const before = this.#waiting.get(key)
    this.#waiting.set(key, before === undefined ? row : { ...row, quantity: before.quantity + row.quantity })
    this.#savedWaiting.add(key)
    this.#goneWaiting.delete(key)
  }

  #stopWaiting(order: OrderId, entry: Entry): void {
    const row = this.#waiting.get(waitingKey({ ...entry, order }))
    if (row !== undefined) this.#lessWaiting(row, entry.quantity)
  }

  #openLots(sku: Sku): readonly OpenLot[] {
    const queued = new Map<Place, number>()
    for (const row of this.#waiting.values())
      if (row.sku === sku) queued.set(row.place, (queued.get(row.place) ?? 0) + row.quantity)
    const lots = [...this.#lots.values()]
      .filter((lot) => lot.sku === sku && !lot.closed)
      .sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : a.id < b.id ? -1 : 1))
    return lots.flatMap(({ place, day, quantity, received }) => {
      const before = queued.get(place) ?? 0
      const open = Math.max(0, quantity - received)
      const used = Math.min(before, open)
      queued.set(place, before - used)
      return open > used ? [{ place, day: day, quantity: open - used }] : []
    })
  }

  #hold(order: OrderId, holding: Holding): void {
    this.#holdings.set(order, holding)
    this.#touched.add(order)
  }

  /** What to save and to tell; `threshold` is a product's low-stock mark. */
  result(threshold: (sku: Sku) => number) {
    const fresh = [...this.#fresh].map((order) => ({ order, holding: this.holding(order) }))
    const holdings = [...this.#touched]
      .filter((order) => !this.#fresh.has(order))
      .map((order) => ({ order, holding: this.holding(order) }))
    return {
      deltas: this.levels.deltas,
      ledger: this.levels.ledger,
      fresh,
      holdings,
      waiting: [...this.#savedWaiting].flatMap((key) => this.#waiting.get(key) ?? []),
      gone: [...this.#goneWaiting.values()],
      lots: [...this.#touchedLots].flatMap((id) => this.#lots.get(id) ?? []),
      events: [...this.#events, ...this.#fillEvents(), ...this.#levelEvents(threshold)],
    }
  }

  #fillEvents(): InventoryEvent[] {
    return [...this.#fills].map(([order, fills]) => ({ type: 'WaitingFilled', order, fills }))
  }

  /** One fact a product and place a batch, when its free units fall through the mark or to nothing. */
  #levelEvents(threshold: (sku: Sku) => number): InventoryEvent[] {
    return this.levels.deltas.flatMap(({ sku, place }): InventoryEvent[] => {
      const { before, after } = this.levels.change(sku, place)
      const [was, is] = [free(before), free(after)]
      if (is === 0 && was > 0) return [{ type: 'StockOut', sku, place }]
      const mark = threshold(sku)
      return is <= mark && was > mark ? [{ type: 'StockLow', sku, place, available: is, threshold: mark }] : []
    })
  }
}

const inQueueOrder = (a: Waiting, b: Waiting): number =>
  b.priority - a.priority ||
  (a.at < b.at ? -1 : a.at > b.at ? 1 : 0) ||
  (a.order < b.order ? -1 : a.order > b.order ? 1 : a.line - b.line)
const unreachable = (sku: Sku): never => {
  throw new Error(`the level of ${sku} was there a moment ago`)
}
