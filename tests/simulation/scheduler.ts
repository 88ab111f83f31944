/**
 * Virtual time: one heap of events by (time, seeded tie-break). Between two events every promise that can go on does, so
 * that one seed always runs in one order, and a minute costs as long as what happens in it.
 */
import type { Timers } from '../../src/kernel/timers.ts'
import type { Random } from './random.ts'

type Event = { readonly at: number; readonly tie: number; run: (() => void) | undefined }

/** Kept before anything is put in its place: the one real turn of the event loop that drains promises. */
const turn = setImmediate

export class Scheduler {
  /** Milliseconds since the seed began. */
  now = 0
  events = 0
  readonly #heap: Event[] = []
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  /** @returns what calls it off. */
  after(ms: number, run: () => void): () => void {
    const event: Event = { at: this.now + Math.max(0, ms), tie: this.#random.next(), run }
    this.#push(event)
    return () => {
      event.run = undefined
    }
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve)
    })
  }

  /** Runs on until a moment, or until `isOver` says so; `between` after every so many events. */
  async runUntil(ms: number, isOver: () => boolean, between: () => void, betweenEvery: number): Promise<void> {
    while (!isOver()) {
      const [next] = this.#heap
      if (next === undefined || next.at > ms) break
      this.#pop()
      const { run } = next
      if (run === undefined) continue
      this.now = Math.max(this.now, next.at)
      this.events += 1
      run()
      await drained()
      if (this.events % betweenEvery === 0) between()
    }
    if (!isOver()) this.now = Math.max(this.now, ms)
  }

  /** What the product waits by. */
  get timers(): Timers {
    return {
      nowMs: () => this.now,
      later: (ms, run) => this.after(ms, run),
      every: (ms, run) => {
        let cancel = (): void => undefined
        const again = (): void => {
          cancel = this.after(ms, () => {
            again()
            run()
          })
        }
        again()
        return () => cancel()
      },
      soon: (run) => void this.after(0, run),
      chance: () => this.#random.next(),
    }
  }

  #before(one: Event, other: Event): boolean {
    return one.at === other.at ? one.tie < other.tie : one.at < other.at
  }

  #push(event: Event): void {
    const heap = this.#heap
    let index = heap.push(event) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent]
      if (above === undefined || !this.#before(event, above)) break
      heap[index] = above
      index = parent
    }
    heap[index] = event
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      const [left, right] = [heap[child], heap[child + 1]]
      if (left === undefined) break
      let least = left
      if (right !== undefined && this.#before(right, left)) {
        least = right
        child += 1
      }
      if (!this.#before(least, last)) break
      heap[index] = least
      index = child
    }
    heap[index] = last
  }
}

const drained = (): Promise<void> =>
  new Promise((resolve) => {
    turn(resolve)
  })
