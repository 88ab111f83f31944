/** Joins the writes of a batch into one statement: one common table expression a place, columns as array literals. */
import { createHash } from 'node:crypto'
import type { Column, ColumnType, SqlWrite } from '../store/work.ts'

export type Composed = Readonly<{ name: string; text: string; values: readonly string[] }>

/** Between the texts of a JSON column; `JSON.stringify` writes it as `\\u001f`. */
const separator = '\u001f'
const jsonColumn = /\$(\d+)::json\[\]/g

const special = /["\\]/
const escape = (text: string): string => (special.test(text) ? `"${text.replaceAll(/["\\]/g, '\\$&')}"` : `"${text}"`)

const bare = (value: Column[number]): Column[number] => value ?? 'NULL'
const quoted = (value: Column[number]): string => (value === null ? 'NULL' : escape(String(value)))

/** A PostgreSQL array literal. Built by hand: the driver's own way costs a call a value and quotes numbers (HEART §6.5). */
const literal = (type: ColumnType, columns: readonly Column[]): string => {
  // JSON never holds this control character itself, so nothing needs quoting: escaping was the dearest part of a batch.
  if (type === 'json') return columns.flat().join(separator)
  if (type !== 'text') return `{${columns.map((column) => column.map(bare).join(',')).join(',')}}`
  return `{${columns.map((column) => column.map(quoted).join(',')).join(',')}}`
}

type Shape = Readonly<{ name: string; text: string }>
/** Statement texts by the writes they join; as many as there are combinations of rooms in a batch: some dozens. */
const shapes = new Map<string, Shape>()

const shapeOf = (groups: readonly (readonly [SqlWrite, ...SqlWrite[]])[]): Shape => {
  const key = groups.map(([first]) => (first.guarded ? `${first.name}!` : first.name)).join('|')
  const known = shapes.get(key)
  if (known !== undefined) return known
  let offset = 0
  const guards: string[] = []
  const tables = groups.map(([first], index) => {
    const sql = first.sql
      .replaceAll(jsonColumn, 'string_to_array($$$1, chr(31))::json[]')
      .replaceAll(/\$(\d+)/g, (_, digits: string) => `$${Number(digits) + offset}`)
    if (first.guarded) guards.push(`(select count(*) from part_${index}) = cardinality($${offset + 1}::${first.types[0]}[])`)
    offset += first.types.length
    return `part_${index} as (${sql})`
  })
  // A guard that fails divides by zero: the one way to abort from inside a single statement without a function call.
  const verdict = guards.length === 0 ? '1' : `1 / (${guards.join(' and ')})::int`
  const text = `with ${tables.join(',\n')}\nselect ${verdict} as saved`
  const shape = { name: `save_${createHash('sha256').update(text).digest('base64url').slice(0, 24)}`, text }
  shapes.set(key, shape)
  return shape
}

/** @returns undefined where there is nothing to save. */
export const compose = (writes: readonly SqlWrite[]): Composed | undefined => {
  const byName = new Map<string, [SqlWrite, ...SqlWrite[]]>()
  for (const write of writes) {
    if ((write.columns[0]?.length ?? 0) === 0) continue
    const group = byName.get(write.name)
    if (group === undefined) byName.set(write.name, [write])
    else group.push(write)
  }
  if (byName.size === 0) return undefined
  const groups = [...byName.values()].sort(([a], [b]) => (a.name < b.name ? -1 : 1))
  const values = groups.flatMap((group) =>
    group[0].types.map((type, column) =>
      literal(
        type,
        group.map((write) => write.columns[column] ?? []),
      ),
    ),
  )
  return { ...shapeOf(groups), values }
}
