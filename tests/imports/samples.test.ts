/** What is shipped in `data/`, read as the product reads it, and held against a sum that shares no code with it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import {
  parseProduct,
  parseStock,
  parseSupply,
  parseWarehouse,
  productsHeader,
  readCsvRows,
  readRetailHistory,
  retailHeader,
  stockHeader,
  supplyHeader,
  warehousesHeader,
  WrongHeader,
  type CsvHeader,
  type CsvRow,
  type Parsed,
} from '../../src/imports/contract.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const data = (name: string): string => join(root, 'data', name)
const history = (name: string) => readRetailHistory(readCsvRows(data(name)))
const independent = async (path: string): Promise<unknown> =>
  JSON.parse((await run(process.execPath, [join(root, 'tests/support/retail-sum.mjs'), path])).stdout)

const all = async <Item>(items: AsyncIterable<Item>): Promise<Item[]> => {
  const found: Item[] = []
  for await (const item of items) found.push(item)
  return found
}

const valuesOf = async <Value>(name: string, header: CsvHeader, parse: (row: CsvRow) => Parsed<Value>): Promise<Value[]> => {
  const values: Value[] = []
  for await (const row of readCsvRows(data(name), header)) {
    const parsed = parse(row)
    assert.ok(parsed.ok, `${name}: ${JSON.stringify(parsed)}`)
    values.push(parsed.value)
  }
  return values
}

describe('The import and a sum made without it', () => {
  for (const name of ['sample-import.csv', 'sample-orders.csv']) {
    it(`agree to the penny on ${name}`, async () => assert.deepEqual(await independent(data(name)), (await history(name)).counts))
  }
})

describe('The sample of oddities', () => {
  it('has one of each kind', async () => {
    const { rejected, orders } = await history('sample-import.csv')
    assert.deepEqual([...new Set(rejected.map(({ reason }) => reason))].sort(), [
      'cancellation_unmatched',
      'code_not_sold',
      'invoice_without_product',
      'price_not_positive',
      'price_not_whole_pence',
    ])
    const lines = [...orders()].flatMap((order) => order.lines)
    assert.ok(
      lines.some(({ cancelled }) => cancelled > 0),
      'a cancel',
    )
    assert.ok(
      lines.some(({ returns }) => returns.length > 0),
      'a return',
    )
    const pieces = lines.flatMap(({ code, cancels, returns }) =>
      [...cancels, ...returns].map(({ invoice }) => `${invoice} ${code}`),
    )
    assert.ok(new Set(pieces).size < pieces.length, 'one cancellation over several invoices')
    assert.deepEqual([...new Set(lines.filter(({ kind }) => kind === 'delivery').map(({ code }) => code))].sort(), [
      'C2',
      'DOT',
      'POST',
    ])
    assert.ok(
      [...orders()].some(({ customer }) => customer === undefined),
      'a guest',
    )
  })
})

describe('The sample orders', () => {
  it('are 500, each row accepted, small baskets mostly', async () => {
    const { counts, orders } = await history('sample-orders.csv')
    assert.deepEqual([counts.orders, counts.rejectedLines], [500, 0])
    const sizes = [...orders()].map(({ lines }) => lines.filter(({ kind }) => kind === 'product').length)
    assert.ok(Math.max(...sizes) <= 40 && sizes.filter((size) => size <= 12).length > 400)
  })
  it('have a catalogue, warehouses, stock and supply that fit together', async () => {
    const products = await valuesOf('demo-products.csv', productsHeader, parseProduct)
    const warehouses = await valuesOf('demo-warehouses.csv', warehousesHeader, (row) => parseWarehouse(row))
    const stock = await valuesOf('demo-stock.csv', stockHeader, parseStock)
    const supply = await valuesOf('demo-supply.csv', supplyHeader, parseSupply)
    const preorder = await valuesOf('demo-preorder.csv', supplyHeader, parseSupply)
    const sold = [...(await history('sample-orders.csv')).orders()].flatMap(({ lines }) =>
      lines.filter(({ kind }) => kind === 'product'),
    )
    const known = new Set<string>(products.map(({ productId }) => productId))
    assert.deepEqual(
      [...new Set(sold.map(({ code }) => code))].filter((code) => !known.has(code)),
      [],
    )
    const places = new Set(warehouses.map(({ warehouse }) => warehouse))
    assert.equal(places.size, 5)
    for (const { productId, warehouse } of [...stock, ...supply, ...preorder])
      assert.ok(known.has(productId) && places.has(warehouse))
    assert.equal(products.find(({ productId }) => productId === '85123A')?.productName, 'WHITE HANGING HEART T-LIGHT HOLDER')
    const total = (rows: readonly { quantity: number }[]): number => rows.reduce((sum, { quantity }) => sum + quantity, 0)
    const left =
      total(stock.filter(({ productId }) => productId === '85123A')) - total(sold.filter(({ code }) => code === '85123A'))
    assert.ok(left >= 100, `${left} of 85123A are left when all are served`)
    assert.deepEqual(
      preorder.filter(({ productId }) => stock.some((row) => row.productId === productId)),
      [],
    )
  })
})

describe('Reading a file', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'waybill-imports-'))
  })
  after(() => rm(folder, { recursive: true }))
  const readText = async (content: string | Buffer, header: CsvHeader = stockHeader): Promise<CsvRow[]> => {
    const path = join(folder, 'file.csv')
    await writeFile(path, content)
    return all(readCsvRows(path, header))
  }

  it('knows gzip by its content', async () => {
    const path = join(folder, 'sample.csv')
    await writeFile(path, gzipSync(await readFile(data('sample-import.csv'))))
    assert.deepEqual((await readRetailHistory(readCsvRows(path))).counts, (await history('sample-import.csv')).counts)
    assert.deepEqual(await independent(path), (await history('sample-import.csv')).counts)
  })
  it('takes a byte order mark, CRLF, quotes, line breaks and a blank line', async () => {
    assert.deepEqual(await readText('\uFEFFproductId,warehouse,quantity\r\n"a,""b""",w,1\r\n\r\n"a\r\nb",w,7" x\r\n'), [
      { row: 2, fields: ['a,"b"', 'w', '1'] },
      { row: 4, fields: ['a\r\nb', 'w', '7" x'] },
    ])
  })
  it('marks a row of the wrong length and goes on', async () => {
    const rows = await readText('productId,warehouse,quantity\na,b\na,b,1\n')
    assert.deepEqual(
      rows.map(({ broken }) => broken),
      ['2 fields where the header has 3', undefined],
    )
  })
  it('names the expected header when it finds another', async () => {
    await assert.rejects(
      readText('Invoice,StockCode\n1,2\n'),
      (error) => error instanceof WrongHeader && error.message.includes('productId,warehouse,quantity'),
    )
  })
  it('says when a file is empty, missing, cut off, or one endless quote', async () => {
    await assert.rejects(readText(''), /is empty; expected the header/)
    await assert.rejects(all(readCsvRows(join(folder, 'none.csv'))), /ENOENT/)
    const zipped = gzipSync(await readFile(data('sample-import.csv')))
    await assert.rejects(readText(zipped.subarray(0, zipped.length >> 1), retailHeader), /gzip file is cut off or damaged/)
    await assert.rejects(readText(`productId,warehouse,quantity\n"${'x'.repeat(200_000)}`), /not readable as CSV/)
  })
  it('stops reading when its reader has seen enough', async () => {
    for await (const { row } of readCsvRows(data('sample-import.csv'))) {
      assert.equal(row, 2)
      break
    }
  })
})
