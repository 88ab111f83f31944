/** Properties of what comes in as a file: CSV rows of master data and of history, and instances of the solver. */
import assert from 'node:assert/strict'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { minorDigits } from '../../src/kernel/money.ts'
import { outwardCode, stableHash } from '../../src/imports/addresses.ts'
import {
  parseProduct,
  parseStock,
  parseSupply,
  parseWarehouse,
  type Parsed,
  productsHeader,
  stockHeader,
  supplyHeader,
  warehousesHeader,
} from '../../src/imports/csv.ts'
import { columnPositions, csvRow, type CsvHeader, type CsvRow, WrongHeader } from '../../src/imports/csv-row.ts'
import { judgeRow, retailHeader } from '../../src/imports/retail-row.ts'
import { InstanceError, parseInstance } from '../../src/sourcing/instance.ts'
import { sourceInstanceText } from '../../src/sourcing/solve.ts'
import { anyShape, dice, randomInstance } from '../support/sourcing-random.ts'
import { anyText, currency, plainText } from './generators.ts'
import type { Property } from './property.ts'

const identity = fc.stringMatching(/^[A-Za-z0-9._:-]{1,64}$/)
const name = plainText.map((text) => text.trim().slice(0, 200)).filter((text) => text.trim() === text && text !== '')
const words = plainText.map((text) => text.trim())
const price = fc.tuple(currency, fc.nat(99_999_999))

/** As a spreadsheet writes it: everything in quotes, quotes doubled. */
const written = (fields: readonly string[]): string => `${fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(',')}\n`
const shown = (minor: number, digits: number): string => {
  const text = String(minor).padStart(digits + 1, '0')
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`
}

/** The file as our reader reads it (`files-store.ts`), without the file. */
const rowsOf = (text: string, header: CsvHeader): CsvRow[] => {
  const [first = [], ...records] = parse(text, { bom: true, relax_column_count: true, relax_quotes: true })
  const positions = columnPositions(first, header)
  return records.flatMap((record, index) => csvRow(index + 2, record, first.length, positions) ?? [])
}
const columnsOf = ({ required, optional }: CsvHeader): string[] => [...required, ...optional]

/** Every column in any order, then the same values by name. */
const shuffledFile = (header: CsvHeader) => fc.shuffledSubarray(columnsOf(header), { minLength: columnsOf(header).length })

const readBack = <Value>(
  header: CsvHeader,
  columns: readonly string[],
  fields: Readonly<Record<string, string>>,
  read: (row: CsvRow) => Parsed<Value>,
): Value => {
  const text = written(columns) + written(columns.map((column) => fields[column] ?? ''))
  const [row, ...others] = rowsOf(text, header)
  assert.ok(row !== undefined && others.length === 0, text)
  const parsed = read(row)
  assert.ok(parsed.ok, JSON.stringify(parsed))
  return parsed.value
}

const headers = [productsHeader, warehousesHeader, stockHeader, supplyHeader] as const
const hostileRow = fc
  .record({
    row: fc.constant(2),
    fields: fc.array(anyText, { maxLength: 9 }),
    broken: fc.option(anyText, { nil: undefined }),
  })
  .map(({ broken, ...row }): CsvRow => (broken === undefined ? row : { ...row, broken }))
const json = fc.oneof(
  fc.jsonValue().map((value) => JSON.stringify(value)),
  anyText,
  fc.constantFrom('[', '{"n":1', '{"__proto__":{"n":1}}', '['.repeat(10_000), '1e400', '{"n":1,"n":2}', 'null', '{"n":"1","W":1}'),
)

export const fileProperties: readonly Property[] = [
  {
    name: 'a product is read from a CSV file as it was written, columns in any order, currencies of any decimals',
    property: fc.property(
      shuffledFile(productsHeader),
      identity,
      name,
      words,
      price,
      fc.integer({ min: 1, max: 1_000_000 }),
      (columns, productId, productName, description, [of, minor], weightGrams) => {
        const fields = {
          productId,
          productName,
          description,
          price: shown(minor, minorDigits(of)),
          currency: of,
          weightGrams: String(weightGrams),
        }
        const read = readBack(productsHeader, columns, fields, parseProduct)
        assert.deepEqual(read, { productId, productName, description, price: minor, currency: of, weightGrams })
      },
    ),
  },
  {
    name: 'stock and supply are read from a CSV file as they were written, also as a spreadsheet shows whole numbers',
    property: fc.property(
      shuffledFile(supplyHeader),
      identity,
      identity,
      fc.integer({ min: 1, max: 1_000_000_000 }),
      fc.nat(3_650),
      fc.constantFrom('', '.', '.0', '.000'),
      (columns, productId, warehouse, quantity, inDays, tail) => {
        const fields = { productId, warehouse, quantity: `${quantity}${tail}`, inDays: `${inDays}${tail}` }
        assert.deepEqual(readBack(supplyHeader, columns, fields, parseSupply), { productId, warehouse, quantity, inDays })
        const stock = columns.filter((column) => column !== 'inDays')
        assert.deepEqual(readBack(stockHeader, stock, fields, parseStock), { productId, warehouse, quantity })
      },
    ),
  },
  {
    name: 'a warehouse is read from a CSV file as it was written, anywhere on the map',
    property: fc.property(
      shuffledFile(warehousesHeader),
      identity,
      name,
      fc.integer({ min: -900_000, max: 900_000 }),
      fc.integer({ min: -1_800_000, max: 1_800_000 }),
      (columns, warehouse, called, north, east) => {
        const [latitude, longitude] = [north / 10_000, east / 10_000]
        const fields = {
          warehouse,
          name: called,
          postcode: 'LS1 4AP',
          country: 'GB',
          latitude: latitude.toFixed(4),
          longitude: longitude.toFixed(4),
        }
        const { name: read, ...rest } = readBack(warehousesHeader, columns, fields, parseWarehouse)
        assert.equal(read, called)
        assert.ok(rest.latitude === latitude && rest.longitude === longitude && rest.warehouse === warehouse)
      },
    ),
  },
  {
    name: 'a row of anything is a value or a fault that names a column of the file',
    property: fc.property(hostileRow, (row) => {
      const read = [parseProduct, (one: CsvRow) => parseWarehouse(one), parseStock, parseSupply]
      for (const [index, parser] of read.entries()) {
        const parsed = parser(row)
        if (parsed.ok) continue
        assert.ok(columnsOf(headers[index] ?? stockHeader).includes(parsed.fault.column) && parsed.fault.message !== '')
      }
    }),
  },
  {
    name: 'a header is found whole or refused with what is wrong with it',
    property: fc.property(
      fc.constantFrom(...headers),
      fc.array(fc.oneof(anyText, fc.constantFrom(...columnsOf(productsHeader))), { maxLength: 8 }),
      (header, found) => {
        try {
          const positions = columnPositions(found, header)
          for (const [index, position] of positions.entries())
            assert.equal(position < 0 ? undefined : found[position]?.trim(), position < 0 ? undefined : columnsOf(header)[index])
        } catch (fault) {
          assert.ok(fault instanceof WrongHeader && fault.message.includes(header.required[0] ?? ''))
        }
      },
    ),
  },
  {
    name: 'a row of the sales history is a sale, a cancellation or rejected with its reason, never anything else',
    property: fc.property(
      fc.tuple(
        fc.oneof(anyText, fc.stringMatching(/^C?\d{6}$/)),
        fc.oneof(anyText, fc.constantFrom('85123A', 'POST', 'M', 'BANK CHARGES')),
        anyText,
        fc.oneof(
          anyText,
          fc.integer({ min: -9, max: 9 }).map((count) => `${count}.0`),
        ),
        fc.oneof(anyText, fc.constantFrom('2011-04-01 09:30:00', '2011-02-31 09:30', '2011-04-01T24:00')),
        fc.oneof(
          anyText,
          fc.nat(9_999).map((pence) => shown(pence, 2)),
        ),
        fc.oneof(anyText, fc.constant('17850.0')),
        anyText,
      ),
      (fields) => {
        const judged = judgeRow({ row: 2, fields })
        if (judged.verdict === 'rejected') return assert.ok(judged.detail !== '' && judged.reason.length > 3)
        assert.ok(
          Number.isSafeInteger(judged.quantity) &&
            judged.quantity > 0 &&
            Number.isSafeInteger(judged.unitPrice) &&
            judged.unitPrice > 0,
        )
        assert.equal(judged.verdict === 'cancellation', fields[0].startsWith('C'))
        assert.ok(Number.isFinite(judged.wall) && retailHeader.required.length === fields.length)
      },
    ),
  },
  {
    name: 'a British postcode means one place, however it is typed; anything else means none, without a fault',
    property: fc.property(
      fc.stringMatching(/^[A-Z]{1,2}[0-9][A-Z0-9]?$/),
      fc.stringMatching(/^[0-9][A-Z]{2}$/),
      anyText,
      (outward, inward, text) => {
        for (const typed of [`${outward} ${inward}`, ` ${outward.toLowerCase()}\t${inward} `, outward])
          assert.equal(outwardCode(typed), outward)
        const code = outwardCode(text)
        assert.ok(code === undefined || /^[A-Z]{1,2}\d[A-Z\d]?$/.test(code))
        const hash = stableHash(text)
        assert.ok(Number.isSafeInteger(hash) && hash >= 0 && hash < 2 ** 32 && hash === stableHash(text))
      },
    ),
  },
  {
    name: 'an instance of the solver is read as it was written',
    property: fc.property(
      fc.nat(1_000_000),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 5 }),
      (seed, lines, places) => {
        const roll = dice(seed)
        const { lanes, ...instance } = randomInstance(roll, anyShape(roll, lines, places))
        const { lanes: read, ...rest } = parseInstance(JSON.stringify({ ...instance, lanes }))
        assert.deepEqual(rest, instance)
        assert.deepEqual(
          read.map((lane) => ({ ...lane })),
          lanes.map(({ arr: _, ...lane }) => lane),
        )
      },
    ),
  },
  {
    name: 'a text that is no instance is refused with the field at fault',
    property: fc.property(json, fc.nat(1_000_000), fc.nat(10_000), (text, seed, cut) => {
      const roll = dice(seed)
      const whole = JSON.stringify(randomInstance(roll, anyShape(roll, 2, 2)))
      // One character away, or one number made a text: nearly right is the hardest to refuse.
      const nearly = [text, whole.slice(0, cut % whole.length), whole.replace(/:(\d+)/, ':"$1"'), whole.replace(/\d+/, '-1')]
      for (const one of nearly) {
        try {
          assert.equal(typeof sourceInstanceText(one), 'string')
        } catch (fault) {
          assert.ok(fault instanceof InstanceError && fault.message !== '', String(fault))
        }
      }
    }),
  },
]
