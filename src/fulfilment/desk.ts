/**
 * The work of some orders, locked in one batch, while it is being decided: fulfilment orders, their transfers, and two
 * small memories that let news arrive in any order. What one order's news does is seen by the next; nothing is saved here.
 */
import { type Change, Deciding, isRefusal, type Stored } from '../kernel/decider.ts'
import type { Origin } from '../kernel/event.ts'
import type { Instant, OrderId, Place } from '../kernel/ids.ts'
import type { BundlePart, Combined, LineUnits, OrderEventOf } from '../orders/contract.ts'
import type { CancelAsked, FulfilmentEvent, PackedWork, SentUnits, TransferEvent, UnitsTaken, WorkLine } from './contract.ts'
import { type FulfilmentCommand, fulfilmentOrder, type FulfilmentReason } from './fulfilment-order.ts'
import { Memory, type Remembered } from './remembered.ts'
import { transfer, type Transfer, type TransferCommand, isRequested, sentUnits } from './transfer.ts'
import { isAwaited, summed, totalOf, unitsOf, within, without } from './units.ts'
import {
  collectedUnits,
  type FulfilmentOrder,
  isLive,
  isOver,
  isWaiting,
  type Live,
  packedAs,
  packedFact,
  partingOf,
  plannedLine,
  progress,
  reductionOf,
  supplyOf,
} from './work.ts'

export type DeskStates = Readonly<{
  fulfilments: ReadonlyMap<string, Stored<FulfilmentOrder>>
  transfers: ReadonlyMap<string, Stored<Transfer>>
  early: ReadonlyMap<string, Stored<Remembered>>
  cancelled: ReadonlyMap<string, Stored<Remembered>>
}>
export type DeskChanges = Readonly<{
  fulfilments: readonly Change<FulfilmentEvent, FulfilmentOrder>[]
  transfers: readonly Change<TransferEvent, Transfer>[]
  early: readonly Change<never, Remembered>[]
  cancelled: readonly Change<never, Remembered>[]
}>
/** Distributes over the union, so that each command keeps its own shape. */
type Untimed<Command> = Command extends unknown ? Omit<Command, 'at'> : never

/** What `AssemblyRequested` may carry beyond its contract's first form. */
type Requested = OrderEventOf<'AssemblyRequested'> & Readonly<{ collectionBlocked?: boolean }>

type TransferOfWork = Readonly<{ order: OrderId; fulfilment: string; from: Place; to: Place; lines: readonly WorkLine[] }>

export class Desk {
  readonly #fulfilments
  readonly #transfers
  readonly #early: Memory
  readonly #cancelled: Memory
  readonly #ids = new Map<string, string[]>()
  readonly #transferIds = new Map<string, string[]>()
  readonly #mint: () => string
  readonly #at: Instant
  /** The last cause of each stream's new facts. */
  readonly origins = new Map<string, Origin>()
  /** Parcels that were opened again: no carrier may have them. */
  readonly opened: PackedWork[] = []
  origin: Origin = { actor: 'system' }

  constructor(states: DeskStates, mint: () => string, at: Instant) {
    this.#fulfilments = new Deciding(fulfilmentOrder, states.fulfilments)
    this.#transfers = new Deciding(transfer, states.transfers)
    this.#early = new Memory(states.early)
    this.#cancelled = new Memory(states.cancelled)
    this.#mint = mint
    this.#at = at
    for (const id of [...states.fulfilments.keys()].sort()) this.#file(this.#ids, ownerOf(states.fulfilments.get(id)?.state), id)
    for (const id of [...states.transfers.keys()].sort())
      this.#file(this.#transferIds, ownerOf(states.transfers.get(id)?.state), id)
  }

  /** The order's fulfilment orders, oldest first. */
  of(order: OrderId): readonly Readonly<{ id: string; state: Live }>[] {
    return (this.#ids.get(order) ?? []).flatMap((id) => {
      const { state } = this.#fulfilments.current(id)
      return isLive(state) ? [{ id, state }] : []
    })
  }

  parcelsHere(order: OrderId): readonly string[] {
    return this.of(order).flatMap(({ state }) => state.parcels.filter(({ where }) => where === 'here').map(({ parcel }) => parcel))
  }

  /** Decides one command on one fulfilment order. @returns the refusal, where it is one. */
  command(
    id: string,
    command: Untimed<FulfilmentCommand>,
  ): ReturnType<Deciding<FulfilmentCommand, FulfilmentEvent, FulfilmentOrder, FulfilmentReason>['consider']> {
    const decided = this.#fulfilments.consider(id, { ...command, at: this.#at })
    if (isRefusal(decided)) return decided
    this.origins.set(id, this.origin)
    return this.#fulfilments.keep(id, decided)
  }

  assemblyRequested(order: OrderId, event: Requested): void {
    const parts = event.shipments.flatMap((shipment) => shipment.lines.map((line) => ({ ...line, shipment })))
    const wanted = Map.groupBy(this.#cancelled.leaveOut(order, parts), ({ shipment }) => shipment)
    for (const shipment of event.shipments) {
      const lines = (wanted.get(shipment) ?? []).map(plannedLine)
      if (lines.length === 0) continue
      const id = this.#mint()
      const { number, destination, held, shippingMethod } = event
      this.#must(id, {
        do: 'plan',
        order,
        number,
        place: shipment.place,
        lines,
        held,
        country: destination.country,
        postalCode: destination.postalCode,
        shippingMethod,
        addressPending: destination.pending ?? false,
        collectionHeld: held || (event.collectionBlocked ?? false),
      })
      this.#file(this.#ids, order, id)
      if (event.combined?.place === shipment.place) this.#must(id, { do: 'combine', ...combinedOf(event.combined) })
      const travelling = lines.filter(({ from, kind }) => from !== shipment.place && !isAwaited(kind))
      for (const from of new Set(travelling.map((line) => line.from)))
        this.#requestTransfer({
          order,
          fulfilment: id,
          from,
          to: shipment.place,
          lines: travelling.filter((line) => line.from === from),
        })
    }
    // Supply that came first. What no work waits for was planned as stock already.
    const early = this.#early.takeAll(order)
    this.supplyArrived(order, early)
    if (early.length > 0) this.#early.takeAll(order)
  }

  /** Waiting units came in and were set aside; where no work waits for them yet, its plan will find them here. */
  supplyArrived(order: OrderId, fills: readonly (LineUnits & Readonly<{ place?: Place }>)[]): void {
    for (const { line, quantity, place } of fills) {
      if (place === undefined) continue
      let left = quantity
      const waiting = this.of(order).filter(({ state }) => supplyOf(state, line) > 0)
      const nearFirst = [
        ...waiting.filter(({ state }) => state.place === place),
        ...waiting.filter(({ state }) => state.place !== place),
      ]
      for (const { id, state } of nearFirst) {
        const units = [{ line, quantity: Math.min(left, supplyOf(state, line)) }]
        if (totalOf(units) === 0) continue
        left -= totalOf(units)
        if (state.place === place || state.place === '') this.#must(id, { do: 'arrive', lines: units, via: 'supply', place })
        else this.#reroute(id, state, place, units)
      }
      if (left > 0) this.#early.put(order, [{ line, quantity: left, place }])
    }
  }

  /** Units that were awaited will not come: they leave the work, and nothing else of it. */
  waitEnded(order: OrderId, lines: readonly LineUnits[]): void {
    for (const { line, quantity } of lines) {
      let left = quantity
      for (const { id, state } of this.of(order)) {
        const units = Math.min(left, supplyOf(state, line))
        if (units === 0) continue
        left -= units
        this.#must(id, { do: 'reduce', lines: [{ line, quantity: units }], reason: 'supply_lost' })
      }
    }
  }

  /** What is there leaves alone: what waits for supply is planned as work of its own. Bundles stay whole. */
  part(order: OrderId, bundles: readonly BundlePart[] = []): void {
    for (const { id, state } of this.of(order)) {
      const plan = partingOf(state, bundles)
      if (plan === undefined) continue
      this.#must(id, { do: 'reduce', lines: plan.lines, reason: 'split' })
      const later = this.#mint()
      this.#must(later, { do: 'plan', ...plan })
      this.#file(this.#ids, order, later)
    }
  }

  #reroute(id: string, state: Live, from: Place, units: readonly LineUnits[]): void {
    this.#must(id, { do: 'reroute', lines: units, from })
    const lines = units.flatMap(({ line, quantity }) => {
      const sku = state.lines.find((known) => known.line === line)?.sku
      return sku === undefined ? [] : [{ line, sku, quantity }]
    })
    this.#requestTransfer({ order: state.order, fulfilment: id, from, to: state.place, lines })
  }

  /** The work at that place shares a parcel with other orders'. */
  combined(order: OrderId, event: Combined): void {
    for (const { id, state } of this.of(order))
      if (state.place === event.place) this.#must(id, { do: 'combine', ...combinedOf(event) })
  }

  holds(order: OrderId, release: boolean, collection: boolean): void {
    for (const { id } of this.of(order)) this.#must(id, { do: 'hold', release, collection })
  }

  /** A new hold adds to those there are. */
  held(order: OrderId, blocks: 'release' | 'collection'): void {
    for (const { id, state } of this.of(order))
      this.#must(id, { do: 'hold', release: state.held || blocks === 'release', collection: true })
  }

  addressed(order: OrderId, { country, postalCode, pending = false }: OrderEventOf<'AddressChanged'>['destination']): void {
    for (const { id } of this.of(order)) this.#must(id, { do: 'address', country, postalCode, pending })
  }

  /** A parcel that shipping knows to be collected, before its news came here. */
  collected(order: OrderId, parcels: ReadonlySet<string>): void {
    for (const { id, state } of this.of(order))
      for (const { parcel, where } of state.parcels)
        if (where === 'here' && parcels.has(parcel)) this.#must(id, { do: 'parcelCollected', parcel })
  }

  /** Units whose parcel left: of what is asked, these cannot be cancelled. */
  blocked({ order, lines }: CancelAsked): LineUnits[] {
    const away = this.of(order).flatMap(({ state }) => collectedUnits(state))
    if (lines === 'all') return summed(away)
    // Of a line, those still here go first: only what is asked beyond them is blocked.
    const here = this.of(order).flatMap(({ state }) => without(state.lines, collectedUnits(state)))
    return summed(lines).flatMap(({ line, quantity }) => {
      const stuck = Math.min(unitsOf(away, line), Math.max(0, quantity - unitsOf(here, line)))
      return stuck > 0 ? [{ line, quantity: stuck }] : []
    })
  }

  /** Takes cancelled units out of the work: what waits for supply, then the work that is least advanced. @returns where they were. */
  cancel({ order, lines }: CancelAsked, reason: string): UnitsTaken[] {
    const taken: UnitsTaken[] = []
    let left = lines
    const takeFrom = (part: (state: Live) => readonly LineUnits[] | 'all'): void => {
      for (const { id, state } of [...this.of(order)].sort((a, b) => progress(a.state) - progress(b.state))) {
        if (isOver(state) || (left !== 'all' && left.length === 0)) continue
        const gone = this.#takeOut(id, state, part(state), reason)
        taken.push(...gone)
        if (left !== 'all') left = without(summed(left), gone)
      }
    }
    // One work's units that wait before another's that are there, as orders counts them.
    takeFrom((state) => (left === 'all' ? [] : within(left, (line) => supplyOf(state, line))))
    takeFrom(() => left)
    return taken
  }

  #takeOut(id: string, state: Live, lines: readonly LineUnits[] | 'all', reason: string): UnitsTaken[] {
    const gone = reductionOf(state, lines)
    if (gone.lines.length === 0) return []
    this.#must(id, { do: 'reduce', lines: gone.lines, reason })
    const opened = state.parcels.filter(({ parcel }) => gone.opened.includes(parcel))
    if (opened.length > 0) this.opened.push({ fulfilment: id, event: packedFact(state, opened.map(packedAs)) })
    const calledOff = this.#callOff(id, state.order, gone.transit, reason)
    return [
      ...gone.here.map((units) => ({ ...units, at: state.place, state: 'shelf' as const })),
      ...gone.supply.map((units) => ({ ...units, at: state.place, state: 'supply' as const })),
      ...calledOff,
      ...without(gone.transit, calledOff).map((units) => ({ ...units, at: state.place, state: 'travelling' as const })),
    ]
  }

  /** The same, asked inside orders' own batch: its fact in the journal comes later, and must not take the units again. */
  cancelInline(asked: CancelAsked, reason: string): UnitsTaken[] {
    const taken = this.cancel(asked, reason)
    if (taken.length > 0) this.#cancelled.put(asked.order, summed(taken))
    return taken
  }

  /** Units that its work waits for, by line. */
  awaited(order: OrderId): readonly LineUnits[] {
    return this.of(order).flatMap(({ state }) => state.lines.map(({ line, supply }) => ({ line, quantity: supply })))
  }

  /** Units that its transfers took from their senders. */
  sent(order: OrderId): readonly SentUnits[] {
    return (this.#transferIds.get(order) ?? []).flatMap((id) => sentUnits(id, order, this.#transfers.current(id).state))
  }

  /** Cancelled before their plan came here: it is planned without them, and the fact of it takes nothing any more. */
  unplanned(order: OrderId, units: readonly Omit<UnitsTaken, 'sku'>[]): void {
    this.#cancelled.put(
      order,
      units.map(({ line, quantity, at, state }) => ({ line, quantity, place: at, ...(state === 'supply' ? { waits: true } : {}) })),
    )
  }

  /** Whether all of these units are planned here, and nobody has picked, sent or released any. */
  untouched(order: OrderId, units: number): boolean {
    const work = this.of(order).filter(({ state }) => !isOver(state))
    const travelling = (this.#transferIds.get(order) ?? []).some((id) => {
      const { state } = this.#transfers.current(id)
      return isRequested(state) && state.status !== 'requested' && state.status !== 'cancelled'
    })
    const planned = work.reduce((sum, { state }) => sum + totalOf(state.lines), 0)
    return !travelling && planned === units && work.every(({ state }) => isWaiting(state))
  }

  /** The order goes another way: all of its work is called off, and planned anew by the fact that follows. */
  withdraw(order: OrderId): void {
    this.cancel({ order, lines: 'all' }, 'plan_revised')
    this.#early.takeAll(order)
  }

  /** The fact of a cancellation: what was not taken inline, because it was not planned yet, is taken now. */
  unitsCancelled(order: OrderId, { lines: all, rest: ofBundles = [], reason }: OrderEventOf<'UnitsCancelled'>): void {
    const lines = leftBefore.has(reason) ? ofBundles : all
    const rest = without(summed(lines), this.#cancelled.take(order, lines))
    if (rest.length === 0) return
    const taken = this.cancel({ order, lines: rest }, reason)
    // Before there is any work, units that wait are cancelled first: supply that came early is for those that stay.
    if (this.of(order).length > 0) this.#early.take(order, without(rest, taken))
  }

  orderClosed(order: OrderId, reason: string): void {
    this.#cancelled.takeAll(order)
    this.#early.takeAll(order)
    this.cancel({ order, lines: 'all' }, reason)
  }

  get changes(): DeskChanges {
    return {
      fulfilments: this.#fulfilments.changes,
      transfers: this.#transfers.changes,
      early: this.#early.changes,
      cancelled: this.#cancelled.changes,
    }
  }

  /** Transfers that are not sent yet need not be. @returns the units that stay with their sender. */
  #callOff(fulfilment: string, order: OrderId, units: readonly WorkLine[], reason: string): UnitsTaken[] {
    const taken: UnitsTaken[] = []
    let left: readonly LineUnits[] = units
    for (const id of this.#transferIds.get(order) ?? []) {
      const { state } = this.#transfers.current(id)
      if (left.length === 0 || !isRequested(state) || state.status !== 'requested' || state.fulfilment !== fulfilment) continue
      const lines = within(left, (line) => unitsOf(state.lines, line))
      if (lines.length === 0) continue
      this.#mustTransfer(id, { do: 'cancel', lines, reason })
      for (const { line, quantity } of lines) {
        const sku = state.lines.find((known) => known.line === line)?.sku
        if (sku !== undefined) taken.push({ line, sku, quantity, at: state.from, state: 'sending' })
      }
      left = without(left, lines)
    }
    return taken
  }

  #requestTransfer({ order, lines, ...asked }: TransferOfWork): void {
    const id = this.#mint()
    const merged = summed(lines).flatMap(({ line, quantity }) => {
      const sku = lines.find((known) => known.line === line)?.sku
      return sku === undefined ? [] : [{ line, sku, quantity }]
    })
    this.#mustTransfer(id, { do: 'request', order, ...asked, lines: merged })
    this.#file(this.#transferIds, order, id)
  }

  /** News cannot be refused: it happened. A refusal here is a bug, and the event is parked with it. */
  #must(id: string, command: Untimed<FulfilmentCommand>): void {
    const outcome = this.command(id, command)
    if (isRefusal(outcome)) throw new Error(`fulfilment ${id}: ${command.do}: ${outcome.detail}`)
  }

  #mustTransfer(id: string, command: Untimed<TransferCommand>): void {
    const decided = this.#transfers.consider(id, { ...command, at: this.#at })
    if (isRefusal(decided)) throw new Error(`transfer ${id}: ${command.do}: ${decided.detail}`)
    this.#transfers.keep(id, decided)
    this.origins.set(id, this.origin)
  }

  #file(index: Map<string, string[]>, order: string | undefined, id: string): void {
    if (order === undefined) return
    const known = index.get(order)
    if (known === undefined) index.set(order, [id])
    else known.push(id)
  }
}

/** Units cancelled for these reasons have left the work before: it was a warehouse that did not have them. */
const leftBefore: ReadonlySet<string> = new Set(['not_found', 'sold_out'])

const ownerOf = (state: FulfilmentOrder | Transfer | undefined): OrderId | undefined =>
  state !== undefined && 'order' in state ? state.order : undefined
const combinedOf = ({ shipment, with: others }: Combined) => ({ shipment, with: others })
