/**
 * Better until released: now and then the orders whose work has not begun are looked at together, and those that can be
 * sent better are moved, each by its own fact. Looking reads and locks nothing; what is found is asked again under the lock.
 */
import { isRefusal } from '../kernel/decider.ts'
import type { Instant, OrderId } from '../kernel/ids.ts'
import type { Logger } from '../platform/log.ts'
import type { BetterGroup, Bettering, BetterMove } from '../inventory/contract.ts'
import { requestOf } from './inline.ts'
import { type Live, sumOf } from './order.ts'
import type { OrderOutcome, OrderService } from './service.ts'
import type { OrderRepository } from './store.ts'

export type BettermentOptions = Readonly<{
  orders: Pick<OrderService, 'handle' | 'replanTogether'>
  repository: Pick<OrderRepository, 'get' | 'list'>
  betterWays: (asked: readonly Bettering[], leastSaving: number) => Promise<readonly BetterGroup[]>
  /** In cents, as the policy weighs them. */
  leastSaving: number
  /** Orders that are being placed and not answered yet: while many are, nothing is bettered. */
  backlog: () => number
  now: () => Instant
  log: Logger
}>
export type Round = Readonly<{ looked: number; moved: number; saved: number }>

/** The batch search takes some milliseconds an order, and looks best at so many (SOURCING §5.2). */
const ordersARound = 100
/** Orders that wait for supply are asked one by one, under the lock: a few a round. */
const waitingARound = 20
const backlogMax = 40
const origin = { actor: 'system:betterment' } as const

export class Betterment {
  readonly #options: BettermentOptions
  /** Where the last round ended; each goes on from there, and after the oldest begins anew. */
  #after: OrderId | undefined

  constructor(options: BettermentOptions) {
    this.#options = options
  }

  async round(): Promise<Round> {
    const { orders, betterWays, leastSaving, backlog, now, log } = this.#options
    if (backlog() >= backlogMax) return { looked: 0, moved: 0, saved: 0 }
    const found = await this.#candidates()
    const wholly = found.filter(({ order }) => isInHand(order))
    const asked = wholly.map(
      ({ id, order }): Bettering => ({
        id,
        request: requestOf(order, now()),
        promised: order.progress.promised ?? null,
        held: heldBy(order),
      }),
    )
    const outcomes: OrderOutcome[] = []
    for (const { moves } of await betterWays(asked, leastSaving))
      outcomes.push(...(await orders.replanTogether(prescribed(moves), origin)))
    const waiting = found.filter(({ order }) => !isInHand(order)).slice(0, waitingARound)
    outcomes.push(
      ...(await Promise.all(waiting.map(({ id }) => orders.handle({ id, command: { do: 'replan', leastSaving }, origin })))),
    )
    const saved = outcomes.flatMap((outcome) =>
      isRefusal(outcome) ? [] : outcome.events.flatMap((event) => (event.type === 'PlanRevised' ? [event.saving] : [])),
    )
    if (saved.length > 0) log.info({ moved: saved.length, saved: sumOf(saved) }, 'orders are sent better than was planned')
    return { looked: found.length, moved: saved.length, saved: sumOf(saved) }
  }

  async #candidates(): Promise<readonly Readonly<{ id: OrderId; order: Live }>[]> {
    const { repository } = this.#options
    const ids = await repository.list({ statuses: ['received', 'paid'], after: this.#after, limit: ordersARound })
    this.#after = ids.length < ordersARound ? undefined : ids.at(-1)
    const found = await repository.get(ids)
    return ids.flatMap((id) => {
      const state = found.get(id)?.state
      return state?.status === 'live' && isUnbegun(state) ? [{ id, order: state }] : []
    })
  }
}

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
