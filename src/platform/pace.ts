/**
 * Who waits for an answer goes first: while callers queue up, what follows from their commands gets a share of the
 * processor only, with a rest behind each of its batches. A burst is answered at once and followed up seconds later; under lasting
 * load the share is given up, so that messages and figures are never further behind than the burst was allowed to be.
 */
import { nowMs, wait } from '../kernel/timers.ts'

/** At half the speed a dozen callers are on their way; forty wait when batches fill faster than they are saved. */
const callers = { calm: 8, pressed: 40 } as const
/** Under pressure work rests this many times as long as it ran, so that it runs a tenth of the time; before, in proportion. */
const restShare = 9
/** Between two batches under pressure: long enough for the next to be worth its statements, and never so long that a rush is slept through. */
const restMs = { least: 20, most: 5_000 } as const
/** The end of a rush is noticed this soon. */
const sliceMs = 20
/** Milliseconds for which callers go first at most; afterwards everything gets its turn until the queue is short again. */
const yieldedMsMax = 10_000

export class Pace {
  readonly #backlog: () => number
  #pressedSince: number | undefined

  constructor(backlog: () => number) {
    this.#backlog = backlog
  }

  /** Waits after work that took so long, while callers are kept waiting and as long as it asks for. */
  async makeRoom(ranMs: number, isStopped: () => boolean): Promise<void> {
    const began = nowMs()
    while (!isStopped() && nowMs() - began < this.rest(ranMs)) await wait(sliceMs)
  }

  /** Milliseconds to wait after work that took so long; 0 while nobody is kept waiting. */
  rest(ranMs: number): number {
    const now = nowMs()
    const backlog = this.#backlog()
    if (backlog <= callers.calm) {
      this.#pressedSince = undefined
      return 0
    }
    this.#pressedSince ??= now
    if (now - this.#pressedSince > yieldedMsMax) return restMs.least
    const pressure = Math.min(1, (backlog - callers.calm) / (callers.pressed - callers.calm))
    return Math.min(restMs.most, Math.max(restMs.least, ranMs * restShare * pressure))
  }
}
