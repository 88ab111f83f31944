/** Lock the order → lock its returns → decide → save, in batches: returns of one order are decided one after the other. */
import { Deciding, isRefusal, refuse } from '../kernel/decider.ts'
import type { Origin } from '../kernel/event.ts'
import type { OrderId } from '../kernel/ids.ts'
import { microBatch } from '../kernel/micro-batch.ts'
import type { KeyClaim, Records } from '../platform/records/records.ts'
import { type Batches, Fault, isolateFaults, type Work } from '../platform/store/work.ts'
import { appendOf, keyReused, KeysInBatch, type Outcome, unlessRepeated, versionMismatch } from '../platform/streams/service.ts'
import type { ReturnableOrders, ReturnEvent } from './contract.ts'
import {
  isKnown,
  type Known,
  type Return,
  type ReturnCommand,
  returnDecider,
  type ReturnReason,
  type ReturnStep,
} from './return.ts'
import type { ReturnRepository } from './store.ts'

export type ReturnAsked = Readonly<{
  id: string
  order: OrderId
  step: ReturnStep
  origin: Origin
  key?: KeyClaim | undefined
  expected?: number | undefined
}>
export type ReturnOutcome = Outcome<ReturnEvent, Return, ReturnReason>
export type ReturnServiceOptions = Readonly<{
  batches: Batches
  records: Records
  store: ReturnRepository
  orders: ReturnableOrders
  /** Called after each commit. */
  committed: () => void
}>

/** Each command locks an order and its few returns: a few dozen keep the locks short. */
const limits = { itemsMax: 64, inFlightMax: 1, waitingMax: 10_000 } as const

export class ReturnService {
  readonly #options: ReturnServiceOptions
  readonly store: ReturnRepository
  readonly handle: (asked: ReturnAsked) => Promise<ReturnOutcome>

  constructor(options: ReturnServiceOptions) {
    this.#options = options
    this.store = options.store
    const together = microBatch('returns', (batch: readonly ReturnAsked[]) => this.#commit(batch), limits)
    this.handle = async (asked) => {
      const outcome = await together(asked)
      if (outcome instanceof Fault) throw outcome.cause
      return outcome
    }
  }

  async #commit(batch: readonly ReturnAsked[]): Promise<readonly (ReturnOutcome | Fault)[]> {
    const outcomes = await isolateFaults(batch, (items) => this.#options.batches.batch((work) => this.within(work, items)))
    this.#options.committed()
    return outcomes
  }

  /** Decides inside a batch that a reaction began. */
  async within(work: Work, batch: readonly ReturnAsked[]): Promise<readonly ReturnOutcome[]> {
    const { records, store, orders } = this.#options
    const keys = new KeysInBatch(await records.claimed(work, claimsOf(batch)))
    const orderIds = [...new Set(batch.map(({ order }) => order))]
    const facts = await orders.within(work, orderIds)
    const replayed = claimsOf(batch).flatMap((key) => keys.find(key)?.object ?? [])
    const known = [...(await store.idsBy(work, 'order_id', orderIds)), ...batch.map(({ id }) => id), ...replayed]
    const deciding = new Deciding<ReturnCommand, ReturnEvent, Return, ReturnReason>(returnDecider, await store.lock(work, known))
    const origins = new Map<string, Origin>()
    /** The order's other returns, as they are while the batch goes on. */
    const othersOf = (asked: ReturnAsked): readonly Known[] =>
      [...new Set(known)].flatMap((id) => {
        const { state } = deciding.current(id)
        return id !== asked.id && isKnown(state) && state.order === asked.order ? [state] : []
      })

    const outcomes = batch.map((asked): ReturnOutcome => {
      const { id, order, key, origin } = asked
      const before = key === undefined ? undefined : keys.find(key)
      if (before !== undefined) {
        if (before.hash !== key?.hash) return keyReused()
        return { id: before.object, ...deciding.current(before.object), events: [], replayed: true }
      }
      const { version } = deciding.current(id)
      if (asked.expected !== undefined && asked.expected !== version) return versionMismatch(asked.expected, version)
      const about = facts.get(order)
      if (about === undefined) return refuse('order_not_found', `there is no order ${order}`)
      const decided = deciding.consider(id, { ...asked.step, at: work.now, order, facts: about, others: othersOf(asked) })
      if (isRefusal(decided)) return decided
      deciding.keep(id, decided)
      if (key !== undefined) keys.claim(key, id)
      origins.set(id, origin)
      return { id, ...decided, replayed: false }
    })

    await unlessRepeated(records, work, keys, batch, outcomes)
    const { changes } = deciding
    if (changes.length > 0)
      work.add(store.save(changes), records.append(changes.map((change) => appendOf(change, origins.get(change.id), work.now))))
    if (keys.made.length > 0) work.add(records.claim(keys.made))
    return outcomes
  }
}

const claimsOf = (batch: readonly ReturnAsked[]): readonly KeyClaim[] =>
  batch.flatMap(({ key }) => (key === undefined ? [] : [key]))
