/** What a careless or hostile caller sends to `/v1`: each is a 4xx problem that names the field, and nothing is half-written. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { verifyShop } from '../../src/cli/verify.ts'
import { signCursor } from '../../src/platform/http/cursors.ts'
import { SmallShop } from '../support/shop.ts'
import { ownerKey, type Answered } from '../support/waybill.ts'

type ProblemSeen = Readonly<{ code: string; status: number; type: string; detail: string; errors?: readonly { pointer: string }[] }>

const good = () => ({
  lines: [{ sku: 'mug', quantity: 1 }],
  customer: { email: 'anna@example.com', name: 'Anna' },
  shippingAddress: { country: 'GB', postalCode: 'LS1 4AP', lines: ['1 High St'], city: 'Leeds' },
})
const withLine = (more: object) => ({ ...good(), lines: [{ sku: 'mug', quantity: 1, ...more }] })
const withQuantity = (text: string) => JSON.stringify(withLine({ quantity: 'Q' })).replace('"Q"', text)
const withPrice = (text: string) => JSON.stringify(withLine({ unitPrice: 'P' })).replace('"P"', text)

/** Name, body, status, and the pointer to the field where one is at fault. */
type Bad = readonly [name: string, body: unknown, status: number | readonly number[], pointer?: string]

const quantities: readonly Bad[] = [
  '0',
  '-1',
  '-0',
  '1.5',
  '1e9',
  '1000001',
  '1e400',
  '"2"',
  'true',
  '[]',
  '{}',
  'null',
  '9007199254740993',
].map((text) => [`a quantity of ${text}`, withQuantity(text), 400, '/lines/0/quantity'])
const prices: readonly Bad[] = [
  ...['-1', '0.1', '"10"', '"10,00"', 'null', '1e400', '9007199254740993', '[500]'].map(
    (text): Bad => [`a price of ${text}`, withPrice(text), 400, '/lines/0/unitPrice'],
  ),
  ['a price that differs from the catalogue', withPrice('499'), 422, '/lines/0/unitPrice'],
  ['a price of nothing', withPrice('0'), 422, '/lines/0/unitPrice'],
]
const fields: readonly Bad[] = [
  ['an unknown product', withLine({ sku: 'teapot' }), 422, '/lines/0/sku'],
  ['a product id of another shape', withLine({ sku: "' or 1=1--" }), 400, '/lines/0/sku'],
  ['a product id without end', withLine({ sku: 'x'.repeat(65) }), 400, '/lines/0/sku'],
  ['a product id of nothing', withLine({ sku: '' }), 400, '/lines/0/sku'],
  ['no lines', { ...good(), lines: [] }, 400, '/lines'],
  ['lines that are none', { ...good(), lines: { sku: 'mug', quantity: 1 } }, 400, '/lines'],
  ['too many lines', { ...good(), lines: Array.from({ length: 2_001 }, () => ({ sku: 'mug', quantity: 1 })) }, 400, '/lines'],
  ['an unknown field', { ...good(), colour: 'red' }, 400, '/colour'],
  ['an unknown field of a line', withLine({ total: 1 }), 400, '/lines/0/total'],
  ['a status of its own', { ...good(), status: 'paid' }, 400, '/status'],
  ['a total of its own', { ...good(), totals: { total: 1 } }, 400, '/totals'],
  ['a role of its own', { ...good(), role: 'owner' }, 400, '/role'],
  ['an address without country', { ...good(), shippingAddress: { postalCode: 'LS1 4AP' } }, 400, '/shippingAddress/country'],
  ['an address in no country', { ...good(), shippingAddress: { country: 'XX' } }, 422, '/shippingAddress/country'],
  ['a country in small letters', { ...good(), shippingAddress: { country: 'gb' } }, 400, '/shippingAddress/country'],
  ['an e-mail address that is none', { ...good(), customer: { email: 'anna' } }, 400, '/customer/email'],
  ['an e-mail address with a second header', { ...good(), customer: { email: 'a@b.c\r\nBcc: d@e.f' } }, 400, '/customer/email'],
  ['a name without end', { ...good(), customer: { name: 'x'.repeat(201) } }, 400, '/customer/name'],
  ['a currency that is none', { ...good(), currency: 'pounds' }, 400, '/currency'],
  ['a currency without a price', { ...good(), currency: 'PLN' }, 422],
  ['an unknown promotion code', { ...good(), promotionCodes: ['FREE'] }, 422],
  ['an unknown delivery method', { ...good(), shippingMethod: 'teleport' }, 422],
  ['a wish that is none', { ...good(), onShortage: 'steal' }, 400],
  ['a user id of another shape', { ...good(), userId: '../admin' }, 400, '/userId'],
  ['an outside id of another shape', { ...good(), externalRef: 'a/b' }, 400, '/externalRef'],
  ['more than there is', withLine({ quantity: 1_000_000 }), 409, '/lines/0/quantity'],
]
const nul = 'a\u0000b'
const lone = '\ud800'
const texts: readonly Bad[] = [
  ['a NUL in a name', { ...good(), customer: { name: nul } }, 400, '/customer/name'],
  ['a NUL in an e-mail address', { ...good(), customer: { email: `${nul}@example.com` } }, 400, '/customer/email'],
  ['a NUL in a note', { ...good(), notes: nul }, 400, '/notes'],
  ['a NUL in an address', { ...good(), shippingAddress: { country: 'GB', city: nul } }, 400, '/shippingAddress/city'],
  ['a NUL in a list', { ...good(), shippingAddress: { country: 'GB', lines: ['1', nul] } }, 400, '/shippingAddress/lines/1'],
  ['a NUL in a field’s name', { ...good(), [nul]: 1 }, 400],
  ['half of a character', JSON.stringify({ ...good(), customer: { name: lone } }), 400, '/customer/name'],
]
const documents: readonly Bad[] = [
  ['no body', '', 400],
  ['broken JSON', '{"lines": [', 400],
  ['JSON with something behind it', `${JSON.stringify(good())} x`, 400],
  ['comments in JSON', '{/* hello */}', 400],
  ['a list instead of an object', [good()], 400],
  ['null', 'null', 400],
  ['a text', '"lines"', 400],
  ['a number', '1', 400],
  ['a prototype', `{"__proto__": {"role": "owner"}, ${JSON.stringify(good()).slice(1)}`, 400],
  ['a constructor', `{"constructor": {"prototype": {"role": "owner"}}, ${JSON.stringify(good()).slice(1)}`, 400],
  ['JSON that is deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 400],
  ['an object that is deep', `{"lines":${'[{"sku":'.repeat(20_000)}1${'}]'.repeat(20_000)}}`, 400],
  ['a body of two megabytes', { ...good(), notes: 'x'.repeat(2_000_000) }, 413],
  ['not a number', '{"lines":[{"sku":"mug","quantity":NaN}]}', 400],
]

describe('Bad input', () => {
  let shop: SmallShop
  const tables = [
    'orders.orders',
    'platform.journal',
    'platform.keys',
    'platform.people',
    'platform.tasks',
    'inventory.ledger',
    'inventory.holdings',
    'inventory.waiting',
  ]
  const counts = async (): Promise<Record<string, number>> => {
    await shop.waybill.shop.settled()
    const counted: Record<string, number> = {}
    for (const table of tables) {
      const [row] = await shop.waybill.shop.database.read<{ n: number }>(`select count(*) as n from ${table}`)
      counted[table] = row?.n ?? 0
    }
    return counted
  }

  before(async () => {
    shop = await SmallShop.open()
    await shop.stock('mug', 50)
    await shop.waybill.shop.settled()
  })
  after(() => shop.close())

  const refuses = ({ status, headers, body }: Answered, expected: number | readonly number[], pointer?: string): ProblemSeen => {
    const said = JSON.stringify(body)
    assert.ok([expected].flat().includes(status), `${status} ${said}`)
    assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/)
    const problem = body as ProblemSeen
    assert.equal(problem.status, status)
    assert.ok(problem.code !== '' && problem.type.endsWith(problem.code.replaceAll('_', '-')) && problem.detail !== '', said)
    if (pointer !== undefined)
      assert.ok(
        problem.errors?.some((error) => error.pointer === pointer),
        said,
      )
    assert.doesNotMatch(said, /node_modules|at .*\.ts:|select |insert /)
    return problem
  }

  for (const [title, cases] of Object.entries({ quantities, prices, fields, texts, documents })) {
    it(`in ${title} is refused, names its field and leaves nothing`, async (context) => {
      const before = await counts()
      for (const [name, body, status, pointer] of cases)
        await context.test(name, async () => {
          refuses(await shop.waybill.ask('POST', '/v1/orders', body), status, pointer)
        })
      assert.deepEqual(await counts(), before)
    })
  }

  it('in headers is refused', async () => {
    const before = await counts()
    const body = JSON.stringify(good())
    const ask = (headers: Readonly<Record<string, string>>, key?: string | null) =>
      shop.waybill.ask('POST', '/v1/orders', body, { headers, ...(key === undefined ? {} : { key }) })
    refuses(await ask({ 'content-type': 'text/xml' }), 415)
    refuses(await ask({ 'content-type': 'text/plain' }), 415)
    refuses(await ask({ 'idempotency-key': '' }), 400)
    refuses(await ask({ 'idempotency-key': 'x'.repeat(256) }), 400)
    refuses(await ask({}, null), 401)
    refuses(await ask({}, 'nobody'), 401)
    refuses(await ask({ 'content-encoding': 'gzip' }), [400, 415])
    assert.deepEqual(await counts(), before)
  })

  it('in paths and queries is refused', async () => {
    const { ask } = shop.waybill
    for (const id of ['1', 'x', '%00', '..%2f..', "'%20or%201=1--", '0193b7a0-0000-7000-8000-00000000000g'])
      refuses(await ask('GET', `/v1/orders/${id}`), [400, 404])
    refuses(await ask('GET', '/v1/orders/0193b7a0-0000-7000-8000-000000000000'), 404)
    for (const query of [
      'limit=-1',
      'limit=0',
      'limit=1e9',
      'limit=x',
      'status=sold',
      'after=zzz',
      'number=1.5',
      'sort=id;drop',
      'placedAt[gte]=x',
    ])
      refuses(await ask('GET', `/v1/orders?${query}`), 400)
    for (const query of [
      'email=%00',
      'q=%00',
      'userId=%00',
      'externalRef=%00',
      'number=99999999999999999999',
      'placedAt[gte]=2026-99-99',
    ])
      refuses(await ask('GET', `/v1/orders?${query}`), 400)
    assert.equal((await ask('GET', `/v1/orders?q=${encodeURIComponent("%' or 1=1 --")}`)).status, 200)
    refuses(await ask('GET', '/v1/nothing'), 404)
    refuses(await ask('DELETE', '/v1/orders'), [404, 405])
  })

  it('that is a cursor of another list is refused by every list that goes by ids', async () => {
    const { ask } = shop.waybill
    type Described = { paths: Record<string, { get?: { parameters?: readonly { name: string }[] } }> }
    const { paths } = (await ask('GET', '/openapi.json')).body as Described
    const lists = Object.keys(paths).filter((path) => paths[path]?.get?.parameters?.some(({ name }) => name === 'after'))
    assert.ok(lists.length >= 9, lists.join(' '))
    for (const list of lists) {
      const path = list.replaceAll(/\{\w+\}/g, '0193b7a0-0000-7000-8000-000000000000')
      const answer = await ask('GET', `${path}?after=${signCursor('mug')}`)
      // These go by names, and any name is one to go on from.
      if (['/v1/products', '/v1/promotions'].includes(path)) assert.equal(answer.status, 200, path)
      else assert.equal(refuses(answer, 400).code, 'cursor_invalid', path)
    }
  })

  it('in steps of an order is refused, and the order stays as it was', async () => {
    const order = await shop.placed('mug', 2)
    await shop.waybill.shop.settled()
    const { version } = await shop.order(order.id)
    const before = await counts()
    const step = (path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
      shop.waybill.ask('POST', `/v1/orders/${order.id}/${path}`, body, { headers })
    refuses(await step('cancel', { lines: [{ id: 'oli_9', quantity: 1 }] }), 422)
    refuses(await step('cancel', { lines: [{ id: 'line one', quantity: 1 }] }), 422, '/lines/0/id')
    refuses(await step('cancel', { lines: [{ id: 'oli_1', quantity: 0 }] }), 400, '/lines/0/quantity')
    refuses(await step('cancel', { lines: [{ id: 'oli_1', quantity: 3 }] }), 409)
    const twice = { id: 'oli_1', quantity: 2 }
    refuses(await step('cancel', { lines: [twice, twice] }), 409)
    refuses(await step('cancel', { lines: [] }), 400, '/lines')
    refuses(await step('cancel', { refund: 'double' }), 400)
    refuses(await step('cancel', {}, { 'idempotency-key': '' }), 400)
    refuses(await step('cancel', {}, { 'if-match': 'yesterday' }), 400)
    refuses(await step('holds', { kind: 'Fraud!' }), 400, '/kind')
    refuses(await step('release', { hold: 'nothing' }), 404)
    refuses(await step('notes', { text: '' }), 400, '/text')
    refuses(await step('notes', { text: nul }), 400, '/text')
    assert.equal((await shop.order(order.id)).version, version)
    assert.deepEqual(await counts(), before)
  })

  it('in stock and catalogue is refused', async () => {
    const before = await counts()
    const { ask } = shop.waybill
    const receipt = (more: object) => ask('POST', '/v1/stock/receipts', { sku: 'mug', warehouse: 'leeds', quantity: 1, ...more })
    for (const quantity of [0, -1, 1.5, 1e10, '1', null]) refuses(await receipt({ quantity }), 400, '/quantity')
    refuses(await receipt({ sku: 'teapot' }), 422, '/sku')
    refuses(await receipt({ warehouse: 'atlantis' }), 422, '/warehouse')
    refuses(await receipt({ reference: nul }), 400, '/reference')
    const adjust = (more: object) =>
      ask('POST', '/v1/stock/adjustments', { sku: 'mug', warehouse: 'leeds', reason: 'count', ...more })
    refuses(await adjust({}), 400, '/by')
    refuses(await adjust({ by: 1, onHand: 1 }), 400, '/by')
    refuses(await adjust({ by: -1_000_000 }), 409)
    refuses(await adjust({ onHand: -1 }), 400, '/onHand')
    refuses(await ask('PUT', '/v1/products/mug', { name: nul, unitPrice: 1, currency: 'GBP' }), 400, '/name')
    refuses(await ask('PUT', '/v1/products/mug', { name: 'x', unitPrice: 1.5, currency: 'GBP' }), 400, '/unitPrice')
    refuses(await ask('GET', '/v1/stock/%00'), [400, 404])
    assert.deepEqual(await counts(), before)
  })

  it('too much in one level is refused, not an overflow', async () => {
    const receipt = () =>
      shop.waybill.ask('POST', '/v1/stock/receipts', { sku: 'cap', warehouse: 'leeds', quantity: 1_000_000_000 })
    await shop.stock('cap', 0)
    const first = await receipt()
    assert.ok(first.status === 201 || first.status === 400, String(first.status))
    if (first.status !== 201) return
    const answers = [await receipt(), await receipt()]
    for (const answer of answers) if (answer.status !== 201) refuses(answer, [409, 422])
  })

  it('sent by hand over a socket is refused, and the server goes on', async () => {
    const address = new URL(shop.waybill.url)
    const raw = (text: string): Promise<string> =>
      new Promise((resolve) => {
        let said = ''
        const socket = connect(Number(address.port), address.hostname, () => socket.end(text))
        socket.setEncoding('utf8').on('data', (part: string) => (said += part))
        socket.once('close', () => resolve(said))
        // A reset is an answer too.
        socket.once('error', () => resolve(said))
      })
    const head = `POST /v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ownerKey}\r\nIdempotency-Key: raw\r\nContent-Type: application/json\r\n`
    const before = await counts()
    for (const text of [
      `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}`,
      `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}`,
      `${head}X: ${'y'.repeat(70_000)}\r\n\r\n`,
      `${head}Content-Length: 100\r\n\r\n{"lines":`,
      'nonsense\r\n\r\n',
    ])
      assert.doesNotMatch(await raw(text), /^HTTP\/1\.1 (2|5)/)
    assert.deepEqual(await counts(), before)
    assert.equal((await shop.waybill.ask('GET', '/v1/orders')).status, 200)
  })

  it('leaves a shop that adds up, with no event that nobody can handle', async () => {
    const strange = { name: 'Żółć 漢字 🧶 \u202e "quoted" \\ <script>', email: 'o\'brien+"x"@example.com' }
    const placed = await shop.place([{ sku: 'mug', quantity: 1 }], { customer: strange, notes: 'line\nline\t{{7*7}} ${x} \u001f' })
    assert.equal(placed.status, 201)
    await shop.waybill.shop.settled()
    const parked = await shop.waybill.shop.database.read<{ reason: string }>('select reason from platform.parked')
    assert.deepEqual(parked, [])
    assert.deepEqual((await verifyShop(shop.waybill.shop)).differences, [])
  })
})
