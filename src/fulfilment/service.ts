/**
 * Fulfilment's doors: commands on one fulfilment order or transfer, and the desk of whole orders, locked and saved in a
 * batch that is one's own (`assembleAll`), a reaction's, or orders' (`cancelWithin`).
 */
import { isRefusal, type Refusal, refuse } from '../kernel/decider.ts'
import type { Fact, Origin } from '../kernel/event.ts'
import type { OrderId } from '../kernel/ids.ts'
import { microBatch } from '../kernel/micro-batch.ts'
import { newId } from '../platform/ids.ts'
import type { Records } from '../platform/records/records.ts'
import { Aborted, type Batches, Fault, isolateFaults, type Work, type Write } from '../platform/store/work.ts'
import { appendOf, type Asked, type Outcome, StreamService } from '../platform/streams/service.ts'
import type {
  CancelAsked,
  CancelSession,
  FulfilmentEvent,
  FulfilmentQueries,
  FulfilmentView,
  PackedWork,
  TransferEvent,
} from './contract.ts'
import { Desk } from './desk.ts'
import { type FulfilmentCommand, fulfilmentOrder, type FulfilmentReason } from './fulfilment-order.ts'
import { sharingOf } from './sharing.ts'
import type { FulfilmentStores } from './store.ts'
import { transfer, type Transfer, type TransferCommand, type TransferReason } from './transfer.ts'
import { type FulfilmentOrder, isLive, isOver, isWaiting, type Live } from './work.ts'

export type FulfilmentOptions = Readonly<{
  batches: Batches
  records: Records
  stores: FulfilmentStores
  /** Called after each commit. */
  committed: () => void
  /**
   * Of these parcels, those that the carrier has, locked until the batch ends: shipping may know before its news is here.
   * A read port that `main.ts` hands over; without it the veto rests on what fulfilment was told.
   */
  collectedWithin?: ((work: Work, parcels: readonly string[]) => Promise<ReadonlySet<string>>) | undefined
  /** Calls parcels off in this batch, whether shipping has heard of them or not. @returns how many the carrier has all the same. */
  callOffWithin?: ((work: Work, parcels: readonly PackedWork[], origin: Origin) => Promise<number>) | undefined
  /** Of these orders, those that have ended, as long as the batch lasts: orders knows it before its news is here. */
  endedWithin?: ((work: Work, orders: readonly OrderId[]) => Promise<ReadonlySet<OrderId>>) | undefined
}>

export type FulfilmentOutcome = Outcome<FulfilmentEvent, FulfilmentOrder, FulfilmentReason>
export type TransferOutcome = Outcome<TransferEvent, Transfer, TransferReason>

export type AssembleReason = 'nothing_to_assemble' | 'not_assembled_yet'
export type Assembled = Readonly<{ packed: readonly PackedWork[] }>
type AssembleAsked = Readonly<{ order: OrderId; origin: Origin }>

/** Orders a batch: each brings a handful of rows. */
const assembleLimits = { itemsMax: 64, inFlightMax: 1, waitingMax: 10_000 } as const

export class FulfilmentService implements FulfilmentQueries {
  readonly #options: FulfilmentOptions
  readonly stores: FulfilmentStores
  readonly fulfilments: StreamService<FulfilmentCommand, FulfilmentEvent, FulfilmentOrder, FulfilmentReason>
  readonly transfers: StreamService<TransferCommand, TransferEvent, Transfer, TransferReason>
  readonly #assemble: (asked: AssembleAsked) => Promise<Assembled | Refusal<AssembleReason> | Fault>

  constructor(options: FulfilmentOptions) {
    const { batches, records, stores, committed } = options
    this.#options = options
    this.stores = stores
    const shared = { batches, records, committed }
    this.fulfilments = new StreamService({ name: 'fulfilment', store: stores.fulfilments, decider: fulfilmentOrder, ...shared })
    this.transfers = new StreamService({ name: 'transfers', store: stores.transfers, decider: transfer, ...shared })
    this.#assemble = microBatch(
      'fulfilment.assemble',
      (batch: readonly AssembleAsked[]) => this.#assembleBatch(batch),
      assembleLimits,
    )
  }

  handle(asked: Asked<FulfilmentCommand>): Promise<FulfilmentOutcome> {
    return this.fulfilments.handle(asked)
  }

  /** Packs all of it into one parcel, and with it the work for other orders that share that parcel and are ready. */
  async pack(asked: Asked<FulfilmentCommand>): Promise<FulfilmentOutcome> {
    const { batches, committed } = this.#options
    const [outcome] = await isolateFaults([asked], (items) =>
      batches.batch((work) => Promise.all(items.map((one) => this.#packWithin(work, one)))),
    )
    committed()
    if (outcome === undefined) throw new Error('packing was not answered')
    if (outcome instanceof Fault) throw outcome.cause
    return outcome
  }

  handleTransfer(asked: Asked<TransferCommand>): Promise<TransferOutcome> {
    return this.transfers.handle(asked)
  }

  /** Locks the work of some orders: fulfilment orders, then transfers, ids sorted in each. */
  async open(work: Work, orders: readonly OrderId[]): Promise<Desk> {
    const { fulfilments, transfers, early, cancelled } = this.stores
    const ids = [...new Set(orders)]
    const fulfilmentIds = await fulfilments.idsBy(work, 'order_id', ids)
    const transferIds = await transfers.idsBy(work, 'order_id', ids)
    const states = {
      fulfilments: await fulfilments.lock(work, fulfilmentIds),
      transfers: await transfers.lock(work, transferIds),
      early: await early.lock(work, ids),
      cancelled: await cancelled.lock(work, ids),
    }
    return new Desk(states, () => newId(work.now), work.now)
  }

  /** Of these orders, those that need no work any more. Asked before anything of the room is locked. */
  async ended(work: Work, orders: readonly OrderId[]): Promise<ReadonlySet<OrderId>> {
    return (await this.#options.endedWithin?.(work, [...new Set(orders)])) ?? new Set()
  }

  /** Saves what the desk decided with the batch, and calls off the parcels that it opened. @returns how many were collected before. */
  async finish(desk: Desk, work: Work): Promise<number> {
    work.add(...this.#writes(desk, work))
    return desk.opened.length === 0 ? 0 : ((await this.#options.callOffWithin?.(work, desk.opened, desk.origin)) ?? 0)
  }

  #writes(desk: Desk, work: Work): readonly Write[] {
    const { records } = this.#options
    const { fulfilments, transfers, early, cancelled } = this.stores
    const { changes } = desk
    const appends = [...changes.fulfilments, ...changes.transfers].map((change) =>
      appendOf<Fact>(change, desk.origins.get(change.id), work.now),
    )
    return [
      ...(changes.fulfilments.length > 0 ? [fulfilments.save(changes.fulfilments)] : []),
      ...(changes.transfers.length > 0 ? [transfers.save(changes.transfers)] : []),
      ...(changes.early.length > 0 ? [early.save(changes.early)] : []),
      ...(changes.cancelled.length > 0 ? [cancelled.save(changes.cancelled)] : []),
      ...(appends.length > 0 ? [records.append(appends)] : []),
    ]
  }

  /**
   * The veto of a cancellation, inside orders' own batch: `check` says what cannot be cancelled, `apply` takes the rest out
   * of the work, and `writes` is saved with that batch. Orders holds its own locks first.
   */
  async cancelWithin(work: Work, asked: readonly CancelAsked[], origin: Origin = { actor: 'system' }): Promise<CancelSession> {
    const orders = [...new Set(asked.map(({ order }) => order))]
    const desk = await this.open(work, orders)
    desk.origin = origin
    const here = orders.flatMap((order) => desk.parcelsHere(order))
    const collected = here.length === 0 ? undefined : await this.#options.collectedWithin?.(work, here)
    if (collected !== undefined && collected.size > 0) for (const order of orders) desk.collected(order, collected)
    return {
      check: (cancel) => ({ blocked: desk.blocked(cancel) }),
      apply: (cancel, reason) => desk.cancelInline(cancel, reason),
      untouched: (order, units) => desk.untouched(order, units),
      withdraw: (order) => desk.withdraw(order),
      awaited: (order) => desk.awaited(order),
      sent: (order) => desk.sent(order),
      unplanned: (order, units) => desk.unplanned(order, units),
      finish: async () => {
        // Handed over since it was asked: asked again, the veto knows it.
        if ((await this.finish(desk, work)) > 0) throw new Aborted('conflict', 'a parcel was collected meanwhile')
      },
    }
  }

  /** Picks and packs everything that is left of an order, in one command: B's `PUT SHIPPED` by staff. */
  async assembleAll(order: OrderId, origin: Origin): Promise<Assembled | Refusal<AssembleReason>> {
    const outcome = await this.#assemble({ order, origin })
    if (outcome instanceof Fault) throw outcome.cause
    return outcome
  }

  async ofOrders(orders: readonly OrderId[]): Promise<ReadonlyMap<OrderId, readonly FulfilmentView[]>> {
    const found = new Map<OrderId, FulfilmentView[]>()
    const rows = await this.stores.fulfilments.find('order_id', orders, orders.length * fulfilmentsAnOrderMax)
    for (const { id, state } of rows.toReversed()) {
      if (!isLive(state)) continue
      const { order, place, status } = state
      const lines = state.lines.map(({ line, sku, quantity }) => ({ line, sku, quantity }))
      const known = found.get(order)
      if (known === undefined) found.set(order, [{ id, order, place, status, lines }])
      else known.push({ id, order, place, status, lines })
    }
    return found
  }

  async #packWithin(work: Work, asked: Asked<FulfilmentCommand>): Promise<FulfilmentOutcome> {
    const { fulfilments } = this.stores
    const before = (await fulfilments.get([asked.id])).get(asked.id)?.state
    const orders = before !== undefined && isLive(before) ? (before.combined?.with ?? []) : []
    const others = orders.length === 0 ? [] : await fulfilments.idsBy(work, 'order_id', orders)
    const states = await fulfilments.lock(work, [...new Set([asked.id, ...others])].sort())
    const sharing = sharingOf(asked.id, states, () => newId(work.now))
    const packing = (at: number): FulfilmentCommand | undefined => {
      const part = sharing?.parts[at]
      if (sharing === undefined || part === undefined) return undefined
      const parcels = [{ parcel: part.parcel, weightGrams: part.weightGrams }]
      return { do: 'pack', at: work.now, parcels, shared: sharing.shared }
    }
    const [first] = await this.fulfilments.within(work, [{ ...asked, command: packing(0) ?? asked.command }])
    if (first === undefined) throw new Error('packing was not answered')
    if (isRefusal(first) || first.replayed || sharing === undefined) return first
    const rest = sharing.parts
      .slice(1)
      .map(({ id }, at) => ({ id, origin: asked.origin, command: packing(at + 1) ?? asked.command }))
    for (const outcome of await this.fulfilments.within(work, rest))
      if (isRefusal(outcome)) throw new Error(`a part of a shared parcel could not be packed: ${outcome.detail}`)
    return first
  }

  async #assembleBatch(batch: readonly AssembleAsked[]): Promise<readonly (Assembled | Refusal<AssembleReason> | Fault)[]> {
    const { batches, committed } = this.#options
    const outcomes = await isolateFaults(batch, (items) =>
      batches.batch(async (work) => {
        const desk = await this.open(
          work,
          items.map(({ order }) => order),
        )
        const results = items.map(({ order, origin }) => {
          desk.origin = origin
          return assemble(desk, order, () => newId(work.now))
        })
        await this.finish(desk, work)
        return results
      }),
    )
    committed()
    return outcomes
  }
}

/** An order of thousands of lines over every warehouse, re-sourced a few times, still has fewer. */
const fulfilmentsAnOrderMax = 200

const assemble = (desk: Desk, order: OrderId, mint: () => string): Assembled | Refusal<AssembleReason> => {
  const work = desk.of(order).filter(({ state }) => !isOver(state))
  const done = desk.of(order).some(({ state }) => state.status === 'delivered')
  if (work.length === 0 && !done) return refuse('nothing_to_assemble', 'nothing of this order is with a warehouse')
  const open = work.filter(({ state }) => isWaiting(state) || (state.held && state.status === 'picking'))
  if (open.length > 0)
    return refuse(
      'not_assembled_yet',
      open.map(({ state }) => `${state.place || 'no warehouse yet'}: ${reasonOf(state)}`).join('; '),
      {
        blockedBy: open.map(({ id, state }) => ({ fulfilment: id, place: state.place, status: state.status, held: state.held })),
      },
    )
  const packed: PackedWork[] = []
  for (const { id } of work) {
    for (const command of [{ do: 'pick' as const }, { do: 'pack' as const, parcels: [{ parcel: mint() }] }]) {
      const outcome = desk.command(id, command)
      if (isRefusal(outcome)) throw new Error(`fulfilment ${id} could not ${command.do}: ${outcome.detail}`)
      for (const event of outcome.events) if (event.type === 'FulfilmentPacked') packed.push({ fulfilment: id, event })
    }
  }
  return { packed }
}

const reasonOf = (state: Live): string => {
  if (state.status === 'awaiting_stock') return 'units wait for supply'
  if (state.status === 'awaiting_transfer') return 'a transfer is open'
  return 'a hold blocks it'
}
