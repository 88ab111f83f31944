/** Carts' one way in: adding, changing, ordering. Stock is looked at before; what is decided is decided under the lock. */
import type { CatalogQueries, ProductView } from '../catalog/contract.ts'
import type { StockQueries } from '../inventory/contract.ts'
import { Deciding, isRefusal, type Refusal, refuse, type Stored } from '../kernel/decider.ts'
import type { Instant, OrderId, Sku } from '../kernel/ids.ts'
import { microBatch } from '../kernel/micro-batch.ts'
import { swept } from '../platform/store/sweeping.ts'
import { type Batches, Fault, isolateFaults, type Work, type Write } from '../platform/store/work.ts'
import {
  type Cart,
  type CartCommand,
  cartDecider,
  type CartEvent,
  type CartReason,
  emptyCart,
  expiryOf,
  type Sellable,
} from './cart.ts'
import { type CartAtCheckout, type CartCheckout, type CartItemView, type CartOwner, type CartView, sameness } from './contract.ts'
import { cartIdOf } from './service-owner.ts'
import type { CartRepository, StoredCart } from './store.ts'

export type CartRefusal = Refusal<CartReason | 'product_unknown' | 'version_mismatch'>
export type CartOutcome = CartView | CartRefusal
export type CartOptions = Readonly<{
  batches: Batches
  store: CartRepository
  catalog: Pick<CatalogQueries, 'ensure' | 'product'>
  stock: StockQueries
  now: () => Instant
}>
type Asked = Readonly<{ owner: CartOwner; command: CartCommand; expected?: number | undefined }>
type Kept = Stored<Cart> & Readonly<{ expiresAt?: Instant }>

/** Short rows by key: a few hundred share a commit; 10,000 waiting is seconds of work, beyond which a 503 is kinder. */
const limits = { itemsMax: 256, inFlightMax: 2, waitingMax: 10_000 } as const

export class Carts implements CartCheckout {
  readonly #options: CartOptions
  readonly #together: (asked: Asked) => Promise<Kept | CartRefusal | Fault>

  constructor(options: CartOptions) {
    this.#options = options
    const commit = (batch: readonly Asked[]) =>
      isolateFaults(batch, (items) => options.batches.batch((work) => this.#within(work, items)))
    this.#together = microBatch('carts', commit, limits)
  }

  /** Reading writes nothing: a cart nobody used yet is empty and has its id already. */
  async cartOf(owner: CartOwner): Promise<CartView> {
    const cartId = cartIdOf(owner)
    const stored = (await this.#options.store.get([cartId])).get(cartId)
    return this.#view(cartId, alive(stored, this.#options.now()))
  }

  /** The owner of a cart that was used; undefined otherwise. */
  async ownerOf(cartId: string): Promise<CartOwner | undefined> {
    return (await this.#options.store.get([cartId])).get(cartId)?.owner
  }

  async add(owner: CartOwner, sku: string, quantity: number, expected?: number): Promise<CartOutcome> {
    const product = await this.#sold(sku)
    if (isRefusal(product)) return product
    const sellable = await this.#sellable(product)
    return this.#handle(owner, { do: 'addItem', sku: product.sku, quantity, currency: product.currency, sellable }, expected)
  }

  /** Sets an item's quantity; 0 removes it. */
  async change(owner: CartOwner, sku: string, quantity: number, expected?: number): Promise<CartOutcome> {
    if (quantity === 0) return this.remove(owner, sku, expected)
    const product = await this.#sold(sku)
    if (isRefusal(product)) return product
    const sellable = await this.#sellable(product)
    return this.#handle(owner, { do: 'changeQuantity', sku: product.sku, quantity, sellable }, expected)
  }

  remove(owner: CartOwner, sku: string, expected?: number): Promise<CartOutcome> {
    return this.#handle(owner, { do: 'removeItem', sku: sku as Sku }, expected)
  }

  empty(owner: CartOwner, expected?: number): Promise<CartOutcome> {
    return this.#handle(owner, { do: 'empty' }, expected)
  }

  async lockForCheckout(
    work: Work,
    carts: readonly Readonly<{ cartId: string; owner: string }>[],
  ): Promise<ReadonlyMap<string, CartAtCheckout>> {
    const own = carts.filter(({ cartId, owner }) => cartId === cartIdOf(owner))
    const stored = await this.#options.store.lock(
      work,
      own.map(({ cartId }) => cartId),
    )
    return new Map(
      own.map(({ cartId }) => {
        const { version, state } = alive(stored.get(cartId), work.now)
        return [cartId, { version, items: state.items, ...lastOrderOf(state) }]
      }),
    )
  }

  /** The same as placing an order asks it: what was priced is compared with what is there by `items`. */
  async lock(
    work: Work,
    carts: readonly Readonly<{ cartId: string; owner: string }>[],
  ): Promise<ReadonlyMap<string, Readonly<{ items: string; empty: boolean; lastOrder?: OrderId }>>> {
    const found = await this.lockForCheckout(work, carts)
    return new Map(
      [...found].map(([id, { items, lastOrder }]) => [
        id,
        { items: sameness(items), empty: items.length === 0, ...(lastOrder === undefined ? {} : { lastOrder }) },
      ]),
    )
  }

  emptied(carts: readonly Readonly<{ cartId: string; order: OrderId }>[], now: Instant): Write {
    return this.#options.store.emptied(carts, now)
  }

  /** Checks one cart out inside a batch that someone else began: it is locked, read, and emptied with that batch. */
  async checkoutWithin(
    work: Work,
    asked: Readonly<{ owner: CartOwner; cartId: string; order: OrderId }>,
  ): Promise<CartAtCheckout | Refusal<'cart_not_found' | 'cart_empty'>> {
    const { cartId, order } = asked
    const cart = (await this.lockForCheckout(work, [asked])).get(cartId)
    if (cart === undefined) return refuse('cart_not_found', `${cartId} is not a cart of this user`)
    const decided = cartDecider.decide({ do: 'checkOut', order }, { ...cart, currency: null })
    if (isRefusal(decided)) return refuse('cart_empty', decided.detail, decided.about)
    work.add(this.emptied([{ cartId, order }], work.now))
    return cart
  }

  /** Deletes carts past their end. @returns how many. */
  sweep(now: Instant): Promise<number> {
    const { batches, store } = this.#options
    return swept(batches, (work, rowsMax) => store.sweep(work, now, rowsMax))
  }

  async #handle(owner: CartOwner, command: CartCommand, expected: number | undefined): Promise<CartOutcome> {
    const outcome = await this.#together({ owner, command, expected })
    if (outcome instanceof Fault) throw outcome.cause
    return isRefusal(outcome) ? outcome : this.#view(cartIdOf(owner), outcome)
  }

  async #within(work: Work, batch: readonly Asked[]): Promise<readonly (Kept | CartRefusal)[]> {
    const { store } = this.#options
    const owners = new Map(batch.map(({ owner }) => [cartIdOf(owner), owner]))
    const stored = await store.lock(work, [...owners.keys()])
    const current = new Map([...stored].map(([id, row]) => [id, alive(row, work.now)]))
    const deciding = new Deciding<CartCommand, CartEvent, Cart, CartReason>(cartDecider, current)
    const expiresAt = expiryOf(work.now)
    const outcomes = batch.map(({ owner, command, expected }): Kept | CartRefusal => {
      const id = cartIdOf(owner)
      const { version } = deciding.current(id)
      if (expected !== undefined && expected !== version)
        return refuse('version_mismatch', `the cart is at version ${version}, not ${expected}: look at it again`, { version })
      const decided = deciding.consider(id, command)
      if (isRefusal(decided)) return decided
      deciding.keep(id, decided)
      return { version: decided.version, state: decided.state, expiresAt }
    })
    const changes = deciding.changes.map((change) => ({ ...change, owner: owners.get(change.id) as CartOwner, expiresAt }))
    if (changes.length > 0) work.add(...store.save(changes, work.now))
    return outcomes
  }

  async #sold(sku: string): Promise<ProductView | CartRefusal> {
    const { catalog } = this.#options
    await catalog.ensure([sku])
    const product = catalog.product(sku)
    if (product !== undefined && !product.archived) return product
    return refuse('product_unknown', `there is no product ${sku}`, { errors: [{ pointer: '/sku', code: 'product_unknown' }] })
  }

  /** What could be sold of it now. A bundle is as plentiful as its scarcest part. */
  async #sellable({ sku, whenSoldOut, components }: ProductView): Promise<Sellable> {
    if (whenSoldOut !== 'deny') return 'unlimited'
    const parts = components.length === 0 ? [{ sku, quantity: 1 }] : components
    const available = await this.#options.stock.available(parts.map((part) => part.sku))
    return Math.min(...parts.map((part) => Math.floor((available.get(part.sku) ?? 0) / part.quantity)))
  }

  async #view(cartId: string, { version, state, expiresAt }: Kept): Promise<CartView> {
    const { catalog } = this.#options
    await catalog.ensure(state.items.map(({ sku }) => sku))
    const items = state.items.map(({ sku, quantity }): CartItemView => {
      const product = catalog.product(sku)
      return { sku, quantity, name: product?.name ?? sku, unitPrice: product?.unitPrice ?? 0, sold: product?.archived === false }
    })
    return {
      cartId,
      version,
      currency: state.currency,
      items,
      subtotal: items.reduce((sum, { quantity, unitPrice, sold }) => sum + (sold ? quantity * unitPrice : 0), 0),
      ...lastOrderOf(state),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    }
  }
}

/** A cart past its end is empty, swept or not; its version goes on, so that a stale copy is still told apart. */
const alive = (stored: StoredCart | undefined, now: Instant): Kept => {
  if (stored === undefined) return { version: 0, state: emptyCart }
  const { version, state, expiresAt } = stored
  return expiresAt >= now ? { version, state, expiresAt } : { version, state: { ...emptyCart, ...lastOrderOf(state) } }
}

const lastOrderOf = ({ lastOrder }: Cart): Readonly<{ lastOrder?: OrderId }> => (lastOrder === undefined ? {} : { lastOrder })
