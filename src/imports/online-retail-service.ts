/**
 * The rule by which the Online Retail file becomes history (issue 3, item 5). Pure: rows in, orders out; the reader of the
 * file is in `files.ts`, what one row says by itself in `retail-row.ts`, how rows are kept in `retail-book.ts`.
 *
 * Where the rule is silent:
 * - *Earlier* is by the invoice's time, in the same minute by its number. A cancellation of the same minute is common: a
 *   clerk books an invoice anew.
 * - A guest's cancellation matches nothing: a guest is one invoice, so "the same customer" does not exist.
 * - An invoice's time, customer and country are those of the first row that is good by itself and names them.
 * - A cancellation takes, within one invoice, the lines at its own price first, then those in the order of the file: the
 *   refund is then what the cancellation says. Cancellations are matched in the order of their time, each on what is left.
 * - A delivery charge is cancelled like a product. It is never received back.
 * - The day that tells a cancel from a return is London's.
 */
import type { Instant } from '../kernel/ids.ts'
import type { CsvRow } from './csv-row.ts'
import { instantIn } from './local-time.ts'
import {
  compareVouchers,
  isEarlier,
  nobody,
  RetailBook,
  type BookedCancellation,
  type HistoricalProduct,
  type Voucher,
} from './retail-book.ts'
import { isCancellationNumber, judgeRow, type LineKind, type RejectedRow, type RejectionReason } from './retail-row.ts'

/** Units taken back by a cancellation: which one, when, how many. */
export type Reversal = Readonly<{ invoice: string; at: Instant; quantity: number }>

/** `cancelled` is the sum of `cancels`, those of the order's own day; `returns` came later: received, restocked, refunded. */
export type HistoricalLine = Readonly<{
  row: number
  code: string
  description: string
  quantity: number
  /** Pence. */
  unitPrice: number
  kind: LineKind
  cancelled: number
  cancels: readonly Reversal[]
  returns: readonly Reversal[]
}>

/** `customer` is absent for a guest; `country` is a name as in the file, `currency` always GBP. */
export type HistoricalOrder = Readonly<{
  externalRef: string
  at: Instant
  customer?: string
  country: string
  currency: 'GBP'
  lines: readonly HistoricalLine[]
}>

export type RetailCounts = Readonly<{
  lines: number
  acceptedLines: number
  rejectedLines: number
  orders: number
  cancellationLines: number
  cancellationLinesMatched: number
  totalMinor: number
}>

/** `orders()` builds them one by one, oldest first (by time, then by number), as often as it is called. */
export type RetailHistory = Readonly<{
  orders: () => IterableIterator<HistoricalOrder>
  products: readonly HistoricalProduct[]
  rejected: readonly RejectedRow[]
  counts: RetailCounts
}>

const zoneOfFile = 'Europe/London'
const dayMs = 86_400_000

type Taken = Readonly<{ voucher: Voucher; quantity: number }>
type TakenByLine = Map<number, Taken[]>

/** Reads all rows, then settles what only the whole file can tell. */
export const readRetailHistory = async (rows: AsyncIterable<CsvRow> | Iterable<CsvRow>): Promise<RetailHistory> => {
  const book = new RetailBook()
  const rejected: RejectedRow[] = []
  let lines = 0
  let cancellationLines = 0
  for await (const row of rows) {
    lines += 1
    if (isCancellationNumber(row.fields[0] ?? '')) cancellationLines += 1
    const judged = judgeRow(row)
    if (judged.verdict === 'rejected') rejected.push({ row: row.row, reason: judged.reason, detail: judged.detail })
    else book.add(row.row, judged)
  }
  rejected.push(...dropWithoutProduct(book))
  const { taken, matched, unmatched } = matchCancellations(book)
  rejected.push(...unmatched)
  rejected.sort((a, b) => a.row - b.row)
  const invoices = [...book.invoices].sort(compareVouchers)
  return {
    orders: () => ordersOf(book, invoices, taken),
    products: book.products(),
    rejected,
    counts: {
      lines,
      acceptedLines: lines - rejected.length,
      rejectedLines: rejected.length,
      orders: invoices.length,
      cancellationLines,
      cancellationLinesMatched: matched,
      totalMinor: invoices.reduce((sum, invoice) => sum + totalOf(book, invoice), 0),
    },
  }
}

const rejectedRow = (row: number, reason: RejectionReason, detail: string): RejectedRow => ({ row, reason, detail })

/** A delivery charge alone is no order. */
const dropWithoutProduct = (book: RetailBook): RejectedRow[] =>
  [...book.invoices]
    .filter(({ products }) => products === 0)
    .flatMap((invoice) =>
      book
        .drop(invoice)
        .map((row) => rejectedRow(row, 'invoice_without_product', `invoice ${invoice.number} has only delivery charges`)),
    )

const totalOf = (book: RetailBook, invoice: Voucher): number => {
  let total = 0
  for (const line of book.linesOf(invoice)) total += book.quantity(line) * book.unitPrice(line)
  return total
}

type Candidate = Readonly<{ invoice: Voucher; line: number }>

/** The lines a cancellation could be about, by customer and code; only pairs that some cancellation names are gathered. */
const candidatesFor = (book: RetailBook, cancellations: readonly BookedCancellation[]): Map<string, Candidate[]> => {
  const candidates = new Map<string, Candidate[]>()
  for (const { customer, code } of cancellations) if (customer !== nobody) candidates.set(`${customer}:${code}`, [])
  const customers = new Set(cancellations.map(({ customer }) => customer))
  for (const invoice of book.invoices) {
    if (invoice.customer === nobody || !customers.has(invoice.customer)) continue
    for (const line of book.linesOf(invoice)) candidates.get(`${invoice.customer}:${book.code(line)}`)?.push({ invoice, line })
  }
  return candidates
}

const matchCancellations = (book: RetailBook): { taken: TakenByLine; matched: number; unmatched: RejectedRow[] } => {
  const cancellations = book.cancellationsInOrder()
  const candidates = candidatesFor(book, cancellations)
  const taken: TakenByLine = new Map()
  const leftOf = (line: number): number =>
    (taken.get(line) ?? []).reduce((left, { quantity }) => left - quantity, book.quantity(line))
  const unmatched: RejectedRow[] = []
  for (const cancellation of cancellations) {
    const { row, voucher, customer, code, quantity, unitPrice } = cancellation
    const reject = (detail: string) => unmatched.push(rejectedRow(row, 'cancellation_unmatched', detail))
    if (customer === nobody) {
      reject(`${voucher.number} names no customer`)
      continue
    }
    const earlier = (candidates.get(`${customer}:${code}`) ?? []).filter(({ invoice }) => isEarlier(invoice, voucher))
    const left = earlier.reduce((sum, { line }) => sum + leftOf(line), 0)
    if (left < quantity) {
      reject(
        `${quantity} of ${book.texts.textOf(code)} taken back, ${left} bought before by customer ${book.texts.textOf(customer)}`,
      )
      continue
    }
    const atOtherPrice = (line: number): number => (book.unitPrice(line) === unitPrice ? 0 : 1)
    earlier.sort((a, b) => compareVouchers(b.invoice, a.invoice) || atOtherPrice(a.line) - atOtherPrice(b.line) || a.line - b.line)
    let open = quantity
    for (const { line } of earlier) {
      const part = Math.min(open, leftOf(line))
      if (part > 0) taken.set(line, [...(taken.get(line) ?? []), { voucher, quantity: part }])
      open -= part
      if (open === 0) break
    }
  }
  return { taken, matched: cancellations.length - unmatched.length, unmatched }
}

const dayOf = (wall: number): number => Math.floor(wall / dayMs)
const reversal = ({ voucher, quantity }: Taken): Reversal => ({
  invoice: voucher.number,
  at: instantIn(zoneOfFile, voucher.wall),
  quantity,
})

function* ordersOf(
  book: RetailBook,
  invoices: readonly Voucher[],
  taken: TakenByLine,
): Generator<HistoricalOrder, void, undefined> {
  for (const invoice of invoices) {
    const { number, wall, customer, country } = invoice
    const order = {
      externalRef: number,
      at: instantIn(zoneOfFile, wall),
      country: book.texts.textOf(country),
      currency: 'GBP',
      lines: [...book.linesOf(invoice)].map((line) => lineOf(book, invoice, line, taken.get(line) ?? [])),
    } as const
    yield customer === nobody ? order : { ...order, customer: book.texts.textOf(customer) }
  }
}

const lineOf = (book: RetailBook, invoice: Voucher, line: number, taken: readonly Taken[]): HistoricalLine => {
  const isSameDay = ({ voucher }: Taken): boolean => dayOf(voucher.wall) === dayOf(invoice.wall)
  const cancels = taken.filter(isSameDay)
  return {
    row: book.row(line),
    code: book.texts.textOf(book.code(line)),
    description: book.description(line),
    quantity: book.quantity(line),
    unitPrice: book.unitPrice(line),
    kind: book.kind(line),
    cancelled: cancels.reduce((sum, { quantity }) => sum + quantity, 0),
    cancels: cancels.map(reversal),
    returns: taken.filter((piece) => !isSameDay(piece)).map(reversal),
  }
}
