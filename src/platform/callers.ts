/**
 * Who waits at this process's door for what he asked to be done. A long order is many callers: it takes as long to answer
 * as they would, and keeps those behind it waiting as long.
 */
import { MeanLately } from '../kernel/mean-lately.ts'

/** An order of two lines has some 400 bytes and costs half a millisecond; of a thousand lines, 30 kB and fifty. */
const bytesACaller = 400
/** What is uploaded whole is heavy for another reason, and is no rush. */
const weightMax = 100

export class Callers {
  #waiting = 0
  readonly #lately = new MeanLately()

  /** @param bytes of the request's body, where that is known. @returns what the caller weighs, to be said when he is answered */
  came(bytes: number): number {
    // Whole, so that nothing is left of a sum of which all has been taken away again.
    const weight = Math.min(weightMax, Math.max(1, Math.round(bytes / bytesACaller)))
    this.#waiting += weight
    this.#lately.set(this.#waiting)
    return weight
  }

  answered(weight: number): void {
    this.#waiting -= weight
    this.#lately.set(this.#waiting)
  }

  /** Callers of usual size, in the mean of the last moments. */
  waiting(): number {
    return this.#lately.value()
  }
}
