/** The memory form of the tasks' rows: for the simulation. The rows themselves are those that records scheduled. */
import type { Instant } from '../../kernel/ids.ts'
import { addSeconds } from '../../kernel/time.ts'
import { newId } from '../ids.ts'
import type { MemoryRecords, MemoryTask } from '../records/memory.ts'
import type { MemoryTransactions } from '../store/memory.ts'
import { bundleKind, sizeOf } from './bundle.ts'
import type { ClaimedTask } from './handler.ts'
import { type Later, leaseSeconds, type TaskRows, type Wanted } from './rows.ts'

export class MemoryTaskRows implements TaskRows {
  readonly #tasks: MemoryRecords['tasks']
  readonly #batches: MemoryTransactions
  readonly #clock: () => Instant
  constructor(records: MemoryRecords, batches: MemoryTransactions, clock: () => Instant) {
    this.#tasks = records.tasks
    this.#batches = batches
    this.#clock = clock
  }

  claim(wanted: readonly Wanted[]): Promise<ClaimedTask[]> {
    return this.#batches.change(() => {
      const now = this.#clock()
      const kinds = wanted.flatMap(({ kind, tasksMax }) => [
        { kind, tasksMax },
        { kind: bundleKind(kind), tasksMax },
      ])
      return kinds.flatMap((one) => this.#due(one, now)).map((row) => this.#lease(row, now))
    })
  }

  renew(rows: readonly ClaimedTask[]): Promise<void> {
    return this.#batches.change(() => {
      for (const { id, attempt } of rows) {
        const known = this.#tasks.get(id)
        if (known?.attempt === attempt) this.#tasks.set(id, { ...known, leaseUntil: addSeconds(this.#clock(), leaseSeconds) })
      }
    })
  }

  done(ids: readonly string[]): Promise<void> {
    return this.#batches.change(() => {
      for (const id of ids) this.#tasks.delete(id)
    })
  }

  putOff(later: readonly Later[]): Promise<void> {
    return this.#batches.change(() => {
      for (const { row, seconds, attempt, error, dead } of later) {
        const known = this.#tasks.get(row.id)
        // Where another took the row over meanwhile (its attempt counts on), it is his to say when it is due.
        if (known?.attempt !== row.attempt) continue
        const dueAt = addSeconds(this.#clock(), seconds)
        this.#tasks.set(row.id, { ...known, leaseUntil: null, dueAt, attempt, lastError: error, dead })
      }
    })
  }

  takeApart(bundles: readonly ClaimedTask[], left: readonly Later[]): Promise<void> {
    return this.#batches.change(() => {
      const now = this.#clock()
      for (const bundle of bundles) {
        if (this.#tasks.get(bundle.id)?.attempt !== bundle.attempt) continue
        this.#tasks.delete(bundle.id)
        for (const { row, seconds, attempt, error, dead } of left.filter(({ row }) => row.id === bundle.id)) {
          const { kind, key, body } = row
          const dueAt = addSeconds(now, seconds)
          const id = newId(now)
          this.#tasks.insert(id, { id, kind, key, body, dueAt, attempt, leaseUntil: null, lastError: error, dead })
        }
      }
    })
  }

  isBusy(kinds: readonly string[]): Promise<boolean> {
    const now = this.#clock()
    const all = new Set(kinds.flatMap((kind) => [kind, bundleKind(kind)]))
    return Promise.resolve([...this.#tasks.values()].some(({ kind, dead, dueAt }) => !dead && dueAt <= now && all.has(kind)))
  }

  /** In the order in which they are due: bundles as many as hold the tasks that are wanted. */
  #due({ kind, tasksMax }: Wanted, now: Instant): readonly MemoryTask[] {
    const isFree = (row: MemoryTask): boolean =>
      row.kind === kind && !row.dead && row.dueAt <= now && (row.leaseUntil === null || row.leaseUntil < now)
    const rows = [...this.#tasks.values()].filter(isFree).sort((a, b) => byText(a.dueAt, b.dueAt) || byText(a.id, b.id))
    let before = 0
    return rows.slice(0, tasksMax).filter((row) => {
      const isWanted = before < tasksMax
      before += sizeOf(row)
      return isWanted
    })
  }

  #lease(row: MemoryTask, now: Instant): ClaimedTask {
    const attempt = row.attempt + 1
    this.#tasks.set(row.id, { ...row, attempt, leaseUntil: addSeconds(now, leaseSeconds) })
    const { id, kind, key, dueAt, body } = row
    return { id, kind, key, attempt, dueAt, body }
  }
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
