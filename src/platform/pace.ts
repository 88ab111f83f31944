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

/** In the mean. At half the speed a dozen callers are on their way; forty wait when batches fill faster than they are saved. */
const callers = { calm: 8, pressed: 40 } as const
/**
 * So many times as many callers must wait for others to make room where this process has time to spare: then the database may be what
 * keeps them waiting, or they came together and are answered in a moment. Whole lives of orders, in which
 * thirty at a time place the next one, came to 140 a second where the most at once was counted and to 190 so.
 */
const sparing = 5
/** Under pressure work rests this many times as long as it ran, so that it runs a tenth of the time; before, in proportion. */
const restShare = 9
/** Between two batches under pressure: long enough for the next to be worth its statements, and never so long that a rush is slept through. */
const restMs = { least: 20, most: 5_000 } as const
/** Who was answered a moment ago still counts for some of one. */
const aCaller = 0.5
/** The end of a rush is noticed this soon. */
const sliceMs = 20
/** From here on there is not time for all: what comes is gathered and makes room for callers, the more so the busier. */
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
    return this.#backlog() > aCaller
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
    return gatherMsMax * this.#crowded()
  }

  /** Milliseconds to wait after work that took so long; 0 while nobody is kept waiting. */
  rest(ranMs: number): number {
    const now = nowMs()
    const backlog = this.#backlog()
    const pressure = Math.max(pressureOf(backlog) * this.#crowded(), pressureOf(backlog / sparing))
    if (pressure === 0) {
      this.#pressedSince = undefined
      return 0
    }
    this.#pressedSince ??= now
    if (now - this.#pressedSince > yieldedMsMax) return restMs.least
    return Math.min(restMs.most, Math.max(restMs.least, ranMs * restShare) * pressure)
  }

  /** How little time this process has to spare, from 0 to 1. */
  #crowded(): number {
    return within((this.#busy() - busyShare.calm) / (busyShare.pressed - busyShare.calm))
  }
}

const within = (share: number): number => Math.min(1, Math.max(0, share))
const pressureOf = (backlog: number): number => within((backlog - callers.calm) / (callers.pressed - callers.calm))

const untilRested = async (rest: () => number, isStopped: () => boolean): Promise<void> => {
  const began = nowMs()
  for (;;) {
    const left = rest() - (nowMs() - began)
    if (left <= 0 || isStopped()) return
    await wait(Math.min(sliceMs, Math.ceil(left)))
  }
}
