/** The memory form of the catalogue's stores: for tests of rooms and for the simulation. */
import type { Instant } from '../kernel/ids.ts'
import { instant } from '../kernel/time.ts'
import { demand, MemoryTable } from '../platform/store/memory.ts'
import { Aborted, type MemoryWrite, type Work } from '../platform/store/work.ts'
import type { Product } from './product.ts'
import type { Promotion, ShippingMethod } from './promotion.ts'
import type { CatalogStores, Changed, Changes, ProductFilter, ProductRepository, RowRepository } from './store.ts'

class MemoryRows<Row extends Readonly<{ version: number }>> implements RowRepository<Row> {
  readonly rows = new MemoryTable<string, Readonly<{ row: Row; at: Instant }>>()
  readonly #keyOf: (row: Row) => string
  readonly #demands: (row: Row) => void
  /** @param demands the table's CHECKs. */
  constructor(keyOf: (row: Row) => string, demands: (row: Row) => void) {
    this.#keyOf = keyOf
    this.#demands = demands
  }

  async lock(_work: Work, keys: readonly string[]): Promise<Map<string, Row>> {
    return new Map((await this.get(keys)).map((row) => [this.#keyOf(row), row]))
  }

  save({ fresh, changed }: Parameters<RowRepository<Row>['save']>[0], now: Instant): readonly MemoryWrite[] {
    const guard = (): void => {
      for (const row of changed) {
        const before = this.rows.get(this.#keyOf(row))
        if (before === undefined || before.row.version >= row.version) throw new Aborted('guard', this.#keyOf(row))
      }
    }
    return [
      {
        apply: () => {
          for (const row of fresh) {
            this.#demands(row)
            this.rows.insert(this.#keyOf(row), { row, at: now })
          }
        },
      },
      {
        check: guard,
        apply: () => {
          for (const row of changed) {
            this.#demands(row)
            this.rows.set(this.#keyOf(row), { row, at: now })
          }
        },
        touches: changed.map(this.#keyOf),
        guarded: true,
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

  async changes(since: Instant | undefined): Promise<Changes> {
    const changed = since === undefined ? [] : await this.changedSince(since)
    const versions = changed.reduce((sum, { version }) => sum + version, 0)
    const last = [...this.rows.values()].map((stored) => stored.at).reduce<Instant | undefined>(later, undefined)
    // Nothing here is written later than it was begun.
    return { now: last ?? instant(0), tally: `${changed.length} ${versions}` }
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

const currency = /^[A-Z]{3}$/
const productDemands = (row: Product): void => {
  demand('sku', /^[A-Za-z0-9 ._:-]{1,64}$/.test(row.sku))
  demand('unit_price', row.unitPrice >= 0)
  demand('currency', currency.test(row.currency))
  demand('grams', row.grams >= 0)
  demand('when_sold_out', ['deny', 'backorder', 'preorder'].includes(row.whenSoldOut))
  demand('low_stock', row.lowStock >= 0)
}
const promotionDemands = (row: Promotion): void => {
  demand('code', /^[A-Z0-9._:-]{1,64}$/.test(row.code))
  demand('kind', ['percent', 'amount'].includes(row.kind))
  demand('value', row.value > 0 && (row.kind === 'amount' || row.value <= 10_000))
  demand('currency', row.currency === null || currency.test(row.currency))
  demand('minimum_subtotal', row.minimumSubtotal >= 0)
  demand('money_has_a_currency', row.currency !== null || (row.kind === 'percent' && row.minimumSubtotal === 0))
}

export class MemoryCatalog implements CatalogStores {
  readonly products = new MemoryProducts(({ sku }) => sku, productDemands)
  readonly promotions = new MemoryRows<Promotion>(({ code }) => code, promotionDemands)
  /** As the migrations lay them in. */
  readonly #methods = new Map<string, ShippingMethod>([
    ['standard', { code: 'standard', name: 'Standard delivery', price: 0, currency: 'GBP' }],
    ['express', { code: 'express', name: 'Express delivery', price: 495, currency: 'GBP' }],
  ])
  shippingMethods(): Promise<readonly ShippingMethod[]> {
    return Promise.resolve([...this.#methods.values()].sort((a, b) => (a.code < b.code ? -1 : 1)))
  }
  async saveShippingMethod(method: ShippingMethod): Promise<void> {
    demand('price', method.price >= 0)
    demand('currency', currency.test(method.currency))
    this.#methods.set(method.code, method)
  }
}
