/** Races a pair through schedules: cases are made many at a time, run one by one, settled and judged together. */
import { FewestSwitches, following, numbersFrom, ordersOf, sampled } from './explore.ts'
import { positionOf, skuOfStreams, wrongIn } from './judge.ts'
import type { Case, Pair, Wrong } from './pair.ts'
import type { Choose, Ran } from './schedule.ts'
import type { World } from './world.ts'

export type Found = Wrong & Readonly<{ pair: string; schedule: string; trace: readonly string[] }>
export type Raced = Readonly<{
  pair: string
  schedules: number
  /** Whether there is no other order of these statements. */
  exhaustive: boolean
  blocked: number
  deadlocks: number
  reruns: number
  found: readonly Found[]
}>

/** Cases made, settled and judged together: each of these steps costs some statements, whatever their number. */
const atOnce = 24
/** Of the schedules of a pair that has too many, the share that is run in order, from the fewest switches on; the rest is drawn. */
const inOrder = 2 / 3
/** Where the parties' statements have no more orders than these, all are run. */
const allUpTo = 252
/** PostgreSQL's word for a ring of locks. */
const deadlock = '40P01'

export class Race {
  readonly #world: World
  readonly #pair: Pair
  readonly #seen = new Set<string>()
  readonly #found: Found[] = []
  #cases: { case: Case; ran: Ran }[] = []
  #ready: Case[] = []
  #after = 0
  #counts = { blocked: 0, deadlocks: 0, reruns: 0 }

  constructor(world: World, pair: Pair) {
    this.#world = world
    this.#pair = pair
  }

  /** All schedules where they are few, else so many: those with fewest switches, and a sample of the others. */
  async explore(sampleMax: number, seed: number): Promise<Raced> {
    const random = numbersFrom(seed)
    const paths = new FewestSwitches(random)
    let schedulesMax = sampleMax
    for (;;) {
      const ordered = this.#seen.size < schedulesMax * inOrder
      const next = ordered ? paths.next() : paths.drawn()
      if (next === undefined) return this.#finish(true)
      if (this.#seen.size >= schedulesMax) return this.#finish(false)
      const ran = await this.#run(ordered ? following(next) : sampled(random, next))
      paths.learn(ran)
      if (next === '' && ordersOf(statementsOf(ran)) <= allUpTo) schedulesMax = Number.POSITIVE_INFINITY
    }
  }

  /** Drawn schedules only, until time is up. */
  async draw(seed: number, isOver: () => boolean): Promise<Raced> {
    const random = numbersFrom(seed)
    do await this.#run(sampled(random))
    while (!isOver())
    return this.#finish(false)
  }

  /** One schedule, as it was printed. */
  async again(schedule: string): Promise<Readonly<{ ran: Ran; found: readonly Found[] }>> {
    const ran = await this.#run(following(schedule))
    return { ran, found: (await this.#finish(false)).found }
  }

  async #run(choose: Choose): Promise<Ran> {
    const one = await this.#take()
    const ran = await this.#world.scheduler.run(one.parties, choose)
    this.#seen.add(ran.schedule)
    this.#counts.blocked += ran.blocked > 0 ? 1 : 0
    for (const { code } of ran.failed) this.#counts[code === deadlock ? 'deadlocks' : 'reruns'] += 1
    this.#cases.push({ case: one, ran })
    if (this.#ready.length === 0) await this.#judge()
    return ran
  }

  async #take(): Promise<Case> {
    if (this.#ready.length === 0) {
      this.#after = await positionOf(this.#world)
      this.#ready = [...(await this.#pair.prepare(this.#world, this.#pair.few === true ? 1 : atOnce))]
    }
    const next = this.#ready.shift()
    if (next === undefined) throw new Error(`${this.#pair.name}: no case was made`)
    return next
  }

  async #judge(): Promise<void> {
    const cases = this.#cases.splice(0)
    const unheard = await this.#world.settle()
    const bySku = new Map(cases.flatMap((one) => (one.case.skus ?? []).map((sku) => [sku, one] as const)))
    const wrong = [
      ...(await wrongIn(this.#world, [...bySku.keys()], this.#after)),
      ...unheard.map((one) => ({ invariant: 'I9', ...one })),
    ]
    const streams = wrong.length === 0 ? new Map<string, string>() : await skuOfStreams(this.#world, this.#after)
    for (const { owner, invariant, told } of wrong) {
      const about = bySku.get(owner) ?? bySku.get(streams.get(owner) ?? '')
      this.#found.push({ pair: this.#pair.name, ...scheduleOf(about?.ran), invariant, told })
    }
    for (const one of cases)
      for (const { invariant, told } of await one.case.judge(one.ran.ended))
        this.#found.push({ pair: this.#pair.name, ...scheduleOf(one.ran), invariant, told })
  }

  async #finish(exhaustive: boolean): Promise<Raced> {
    this.#ready = []
    await this.#judge()
    return { pair: this.#pair.name, schedules: this.#seen.size, exhaustive, ...this.#counts, found: this.#found }
  }
}

/** How many each party sent. */
const statementsOf = ({ schedule }: Ran): readonly number[] => {
  const counts = new Map<string, number>()
  for (const name of schedule) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts.values()]
}

const scheduleOf = (ran: Ran | undefined): Pick<Found, 'schedule' | 'trace'> => ({
  schedule: ran?.schedule ?? 'unknown',
  trace: ran?.trace ?? [],
})

/** Runs the schedule again and prints what it did. */
export const replayCommand = ({ pair, schedule }: Pick<Found, 'pair' | 'schedule'>): string =>
  `node tests/interleavings/run.ts --pair '${pair}' --schedule ${schedule}`
export const toldOf = ({ pair, schedules, exhaustive, blocked, deadlocks, reruns }: Raced): string =>
  `${pair}: ${schedules} schedules${exhaustive ? ', all there are' : ''}; ${blocked} waits for a lock, ${deadlocks} deadlocks, ${reruns} other reruns`
