/** Inventory's door for commands, and its part in other rooms' batches: load and lock, take the steps, hand over the writes. */
import { isRefusal, type Refusal, refuse } from '../kernel/decider.ts'
import type { Origin } from '../kernel/event.ts'
import type { Day, OrderId, Place, Sku } from '../kernel/ids.ts'
import { microBatch } from '../kernel/micro-batch.ts'
import { newId } from '../platform/ids.ts'
import type { KeyClaim, Records } from '../platform/records/records.ts'
import { type Batches, Fault, isolateFaults, type Work, type Write } from '../platform/store/work.ts'
import { type CommonReason, keyReused, KeysInBatch, unlessRepeated } from '../platform/streams/service.ts'
import { type Network, type SupplyDays, supplyDaysOf } from '../sourcing/contract.ts'
import { LevelMemory, productsMax } from './memory.ts'
import type { Source } from './planner.ts'
import { type LevelRow, levelsBySku } from './levels.ts'
import { anywhere, type QueueTimes } from './queue.ts'
import { Stock } from './stock.ts'
import type { InventoryRepository, Lot } from './store.ts'

export type StockCommand = Readonly<
  | { do: 'adjust'; sku: Sku; place: Place; by: number; reason: string }
  /** A count: on hand becomes this; the difference is the adjustment. */
  | { do: 'count'; sku: Sku; place: Place; onHand: number; reason: string }
  | { do: 'receive'; sku: Sku; place: Place; quantity: number; reference?: string | undefined }
  | { do: 'keep'; sku: Sku; place: Place; safety: number }
  | {
      do: 'expect'
      sku: Sku
      place: Place
      day: Day
      quantity: number
      kind: 'purchase' | 'preorder'
      reference?: string | undefined
      sellable?: number | undefined
      forecast?: boolean | undefined
    }
  /** `close`: nothing more comes of it. */
  | { do: 'receiveSupply'; supply: string; quantity: number; damaged?: number | undefined; close?: boolean | undefined }
  /** `quantity`: all of it, what came already too; as much as came, or 0: the rest is lost. */
  | {
      do: 'changeSupply'
      supply: string
      day?: Day | undefined
      quantity?: number | undefined
      sellable?: number | undefined
      forecast?: boolean | undefined
    }
  /** Looks again at the days of those who wait: supply grows overdue by itself. */
  | { do: 'review'; sku: Sku }
>
export type StockReason = 'quantity_reserved' | 'supply_not_found' | 'supply_closed' | 'level_too_large'
export type StockAnswer = Readonly<{ level?: LevelRow; supply?: Lot; changed: boolean; replayed?: boolean }>
export type StockOutcome = StockAnswer | Refusal<StockReason | CommonReason>
export type StockAsked = Readonly<{ command: StockCommand; origin: Origin; key?: KeyClaim | undefined }>

export type InventoryOptions = Readonly<{
  batches: Batches
  records: Records
  repository: InventoryRepository
  source: Source
  /** A product's low-stock mark. */
  threshold: (sku: Sku) => number
  /** The shop's: what "today" is for supply. */
  zone?: string | undefined
  /** What days of supply are counted over; absent: every day is a working day, and places are a day apart. */
  network?: () => Network
  committed: () => void
}>

/** Products a page: some ten thousand rows, 20 ms of this process. */
const learnedAtOnce = 2_000

const limits = { itemsMax: 256, inFlightMax: 1, waitingMax: 10_000 } as const

export class Inventory {
  readonly #options: InventoryOptions
  readonly memory = new LevelMemory()
  readonly source: Source
  readonly handle: (asked: StockAsked) => Promise<StockOutcome>

  constructor(options: InventoryOptions) {
    this.#options = options
    this.source = options.source
    const together = microBatch('inventory', (batch: readonly StockAsked[]) => this.#commit(batch), limits)
    this.handle = async (asked) => {
      const outcome = await together(asked)
      if (outcome instanceof Fault) throw outcome.cause
      return outcome
    }
  }

  /**
   * Loads and locks all that steps on these products, and on these orders' units of them, may touch, in the one order that
   * every path uses: levels, queue, holdings. Who waits is only known from the queue, so that all holdings come last and at
   * once: a receipt, which serves them, and a cancellation of one of them would else wait for each other.
   */
  async load(
    work: Work,
    skus: readonly Sku[],
    orders: readonly OrderId[],
    arriving: readonly Readonly<{ sku: Sku; place: Place }>[] = [],
  ): Promise<Stock> {
    const { repository } = this.#options
    await repository.ensureLevels(work, arriving)
    const all = [...new Set(skus)]
    const levels = await repository.lockLevels(work, all)
    const waiting = await repository.waitingFor(work, all)
    const holdings = await repository.lockHoldings(work, [...new Set([...orders, ...waiting.map(({ order }) => order)])])
    const times = { ...this.#times, now: work.now }
    return new Stock({ levels: levelsBySku(levels), holdings, lots: await repository.openLots(work, all), waiting, times })
  }

  /** Of these units of transfers, those that have left their sender and that stock has not followed yet. Behind `load`. */
  async unfollowed<Sent extends Readonly<{ transfer: string }>>(work: Work, sent: readonly Sent[]): Promise<readonly Sent[]> {
    if (sent.length === 0) return []
    const followed = await this.#options.repository.followed(work, [...new Set(sent.map(({ transfer }) => transfer))])
    return sent.filter(({ transfer }) => !followed.has(transfer))
  }

  /**
   * Stock as it is at this moment, locked by nobody: for questions, whose answers are not saved. One read for all of them,
   * and a copy for each. Supply is read where any of them may wait for it.
   */
  async look(skus: readonly Sku[], supplyToo: boolean): Promise<(of: readonly Sku[]) => Stock> {
    const { repository } = this.#options
    const none = Promise.resolve([])
    const [levels, lots, waiting] = await Promise.all([
      repository.readLevels(skus),
      supplyToo ? repository.readLots(skus) : none,
      supplyToo ? repository.readWaiting(skus) : none,
    ])
    const parts = [levelsBySku(levels), Map.groupBy(lots, skuOf), Map.groupBy(waiting, skuOf)] as const
    const [levelsOf, lotsOf, waitingOf] = parts
    return (of) => {
      const own = [...new Set(of)]
      return new Stock({
        levels: new Map(own.map((sku) => [sku, levelsOf.get(sku) ?? []])),
        lots: own.flatMap((sku) => lotsOf.get(sku) ?? []),
        waiting: own.flatMap((sku) => waitingOf.get(sku) ?? []),
        times: this.#times,
      })
    }
  }

  /** How days of supply are counted over the network as it is; undefined where there is none. */
  get supplyDays(): SupplyDays | undefined {
    const network = this.#options.network?.()
    return network === undefined ? undefined : supplyDaysOf(network)
  }

  get #times(): QueueTimes {
    const { zone = anywhere.zone } = this.#options
    return { ...anywhere, ...this.supplyDays, zone }
  }

  /** Reads what memory lacks, in one statement, before a batch is planned on it. */
  async learn(skus: Iterable<Sku>): Promise<void> {
    const missing = this.memory.unknown(skus)
    if (missing.length === 0) return
    const rows = await this.#options.repository.readLevels(missing)
    // A batch that went through the lock meanwhile knows better than this read.
    const still = new Set(this.memory.unknown(missing))
    this.memory.remember(
      rows.filter(({ sku }) => still.has(sku)),
      still,
    )
  }

  /** Reads all levels, a page at a time, so that a rush just after the start finds them known. */
  async learnAll(isStopped: () => boolean): Promise<void> {
    let last: Sku | '' = ''
    for (let known = 0; known < productsMax && !isStopped(); known += learnedAtOnce) {
      const skus: readonly Sku[] = await this.#options.repository.stockedAfter(last, learnedAtOnce)
      await this.learn(skus)
      last = skus.at(-1) ?? last
      if (skus.length < learnedAtOnce) return
    }
  }

  /** A batch's stock on memory alone; undefined when any product was not seen yet. */
  recall(skus: Iterable<Sku>): Stock | undefined {
    const levels = this.memory.recall(skus)
    return levels === undefined ? undefined : new Stock({ levels })
  }

  /** Tells those who wait for supply that is past its day by how much it is late now. @returns how many products */
  async reviewOverdue(): Promise<number> {
    const skus = await this.#options.repository.overdue(limits.itemsMax)
    await Promise.all(skus.map((sku) => this.handle({ command: { do: 'review', sku }, origin: { actor: 'system:overdue' } })))
    return skus.length
  }

  writes(stock: Stock, work: Pick<Work, 'now'>, origin: Origin): Write[] {
    const { repository, records, threshold } = this.#options
    const { deltas, ledger, fresh, holdings, waiting, gone, lots, events } = stock.result(threshold)
    const appends = events.map((event) => ({ stream: newId(work.now), firstVersion: 1, facts: [event], origin, at: work.now }))
    const writes: Write[] = [repository.saveLevels(deltas), repository.saveLedger(ledger, work.now), repository.newHoldings(fresh)]
    if (holdings.length > 0) writes.push(repository.saveHoldings(holdings))
    if (waiting.length > 0) writes.push(repository.saveWaiting(waiting))
    if (gone.length > 0) writes.push(repository.dropWaiting(gone))
    if (lots.length > 0) writes.push(repository.saveLots(lots))
    if (appends.length > 0) writes.push(records.append(appends))
    return writes
  }

  async #commit(batch: readonly StockAsked[]): Promise<readonly (StockOutcome | Fault)[]> {
    const outcomes = await isolateFaults(batch, (items) => this.#options.batches.batch((work) => this.#within(work, items)))
    this.memory.forget(batch.flatMap(({ command }) => ('sku' in command ? [command.sku] : [])))
    this.#options.committed()
    return outcomes
  }

  async #within(work: Work, batch: readonly StockAsked[]): Promise<readonly StockOutcome[]> {
    const { repository, records } = this.#options
    const claims = batch.flatMap(({ key }) => (key === undefined ? [] : [key]))
    const keys = new KeysInBatch(await records.claimed(work, claims))
    const lots = await repository.lockLots(
      work,
      batch.flatMap(({ command }) => ('supply' in command ? [command.supply] : [])),
    )
    const pairs = [...lots, ...batch.flatMap(({ command }) => ('place' in command ? [command] : []))]
    const reviewed = batch.flatMap(({ command }) => (command.do === 'review' ? [command.sku] : []))
    const stock = await this.load(work, [...pairs.map(({ sku }) => sku), ...reviewed], [], pairs)
    for (const lot of lots) if (stock.lot(lot.id) === undefined) stock.know(lot)
    const outcomes = batch.map(({ command, key }): StockOutcome => {
      const known = key === undefined ? undefined : keys.find(key)
      if (known !== undefined)
        return known.hash === key?.hash ? { ...this.#seen(stock, command), changed: false, replayed: true } : keyReused()
      const outcome = take(stock, command, work)
      if (!isRefusal(outcome) && key !== undefined) keys.claim(key, newId(work.now))
      return outcome
    })
    await unlessRepeated(records, work, keys, batch, outcomes)
    work.add(...this.writes(stock, work, batch[0]?.origin ?? { actor: 'system' }))
    if (keys.made.length > 0) work.add(records.claim(keys.made))
    return outcomes
  }

  #seen(stock: Stock, command: StockCommand): Readonly<{ level?: LevelRow }> {
    const level = 'place' in command ? stock.levels.at(command.sku, command.place) : undefined
    return level === undefined ? {} : { level }
  }
}

const skuOf = ({ sku }: Readonly<{ sku: Sku }>): Sku => sku

/** One command's steps. A count that would leave less than is promised to orders is refused: those are cancelled or moved first. */
const take = (stock: Stock, command: StockCommand, work: Work): StockOutcome => {
  switch (command.do) {
    case 'adjust':
      return adjust(stock, command.sku, command.place, command.by, command.reason)
    case 'count': {
      const level = stock.levels.at(command.sku, command.place)
      return adjust(stock, command.sku, command.place, command.onHand - (level?.onHand ?? 0), command.reason)
    }
    case 'receive': {
      const refusal = unlessFits(stock, command.sku, command.place, command.quantity)
      if (refusal !== undefined) return refusal
      const level = stock.receive(command.sku, command.place, command.quantity, 'received', command.reference)
      stock.tell({ type: 'StockReceived', sku: command.sku, place: command.place, quantity: command.quantity })
      return { level, changed: true }
    }
    case 'keep': {
      const before = stock.levels.at(command.sku, command.place)
      const by = command.safety - (before?.safety ?? 0)
      if (by === 0) return { ...(before === undefined ? {} : { level: before }), changed: false }
      const kept = stock.levels.move(command.sku, command.place, { safety: by }, 'adjusted', undefined, 'safety stock')
      stock.serve(command.sku, command.place)
      return { level: stock.levels.at(command.sku, command.place) ?? kept, changed: true }
    }
    case 'expect': {
      const lot: Lot = {
        id: newId(work.now),
        sku: command.sku,
        place: command.place,
        day: command.day,
        quantity: command.quantity,
        received: 0,
        kind: command.kind,
        reference: command.reference,
        closed: false,
        sellable: command.sellable,
        ...(command.forecast === true ? { forecast: true } : {}),
      }
      stock.saveLot(lot)
      stock.tell({ type: 'SupplyPromised', sku: lot.sku, place: lot.place, quantity: lot.quantity, day: lot.day, supply: lot.id })
      return { supply: lot, changed: true }
    }
    case 'receiveSupply': {
      const lot = openLot(stock, command.supply)
      if (isRefusal(lot)) return lot
      const refusal = unlessFits(stock, lot.sku, lot.place, command.quantity + (command.damaged ?? 0))
      if (refusal !== undefined) return refusal
      const supply = stock.receiveLot(command.supply, command.quantity, command.damaged, command.close)
      return { ...(supply === undefined ? {} : { supply }), changed: true }
    }
    case 'changeSupply': {
      const lot = openLot(stock, command.supply)
      if (isRefusal(lot)) return lot
      const { day = lot.day, quantity = lot.quantity, sellable = lot.sellable, forecast = lot.forecast } = command
      return { supply: stock.changeLot(lot, day, quantity, { sellable, forecast }), changed: true }
    }
    case 'review':
      stock.review(command.sku)
      return { changed: false }
  }
}

const openLot = (stock: Stock, id: string): Lot | Refusal<StockReason> => {
  const lot = stock.lot(id)
  if (lot === undefined) return refuse('supply_not_found', `no supply ${id}`)
  if (!lot.closed) return lot
  return refuse('supply_closed', `supply ${id} was received already, or given up: record further units as a plain receipt`)
}

/** What a level's columns can count, with room for what is on its way. */
const levelUnitsMax = 2_000_000_000

const unlessFits = (stock: Stock, sku: Sku, place: Place, quantity: number): Refusal<StockReason> | undefined => {
  const onHand = stock.levels.at(sku, place)?.onHand ?? 0
  if (onHand + quantity <= levelUnitsMax) return undefined
  return refuse(
    'level_too_large',
    `${sku} in ${place}: ${onHand} and ${quantity} more are beyond the ${levelUnitsMax} that a level counts`,
    { onHand },
  )
}

const adjust = (stock: Stock, sku: Sku, place: Place, by: number, reason: string): StockOutcome => {
  const level = stock.levels.at(sku, place)
  if (by === 0) return { ...(level === undefined ? {} : { level }), changed: false }
  if (level !== undefined && level.onHand + by < level.reserved) {
    return refuse(
      'quantity_reserved',
      `${sku} in ${place}: ${level.reserved} of ${level.onHand} are reserved for orders; ${level.onHand + by} would be left. Cancel or move those orders first.`,
      {
        onHand: level.onHand,
        reserved: level.reserved,
      },
    )
  }
  const refusal = unlessFits(stock, sku, place, by)
  if (refusal !== undefined) return refusal
  const after =
    by > 0
      ? stock.receive(sku, place, by, 'adjusted', reason)
      : stock.levels.move(sku, place, { onHand: by }, 'adjusted', undefined, reason)
  stock.tell({ type: 'StockAdjusted', sku, place, by, onHand: after.onHand, reason })
  return { level: after, changed: true }
}
