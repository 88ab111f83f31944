/**
 * Placing orders, in batches: validated and priced before, then stock is set aside and the order saved in one
 * transaction. Two paths end in the same statement: on remembered levels with nothing read first, and, where anything
 * looks short or surprising, lock → decide → save. Nobody is refused on memory (docs/decisions/0002-two-paths.md).
 */
import { type Change, type Decided, isRefusal, type Refusal, refuse } from '../kernel/decider.ts'
import type { Origin } from '../kernel/event.ts'
import type { Instant, OrderId, PersonRef, Sku } from '../kernel/ids.ts'
import { microBatch } from '../kernel/micro-batch.ts'
import { addSeconds } from '../kernel/time.ts'
import type { InventoryPart } from '../inventory/contract.ts'
import { newId } from '../platform/ids.ts'
import type { KeyClaim, Person, Records } from '../platform/records/records.ts'
import { type Batches, Fault, isolateFaults, OutcomeUnknown, type Work, type Write } from '../platform/store/work.ts'
import { appendOf, type CommonReason, keyReused, KeysInBatch, unlessRepeated } from '../platform/streams/service.ts'
import type { OrderEvent, OrderReason } from './contract.ts'
import { orderDecider } from './decide.ts'
import { answered } from './inline.ts'
import { carriesUnits, type Live, type Order, type Placed, unplaced } from './order.ts'
import type { OrderRepository } from './store.ts'

/** What a door brings: everything about the order but its number and its instants. */
export type Draft = Readonly<Omit<Placed, 'type' | 'number' | 'placedAt' | 'expiresAt' | 'contact'>>
export type PlaceAsked = Readonly<{
  draft: Draft
  person?: Person | undefined
  /** Seconds the reservation lives while money is not secured; undefined: no end. */
  reservedSeconds?: number | undefined
  origin: Origin
  key?: KeyClaim | undefined
  cart?: CartAsked | undefined
  /** The promise that the draft was drawn up by. */
  promise?: Readonly<{ expiresAt: Instant }> | undefined
}>
export type CartAsked = Readonly<{ cartId: string; owner: string; items: string }>
export type PlaceReason = OrderReason | 'cart_empty' | 'cart_changed' | 'promise_expired' | CommonReason
export type PlaceAnswer = Readonly<{ id: OrderId; version: number; order: Live; updatedAt: Instant; replayed: boolean }>
export type PlaceOutcome = PlaceAnswer | Refusal<PlaceReason>

/** Carts' part in a checkout: lock them, compare with what was priced, and empty them in the same transaction. */
export interface CheckoutPart {
  lock(
    work: Work,
    carts: readonly CartAsked[],
  ): Promise<ReadonlyMap<string, Readonly<{ items: string; empty: boolean; lastOrder?: string | undefined }>>>
  emptied(carts: readonly Readonly<{ cartId: string; order: OrderId }>[], now: Instant): Write
}

export type PlacementOptions = Readonly<{
  batches: Batches
  /** One guarded statement without a transaction around it; absent where the store has no such path. */
  saveAtOnce?: (writes: readonly Write[]) => Promise<void>
  /** The database's clock as last heard: stamps ids and instants of the path that reads nothing. */
  now: () => Instant
  records: Records
  repository: OrderRepository
  inventory: InventoryPart
  checkout?: CheckoutPart | undefined
  /** Makes users known by their first order. */
  ensureUsers?: ((users: readonly string[], now: Instant) => Write) | undefined
  committed: () => void
  limits?: Readonly<{ itemsMax: number; inFlightMax: number }> | undefined
}>

/** HEART §1, §5: a few hundred orders share a commit; 4,000 lines keep the event loop's neighbours waiting under 100 ms. */
export const placementLimits = { itemsMax: 256, inFlightMax: 2, waitingMax: 10_000, weightMax: 4_000 } as const
/** Numbers are fetched ahead; what a stopped process had left over is a gap. */
const numbersAhead = 1_000

type Made = Readonly<{ asked: PlaceAsked; change: Change<OrderEvent, Order>; ref: PersonRef | undefined }>

export class Placement {
  readonly #options: PlacementOptions
  #numbers: number[] = []
  readonly place: (asked: PlaceAsked) => Promise<PlaceOutcome>
  /** Callers whose order is not answered yet. */
  readonly backlog: () => number
  /** How often each path was taken: for metrics and the benchmark. */
  readonly counts = { atOnce: 0, locked: 0, reruns: 0 }

  constructor(options: PlacementOptions) {
    this.#options = options
    const together = microBatch(
      'orders.place',
      (batch: readonly PlaceAsked[]) => this.#commit(batch),
      { ...placementLimits, ...options.limits },
      ({ draft }) => draft.lines.length,
    )
    this.backlog = together.unanswered
    this.place = async (asked) => {
      const outcome = await together(asked)
      if (outcome instanceof Fault) throw outcome.cause
      return outcome
    }
  }

  async #commit(batch: readonly PlaceAsked[]): Promise<readonly (PlaceOutcome | Fault)[]> {
    const outcomes = new Array<PlaceOutcome | Fault | undefined>(batch.length).fill(undefined)
    const rest = await this.#atOnce(batch, outcomes)
    if (rest.length > 0) {
      this.counts.locked += rest.length
      const locked = await isolateFaults(
        rest.map((index) => batch[index] as PlaceAsked),
        (items) => this.#locked(items),
      )
      for (const [at, index] of rest.entries()) outcomes[index] = locked[at]
    }
    this.#options.committed()
    return outcomes.map((outcome) => outcome ?? new Fault(new Error('a placement was not decided')))
  }

  /** @returns the indexes of those that must be decided under lock. */
  async #atOnce(batch: readonly PlaceAsked[], outcomes: (PlaceOutcome | Fault | undefined)[]): Promise<readonly number[]> {
    const { saveAtOnce, inventory, now } = this.#options
    const all = batch.map((_, index) => index)
    if (saveAtOnce === undefined || batch.some(({ cart }) => cart !== undefined)) return all
    const skus = new Set(batch.flatMap(skusOf))
    await inventory.learn(skus)
    const numbers = await this.#takeNumbers(batch.length)
    const stock = inventory.recall(skus)
    const giveUp = (): readonly number[] => {
      this.#numbers.unshift(...numbers)
      return all
    }
    if (stock === undefined) return giveUp()
    const at = now()
    const made: Made[] = []
    try {
      for (const asked of batch) {
        const one = this.#make(asked, numbers[made.length] ?? missing(), at, stock)
        // One surprise sends the whole batch to the lock: orders keep their turn, and nobody is refused on memory.
        if (isRefusal(one) || waits(one.change)) return giveUp()
        made.push(one)
      }
      // From here to the end of `save` other batches plan on what this one leaves.
      inventory.memory.apply(stock.levels.deltas)
      await saveAtOnce(this.#writes(made, stock, { now: at }))
    } catch (fault) {
      inventory.memory.forget(skus)
      if (!(fault instanceof OutcomeUnknown)) {
        // Nothing was saved: under the lock a wrong hint is set right, and a bug fails its own order only.
        this.counts.reruns += 1
        return all
      }
      for (const index of all) outcomes[index] = new Fault(fault)
      return []
    }
    this.counts.atOnce += made.length
    for (const [index, { change }] of made.entries()) outcomes[index] = answerOf(change, at)
    return []
  }

  async #locked(batch: readonly PlaceAsked[]): Promise<readonly PlaceOutcome[]> {
    const { batches, records, repository, inventory, checkout } = this.#options
    const numbers = await this.#takeNumbers(batch.length)
    const skus = [...new Set(batch.flatMap(skusOf))]
    let after: Parameters<typeof inventory.memory.remember>[0] = []
    const outcomes = await batches.batch(async (work): Promise<readonly PlaceOutcome[]> => {
      const claims = batch.flatMap(({ key, draft }) => [...(key === undefined ? [] : [key]), ...externalClaims(draft)])
      const keys = new KeysInBatch(await records.claimed(work, claims))
      const known = batch.flatMap(({ key }) => (key === undefined ? [] : ((keys.find(key)?.object as OrderId | undefined) ?? [])))
      const stored = await repository.lock(work, known)
      const carts = await this.#lockCarts(work, batch)
      const stock = await inventory.load(work, skus, [])
      const made = new Map<OrderId, Made>()
      const decided = batch.map((asked): PlaceOutcome => {
        const replay = this.#replay(asked, keys, stored, made, work.now)
        if (replay !== undefined) return replay
        const cart = asked.cart === undefined ? undefined : carts.get(asked.cart.cartId)
        if (asked.cart !== undefined && (cart === undefined || cart.empty))
          return refuse('cart_empty', 'the cart is empty: it was ordered already, or nothing was put in', {
            lastOrder: cart?.lastOrder,
          })
        if (asked.cart !== undefined && cart?.items !== asked.cart.items)
          return refuse('cart_changed', 'the cart changed while it was being ordered: look at it and order again')
        const one = this.#make(asked, numbers[made.size] ?? missing(), work.now, stock)
        if (isRefusal(one)) return one as Refusal<PlaceReason>
        const id = one.change.id as OrderId
        made.set(id, one)
        for (const claim of [...(asked.key === undefined ? [] : [asked.key]), ...externalClaims(asked.draft)]) keys.claim(claim, id)
        if (asked.cart !== undefined) carts.set(asked.cart.cartId, { items: '', empty: true, lastOrder: id })
        return answerOf(one.change, work.now)
      })
      await unlessRepeated(records, work, keys, batch, decided)
      const all = [...made.values()]
      work.add(...this.#writes(all, stock, work))
      const ordered = all.flatMap(({ asked, change }) =>
        asked.cart === undefined ? [] : [{ cartId: asked.cart.cartId, order: change.id as OrderId }],
      )
      if (ordered.length > 0 && checkout !== undefined) work.add(checkout.emptied(ordered, work.now))
      after = skus.flatMap((sku) => stock.levels.of(sku))
      return decided
    })
    inventory.memory.remember(after, skus)
    return outcomes
  }

  #lockCarts(
    work: Work,
    batch: readonly PlaceAsked[],
  ): Promise<Map<string, { items: string; empty: boolean; lastOrder?: string | undefined }>> {
    const carts = batch.flatMap(({ cart }) => (cart === undefined ? [] : [cart]))
    const { checkout } = this.#options
    if (carts.length === 0 || checkout === undefined)
      return Promise.resolve(new Map<string, { items: string; empty: boolean; lastOrder?: string | undefined }>())
    return checkout.lock(work, carts).then((found) => new Map(found))
  }

  #replay(
    asked: PlaceAsked,
    keys: KeysInBatch,
    stored: ReadonlyMap<OrderId, { version: number; state: Order }>,
    made: ReadonlyMap<OrderId, Made>,
    now: Instant,
  ): PlaceOutcome | undefined {
    const known = asked.key === undefined ? undefined : keys.find(asked.key)
    if (known !== undefined) {
      if (known.hash !== asked.key?.hash) return keyReused()
      const id = known.object as OrderId
      const found = made.get(id)?.change ?? stored.get(id)
      if (found?.state.status !== 'live') throw new Error(`key ${asked.key?.key} points at no order`)
      return { id, version: found.version, order: found.state, updatedAt: now, replayed: true }
    }
    for (const claim of externalClaims(asked.draft)) {
      const taken = keys.find(claim)
      if (taken !== undefined)
        return refuse('external_ref_taken', `externalRef ${claim.key} is another order's`, { orderId: taken.object })
    }
    return undefined
  }

  /** One order's events and state on the stock as it stands in this batch; stock is taken only when nothing refuses. */
  #make(asked: PlaceAsked, number: number, at: Instant, stock: Parameters<InventoryPart['writes']>[0]): Made | Refusal {
    const { draft, person, reservedSeconds, promise } = asked
    if (promise !== undefined && promise.expiresAt <= at)
      return refuse(
        'promise_expired',
        `the promise held until ${promise.expiresAt}: ask POST /v1/promises again and order with the new one`,
      )
    const ref = person === undefined ? undefined : (newId(at) as string as PersonRef)
    const placed: Placed = {
      type: 'OrderPlaced',
      number,
      placedAt: at,
      ...draft,
      ...(ref === undefined ? {} : { contact: ref }),
      ...(reservedSeconds === undefined ? {} : { expiresAt: addSeconds(at, reservedSeconds) }),
    }
    const id = newId(at)
    const decided: Decided<OrderEvent, Order> = { version: 1, state: orderDecider.evolve(unplaced, placed), events: [placed] }
    const added = answered(id, decided, { stock, source: this.#options.inventory.source, now: at })
    if (isRefusal(added)) return added
    const state = added.reduce(orderDecider.evolve, decided.state)
    return { asked, ref, change: { id, version: 1 + added.length, state, events: [placed, ...added] } }
  }

  /** As many numbers as a batch may use, taken before it is decided: deciding asks nobody, and other batches run meanwhile. */
  async #takeNumbers(count: number): Promise<number[]> {
    if (this.#numbers.length < count) this.#numbers.push(...(await this.#options.repository.numbers(Math.max(numbersAhead, count))))
    return this.#numbers.splice(0, count)
  }

  #writes(made: readonly Made[], stock: Parameters<InventoryPart['writes']>[0], work: Pick<Work, 'now'>): Write[] {
    const { repository, records, inventory, ensureUsers } = this.#options
    const people = made.flatMap(({ ref, asked: { person } }) =>
      ref === undefined || person === undefined ? [] : [{ ref, body: person }],
    )
    const claims = made.flatMap(({ change, asked: { key, draft } }) =>
      [...(key === undefined ? [] : [key]), ...externalClaims(draft)].map((claim) => ({ ...claim, object: change.id })),
    )
    const users = [...new Set(made.flatMap(({ asked: { draft } }) => (draft.user === undefined ? [] : [draft.user])))]
    return [
      repository.add(
        made.map(({ change }) => change),
        work.now,
      ),
      records.append(made.map(({ change, asked }) => appendOf(change, asked.origin, work.now))),
      records.claim(claims),
      records.describe(people),
      ...(users.length > 0 && ensureUsers !== undefined ? [ensureUsers(users, work.now)] : []),
      ...inventory.writes(stock, work, made[0]?.asked.origin ?? { actor: 'system' }),
    ]
  }
}

const missing = (): never => {
  throw new Error('order numbers ran out inside a batch')
}

/** An outside id is used once: kept beside the idempotency keys, for ever. */
const externalClaims = ({ externalRef }: Draft): KeyClaim[] =>
  externalRef === undefined ? [] : [{ scope: 'external-ref', key: externalRef, hash: '' }]

const skusOf = (asked: PlaceAsked | undefined): Sku[] =>
  asked?.draft.lines.flatMap((line) => (carriesUnits(line) ? [line.sku] : [])) ?? []

/** Whether anything of the order was not simply taken from stock: then it is decided on what the database says. */
const waits = (change: Change<OrderEvent, Order>): boolean =>
  change.events.some(
    (event) =>
      event.type === 'UnitsCancelled' ||
      event.type === 'OrderCancelled' ||
      (event.type === 'StockReserved' &&
        event.shipments.some(({ lines }) => lines.some(({ kind }) => kind === 'backorder' || kind === 'preorder'))),
  )

const answerOf = (change: Change<OrderEvent, Order>, updatedAt: Instant): PlaceAnswer => {
  if (change.state.status !== 'live') throw new Error('a placed order is live')
  return { id: change.id as OrderId, version: change.version, order: change.state, updatedAt, replayed: false }
}
