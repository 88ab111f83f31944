/** The memory form of the stock's repository, with the checks that the tables have: for tests and for the simulation. */
import type { Instant, OrderId, Place, Sku } from '../kernel/ids.ts'
import { dayIn, daysBetween } from '../kernel/time.ts'
import { Aborted, type MemoryWrite, type Work } from '../platform/store/work.ts'
import type { Holding } from './holding.ts'
import type { Delta, LedgerRow, LevelRow } from './levels.ts'
import type { InventoryRepository, Lot, Waiting } from './store.ts'

type Pair = Readonly<{ sku: Sku; place: Place }>
type Queued = Pick<Waiting, 'sku' | 'order' | 'line' | 'place'>

const keyOf = ({ sku, place }: Pair): string => `${sku}\n${place}`
const queueKey = ({ sku, order, line, place }: Queued): string => `${sku}\n${order}\n${line}\n${place}`
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export class MemoryInventory implements InventoryRepository {
  readonly levels = new Map<string, LevelRow>()
  readonly ledger: (LedgerRow & Readonly<{ at: Instant }>)[] = []
  readonly holdings = new Map<OrderId, Holding>()
  readonly waiting = new Map<string, Waiting>()
  readonly lots = new Map<string, Lot>()

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

  async openLots({ now }: Work, skus: readonly Sku[]): Promise<readonly Lot[]> {
    const today = dayIn('UTC', now)
    return (await this.readLots(skus)).map((lot) => {
      const delayDays = lot.day < today ? this.#delayAt(lot.place) : undefined
      return delayDays === undefined ? lot : { ...lot, delayDays }
    })
  }

  /** In the middle, of what came in at a place. */
  #delayAt(place: Place): number | undefined {
    const delays = [...this.lots.values()].flatMap((lot) =>
      lot.place === place && lot.came !== undefined ? [Math.max(0, daysBetween(lot.day, lot.came))] : [],
    )
    return delays.sort((a, b) => a - b)[Math.ceil(delays.length / 2) - 1]
  }

  lockLots(_work: Work, ids: readonly string[]): Promise<readonly Lot[]> {
    return Promise.resolve([...new Set(ids)].sort(byText).flatMap((id) => this.lots.get(id) ?? []))
  }

  waitingFor(_work: Work, skus: readonly Sku[]): Promise<readonly Waiting[]> {
    return this.readWaiting(skus)
  }

  readWaiting(skus: readonly Sku[]): Promise<readonly Waiting[]> {
    const rows = [...this.waiting.values()].filter(({ sku }) => skus.includes(sku))
    return Promise.resolve(
      rows.sort(
        (a, b) =>
          byText(a.sku, b.sku) || b.priority - a.priority || byText(a.at, b.at) || byText(a.order, b.order) || a.line - b.line,
      ),
    )
  }

  saveLevels(deltas: readonly Delta[]): MemoryWrite {
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
    return { check, apply }
  }

  saveLedger(rows: readonly LedgerRow[], at: Instant): MemoryWrite {
    const added = rows.map((row) => ({ ...row, at }))
    return { apply: () => void this.ledger.push(...added) }
  }

  newHoldings(holdings: readonly Readonly<{ order: OrderId; holding: Holding }>[]): MemoryWrite {
    const check = (): void => {
      for (const { order } of holdings) if (this.holdings.has(order)) throw new Aborted('conflict', order)
    }
    return { check, ...this.saveHoldings(holdings) }
  }

  saveHoldings(holdings: readonly Readonly<{ order: OrderId; holding: Holding }>[]): MemoryWrite {
    return {
      apply: () => {
        for (const { order, holding } of holdings) this.holdings.set(order, holding)
      },
    }
  }

  saveWaiting(rows: readonly Waiting[]): MemoryWrite {
    return {
      apply: () => {
        for (const row of rows) {
          const before = this.waiting.get(queueKey(row))
          // Who waits already keeps his place in the queue.
          this.waiting.set(
            queueKey(row),
            before === undefined
              ? row
              : { ...row, place: before.place, kind: before.kind, priority: before.priority, at: before.at },
          )
        }
      },
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
        for (const lot of lots) this.lots.set(lot.id, lot)
      },
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
    return Promise.resolve(rows.sort((a, b) => byText(a.day, b.day) || byText(a.id, b.id)))
  }

  /** Without a clock: whoever waits where something is announced. Looking again at what is in time changes nothing. */
  overdue(limit: number): Promise<readonly Sku[]> {
    const open = [...this.lots.values()].filter(({ closed }) => !closed)
    const skus = [...this.waiting.values()].flatMap(({ sku, place }) =>
      open.some((lot) => lot.sku === sku && lot.place === place) ? [sku] : [],
    )
    return Promise.resolve([...new Set(skus)].slice(0, limit))
  }
}

const unreachable = (): never => {
  throw new Error('a level that was checked a moment ago is gone')
}
