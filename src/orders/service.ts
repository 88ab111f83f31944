/** Every later step of an order: lock → decide → let stock and warehouses answer → save, in batches. */
import { Deciding, isRefusal, type Refusal } from '../kernel/decider.ts'
import type { Origin } from '../kernel/event.ts'
import type { Instant, OrderId, PersonRef, Sku } from '../kernel/ids.ts'
import { microBatch } from '../kernel/micro-batch.ts'
import type { InventoryPart } from '../inventory/contract.ts'
import type { KeyClaim, Person, Records } from '../platform/records/records.ts'
import { type Batches, Fault, isolateFaults, type Work } from '../platform/store/work.ts'
import {
  appendOf,
  type CommonReason,
  keyReused,
  KeysInBatch,
  unlessRepeated,
  type Unstamped,
  versionMismatch,
} from '../platform/streams/service.ts'
import type { OrderEvent, OrderEventOf, OrderReason } from './contract.ts'
import type { Combine } from './combine.ts'
import { type OrderCommand, orderDecider } from './decide.ts'
import { answered, type CancelSession, givenBack, type Inline, type Prescribed, revision } from './inline.ts'
import { carriesUnits, type Live, type Order } from './order.ts'
import type { OrderRepository } from './store.ts'
import { redated } from './supply.ts'

export type OrderAsked = Readonly<{
  id: OrderId
  command: Unstamped<OrderCommand>
  origin: Origin
  key?: KeyClaim | undefined
  expected?: number | undefined
  /** Personal data that the command refers to by its ref. */
  person?: Readonly<{ ref: PersonRef; body: Person }> | undefined
}>
export type Replanned = Readonly<{ id: OrderId; revised: OrderEventOf<'PlanRevised'> }>
export type OrderAnswer = Readonly<{
  id: OrderId
  version: number
  order: Live
  updatedAt: Instant
  events: readonly OrderEvent[]
  replayed: boolean
}>
export type OrderOutcome = OrderAnswer | Refusal<OrderReason | CommonReason>

/** Fulfilment's part: asked about cancellations inside the order's own batch. */
export interface CancelPart {
  prepare(work: Work, orders: readonly OrderId[]): Promise<CancelSession & Readonly<{ finish: () => void | Promise<void> }>>
}

export type OrderServiceOptions = Readonly<{
  batches: Batches
  records: Records
  repository: OrderRepository
  inventory: InventoryPart
  cancelling?: CancelPart | undefined
  committed: () => void
}>

const limits = { itemsMax: 128, inFlightMax: 1, waitingMax: 10_000 } as const
/** Commands whose events may move stock, so that its rows are locked with the order. */
const movesStock = new Set<OrderCommand['do']>([
  'cancel',
  'changeUnits',
  'expire',
  'reportShort',
  'recordMoney',
  'replan',
  'changeAddress',
  'followSupply',
  'choose',
])
/** Whether a command may take units out of warehouses' hands, so that these are asked. Of money's news only a final failure does. */
const mayCancel = (command: Unstamped<OrderCommand>, order: Order | undefined): boolean =>
  command.do === 'cancel' ||
  command.do === 'changeUnits' ||
  command.do === 'choose' ||
  command.do === 'replan' ||
  command.do === 'changeAddress' ||
  (command.do === 'recordMoney' && command.step === 'failed') ||
  // Units that nobody finds take the rest of their bundle out of other warehouses' work.
  (command.do === 'reportShort' && order?.status === 'live' && order.placed.lines.some(({ kind }) => kind === 'bundle'))

export class OrderService {
  readonly #options: OrderServiceOptions
  readonly handle: (asked: OrderAsked) => Promise<OrderOutcome>

  constructor(options: OrderServiceOptions) {
    this.#options = options
    const together = microBatch('orders', (batch: readonly OrderAsked[]) => this.#commit(batch), limits)
    this.handle = async (asked) => {
      const outcome = await together(asked)
      if (outcome instanceof Fault) throw outcome.cause
      return outcome
    }
  }

  async #commit(batch: readonly OrderAsked[]): Promise<readonly (OrderOutcome | Fault)[]> {
    const outcomes = await isolateFaults(batch, (items) => this.#options.batches.batch((work) => this.within(work, items)))
    this.#options.committed()
    return outcomes
  }

  /** Gives orders other plans that need each other's units: all of them, or none. */
  async replanTogether(plans: readonly Replanned[], origin: Origin): Promise<readonly OrderOutcome[]> {
    const asked = plans.map(({ id, revised }): OrderAsked => ({ id, command: { do: 'replan', leastSaving: 0, revised }, origin }))
    const outcomes = await this.#options.batches.batch((work) => this.within(work, asked, plans))
    this.#options.committed()
    return outcomes
  }

  /** Lets orders share a parcel: all of them, or none. */
  async combineTogether(
    parts: readonly Readonly<{ id: OrderId; combine: Combine }>[],
    origin: Origin,
  ): Promise<readonly OrderOutcome[]> {
    const asked = parts.map(({ id, combine }) => ({ id, command: { do: 'combine' as const, ...combine }, origin }))
    const outcomes = await this.#options.batches.batch(async (work): Promise<readonly OrderOutcome[]> => {
      const stored = await this.#options.repository.lock(
        work,
        asked.map(({ id }) => id),
      )
      const deciding = new Deciding(orderDecider, stored)
      const no = asked.map(({ id, command }) => deciding.consider(id, { ...command, at: work.now })).find((one) => isRefusal(one))
      return no === undefined ? this.within(work, asked) : [no]
    })
    this.#options.committed()
    return outcomes
  }

  /** Decides inside a batch that a reaction began. `together`: its plans were found as one. */
  async within(work: Work, batch: readonly OrderAsked[], together: readonly Replanned[] = []): Promise<readonly OrderOutcome[]> {
    const { records, repository, inventory, cancelling } = this.#options
    const claims = batch.flatMap(({ key }) => (key === undefined ? [] : [key]))
    const keys = new KeysInBatch(await records.claimed(work, claims))
    const stored = await repository.lock(
      work,
      batch.map(({ id }) => id),
    )
    const moving = batch.filter(({ id, command }) => needsStock(stored.get(id)?.state, command)).map(({ id }) => id)
    const skus = moving.flatMap((id) => skusOf(stored.get(id)?.state))
    const stock = await inventory.load(work, skus, moving)
    const cancels = batch.filter(({ id, command }) => mayCancel(command, stored.get(id)?.state)).map(({ id }) => id)
    const veto = cancels.length > 0 && cancelling !== undefined ? await cancelling.prepare(work, [...new Set(cancels)]) : undefined
    const sent = veto === undefined ? [] : [...new Set(cancels)].flatMap((id) => veto.sent(id))
    const unfollowed = await inventory.unfollowed(work, sent)
    const inline = { stock, source: inventory.source, veto, unfollowed, now: work.now }
    const deciding = new Deciding(orderDecider, stored)
    const origins = new Map<string, Origin>()
    const refused = together.length === 0 ? undefined : givenBack(prescribed(together, deciding), inline)
    if (refused !== undefined) return batch.map(() => refused)

    const outcomes = batch.map((asked): OrderOutcome => {
      const { version, state } = deciding.current(asked.id)
      const known = asked.key === undefined ? undefined : keys.find(asked.key)
      if (known !== undefined) {
        if (known.hash !== asked.key?.hash) return keyReused()
        if (state.status === 'live') return { id: asked.id, version, order: state, updatedAt: work.now, events: [], replayed: true }
      }
      if (asked.expected !== undefined && asked.expected !== version) return versionMismatch(asked.expected, version)
      const outcome = this.#step(deciding, asked, inline)
      if (isRefusal(outcome)) return outcome
      if (asked.key !== undefined) keys.claim(asked.key, asked.id)
      if (outcome.events.length > 0) origins.set(asked.id, asked.origin)
      if (outcome.events.length > 0 && asked.person !== undefined) work.add(records.describe([asked.person]))
      return { ...outcome, updatedAt: work.now, replayed: false }
    })

    await unlessRepeated(records, work, keys, batch, outcomes)
    const { changes } = deciding
    if (changes.length > 0)
      work.add(
        repository.save(changes, work.now),
        records.append(changes.map((change) => appendOf(change, origins.get(change.id), work.now))),
      )
    if (moving.length > 0) {
      work.add(...inventory.writes(stock, work, batch[0]?.origin ?? { actor: 'system' }))
      inventory.memory.forget(skus)
    }
    await veto?.finish()
    if (keys.made.length > 0) work.add(records.claim(keys.made))
    return outcomes
  }

  #step(
    deciding: Deciding<OrderCommand, OrderEvent, Order, OrderReason>,
    asked: OrderAsked,
    inline: Parameters<typeof answered>[2],
  ) {
    const told = { ...asked.command, at: inline.now } as OrderCommand
    // It may have given some of them up meanwhile.
    const command =
      told.do === 'reportShort' && told.lost === true
        ? { ...told, lines: inline.stock.lost(asked.id, told.place, told.lines) }
        : told
    const { state } = deciding.current(asked.id)
    const prepared = preparedReplan(this.#dated(command, state, inline.now), state, asked.id, inline)
    if (isRefusal(prepared)) return prepared
    const decided = deciding.consider(asked.id, prepared)
    if (isRefusal(decided)) return decided
    const added = answered(asked.id, decided, inline)
    if (!isRefusal(added)) return shown(asked.id, deciding.keep(asked.id, decided, added))
    // A late payment whose stock is gone: the money is recorded all the same, and goes back.
    if (command.do !== 'recordMoney' || command.reopen === false) return added
    const instead = deciding.consider(asked.id, { ...command, reopen: false })
    return isRefusal(instead) ? instead : shown(asked.id, deciding.keep(asked.id, instead))
  }

  /** Supply that moves is told with the days that the order's parcels then have: inventory knows the network. */
  #dated(command: OrderCommand, order: Order, now: Instant): OrderCommand {
    if (command.do !== 'followSupply' || command.moved.length === 0 || order.status !== 'live') return command
    return { ...command, shipments: redated(order, command.moved, this.#options.inventory.supplyDays, now) }
  }
}

const shown = (
  id: OrderId,
  { version, state, events }: Readonly<{ version: number; state: Order; events: readonly OrderEvent[] }>,
) => {
  if (state.status !== 'live') throw new Error('a step leaves a live order')
  return { id, version, order: state, events }
}

const needsStock = (order: Order | undefined, command: Unstamped<OrderCommand>): boolean => {
  if (!movesStock.has(command.do) || order?.status !== 'live') return false
  if (command.do === 'followSupply') return command.lost.length > 0
  if (command.do === 'choose') return command.choice === 'cancel'
  if (command.do !== 'recordMoney') return true
  return order.progress.phase === 'expired' || command.step === 'failed'
}

const skusOf = (order: Order | undefined): Sku[] =>
  order?.status === 'live' ? order.placed.lines.flatMap((line) => (carriesUnits(line) ? [line.sku] : [])) : []

const prescribed = (
  plans: readonly Replanned[],
  deciding: Deciding<OrderCommand, OrderEvent, Order, OrderReason>,
): readonly Prescribed[] =>
  plans.flatMap(({ id, revised: { shipments } }) => {
    const { state } = deciding.current(id)
    return state.status === 'live' ? [{ id, order: state, shipments }] : []
  })

/** A better plan is looked for before it is decided: stock and warehouses say what it would be. */
const preparedReplan = (command: OrderCommand, order: Order, id: OrderId, inline: Inline): OrderCommand | Refusal<OrderReason> => {
  if (command.do !== 'replan' || command.revised !== undefined || order.status !== 'live') return command
  const revised = revision(id, order, { cause: 'revised', leastSaving: command.leastSaving }, inline)
  return isRefusal(revised) ? revised : { ...command, revised }
}
