/** The catalogue's door: saves in batches with their facts, and prices from memory. */
import { isRefusal, type Refusal } from '../kernel/decider.ts'
import type { Fact, Origin } from '../kernel/event.ts'
import { microBatch } from '../kernel/micro-batch.ts'
import { newId } from '../platform/ids.ts'
import type { Records } from '../platform/records/records.ts'
import { type Batches, Fault, isolateFaults, type Work } from '../platform/store/work.ts'
import type { CatalogQueries, Priced, PriceRequest, PricingReason } from './contract.ts'
import { CatalogCache } from './memory.ts'
import { price } from './pricing.ts'
import {
  decideProduct,
  type Product,
  type ProductCommand,
  type ProductDraft,
  type ProductReason,
  productFact,
  skuOf,
} from './product.ts'
import {
  codeOf,
  decidePromotion,
  type Promotion,
  type PromotionCommand,
  promotionFact,
  type PromotionReason,
  type ShippingMethod,
} from './promotion.ts'
import type { CatalogStores, RowRepository } from './store.ts'

export type CatalogOptions = Readonly<{
  batches: Batches
  records: Records
  stores: CatalogStores
  /** Called after a commit. */
  committed?: (() => void) | undefined
  /** Monotonic milliseconds; tests replace it. */
  clock?: (() => number) | undefined
}>

/** What a save came to: the row as it stands, and whether this command changed it. */
export type Saved<Row> = Readonly<{ row: Row; change: 'added' | 'changed' | 'none' }>
export type SavedOrRefused<Row, Reason extends string> = Saved<Row> | Refusal<Reason>

/** An import hands over its rows by the thousand; a person's change waits for one such batch at most. */
const limits = { itemsMax: 256, inFlightMax: 1, waitingMax: 1_000, weightMax: 2_000 } as const

export class Catalog implements CatalogQueries {
  readonly stores: CatalogStores
  readonly cache: CatalogCache
  readonly #products: Rows<ProductCommand, Product, ProductReason>
  readonly #promotions: Rows<PromotionCommand, Promotion, PromotionReason>

  constructor({ batches, records, stores, committed, clock }: CatalogOptions) {
    this.stores = stores
    const cache = new CatalogCache(stores, clock)
    this.cache = cache
    const shared = { batches, records, committed: () => committed?.() }
    this.#products = new Rows({
      ...shared,
      name: 'catalog.products',
      repository: stores.products,
      keyOf: skuOf,
      decide: (command, before, inBatch) =>
        decideProduct(command, before, {
          product: (sku) => inBatch.get(sku) ?? cache.product(sku),
          isComponent: (sku) =>
            cache.isComponent(sku) || [...inBatch.values()].some(({ components }) => components.some((part) => part.sku === sku)),
        }),
      factOf: productFact,
      saved: (products) => cache.remember({ products }),
    })
    this.#promotions = new Rows({
      ...shared,
      name: 'catalog.promotions',
      repository: stores.promotions,
      keyOf: codeOf,
      decide: decidePromotion,
      factOf: promotionFact,
      saved: (promotions) => cache.remember({ promotions }),
    })
  }

  /** Adds products and changes known ones; one that is as the draft says is left alone. One answer a draft, in order. */
  save(drafts: readonly ProductDraft[], origin: Origin): Promise<readonly SavedOrRefused<Product, ProductReason>[]> {
    return this.changeProducts(
      drafts.map((draft) => ({ do: 'save', draft })),
      origin,
    )
  }

  async changeProducts(
    commands: readonly ProductCommand[],
    origin: Origin,
  ): Promise<readonly SavedOrRefused<Product, ProductReason>[]> {
    const drafts = commands.flatMap((command) => (command.do === 'save' ? [command.draft] : []))
    // Only bundles need to know what else there is.
    const parts = drafts.flatMap(({ components }) => components?.map(({ sku }) => sku) ?? [])
    if (parts.length > 0) await this.cache.ensure(parts)
    return this.#products.handle(commands, origin)
  }

  changePromotions(
    commands: readonly PromotionCommand[],
    origin: Origin,
  ): Promise<readonly SavedOrRefused<Promotion, PromotionReason>[]> {
    return this.#promotions.handle(commands, origin)
  }

  async saveShippingMethod(method: ShippingMethod): Promise<void> {
    await this.stores.saveShippingMethod(method)
    await this.cache.refresh()
  }

  ensure(skus: readonly string[]): Promise<void> {
    return this.cache.ensure(skus)
  }
  product(sku: string): Product | undefined {
    return this.cache.product(sku)
  }
  price(request: PriceRequest): Priced | Refusal<PricingReason> {
    return price(request, this.cache)
  }
}

type RowsOptions<Command, Row, Reason extends string> = Readonly<{
  name: string
  batches: Batches
  records: Records
  repository: RowRepository<Row>
  keyOf: (command: Command) => string
  /** Returns `before` itself where nothing changes. `inBatch`: what this batch made of other rows so far. */
  decide: (command: Command, before: Row | undefined, inBatch: ReadonlyMap<string, Row>) => Row | Refusal<Reason>
  factOf: (before: Row | undefined, after: Row) => Fact
  saved: (rows: readonly Row[]) => void
  committed: () => void
}>
type Together<Command> = Readonly<{ commands: readonly Command[]; origin: Origin }>

/** Lock → decide → save for rows that keep no history of their own: their facts have streams of one. */
class Rows<Command, Row, Reason extends string> {
  readonly #options: RowsOptions<Command, Row, Reason>
  readonly #together: (asked: Together<Command>) => Promise<readonly SavedOrRefused<Row, Reason>[] | Fault>

  constructor(options: RowsOptions<Command, Row, Reason>) {
    this.#options = options
    const weigh = ({ commands }: Together<Command>): number => commands.length
    this.#together = microBatch(options.name, (batch: readonly Together<Command>[]) => this.#commit(batch), limits, weigh)
  }

  async handle(commands: readonly Command[], origin: Origin): Promise<readonly SavedOrRefused<Row, Reason>[]> {
    const answers: SavedOrRefused<Row, Reason>[] = []
    for (let start = 0; start < commands.length; start += limits.weightMax) {
      const outcome = await this.#together({ commands: commands.slice(start, start + limits.weightMax), origin })
      if (outcome instanceof Fault) throw outcome.cause
      answers.push(...outcome)
    }
    return answers
  }

  async #commit(batch: readonly Together<Command>[]): Promise<readonly (readonly SavedOrRefused<Row, Reason>[] | Fault)[]> {
    const { batches, saved, committed } = this.#options
    const outcomes = await isolateFaults(batch, (items) => batches.batch((work) => this.#within(work, items)))
    saved(
      outcomes.flatMap((outcome) =>
        outcome instanceof Fault ? [] : outcome.flatMap((answer) => (isRefusal(answer) ? [] : [answer.row])),
      ),
    )
    committed()
    return outcomes
  }

  async #within(work: Work, batch: readonly Together<Command>[]): Promise<readonly (readonly SavedOrRefused<Row, Reason>[])[]> {
    const { repository, records, keyOf, decide, factOf } = this.#options
    const keys = batch.flatMap(({ commands }) => commands.map(keyOf))
    const stored = await repository.lock(work, keys)
    const now = new Map<string, Row>()
    const facts: Parameters<Records['append']>[0][number][] = []
    const take = (command: Command, origin: Origin): SavedOrRefused<Row, Reason> => {
      const key = keyOf(command)
      const before = now.get(key) ?? stored.get(key)
      const after = decide(command, before, now)
      if (isRefusal(after)) return after
      if (after === before) return { row: after, change: 'none' }
      now.set(key, after)
      facts.push({ stream: newId(work.now), firstVersion: 1, facts: [factOf(before, after)], origin, at: work.now })
      return { row: after, change: before === undefined ? 'added' : 'changed' }
    }
    const answers = batch.map(({ commands, origin }) => commands.map((command) => take(command, origin)))
    const rows = [...now]
    work.add(
      ...repository.save(
        {
          fresh: rows.flatMap(([key, row]) => (stored.has(key) ? [] : [row])),
          changed: rows.flatMap(([key, row]) => (stored.has(key) ? [row] : [])),
        },
        work.now,
      ),
    )
    if (facts.length > 0) work.add(records.append(facts))
    return answers
  }
}
