import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { addSeconds } from '../kernel/time.ts'
import type { Instant } from '../kernel/ids.ts'
import { CatalogCache } from './memory.ts'
import type { CatalogStores, RowRepository } from './store.ts'

const imported = '2026-11-21T10:00:00.000Z' as Instant

/** Rows without any content, of which somebody else says when they last changed. */
class ToldRows<Row> implements Pick<RowRepository<Row>, 'page' | 'get' | 'changedSince' | 'changes'> {
  now = imported
  tally = '10 10'
  looks = 0
  readonly asked: Instant[] = []
  /** A look goes on when this does. */
  gate: Promise<unknown> = Promise.resolve()
  page = () => Promise.resolve([])
  get = () => Promise.resolve([])
  changedSince = (at: Instant) => {
    this.asked.push(at)
    return Promise.resolve([])
  }
  changes = async () => {
    this.looks += 1
    const { tally, now } = this
    await this.gate
    return { tally, now }
  }
}

describe('The remembered catalogue', () => {
  let products: ToldRows<never>
  let cache: CatalogCache
  let clock: number
  const passes = (seconds: number): void => {
    clock += seconds * 1_000
    products.now = addSeconds(products.now, seconds)
  }

  beforeEach(async () => {
    products = new ToldRows()
    clock = 0
    const stores = { products, promotions: new ToldRows(), shippingMethods: () => Promise.resolve([]) } as unknown as CatalogStores
    cache = new CatalogCache(stores, () => clock)
    await cache.ensure([])
  })

  it('asks for what changed once, and again when more did', async () => {
    const look = async (tally: string): Promise<number> => {
      passes(1)
      products.tally = tally
      await cache.ensure([])
      return products.asked.length
    }
    assert.deepEqual(
      [await look('10 10'), await look('10 10'), await look('10 11'), await look('10 11'), await look('11 12')],
      [1, 1, 2, 2, 3],
    )
    assert.deepEqual(new Set(products.asked), new Set([addSeconds(imported, -60)]))
  })

  it('looks back as long as a batch that began before may still commit', async () => {
    for (const seconds of [1, 59, 1, 1, 1]) {
      passes(seconds)
      await cache.ensure([])
    }
    assert.deepEqual(products.asked, [addSeconds(imported, -60), addSeconds(imported, 1)])
  })

  it('looks while others go on with what is known, and lets nobody go on with what is older than a second', async () => {
    const gate = Promise.withResolvers<void>()
    products.gate = gate.promise
    passes(0.6)
    await cache.ensure([])
    assert.equal(products.looks, 1)
    passes(0.2)
    await cache.ensure([])
    assert.equal(products.looks, 2)
    passes(0.2)
    let went = false
    const going = cache.ensure([]).then(() => (went = true))
    await new Promise(setImmediate)
    assert.equal(went, false)
    gate.resolve()
    await going
    assert.equal(products.looks, 2)
  })
})
