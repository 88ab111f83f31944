/** The memory form of the database: one batch at a time, all or nothing. For tests of rooms and for the simulation. */
import type { Instant } from '../../kernel/ids.ts'
import { instant } from '../../kernel/time.ts'
import { Aborted, type Batches, type MemoryWrite, type Work, type Write } from './work.ts'

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

type Undo = () => void
/** What takes back the change that is being applied now; undefined outside of one. Changes never wait, so there is one at most. */
let undoing: Undo[] | undefined

/** Says how to take back what was just done, should the rest of its batch fail. */
export const undoable = (undo: Undo): void => void undoing?.push(undo)

const takeBack = (undos: readonly Undo[]): void => {
  for (const undo of undos.toReversed()) undo()
}

/** Rows by key, whose changes are taken back with the batch that made them. */
export class MemoryTable<Key, Row> extends Map<Key, Row> {
  override set(key: Key, row: Row): this {
    this.#remember(key)
    return super.set(key, row)
  }
  override delete(key: Key): boolean {
    this.#remember(key)
    return super.delete(key)
  }
  /** A new row: one of this key that is there aborts the batch. */
  insert(key: Key, row: Row): void {
    if (this.has(key)) throw new Aborted('conflict', `${String(key)} is there already`)
    this.set(key, row)
  }

  #remember(key: Key): void {
    if (undoing === undefined) return
    const before = this.get(key)
    undoable(before === undefined ? () => super.delete(key) : () => super.set(key, before))
  }
}

/** What all processes of one simulated shop share. */
export class MemoryStore {
  readonly #waiting: (() => void)[] = []
  #isTaken = false
  readonly #commits: (readonly Undo[])[] = []
  readonly #commitsKept: number

  /** @param commitsKept so many of the latest can be lost. */
  constructor(commitsKept = 0) {
    this.#commitsKept = commitsKept
  }

  /** The turn to decide and commit. @returns what passes it on. */
  take(): Promise<() => void> {
    return new Promise((resolve) => {
      this.#waiting.push(() => {
        let isMine = true
        resolve(() => {
          if (!isMine) return
          isMine = false
          this.#isTaken = false
          this.#next()
        })
      })
      this.#next()
    })
  }

  /** Saves all of it or, where it throws, nothing. */
  commit(writes: readonly Write[]): void {
    const undos = applied(() => applyAll(writes))
    this.#commits.push(undos)
    if (this.#commits.length > this.#commitsKept) this.#commits.shift()
  }

  /** A small statement of its own, in nobody's batch. */
  change<Result>(run: () => Result): Result {
    let result: Result | undefined
    this.commit([{ apply: () => void (result = run()) }])
    return result as Result
  }

  /** Throws what `commit` would, and changes nothing. */
  tryOut(writes: readonly Write[]): void {
    takeBack(applied(() => applyAll(writes)))
  }

  /** A standby without them takes over: the last commits never were. @returns how many. */
  lose(commits: number): number {
    const lost = this.#commits.splice(Math.max(0, this.#commits.length - commits))
    for (const undos of lost.toReversed()) takeBack(undos)
    return lost.length
  }

  #next(): void {
    if (this.#isTaken) return
    const next = this.#waiting.shift()
    if (next === undefined) return
    this.#isTaken = true
    next()
  }
}

const applied = (run: () => void): readonly Undo[] => {
  if (undoing !== undefined) throw new Error('a change was begun inside another')
  const undos: Undo[] = []
  undoing = undos
  try {
    run()
  } catch (fault) {
    takeBack(undos)
    throw fault
  } finally {
    undoing = undefined
  }
  return undos
}

const applyAll = (writes: readonly Write[]): void => {
  const mine = writes.filter((write): write is MemoryWrite => 'apply' in write)
  for (const { check } of mine) check?.()
  const touched = new Set<string>()
  for (const { apply, touches = [], guarded = false } of mine) {
    for (const row of touches) {
      if (touched.has(row) && guarded) throw new Aborted('guard', `${row} is changed twice`)
      if (touched.has(row)) throw new Error(`${row} is changed twice in one statement`)
      touched.add(row)
    }
    apply()
  }
}

/** What memory forms ask of batches; the simulation has its own, which interleave. */
export type MemoryTransactions = Batches &
  Readonly<{ store: Pick<MemoryStore, 'tryOut'>; change: <Result>(run: () => Result) => Promise<Result> }>

const never = new Promise<never>(() => undefined)

/** One process's way to a store. */
export class MemoryBatches implements MemoryTransactions {
  readonly store: MemoryStore
  readonly #clock: () => Instant
  readonly #open = new Set<() => void>()
  #isGone = false
  constructor(clock: () => Instant = () => instant(Date.now()), store = new MemoryStore()) {
    this.#clock = clock
    this.store = store
  }

  async batch<Result>(decide: (work: Work) => Promise<Result>): Promise<Result> {
    const release = await this.#turn()
    try {
      const work = new MemoryWork(this.#clock())
      const result = await decide(work)
      if (this.#isGone) return await never
      this.store.commit(work.writes)
      return result
    } finally {
      this.#open.delete(release)
      release()
    }
  }

  /** Saves without locking or reading first, guarded by what the writes themselves demand. */
  save(writes: readonly Write[]): Promise<void> {
    return this.batch((work) => Promise.resolve(work.add(...writes)))
  }

  /** A small statement of its own: at once, and never for a process that is gone. */
  change<Result>(run: () => Result): Promise<Result> {
    if (this.#isGone) return never
    return new Promise((resolve) => resolve(this.store.change(run)))
  }

  /** The process is gone: what it had begun saves nothing, and nobody waits for it. */
  crash(): void {
    this.#isGone = true
    for (const release of this.#open) release()
  }

  async #turn(): Promise<() => void> {
    if (this.#isGone) return never
    const release = await this.store.take()
    if (this.#isGone) {
      release()
      return never
    }
    this.#open.add(release)
    return release
  }
}

/** A CHECK of the tables. What breaks it is a fault of ours, not a lost race: it is not tried again. */
export const demand = (name: string, holds: boolean): void => {
  if (!holds) throw new Error(`the check ${name} does not hold`)
}
