/** The memory form of reading the journal. A batch commits at once, so all that is there is final. */
import type { Envelope } from '../../kernel/event.ts'
import { factAsRead, type MemoryFact, type MemoryRecords } from '../records/memory.ts'
import type { Journal } from './journal.ts'

export class MemoryJournal implements Journal {
  readonly behind = false
  readonly #rows: readonly MemoryFact[]
  readonly #historyOf: MemoryRecords['historyOf']
  constructor(records: MemoryRecords) {
    this.#rows = records.journal
    this.#historyOf = (stream) => records.historyOf(stream)
  }

  horizon(): Promise<number> {
    return Promise.resolve(this.#rows.at(-1)?.position ?? 0)
  }

  forget(): void {
    // Nothing is remembered here: every answer is the journal's own.
  }

  read(after: number, upTo: number, types: readonly string[], limit: number): Promise<Envelope[]> {
    const found: Envelope[] = []
    for (let index = this.#firstAfter(after); index < this.#rows.length && found.length < limit; index++) {
      const row = this.#rows[index]
      if (row === undefined || row.position > upTo) break
      if (types.includes(row.fact.type)) found.push(factAsRead(row))
    }
    return Promise.resolve(found)
  }

  readAt(positions: readonly number[], types: readonly string[]): Promise<Envelope[]> {
    const rows = positions.toSorted((a, b) => a - b).flatMap((position) => this.#rows[this.#firstAfter(position - 1)] ?? [])
    return Promise.resolve(
      rows.filter(({ position, fact }) => positions.includes(position) && types.includes(fact.type)).map(factAsRead),
    )
  }

  history(stream: string): Promise<Envelope[]> {
    return Promise.resolve(this.#historyOf(stream).map(factAsRead))
  }

  /** Whether an event of this type stands behind a position. */
  hasAfter(position: number, type: string): boolean {
    for (let index = this.#firstAfter(position); index < this.#rows.length; index++)
      if (this.#rows[index]?.fact.type === type) return true
    return false
  }

  #firstAfter(position: number): number {
    let [low, high] = [0, this.#rows.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#rows[middle]?.position ?? 0) > position) high = middle
      else low = middle + 1
    }
    return low
  }
}
