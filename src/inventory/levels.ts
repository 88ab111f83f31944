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

const levelKey = (sku: Sku, place: Place): string => `${sku}\n${place}`
export const free = (row: LevelRow): number => Math.max(0, row.onHand - row.reserved - row.safety)

export class Levels {
  readonly #rows = new Map<Sku, LevelRow[]>()
  readonly #deltas = new Map<string, Delta>()
  /** Rows as they were before the batch first touched them. */
  readonly #before = new Map<string, LevelRow>()
  #sorted: readonly Delta[] | undefined
  readonly ledger: LedgerRow[] = []

  constructor(rows: Iterable<LevelRow>) {
    for (const row of rows) {
      const places = this.#rows.get(row.sku)
      if (places === undefined) this.#rows.set(row.sku, [row])
      else places.push(row)
    }
  }

  /** All places that know a product. */
  of(sku: Sku): readonly LevelRow[] {
    return this.#rows.get(sku) ?? []
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
    const rows = this.#rows.get(sku)
    const index = rows?.findIndex((row) => row.place === place) ?? -1
    const before = rows?.[index]
    if (rows === undefined || before === undefined) throw new Error(`no level for ${sku} in ${place}`)
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
    rows[index] = after
    const key = levelKey(sku, place)
    if (!this.#before.has(key)) this.#before.set(key, before)
    const delta = this.#deltas.get(key) ?? {
      sku,
      place,
      onHand: 0,
      reserved: 0,
      inTransit: 0,
      damaged: 0,
      safety: 0,
      claimed: false,
    }
    delta.onHand += onHand
    delta.reserved += reserved
    delta.inTransit += inTransit
    delta.damaged += damaged
    delta.safety += safety
    delta.claimed ||= claimed
    this.#deltas.set(key, delta)
    this.#sorted = undefined
    this.ledger.push({ sku, place, onHand, reserved, inTransit, damaged, kind, order, reference })
    return after
  }

  /** A row before and after the batch. @throws where the batch has not touched it. */
  change(sku: Sku, place: Place): Readonly<{ before: LevelRow; after: LevelRow }> {
    const [before, after] = [this.#before.get(levelKey(sku, place)), this.at(sku, place)]
    if (before === undefined || after === undefined) throw new Error(`the batch does not touch ${sku} in ${place}`)
    return { before, after }
  }

  /** Sorted by product and place: every statement touches level rows in this one order. */
  get deltas(): readonly Delta[] {
    this.#sorted ??= [...this.#deltas.values()].sort((a, b) =>
      a.sku === b.sku ? (a.place < b.place ? -1 : 1) : a.sku < b.sku ? -1 : 1,
    )
    return this.#sorted
  }
}
