/**
 * The Online Retail rule once more, written apart from `src/imports` and sharing no code with it, so that the two can be
 * held against each other: no CSV library, no dates (times are compared as texts), everything in memory, plain objects.
 *
 *   node tests/support/retail-sum.mjs FILE[.gz]     prints the counts as one line of JSON
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

/** Splits at commas, then mends the pieces that a quoted text was torn into. */
const cells = (line) => {
  if (!line.includes('"')) return line.split(',')
  const mended = []
  let open
  for (const piece of line.split(',')) {
    open = open === undefined ? piece : `${open},${piece}`
    const quotes = open.split('"').length - 1
    if (quotes % 2 === 1) continue
    mended.push(open.startsWith('"') ? open.slice(1, -1).split('""').join('"') : open)
    open = undefined
  }
  return mended
}

/** Pence from `2.55`: shift the point by two in the text; undefined where something is left behind it. */
const pence = (text) => {
  const [pounds, behind = ''] = text.split('.')
  const digits = `${behind}00`
  return /^0*$/.test(digits.slice(2)) ? Number(pounds + digits.slice(0, 2)) : undefined
}

const books = new Set(['M', 'D', 'S', 'B', 'CRUK', 'AMAZONFEE', 'BANK CHARGES'])
const charges = new Set(['POST', 'DOT', 'C2'])

export const sumRetail = (bytes) => {
  const text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8')
  const [, ...rows] = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
  while (rows.at(-1) === '') rows.pop()

  const invoices = {}
  const takings = {}
  let cancellationLines = 0
  for (const [index, line] of rows.entries()) {
    const [number, code, , count, time, price, customer] = cells(line)
    const isTaking = /^C[0-9]{6}$/.test(number)
    if (isTaking) cancellationLines++
    if (!isTaking && !/^[0-9]{6}$/.test(number)) continue
    if (books.has(code.toUpperCase())) continue
    if (!(Number(price) > 0) || pence(price) === undefined) continue
    const units = Number(count) * (isTaking ? -1 : 1)
    if (!(units > 0)) continue
    const group = isTaking ? takings : invoices
    const voucher = (group[number] ??= { number, time, customer, lines: [] })
    voucher.lines.push({ index, code, units, left: units, minor: pence(price), customer })
  }

  const orders = Object.values(invoices).filter(({ lines }) => lines.some(({ code }) => !charges.has(code)))
  // A text that sorts as the vouchers happened: the time, then the number without its C.
  const when = ({ time, number }) => `${time}|${number.replace('C', '')}`
  const bought = {}
  for (const order of orders.toSorted((a, b) => (when(a) < when(b) ? 1 : -1))) {
    if (order.customer === '') continue
    for (const line of order.lines) (bought[`${order.customer}|${line.code}`] ??= []).push({ line, when: when(order) })
  }
  let matched = 0
  for (const taking of Object.values(takings).toSorted((a, b) => (when(a) < when(b) ? -1 : 1))) {
    for (const { code, units, customer } of taking.lines) {
      if (customer === '') continue
      const sources = (bought[`${customer}|${code}`] ?? []).filter((source) => source.when < when(taking))
      if (sources.reduce((sum, { line }) => sum + line.left, 0) < units) continue
      matched++
      let open = units
      for (const { line } of sources) {
        const part = Math.min(line.left, open)
        line.left -= part
        open -= part
      }
    }
  }

  const accepted = orders.flatMap(({ lines }) => lines)
  return {
    lines: rows.length,
    acceptedLines: accepted.length + matched,
    rejectedLines: rows.length - accepted.length - matched,
    orders: orders.length,
    cancellationLines,
    cancellationLinesMatched: matched,
    totalMinor: accepted.reduce((sum, { units, minor }) => sum + units * minor, 0),
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(JSON.stringify(sumRetail(readFileSync(process.argv[2]))))
