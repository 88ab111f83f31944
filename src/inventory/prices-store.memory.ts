/** The memory form of scarcity prices: for the simulation. */
import type { Instant } from '../kernel/ids.ts'
import { addSeconds } from '../kernel/time.ts'
import { demand } from '../platform/store/memory.ts'
import type { PriceList, PriceRepository, PriceRow } from './prices-store.ts'

export class MemoryPrices implements PriceRepository {
  readonly #clock: () => Instant
  #list: PriceList = { version: 0, rows: [] }
  #refreshedAt: Instant | undefined
  #lease: Readonly<{ holder: string; until: Instant }> | undefined
  constructor(clock: () => Instant) {
    this.#clock = clock
  }

  lease(holder: string, everySeconds: number, leaseSeconds: number): Promise<boolean> {
    const now = this.#clock()
    const isHeld = this.#lease !== undefined && this.#lease.until >= now
    const isFresh = this.#refreshedAt !== undefined && this.#refreshedAt > addSeconds(now, -everySeconds)
    if (isHeld || isFresh) return Promise.resolve(false)
    this.#lease = { holder, until: addSeconds(now, leaseSeconds) }
    return Promise.resolve(true)
  }

  async save(holder: string, rows: readonly PriceRow[]): Promise<boolean> {
    if (this.#lease?.holder !== holder) return false
    for (const { cents } of rows) demand('cents', cents > 0)
    const isStillEmpty = rows.length === 0 && this.#list.rows.length === 0
    const sorted = rows.toSorted((a, b) => byText(a.sku, b.sku) || byText(a.place, b.place))
    this.#list = { version: this.#list.version + (isStillEmpty ? 0 : 1), rows: sorted }
    this.#lease = undefined
    this.#refreshedAt = this.#clock()
    return true
  }

  newer(version: number): Promise<PriceList | undefined> {
    return Promise.resolve(this.#list.version > version ? this.#list : undefined)
  }
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
