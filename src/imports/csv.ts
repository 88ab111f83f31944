/**
 * The master data that `waybill import products|warehouses|stock` and the demo read: a row of the file becomes a value, or
 * a fault that says in which column and how to mend it. Pure; `readCsvRows` streams the rows. Whether a stock row's product
 * and warehouse exist only the database knows: `unknownProduct` and `unknownWarehouse` are the faults to say so with.
 */
import type { Place, Sku } from '../kernel/ids.ts'
import { minorDigits, parseMajor, type Currency } from '../kernel/money.ts'
import type { Coordinates } from './addresses.ts'
import type { CsvHeader, CsvRow } from './csv-row.ts'

export const productsHeader: CsvHeader = {
  required: ['productId', 'productName', 'description', 'price', 'currency'],
  optional: ['weightGrams'],
}
export const warehousesHeader: CsvHeader = {
  required: ['warehouse', 'name', 'postcode', 'country', 'latitude', 'longitude'],
  optional: [],
}
export const stockHeader: CsvHeader = { required: ['productId', 'warehouse', 'quantity'], optional: [] }
/** The demo's own: what will arrive, counted in days from the day the demo starts. */
export const supplyHeader: CsvHeader = { required: ['productId', 'warehouse', 'quantity', 'inDays'], optional: [] }

/** `price` in minor units. */
export type ProductRow = Readonly<{
  productId: Sku
  productName: string
  description: string
  price: number
  currency: Currency
  weightGrams: number
}>
export type WarehouseRow = Coordinates & Readonly<{ warehouse: Place; name: string; postcode: string; country: string }>
export type StockRow = Readonly<{ productId: Sku; warehouse: Place; quantity: number }>
export type SupplyRow = StockRow & Readonly<{ inDays: number }>

/** `row` counts as a spreadsheet does: the header is row 1. */
export type RowFault = Readonly<{ row: number; column: string; message: string }>
export type Parsed<Value> = Readonly<{ ok: true; row: number; value: Value }> | Readonly<{ ok: false; fault: RowFault }>

const weightGramsUsual = 500
const weightGramsMax = 1_000_000
/** What a count may say of one product in one place: half of what a 32-bit column holds, so that two always add up. */
const quantityMax = 1_000_000_000
const inDaysMax = 3650
const nameLengthMax = 200
const descriptionLengthMax = 10_000

/** Thrown by the field readers below and caught by `parsing`: a row has one fault, the first. Never leaves this file. */
class Fault extends Error {
  readonly column: string
  constructor(column: string, message: string) {
    super(message)
    this.column = column
  }
}

const parsing =
  <Value>(header: CsvHeader, read: (field: (column: string) => string) => Value) =>
  ({ row, fields, broken }: CsvRow): Parsed<Value> => {
    const columns = [...header.required, ...header.optional]
    if (broken !== undefined)
      return { ok: false, fault: { row, column: columns[0] ?? '', message: `${broken}: put texts with commas or quotes in "…"` } }
    try {
      return { ok: true, row, value: read((column) => fields[columns.indexOf(column)]?.trim() ?? '') }
    } catch (error) {
      if (error instanceof Fault) return { ok: false, fault: { row, column: error.column, message: error.message } }
      throw error
    }
  }

type Field = (column: string) => string

const id = (field: Field, column: string): string => {
  const text = field(column)
  if (/^[A-Za-z0-9 ._:-]{1,64}$/.test(text)) return text
  throw new Fault(column, `${quoted(text)} cannot be an id: use 1 to 64 letters, digits, spaces, '.', '_', ':' or '-'`)
}

const name = (field: Field, column: string): string => {
  const text = field(column)
  if (text === '') throw new Fault(column, 'is empty: give it a name')
  if (text.length > nameLengthMax) throw new Fault(column, `has ${text.length} characters: shorten it to ${nameLengthMax}`)
  return text
}

const whole = (field: Field, column: string, [least, most]: readonly [number, number]): number => {
  const text = field(column)
  // `6.0` is what spreadsheets make of 6.
  const value = Number(/^(\d{1,10})(?:\.0*)?$/.exec(text)?.[1] ?? Number.NaN)
  if (value >= least && value <= most) return value
  throw new Fault(column, `${quoted(text)} is not a whole number from ${least} to ${most}`)
}

const degrees = (field: Field, column: string, most: number): number => {
  const text = field(column)
  const value = /^-?\d{1,3}(?:\.\d{1,15})?$/.test(text) ? Number(text) : Number.NaN
  if (Math.abs(value) <= most) return value
  throw new Fault(column, `${quoted(text)} is not in degrees: use a decimal from -${most} to ${most}, like 53.79674`)
}

const price = (field: Field, currency: Currency): number => {
  const text = field('price')
  const minor = parseMajor(text, currency)
  if (minor !== undefined && minor >= 0) return minor
  const digits = minorDigits(currency)
  throw new Fault(
    'price',
    `${quoted(text)} is not a price in ${currency}: use a decimal with at most ${digits} places, like ${(2.55).toFixed(digits)}`,
  )
}

const code = (field: Field, column: string, form: RegExp, mend: string): string => {
  const text = field(column)
  if (form.test(text)) return text
  throw new Fault(column, `${quoted(text)} is not ${mend}`)
}

const quoted = (text: string): string => `'${text.length > 60 ? `${text.slice(0, 60)}…` : text}'`

export const parseProduct = parsing(productsHeader, (field): ProductRow => {
  const productId = id(field, 'productId') as Sku
  const currency = code(field, 'currency', /^[A-Z]{3}$/, 'a currency: use its three capital letters, like GBP')
  const description = field('description')
  if (description.length > descriptionLengthMax) {
    throw new Fault('description', `has ${description.length} characters: shorten it to ${descriptionLengthMax}`)
  }
  const weightGrams = field('weightGrams') === '' ? weightGramsUsual : whole(field, 'weightGrams', [1, weightGramsMax])
  return { productId, productName: name(field, 'productName'), description, price: price(field, currency), currency, weightGrams }
})

/** Without coordinates the postcode says where a warehouse is, where `geocode` knows it. */
export const parseWarehouse = (
  row: CsvRow,
  geocode?: (country: string, postalCode: string) => Coordinates | undefined,
): Parsed<WarehouseRow> =>
  parsing(warehousesHeader, (field): WarehouseRow => {
    const warehouse = id(field, 'warehouse') as Place
    const country = code(field, 'country', /^[A-Z]{2}$/, 'a country: use the two capital letters of ISO 3166, like GB')
    const postcode = code(field, 'postcode', /^.{0,16}$/, 'a postcode: use at most 16 characters')
    const hasNone = field('latitude') === '' && field('longitude') === ''
    const found = hasNone && postcode !== '' ? geocode?.(country, postcode) : undefined
    if (hasNone && found === undefined)
      throw new Fault('latitude', `is empty, and postcode ${quoted(postcode)} is not known: fill in latitude and longitude`)
    const place = found ?? { latitude: degrees(field, 'latitude', 90), longitude: degrees(field, 'longitude', 180) }
    return { warehouse, name: name(field, 'name'), postcode, country, ...place }
  })(row)

const stockRow = (field: Field, least: number): StockRow => ({
  productId: id(field, 'productId') as Sku,
  warehouse: id(field, 'warehouse') as Place,
  quantity: whole(field, 'quantity', [least, quantityMax]),
})

export const parseStock = parsing(stockHeader, (field): StockRow => stockRow(field, 0))

export const parseSupply = parsing(
  supplyHeader,
  (field): SupplyRow => ({ ...stockRow(field, 1), inDays: whole(field, 'inDays', [0, inDaysMax]) }),
)

export const unknownProduct = (row: number, productId: string): RowFault => ({
  row,
  column: 'productId',
  message: `product ${quoted(productId)} is unknown: add it with \`waybill import products\` first`,
})

export const unknownWarehouse = (row: number, warehouse: string): RowFault => ({
  row,
  column: 'warehouse',
  message: `warehouse ${quoted(warehouse)} is unknown: add it with \`waybill import warehouses\` first`,
})
