/** The memory form of warehouses and their network: for the simulation. */
import type { Place } from '../kernel/ids.ts'
import { demand, MemoryTable } from '../platform/store/memory.ts'
import type { MemoryWrite } from '../platform/store/work.ts'
import type { Network } from '../sourcing/contract.ts'
import type { NetworkState } from './network-change.ts'
import type { NetworkSettings } from './network.ts'
import type { MemoryInventory } from './store.memory.ts'
import { type WarehouseView, wholeWarehouse } from './warehouse.ts'
import type { WarehouseStore } from './warehouses-store.ts'

export class MemoryWarehouses implements WarehouseStore {
  readonly #warehouses = new MemoryTable<Place, WarehouseView>()
  readonly #versions = new MemoryTable<string, Omit<Network, 'version'>>()
  readonly #stock: Pick<MemoryInventory, 'levels'>
  readonly #settings = new MemoryTable<'said', NetworkSettings>()
  constructor(stock: Pick<MemoryInventory, 'levels'>) {
    this.#stock = stock
  }

  all(): Promise<readonly WarehouseView[]> {
    return Promise.resolve([...this.#warehouses.values()].sort((a, b) => (a.id < b.id ? -1 : 1)))
  }

  async lock(): Promise<NetworkState> {
    return { warehouses: await this.all(), settings: await this.settings() }
  }

  save(warehouses: readonly WarehouseView[]): MemoryWrite {
    return {
      check: () => {
        for (const { unitsPerDay } of warehouses) demand('units_per_day', (unitsPerDay ?? 1) > 0)
      },
      apply: () => {
        for (const warehouse of warehouses) this.#warehouses.set(warehouse.id, wholeWarehouse(warehouse))
      },
    }
  }

  settings(): Promise<NetworkSettings> {
    return Promise.resolve(this.#settings.get('said') ?? {})
  }

  saveSettings(settings: NetworkSettings): MemoryWrite {
    return { apply: () => void this.#settings.set('said', settings) }
  }

  keepVersion(version: string, body: Omit<Network, 'version'>): Promise<void> {
    if (!this.#versions.has(version)) this.#versions.set(version, body)
    return Promise.resolve()
  }

  version(version: string): Promise<Omit<Network, 'version'> | undefined> {
    return Promise.resolve(this.#versions.get(version))
  }

  backlog(): Promise<readonly Readonly<{ place: Place; units: number }>[]> {
    const units = new Map<Place, number>()
    if ([...this.#warehouses.values()].some(({ unitsPerDay }) => (unitsPerDay ?? null) !== null))
      for (const { place, reserved } of this.#stock.levels.values())
        if (reserved > 0) units.set(place, (units.get(place) ?? 0) + reserved)
    return Promise.resolve([...units].map(([place, sum]) => ({ place, units: sum })))
  }
}
