import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readRetailHistory, type HistoricalOrder, type RetailHistory } from './online-retail-service.ts'

type Row = Partial<
  Readonly<{
    invoice: string
    code: string
    name: string
    quantity: string
    at: string
    price: string
    customer: string
    country: string
  }>
>

/** Rows from their differences; the first is row 2 of the file, as in a spreadsheet. */
const read = (...rows: Row[]): Promise<RetailHistory> =>
  readRetailHistory(
    rows.map(
      ({ invoice = '536365', code = '85123A', name = 'HOLDER', quantity = '6.0', at = '2010-12-01 08:26:00', ...row }, index) => {
        const { price = '2.55', customer = '17850.0', country = 'United Kingdom' } = row
        return { row: index + 2, fields: [invoice, code, name, quantity, at, price, customer, country] }
      },
    ),
  )
const orders = async (...rows: Row[]): Promise<HistoricalOrder[]> => [...(await read(...rows)).orders()]
const reasons = async (...rows: Row[]): Promise<string[]> =>
  (await read(...rows)).rejected.map(({ row, reason }) => `${row} ${reason}`)
const lineOf = async (...rows: Row[]) =>
  (await orders(...rows)).flatMap(({ externalRef, lines }) => lines.map((line) => ({ externalRef, ...line })))

describe('Reading an invoice', () => {
  it('makes an order of its lines, numbers as the tool before us wrote them', async () => {
    assert.deepEqual(await orders({}), [
      {
        externalRef: '536365',
        at: '2010-12-01T08:26:00.000Z',
        country: 'United Kingdom',
        currency: 'GBP',
        customer: '17850',
        lines: [
          {
            row: 2,
            code: '85123A',
            description: 'HOLDER',
            quantity: 6,
            unitPrice: 255,
            kind: 'product',
            cancelled: 0,
            cancels: [],
            returns: [],
          },
        ],
      },
    ])
  })
  it('keeps identical rows as lines of their own', async () => assert.equal((await orders({}, {}))[0]?.lines.length, 2))
  it('groups by number, not by adjacency', async () => {
    const found = await orders({ invoice: '536365' }, { invoice: '536366' }, { invoice: '536365', code: '71053' })
    assert.deepEqual(
      found.map(({ externalRef, lines }) => [externalRef, lines.map(({ row }) => row)]),
      [
        ['536365', [2, 4]],
        ['536366', [3]],
      ],
    )
  })
  it('lets the first of two times count', async () => {
    assert.equal((await orders({ at: '2010-12-01 08:27:00' }, { at: '2010-12-01 08:26:00' }))[0]?.at, '2010-12-01T08:27:00.000Z')
  })
  it('reads the time on the clocks of London, in summer an hour ahead', async () => {
    assert.equal((await orders({ at: '2011-03-28 09:00:00' }))[0]?.at, '2011-03-28T08:00:00.000Z')
  })
  it('hands the orders out oldest first, as often as asked', async () => {
    const history = await read({ invoice: '536367', at: '2010-12-02 08:00:00' }, { invoice: '536366' }, { invoice: '536365' })
    const once = () => [...history.orders()].map(({ externalRef }) => externalRef)
    assert.deepEqual(once(), ['536365', '536366', '536367'])
    assert.deepEqual(once(), ['536365', '536366', '536367'])
  })
  it('knows a guest by the missing customer', async () =>
    assert.equal('customer' in ((await orders({ customer: '' }))[0] ?? {}), false))
  it('counts delivery charges in the total, and a code kept as written', async () => {
    const history = await read({ code: '85123a' }, { code: 'POST', quantity: '2.0', price: '18.0' })
    assert.equal(history.counts.totalMinor, 6 * 255 + 2 * 1800)
    assert.deepEqual(
      [...history.orders()][0]?.lines.map(({ code, kind }) => [code, kind]),
      [
        ['85123a', 'product'],
        ['POST', 'delivery'],
      ],
    )
  })
  it('says what each product was last called and last cost', async () => {
    const { products } = await read(
      { name: 'OLD', at: '2010-12-03 08:00:00', price: '3.0' },
      { name: 'OLDER' },
      { code: '71053', name: ' ' },
    )
    assert.deepEqual(products, [
      { code: '71053', name: '71053', lastPrice: 255 },
      { code: '85123A', name: 'OLD', lastPrice: 300 },
    ])
  })
})

describe('Rejecting a row', () => {
  const cases: readonly (readonly [string, Row])[] = [
    ['invoice_number', { invoice: 'A563185' }],
    ['invoice_number', { invoice: '5363650' }],
    ['code_not_sold', { code: 'M' }],
    ['code_not_sold', { code: 'bank charges' }],
    ['code_not_sold', { invoice: 'C536365', code: 'D', quantity: '-1.0' }],
    ['price_not_positive', { price: '0.0' }],
    ['price_not_positive', { price: '-11062.06' }],
    ['price_not_whole_pence', { price: '0.001' }],
    ['quantity_not_positive', { quantity: '0.0' }],
    ['quantity_not_positive', { quantity: '-6.0' }],
    ['quantity_not_negative', { invoice: 'C536365' }],
    ['malformed', { quantity: '1.5' }],
    ['malformed', { quantity: '' }],
    ['malformed', { price: '1e3' }],
    ['malformed', { at: '2011-02-30 08:00:00' }],
    ['malformed', { code: '' }],
  ]
  for (const [reason, row] of cases) {
    it(`says ${reason} of ${JSON.stringify(row)}`, async () => assert.deepEqual(await reasons(row), [`2 ${reason}`]))
  }
  it('rejects an invoice of delivery charges alone, whatever was rejected beside them', async () => {
    assert.deepEqual(await reasons({ code: 'POST' }, { price: '0.0' }, { code: 'DOT' }), [
      '2 invoice_without_product',
      '3 price_not_positive',
      '4 invoice_without_product',
    ])
  })
  it('accounts for every row', async () => {
    const { counts } = await read({}, { code: 'M' }, { invoice: 'C536366', quantity: '-2.0', at: '2010-12-01 09:00:00' })
    const expected = {
      lines: 3,
      acceptedLines: 2,
      rejectedLines: 1,
      orders: 1,
      cancellationLines: 1,
      cancellationLinesMatched: 1,
      totalMinor: 1530,
    }
    assert.deepEqual(counts, expected)
  })
  it('rejects a row with too few fields and goes on', async () => {
    const { counts, rejected } = await readRetailHistory([
      { row: 2, fields: ['536365'], broken: '1 fields where the header has 8' },
    ])
    assert.deepEqual([counts.rejectedLines, rejected[0]?.reason], [1, 'malformed'])
  })
})

describe('Matching a cancellation', () => {
  const later = { invoice: 'C536400', quantity: '-4.0', at: '2010-12-05 10:00:00' }
  const at = '2010-12-05T10:00:00.000Z'

  it('is a cancel on the same day of London', async () => {
    const [line] = await lineOf({}, { ...later, at: '2010-12-01 23:59:00' })
    assert.deepEqual([line?.cancelled, line?.cancels.length, line?.returns], [4, 1, []])
  })
  it('is a return later', async () => {
    const [line] = await lineOf({}, later)
    assert.deepEqual([line?.cancelled, line?.returns], [0, [{ invoice: 'C536400', at, quantity: 4 }]])
  })
  it('takes the newest earlier invoice first, over several if needed', async () => {
    const second = { invoice: '536370', quantity: '3.0', at: '2010-12-02 08:00:00' }
    const after = { invoice: '536500', at: '2010-12-06 08:00:00' }
    const lines = await lineOf({}, second, later, after)
    assert.deepEqual(
      lines.map(({ externalRef, returns }) => [externalRef, returns.map(({ quantity }) => quantity)]),
      [
        ['536365', [1]],
        ['536370', [3]],
        ['536500', []],
      ],
    )
  })
  it('is matched wholly or not at all', async () => {
    assert.deepEqual(await reasons({}, { ...later, quantity: '-7.0' }), ['3 cancellation_unmatched'])
    assert.deepEqual((await lineOf({}, { ...later, quantity: '-7.0' }))[0]?.returns, [])
  })
  it('finds only what earlier cancellations have left, wherever they stand in the file', async () => {
    const rows = [{ ...later, at: '2010-12-06 10:00:00', invoice: 'C536401' }, {}, later]
    assert.deepEqual(await reasons(...rows), ['2 cancellation_unmatched'])
  })
  it('never takes from a later invoice, in the same minute by the number', async () => {
    assert.deepEqual(await reasons({}, { ...later, invoice: 'C536364', at: '2010-12-01 08:26:00' }), ['3 cancellation_unmatched'])
    assert.deepEqual(await reasons({}, { ...later, invoice: 'C536366', at: '2010-12-01 08:26:00' }), [])
  })
  it('keeps to the customer and to the code as written', async () => {
    assert.deepEqual(await reasons({}, { ...later, customer: '17851.0' }), ['3 cancellation_unmatched'])
    assert.deepEqual(await reasons({}, { ...later, code: '85123a' }), ['3 cancellation_unmatched'])
  })
  it('matches nothing for a guest', async () => {
    assert.deepEqual(await reasons({ customer: '' }, { ...later, customer: '' }), ['3 cancellation_unmatched'])
  })
  it('takes, of one invoice, the line at its own price first', async () => {
    const lines = await lineOf({ price: '2.95' }, { price: '2.55' }, later)
    assert.deepEqual(
      lines.map(({ returns }) => returns.length),
      [0, 1],
    )
  })
  it('takes back a delivery charge too', async () => {
    const lines = await lineOf({}, { code: 'POST', quantity: '1.0' }, { ...later, code: 'POST', quantity: '-1.0' })
    assert.deepEqual(
      lines.map(({ returns }) => returns.length),
      [0, 1],
    )
  })
})
