/**
 * The most of something within the last moments. Right now is misleading where callers are counted: when a batch is answered,
 * its callers' next requests are still unread in the sockets.
 */
import { nowMs } from './timers.ts'

/** Some batches' time. */
const rememberedMs = 250

export class RecentMost {
  #most = 0
  #at = Number.NEGATIVE_INFINITY

  /** @returns the most that was noted lately, this included. */
  note(count: number): number {
    const now = nowMs()
    if (count >= this.#most || now - this.#at > rememberedMs) {
      this.#most = count
      this.#at = now
    }
    return this.#most
  }
}
