/** The catalogue on both of its stores: one suite, so that what a test in memory shows is true of PostgreSQL. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Catalog } from '../../src/catalog/service.ts'
import { MemoryCatalog } from '../../src/catalog/store.memory.ts'
import { type CatalogStores, PostgresCatalog } from '../../src/catalog/store.ts'
import type { ProductDraft } from '../../src/catalog/product.ts'
import { isRefusal } from '../../src/kernel/decider.ts'
import type { Instant, Sku } from '../../src/kernel/ids.ts'
import { instant } from '../../src/kernel/time.ts'
import { Database } from '../../src/platform/postgres/database.ts'
import { migrate } from '../../src/platform/postgres/migrations.ts'
import { MemoryRecords } from '../../src/platform/records/memory.ts'
import { PostgresRecords } from '../../src/platform/records/postgres.ts'
import type { Records } from '../../src/platform/records/records.ts'
import { MemoryBatches } from '../../src/platform/store/memory.ts'
import type { Batches } from '../../src/platform/store/work.ts'
import { testDatabase } from '../support/database.ts'

type World = Readonly<{ batches: Batches; records: Records; stores: CatalogStores; facts: () => Promise<readonly string[]> }>
type Kind = Readonly<{ name: string; open: () => Promise<World>; close: () => Promise<void> }>

const folder = (path: string): string => join(import.meta.dirname, '../../src', path, 'migrations')
const origin = { actor: 'test' }

const inMemory = (): Kind => ({
  name: 'memory',
  open: () => {
    const records = new MemoryRecords()
    const facts = () => Promise.resolve(records.journal.map(({ fact }) => fact.type))
    return Promise.resolve({ batches: new MemoryBatches(), records, stores: new MemoryCatalog(), facts })
  },
  close: () => Promise.resolve(),
})

const onPostgres = (): Kind => {
  let stop = (): Promise<void> => Promise.resolve()
  return {
    name: 'PostgreSQL',
    open: async () => {
      const { config, drop } = await testDatabase()
      const database = new Database(config, (fault) => assert.fail(fault))
      const client = await database.client()
      const rooms = [
        { room: 'platform', folder: folder('platform') },
        { room: 'catalog', folder: folder('catalog') },
      ]
      await migrate(client, rooms, () => undefined)
      await client.end()
      stop = async () => {
        await database.close()
        await drop()
      }
      const facts = async () =>
        (await database.read<{ type: string }>('select type from platform.journal order by position')).map(({ type }) => type)
      return { batches: database, records: new PostgresRecords(database), stores: new PostgresCatalog(database), facts }
    },
    close: () => stop(),
  }
}

const draft = (sku: string, unitPrice: number, more: Partial<ProductDraft> = {}): ProductDraft => ({
  sku: sku as Sku,
  name: `The ${sku}`,
  unitPrice,
  currency: 'GBP',
  ...more,
})

for (const kind of [inMemory(), onPostgres()]) {
  describe(`The catalogue on ${kind.name}`, () => {
    let world: World
    let clock = 0
    const open = (): Catalog => new Catalog({ ...world, clock: () => clock })
    before(async () => {
      world = await kind.open()
    })
    after(() => kind.close())

    it('adds, changes and leaves alone, each with its fact', async () => {
      const catalog = open()
      const save = async (price: number) => {
        const [outcome] = await catalog.save([draft('mug "x"'.replaceAll('"', '.'), price)], origin)
        assert.ok(outcome !== undefined && !isRefusal(outcome))
        return [outcome.change, outcome.row.version]
      }
      assert.deepEqual(await save(255), ['added', 1])
      assert.deepEqual(await save(255), ['none', 1])
      assert.deepEqual(await save(300), ['changed', 2])
      assert.deepEqual(await world.facts(), ['ProductAdded', 'ProductChanged'])
      assert.equal(catalog.product('mug .x.')?.unitPrice, 300)
    })

    it('keeps everything of a product', async () => {
      const full = draft('full', 100_000_000_000, {
        name: 'A "quoted", {braced} \\ name',
        description: "It's ☂\nnew line",
        grams: 7,
        whenSoldOut: 'preorder',
        lowStock: 0,
        components: [{ sku: 'mug .x.' as Sku, quantity: 3 }],
        prices: [{ currency: 'EUR', channel: 'web', unitPrice: 1 }],
      })
      await open().save([full], origin)
      assert.deepEqual(await world.stores.products.get(['full']), [{ ...full, archived: false, version: 1 }])
    })

    it('keeps what an import does not mention', async () => {
      await open().save([draft('full', 5)], origin)
      const [product] = await world.stores.products.get(['full'])
      assert.deepEqual(
        [product?.unitPrice, product?.whenSoldOut, product?.components.length, product?.version],
        [5, 'preorder', 1, 2],
      )
    })

    it('decides a batch in order: a product twice, a bundle of what came before it', async () => {
      const outcomes = await open().save(
        [draft('part', 1), draft('part', 2), draft('pack', 9, { components: [{ sku: 'part' as Sku, quantity: 2 }] })],
        origin,
      )
      assert.deepEqual(
        outcomes.map((outcome) => (isRefusal(outcome) ? outcome.refused : outcome.change)),
        ['added', 'changed', 'added'],
      )
      assert.equal((await world.stores.products.get(['part']))[0]?.version, 2)
    })

    it('refuses bundles of bundles and of nothing, and what no door may save', async () => {
      const contains = (sku: string) => ({ components: [{ sku: sku as Sku, quantity: 1 }] })
      const outcomes = await open().save(
        [
          draft('a', 1, contains('pack')),
          draft('b', 1, contains('nothing')),
          draft('part', 1, contains('full')),
          draft('bad/sku', 1),
          draft('c', -1),
          draft('d', 1.5),
          draft('e', 1, { name: 'nul \0' }),
        ],
        origin,
      )
      assert.deepEqual(
        outcomes.map((outcome) => (isRefusal(outcome) ? outcome.refused : outcome.change)),
        [
          'component_is_bundle',
          'component_unknown',
          'bundle_is_component',
          'product_invalid',
          'product_invalid',
          'product_invalid',
          'product_invalid',
        ],
      )
      assert.deepEqual(await world.stores.products.get(['a', 'b', 'c', 'd', 'e', 'bad/sku']), [])
    })

    it('refuses a stale version, and an archive of nothing', async () => {
      const catalog = open()
      const reason = async (...[commands]: [Parameters<Catalog['changeProducts']>[0]]) =>
        (await catalog.changeProducts(commands, origin)).map((outcome) =>
          isRefusal(outcome) ? outcome.refused : outcome.row.version,
        )
      assert.deepEqual(
        await reason([
          { do: 'save', draft: draft('part', 7), expected: 0 },
          { do: 'save', draft: draft('part', 7), expected: 1 },
          { do: 'save', draft: draft('part', 7), expected: 2 },
          { do: 'archive', sku: 'never' as Sku },
          { do: 'archive', sku: 'part' as Sku, expected: 2 },
        ]),
        ['version_required', 'version_mismatch', 3, 'product_not_found', 'version_mismatch'],
      )
    })

    it('pages and finds', async () => {
      const list = async (...[filter]: Parameters<CatalogStores['products']['list']>) =>
        (await world.stores.products.list(filter)).map(({ sku }) => sku)
      await open().changeProducts([{ do: 'archive', sku: 'pack' as Sku }], origin)
      assert.deepEqual(await list({ archived: false, limit: 2 }), ['full', 'mug .x.'])
      assert.deepEqual(await list({ archived: true, limit: 9, after: 'mug .x.' }), ['pack', 'part'])
      assert.deepEqual(await list({ archived: false, limit: 9, q: 'THE P' }), ['part'])
      assert.deepEqual(await list({ archived: false, limit: 9, q: '%' }), [])
    })

    it('shows another process’s change within a second, and its new product at once', async () => {
      const [here, there] = [open(), open()]
      await here.ensure([])
      assert.equal(here.product('seen'), undefined)
      await there.save([draft('seen', 1), draft('part', 70)], origin)
      await here.ensure(['seen'])
      assert.equal(here.product('seen')?.unitPrice, 1)
      assert.equal(here.product('part')?.unitPrice, 7)
      clock += 1_000
      await here.ensure([])
      assert.equal(here.product('part')?.unitPrice, 70)
    })

    it('lets two processes save the same new product, one after the other', async () => {
      const outcomes = await Promise.all([1, 2, 3, 4].map((price) => open().save([draft('raced', price)], origin)))
      const versions = outcomes.flat().map((outcome) => (isRefusal(outcome) ? 0 : outcome.row.version))
      assert.deepEqual(
        versions.toSorted((a, b) => a - b),
        [1, 2, 3, 4],
      )
    })

    it('prices with promotions, which stop when archived', async () => {
      const catalog = open()
      const promotion = { code: 'ten', kind: 'percent', value: 1_000, endsAt: '2027-01-01T00:00:00.000Z' as Instant } as const
      await catalog.changePromotions([{ do: 'save', draft: promotion }], origin)
      const stored = await world.stores.promotions.get(['TEN'])
      assert.deepEqual(stored, [
        {
          ...promotion,
          code: 'TEN',
          currency: null,
          startsAt: null,
          minimumSubtotal: 0,
          active: true,
          version: 1,
        },
      ])
      const price = async () => {
        await catalog.ensure(['seen'])
        const answer = catalog.price({
          lines: [{ sku: 'seen', quantity: 100 }],
          channel: 'web',
          promotionCodes: ['Ten'],
          shippingMethod: 'standard',
          at: instant(Date.parse('2026-11-21')),
        })
        return isRefusal(answer) ? answer.refused : answer.totals.total
      }
      assert.equal(await price(), 90)
      await catalog.changePromotions([{ do: 'archive', code: 'TEN' }], origin)
      assert.equal(await price(), 'promotion_unknown')
    })

    it('refuses promotions that cannot work', async () => {
      const outcomes = await open().changePromotions(
        [
          { do: 'save', draft: { code: 'X', kind: 'percent', value: 10_001 } },
          { do: 'save', draft: { code: 'X', kind: 'amount', value: 5 } },
          { do: 'save', draft: { code: 'X', kind: 'percent', value: 5, minimumSubtotal: 1 } },
        ],
        origin,
      )
      assert.ok(outcomes.every((outcome) => isRefusal(outcome) && outcome.refused === 'promotion_invalid'))
    })

    it('knows delivery methods', async () => {
      const catalog = open()
      await catalog.saveShippingMethod({ code: 'express', name: 'Express', price: 395, currency: 'GBP' })
      assert.deepEqual(
        (await world.stores.shippingMethods()).map(({ code, price }) => [code, price]),
        [
          ['express', 395],
          ['standard', 0],
        ],
      )
      assert.equal(catalog.cache.shippingMethod('express')?.price, 395)
    })
  })
}
