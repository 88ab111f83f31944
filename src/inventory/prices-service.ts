/**
 * Scarcity prices: reckoned in the background by one process, read by all, kept in memory by their version. Placement reads
 * nothing for them. A decision between two versions is on the older one: a price is a forecast, nobody is refused on it.
 */
import { randomUUID } from 'node:crypto'
import type { Instant, Sku } from '../kernel/ids.ts'
import { dayIn } from '../kernel/time.ts'
import { nowMs, turn } from '../kernel/timers.ts'
import type { RecentOrder, RecentOrders } from '../orders/contract.ts'
import type { Levels, Network, Sourcer } from '../sourcing/contract.ts'
import { free } from './levels.ts'
import type { PriceList, PriceRepository, PriceRow } from './prices-store.ts'
import { reckonPrices } from './scarcity.ts'
import type { InventoryRepository } from './store.ts'

/** Far below a twentieth of the days until stock is filled up, which is often enough (SOURCING §5.1). */
const everySeconds = 900
/** Where units came in, at once; and no more often than rounds come, however many come in. */
const filledUpSeconds = 60
/** So much of what the orders to come would take: as much as moves a price in the time between two lists. */
const filledUpShare = 0.05
/** Reckoning takes a second or two; a process that died in it is waited for no longer than this. */
const leaseSeconds = 300
/** More than these say little more (SOURCING §5.1). */
const ordersMax = 400
/** So long nobody else gets a turn; a single decision may take a few more. */
const sliceMs = 4

export type PriceOptions = Readonly<{
  repository: PriceRepository
  stock: Pick<InventoryRepository, 'readLevels' | 'readLots'>
  recent: (limit: number) => Promise<RecentOrders>
  /** The network as it is; undefined while there is none. */
  network: () => Network | undefined
  sourcerFor: (order: RecentOrder) => Sourcer
  now: () => Instant
  zone: string
}>
export type PriceOf = NonNullable<Levels['price']>

export class Prices {
  readonly #options: PriceOptions
  readonly #holder = randomUUID()
  #list: PriceList = { version: 0, rows: [] }
  #bySku = new WeakMap<Network, ReadonlyMap<Sku, readonly number[]>>()

  constructor(options: PriceOptions) {
    this.#options = options
  }

  get list(): PriceList {
    return this.#list
  }

  /** By the network's order of warehouses. */
  over(network: Network): PriceOf {
    return (sku) => this.#table(network).get(sku) ?? null
  }

  /** Reads what another process reckoned, and reckons itself when that is due, or scarce units came in. @returns whether it did */
  async round(): Promise<boolean> {
    const { repository } = this.#options
    const everyNow = (await this.#isFilledUp()) ? filledUpSeconds : everySeconds
    const mine = await repository.lease(this.#holder, everyNow, leaseSeconds)
    if (mine) await this.#reckon()
    await this.#read()
    return mine
  }

  /** Whether somewhere more is free of a scarce product than when its price was reckoned: it may be worth less, or nothing. */
  async #isFilledUp(): Promise<boolean> {
    const { rows } = this.#list
    if (rows.length === 0) return false
    const levels = await this.#options.stock.readLevels([...new Set(rows.map(({ sku }) => sku))])
    const now = new Map(levels.map((level) => [`${level.sku}\n${level.place}`, free(level)]))
    return rows.some(
      ({ sku, place, stock, forecast }) => (now.get(`${sku}\n${place}`) ?? 0) - stock >= Math.max(1, filledUpShare * forecast),
    )
  }

  async #reckon(): Promise<void> {
    await this.#read()
    const { repository } = this.#options
    const network = this.#options.network()
    await repository.save(this.#holder, network === undefined ? [] : await this.#reckonOver(network))
  }

  async #reckonOver(network: Network): Promise<readonly PriceRow[]> {
    const { stock, recent: recentOrders, now, zone, sourcerFor } = this.#options
    const recent = await recentOrders(ordersMax)
    const skus = [...new Set(recent.orders.flatMap(({ lines }) => lines.map(({ sku }) => sku)))]
    const [levels, lots] = await Promise.all([stock.readLevels(skus), stock.readLots(skus)])
    const at = now()
    const steps = reckonPrices({
      at,
      today: dayIn(zone, at),
      network,
      recent,
      levels,
      lots: lots.filter(({ quantity, received }) => quantity > received),
      prices: this.#list.rows,
      sourcerFor,
    })
    for (;;) {
      const end = nowMs() + sliceMs
      do {
        const { done, value } = steps.next()
        if (done === true) return value
      } while (nowMs() < end)
      await turn()
    }
  }

  async #read(): Promise<void> {
    const newer = await this.#options.repository.newer(this.#list.version)
    if (newer === undefined) return
    this.#list = newer
    this.#bySku = new WeakMap()
  }

  #table(network: Network): ReadonlyMap<Sku, readonly number[]> {
    const known = this.#bySku.get(network)
    if (known !== undefined) return known
    const at = new Map(network.warehouses.map(({ id }, w) => [id, w]))
    const table = new Map<Sku, number[]>()
    for (const { sku, place, cents } of this.#list.rows) {
      const w = at.get(place)
      if (w === undefined) continue
      const row = table.get(sku) ?? network.warehouses.map(() => 0)
      row[w] = cents
      table.set(sku, row)
    }
    this.#bySku.set(network, table)
    return table
  }
}
