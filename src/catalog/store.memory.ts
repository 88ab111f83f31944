/** The memory form of the catalogue's stores: for tests of rooms and for the simulation. */
import type { Instant } from '../kernel/ids.ts'
import { Aborted, type MemoryWrite, type Work } from '../platform/store/work.ts'
import type { Product } from './product.ts'
import type { Promotion, ShippingMethod } from './promotion.ts'
import type { CatalogStores, Changed, ProductFilter, ProductRepository, RowRepository } from './store.ts'

class MemoryRows<Row extends Readonly<{ version: number }>> implements RowRepository<Row> {
  readonly rows = new Map<string, Readonly<{ row: Row; at: Instant }>>()
  readonly #keyOf: (row: Row) => string
  constructor(keyOf: (row: Row) => string) {
    this.#keyOf = keyOf
  }

  async lock(_work: Work, keys: readonly string[]): Promise<Map<string, Row>> {
    return new Map((await this.get(keys)).map((row) => [this.#keyOf(row), row]))
  }

  save({ fresh, changed }: Parameters<RowRepository<Row>['save']>[0], now: Instant): readonly MemoryWrite[] {
    const put = (row: Row): unknown => this.rows.set(this.#keyOf(row), { row, at: now })
    return [
      {
        apply: () => {
          for (const row of fresh) {
            if (this.rows.has(this.#keyOf(row))) throw new Aborted('conflict', this.#keyOf(row))
            put(row)
          }
          for (const row of changed) {
            const before = this.rows.get(this.#keyOf(row))
            if (before === undefined || before.row.version >= row.version) throw new Aborted('guard', this.#keyOf(row))
            put(row)
          }
        },
      },
    ]
  }

  get(keys: readonly string[]): Promise<readonly Row[]> {
    return Promise.resolve([...new Set(keys)].flatMap((key) => this.rows.get(key)?.row ?? []))
  }

  page(after: string | undefined, limit: number): Promise<readonly Row[]> {
    return Promise.resolve(this.sorted(after).slice(0, limit))
  }

  changedSince(at: Instant): Promise<readonly Changed[]> {
    const changed = [...this.rows].filter(([, stored]) => stored.at > at)
    return Promise.resolve(changed.map(([key, { row }]) => ({ key, version: row.version })))
  }

  lastChange(): Promise<Instant | undefined> {
    return Promise.resolve([...this.rows.values()].map(({ at }) => at).reduce<Instant | undefined>(later, undefined))
  }

  protected sorted(after: string | undefined): Row[] {
    return [...this.rows]
      .filter(([key]) => after === undefined || key > after)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { row }]) => row)
  }
}

const later = (a: Instant | undefined, b: Instant): Instant => (a === undefined || b > a ? b : a)

class MemoryProducts extends MemoryRows<Product> implements ProductRepository {
  list({ q, archived, after, limit }: ProductFilter): Promise<readonly Product[]> {
    const wanted = q?.toLowerCase() ?? ''
    const found = this.sorted(after).filter(
      ({ name, sku, archived: gone }) =>
        (archived || !gone) && (name.toLowerCase().includes(wanted) || sku.toLowerCase().startsWith(wanted)),
    )
    return Promise.resolve(found.slice(0, limit))
  }
}

export class MemoryCatalog implements CatalogStores {
  readonly products = new MemoryProducts(({ sku }) => sku)
  readonly promotions = new MemoryRows<Promotion>(({ code }) => code)
  readonly #methods = new Map<string, ShippingMethod>([
    ['standard', { code: 'standard', name: 'Standard delivery', price: 0, currency: 'GBP' }],
  ])
  shippingMethods(): Promise<readonly ShippingMethod[]> {
    return Promise.resolve([...this.#methods.values()].sort((a, b) => (a.code < b.code ? -1 : 1)))
  }
  saveShippingMethod(method: ShippingMethod): Promise<void> {
    this.#methods.set(method.code, method)
    return Promise.resolve()
  }
}
