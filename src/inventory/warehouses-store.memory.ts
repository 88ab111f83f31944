/** The memory form of warehouses and their network: for the simulation. */
import type { Place } from '../kernel/ids.ts'
import { demand, MemoryTable } from '../platform/store/memory.ts'
import type { Network } from '../sourcing/contract.ts'
import type { NetworkSettings } from './network.ts'
import type { MemoryInventory } from './store.memory.ts'
import type { WarehouseView } from './warehouse.ts'
import type { WarehouseStore } from './warehouses-store.ts'

export class MemoryWarehouses implements WarehouseStore {
  readonly #warehouses = new MemoryTable<Place, WarehouseView>()
  readonly #versions = new MemoryTable<string, Omit<Network, 'version'>>()
  readonly #stock: Pick<MemoryInventory, 'levels'>
  #settings: NetworkSettings = {}
  constructor(stock: Pick<MemoryInventory, 'levels'>) {
    this.#stock = stock
  }

  all(): Promise<readonly WarehouseView[]> {
    return Promise.resolve([...this.#warehouses.values()].sort((a, b) => (a.id < b.id ? -1 : 1)))
  }

  async save(warehouses: readonly WarehouseView[]): Promise<void> {
    for (const { unitsPerDay } of warehouses) demand('units_per_day', (unitsPerDay ?? 1) > 0)
    for (const warehouse of warehouses) this.#warehouses.set(warehouse.id, withDefaults(warehouse))
  }

  settings(): Promise<NetworkSettings> {
    return Promise.resolve(this.#settings)
  }

  saveSettings(settings: NetworkSettings): Promise<void> {
    this.#settings = settings
    return Promise.resolve()
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

/** As the table's columns say what was left out. */
const withDefaults = (warehouse: WarehouseView): WarehouseView => ({
  ...warehouse,
  holidays: warehouse.holidays ?? null,
  closedDays: warehouse.closedDays ?? [],
  openDays: warehouse.openDays ?? [],
  unitsPerDay: warehouse.unitsPerDay ?? null,
  blockedCountries: warehouse.blockedCountries ?? [],
})
