/** How busy the warehouses of a what-if are under one policy: what `load` is weighed with. Pure. */
import type { Day, Place } from '../kernel/ids.ts'
import type { Sourced, Warehouse } from '../sourcing/contract.ts'

/** Where a warehouse's capacity is not known its fair share stands for it, counted over so many parcels. */
const parcelsRemembered = 500

export class Busy {
  readonly #warehouses: readonly Warehouse[]
  readonly #index: ReadonlyMap<Place, number>
  /** Place of each of the last parcels, written round and round. */
  readonly #last: number[] = []
  readonly #parcels: number[]
  readonly #unitsToday: number[]
  #next = 0
  #day: Day | undefined

  constructor(warehouses: readonly Warehouse[]) {
    this.#warehouses = warehouses
    this.#index = new Map(warehouses.map(({ id }, w) => [id, w]))
    this.#parcels = warehouses.map(() => 0)
    this.#unitsToday = warehouses.map(() => 0)
  }

  /** In the network's order: units of the day's orders by what the place does a day; else 1 where it sends its fair share. */
  on(day: Day): readonly number[] {
    if (day !== this.#day) this.#unitsToday.fill(0)
    this.#day = day
    const all = this.#last.length
    return this.#warehouses.map(({ unitsPerDay }, w) => {
      if (unitsPerDay !== undefined && unitsPerDay !== null) return (this.#unitsToday[w] ?? 0) / unitsPerDay
      return all === 0 ? 0 : ((this.#parcels[w] ?? 0) * this.#warehouses.length) / all
    })
  }

  add({ shipments }: Sourced): void {
    for (const { place, lines } of shipments) {
      const w = this.#index.get(place) ?? 0
      const forgotten = this.#last[this.#next]
      if (forgotten !== undefined) this.#parcels[forgotten] = (this.#parcels[forgotten] ?? 0) - 1
      this.#last[this.#next] = w
      this.#parcels[w] = (this.#parcels[w] ?? 0) + 1
      this.#next = (this.#next + 1) % parcelsRemembered
      this.#unitsToday[w] = (this.#unitsToday[w] ?? 0) + lines.reduce((sum, { quantity }) => sum + quantity, 0)
    }
  }
}
