/**
 * Events that this process wrote and its own reactions have not read yet. The journal still says which come, in which order
 * and up to where; only their bodies need not be written out by PostgreSQL and parsed again, which was a sixth of what
 * reactions cost. What is not here, other processes' events above all, is read whole.
 */
import type { Envelope } from '../../kernel/event.ts'
import type { StreamId } from '../../kernel/ids.ts'
import { nowMs } from '../../kernel/timers.ts'

export type Written = Omit<Envelope, 'position' | 'stream'> & Readonly<{ stream: string }>
/** What the journal says of an event before its body is read. */
export type Mentioned = Readonly<{ position: number; stream: StreamId; version: number; at: string; type: string }>

/** A rush of some seconds, at most 20 MB. Beyond it the later ones are left out: the earlier are read first. */
const keptMax = 10_000
/** What was read before it was kept (its commit was seen before it was heard of) is not asked for again. */
const keptMsMax = 30_000

const nameOf = ({ stream, version }: Pick<Written, 'stream' | 'version'>): string => `${stream}:${version}`

export class RecentEvents {
  /** In the order in which they came. */
  readonly #kept = new Map<string, Readonly<{ written: Written; since: number }>>()
  readonly #keptMax: number
  #wanted: ReadonlySet<string> = new Set()

  constructor(max: number = keptMax) {
    this.#keptMax = max
  }

  /** Events of these types will be read here; of others, and before this is said, none is kept. */
  want(types: readonly string[]): void {
    this.#wanted = new Set(types)
    if (types.length === 0) this.forget()
  }

  /** @param written what is known to be committed. */
  keep(written: readonly Written[]): void {
    const since = nowMs()
    this.#dropUntil(since - keptMsMax)
    for (const one of written) {
      if (this.#kept.size >= this.#keptMax) return
      if (this.#wanted.has(one.event.type)) this.#kept.set(nameOf(one), { written: one, since })
    }
  }

  /**
   * The event, once: whoever asks has read it. A stream's version may be written again, as something else, where a database
   * lost what it had said: then the hour or the type differs.
   */
  take(mentioned: Mentioned): Envelope | undefined {
    const name = nameOf(mentioned)
    const written = this.#kept.get(name)?.written
    if (written === undefined) return undefined
    this.#kept.delete(name)
    if (written.at !== mentioned.at || written.event.type !== mentioned.type) return undefined
    return { ...written, position: mentioned.position, stream: mentioned.stream }
  }

  forget(): void {
    this.#kept.clear()
  }

  #dropUntil(ms: number): void {
    for (const [name, { since }] of this.#kept) {
      if (since > ms) return
      this.#kept.delete(name)
    }
  }
}
