/** Policies in memory and on PostgreSQL: the same life, the same choice, the same figures of shadows. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { Policies } from '../../src/inventory/policies-service.ts'
import { memoryPolicies, type PolicyRepository, postgresPolicies, type ShadowRow } from '../../src/inventory/policies-store.ts'
import { isRefusal } from '../../src/kernel/decider.ts'
import type { Instant } from '../../src/kernel/ids.ts'
import { Database } from '../../src/platform/postgres/database.ts'
import { migrate } from '../../src/platform/postgres/migrations.ts'
import { MemoryRecords } from '../../src/platform/records/memory.ts'
import { PostgresRecords } from '../../src/platform/records/postgres.ts'
import type { Records } from '../../src/platform/records/records.ts'
import { MemoryBatches } from '../../src/platform/store/memory.ts'
import type { Batches } from '../../src/platform/store/work.ts'
import { testDatabase } from '../support/database.ts'

type Basis = Readonly<{ batches: Batches; records: Records; repository: PolicyRepository; close: () => Promise<void> }>

const onMemory = (): Promise<Basis> =>
  Promise.resolve({
    batches: new MemoryBatches(),
    records: new MemoryRecords(),
    repository: memoryPolicies(),
    close: () => Promise.resolve(),
  })
const onPostgres = async (): Promise<Basis> => {
  const test = await testDatabase()
  const client = new pg.Client(test.config)
  await client.connect()
  const folders = ['platform', 'inventory'].map((room) => ({
    room,
    folder: new URL(`../../src/${room}/migrations`, import.meta.url).pathname,
  }))
  await migrate(client, folders, () => undefined)
  await client.end()
  const database = new Database(test.config, () => undefined)
  return {
    batches: database,
    records: new PostgresRecords(database),
    repository: postgresPolicies(database),
    close: async () => {
      await database.close()
      await test.drop()
    },
  }
}

const by = 'owner:ada'
const origin = { actor: by }
const standard = { shippingMethod: 'standard', country: 'GB' }

for (const [where, open] of [
  ['in memory', onMemory],
  ['on PostgreSQL', onPostgres],
] as const) {
  describe(`Policies ${where}`, () => {
    let basis: Basis
    let policies: Policies
    const another = (): Policies =>
      new Policies({ ...basis, now: () => '2026-11-24T09:00:00.000Z' as Instant, committed: () => undefined })
    before(async () => {
      basis = await open()
      policies = another()
    })
    after(() => basis.close())

    const draft = (name: string, body: Readonly<Record<string, unknown>> = {}, key?: string) =>
      policies.handle(
        { do: 'draft', name, body: { name, ...body }, by },
        origin,
        key === undefined ? undefined : { scope: 'test', key, hash: JSON.stringify(body) },
      )
    const move = (name: string, version: number, to: 'shadow' | 'live' | 'retired') =>
      policies.handle({ do: 'move', name, version, to, by }, origin)
    const chosen = (facts: Partial<Parameters<Policies['choose']>[0]> = {}) => {
      const { policy, shadows } = policies.choose({ ...standard, ...facts })
      return [policy.id, ...shadows.map(({ id }) => id)].join()
    }
    const stages = async (name: string) =>
      (await policies.read())
        .find((each) => each.name === name)
        ?.versions.map(({ version, stage }) => `${version} ${stage}`)
        .join()

    it('are the presets before anything was set up', async () => {
      assert.deepEqual(
        (await policies.read()).map(({ name }) => name),
        ['cheapest', 'closest', 'fastest', 'fewestSplits', 'consolidate', 'loadBalanced'],
      )
      assert.deepEqual([chosen(), chosen({ shippingMethod: 'express' })], ['cheapest@1', 'fastest@1'])
      assert.equal((await policies.at('closest@1'))?.weights.km, 100)
      assert.equal(await policies.at('closest@2'), undefined)
    })
    it('go live, and every process sees it', async () => {
      await draft('own', { priority: 10, when: { countries: ['GB'] } })
      assert.equal(chosen(), 'cheapest@1')
      await move('own', 1, 'live')
      assert.deepEqual([chosen(), chosen({ country: 'FR' })], ['own@1', 'cheapest@1'])
      const other = another()
      await other.read()
      assert.equal(other.choose(standard).policy.id, 'own@1')
    })
    it('change hands in one step, and back', async () => {
      await draft('own', { priority: 11 })
      await move('own', 2, 'live')
      assert.deepEqual([chosen(), await stages('own')], ['own@2', '1 retired,2 live'])
      await policies.handle({ do: 'rollBack', name: 'own', version: 2, by }, origin)
      assert.deepEqual([chosen(), await stages('own')], ['own@1', '1 live,2 retired'])
      await move('own', 1, 'retired')
      assert.equal(chosen(), 'cheapest@1')
      assert.equal((await policies.at('own@2'))?.priority, 11)
    })
    it('run in shadow for the orders they would be chosen for', async () => {
      await draft('cheapest', { priority: 1000, weights: { money: 1 } })
      await move('cheapest', 2, 'shadow')
      await draft('later', { priority: 1000, when: { countries: ['GB'] } })
      await move('later', 1, 'shadow')
      assert.deepEqual([chosen(), chosen({ shippingMethod: 'express' })], ['cheapest@1,cheapest@2', 'fastest@1'])
      await draft('sooner', { priority: 999, when: { countries: ['GB'] } })
      await move('sooner', 1, 'shadow')
      assert.deepEqual([chosen(), chosen({ country: 'FR' })], ['cheapest@1,sooner@1,cheapest@2', 'cheapest@1,cheapest@2'])
    })
    it('get one number each when drafted at once', async () => {
      const made = await Promise.all(Array.from({ length: 5 }, () => draft('crowd')))
      assert.ok(made.every((outcome) => !isRefusal(outcome)))
      assert.equal(await stages('crowd'), '1 draft,2 draft,3 draft,4 draft,5 draft')
    })
    it('are made once for one key', async () => {
      const first = await draft('keyed', {}, 'once')
      const again = await draft('keyed', {}, 'once')
      const reused = await draft('keyed', { priority: 5 }, 'once')
      assert.deepEqual([isRefusal(first), !isRefusal(again) && again.replayed], [false, true])
      assert.equal(isRefusal(reused) ? reused.refused : '', 'idempotency_key_reused')
      assert.equal(await stages('keyed'), '1 draft')
    })
    it('are not made without end', async () => {
      const known = (await policies.read()).length
      for (let k = known; k < 200; k++) assert.ok(!isRefusal(await draft(`many${k}`)))
      const beyond = await draft('beyond')
      assert.deepEqual([isRefusal(beyond) ? beyond.refused : '', isRefusal(await draft('own'))], ['policy_versions_full', false])
    })
    it('decide by the built-in `cheapest` when nothing live matches', async () => {
      await move('cheapest', 1, 'retired')
      assert.equal(policies.choose(standard).policy.id, 'cheapest@1')
    })
    it('add the figures of shadows up over days', async () => {
      const row = (day: string, costDifference: number): ShadowRow => ({
        policy: 'sooner@1',
        day,
        orders: 2,
        skipped: 1,
        differently: 1,
        unfilledDifference: 0,
        costDifference,
        parcelsDifference: 1,
        transfersDifference: -1,
      })
      await basis.repository.addShadow([row('2026-11-24', -300), row('2026-11-25', 100)])
      await basis.repository.addShadow([row('2026-11-25', 50)])
      assert.deepEqual(Object.fromEntries(await basis.repository.shadowSums(['sooner@1', 'nobody@1'])), {
        'sooner@1': {
          days: 2,
          orders: 6,
          skipped: 3,
          differently: 3,
          unfilledDifference: 0,
          costDifference: -150,
          parcelsDifference: 3,
          transfersDifference: -3,
        },
      })
    })
  })
}
