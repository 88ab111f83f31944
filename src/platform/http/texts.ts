/**
 * Texts that no database of ours can hold or look into, found where they come in: PostgreSQL's text has no NUL, and a JSON
 * text with half of a surrogate pair can be stored, but never be read as a text again.
 */
import { type FieldProblem, Problem } from '../../kernel/problem.ts'

/** Cheap, on the text as it came; a hit may be an escaped backslash, so the parsed value decides. */
const suspect = /\\u(?:0000|d[89a-f])/i

/** The problem that names the first field that cannot be kept. */
export const unstorableIn = (text: string, value: unknown): Problem | undefined => {
  const pointer = suspect.test(text) ? unstorable(value, '') : undefined
  return pointer === undefined
    ? undefined
    : notStorable([{ pointer, code: 'invalid', detail: 'holds a NUL or half of a character' }])
}

export const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed()

export const notStorable = (errors: readonly FieldProblem[]): Problem =>
  new Problem(
    'invalid_request',
    { status: 400, title: 'The request is not well formed' },
    `${errors[0]?.pointer ?? 'the address'}: texts may hold every character but NUL, and no half ones`,
    errors.length === 0 ? {} : { errors },
  )

const unstorable = (value: unknown, pointer: string): string | undefined => {
  if (typeof value === 'string') return isStorable(value) ? undefined : pointer === '' ? '/' : pointer
  if (typeof value !== 'object' || value === null) return undefined
  for (const [name, inner] of Object.entries(value)) {
    const below = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    const found = isStorable(name) ? unstorable(inner, below) : `${pointer}/${JSON.stringify(name)}`
    if (found !== undefined) return found
  }
  return undefined
}

/** A calendar day that exists. */
export const isDay = (text: string): boolean => {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text)
}
/** A day, or an instant with its zone. */
export const isMoment = (text: string): boolean =>
  isDay(text) ||
  (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/.test(text) &&
    isDay(text.slice(0, 10)) &&
    !Number.isNaN(Date.parse(text)))
