/** Lists and searches of orders, page by page, and reads by id that share a statement. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { OrderId } from '../../src/kernel/ids.ts'
import { postgresListing } from '../../src/orders/listing-store.ts'
import { type Seen, SmallShop } from '../support/shop.ts'

type Page = Readonly<{ data: readonly Seen[]; page: Readonly<{ next: string | null }> }>
const customers = ['Anna Ash', 'Anna Beech', 'Bert Ash', 'Ödön Ash']

describe('Lists of orders', () => {
  let shop: SmallShop
  const placed: string[] = []
  before(async () => {
    shop = await SmallShop.open()
    await shop.stock('mug', 100)
    for (const [index, name] of customers.entries()) {
      const customer = { name, email: `${name.replace(' ', '.')}@Example.com` }
      const more = { customer, userId: index < 2 ? 'anna' : 'bert', externalRef: `ref-${index}` }
      placed.push((await shop.placed('mug', index + 1, more)).id)
    }
    await shop.waybill.shop.settled()
  })
  after(() => shop.close())

  const run = (text: string) => shop.waybill.shop.database.read(text)
  const page = async (query: string): Promise<Page> => {
    const { status, body } = await shop.waybill.ask('GET', `/v1/orders?${query}`)
    assert.equal(status, 200, JSON.stringify(body))
    return body as Page
  }
  /** All pages of a list, a row each. */
  const allOf = async (query: string): Promise<string[]> => {
    const ids: string[] = []
    let next: string | null = ''
    while (next !== null) {
      const { data, page: after }: Page = await page(`${query}&limit=1${next === '' ? '' : `&after=${next}`}`)
      ids.push(...data.map(({ id }) => id))
      next = after.next
    }
    return ids
  }
  const newest = () => placed.toReversed()

  it('show the newest first', async () => assert.deepEqual(await allOf(''), newest()))

  it('show every order once where many were placed at the same moment', async () => {
    await run(`update orders.listing set placed_at = '2026-01-01T00:00:00Z'`)
    for (const query of ['', 'status=received', 'status=received,paid', 'q=anna', 'placedAt[lt]=2026-02-01T00:00:00Z']) {
      const expected = query === 'q=anna' ? [placed[1], placed[0]] : newest()
      assert.deepEqual(await allOf(query), expected, query)
    }
  })

  it('go by the time at which orders were placed, not by the one at which they came here', async () => {
    await run(`update orders.listing set placed_at = '2026-01-01T00:00:00Z'::timestamptz - number * interval '1 hour'`)
    assert.deepEqual(await allOf(''), placed)
    assert.deepEqual(await allOf('status=received,paid'), placed)
  })

  it('find by the beginning of a name or an address, whatever its case', async () => {
    const found = async (text: string) =>
      (await allOf(`q=${encodeURIComponent(text)}`)).map((id) => placed.indexOf(id)).sort((a, b) => a - b)
    assert.deepEqual(await found('ANNA'), [0, 1])
    assert.deepEqual(await found('anna b'), [1])
    assert.deepEqual(await found('bert.ash@example'), [2])
    assert.deepEqual(await found('ödön'), [3])
    assert.deepEqual(await found('ash'), [])
    assert.deepEqual(await found('ref-1'), [1])
    assert.deepEqual(await found('%'), [])
  })

  it('find by number, also one that no number can be', async () => {
    const { number } = (await page('userId=bert&limit=1')).data[0] as unknown as { number: string }
    assert.equal((await allOf(`q=${number}`)).length, 1)
    assert.deepEqual(await allOf(`q=${'9'.repeat(40)}`), [])
  })

  it('ask for everything at once', async () => {
    assert.deepEqual(await allOf('userId=anna&status=received,paid&q=anna&externalRef=ref-0'), [placed[0]])
    assert.deepEqual(await allOf('userId=anna&status=completed'), [])
  })

  it('find no order by the id of something else', async () => {
    const [other] = (await run(`select stream from platform.journal where type <> 'OrderPlaced' and version = 1 limit 1`)) as {
      stream: string
    }[]
    for (let time = 0; time < 2; time++) assert.equal((await shop.waybill.ask('GET', `/v1/orders/${other?.stream}`)).status, 404)
  })

  it('leave a row alone that says what the order says', async () => {
    const { database } = shop.waybill.shop
    const id = (placed[0] ?? '') as OrderId
    const row = async () =>
      (await run(`select xmin::text as xmin, status, total::int as total from orders.listing where id = '${id}'`))[0]
    const before = await row()
    await database.save([postgresListing.changed([id])])
    assert.deepEqual(await row(), before)
    await run(`update orders.listing set status = 'paid', total = 1 where id = '${id}'`)
    await database.save([postgresListing.changed([id])])
    assert.deepEqual({ ...(await row()), xmin: '' }, { ...before, xmin: '' })
  })

  it('read by id, many at once, each its own', async () => {
    const asked = Array.from({ length: 100 }, (_, index) => placed[index % placed.length] ?? '')
    const answers = await Promise.all(asked.map((id) => shop.order(id)))
    assert.deepEqual(
      answers.map(({ id, lines }) => [id, lines[0]?.quantity['ordered']]),
      asked.map((id) => [id, placed.indexOf(id) + 1]),
    )
  })
})
