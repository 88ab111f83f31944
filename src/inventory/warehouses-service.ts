/** Warehouses: read whole, kept in memory, read again when they change. */
import type { Database } from '../platform/postgres/database.ts'
import type { WarehouseView } from './warehouse.ts'
import type { DeliveryService, TransferTariff } from '../sourcing/contract.ts'
import { warehousesSql } from './warehouses-store.ts'

/** What the owner set of carriage; what is absent has sourcing's defaults. */
export type Tariffs = Readonly<{ delivery?: readonly DeliveryService[]; transfer?: TransferTariff }>
export type NetworkSeen = Readonly<{ warehouses: readonly WarehouseView[]; tariffs: Tariffs; version: string }>

/** Another process's change is seen after this long. */
const staleMs = 2_000

export class Warehouses {
  readonly #database: Database
  #known: readonly WarehouseView[] = []
  #tariffs: Tariffs = {}
  #version = ''
  #readAt = 0
  readonly #listeners: ((network: NetworkSeen) => void)[] = []

  constructor(database: Database) {
    this.#database = database
  }

  onChange(listener: (network: NetworkSeen) => void): void {
    this.#listeners.push(listener)
    listener({ warehouses: this.#known, tariffs: this.#tariffs, version: this.#version })
  }

  /** As last read: at most two seconds old while requests come. */
  get all(): readonly WarehouseView[] {
    if (performance.now() - this.#readAt > staleMs) {
      this.#readAt = performance.now()
      // A failed read leaves what is known; the next one comes in two seconds.
      this.read().catch(() => undefined)
    }
    return this.#known
  }

  find(id: string): WarehouseView | undefined {
    return this.all.find((warehouse) => warehouse.id === id)
  }

  async read(): Promise<readonly WarehouseView[]> {
    const rows = await this.#database.read<WarehouseView>(warehousesSql.all)
    const [tariffs] = await this.#database.read<{ body: Tariffs }>(warehousesSql.tariffs)
    const version = JSON.stringify([rows, tariffs])
    this.#readAt = performance.now()
    if (version !== this.#version) {
      this.#known = rows
      this.#tariffs = tariffs?.body ?? {}
      this.#version = version
      for (const listener of this.#listeners) listener({ warehouses: rows, tariffs: this.#tariffs, version })
    }
    return rows
  }

  async setTariffs(tariffs: Tariffs): Promise<void> {
    await this.#database.read(warehousesSql.saveTariffs, [JSON.stringify(tariffs)])
    await this.read()
  }

  async save(warehouses: readonly WarehouseView[]): Promise<void> {
    await this.#database.read(warehousesSql.save, [JSON.stringify(warehouses)])
    await this.read()
  }
}
