import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseProduct, parseStock, parseSupply, parseWarehouse, productsHeader, unknownProduct } from './csv.ts'
import { columnPositions, csvRow, headerText, WrongHeader } from './csv-row.ts'

const row = (...fields: string[]) => ({ row: 7, fields })
const faultOf = (
  parsed: ReturnType<typeof parseProduct | typeof parseWarehouse | typeof parseStock | typeof parseSupply>,
): string => (parsed.ok ? 'none' : `row ${parsed.fault.row}, ${parsed.fault.column}: ${parsed.fault.message}`)

describe('A product row', () => {
  it('has its price in minor units, and 500 g where no weight is given', () => {
    assert.deepEqual(parseProduct(row('85123A', 'Holder', 'White', '2.55', 'GBP', '')), {
      ok: true,
      row: 7,
      value: { productId: '85123A', productName: 'Holder', description: 'White', price: 255, currency: 'GBP', weightGrams: 500 },
    })
  })
  it('takes the minor units its currency has', () => {
    const parsed = parseProduct(row('p', 'n', '', '255', 'JPY', '20'))
    assert.ok(parsed.ok && parsed.value.price === 255 && parsed.value.weightGrams === 20)
  })
  const faults: readonly (readonly [string, string[]])[] = [
    [
      "productId: 'a/b' cannot be an id: use 1 to 64 letters, digits, spaces, '.', '_', ':' or '-'",
      ['a/b', 'n', '', '1', 'GBP', ''],
    ],
    ['productName: is empty: give it a name', ['p', ' ', '', '1', 'GBP', '']],
    ["price: '2,55' is not a price in GBP: use a decimal with at most 2 places, like 2.55", ['p', 'n', '', '2,55', 'GBP', '']],
    ["price: '2.555' is not a price in GBP: use a decimal with at most 2 places, like 2.55", ['p', 'n', '', '2.555', 'GBP', '']],
    ["price: '-1' is not a price in GBP: use a decimal with at most 2 places, like 2.55", ['p', 'n', '', '-1', 'GBP', '']],
    ["currency: 'pounds' is not a currency: use its three capital letters, like GBP", ['p', 'n', '', '1', 'pounds', '']],
    ["weightGrams: '0.5' is not a whole number from 1 to 1000000", ['p', 'n', '', '1', 'GBP', '0.5']],
  ]
  for (const [fault, fields] of faults)
    it(`is refused: ${fault}`, () => assert.equal(faultOf(parseProduct(row(...fields))), `row 7, ${fault}`))
  it('is refused when its fields are out of step', () => {
    assert.match(
      faultOf(parseProduct({ row: 7, fields: [], broken: '7 fields where the header has 6' })),
      /^row 7, productId: 7 fields .* put texts/,
    )
  })
})

describe('A warehouse row', () => {
  it('has its place in degrees', () => {
    const value = { warehouse: 'LDS1', name: 'Leeds', postcode: 'LS10', country: 'GB', latitude: 53.76, longitude: -1.53 }
    assert.deepEqual(parseWarehouse(row('LDS1', 'Leeds', 'LS10', 'GB', '53.76', '-1.53')), { ok: true, row: 7, value })
  })
  it('is found by its postcode where degrees are missing', () => {
    const parsed = parseWarehouse(row('LDS1', 'Leeds', 'LS10', 'GB', '', ''), () => ({ latitude: 1, longitude: 2 }))
    assert.ok(parsed.ok && parsed.value.latitude === 1)
  })
  it('is refused where nothing says where it is', () => {
    assert.match(
      faultOf(parseWarehouse(row('LDS1', 'Leeds', 'XX1', 'GB', '', ''))),
      /latitude: is empty, and postcode 'XX1' is not known: fill in/,
    )
  })
  it('is refused beyond the poles', () =>
    assert.match(faultOf(parseWarehouse(row('L', 'L', '', 'GB', '91', '0'))), /latitude: '91' is not in degrees/))
  it('is refused without a country code', () =>
    assert.match(faultOf(parseWarehouse(row('L', 'L', '', 'UK!', '1', '0'))), /country: 'UK!' is not a country/))
})

describe('A stock row', () => {
  it('may be zero, and written 6.0', () => {
    assert.ok(parseStock(row('p', 'w', '0')).ok)
    const parsed = parseStock(row('p', 'w', '6.0'))
    assert.ok(parsed.ok && parsed.value.quantity === 6)
  })
  for (const quantity of ['-1', '1.5', 'six', '', '10000000000']) {
    it(`is refused with quantity '${quantity}'`, () =>
      assert.match(faultOf(parseStock(row('p', 'w', quantity))), /quantity: .* is not a whole number/))
  }
  it('has a fault to give when its product is unknown', () =>
    assert.match(unknownProduct(3, 'x').message, /waybill import products/))
})

describe('A supply row', () => {
  it('says in how many days', () => {
    const value = { productId: 'p', warehouse: 'w', quantity: 5, inDays: 3 }
    assert.deepEqual(parseSupply(row('p', 'w', '5', '3')), { ok: true, row: 7, value })
  })
  it('brings at least one', () => assert.match(faultOf(parseSupply(row('p', 'w', '0', '3'))), /quantity/))
})

describe('A header', () => {
  const required = ['productId', 'productName', 'description', 'price', 'currency']
  it('is told with what may be left out', () => assert.equal(headerText(productsHeader), `${required.join(',')}[,weightGrams]`))
  it('may leave out the optional and come in any order', () =>
    assert.deepEqual(columnPositions(required.toReversed(), productsHeader), [4, 3, 2, 1, 0, -1]))
  for (const [fault, found] of [
    ['missing: currency', required.slice(0, 4)],
    [`unknown or doubled: 'colour'`, [...required, 'colour']],
    [`unknown or doubled: 'price'`, [...required, 'price']],
  ] as const) {
    it(`is refused: ${fault}`, () =>
      assert.throws(
        () => columnPositions(found, productsHeader),
        (error) => error instanceof WrongHeader && error.message.includes(fault),
      ))
  }
})

describe('A record', () => {
  it('is nothing when its line is empty', () => assert.equal(csvRow(2, [''], 2, [0, 1]), undefined))
  it('is broken with a NUL in it', () => assert.match(csvRow(2, ['a\0', 'b'], 2, [0, 1])?.broken ?? '', /NUL/))
  it('gives an optional column that is not there as empty', () =>
    assert.deepEqual(csvRow(2, ['a'], 1, [0, -1]), { row: 2, fields: ['a', ''] }))
})
