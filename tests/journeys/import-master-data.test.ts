import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { runCli } from './cli-run.ts'

const products =
  'productId,productName,description,price,currency,weightGrams\nMUG,Mug,A mug,2.55,GBP,300\nCUP,Cup,"A cup, red",1.20,GBP,\n'
const warehouses = 'warehouse,name,postcode,country,latitude,longitude\nLDS1,Leeds,LS10,GB,53.76162,-1.53123\n'
const stock = 'productId,warehouse,quantity\nMUG,LDS1,100\nCUP,LDS1,7.0\n'

describe('Importing master data', () => {
  let database: TestDatabase
  const folder = mkdtempSync(join(tmpdir(), 'waybill-import-'))
  before(async () => {
    database = await testDatabase()
  })
  after(async () => {
    rmSync(folder, { recursive: true, force: true })
    await database.drop()
  })
  const importing = async (what: string, text: string) => {
    const file = join(folder, `${what}.csv`)
    writeFileSync(file, text)
    const { code, json, stderr } = await runCli(database.url, ['import', what, file, '--json'])
    const { faults, ...counts } = json()
    return { code, counts, faults: faults as { row: number; column: string; message: string }[], stderr }
  }
  const counts = (added: number, changed: number, unchanged: number, refused = 0) => ({
    rows: added + changed + unchanged + refused,
    added,
    changed,
    unchanged,
    refused,
  })

  it('refuses stock of what is not known, and says how to add it', async () => {
    const { code, faults } = await importing('stock', stock)
    assert.equal(code, 4)
    assert.match(faults[0]?.message ?? '', /warehouse 'LDS1' is unknown: add it with `waybill import warehouses` first/)
    await importing('warehouses', warehouses)
    const again = await importing('stock', stock)
    assert.match(again.faults[0]?.message ?? '', /product 'MUG' is unknown: add it with `waybill import products` first/)
    assert.match(again.stderr, /row 2, productId: product 'MUG' is unknown/)
  })

  it('adds products once, and changes what changed', async () => {
    assert.deepEqual((await importing('products', products)).counts, counts(2, 0, 0))
    assert.deepEqual((await importing('products', products)).counts, counts(0, 0, 2))
    assert.deepEqual((await importing('products', products.replace('2.55', '2.65'))).counts, counts(0, 1, 1))
  })

  it('knows a warehouse again', async () => {
    assert.deepEqual((await importing('warehouses', warehouses)).counts, counts(0, 0, 1))
    assert.deepEqual((await importing('warehouses', warehouses.replace('Leeds', 'Leeds South'))).counts, counts(0, 1, 0))
  })

  it('sets stock like a count: the second time nothing is left to adjust', async () => {
    assert.deepEqual((await importing('stock', stock)).counts, counts(0, 2, 0))
    assert.deepEqual((await importing('stock', stock)).counts, counts(0, 0, 2))
    assert.deepEqual((await importing('stock', stock.replace('100', '40'))).counts, counts(0, 1, 1))
    const { json } = await runCli(database.url, ['verify', '--json'])
    assert.deepEqual([json()['ok'], json()['differences']], [true, []])
  })

  it('takes the good rows and names the others', async () => {
    const { code, counts: found, faults } = await importing('products', `${products}PEN,Pen,,-1,GBP,\nB@D,Bad,,1,GBP,\n`)
    assert.deepEqual([code, found], [4, counts(0, 1, 1, 2)])
    assert.deepEqual(
      faults.map(({ row, column }) => [row, column]),
      [
        [4, 'price'],
        [5, 'productId'],
      ],
    )
  })

  it('fails on a file with another header', async () => {
    const file = join(folder, 'other.csv')
    writeFileSync(file, 'a,b\n1,2\n')
    const { code, stderr } = await runCli(database.url, ['import', 'products', file])
    assert.deepEqual([code, /the first line must be the header productId,/.test(stderr)], [1, true])
  })
})
