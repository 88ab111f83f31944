/** Counts what comes back, and tells it as `Loaded`. */
import type { Answer, Answered, LoadConnection } from './connection.ts'
import type { Loaded } from './asked.ts'
import { Latencies } from './latencies.ts'

const oddMax = 5
const oddLengthMax = 300

export class Tally {
  readonly latencies = new Latencies()
  readonly #answers = new Map<number, number>()
  readonly #odd = new Map<number, string>()
  readonly #expected: ReadonlySet<number>
  readonly start = performance.now()
  readonly #cpu = process.cpuUsage()
  #last = this.start
  #requests = 0
  cut = 0
  shed = 0
  #done = 0
  #doneInTime = 0
  /** When the scenario begins nothing new any more; no end where it has a number of things to do. */
  end = Number.POSITIVE_INFINITY

  constructor(...expected: readonly number[]) {
    this.#expected = new Set(expected)
  }

  /** What is done after so many seconds counts as done, and not into the rate. */
  during(seconds: number): this {
    this.end = this.start + seconds * 1_000
    return this
  }

  get isOver(): boolean {
    return performance.now() >= this.end
  }

  /** What the scenario counts: orders, requests of a journey. */
  get done(): number {
    return this.#done
  }
  set done(count: number) {
    if (!this.isOver) this.#doneInTime += count - this.#done
    this.#done = count
  }

  /** @returns whether it was an expected answer. */
  take({ status, body }: Answer, sinceMs: number): boolean {
    this.#last = performance.now()
    this.#requests += 1
    this.#answers.set(status, (this.#answers.get(status) ?? 0) + 1)
    this.latencies.add(this.#last - sinceMs)
    if (this.#expected.has(status)) return true
    if (!this.#odd.has(status) && this.#odd.size < oddMax) this.#odd.set(status, body.slice(0, oddLengthMax))
    return false
  }

  loaded(): Loaded {
    const seconds = (this.#last - this.start) / 1_000
    // What was still on its way at the end is no part of the rate, nor is the time that it took.
    const perSecond = Number.isFinite(this.end)
      ? (this.#doneInTime * 1_000) / (this.end - this.start)
      : this.#done / Math.max(0.001, seconds)
    const { user, system } = process.cpuUsage(this.#cpu)
    return {
      seconds,
      answers: Object.fromEntries(this.#answers),
      done: this.#done,
      perSecond,
      latency: this.latencies.summary(),
      loadMicros: (user + system) / Math.max(1, this.#requests),
      cut: this.cut,
      shed: this.shed,
      odd: [...this.#odd].map(([status, body]) => `${status}: ${body}`),
    }
  }
}

export const retryAfterMs = ({ headers }: Answer): number => {
  const seconds = Number(/\r\nretry-after: (\d+)/i.exec(headers)?.[1] ?? '1')
  return seconds * 1_000
}

/**
 * Asks, and where the server is too busy asks again when it said, with the same key, as a buyer would who wants it: the
 * latency is the buyer's, not the request's. Gives up at the end; `answered` then hears of the 503.
 */
export const insist = (connection: LoadConnection, text: string, tally: Tally, answered: Answered): void => {
  connection.send(text, (answer, fault) => {
    if (answer?.status !== 503 || tally.isOver) return answered(answer, fault)
    tally.shed += 1
    setTimeout(() => insist(connection, text, tally, answered), retryAfterMs(answer))
  })
}
