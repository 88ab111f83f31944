/**
 * Who waits at this process's door for what he asked to be done. A long order is many callers: it takes as long to answer
 * as they would, and keeps those behind it waiting as long.
 */
import { RecentMost } from '../kernel/recent-most.ts'

/** An order of two lines has some 400 bytes and costs half a millisecond; of a thousand lines, 30 kB and fifty. */
const bytesACaller = 400
/** What is uploaded whole is heavy for another reason, and is no rush. */
const weightMax = 100

export class Callers {
  #waiting = 0
  readonly #most = new RecentMost()

  /** @param bytes of the request's body, where that is known. @returns what the caller weighs, to be said when he is answered */
  came(bytes: number): number {
    // Whole, so that nothing is left of a sum of which all has been taken away again.
    const weight = Math.min(weightMax, Math.max(1, Math.round(bytes / bytesACaller)))
    this.#waiting += weight
    this.#most.note(this.#waiting)
    return weight
  }

  answered(weight: number): void {
    this.#waiting -= weight
  }

  /** Callers of usual size, at most at once within the last moments. */
  waiting(): number {
    return this.#most.note(this.#waiting)
  }
}
