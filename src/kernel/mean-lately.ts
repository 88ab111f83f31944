/**
 * How many of something there were in the last moments, in the mean over time. Right now is misleading where callers are
 * counted: when a batch is answered, its callers' next requests are still unread in the sockets. So is the most at once:
 * thirty who come together and are answered in a moment keep nobody waiting.
 */
import { nowMs } from './timers.ts'

/** Some batches' time: what was so long ago counts for a third. */
const rememberedMs = 150

export class MeanLately {
  #count = 0
  #mean = 0
  #at = nowMs()

  /** From now on there are so many. */
  set(count: number): void {
    this.value()
    this.#count = count
  }

  value(): number {
    const now = nowMs()
    this.#mean = this.#count + (this.#mean - this.#count) * Math.exp((this.#at - now) / rememberedMs)
    this.#at = now
    return this.#mean
  }
}
