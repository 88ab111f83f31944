/**
 * Tasks of one kind that are due together travel as one row: writing, claiming and deleting a row for each cost about 45 µs
 * of PostgreSQL, more than most tasks do. A handler never sees a bundle: the worker takes it apart, and what could not be
 * done becomes rows of its own, so that one bad task is tried again, and given up, alone.
 */
import type { Instant } from '../../kernel/ids.ts'
import { newId } from '../ids.ts'
import type { Task } from '../records/records.ts'

/** Tasks a row: few enough to share the work among several processes, and that repeating them after a crash is cheap. */
export const bundleMax = 64
const suffix = '.bundle'
type Item = Readonly<{ key: string; body: Readonly<Record<string, unknown>> }>

export const bundleKind = (kind: string): string => `${kind}${suffix}`
/** The kind of the tasks in a row. */
export const kindOf = (kind: string): string => (kind.endsWith(suffix) ? kind.slice(0, -suffix.length) : kind)

/** The same tasks in as few rows as can be. One that is alone stays as it is. */
export const bundled = (tasks: readonly Task[], now: Instant): readonly Task[] => {
  if (tasks.length < 2) return tasks
  const groups = Map.groupBy(tasks, ({ kind, dueAt }) => `${kind}\n${dueAt}`)
  return [...groups.values()].flatMap((group) => {
    const rows: Task[] = []
    for (let from = 0; from < group.length; from += bundleMax) rows.push(...rowOf(group.slice(from, from + bundleMax), now))
    return rows
  })
}

const rowOf = (group: readonly Task[], now: Instant): readonly Task[] => {
  const [first] = group
  if (first === undefined || group.length === 1) return group
  return [{ ...together([first, ...group.slice(1)]), id: newId(now), dueAt: first.dueAt }]
}

type Named = Pick<Task, 'kind' | 'key' | 'body'>
/** Several tasks of one kind as what one row says of them. */
export const together = <Row extends Named>([first, ...others]: readonly [Row, ...Row[]]): Row => {
  if (others.length === 0) return first
  const items = [first, ...others].map(({ key, body }): Item => ({ key, body }))
  return { ...first, kind: bundleKind(first.kind), key: `${first.key} and ${others.length} more`, body: { items } }
}

/** How many tasks are in a row. */
export const sizeOf = ({ body: { items } }: Pick<Named, 'body'>): number => (Array.isArray(items) ? items.length : 1)

/** The tasks in a row, each with the row's id; a row that is no bundle is its own only task. */
export const unbundled = <Row extends Named>(row: Row): readonly Row[] => {
  const { items } = row.body
  if (!row.kind.endsWith(suffix) || !Array.isArray(items)) return [row]
  const kind = kindOf(row.kind)
  return (items as readonly Item[]).map(({ key, body }) => ({ ...row, kind, key, body }))
}
