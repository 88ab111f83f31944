/**
 * The journal's newest events, read and parsed once for all reactions of this process: eighteen readers of their own would
 * cost eighteen times as much. Who is further behind than the window reaches reads for himself until he is inside.
 */
import type { Envelope } from '../../kernel/event.ts'
import type { Journal } from './journal.ts'

/** About a second of events at full speed. */
const keptMax = 10_000
/** Items in lists that the kept events hold, beside those of the last reading: some 20 MB, whether of small orders or of a few with a thousand lines. */
const itemsMax = 50_000
/** One reading: what a round of reactions can handle in some ten milliseconds; fewer where events are large. */
const readMax = 2_000
const readMin = 50
const readItemsMax = 20_000

/** How large an event is, told by the items in its lists. */
const itemsIn = (value: object): number => {
  // No list of values is made on the way: this looks at every line of every order.
  if (Array.isArray(value)) {
    let items = value.length
    for (const part of value as readonly unknown[]) if (isObject(part)) items += itemsIn(part)
    return items
  }
  let items = 0
  for (const name in value) {
    const part = (value as Readonly<Record<string, unknown>>)[name]
    if (isObject(part)) items += itemsIn(part)
  }
  return items
}
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

export type Taken = Readonly<{
  envelopes: readonly Envelope[]
  /** Everything up to here was looked at. */
  upTo: number
}>

export class JournalWindow {
  readonly #journal: Pick<Journal, 'read'>
  readonly #types: readonly string[]
  #kept: Envelope[] = []
  /** Items in the lists of each that is kept. */
  #items: number[] = []
  #itemsKept = 0
  #readNext = readMax
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
    this.#items = []
    this.#itemsKept = 0
    this.#from = this.#to = position
  }

  /** The position up to which it has read. */
  get to(): number {
    return this.#to
  }

  /** Reads on towards the horizon. @returns the position up to which all reactions may look now. */
  async extend(horizon: number): Promise<number> {
    if (horizon <= this.#to) return this.#to
    const asked = this.#readNext
    const read = await this.#journal.read(this.#to, horizon, this.#types, asked)
    this.#to = read.length < asked ? horizon : (read.at(-1)?.position ?? horizon)
    this.#keep(read)
    return this.#to
  }

  #keep(read: readonly Envelope[]): void {
    const items = read.map(({ event }) => itemsIn(event))
    const itemsRead = items.reduce((sum, one) => sum + one, 0)
    const fitting = Math.floor((readItemsMax * read.length) / Math.max(1, itemsRead))
    if (read.length > 0) this.#readNext = Math.min(readMax, Math.max(readMin, fitting))
    let dropped = 0
    // What was just read nobody has had yet: it stays, however large.
    let itemsLeft = this.#itemsKept
    while (dropped < this.#kept.length && (itemsLeft > itemsMax || this.#kept.length - dropped + read.length > keptMax))
      itemsLeft -= this.#items[dropped++] ?? 0
    this.#drop(dropped)
    this.#kept.push(...read)
    this.#items.push(...items)
    this.#itemsKept += itemsRead
  }

  /** Everybody has passed this position: its events need not outlive the next collection of garbage. */
  release(position: number): void {
    this.#drop(this.#firstAfter(position))
  }

  #drop(count: number): void {
    this.#from = this.#kept[count - 1]?.position ?? this.#from
    this.#kept.splice(0, count)
    for (const items of this.#items.splice(0, count)) this.#itemsKept -= items
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
