/**
 * All products, promotions and delivery methods in memory, so that pricing needs no query. What another process changed
 * is seen within a second; a product this process never saw is looked up at once.
 */
import type { Instant } from '../kernel/ids.ts'
import { instant, milliseconds } from '../kernel/time.ts'
import { nowMs } from '../kernel/timers.ts'
import type { PriceBook } from './pricing.ts'
import type { Product, ProductBook } from './product.ts'
import type { Promotion, ShippingMethod } from './promotion.ts'
import type { CatalogStores, RowRepository } from './store.ts'

/** A look costs three queries by index, whatever the traffic; with this, nobody has to wait for one while there is traffic. */
const lookAgainMs = 700
/** What was seen longer ago is not relied on: whoever comes then waits for the next look. */
const staleMs = 1_000
/** Rows read at once when a process starts: some 2 MB. */
const pageRows = 5_000
/**
 * A row's `changed_at` is when its batch began; it can be seen only after the commit. Looking back further than a batch
 * may last (20 s a statement, 10 s between two) misses none.
 */
const overlapMs = 60_000

class RememberedRows<Row extends Readonly<{ version: number }>> {
  readonly rows = new Map<string, Row>()
  readonly #repository: RowRepository<Row>
  readonly #keyOf: (row: Row) => string
  /** From here on changes are looked for, and the tally of those that are known. */
  #since: Instant | undefined
  #known: string | undefined
  constructor(repository: RowRepository<Row>, keyOf: (row: Row) => string) {
    this.#repository = repository
    this.#keyOf = keyOf
  }

  /** Two numbers where nothing changed: after an import all its rows are looked for again until the slowest batch of it must be over. */
  async refresh(): Promise<void> {
    const { now, tally } = await this.#repository.changes(this.#since)
    if (this.#since === undefined) await this.#load()
    else if (tally !== this.#known) {
      const changed = await this.#repository.changedSince(this.#since)
      const stale = changed.filter(({ key, version }) => (this.rows.get(key)?.version ?? 0) < version)
      if (stale.length > 0) this.remember(await this.#repository.get(stale.map(({ key }) => key)))
      this.#known = tally
    }
    if (this.#since !== undefined && milliseconds(now) - milliseconds(this.#since) <= 2 * overlapMs) return
    this.#since = instant(milliseconds(now) - overlapMs)
    this.#known = undefined
  }

  async readThrough(keys: readonly string[]): Promise<void> {
    const unknown = keys.filter((key) => !this.rows.has(key))
    if (unknown.length > 0) this.remember(await this.#repository.get(unknown))
  }

  /** A newer version stays: answers of two queries may come in either order. */
  remember(rows: readonly Row[]): void {
    for (const row of rows) {
      const known = this.rows.get(this.#keyOf(row))
      if (known === undefined || known.version <= row.version) this.rows.set(this.#keyOf(row), row)
    }
  }

  async #load(): Promise<void> {
    let after: string | undefined
    for (;;) {
      const page = await this.#repository.page(after, pageRows)
      this.remember(page)
      const last = page.at(-1)
      if (last === undefined || page.length < pageRows) return
      after = this.#keyOf(last)
    }
  }
}

export class CatalogCache implements PriceBook, ProductBook {
  readonly #stores: CatalogStores
  readonly #products: RememberedRows<Product>
  readonly #promotions: RememberedRows<Promotion>
  readonly #clock: () => number
  #methods: ReadonlyMap<string, ShippingMethod> = new Map()
  #lookedAt = Number.NEGATIVE_INFINITY
  #refreshing: Promise<void> | undefined

  /** @param clock monotonic milliseconds. */
  constructor(stores: CatalogStores, clock: () => number = nowMs) {
    this.#stores = stores
    this.#products = new RememberedRows(stores.products, ({ sku }) => sku)
    this.#promotions = new RememberedRows(stores.promotions, ({ code }) => code)
    this.#clock = clock
  }

  async ensure(skus: readonly string[]): Promise<void> {
    const age = this.#clock() - this.#lookedAt
    if (age >= staleMs) await this.refresh()
    // A look that fails leaves what is known: whoever comes when that is stale looks himself, and hears why he cannot.
    else if (age >= lookAgainMs) this.refresh().catch(() => undefined)
    await this.#products.readThrough(skus)
    const parts = skus.flatMap((sku) => this.#products.rows.get(sku)?.components.map((part) => part.sku) ?? [])
    if (parts.length > 0) await this.#products.readThrough(parts)
  }

  /** Looks now; callers that come meanwhile wait for the same look. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#look().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  remember(rows: Readonly<{ products?: readonly Product[]; promotions?: readonly Promotion[] }>): void {
    this.#products.remember(rows.products ?? [])
    this.#promotions.remember(rows.promotions ?? [])
  }

  product(sku: string): Product | undefined {
    return this.#products.rows.get(sku)
  }
  promotion(code: string): Promotion | undefined {
    return this.#promotions.rows.get(code)
  }
  shippingMethod(code: string): ShippingMethod | undefined {
    return this.#methods.get(code)
  }
  isComponent(sku: string): boolean {
    for (const { components } of this.#products.rows.values()) if (components.some((part) => part.sku === sku)) return true
    return false
  }

  async #look(): Promise<void> {
    const began = this.#clock()
    const methods = this.#stores.shippingMethods()
    await Promise.all([this.#products.refresh(), this.#promotions.refresh(), methods])
    this.#methods = new Map((await methods).map((method) => [method.code, method]))
    this.#lookedAt = began
  }
}
