/** The memory form of the stock's repository, with the checks that the tables have: for tests and for the simulation. */
import type { Day, Instant, OrderId, Place, Sku } from '../kernel/ids.ts'
import { dayIn, daysBetween, instant } from '../kernel/time.ts'
import { demand, MemoryTable, undoable } from '../platform/store/memory.ts'
import { Aborted, type MemoryWrite, type Work } from '../platform/store/work.ts'
import type { Holding } from './holding.ts'
import type { Delta, LedgerRow, LevelRow } from './levels.ts'
import type { InventoryRepository, Lot, Waiting } from './store.ts'

type Pair = Readonly<{ sku: Sku; place: Place }>
type Queued = Pick<Waiting, 'sku' | 'order' | 'line' | 'place'>

const keyOf = ({ sku, place }: Pair): string => `${sku}\n${place}`
const queueKey = ({ sku, order, line, place }: Queued): string => `${sku}\n${order}\n${line}\n${place}`
const measuredMax = 50
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export class MemoryInventory implements InventoryRepository {
  readonly levels = new MemoryTable<string, LevelRow>()
  readonly ledger: (LedgerRow & Readonly<{ at: Instant }>)[] = []
  readonly holdings = new MemoryTable<OrderId, Holding>()
  readonly waiting = new MemoryTable<string, Waiting>()
  readonly lots = new MemoryTable<string, Lot>()
  readonly #clock: () => Instant

  /** @param clock says which supply is overdue. */
  constructor(clock: () => Instant = () => instant(Date.now())) {
    this.#clock = clock
  }

  lockLevels(_work: Work, skus: readonly Sku[]): Promise<readonly LevelRow[]> {
    return this.readLevels(skus)
  }

  ensureLevels(_work: Work, pairs: readonly Pair[]): Promise<void> {
    for (const { sku, place } of pairs) {
      const key = keyOf({ sku, place })
      if (!this.levels.has(key)) this.levels.set(key, { sku, place, onHand: 0, reserved: 0, inTransit: 0, safety: 0, damaged: 0 })
    }
    return Promise.resolve()
  }

  lockHoldings(_work: Work, orders: readonly OrderId[]): Promise<ReadonlyMap<OrderId, Holding>> {
    const found = new Map<OrderId, Holding>()
    for (const order of orders) {
      const holding = this.holdings.get(order)
      if (holding !== undefined) found.set(order, holding)
    }
    return Promise.resolve(found)
  }

  openLots(_work: Work, skus: readonly Sku[]): Promise<readonly Lot[]> {
    return this.readLots(skus)
  }

  lockLots(_work: Work, ids: readonly string[]): Promise<readonly Lot[]> {
    return Promise.resolve(this.#withDelays([...new Set(ids)].sort(byText).flatMap((id) => this.lots.get(id) ?? [])))
  }

  waitingFor(_work: Work, skus: readonly Sku[]): Promise<readonly Waiting[]> {
    return this.readWaiting(skus)
  }

  readWaiting(skus: readonly Sku[]): Promise<readonly Waiting[]> {
    const rows = [...this.waiting.values()].filter(({ sku }) => skus.includes(sku))
    return Promise.resolve(
      rows.sort(
        (a, b) =>
          byText(a.sku, b.sku) ||
          b.priority - a.priority ||
          byText(a.at, b.at) ||
          byText(a.order, b.order) ||
          a.line - b.line ||
          byText(a.place, b.place),
      ),
    )
  }

  followed(_work: Work, transfers: readonly string[]): Promise<ReadonlySet<string>> {
    const asked = new Set(transfers)
    const rows = this.ledger.flatMap(({ kind, reference = '' }) =>
      kind === 'transfer_sent' && asked.has(reference) ? [reference] : [],
    )
    return Promise.resolve(new Set(rows))
  }

  saveLevels(planned: readonly Delta[]): MemoryWrite {
    // As they are now: a batch goes on changing its own.
    const deltas = planned.map((delta) => ({ ...delta }))
    const after = (delta: Delta): LevelRow | undefined => {
      const row = this.levels.get(keyOf(delta))
      if (row === undefined) return undefined
      return {
        ...row,
        onHand: row.onHand + delta.onHand,
        reserved: row.reserved + delta.reserved,
        inTransit: row.inTransit + delta.inTransit,
        damaged: row.damaged + delta.damaged,
        safety: row.safety + delta.safety,
      }
    }
    const check = (): void => {
      for (const delta of deltas) {
        const row = after(delta)
        if (row === undefined || (delta.claimed && row.onHand - row.reserved - row.safety < 0))
          throw new Aborted('guard', keyOf(delta))
        const { onHand, reserved, inTransit, damaged, safety } = row
        if (Math.min(onHand, reserved, inTransit, damaged, safety, onHand - reserved) < 0)
          throw new Error(`a level would be negative: ${JSON.stringify(row)}`)
      }
    }
    const apply = (): void => {
      for (const delta of deltas) this.levels.set(keyOf(delta), after(delta) ?? unreachable())
    }
    return { check, apply, touches: deltas.map((delta) => `inventory.levels ${keyOf(delta)}`), guarded: true }
  }

  saveLedger(rows: readonly LedgerRow[], at: Instant): MemoryWrite {
    const added = rows.map((row) => ({ ...row, at }))
    return {
      apply: () => {
        this.ledger.push(...added)
        undoable(() => void this.ledger.splice(this.ledger.length - added.length))
      },
    }
  }

  newHoldings(holdings: readonly Readonly<{ order: OrderId; holding: Holding }>[]): MemoryWrite {
    return {
      apply: () => {
        for (const { order, holding } of holdings) this.holdings.insert(order, holding)
      },
    }
  }

  saveHoldings(holdings: readonly Readonly<{ order: OrderId; holding: Holding }>[]): MemoryWrite {
    return {
      apply: () => {
        for (const { order, holding } of holdings) this.holdings.set(order, holding)
      },
      touches: holdings.map(({ order }) => `inventory.holdings ${order}`),
    }
  }

  saveWaiting(rows: readonly Waiting[]): MemoryWrite {
    return {
      apply: () => {
        for (const row of rows) {
          demand('quantity', row.quantity > 0)
          demand('lost', (row.lost ?? 0) >= 0)
          const before = this.waiting.get(queueKey(row))
          this.waiting.set(queueKey(row), before === undefined ? row : stillWaiting(before, row))
        }
      },
      touches: rows.map((row) => `inventory.waiting ${queueKey(row)}`),
    }
  }

  dropWaiting(rows: readonly Queued[]): MemoryWrite {
    return {
      apply: () => {
        for (const row of rows) this.waiting.delete(queueKey(row))
      },
    }
  }

  saveLots(lots: readonly Lot[]): MemoryWrite {
    return {
      apply: () => {
        for (const { delayDays: _, ...lot } of lots) this.#putLot(lot)
      },
      touches: lots.map(({ id }) => `inventory.supply ${id}`),
    }
  }

  readLevels(skus: readonly Sku[]): Promise<readonly LevelRow[]> {
    const rows = [...this.levels.values()].filter(({ sku }) => skus.includes(sku))
    return Promise.resolve(rows.sort((a, b) => byText(a.sku, b.sku) || byText(a.place, b.place)))
  }

  stockedAfter(sku: Sku | '', limit: number): Promise<readonly Sku[]> {
    const skus = [...new Set([...this.levels.values()].map((row) => row.sku))].filter((one) => one > sku)
    return Promise.resolve(skus.sort(byText).slice(0, limit))
  }

  readLots(skus: readonly Sku[]): Promise<readonly Lot[]> {
    const rows = [...this.lots.values()].filter(({ sku, closed }) => skus.includes(sku) && !closed)
    return Promise.resolve(this.#withDelays(rows.sort((a, b) => byText(a.day, b.day) || byText(a.id, b.id))))
  }

  overdue(limit: number): Promise<readonly Sku[]> {
    const today = this.#today()
    const late = [...this.lots.values()].filter(({ closed, day }) => !closed && day < today)
    const skus = [...this.waiting.values()].flatMap(({ sku, place, expected, lost = 0, quantity }) =>
      expected !== undefined && expected < today && lost < quantity && late.some((lot) => lot.sku === sku && lot.place === place)
        ? [sku]
        : [],
    )
    return Promise.resolve([...new Set(skus)].slice(0, limit))
  }

  #today(): Day {
    return dayIn('UTC', this.#clock())
  }

  #putLot(lot: Lot): void {
    demand('quantity', lot.quantity > 0)
    demand('received', lot.received >= 0)
    demand('damaged', (lot.damaged ?? 0) >= 0)
    demand('sellable', (lot.sellable ?? 0) >= 0)
    const before = this.lots.get(lot.id)
    const { reference } = lot
    const isTaken = (other: Lot): boolean => other.reference === reference && other.sku === lot.sku && other.place === lot.place
    if (before === undefined && reference !== undefined && [...this.lots.values()].some(isTaken))
      throw new Aborted('conflict', `supply ${reference} of ${keyOf(lot)} is announced already`)
    this.lots.set(lot.id, before === undefined ? lot : { ...lot, sku: before.sku, place: before.place, kind: before.kind })
  }

  /** Of supply that is past its day, the last fifty that came in at its place say how late it may be. */
  #withDelays(lots: readonly Lot[]): readonly Lot[] {
    const today = this.#today()
    return lots.map((lot) => {
      const delayDays = lot.day < today ? this.#delayAt(lot.place) : undefined
      return delayDays === undefined ? lot : { ...lot, delayDays }
    })
  }

  /** In the middle. */
  #delayAt(place: Place): number | undefined {
    const came = [...this.lots.values()].flatMap((lot) =>
      lot.place === place && lot.came !== undefined ? [{ day: lot.day, came: lot.came }] : [],
    )
    const last = came.sort((a, b) => byText(b.came, a.came)).slice(0, measuredMax)
    const delays = last.map(({ day, came }) => Math.max(0, daysBetween(day, came)))
    return delays.sort((a, b) => a - b)[Math.ceil(delays.length / 2) - 1]
  }
}

/** Who waits already keeps his place in the queue; what he waits for may change. */
const stillWaiting = (before: Waiting, { to, quantity, promised, expected, lost }: Waiting): Waiting => {
  const { to: _to, promised: _promised, expected: _expected, lost: _lost, ...kept } = before
  return {
    ...kept,
    quantity,
    ...(to === undefined ? {} : { to }),
    ...(promised === undefined ? {} : { promised }),
    ...(expected === undefined ? {} : { expected }),
    ...(lost === undefined ? {} : { lost }),
  }
}

const unreachable = (): never => {
  throw new Error('a level that was checked a moment ago is gone')
}
