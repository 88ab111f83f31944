/**
 * How many requests may be in the house (taken and not answered), found out from what gets done: as many as are answered
 * within `waitMs`. The idea is Little's law (in the house = answered a second × wait) with the rate learned while there is
 * enough to do, as BBR learns a line's bandwidth; Netflix's concurrency-limits and CoDel asked the same question before.
 * Pure: times are arguments.
 */

/**
 * So many are taken without a question as long as nobody was refused lately: a flash sale's 500 connections, which never
 * send a second request before the first is answered, are no overload. It is also two full batches of placements.
 */
export const freeMax = 512
/** … unless even these would wait longer than people do; shorter when more keep coming. */
const freeMs = { calm: 1_000, refusing: 500 } as const
/** What is taken beyond it is answered within this time: some batches, each worth its commit. */
const waitMs = 250
const waitMsMax = 2_000
/** Where an answer takes long with nobody else about (a database far away), twice that time is allowed. */
const calmTimes = 2
/** Hardly anybody: more of them share batches and wait for each other. */
const calmMax = 4
/** Fewer are no crowd, however slow they are: a few long reports say nothing about the next request. */
const crowdFrom = 32
/** Memory: each holds its body and its place in a batch. Nearly all queues behind the door hold more. */
const most = 2_048
/** A rate is read off this much time and so many answers, or a longer time with fewer. */
const window = { ms: 200, done: 20, msMax: 1_000 } as const
/**
 * What was seen so long ago counts a third. Answers and time are forgotten alike, and only then divided: where a batch is
 * answered at once after a long silence, neither the silence nor the burst is the rate. A single silence counts for this
 * time at most: a checkpoint, or the first batch of a cold process, says little about the next second.
 */
const rememberedMs = 1_000
const newestAnswer = 0.05
/** Until it was not needed for so long, refusing goes on at the lower mark: rushes come in waves. */
const calmAfterMs = 10_000

const mixed = (old: number | undefined, next: number): number => (old === undefined ? next : old + (next - old) * newestAnswer)

export class Crowd {
  inHouse = 0
  refused = 0
  /** Answers, and the time they took when there was enough to do. Believed to be good until seen. */
  #answers = (freeMax * rememberedMs) / waitMs
  #busyMs = rememberedMs
  /** Mean time of an answer when hardly anybody is in the house. */
  #calmMs: number | undefined
  #refusedAt = Number.NEGATIVE_INFINITY
  #limit = freeMax
  #since = 0
  #done = 0
  #peak = 0

  /** Takes one in, or refuses it. Who is taken in must be let out again. */
  admits(now: number): boolean {
    if (this.inHouse === 0) this.#begin(now)
    else if (this.#isRead(now)) this.#read(now)
    if (this.inHouse >= this.#limitAt(now)) {
      this.#refusedAt = now
      this.refused += 1
      return false
    }
    this.inHouse += 1
    if (this.inHouse > this.#peak) this.#peak = this.inHouse
    return true
  }

  /** @param tookMs from being taken in to the answer */
  letOut(tookMs: number): void {
    this.inHouse -= 1
    this.#done += 1
    if (this.#peak <= calmMax) this.#calmMs = mixed(this.#calmMs, tookMs)
  }

  get limit(): number {
    return this.#limit
  }

  #begin(now: number): void {
    this.#since = now
    this.#done = 0
    this.#peak = this.inHouse
  }

  #isRead(now: number): boolean {
    const ms = now - this.#since
    return ms >= window.ms && this.#done >= (ms < window.msMax ? window.done : 1)
  }

  #read(now: number): void {
    const ms = Math.min(now - this.#since, rememberedMs)
    const rate = (this.#done * 1_000) / ms
    // With too little to do the rate says what was asked for, not what could be done.
    const isCrowded = this.inHouse >= crowdFrom && (this.inHouse * 1_000) / rate > this.#waitMs()
    if (isCrowded || rate > this.#rate) {
      const kept = Math.exp(-ms / rememberedMs)
      this.#answers = this.#answers * kept + this.#done
      this.#busyMs = this.#busyMs * kept + ms
    }
    this.#begin(now)
  }

  /** Answers a second when there is enough to do. */
  get #rate(): number {
    return (this.#answers * 1_000) / this.#busyMs
  }

  #limitAt(now: number): number {
    this.#limit = Math.round(Math.min(most, Math.max(crowdFrom, this.#wantedAt(now))))
    return this.#limit
  }

  #wantedAt(now: number): number {
    const ms = this.#refusedAt + calmAfterMs > now ? freeMs.refusing : freeMs.calm
    return Math.max((this.#rate * this.#waitMs()) / 1_000, Math.min(freeMax, (this.#rate * ms) / 1_000))
  }

  #waitMs(): number {
    return Math.min(waitMsMax, Math.max(waitMs, (this.#calmMs ?? 0) * calmTimes))
  }
}
