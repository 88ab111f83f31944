/** Warehouses and the network around them: read whole, kept in memory, read again when they change; each change is one batch with its facts. */
import { createHash } from 'node:crypto'
import { isRefusal, type Refusal } from '../kernel/decider.ts'
import type { Origin } from '../kernel/event.ts'
import { nowMs } from '../kernel/timers.ts'
import { newId } from '../platform/ids.ts'
import type { Records } from '../platform/records/records.ts'
import { type Batches, rerunAborted, type Work } from '../platform/store/work.ts'
import type { Network } from '../sourcing/contract.ts'
import {
  changeNetwork,
  type NetworkChange,
  type NetworkCommand,
  type NetworkReason,
  type PlacedWarehouse,
} from './network-change.ts'
import { type Backlog, canonical, networkBody, type NetworkSettings } from './network.ts'
import type { WarehouseView } from './warehouse.ts'
import type { WarehouseStore } from './warehouses-store.ts'

/** Another process's change is seen after this long. */
const staleMs = 2_000
/** What places have on their hands is summed over all levels, so it is read less often; it is a forecast of days anyway. */
const backlogStaleMs = 10_000
/** Networks as they were, for whoever explains old decisions; more are read again. */
const versionsMax = 16
/** 64 bits: no two networks of a shop have the same. */
const versionLength = 16

const versionOf = (body: Omit<Network, 'version'>): string =>
  createHash('sha256').update(canonical(body)).digest('hex').slice(0, versionLength)

const nothing: Network = { version: '', ...networkBody([], {}) }

export type WarehouseOptions = Readonly<{
  batches: Batches
  records: Pick<Records, 'append'>
  committed: () => void
  store: WarehouseStore
  /** Told of a read in the background that failed; what was known stays, and the next read comes soon. */
  warn: (fault: unknown, what: string) => void
  /** Milliseconds that pass; only tests have others. */
  elapsedMs?: () => number
}>

export class Warehouses {
  readonly #options: WarehouseOptions
  readonly #store: WarehouseStore
  readonly #elapsedMs: () => number
  readonly #warn: WarehouseOptions['warn']
  #network: Network = nothing
  #settings: NetworkSettings = {}
  #backlog: Backlog = new Map()
  #seen = ''
  #readAt = 0
  #backlogAt = 0
  readonly #listeners: ((network: Network) => void)[] = []
  readonly #versions = new Map<string, Network>()

  constructor(options: WarehouseOptions) {
    const { store, warn, elapsedMs = nowMs } = options
    this.#options = options
    this.#store = store
    this.#elapsedMs = elapsedMs
    this.#warn = warn
  }

  onChange(listener: (network: Network) => void): void {
    this.#listeners.push(listener)
    listener(this.#network)
  }

  /** As last read: at most two seconds old while requests come. Its version is '' while there is no warehouse. */
  get network(): Network {
    this.#refresh()
    return this.#network
  }

  get all(): readonly WarehouseView[] {
    return this.network.warehouses
  }

  /** What the owner said, without defaults. */
  get settings(): NetworkSettings {
    return this.#settings
  }

  /** Units set aside at each place and not collected; read only where some place has a capacity. */
  get backlog(): Backlog {
    this.#refresh()
    return this.#backlog
  }

  find(id: string): WarehouseView | undefined {
    return this.all.find((warehouse) => warehouse.id === id)
  }

  /** A network as it was when orders were decided over it; undefined where it never was. */
  async networkAt(version: string): Promise<Network | undefined> {
    if (version === this.#network.version) return this.#network
    const known = this.#versions.get(version)
    if (known !== undefined) return known
    const body = await this.#store.version(version)
    if (body === undefined) return undefined
    const network = { ...body, version }
    if (this.#versions.size >= versionsMax) this.#versions.clear()
    this.#versions.set(version, network)
    return network
  }

  async read(): Promise<readonly WarehouseView[]> {
    this.#readAt = this.#elapsedMs()
    const rows = await this.#store.all()
    const settings = await this.#store.settings()
    const body = networkBody(rows, settings)
    const seen = versionOf(body)
    if (seen === this.#seen) return this.#network.warehouses
    const version = rows.length === 0 ? '' : seen
    // Kept before anybody decides by it, so that every version an order names can be read again.
    if (rows.length > 0) await this.#store.keepVersion(version, body)
    this.#settings = settings
    this.#network = { version, ...body }
    this.#seen = seen
    await this.#readBacklog()
    for (const listener of this.#listeners) listener(this.#network)
    return rows
  }

  /** Nothing is changed where the network could not work then, or says so already. */
  async handle(command: NetworkCommand, origin: Origin): Promise<NetworkChange | Refusal<NetworkReason>> {
    const { batches, committed } = this.#options
    const outcome = await rerunAborted(() => batches.batch((work) => this.#within(work, command, origin)))
    committed()
    await this.read()
    return outcome
  }

  async #within(work: Work, command: NetworkCommand, origin: Origin): Promise<NetworkChange | Refusal<NetworkReason>> {
    const { store, records } = this.#options
    const change = changeNetwork(await store.lock(work), command)
    if (isRefusal(change) || change.facts.length === 0) return change
    const { warehouses, settings, facts } = change
    work.add(
      store.save(warehouses),
      ...(settings === undefined ? [] : [store.saveSettings(settings)]),
      records.append(facts.map((fact) => ({ stream: newId(work.now), firstVersion: 1, facts: [fact], origin, at: work.now }))),
    )
    return change
  }

  /** Replaces what the owner said before. @throws where the network could not work then */
  setTariffs(settings: NetworkSettings, origin: Origin = bySystem): Promise<NetworkChange> {
    return this.#orThrow({ do: 'set carriage', settings }, origin)
  }

  /** Adds or changes them, all or none. @throws where the network could not work then */
  save(warehouses: readonly WarehouseView[], origin: Origin = bySystem): Promise<NetworkChange> {
    return this.#orThrow({ do: 'set warehouses', warehouses }, origin)
  }

  /** Says where they are, all or none. @throws where the network could not work then */
  place(warehouses: readonly PlacedWarehouse[], origin: Origin): Promise<NetworkChange> {
    return this.#orThrow({ do: 'place warehouses', warehouses }, origin)
  }

  async #orThrow(command: NetworkCommand, origin: Origin): Promise<NetworkChange> {
    const outcome = await this.handle(command, origin)
    if (isRefusal(outcome)) throw new RangeError(outcome.detail)
    return outcome
  }

  async #readBacklog(): Promise<void> {
    this.#backlogAt = this.#elapsedMs()
    if (this.#network.warehouses.every(({ unitsPerDay }) => unitsPerDay === undefined || unitsPerDay === null)) return
    const rows = await this.#store.backlog()
    this.#backlog = new Map(rows.map(({ place, units }) => [place, units]))
  }

  #refresh(): void {
    const now = this.#elapsedMs()
    if (now - this.#readAt > staleMs) {
      this.#readAt = now
      this.read().catch((fault: unknown) => this.#warn(fault, 'warehouses are read later'))
    }
    if (now - this.#backlogAt > backlogStaleMs) {
      this.#backlogAt = now
      this.#readBacklog().catch((fault: unknown) => this.#warn(fault, 'what warehouses have on their hands is read later'))
    }
  }
}

const bySystem: Origin = { actor: 'system' }
