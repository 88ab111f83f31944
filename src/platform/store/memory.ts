/** The memory form of a batch: one at a time, all or nothing. For tests of rooms and for the simulation. */
import type { Instant } from '../../kernel/ids.ts'
import { instant } from '../../kernel/time.ts'
import type { Batches, MemoryWrite, Work, Write } from './work.ts'

export class MemoryWork implements Work {
  readonly now: Instant
  readonly writes: Write[] = []
  constructor(now: Instant) {
    this.now = now
  }
  add(...writes: readonly Write[]): void {
    this.writes.push(...writes)
  }
}

export class MemoryBatches implements Batches {
  #last: Promise<unknown> = Promise.resolve()
  readonly #clock: () => Instant
  constructor(clock: () => Instant = () => instant(Date.now())) {
    this.#clock = clock
  }

  batch<Result>(decide: (work: Work) => Promise<Result>): Promise<Result> {
    const run = async (): Promise<Result> => {
      const work = new MemoryWork(this.#clock())
      const result = await decide(work)
      const applied = work.writes.filter((write): write is MemoryWrite => 'apply' in write)
      for (const { check } of applied) check?.()
      for (const { apply } of applied) apply()
      return result
    }
    const mine = this.#last.then(run, run)
    // The next one waits for this one whatever came of it; who called this one gets its fault.
    this.#last = mine.catch(() => undefined)
    return mine
  }
}
