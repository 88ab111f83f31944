/**
 * Arrays as PostgreSQL reads them fastest. The driver's own way costs a call a value and quotes everything (HEART §6.5), and
 * PostgreSQL reads a literal a character at a time: an identifier of 36 of them takes three times as long as its 16 bytes.
 */
import type { Column } from '../store/work.ts'

/** Between the texts of a JSON column; `JSON.stringify` writes it as `\\u001f`. */
const separator = '\u001f'
/** Needs no quotes in a literal, which cost more than half of reading a short word. The word NULL is another matter. */
const plain = /^[\w.:@/+-]+$/
const nothing = /^null$/i

const quoted = (text: string): string => (plain.test(text) && !nothing.test(text) ? text : `"${text.replaceAll(/["\\]/g, '\\$&')}"`)
const textElement = (value: Column[number] | undefined): string =>
  value === null || value === undefined ? 'NULL' : quoted(String(value))
const bareElement = (value: Column[number]): Column[number] => value ?? 'NULL'

/** `{a,"b c",NULL}` */
export const textArray = (values: Column): string => `{${values.map(textElement).join(',')}}`
/** Numbers, instants, days, truth values: nothing that could need quotes. */
export const bareArray = (values: Column): string => `{${values.map(bareElement).join(',')}}`
/** For `string_to_array($1, chr(31))::json[]`: JSON never holds that character itself, so nothing needs quoting. */
export const jsonArray = (values: Column): string => values.join(separator)

const ways: Readonly<Record<string, (values: Column) => Buffer | string>> = {
  uuid: (values) => uuidArray(values),
  text: textArray,
  int: bareArray,
  int4: bareArray,
  int8: bareArray,
  bigint: bareArray,
}
const cast = /\$(\d+)::(\w+)\[\]/g
/** How a statement's parameters are sent, by its text. */
const bindings = new Map<string, readonly (((values: Column) => Buffer | string) | undefined)[]>()

const bindingsOf = (text: string): readonly (((values: Column) => Buffer | string) | undefined)[] => {
  const known = bindings.get(text)
  if (known !== undefined) return known
  const found: (((values: Column) => Buffer | string) | undefined)[] = []
  for (const [, place, type] of text.matchAll(cast)) found[Number(place) - 1] = ways[type ?? '']
  bindings.set(text, found)
  return found
}

/** A statement's values with its arrays as they are read fastest: `$1::uuid[]` says what they are. @param text of a statement that is asked often. */
export const bound = (text: string, values: readonly unknown[]): unknown[] => {
  const as = bindingsOf(text)
  return values.map((value, index) => (Array.isArray(value) ? (as[index]?.(value) ?? value) : value))
}

const uuidType = 2_950
/** Dimensions, whether nulls are among them, the element's type; then, of each dimension, its length and lower bound. */
const headBytes = 20
/** An array without elements has no dimension. */
const emptyHeadBytes = 12
const lengthBytes = 4
const uuidBytes = 16
const uuidText = 36

/** In binary; as a literal where one is not written as usual, for PostgreSQL to read or to refuse. */
export const uuidArray = (values: Column): Buffer | string => {
  const array = Buffer.allocUnsafe(headBytes + values.length * (lengthBytes + uuidBytes))
  array.writeInt32BE(values.length === 0 ? 0 : 1, 0)
  array.writeInt32BE(0, 4)
  array.writeInt32BE(uuidType, 8)
  array.writeInt32BE(values.length, 12)
  array.writeInt32BE(1, 16)
  if (values.length === 0) return array.subarray(0, emptyHeadBytes)
  let at = headBytes
  for (const value of values) {
    array.writeInt32BE(value === null ? -1 : uuidBytes, at)
    at += lengthBytes
    if (value === null) array[7] = 1
    else if (writeUuid(array, at, String(value))) at += uuidBytes
    else return bareArray(values)
  }
  return array.subarray(0, at)
}

/** What each character code stands for; above 15 it is no digit. */
const digits = new Uint8Array(65_536).fill(16)
for (const digit of '0123456789abcdefABCDEF') digits[digit.charCodeAt(0)] = Number.parseInt(digit, 16)

const dash = '-'.charCodeAt(0)
const isDashAt = (index: number): boolean => index === 8 || index === 13 || index === 18 || index === 23

/** @returns whether it was one. */
const writeUuid = (array: Buffer, from: number, text: string): boolean => {
  if (text.length !== uuidText) return false
  let at = from
  for (let index = 0; index < uuidText; index += 2) {
    if (isDashAt(index) && text.charCodeAt(index++) !== dash) return false
    const high = digits[text.charCodeAt(index)] ?? 16
    const low = digits[text.charCodeAt(index + 1)] ?? 16
    if (high > 15 || low > 15) return false
    array[at++] = (high << 4) | low
  }
  return true
}
