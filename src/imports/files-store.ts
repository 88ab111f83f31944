/** The files that imports read. The one place here that touches the disk: everything else takes rows and texts. */
import { createReadStream, readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { CsvError, parse } from 'csv-parse'
import { addressBook, type AddressBook } from './addresses.ts'
import { columnPositions, csvRow, headerText, WrongHeader, type CsvHeader, type CsvRow } from './csv-row.ts'
import { retailHeader } from './retail-row.ts'

/** A record longer than this is an unclosed quote that swallows the file; the longest real one has 150 characters. */
const recordBytesMax = 100_000

/** By content, whatever the name says: the two bytes every gzip file begins with. */
const isGzip = async (path: string): Promise<boolean> => {
  await using file = await open(path)
  const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0)
  return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
}

/**
 * The rows of a CSV file, plain or gzipped, one after the other in constant memory. Takes a byte order mark, CRLF and LF,
 * quoted line breaks, stray quotes inside a text. Throws `WrongHeader`, or an error that names the file and the line.
 */
export async function* readCsvRows(path: string, expected: CsvHeader = retailHeader): AsyncGenerator<CsvRow, void, undefined> {
  const parser = parse({ bom: true, relax_column_count: true, relax_quotes: true, max_record_size: recordBytesMax })
  const zipped = await isGzip(path)
  const source = createReadStream(path)
  const flow = zipped ? pipeline(source, createGunzip(), parser) : pipeline(source, parser)
  // The reader below sees the same failure; unobserved, this promise would end the process.
  flow.catch((fault: unknown) => void fault)
  let positions: number[] | undefined
  let columns = 0
  let row = 0
  try {
    for await (const record of parser as AsyncIterable<string[]>) {
      row += 1
      if (positions === undefined) {
        positions = columnPositions(record, expected)
        columns = record.length
        continue
      }
      const found = csvRow(row, record, columns, positions)
      if (found !== undefined) yield found
    }
  } catch (error) {
    if (error instanceof WrongHeader) throw new WrongHeader(`${path}: ${error.message}`, { cause: error })
    if (error instanceof CsvError)
      throw new Error(`${path}: not readable as CSV after row ${row}: ${error.message}`, { cause: error })
    if (isZlibError(error)) throw new Error(`${path}: the gzip file is cut off or damaged after row ${row}`, { cause: error })
    throw error
  } finally {
    source.destroy()
  }
  if (positions === undefined) throw new Error(`${path}: the file is empty; expected the header ${headerText(expected)}`)
}

const isZlibError = (error: unknown): boolean => error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')

/** The addresses of the data folder, read at the first call (15 ms, 1 MB) and kept. */
export const addressBookIn = (folder: string): (() => AddressBook) => {
  let book: AddressBook | undefined
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
  return () => (book ??= addressBook(read('uk-outward-codes.csv'), read('country-centroids.csv')))
}
