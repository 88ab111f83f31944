/** Stock levels of a batch: what is there, what the batch takes, and the sum of its changes. Pure. */
import type { OrderId, Place, Sku } from '../kernel/ids.ts'

export type LevelRow = Readonly<{
  sku: Sku
  place: Place
  onHand: number
  reserved: number
  inTransit: number
  safety: number
  damaged: number
}>
export type Change = Readonly<{ onHand?: number; reserved?: number; inTransit?: number; damaged?: number; safety?: number }>
export type LedgerKind =
  | 'reserved'
  | 'released'
  | 'received'
  | 'adjusted'
  | 'short'
  | 'transfer_sent'
  | 'transfer_received'
  | 'transfer_lost'
  | 'shipped'
  | 'returned'
  | 'damaged'
  | 'imported'
export type LedgerRow = Readonly<{
  sku: Sku
  place: Place
  onHand: number
  reserved: number
  inTransit: number
  damaged: number
  kind: LedgerKind
  order?: OrderId | undefined
  reference?: string | undefined
}>
export type Delta = {
  sku: Sku
  place: Place
  onHand: number
  reserved: number
  inTransit: number
  damaged: number
  safety: number
  claimed: boolean
}

/** What places know of products: each product's rows, one a place. */
export type LevelsBySku = ReadonlyMap<Sku, readonly LevelRow[]>
export const levelsBySku = (rows: Iterable<LevelRow>): LevelsBySku => Map.groupBy(rows, ({ sku }) => sku)

/** A row that the batch has touched: as it was, as it is, and the sum of what was done to it. */
type Touched = Readonly<{ before: LevelRow; delta: Delta }> & { after: LevelRow }

export const free = (row: LevelRow): number => Math.max(0, row.onHand - row.reserved - row.safety)

const nowhere: readonly LevelRow[] = []

export class Levels {
  /** Lists are shared with whoever handed them over: one that changes is copied first. */
  readonly #rows: Map<Sku, readonly LevelRow[]>
  readonly #touched = new Map<Sku, Touched[]>()
  #sorted: readonly Touched[] | undefined
  readonly ledger: LedgerRow[] = []

  constructor(rows: LevelsBySku) {
    this.#rows = new Map(rows)
  }

  /** All places that know a product. */
  of(sku: Sku): readonly LevelRow[] {
    return this.#rows.get(sku) ?? nowhere
  }

  at(sku: Sku, place: Place): LevelRow | undefined {
    return this.of(sku).find((row) => row.place === place)
  }

  available(sku: Sku): number {
    let sum = 0
    for (const row of this.of(sku)) sum += free(row)
    return sum
  }

  /** @param claimed the saving statement must find the units free (`guarded`): nobody takes units on memory alone. */
  move(sku: Sku, place: Place, change: Change, kind: LedgerKind, order?: OrderId, reference?: string, claimed = false): LevelRow {
    const before = this.at(sku, place)
    if (before === undefined) throw new Error(`no level for ${sku} in ${place}`)
    const { onHand = 0, reserved = 0, inTransit = 0, damaged = 0, safety = 0 } = change
    const after: LevelRow = {
      sku,
      place,
      onHand: before.onHand + onHand,
      reserved: before.reserved + reserved,
      inTransit: before.inTransit + inTransit,
      damaged: before.damaged + damaged,
      safety: before.safety + safety,
    }
    if (after.onHand < 0 || after.reserved < 0 || after.inTransit < 0 || after.damaged < 0 || after.onHand < after.reserved) {
      throw new Error(`${kind} would break the level of ${sku} in ${place}: ${JSON.stringify(after)}`)
    }
    const rows = this.#own(sku)
    rows[rows.indexOf(before)] = after
    const touched = this.#touch(before)
    touched.after = after
    const { delta } = touched
    delta.onHand += onHand
    delta.reserved += reserved
    delta.inTransit += inTransit
    delta.damaged += damaged
    delta.safety += safety
    delta.claimed ||= claimed
    this.ledger.push({ sku, place, onHand, reserved, inTransit, damaged, kind, order, reference })
    return after
  }

  /** The batch's own list of a product, which may change: once touched it is a copy. */
  #own(sku: Sku): LevelRow[] {
    const rows = this.of(sku)
    if (this.#touched.has(sku)) return rows as LevelRow[]
    const own = [...rows]
    this.#rows.set(sku, own)
    return own
  }

  #touch(row: LevelRow): Touched {
    const { sku, place } = row
    const known = this.#touched.get(sku)
    const before = known?.find(({ delta }) => delta.place === place)
    if (before !== undefined) return before
    const delta = { sku, place, onHand: 0, reserved: 0, inTransit: 0, damaged: 0, safety: 0, claimed: false }
    const fresh: Touched = { before: row, after: row, delta }
    if (known === undefined) this.#touched.set(sku, [fresh])
    else known.push(fresh)
    this.#sorted = undefined
    return fresh
  }

  /** Rows that the batch has touched, sorted by product and place: every statement touches level rows in this one order. */
  get touched(): readonly Readonly<Touched>[] {
    this.#sorted ??= [...this.#touched.values()]
      .flat()
      .sort(({ delta: a }, { delta: b }) => (a.sku === b.sku ? (a.place < b.place ? -1 : 1) : a.sku < b.sku ? -1 : 1))
    return this.#sorted
  }

  /** The sum of what was done to each, in the same order. */
  get deltas(): readonly Delta[] {
    return this.touched.map(({ delta }) => delta)
  }
}
