/**
 * Commands that arrive while the last batch is being committed form the next one. No timer: an idle command leaves at
 * once, busy batches fill by themselves, and every queue has a limit.
 */
import { MeanLately } from './mean-lately.ts'
import { soon } from './timers.ts'

export type BatchLimits = Readonly<{
  /** Commands a batch at most. */
  itemsMax: number
  /** Batches on their way at once. */
  inFlightMax: number
  /** Commands that may wait; beyond it `Overloaded` is thrown at once. */
  waitingMax: number
  /** Weight (for example order lines) a batch at most; a single heavier command goes alone. */
  weightMax?: number
}>

/** The queue is full: the caller hears 503 with `Retry-After`, and nothing has happened. */
export class Overloaded extends Error {
  readonly queue: string
  constructor(queue: string) {
    super(`too much is waiting in ${queue}`)
    this.queue = queue
  }
}

type Waiting<Item, Result> = { item: Item; weight: number; resolve: (result: Result) => void; reject: (fault: unknown) => void }

export type MicroBatch<Item, Result> = ((item: Item) => Promise<Result>) &
  Readonly<{
    waiting: () => number
    /** Callers without an answer, waiting or with their batch on its way: in the mean of the last moments. */
    unanswered: () => number
    idle: () => Promise<void>
  }>

/**
 * @param run handles a batch and returns one result an item, in order. If it throws, every caller of that batch gets the
 *   fault: who can do better (rerun one by one) does so inside `run`.
 */
export const microBatch = <Item, Result>(
  name: string,
  run: (items: readonly Item[]) => Promise<readonly Result[]>,
  limits: BatchLimits,
  weigh: (item: Item) => number = () => 1,
): MicroBatch<Item, Result> => {
  let waiting: Waiting<Item, Result>[] = []
  let inFlight = 0
  let onTheirWay = 0
  const lately = new MeanLately()
  let whenIdle: (() => void)[] = []

  const take = (): Waiting<Item, Result>[] => {
    const weightMax = limits.weightMax ?? Number.POSITIVE_INFINITY
    let count = 0
    let weight = 0
    for (const next of waiting) {
      if (count >= limits.itemsMax || (count > 0 && weight + next.weight > weightMax)) break
      weight += next.weight
      count += 1
    }
    const batch = waiting.slice(0, count)
    waiting = waiting.slice(count)
    return batch
  }

  const leave = (): void => {
    while (waiting.length > 0 && inFlight < limits.inFlightMax) {
      const batch = take()
      inFlight += 1
      onTheirWay += batch.length
      void carry(batch).finally(() => {
        inFlight -= 1
        onTheirWay -= batch.length
        noted()
        leave()
        if (inFlight === 0 && waiting.length === 0) {
          const waiters = whenIdle
          whenIdle = []
          for (const wake of waiters) wake()
        }
      })
    }
  }

  const carry = async (batch: readonly Waiting<Item, Result>[]): Promise<void> => {
    try {
      const results = await run(batch.map(({ item }) => item))
      if (results.length !== batch.length) throw new Error(`${name}: ${batch.length} commands, ${results.length} results`)
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result)
    } catch (fault) {
      for (const { reject } of batch) reject(fault)
    }
  }

  const noted = (): void => lately.set(waiting.length + onTheirWay)

  const add = (item: Item): Promise<Result> => {
    if (waiting.length >= limits.waitingMax) return Promise.reject(new Overloaded(name))
    return new Promise<Result>((resolve, reject) => {
      waiting.push({ item, weight: weigh(item), resolve, reject })
      // One turn later, so that everything this turn of the event loop brings leaves together.
      if (waiting.length === 1) soon(leave)
      noted()
    })
  }
  return Object.assign(add, {
    waiting: () => waiting.length,
    unanswered: () => lately.value(),
    idle: () =>
      inFlight === 0 && waiting.length === 0 ? Promise.resolve() : new Promise<void>((resolve) => whenIdle.push(resolve)),
  })
}
