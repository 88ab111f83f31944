/** Warehouses: read whole, kept in memory, read again when they change. */
import type { Database } from '../platform/postgres/database.ts'
import type { WarehouseView } from './warehouse.ts'
import { warehousesSql } from './warehouses-store.ts'

/** Another process's change is seen after this long. */
const staleMs = 2_000

export class Warehouses {
  readonly #database: Database
  #known: readonly WarehouseView[] = []
  #version = ''
  #readAt = 0
  readonly #listeners: ((warehouses: readonly WarehouseView[], version: string) => void)[] = []

  constructor(database: Database) {
    this.#database = database
  }

  onChange(listener: (warehouses: readonly WarehouseView[], version: string) => void): void {
    this.#listeners.push(listener)
    listener(this.#known, this.#version)
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
    const version = JSON.stringify(rows)
    this.#readAt = performance.now()
    if (version !== this.#version) {
      this.#known = rows
      this.#version = version
      for (const listener of this.#listeners) listener(rows, version)
    }
    return rows
  }

  async save(warehouses: readonly WarehouseView[]): Promise<void> {
    await this.#database.read(warehousesSql.save, [JSON.stringify(warehouses)])
    await this.read()
  }
}
