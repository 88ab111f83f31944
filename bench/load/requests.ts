/** Requests as text, made by putting pieces together: nothing is serialised per request. */
import { randomUUID } from 'node:crypto'
import type { Range } from './asked.ts'
import type { LoadConnection } from './connection.ts'

/** Of every product, in pence. */
export const price = 255

/** A bijection of 32-bit numbers that scatters: keys of real clients do not come in the order of an index. */
const scatter = (n: number): number => {
  let x = Math.imul(n ^ (n >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return (x ^ (x >>> 16)) >>> 0
}

/** Keys of a UUID's form, each once: a random one of the system's costs as much as the rest of the request. */
export const uniqueKeys = (): (() => string) => {
  const ofThisProcess = randomUUID().slice(8)
  let count = 0
  return () => scatter(count++).toString(16).padStart(8, '0') + ofThisProcess
}

export const anySku = ({ products, first = 1 }: Range): string => `S${first + Math.floor(Math.random() * products)}`

/** Neighbours in the catalogue, each once, as far as there are so many. */
export const someSkus = ({ products, first = 1 }: Range, count: number): string[] => {
  const start = Math.floor(Math.random() * products)
  return Array.from({ length: count }, (_, index) => `S${first + ((start + index) % products)}`)
}

const tail =
  '],"promotionCodes":["BENCH"],"customer":{"email":"a@example.com"},"shippingAddress":{"country":"GB","postalCode":"LS1 4AP","lines":["1 High St"]}}'
const lineBefore = '{"sku":"'
const lineAfter = `","quantity":1,"unitPrice":${price}}`

export const orderBody = (skus: readonly string[]): string =>
  `{"lines":[${skus.map((sku) => lineBefore + sku + lineAfter).join(',')}${tail}`

const head = (connection: LoadConnection): string =>
  `POST /v1/orders HTTP/1.1\r\n${connection.head}content-type: application/json\r\nidempotency-key: `

/** A whole `POST /v1/orders`. */
export const orderRequest = (connection: LoadConnection): ((key: string, skus: readonly string[]) => string) => {
  const before = head(connection)
  return (key, skus) => {
    const body = orderBody(skus)
    return `${before}${key}\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  }
}

/** The same of two lines, the usual order, without arrays. */
export const pairRequest = (connection: LoadConnection): ((key: string, one: string, other: string) => string) => {
  const before = head(connection)
  const fixed = orderBody(['', '']).length
  const first = `\r\n\r\n{"lines":[${lineBefore}`
  const between = `${lineAfter},${lineBefore}`
  const after = `${lineAfter}${tail}`
  return (key, one, other) =>
    `${before}${key}\r\ncontent-length: ${fixed + one.length + other.length}${first}${one}${between}${other}${after}`
}

/** `"id":"…"` of an answer, without parsing the rest. */
export const idIn = (body: string): string => {
  const at = body.indexOf('"id":"')
  return at < 0 ? '' : body.slice(at + 6, at + 42)
}
