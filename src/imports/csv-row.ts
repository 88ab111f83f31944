/** A row of a CSV file as the reader hands it on, its fields in the order of the expected header. Pure. */
export type CsvHeader = Readonly<{ required: readonly string[]; optional: readonly string[] }>

/** `row` counts as a spreadsheet does: the header is row 1. `broken` says why the fields cannot be trusted. */
export type CsvRow = Readonly<{ row: number; fields: readonly string[]; broken?: string }>

export class WrongHeader extends Error {
  override readonly name = 'WrongHeader'
}

export const headerText = ({ required, optional }: CsvHeader): string =>
  required.join(',') + optional.map((column) => `[,${column}]`).join('')

/**
 * For every expected column the position it has in the file (-1: an optional column that is not there). Columns are known
 * by name, so their order is free; a missing, unknown or doubled one is an error, for a guess would be silent.
 */
export const columnPositions = (found: readonly string[], expected: CsvHeader): number[] => {
  const names = found.map((name) => name.trim())
  const known = [...expected.required, ...expected.optional]
  const missing = expected.required.filter((name) => !names.includes(name))
  const unknown = names.filter((name, index) => !known.includes(name) || names.indexOf(name) !== index)
  if (missing.length > 0 || unknown.length > 0) {
    const faults = [
      missing.length > 0 ? `missing: ${missing.join(', ')}` : '',
      unknown.length > 0
        ? `unknown or doubled: ${unknown
            .map((name) => `'${name.slice(0, 60)}'`)
            .slice(0, 10)
            .join(', ')}`
        : '',
    ]
    throw new WrongHeader(
      `the first line must be the header ${headerText(expected)} (${faults.filter((fault) => fault !== '').join('; ')})`,
    )
  }
  return known.map((name) => names.indexOf(name))
}

/** A record of the file → a row in the order of the expected header; undefined for an empty line. */
export const csvRow = (
  row: number,
  record: readonly string[],
  columns: number,
  positions: readonly number[],
): CsvRow | undefined => {
  if (record.length === 1 && record[0]?.trim() === '') return undefined
  const fields = positions.map((position) => record[position] ?? '')
  if (record.length !== columns) return { row, fields, broken: `${record.length} fields where the header has ${columns}` }
  // PostgreSQL stores no NUL in a text; a file that has one is damaged.
  return fields.some((field) => field.includes('\0')) ? { row, fields, broken: 'contains a NUL character' } : { row, fields }
}
