/** Which schedules are run: all of them where they are few, else all with few switches and a sample of the rest, by a seed. */
import type { Choose, Ran } from './schedule.ts'

/** Statements are counted on the way: at each turn the first party that is ready goes, unless a schedule says otherwise. */
export const following =
  (schedule: string): Choose =>
  (ready, turns) => {
    const asked = schedule[turns.length]
    if (asked !== undefined && ready.includes(asked)) return asked
    const last = turns.at(-1)?.chosen ?? ''
    if (!ready.includes(last)) return ready[0] ?? ''
    // Who looks again and again for what another one holds lets that one go on.
    const alone = turns.slice(-patience).every(({ chosen }) => chosen === last) && turns.length >= patience
    return (alone ? ready.find((name) => name !== last) : undefined) ?? last
  }
/** Statements of one party in a row: more than any operation has, but for one that polls. */
const patience = 60

/** Any party that is ready, each as likely, once the beginning was followed. */
export const sampled =
  (random: (below: number) => number, beginning = ''): Choose =>
  (ready, turns) => {
    const asked = beginning[turns.length]
    return asked !== undefined && ready.includes(asked) ? asked : (ready[random(ready.length)] ?? '')
  }

/** A plain generator, so that a sample can be drawn again. */
export const numbersFrom = (seed: number): ((below: number) => number) => {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d_2b_79_f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

/**
 * All schedules, each once, those with fewest switches first: a schedule is where it leaves the way that needs no switch for
 * the last time, so that every turn of a run at which another party could have gone begins another one.
 */
export class FewestSwitches {
  /** Beginnings that were not run yet, by how many switches they hold. */
  readonly #beginnings: string[][] = [['']]
  readonly #random: (below: number) => number
  #length = 0

  /** @param random which of those with as many switches comes first. */
  constructor(random: (below: number) => number) {
    this.#random = random
  }

  /** The beginning of the next schedule; what follows it is chosen by `following`. Undefined: all were run. */
  next(): string | undefined {
    const few = this.#beginnings.find((some) => some.length > 0)
    if (few === undefined) return undefined
    const [next] = few.splice(this.#random(few.length), 1)
    this.#length = next?.length ?? 0
    return next
  }

  /** Any beginning that was not run yet, however many switches it holds. */
  drawn(): string | undefined {
    const some = this.#beginnings.filter(({ length }) => length > 0)
    const from = some[this.#random(Math.max(1, some.length))]
    const [next] = from?.splice(this.#random(from.length), 1) ?? []
    this.#length = next?.length ?? 0
    return next
  }

  /** How the schedule that was begun so went on. */
  learn({ turns }: Pick<Ran, 'turns'>): void {
    let beginning = ''
    let switches = 0
    for (const [index, { ready, chosen }] of turns.entries()) {
      const last = turns[index - 1]?.chosen
      const cost = (name: string): number => (last !== undefined && last !== name && ready.includes(last) ? 1 : 0)
      if (index >= this.#length)
        for (const name of ready) if (name !== chosen) (this.#beginnings[switches + cost(name)] ??= []).push(beginning + name)
      switches += cost(chosen)
      beginning += chosen
    }
  }
}

/** How many orders two runs of statements have. */
export const ordersOf = (counts: readonly number[]): number => {
  let all = 1
  let placed = 0
  for (const count of counts)
    for (let index = 1; index <= count; index++) {
      placed += 1
      all = (all * placed) / index
    }
  return Math.round(all)
}
