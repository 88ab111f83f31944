/**
 * Stock during one batch: levels, holdings, lots and the waiting queue as they were locked (or remembered), every step a
 * batch takes on them, and in the end what is to be saved. Pure: the service loads it and hands its writes over.
 */
import type { Refusal } from '../kernel/decider.ts'
import type { OrderId, Place, Sku } from '../kernel/ids.ts'
import type { LineUnits, Shipment } from '../orders/contract.ts'
import type { InventoryEvent } from './events.ts'
import { among, type Entry, heldAs, type Holding, type LetGo, type Match, take } from './holding.ts'
import { free, type LedgerKind, Levels, type LevelRow, type LevelsBySku } from './levels.ts'
import { plan, type Planned, type ReserveRequest, type ShortageReason, type Source, type StockSeen } from './planner.ts'
import { anywhere, Queue, type QueueTimes } from './queue.ts'
import type { Lot, Waiting } from './store.ts'

export type StockLoad = Readonly<{
  levels: LevelsBySku
  holdings?: ReadonlyMap<OrderId, Holding>
  lots?: readonly Lot[]
  waiting?: readonly Waiting[]
  times?: QueueTimes
}>
type Units = Readonly<{ line: number; sku: Sku; quantity: number }>
const nothing = { taken: [], left: [] }

export class Stock {
  readonly levels: Levels
  readonly #known: ReadonlyMap<OrderId, Holding>
  readonly #holdings: Map<OrderId, Holding>
  readonly #touched = new Set<OrderId>()
  readonly #fresh = new Set<OrderId>()
  readonly #queue: Queue
  readonly #fills = new Map<OrderId, { line: number; sku: Sku; quantity: number; place: Place }[]>()
  readonly #givenBack: { sku: Sku; place: Place }[] = []
  readonly #events: InventoryEvent[] = []
  readonly seen: StockSeen

  constructor({ levels, holdings = new Map(), lots = [], waiting = [], times = anywhere }: StockLoad) {
    this.levels = new Levels(levels)
    this.#known = holdings
    this.#holdings = new Map(holdings)
    this.#queue = new Queue(lots, waiting, times)
    this.seen = {
      free: (sku) => this.#free(sku),
      lots: (sku) => this.#queue.openLots(sku),
    }
  }

  /** Asked for every line that is placed: one list, and nothing made for a place that has none. */
  #free(sku: Sku): ReturnType<StockSeen['free']> {
    const found: { place: Place; units: number }[] = []
    for (const row of this.levels.of(sku)) {
      const units = free(row)
      if (units > 0) found.push({ place: row.place, units })
    }
    return found
  }

  holding(order: OrderId): Holding {
    return this.#holdings.get(order) ?? []
  }

  plan(request: ReserveRequest, source: Source): Planned | Refusal<ShortageReason> {
    this.#queue.askedAt(request.at)
    return plan(request, this.levels, this.seen, source)
  }

  /** Sets aside what was planned. */
  reserve(order: OrderId, request: ReserveRequest, shipments: readonly Shipment[]): void {
    const entries: Entry[] = []
    for (const shipment of shipments) {
      for (const { line, sku, quantity, from, kind, ready } of shipment.lines) {
        if (kind === 'backorder' || kind === 'preorder') {
          const { priority = 0, at: now, since: at = now } = request
          const away = from === shipment.place ? {} : { to: shipment.place }
          entries.push({ line, sku, place: from, quantity, state: 'w', ...away })
          this.#queue.join({ sku, order, line, place: from, ...away, quantity, kind, priority, at, expected: ready })
          continue
        }
        this.levels.move(sku, from, { reserved: quantity }, 'reserved', order, undefined, true)
        entries.push({ line, sku, place: from, quantity, state: 'r', ...(from === shipment.place ? {} : { to: shipment.place }) })
      }
    }
    if (!this.#known.has(order) && !this.#touched.has(order)) this.#fresh.add(order)
    this.#hold(order, [...this.holding(order), ...entries])
    // A line that waits counts on what lies there too: nobody after it may be sold that.
    for (const { sku, place, state } of entries) if (state === 'w') this.#fill(sku, place)
  }

  /**
   * Gives back what an order holds: all of it, or units of some lines; `where` warehouses let them go, as far as they had them.
   * What travels arrives later and is free then; unless they name it, it goes last, as they may know already that it is lost.
   */
  release(order: OrderId, lines: readonly LineUnits[] | 'all', where: readonly LetGo[] = [], kind: LedgerKind = 'released'): void {
    const asked = lines === 'all' ? this.holding(order).map(({ line, quantity }) => ({ line, quantity })) : lines
    for (const { line, quantity } of asked) {
      let missing = quantity
      const giveBack = (match: Match, units: number): number => {
        const { taken, left } = take(this.holding(order), match, Math.min(units, missing))
        this.#hold(order, left)
        for (const entry of taken) this.#giveBack(order, entry, kind)
        const given = taken.reduce((sum, entry) => sum + entry.quantity, 0)
        missing -= given
        return given
      }
      for (const { at, state, ...units } of where) {
        if (units.line !== line || lines === 'all') continue
        let open = units.quantity
        for (const match of heldAs(state, at)) open -= giveBack({ line, ...match }, open)
      }
      for (const state of ['w', 'x', 'r', 't'] as const) giveBack({ line, state }, missing)
    }
  }

  /**
   * The order goes another way: its units are given back and others set aside at once, before anybody who waits is served,
   * so that what it needs again is not handed on between the two.
   */
  replace(order: OrderId, request: ReserveRequest, shipments: readonly Shipment[]): void {
    this.giveBack([order])
    this.reserve(order, request, shipments)
  }

  /** Units of orders that are about to take others. Nobody who waits is served with them before `result`. */
  giveBack(orders: readonly OrderId[]): void {
    for (const order of orders) {
      for (const entry of this.holding(order)) {
        const { sku, place, quantity, state } = entry
        if (state === 't' || state === 'x') throw new Error(`order ${order} has units on their way: its plan stands`)
        if (state === 'w') this.#queue.leave({ ...entry, order }, entry.quantity)
        else {
          this.levels.move(sku, place, { reserved: -quantity }, 'released', order)
          this.#givenBack.push({ sku, place })
        }
      }
      this.#hold(order, [])
    }
  }

  /** Whether these plans could all be had once their orders have given back what they hold. */
  couldReplace(plans: readonly Readonly<{ id: OrderId; shipments: readonly Shipment[] }>[]): boolean {
    const needs = new Map<string, { sku: Sku; place: Place; units: number }>()
    const count = (sku: Sku, place: Place, units: number): void => {
      const known = needs.get(`${sku}\n${place}`) ?? { sku, place, units: 0 }
      known.units += units
      needs.set(`${sku}\n${place}`, known)
    }
    for (const { id, shipments } of plans) {
      for (const { sku, place, quantity, state } of this.holding(id)) if (state === 'r') count(sku, place, -quantity)
      for (const { sku, from, quantity, kind } of shipments.flatMap(({ lines }) => lines)) {
        if (kind === 'backorder' || kind === 'preorder') return false
        count(sku, from, quantity)
      }
    }
    return [...needs.values()].every(({ sku, place, units }) => {
      const level = this.levels.at(sku, place)
      return units <= (level === undefined ? 0 : free(level))
    })
  }

  #giveBack(order: OrderId, entry: Entry, kind: LedgerKind): void {
    if (entry.state === 'r') {
      this.levels.move(entry.sku, entry.place, { reserved: -entry.quantity }, kind, order)
      this.#fill(entry.sku, entry.place)
    } else if (entry.state === 'w') this.#queue.leave({ ...entry, order }, entry.quantity)
  }

  /** Units that were not where they should be: the count was wrong, so it is corrected with the reservation. */
  short(order: OrderId, place: Place, lines: readonly Units[]): void {
    for (const { line, sku, quantity } of lines) {
      const { taken, left } = take(this.holding(order), { line, place, state: 'r', rather: 'here' }, quantity)
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

  /** Of units that did not arrive, those that the order has not given up meanwhile. */
  lost(order: OrderId, to: Place, lines: readonly LineUnits[]): readonly LineUnits[] {
    return among(this.holding(order), lines, { place: to, state: 'x' })
  }

  /** The order has heard of units that did not arrive with their transfer: it holds them no more. */
  lose(order: OrderId, to: Place, lines: readonly Units[]): void {
    for (const { line, quantity } of lines)
      this.#hold(order, take(this.holding(order), { line, place: to, state: 'x' }, quantity).left)
  }

  send(order: OrderId | undefined, from: Place, to: Place, lines: readonly Units[], transfer?: string): void {
    for (const { line, sku, quantity } of lines) {
      const { taken, left } =
        order === undefined ? nothing : take(this.holding(order), { line, place: from, state: 'r', rather: { to } }, quantity)
      const held = taken.reduce((sum, entry) => sum + entry.quantity, 0)
      this.levels.move(sku, from, { onHand: -quantity, reserved: -held }, 'transfer_sent', order, transfer)
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
      const { taken, left } = order === undefined ? nothing : take(this.holding(order), { line, place: to, state: 't' }, quantity)
      const held = taken.reduce((sum, entry) => sum + entry.quantity, 0)
      this.levels.move(sku, to, { inTransit: -quantity, onHand: quantity, reserved: held }, 'transfer_received', order)
      if (order !== undefined && held > 0) this.#hold(order, [...left, { line, sku, place: to, quantity: held, state: 'r' }])
      if (held < quantity) this.#fill(sku, to)
    }
    for (const [units, change, kind] of [
      [parts.damaged, 1, 'damaged'],
      [parts.missing, 0, 'transfer_lost'],
    ] as const) {
      for (const { sku, quantity } of units)
        this.levels.move(sku, to, { inTransit: -quantity, damaged: quantity * change }, kind, order)
    }
    if (order !== undefined) this.#miss(order, to, [...parts.damaged, ...parts.missing])
  }

  /** What the order held of units that did not arrive is lost now: later ones are not taken for them. It hears of exactly these. */
  #miss(order: OrderId, place: Place, units: readonly Units[]): void {
    const lines = units.flatMap(({ line, sku, quantity }) => {
      const { taken, left } = take(this.holding(order), { line, place, state: 't' }, quantity)
      this.#hold(order, [...left, ...taken.map((entry) => ({ ...entry, state: 'x' as const }))])
      return taken.map((entry) => ({ line, sku, quantity: entry.quantity }))
    })
    if (lines.length > 0) this.#events.push({ type: 'UnitsLost', order, place, lines })
  }

  /** A parcel has left with the carrier: on hand falls. */
  ship(order: OrderId, place: Place, lines: readonly Units[]): void {
    for (const { line, sku, quantity } of lines) {
      const { taken, left } = take(this.holding(order), { line, place, state: 'r', rather: 'here' }, quantity)
      const held = taken.reduce((sum, entry) => sum + entry.quantity, 0)
      // Elsewhere still: news of how they came here is missing, and the caller comes again. Nowhere: they were given back before
      // the carrier said that it had them, so they are missing among the free ones.
      if (held < quantity && left.some((entry) => entry.line === line))
        throw new Error(`order ${order} ships ${quantity} of ${sku} from ${place} and holds ${held} there`)
      this.levels.move(sku, place, { onHand: -quantity, reserved: -held }, 'shipped', order)
      this.#hold(order, left)
    }
  }

  /** New units: a delivery, a return, a count that found more. Waiting orders get theirs first. */
  receive(sku: Sku, place: Place, quantity: number, kind: LedgerKind, reference?: string, order?: OrderId): LevelRow {
    this.levels.move(sku, place, { onHand: quantity }, kind, order, reference)
    this.#fill(sku, place)
    return this.levels.at(sku, place) ?? unreachable(sku)
  }

  /** Units of announced supply came in. `close`: the rest of it will not come. */
  receiveLot(id: string, quantity: number, damaged = 0, close = false): Lot | undefined {
    const lot = this.#queue.lot(id)
    if (lot === undefined) return undefined
    const { sku, place } = lot
    const after = this.#queue.receive(lot, quantity, damaged, close)
    if (damaged > 0) this.levels.move(sku, place, { damaged }, 'damaged', undefined, lot.reference ?? id)
    if (quantity > 0) this.receive(sku, place, quantity, 'received', lot.reference ?? id)
    if (quantity + damaged > 0)
      this.#events.push({ type: 'StockReceived', sku, place, quantity, supply: id, ...(damaged === 0 ? {} : { damaged }) })
    if (after.closed) this.#closed(after, lot.quantity)
    return after
  }

  /** The supplier says otherwise than before. */
  changeLot(lot: Lot, day: Lot['day'], quantity: number, more: Pick<Lot, 'sellable' | 'forecast'> = {}): Lot {
    const came = lot.received + (lot.damaged ?? 0)
    const after: Lot = { ...lot, day, quantity: Math.max(1, quantity, came), closed: quantity <= came, ...more }
    this.#queue.saveLot(after)
    const { id: supply, sku, place } = lot
    if (day !== lot.day || quantity !== lot.quantity)
      this.#events.push({ type: 'SupplyChanged', sku, place, supply, day, quantity, was: { day: lot.day, quantity: lot.quantity } })
    if (after.closed) this.#closed(after, lot.quantity)
    return after
  }

  #closed({ id: supply, sku, place, received, damaged = 0 }: Lot, announced: number): void {
    this.#events.push({ type: 'SupplyClosed', sku, place, supply, announced, received, damaged })
  }

  saveLot(lot: Lot): void {
    this.#queue.saveLot(lot)
  }

  /** Supply that is not open any more: known, so that it can be said why nothing is done with it. */
  know(lot: Lot): void {
    this.#queue.know(lot)
  }

  lot(id: string): Lot | undefined {
    return this.#queue.lot(id)
  }

  /** Looks again at the days of those who wait for a product: time alone makes supply overdue. */
  review(sku: Sku): void {
    this.#queue.look(sku)
  }

  /** Of what an order waits for, units that no supply is announced for. */
  lostBy(order: OrderId): readonly LineUnits[] {
    return this.#queue.lostBy(order)
  }

  /** An order waits no longer for these units. */
  stopWaiting(order: OrderId, lines: readonly LineUnits[]): void {
    for (const { line, quantity } of lines) {
      // Those without supply first: the others are as good as had.
      const lost = this.#queue.lostBy(order).filter((units) => units.line === line)
      let left = quantity
      for (const { place, quantity: units } of [...lost, { place: undefined, quantity }]) {
        const match = { line, state: 'w' as const, ...(place === undefined ? {} : { place }) }
        const { taken, left: rest } = take(this.holding(order), match, Math.min(left, units))
        this.#hold(order, rest)
        for (const entry of taken) {
          left -= entry.quantity
          this.#queue.leave({ ...entry, order }, entry.quantity)
        }
      }
    }
  }

  tell(event: InventoryEvent): void {
    this.#events.push(event)
  }

  /** Less of a product is kept back at a place: who waits gets it. */
  serve(sku: Sku, place: Place): void {
    this.#fill(sku, place)
  }

  /** Hands free units of a product at a place to those who wait, by the queue's rule. */
  #fill(sku: Sku, place: Place): void {
    const level = this.levels.at(sku, place)
    for (const { row, units } of this.#queue.shares(sku, place, level === undefined ? 0 : free(level))) {
      const { left } = take(this.holding(row.order), { line: row.line, place: row.place, state: 'w' }, units)
      this.levels.move(sku, place, { reserved: units }, 'reserved', row.order, undefined, true)
      const to = row.to ?? row.place
      this.#hold(row.order, [...left, { line: row.line, sku, place, quantity: units, state: 'r', ...(place === to ? {} : { to }) }])
      this.#queue.fill(row, units, place)
      const fills = this.#fills.get(row.order) ?? []
      fills.push({ line: row.line, sku, quantity: units, place })
      this.#fills.set(row.order, fills)
    }
  }

  #hold(order: OrderId, holding: Holding): void {
    this.#holdings.set(order, holding)
    this.#touched.add(order)
  }

  /** What to save and to tell; `threshold` is a product's low-stock mark. */
  result(threshold: (sku: Sku) => number) {
    for (const { sku, place } of this.#givenBack.splice(0)) this.#fill(sku, place)
    this.#queue.settle()
    const fresh = [...this.#fresh].map((order) => ({ order, holding: this.holding(order) }))
    const holdings = [...this.#touched]
      .filter((order) => !this.#fresh.has(order))
      .map((order) => ({ order, holding: this.holding(order) }))
    return {
      deltas: this.levels.deltas,
      ledger: this.levels.ledger,
      fresh,
      holdings,
      waiting: this.#queue.waiting,
      gone: this.#queue.gone,
      lots: this.#queue.lots,
      events: [...this.#events, ...this.#fillEvents(), ...this.#queue.events, ...this.#levelEvents(threshold)],
    }
  }

  #fillEvents(): InventoryEvent[] {
    return [...this.#fills].map(([order, fills]) => ({ type: 'WaitingFilled', order, fills }))
  }

  /** One fact a product and place a batch, when its free units fall through the mark or to nothing. */
  #levelEvents(threshold: (sku: Sku) => number): InventoryEvent[] {
    return this.levels.touched.flatMap(({ before, after }): InventoryEvent[] => {
      const { sku, place } = after
      const [was, is] = [free(before), free(after)]
      if (is === 0 && was > 0) return [{ type: 'StockOut', sku, place }]
      const mark = threshold(sku)
      return is <= mark && was > mark ? [{ type: 'StockLow', sku, place, available: is, threshold: mark }] : []
    })
  }
}

const unreachable = (sku: Sku): never => {
  throw new Error(`the level of ${sku} was there a moment ago`)
}
