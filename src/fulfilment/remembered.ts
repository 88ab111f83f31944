/** What the desk keeps of an order beside its work, so that news may arrive in any order. Pure. */
import type { Change, Stored } from '../kernel/decider.ts'
import type { Place } from '../kernel/ids.ts'
import type { LineUnits } from '../orders/contract.ts'
import { isAwaited, unitsOf, within, without } from './units.ts'

/** Units remembered by order: supply that came before its work was planned, cancellations decided in orders' own batch. */
export type Remembered = Readonly<{ units: readonly (LineUnits & Readonly<{ place?: Place; waits?: boolean }>)[] }>

/** Units by order, with what changed of them. */
export class Memory {
  readonly #stored: ReadonlyMap<string, Stored<Remembered>>
  readonly #changed = new Map<string, Change<never, Remembered>>()
  constructor(stored: ReadonlyMap<string, Stored<Remembered>>) {
    this.#stored = stored
  }
  #current(id: string): Stored<Remembered> {
    return this.#changed.get(id) ?? this.#stored.get(id) ?? { version: 0, state: { units: [] } }
  }
  #set(id: string, units: Remembered['units']): void {
    const version = (this.#stored.get(id)?.version ?? 0) + 1
    this.#changed.set(id, { id, version, state: { units }, events: [] })
  }
  put(id: string, units: Remembered['units']): void {
    if (units.length > 0) this.#set(id, [...this.#current(id).state.units, ...units])
  }
  takeAll(id: string): Remembered['units'] {
    const { units } = this.#current(id).state
    if (units.length > 0) this.#set(id, [])
    return units
  }
  /** Of the units asked, those that were remembered: they are forgotten now. */
  take(id: string, asked: readonly LineUnits[]): LineUnits[] {
    const { units } = this.#current(id).state
    const taken = within(asked, (line) => unitsOf(units, line))
    if (taken.length > 0) this.#set(id, without(units, taken))
    return taken
  }
  /** A plan without the units that are remembered with their place: they are remembered without it from now on. */
  leaveOut<Part extends LineUnits & Readonly<{ from: Place; kind: string }>>(id: string, parts: readonly Part[]): Part[] {
    const { units } = this.#current(id).state
    if (units.every(({ place }) => place === undefined)) return [...parts]
    const left = parts.map((part) => ({ ...part }))
    const rest = units.flatMap((row): Remembered['units'] => {
      const { place, waits = false, ...bare } = row
      const there = left.filter(({ line, from, quantity }) => line === row.line && from === place && quantity > 0)
      // What waited may have come in since it was planned.
      const part = there.find(({ kind }) => waits === isAwaited(kind)) ?? there[0]
      if (part === undefined) return [row]
      const gone = Math.min(row.quantity, part.quantity)
      Object.assign(part, { quantity: part.quantity - gone })
      return [{ ...bare, quantity: gone }, ...(row.quantity > gone ? [{ ...row, quantity: row.quantity - gone }] : [])]
    })
    this.#set(id, rest)
    return left.filter(({ quantity }) => quantity > 0)
  }
  get changes(): readonly Change<never, Remembered>[] {
    return [...this.#changed.values()]
  }
}
