/** What a shop holds, written so that two forms of it can be compared: ids by the order of their first appearance, no times. */
import { createHash } from 'node:crypto'

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z/g

/** Fields in one order, and those without a value left out: JSON's own way says nothing. */
const ordered = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(ordered)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, field]) => field !== undefined)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, field]) => [name, ordered(field)]))
}

export const canonical = (parts: Readonly<Record<string, readonly unknown[]>>): readonly string[] => {
  const names = new Map<string, string>()
  const named = (id: string): string => {
    const known = names.get(id) ?? `id${names.size + 1}`
    names.set(id, known)
    return known
  }
  return Object.entries(parts).flatMap(([part, rows]) =>
    rows.map((row) => `${part} ${JSON.stringify(ordered(row)).replaceAll(time, 'T').replaceAll(uuid, named)}`),
  )
}

export const hashOf = (lines: readonly string[]): string => createHash('sha256').update(lines.join('\n')).digest('hex')
