/**
 * Joins the writes of a batch into one statement: one common table expression a place, columns as arrays. What is the same
 * in all rows of a batch (its instant, the currency, what did not move) is sent and read once.
 */
import { createHash } from 'node:crypto'
import type { Column, ColumnType, SqlWrite } from '../store/work.ts'
import { bareArray, jsonArray, textArray, uuidArray } from './arrays.ts'

export type Value = string | Buffer | null
export type Composed = Readonly<{ name: string; text: string; values: readonly Value[] }>

/** All writes of one name. */
type Part = Readonly<{ write: SqlWrite; columns: readonly Column[] }>

/**
 * A combination of places, of which there are some dozens. A column that was ever seen to differ between the rows of a batch is an
 * array from then on: so a statement changes its text a few times, and is then prepared once a connection.
 */
type Shape = { differs: boolean[]; statement?: Readonly<{ name: string; text: string }> }
const shapes = new Map<string, Shape>()

const arrayOf = (type: ColumnType, column: Column): string | Buffer => {
  if (type === 'uuid') return uuidArray(column)
  if (type === 'json') return jsonArray(column)
  return type === 'text' ? textArray(column) : bareArray(column)
}

/** A plain loop: a long order's columns are walked through to their end, and a call a value took a fiftieth of its time. */
const differ = (column: Column): boolean => {
  const [first] = column
  for (const value of column) if (value !== first) return true
  return false
}

const rowsOf = /unnest\(([^)]*)\)( as )?/
const parameter = /\$(\d+)::(\w+)\[\]/g

/** The write's rows as a relation of its arrays, with what is the same in all of them beside. */
const withRows = ({ sql }: SqlWrite, differs: readonly boolean[]): string =>
  sql.replace(rowsOf, (_, list: string, named = ' as t') => {
    const all = [...list.matchAll(parameter)].map(([, digits, type], index) => ({
      differs: differs[index] === true,
      column: `c${index}`,
      one: `$${digits}::${type}`,
      array: type === 'json' ? `string_to_array($${digits}, chr(31))::json[]` : `$${digits}::${type}[]`,
    }))
    const arrays = all.filter((one) => one.differs)
    const columns = all.map((one) => (one.differs ? one.column : one.one)).join(', ')
    const rows = `unnest(${arrays.map(({ array }) => array).join(', ')}) as r (${arrays.map(({ column }) => column).join(', ')})`
    return `(select ${columns} from ${rows})${named}`
  })

const statementOf = (parts: readonly Part[], differs: readonly boolean[]): Readonly<{ name: string; text: string }> => {
  let offset = 0
  const guards: string[] = []
  const tables = parts.map(({ write }, index) => {
    const sql = withRows(write, differs.slice(offset, offset + write.types.length)).replaceAll(
      /\$(\d+)/g,
      (_, digits: string) => `$${Number(digits) + offset}`,
    )
    if (write.guarded) guards.push(`(select count(*) from part_${index}) = cardinality($${offset + 1}::${write.types[0]}[])`)
    offset += write.types.length
    return `part_${index} as (${sql})`
  })
  // A guard that fails divides by zero: the one way to abort from inside a single statement without a function call.
  const verdict = guards.length === 0 ? '1' : `1 / (${guards.join(' and ')})::int`
  const text = `with ${tables.join(',\n')}\nselect ${verdict} as saved`
  return { name: `save_${createHash('sha256').update(text).digest('base64url').slice(0, 24)}`, text }
}

const shapeOf = (parts: readonly Part[]): Shape => {
  const key = parts.map(({ write }) => (write.guarded ? `${write.name}!` : write.name)).join('|')
  const known = shapes.get(key)
  if (known !== undefined) return known
  // The first column stays an array: it says how many rows there are.
  const shape = { differs: parts.flatMap(({ write }) => write.types.map((_, index) => index === 0)) }
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
  const parts = [...byName.values()]
    .sort(([a], [b]) => (a.name < b.name ? -1 : 1))
    .map((writes): Part => ({ write: writes[0], columns: joined(writes) }))
  const shape = shapeOf(parts)
  const columns = parts.flatMap((part) => part.columns)
  for (const [index, column] of columns.entries()) {
    if (shape.differs[index] === true || !differ(column)) continue
    shape.differs[index] = true
    delete shape.statement
  }
  shape.statement ??= statementOf(parts, shape.differs)
  const types = parts.flatMap(({ write }) => write.types)
  const values = columns.map((column, index) =>
    shape.differs[index] === true ? arrayOf(types[index] as ColumnType, column) : oneOf(column[0]),
  )
  return { ...shape.statement, values }
}

const oneOf = (value: Column[number] | undefined): string | null => (value === null || value === undefined ? null : String(value))

const joined = (writes: readonly [SqlWrite, ...SqlWrite[]]): readonly Column[] =>
  writes.length === 1
    ? writes[0].columns
    : writes[0].types.map((_, column) => writes.flatMap((write) => write.columns[column] ?? []))
