/**
 * Better until released: now and then the orders whose work has not begun are looked at together, and those that can be
 * sent better are moved, each by its own fact. Looking reads and locks nothing; what is found is asked again under the lock.
 */
import { isRefusal } from '../kernel/decider.ts'
import type { Instant, OrderId } from '../kernel/ids.ts'
import type { Logger } from '../platform/log.ts'
import type { BetterGroup, Bettering, BetterMove } from '../inventory/contract.ts'
import { combineOrders, type CombiningOptions } from './combine-service.ts'
import { requestOf } from './inline.ts'
import { type Live, sumOf } from './order.ts'
import type { OrderOutcome, OrderService } from './service.ts'
import type { OrderRepository } from './store.ts'

export type BettermentOptions = Readonly<{
  orders: Pick<OrderService, 'handle' | 'replanTogether' | 'combineTogether'>
  repository: Pick<OrderRepository, 'get' | 'list'>
  betterWays: (asked: readonly Bettering[], leastSaving: number) => Promise<readonly BetterGroup[]>
  people: CombiningOptions['people']
  combining: CombiningOptions['combining']
  /** In cents, as the policy weighs them. */
  leastSaving: number
  /** Orders that are being placed and not answered yet: while many are, nothing is bettered. */
  backlog: () => number
  now: () => Instant
  log: Logger
}>
/** `combined`: parcels that orders of one customer share from now on. */
export type Round = Readonly<{ looked: number; moved: number; combined: number; saved: number }>

/** The batch search takes some milliseconds an order, and looks best at so many (SOURCING §5.2). */
const ordersARound = 100
/** Orders that wait for supply are asked one by one, under the lock: a few a round. */
const waitingARound = 20
const backlogMax = 40
/** More lines than this are searched for a limited time when they are placed (`sourcing/solve.ts`): the round owes them the rest. */
const searchedWhollyMax = 12
const origin = { actor: 'system:betterment' } as const

export class Betterment {
  readonly #options: BettermentOptions
  /** Where the last round ended; each goes on from there, and after the oldest begins anew. */
  #after: OrderId | undefined
  /** Orders of many lines among the newest that were looked at already. */
  #owed: ReadonlySet<OrderId> = new Set()

  constructor(options: BettermentOptions) {
    this.#options = options
  }

  async round(): Promise<Round> {
    const { orders, betterWays, leastSaving, backlog, now, log } = this.#options
    if (backlog() >= backlogMax) return { looked: 0, moved: 0, combined: 0, saved: 0 }
    const open = await this.#candidates()
    const found = open.filter(({ order }) => isUnbegun(order))
    const asked = found.filter(({ order }) => isInHand(order)).map(({ id, order }) => betteringOf(id, order, now()))
    const outcomes: OrderOutcome[] = []
    for (const { moves } of await betterWays(asked, leastSaving))
      outcomes.push(...(await orders.replanTogether(prescribed(moves), origin)))
    const waiting = found.filter(({ order }) => !isInHand(order)).slice(0, waitingARound)
    outcomes.push(
      ...(await Promise.all(waiting.map(({ id }) => orders.handle({ id, command: { do: 'replan', leastSaving }, origin })))),
    )
    const savings = outcomes.flatMap((outcome) =>
      isRefusal(outcome) ? [] : outcome.events.flatMap((event) => (event.type === 'PlanRevised' ? [event.saving] : [])),
    )
    const moved = new Set(outcomes.flatMap((outcome) => (isRefusal(outcome) || outcome.events.length === 0 ? [] : [outcome.id])))
    const left = open.filter(({ id, order }) => !moved.has(id) && isInHand(order))
    const candidates = left.map(({ id, order }) => ({ id, order, asked: betteringOf(id, order, now()) }))
    const combined = await combineOrders(candidates, leastSaving, this.#options, now())
    const saved = sumOf(savings) + combined.saved
    if (saved > 0) log.info({ moved: savings.length, combined: combined.parcels, saved }, 'orders are sent better than was planned')
    return { looked: found.length, moved: savings.length, combined: combined.parcels, saved }
  }

  async #candidates(): Promise<readonly Candidate[]> {
    const { repository } = this.#options
    const ids = await repository.list({ statuses: ['received', 'paid'], after: this.#after, limit: ordersARound })
    this.#after = ids.length < ordersARound ? undefined : ids.at(-1)
    const newest = await this.#newestOfManyLines()
    return [...newest, ...(await this.#planned(ids.filter((id) => !newest.some((one) => one.id === id))))]
  }

  /** They come first, each once, wherever the round has got to: they may be released before its turn reaches them. */
  async #newestOfManyLines(): Promise<readonly Candidate[]> {
    const ids = await this.#options.repository.list({ statuses: ['received', 'paid'], limit: ordersARound })
    const many = (await this.#planned(ids)).filter(({ order }) => order.placed.lines.length > searchedWhollyMax)
    const fresh = many.filter(({ id }) => !this.#owed.has(id))
    this.#owed = new Set(many.map(({ id }) => id))
    return fresh
  }

  async #planned(ids: readonly OrderId[]): Promise<readonly Candidate[]> {
    const found = await this.#options.repository.get(ids)
    return ids.flatMap((id) => {
      const state = found.get(id)?.state
      return state?.status === 'live' && state.progress.plan.length > 0 ? [{ id, order: state }] : []
    })
  }
}

type Candidate = Readonly<{ id: OrderId; order: Live }>

const unbegun = new Set(['planned', 'awaiting_stock', 'awaiting_transfer', 'cancelled'])
/** As far as the order has heard; the lock knows better. */
const isUnbegun = ({ progress }: Live): boolean =>
  progress.phase === 'open' &&
  progress.plan.length > 0 &&
  sumOf(progress.counters.picked) + sumOf(progress.counters.shipped) === 0 &&
  progress.fulfilments.every(({ status }) => unbegun.has(status))

/** Whether all of its units are set aside where the plan says. */
const isInHand = ({ progress }: Live): boolean =>
  sumOf(progress.counters.backordered) + sumOf(progress.counters.preordered) === 0 &&
  progress.plan.every(({ lines }) => lines.every(({ kind }) => kind === 'stock' || kind === 'transfer'))

const betteringOf = (id: OrderId, order: Live, at: Instant): Bettering => ({
  id,
  request: requestOf(order, at),
  promised: order.progress.promised ?? null,
  held: heldBy(order),
})

const heldBy = ({ progress }: Live): Bettering['held'] =>
  progress.plan.flatMap(({ lines }) => lines.map(({ sku, from, quantity }) => ({ sku, place: from, quantity })))

const prescribed = (moves: readonly BetterMove[]) =>
  moves.map(({ id, saving, shipments, decision }) => ({
    id,
    revised: {
      type: 'PlanRevised',
      shipments,
      saving,
      decision: { cause: 'revised', ...decision, ...(moves.length > 1 ? { together: moves.length } : {}) },
    } as const,
  }))
