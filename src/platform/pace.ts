/**
 * Who waits for an answer goes first: while callers queue up, what follows from their commands gets a share of the
 * processor only, with a rest behind each of its batches. A burst is answered at once and followed up seconds later; under lasting
 * load the share is given up, so that messages and figures are never further behind than the burst was allowed to be.
 *
 * And what comes one by one while there is much to do is gathered: statements for three events cost nearly what they do
 * for thirty. With one buyer after another 140 orders a second were placed while each was followed up at once, and some 220 so.
 */
import { nowMs, wait } from '../kernel/timers.ts'

export type Demand = Readonly<{
  /** How many callers wait for an answer that is computed here. */
  backlog?: () => number
  /** The share of its time for which this process was at work lately, from 0 to 1. */
  busy?: () => number
}>

/** At half the speed a dozen callers are on their way; forty wait when batches fill faster than they are saved. */
const callers = { calm: 8, pressed: 40 } as const
/** Under pressure work rests this many times as long as it ran, so that it runs a tenth of the time; before, in proportion. */
const restShare = 9
/** Between two batches under pressure: long enough for the next to be worth its statements, and never so long that a rush is slept through. */
const restMs = { least: 20, most: 5_000 } as const
/** The end of a rush is noticed this soon. */
const sliceMs = 20
/** From here on what comes is gathered, the longer the busier; events find their readers at once while there is time for all. */
const busyShare = { calm: 0.4, pressed: 0.8 } as const
/** What a customer does not notice of the mail or the page that follows from an order. */
const gatherMsMax = 120
/** Events that are worth a round of their own. */
const enough = 500
/** Milliseconds for which callers go first at most; afterwards everything gets its turn until the queue is short again. */
const yieldedMsMax = 10_000

export class Pace {
  readonly #backlog: () => number
  readonly #busy: () => number
  #pressedSince: number | undefined

  constructor({ backlog = () => 0, busy = () => 0 }: Demand) {
    this.#backlog = backlog
    this.#busy = busy
  }

  /** Whether anybody waits for an answer, or did a moment ago. */
  hasCallers(): boolean {
    return this.#backlog() > 0
  }

  /** Waits after work that took so long, while callers are kept waiting and as long as it asks for. */
  async makeRoom(ranMs: number, isStopped: () => boolean): Promise<void> {
    await untilRested(() => this.rest(ranMs), isStopped)
  }

  /** Waits after a round that found so many events, for more to come. */
  async gather(found: number, isStopped: () => boolean): Promise<void> {
    const ms = this.gathering(found)
    await untilRested(() => ms, isStopped)
  }

  /** Milliseconds to wait for more; 0 while there is time to do each thing as it comes. */
  gathering(found: number): number {
    if (found >= enough) return 0
    const pressure = (this.#busy() - busyShare.calm) / (busyShare.pressed - busyShare.calm)
    return gatherMsMax * Math.min(1, Math.max(0, pressure))
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

const untilRested = async (rest: () => number, isStopped: () => boolean): Promise<void> => {
  const began = nowMs()
  while (!isStopped() && nowMs() - began < rest()) await wait(sliceMs)
}
