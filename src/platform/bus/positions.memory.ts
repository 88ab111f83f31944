/** The memory form of positions, parked events and dead letters: for the simulation. */
import type { Instant } from '../../kernel/ids.ts'
import { addSeconds } from '../../kernel/time.ts'
import { MemoryTable, type MemoryTransactions, MemoryWork } from '../store/memory.ts'
import { Aborted, type MemoryWrite, type Work } from '../store/work.ts'
import type { MemoryJournal } from './journal.memory.ts'
import { attemptsMax, type ParkedEvent, type Position, type Positions } from './positions.ts'

type Parked = ParkedEvent & Readonly<{ consumer: string; reason: string; attempts: number; dueAt: Instant; dead: boolean }>

/** The tables, which all processes share. */
export class MemoryPositionTables {
  readonly consumers = new MemoryTable<string, number>()
  readonly parked = new MemoryTable<string, Parked>()
}

/** One process's way to them. */
export class MemoryPositions implements Positions {
  readonly #tables: MemoryPositionTables
  readonly #batches: MemoryTransactions
  readonly #journal: MemoryJournal
  readonly #clock: () => Instant
  constructor(tables: MemoryPositionTables, batches: MemoryTransactions, journal: MemoryJournal, clock: () => Instant) {
    this.#tables = tables
    this.#batches = batches
    this.#journal = journal
    this.#clock = clock
  }

  batch<Result>(decide: (work: Work) => Promise<Result>): Promise<Result> {
    return this.#batches.batch(decide)
  }

  know(names: readonly string[]): Promise<void> {
    const { consumers } = this.#tables
    return this.#batches.change(() => {
      for (const name of names) if (!consumers.has(name)) consumers.set(name, 0)
    })
  }

  all(): Promise<ReadonlyMap<string, number>> {
    return Promise.resolve(new Map(this.#tables.consumers))
  }

  isBehind(wanted: readonly Readonly<{ name: string; type: string }>[]): Promise<boolean> {
    return Promise.resolve(
      wanted.some(({ name, type }) => {
        const position = this.#tables.consumers.get(name)
        return position !== undefined && this.#journal.hasAfter(position, type)
      }),
    )
  }

  /** A batch is alone, so nobody else ever has the row. */
  own(_work: Work, name: string, keys: readonly string[]): Promise<Position | undefined> {
    const position = this.#tables.consumers.get(name)
    if (position === undefined) return Promise.resolve(undefined)
    const waiting = new Set(this.#parkedOf(name).map(({ key }) => key))
    return Promise.resolve({ position, blocked: new Set(keys.filter((key) => waiting.has(key))) })
  }

  moved(name: string, position: number): MemoryWrite {
    const { consumers } = this.#tables
    const check = (): void => {
      if (!consumers.has(name)) throw new Aborted('guard', name)
    }
    return { check, apply: () => void consumers.set(name, position), touches: [`platform.consumers ${name}`], guarded: true }
  }

  moveQuiet(names: readonly string[], positions: readonly number[]): Promise<void> {
    const { consumers } = this.#tables
    return this.#batches.change(() => {
      for (const [index, name] of names.entries()) {
        const position = positions[index] ?? 0
        if ((consumers.get(name) ?? position) < position) consumers.set(name, position)
      }
    })
  }

  park(work: Work, name: string, events: readonly ParkedEvent[], reason: string): Promise<void> {
    work.add({
      apply: () => {
        for (const event of events) this.#park(name, event, reason, work.now)
      },
    })
    return Promise.resolve()
  }

  unpark(work: Work, name: string, position: number): Promise<void> {
    work.add({ apply: () => void this.#tables.parked.delete(nameOf(name, position)) })
    return Promise.resolve()
  }

  dueParked(names: readonly string[]): Promise<readonly string[]> {
    const now = this.#clock()
    const due = [...this.#tables.parked.values()].filter(({ dead, dueAt }) => !dead && dueAt <= now)
    return Promise.resolve(names.filter((name) => due.some(({ consumer }) => consumer === name)))
  }

  /** One a batch: it has no savepoints, so a second step could not see what the first is going to save. */
  firstParked({ now }: Work, name: string): Promise<readonly number[]> {
    const rows = this.#parkedOf(name)
    const first = rows.find(
      ({ dead, dueAt, key, position }) =>
        !dead && dueAt <= now && !rows.some((other) => other.key === key && other.position < position),
    )
    return Promise.resolve(first === undefined ? [] : [first.position])
  }

  async guarded(work: Work, step: () => Promise<void>, otherwise: (fault: unknown) => Promise<void>): Promise<void> {
    if (!(work instanceof MemoryWork)) throw new Error('a memory store was handed a batch of another form')
    const before = work.writes.splice(0)
    try {
      await step()
      this.#batches.store.tryOut(work.writes)
    } catch (fault) {
      work.writes.length = 0
      await otherwise(fault)
    }
    work.writes.push(...before)
  }

  #park(consumer: string, event: ParkedEvent, reason: string, now: Instant): void {
    const name = nameOf(consumer, event.position)
    const known = this.#tables.parked.get(name)
    const attempts = (known?.attempts ?? 0) + 1
    const seconds = known === undefined ? 1 : Math.min(60, 2 ** known.attempts)
    const dead = known !== undefined && attempts >= attemptsMax
    this.#tables.parked.set(name, { ...(known ?? event), consumer, reason, attempts, dueAt: addSeconds(now, seconds), dead })
  }

  #parkedOf(name: string): readonly Parked[] {
    const mine = [...this.#tables.parked.values()].filter(({ consumer }) => consumer === name)
    return mine.sort((a, b) => a.position - b.position)
  }
}

const nameOf = (consumer: string, position: number): string => `${consumer}\n${position}`
