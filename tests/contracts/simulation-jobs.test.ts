/** Simulations as rows: one worked at a time, taken over from who died, kept within bounds; and orders read by who cannot write. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { isRefusal } from '../../src/kernel/decider.ts'
import type { Place, Sku } from '../../src/kernel/ids.ts'
import type { SimulationAsked } from '../../src/insights/simulation-job.ts'
import type { ShopReader } from '../../src/insights/simulation-question.ts'
import { keptMax, Simulations, waitingMax } from '../../src/insights/simulation-service.ts'
import { SimulationStore } from '../../src/insights/simulation-store.ts'
import { silentLog } from '../../src/platform/log.ts'
import { readOnlyClient } from '../../src/simulation-orders-store.ts'
import { cheapest, networkFaults } from '../../src/sourcing/contract.ts'
import { SmallShop } from '../support/shop.ts'
import { eventually } from '../support/waybill.ts'

describe('Simulations as jobs', () => {
  let shop: SmallShop
  let store: SimulationStore
  const question: SimulationAsked = { policies: [cheapest], orders: { last: 5 } }
  before(async () => {
    shop = await SmallShop.open()
    // Its own worker would take what these tests ask for.
    await shop.waybill.shop.simulating.simulations.stop()
    store = new SimulationStore(shop.waybill.shop.database)
  })
  after(() => shop.close())
  beforeEach(() => database().read('delete from insights.simulations'))
  const database = () => shop.waybill.shop.database
  const worker = (): Simulations => {
    const { simulating, records } = shop.waybill.shop
    const { shop: reader, network, zone } = simulating
    const faultsOf = networkFaults
    return new Simulations({
      store,
      batches: database(),
      records,
      shop: reader,
      network,
      faultsOf,
      zone,
      backlog: () => 0,
      log: silentLog,
    })
  }
  const ask = async (key = crypto.randomUUID()): Promise<string> => {
    const asked = await worker().ask(question, 'test', { scope: 'test', key, hash: '' })
    if (isRefusal(asked)) throw new Error(asked.refused)
    return asked.id
  }
  const expire = () =>
    database().read(`update insights.simulations set lease_until = now() - interval '1 second' where status = 'running'`)
  const until = (id: string, ...ends: readonly string[]) =>
    eventually(shop.waybill, `${id} to be ${ends.join(' or ')}`, async () =>
      ends.includes((await store.get(id))?.status ?? '') ? true : undefined,
    )

  it('are begun in the order in which they came, one at a time, by one of many', async () => {
    const [first, second] = [await ask(), await ask()]
    const claims = await Promise.all(Array.from({ length: 6 }, (_, index) => store.claim(`worker ${index}`, 30)))
    assert.deepEqual(
      claims.flatMap((claim) => claim?.id ?? []),
      [first],
    )
    const holder = `worker ${claims.findIndex((claim) => claim !== undefined)}`
    assert.equal(await store.end(first, holder, { error: 'enough' }), true)
    assert.equal((await store.claim('another', 30))?.id, second)
  })

  it('are begun again by another where the first one died, and the first one has no say any more', async () => {
    const id = await ask()
    await ask()
    assert.equal((await store.claim('dies', 30))?.attempt, 1)
    assert.equal(await store.claim('waits', 30), undefined)
    await expire()
    assert.deepEqual(await store.claim('goes on', 30), { id, attempt: 2, question: { ...question } })
    assert.equal(await store.report(id, 'dies', { done: 1, total: 5 }, 30), false)
    assert.equal(await store.end(id, 'dies', { error: 'late' }), false)
    assert.equal(await store.report(id, 'goes on', { done: 2, total: 5 }, 30), true)
    const { done, total } = (await store.get(id)) ?? {}
    assert.deepEqual([done, total], [2, 5])
  })

  it('are given back by who stops in order, without an attempt counted', async () => {
    const id = await ask()
    await store.claim('stops', 30)
    await store.release(id, 'stops')
    assert.equal((await store.claim('next', 30))?.attempt, 1)
  })

  it('fail clearly where they ended three processes', async () => {
    const id = await ask()
    for (const name of ['one', 'two', 'three']) {
      await store.claim(name, 30)
      await expire()
    }
    const fourth = worker()
    fourth.start()
    await until(id, 'failed')
    await fourth.stop()
    assert.match((await store.get(id))?.error ?? '', /begun 3 times.*ask for fewer orders/)
  })

  it('go on after a restart', async () => {
    await shop.stock('mug', 9)
    await shop.placed('mug', 1)
    const id = await ask()
    await store.claim('killed', 30)
    await expire()
    const again = worker()
    again.start()
    await until(id, 'done', 'failed')
    await again.stop()
    const { error, result } = (await store.get(id)) ?? {}
    assert.deepEqual([error, result?.orders], [null, 1])
  })

  it('are refused beyond those that wait, and forgotten beyond those that are kept', async () => {
    await database().read(
      `insert into insights.simulations (id, status, question, asked_by, asked_at, ended_at)
        select gen_random_uuid(), 'done', '{}', 'test', now(), now() - k * interval '1 minute' from generate_series(1, $1) as k`,
      [keptMax + 5],
    )
    await Promise.all(Array.from({ length: waitingMax }, () => ask()))
    const beyond = await worker().ask(question, 'test', { scope: 'test', key: 'beyond', hash: '' })
    assert.equal(isRefusal(beyond) && beyond.refused, 'simulations_full')
    const rows = await store.list()
    assert.equal(rows.filter((row) => row.status === 'done').length, keptMax)
    assert.equal(rows.filter((row) => row.status === 'queued').length, waitingMax)
  })
})

describe('Orders to simulate', () => {
  let shop: SmallShop
  before(async () => {
    shop = await SmallShop.open()
    await shop.stock('mug', 10)
    const receipt = { sku: 'mug', warehouse: 'york', quantity: 5 }
    assert.equal((await shop.waybill.ask('POST', '/v1/stock/receipts', receipt)).status, 201)
  })
  after(() => shop.close())
  const read = <Result>(use: (reader: ShopReader) => Promise<Result>) => shop.waybill.shop.simulating.shop(use)
  const places = ['leeds', 'york'] as Place[]

  it('are read on a connection on which nothing can be written', async () => {
    const client = await readOnlyClient(shop.waybill.shop.database)
    for (const text of [
      'update inventory.levels set on_hand = 0',
      'create table planted (id int)',
      "select nextval('orders.number')",
    ])
      await assert.rejects(client.query(text), /in a read-only transaction/, text)
    await client.end()
  })

  it('come in order of time, page by page, without what was cancelled', async () => {
    const ids: string[] = []
    for (const quantity of [1, 2, 3, 4]) ids.push((await shop.placed('mug', quantity)).id)
    const gone = await shop.placed('mug', 1)
    assert.equal((await shop.waybill.ask('POST', `/v1/orders/${gone.id}/cancel`, { reason: 'no' })).status, 200)
    await read(async (reader) => {
      const span = await reader.span({ last: 3 }, 10)
      assert.equal(span?.orders, 3)
      const first = (await span.page(undefined, 2)) ?? []
      const then = await span.page(first.at(-1)?.id, 2)
      assert.deepEqual(
        [...first, ...then].map(({ id, lines }) => [id, lines[0]?.quantity]),
        ids.slice(1).map((id, index) => [id, index + 2]),
      )
      assert.ok([...first, ...then].every(({ promised }) => /^\d{4}-\d\d-\d\d$/.test(promised ?? '')))
      assert.deepEqual(await span.demand(), [['mug', 9]])
    })
  })

  it('find the stock as it was without them: what is free now, and what they took', async () => {
    await read(async (reader) => {
      const span = await reader.span({ last: 50 }, 50)
      assert.equal(span?.orders, 4)
      const sum = (rows: readonly (readonly [Sku, Place, number])[]) => rows.reduce((all, [, , units]) => all + units, 0)
      const [free, taken] = [await reader.free(['mug' as Sku], places), await span.taken(places)]
      assert.deepEqual([sum(free), sum(taken)], [5, 10])
      for (const place of places) {
        const [now, back] = [free, taken].map((rows) => sum(rows.filter(([, at]) => at === place)))
        assert.equal((now ?? 0) + (back ?? 0), place === 'leeds' ? 10 : 5)
      }
    })
  })
})
