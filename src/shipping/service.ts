/** Shipping's doors: commands on one parcel, carriers' news by tracking number, and a whole order's hand-over. */
import { isRefusal, type Refusal, refuse } from '../kernel/decider.ts'
import type { Origin } from '../kernel/event.ts'
import type { Change } from '../kernel/decider.ts'
import type { Instant, OrderId } from '../kernel/ids.ts'
import { microBatch } from '../kernel/micro-batch.ts'
import type { PackedWork } from '../fulfilment/contract.ts'
import { newId } from '../platform/ids.ts'
import type { Records, Task } from '../platform/records/records.ts'
import { Aborted, type Batches, Fault, isolateFaults, type Work } from '../platform/store/work.ts'
import { type Asked, type Effects, type Outcome, StreamService } from '../platform/streams/service.ts'
import type { Carrier, CarrierNews } from './carrier.ts'
import type { ParcelEvent, ParcelQueries, ParcelView } from './contract.ts'
import {
  isAnnounced,
  isBlocked,
  type LiveParcel,
  othersOf,
  type Parcel,
  parcel,
  type ParcelCommand,
  type ParcelReason,
  parcelView,
  type Part,
  partsInside,
} from './parcel.ts'
import type { NewsRow, ShippingStores } from './store.ts'

export type CarrierChoice = Readonly<{ carrier: string; service: string }>
export type ShippingOptions = Readonly<{
  batches: Batches
  records: Records
  stores: ShippingStores
  carriers: readonly Carrier[]
  /** Who carries a parcel of this shipping method; the first carrier takes what nobody else is named for. */
  choose?: ((shippingMethod: string) => CarrierChoice) | undefined
  /** Further tasks that follow changes: the simulated carrier plays by itself this way. */
  effects?: Effects<ParcelEvent, Parcel> | undefined
  committed: () => void
}>

export type ParcelOutcome = Outcome<ParcelEvent, Parcel, ParcelReason>
export type NewsAsked = Readonly<{ carrier: string; news: CarrierNews; raw: Readonly<Record<string, unknown>> }>
export type NewsOutcome = 'accepted' | 'duplicate' | 'tracking_unknown'
export type HandOverReason = ParcelReason | 'no_parcels'
type StepAsked = Readonly<{ order: OrderId; packed: readonly PackedWork[]; step: 'handOver' | 'deliver'; origin: Origin }>
export type HandedOver = Readonly<{ parcels: readonly ParcelView[] }>

export const labelTask = 'shipping.label'
export const cancelTask = 'shipping.cancel'

/** News a batch: each is a row or two; carriers send theirs in bursts. */
const newsLimits = { itemsMax: 128, inFlightMax: 1, waitingMax: 10_000 } as const
const stepLimits = { itemsMax: 64, inFlightMax: 1, waitingMax: 10_000 } as const
/** An order of hundreds of lines packed one by one still has fewer. */
const parcelsAnOrderMax = 500

export class ShippingService implements ParcelQueries {
  readonly #options: ShippingOptions
  readonly stores: ShippingStores
  readonly parcels: StreamService<ParcelCommand, ParcelEvent, Parcel, ParcelReason>
  readonly #news: (asked: NewsAsked) => Promise<NewsOutcome | Fault>
  readonly #step: (asked: StepAsked) => Promise<HandedOver | Refusal<HandOverReason> | Fault>

  constructor(options: ShippingOptions) {
    const { batches, records, stores, committed } = options
    this.#options = options
    this.stores = stores
    const effects: Effects<ParcelEvent, Parcel> = (changes, work) => [
      records.schedule(changes.flatMap((change) => tasksOf(change, work.now))),
      ...(options.effects?.(changes, work) ?? []),
    ]
    this.parcels = new StreamService({
      name: 'parcels',
      batches,
      records,
      store: stores.parcels,
      decider: parcel,
      effects,
      committed,
    })
    this.#news = microBatch(
      'shipping.news',
      (batch: readonly NewsAsked[]) => this.#together(batch, (work, items) => this.#learn(work, items)),
      newsLimits,
    )
    this.#step = microBatch(
      'shipping.steps',
      (batch: readonly StepAsked[]) => this.#together(batch, (work, items) => this.#stepAll(work, items)),
      stepLimits,
    )
  }

  handle(asked: Asked<ParcelCommand>): Promise<ParcelOutcome> {
    return this.parcels.handle(asked)
  }

  /** News by hand: of a parcel that orders share, each order's part of it learns the same. */
  async note(asked: Asked<ParcelCommand>): Promise<ParcelOutcome> {
    const [outcome] = await this.#together([asked], (work, items) => Promise.all(items.map((one) => this.#noteWithin(work, one))))
    if (outcome === undefined) throw new Error('news of a parcel was not answered')
    if (outcome instanceof Fault) throw outcome.cause
    return outcome
  }

  async #noteWithin(work: Work, one: Asked<ParcelCommand>): Promise<ParcelOutcome> {
    const { parcels } = this.stores
    const own = await parcels.lock(work, [one.id])
    const others = [...own].flatMap(([id, { state }]) => (isAnnounced(state) ? othersOf(id, state) : []))
    const parts = [...own, ...(await parcels.lock(work, others))].flatMap(([id, { state }]) =>
      isAnnounced(state) ? [{ id, state }] : [],
    )
    const inside = partsInside(parts)
    if (parts.length > 0 && inside.every(({ id }) => id !== one.id))
      return refuse('parcel_cancelled', 'it was taken out of a parcel that goes on: say it of a part that is in it')
    const [first] = await this.parcels.within(work, [one])
    if (first === undefined) throw new Error('news of a parcel was not answered')
    if (isRefusal(first) || first.replayed) return first
    const { command, origin } = one
    const rest = inside.flatMap(({ id }) => (id === one.id ? [] : [{ id, command, origin }]))
    if (rest.length > 0) await this.parcels.within(work, rest)
    return first
  }

  carrier(name: string): Carrier | undefined {
    return this.#options.carriers.find((carrier) => carrier.name === name)
  }

  /** A carrier's news: once by its id, saved in the batch that acts on it. */
  async learn(asked: NewsAsked): Promise<NewsOutcome> {
    const outcome = await this.#news(asked)
    if (outcome instanceof Fault) throw outcome.cause
    return outcome
  }

  /** Every parcel of the order goes to its carrier: B's `PUT SHIPPED` by staff. */
  async handOver(
    order: OrderId,
    origin: Origin,
    packed: readonly PackedWork[] = [],
  ): Promise<HandedOver | Refusal<HandOverReason>> {
    const outcome = await this.#step({ order, packed, step: 'handOver', origin })
    if (outcome instanceof Fault) throw outcome.cause
    return outcome
  }

  /** Every parcel of the order is at its door: B's `PUT DELIVERED` by staff or partner. */
  async markDelivered(order: OrderId, origin: Origin): Promise<HandedOver | Refusal<HandOverReason>> {
    const outcome = await this.#step({ order, packed: [], step: 'deliver', origin })
    if (outcome instanceof Fault) throw outcome.cause
    return outcome
  }

  /** Of these parcels, those the carrier has; locked until the batch ends. Fulfilment's veto asks it. */
  async collectedWithin(work: Work, parcels: readonly string[]): Promise<ReadonlySet<string>> {
    const stored = await this.stores.parcels.lock(work, parcels)
    return new Set([...stored].filter(([, { state }]) => isAnnounced(state) && state.collected).map(([id]) => id))
  }

  /**
   * Calls parcels off in the batch that opens them. What is not announced yet is announced with it: a parcel that is called off
   * stays so, whoever hears of its packing or hands it over meanwhile.
   * @returns how many of them the carrier has all the same.
   */
  async callOffWithin(work: Work, parcels: readonly PackedWork[], origin: Origin): Promise<number> {
    const announced = parcels.flatMap((packed) => this.announcements(packed, origin))
    const cancels = announced.map(({ id }) => ({ id, origin, command: { do: 'cancel' as const } }))
    return (await this.parcels.within(work, [...announced, ...cancels])).filter((outcome) => isRefusal(outcome)).length
  }

  async ofOrders(orders: readonly OrderId[]): Promise<ReadonlyMap<OrderId, readonly ParcelView[]>> {
    const rows = await this.stores.parcels.find('order_id', orders, orders.length * parcelsAnOrderMax)
    const found = new Map<OrderId, ParcelView[]>()
    for (const { id, state } of rows.toReversed()) {
      if (!isAnnounced(state)) continue
      const known = found.get(state.order)
      if (known === undefined) found.set(state.order, [parcelView(id, state)])
      else known.push(parcelView(id, state))
    }
    return found
  }

  /** The announcement of what was packed; repeated, it changes nothing. */
  announcements({ fulfilment, event }: PackedWork, origin: Origin): Asked<ParcelCommand>[] {
    const [first] = this.#options.carriers
    if (first === undefined) throw new Error('shipping has no carrier')
    const choice = this.#options.choose?.(event.shippingMethod) ?? { carrier: first.name, service: event.shippingMethod }
    const needsAddress = this.carrier(choice.carrier)?.needsAddress ?? true
    const { order, number, place, country, postalCode, addressPending, collectionBlocked, shared } = event
    return event.parcels.map(({ parcel: id, weightGrams, lines }) => ({
      id,
      origin,
      command: {
        do: 'announce',
        order,
        number,
        fulfilment,
        place,
        carrier: choice.carrier,
        service: choice.service,
        weightGrams,
        lines,
        country,
        postalCode,
        held: collectionBlocked,
        waitsForAddress: addressPending && needsAddress,
        ...(shared === undefined ? {} : { shared }),
      },
    }))
  }

  async #together<Item, Result>(
    batch: readonly Item[],
    run: (work: Work, items: readonly Item[]) => Promise<readonly Result[]>,
  ): Promise<readonly (Result | Fault)[]> {
    const outcomes = await isolateFaults(batch, (items) => this.#options.batches.batch((work) => run(work, items)))
    this.#options.committed()
    return outcomes
  }

  async #learn(work: Work, items: readonly NewsAsked[]): Promise<readonly NewsOutcome[]> {
    const { parcels, inbox } = this.stores
    const seen = new Set<string>()
    for (const carrier of new Set(items.map((item) => item.carrier))) {
      const ids = items.filter((item) => item.carrier === carrier).map(({ news }) => news.id)
      for (const id of await inbox.seen(work, carrier, ids)) seen.add(`${carrier}\n${id}`)
    }
    const ids = await parcels.idsBy(work, 'tracking', [...new Set(items.map(({ news }) => news.tracking))])
    // Several orders' parcels may be one: what befalls it befalls all of them.
    const known = new Map<string, readonly Part[]>()
    for (const [id, { state }] of await parcels.lock(work, ids)) {
      if (!isAnnounced(state) || state.label === undefined) continue
      const name = `${state.carrier}\n${state.label.tracking}`
      known.set(name, [...(known.get(name) ?? []), { id, state }])
    }
    const asked: Asked<ParcelCommand>[] = []
    const rows: NewsRow[] = []
    const outcomes = items.map(({ carrier, news, raw }): NewsOutcome => {
      const name = `${carrier}\n${news.id}`
      if (seen.has(name)) return 'duplicate'
      const parts = known.get(`${carrier}\n${news.tracking}`)
      // Not kept: its label may be being saved just now, and the carrier will say it again.
      if (parts === undefined) return 'tracking_unknown'
      seen.add(name)
      rows.push({ carrier, id: news.id, tracking: news.tracking, receivedAt: work.now, body: raw })
      const { status, happenedAt, detail } = news
      const origin = { actor: `carrier:${carrier}`, cause: `webhook:${news.id}` }
      for (const { id } of partsInside(parts)) asked.push({ id, origin, command: { do: 'news', status, happenedAt, raw: detail } })
      return 'accepted'
    })
    await this.parcels.within(work, asked)
    if (rows.length > 0) work.add(inbox.keep(rows))
    return outcomes
  }

  /** All parcels of an order, or none: a refusal of one leaves the others where they are. */
  async #stepAll(work: Work, items: readonly StepAsked[]): Promise<readonly (HandedOver | Refusal<HandOverReason>)[]> {
    const announced = items.flatMap(({ packed, origin }) => packed.flatMap((work) => this.announcements(work, origin)))
    const stored = await this.stores.parcels.idsBy(work, 'order_id', [...new Set(items.map(({ order }) => order))])
    const states = await this.stores.parcels.lock(work, [...stored, ...announced.map(({ id }) => id)])
    // Where its parcel is another order's too, that one's part goes with it, and what holds that one holds it.
    const parts = [...states].flatMap(([id, { state }]) => (isAnnounced(state) ? othersOf(id, state) : []))
    const beyond = parts.filter((id) => !states.has(id))
    const shared = new Map(beyond.length === 0 ? [] : await this.stores.parcels.lock(work, beyond))
    const asked: Asked<ParcelCommand>[] = announced.filter(({ id }) => !states.has(id))
    const plans = items.map(({ order, packed, step, origin }) => {
      const fresh = packed.flatMap(({ event }) => event.parcels.map((one) => one.parcel)).filter((id) => !states.has(id))
      const mine = [...states].flatMap(([id, { state }]) =>
        isAnnounced(state) && state.order === order && state.status !== 'cancelled' ? [{ id, state }] : [],
      )
      const beside = mine
        .flatMap(({ id, state }) => othersOf(id, state))
        .flatMap((id) => {
          const state = (shared.get(id) ?? states.get(id))?.state
          return state !== undefined && isAnnounced(state) && state.status !== 'cancelled' ? [{ id, state }] : []
        })
      const stuck =
        step === 'handOver' &&
        (packed.some(({ event }) => event.collectionBlocked) ||
          [...mine, ...beside].some(({ state }) => !state.collected && isBlocked(state)))
      const refused = refusalOf(step, fresh.length, mine, stuck, beside)
      const from = asked.length
      if (refused === undefined)
        for (const id of [...mine.map((one) => one.id), ...fresh]) asked.push({ id, origin, command: { do: step } })
      const to = asked.length
      if (refused === undefined) for (const { id } of beside) asked.push({ id, origin, command: { do: step } })
      return { refused, from, to }
    })
    const outcomes = await this.parcels.within(work, asked)
    return plans.map(({ refused, from, to }) => {
      if (refused !== undefined) return refused
      const views: ParcelView[] = []
      for (const outcome of outcomes.slice(from, to)) {
        // What was not there could not be locked: meanwhile it was announced, and called off.
        if (isRefusal(outcome)) throw new Aborted('conflict', outcome.detail)
        if (isAnnounced(outcome.state)) views.push(parcelView(outcome.id, outcome.state))
      }
      return { parcels: views }
    })
  }
}

/** What a change asks of the carrier. A parcel that is blocked is announced when it no longer is. */
const tasksOf = ({ id, state, events }: Change<ParcelEvent, Parcel>, now: Instant): readonly Task[] => {
  if (!isAnnounced(state)) return []
  const named = (type: ParcelEvent['type']): boolean => events.some((event) => event.type === type)
  const about = { key: state.order, dueAt: now, body: { parcel: id } }
  const tasks: Task[] = []
  const announcing = named('ParcelAnnounced') || named('CollectionUnblocked') || named('ParcelAddressed')
  if (announcing && !isBlocked(state) && state.label === undefined && state.status !== 'cancelled')
    tasks.push({ id: newId(now), kind: labelTask, ...about })
  if (named('ParcelCancelled') && state.label !== undefined) tasks.push({ id: newId(now), kind: cancelTask, ...about })
  return tasks
}

const refusalOf = (
  step: StepAsked['step'],
  fresh: number,
  mine: readonly Readonly<{ id: string; state: LiveParcel }>[],
  stuck: boolean,
  beside: readonly Readonly<{ id: string; state: LiveParcel }>[],
): Refusal<HandOverReason> | undefined => {
  if (mine.length + fresh === 0) return refuse('no_parcels', 'nothing of this order is packed')
  if (stuck) {
    const blockedBy = [...mine, ...beside]
      .filter(({ state }) => isBlocked(state))
      .map(({ id, state }) => ({ parcel: id, held: state.held, waitsForAddress: state.waitsForAddress }))
    return refuse('collection_blocked', 'a hold or a missing address keeps a parcel from being handed over', { blockedBy })
  }
  const here = mine.filter(({ state }) => !state.collected)
  if (step === 'deliver' && here.length > 0)
    return refuse('parcel_not_collected', 'a parcel of this order is still at its warehouse', {
      blockedBy: here.map(({ id }) => ({ parcel: id })),
    })
  return undefined
}
