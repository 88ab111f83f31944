/**
 * The journal's newest events, read and parsed once for all reactions of this process: eighteen readers of their own would
 * cost eighteen times as much. Who is further behind than the window reaches reads for himself until he is inside.
 */
import type { Envelope } from '../../kernel/event.ts'
import type { Journal } from './journal.ts'

/** About a second of events at full speed, some 2 MB. */
const keptMax = 10_000
/** One reading: what a round of reactions can handle in some ten milliseconds. */
const readMax = 2_000

export type Taken = Readonly<{
  envelopes: readonly Envelope[]
  /** Everything up to here was looked at. */
  upTo: number
}>

export class JournalWindow {
  readonly #journal: Pick<Journal, 'read'>
  readonly #types: readonly string[]
  #kept: Envelope[] = []
  /** The window holds every event of these types with `#from < position <= #to`. */
  #from = 0
  #to = 0

  constructor(journal: Pick<Journal, 'read'>, types: readonly string[]) {
    this.#journal = journal
    this.#types = [...new Set(types)]
  }

  /** Begins behind a position, which must be final: what lies before it nobody needs, or reads for himself. */
  startAt(position: number): void {
    this.#kept = []
    this.#from = this.#to = position
  }

  /** The position up to which it has read. */
  get to(): number {
    return this.#to
  }

  /** Reads on towards the horizon. @returns the position up to which all reactions may look now. */
  async extend(horizon: number): Promise<number> {
    if (horizon <= this.#to) return this.#to
    const read = await this.#journal.read(this.#to, horizon, this.#types, readMax)
    this.#kept.push(...read)
    this.#to = read.length < readMax ? horizon : (read.at(-1)?.position ?? horizon)
    if (this.#kept.length > keptMax) {
      const dropped = this.#kept.splice(0, this.#kept.length - keptMax)
      this.#from = dropped.at(-1)?.position ?? this.#from
    }
    return this.#to
  }

  /** At most `limit` events of some types after a position, in order. */
  async take(after: number, types: ReadonlySet<string>, limit: number): Promise<Taken> {
    if (after >= this.#to) return { envelopes: [], upTo: after }
    if (after < this.#from) {
      const upTo = this.#to
      const envelopes = await this.#journal.read(after, upTo, [...types], limit)
      return { envelopes, upTo: envelopes.length < limit ? upTo : (envelopes.at(-1)?.position ?? upTo) }
    }
    const envelopes: Envelope[] = []
    for (let index = this.#firstAfter(after); index < this.#kept.length && envelopes.length < limit; index++) {
      const envelope = this.#kept[index]
      if (envelope !== undefined && types.has(envelope.event.type)) envelopes.push(envelope)
    }
    return { envelopes, upTo: envelopes.length < limit ? this.#to : (envelopes.at(-1)?.position ?? this.#to) }
  }

  #firstAfter(position: number): number {
    let [low, high] = [0, this.#kept.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#kept[middle]?.position ?? 0) > position) high = middle
      else low = middle + 1
    }
    return low
  }
}
