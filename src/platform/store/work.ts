/**
 * One batch's transaction, as stores and services see it. PostgreSQL and memory each have a form (`postgres/database.ts`,
 * `store/memory.ts`), so a room's rules run on both. Stores lock and read through it, and hand over what is to be saved as
 * `Write`s; all writes of all rooms in a batch become one statement, after the pure decision.
 */
import type { Instant } from '../../kernel/ids.ts'
import { Overloaded } from '../../kernel/micro-batch.ts'
import { chance, wait } from '../../kernel/timers.ts'

export type ColumnType = 'uuid' | 'text' | 'int4' | 'int8' | 'json' | 'timestamptz' | 'bool' | 'date'
export type Column = readonly (string | number | boolean | null)[]

/** Rows for one place in the schema. `sql` reads its columns as `$1 … $n` by one `unnest`, named by `as` or not at all; writes of one name are joined into one. */
export type SqlWrite = Readonly<{
  name: string
  sql: string
  types: readonly ColumnType[]
  columns: readonly Column[]
  /** The statement must touch exactly one row an element of the first column, or the whole batch is aborted (`GuardFailed`). */
  guarded?: boolean
}>
/**
 * The same in the memory form. All of a batch's `check`s see what was there before it; then all are applied, and what throws
 * in either saves nothing.
 */
export type MemoryWrite = Readonly<{
  check?: () => void
  apply: () => void
  /** Rows by table and key that a statement may touch once: a batch that touches one twice is aborted, as PostgreSQL does it. */
  touches?: readonly string[]
  /** As in `SqlWrite`: then a row touched twice is a guard that fails, not a fault. */
  guarded?: boolean
}>
export type Write = SqlWrite | MemoryWrite

export interface Work {
  /** One instant a batch: the database's clock when the batch began. */
  readonly now: Instant
  add(...writes: readonly Write[]): void
}

/** Nothing was saved, and the same batch may be decided again: a serialisation failure, a deadlock, a lost race for a key. */
export class Aborted extends Error {
  readonly reason: 'conflict' | 'guard'
  constructor(reason: 'conflict' | 'guard', cause: unknown) {
    super(`the batch was aborted: ${reason}`, { cause })
    this.reason = reason
  }
}

/** Whether it was saved cannot be known: neither success nor failure may be reported. */
export class OutcomeUnknown extends Error {
  constructor(cause: unknown) {
    super('the database did not say whether it saved', { cause })
  }
}

export interface Batches {
  /** Runs `decide` in one transaction and saves what it added, in one statement. @throws Aborted, OutcomeUnknown, Overloaded */
  batch<Result>(decide: (work: Work) => Promise<Result>): Promise<Result>
}

/** Reruns of an aborted batch: beyond these the database is in trouble that waiting a little longer will not cure. */
const rerunsMax = 6

/** Decides again what was aborted; `unknown` and faults pass through. */
export const rerunAborted = async <Result>(run: (attempt: number) => Promise<Result>): Promise<Result> => {
  for (let attempt = 0; ; attempt++) {
    try {
      return await run(attempt)
    } catch (fault) {
      if (!(fault instanceof Aborted) || attempt >= rerunsMax) throw fault
      await wait(chance() * 2 ** attempt)
    }
  }
}

/**
 * Runs a batch so that a command whose handling throws (a bug) fails alone: the batch is rerun one by one.
 * An unknown outcome is never rerun: each caller gets it and asks again with its key. Nor is what found no room at the
 * database: one by one it would ask for more of it.
 */
export const isolateFaults = async <Item, Result>(
  items: readonly Item[],
  run: (items: readonly Item[]) => Promise<readonly Result[]>,
): Promise<readonly (Result | Fault)[]> => {
  try {
    return await rerunAborted(() => run(items))
  } catch (fault) {
    if (fault instanceof OutcomeUnknown || fault instanceof Overloaded || items.length === 1)
      return items.map(() => new Fault(fault))
    const results: (Result | Fault)[] = []
    for (const item of items) results.push(...(await isolateFaults([item], run)))
    return results
  }
}

/** A command's own failure, carried among its neighbours' results; the caller gets `cause` thrown. */
export class Fault {
  readonly cause: unknown
  constructor(cause: unknown) {
    this.cause = cause
  }
}
