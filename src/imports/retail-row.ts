/** One row of the Online Retail file, judged by itself: what can be said without knowing any other row. Pure. */
import { parseMajor } from '../kernel/money.ts'
import type { CsvHeader, CsvRow } from './csv-row.ts'
import { readWallClock } from './local-time.ts'

export const retailHeader = {
  required: ['InvoiceNo', 'StockCode', 'Description', 'Quantity', 'InvoiceDate', 'UnitPrice', 'CustomerID', 'Country'],
  optional: [],
} as const satisfies CsvHeader

export type RejectionReason =
  | 'malformed'
  | 'invoice_number'
  | 'code_not_sold'
  | 'price_not_positive'
  | 'price_not_whole_pence'
  | 'quantity_not_positive'
  | 'quantity_not_negative'
  | 'invoice_without_product'
  | 'cancellation_unmatched'

/** `row` counts as a spreadsheet does: the header is row 1. */
export type RejectedRow = Readonly<{ row: number; reason: RejectionReason; detail: string }>

export type LineKind = 'product' | 'delivery'

/** `wall` is the wall-clock time in London, as if it were UTC; `quantity` is positive, for a cancellation too. */
export type JudgedRow = Readonly<{
  verdict: 'sale' | 'cancellation'
  invoice: string
  code: string
  kind: LineKind
  description: string
  quantity: number
  unitPrice: number
  wall: number
  customer: string
  country: string
}>
export type RejectedFields = Readonly<{ verdict: 'rejected'; reason: RejectionReason; detail: string }>

export const currencyOfFile = 'GBP'
/** Charges for the way to the customer: in the total, never in stock. As they are written: only the codes not sold are "any case". */
const deliveryCodes: ReadonlySet<string> = new Set(['POST', 'DOT', 'C2'])
/** Manual corrections, discounts, samples, bad debt, charity, fees: bookkeeping, not sales. */
const codesNotSold: ReadonlySet<string> = new Set(['M', 'D', 'S', 'B', 'CRUK', 'AMAZONFEE', 'BANK CHARGES'])

const saleNumber = /^\d{6}$/
const cancellationNumber = /^C\d{6}$/
/** A cancellation by its form, whatever else is wrong with its row: what `cancellationLines` counts. */
export const isCancellationNumber = (invoice: string): boolean => cancellationNumber.test(invoice)

/** The file was written by a tool that made numbers of ids: `6.0` is six pieces, `17850.0` customer 17850. */
const wholeNumber = /^(-?\d{1,9})(?:\.0*)?$/
const customerNumber = /^(\d+)(?:\.0*)?$/
const decimal = /^-?\d{1,13}(?:\.\d+)?$/

const rejected = (reason: RejectionReason, detail: string): RejectedFields => ({ verdict: 'rejected', reason, detail })

/** `17850.0` is customer 17850; an id that is no number is kept as written. */
const customerOf = (text: string): string => customerNumber.exec(text)?.[1] ?? text

/**
 * The first reason found is the one given: first what the row is (readable, an invoice, something sold), then price, then
 * quantity. A cancellation's price is judged like a sale's: a line at no price was never accepted, so nothing is there to cancel.
 */
export const judgeRow = ({ fields, broken }: CsvRow): JudgedRow | RejectedFields => {
  if (broken !== undefined) return rejected('malformed', broken)
  const [invoice = '', code = '', description = '', quantityText = '', time = '', price = '', customer = '', country = ''] = fields
  const isSale = saleNumber.test(invoice)
  if (!isSale && !cancellationNumber.test(invoice))
    return rejected('invoice_number', `invoice '${invoice}' is not six digits, or C and six digits`)
  if (code.trim() === '') return rejected('malformed', 'StockCode is empty')
  if (codesNotSold.has(code.toUpperCase())) return rejected('code_not_sold', `'${code}' is a code of the books, not something sold`)
  const wall = readWallClock(time)
  if (wall === undefined) return rejected('malformed', `InvoiceDate '${time}' is not a time like 2010-12-01 08:26:00`)
  if (!decimal.test(price)) return rejected('malformed', `UnitPrice '${price}' is not a number like 2.55`)
  const quantity = Number(wholeNumber.exec(quantityText)?.[1] ?? Number.NaN)
  if (Number.isNaN(quantity)) return rejected('malformed', `Quantity '${quantityText}' is not a whole number like 6.0`)
  if (Number(price) <= 0) return rejected('price_not_positive', `price ${price}`)
  const unitPrice = parseMajor(price, currencyOfFile)
  if (unitPrice === undefined) return rejected('price_not_whole_pence', `price ${price}`)
  // Columns of 32 bits hold the book: a price of twenty million pounds is a slip of the pen.
  if (unitPrice > 2_147_483_647) return rejected('malformed', `UnitPrice '${price}' is beyond all bounds`)
  if (isSale && quantity <= 0) return rejected('quantity_not_positive', `quantity ${quantity} on an invoice`)
  if (!isSale && quantity >= 0) return rejected('quantity_not_negative', `quantity ${quantity} on a cancellation`)
  return {
    verdict: isSale ? 'sale' : 'cancellation',
    invoice,
    code,
    kind: deliveryCodes.has(code) ? 'delivery' : 'product',
    description,
    quantity: Math.abs(quantity),
    unitPrice,
    wall,
    customer: customerOf(customer.trim()),
    country: country.trim(),
  }
}
