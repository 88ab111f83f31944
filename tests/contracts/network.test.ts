/** Warehouses and the network on PostgreSQL: versions that are kept for ever, what places have on their hands, failed reads. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { utilisationOf } from '../../src/inventory/network.ts'
import { wholeWarehouse } from '../../src/inventory/warehouse.ts'
import { Warehouses } from '../../src/inventory/warehouses-service.ts'
import { postgresWarehouses } from '../../src/inventory/warehouses-store.ts'
import type { Day, Place } from '../../src/kernel/ids.ts'
import { Database } from '../../src/platform/postgres/database.ts'
import { migrate } from '../../src/platform/postgres/migrations.ts'
import { PostgresRecords } from '../../src/platform/records/postgres.ts'
import type { Warehouse } from '../../src/sourcing/contract.ts'
import { testDatabase } from '../support/database.ts'
import { site as siteAt } from '../support/site.ts'

const site = (id: string, more: Partial<Warehouse> = {}): Warehouse => ({ ...siteAt(id, id, 53.8, -1.5), ...more })

describe('The network on PostgreSQL', () => {
  let database: Database
  let drop: () => Promise<void>
  const another = (): Warehouses =>
    new Warehouses({ ...shared(), store: postgresWarehouses(database), warn: (fault) => assert.fail(String(fault)) })
  const shared = () => ({ batches: database, records: new PostgresRecords(database), committed: () => undefined })
  const stored = async () =>
    (await database.read<{ version: string }>('select version from inventory.networks order by seen_at')).map(
      ({ version }) => version,
    )

  before(async () => {
    const test = await testDatabase()
    drop = test.drop
    const client = new pg.Client(test.config)
    await client.connect()
    const folders = ['platform', 'inventory'].map((room) => ({
      room,
      folder: new URL(`../../src/${room}/migrations`, import.meta.url).pathname,
    }))
    await migrate(client, folders, () => undefined)
    await client.end()
    database = new Database(test.config, () => undefined)
  })
  after(async () => {
    await database.close()
    await drop()
  })

  it('has no version while there is no warehouse', async () => {
    const warehouses = another()
    await warehouses.read()
    assert.deepEqual([warehouses.network.version, await stored()], ['', []])
  })

  it('gives back what was saved of a warehouse, and sourcing the same', async () => {
    const full = site('LDS', {
      holidays: { country: 'GB', state: 'ENG' },
      closedDays: ['2026-12-24' as Day],
      openDays: ['2026-12-19' as Day],
      unitsPerDay: 50,
      blockedCountries: ['FR'],
    })
    const warehouses = another()
    await warehouses.save([full, site('LON')])
    assert.deepEqual(await another().read(), [full, site('LON')])
  })

  it('has one version for one content, whoever reads it and whenever', async () => {
    const [first, second] = [another(), another()]
    await first.read()
    const { version } = first.network
    assert.match(version, /^[0-9a-f]{16}$/)
    await first.setTariffs({ lanes: 'listed' })
    const changed = first.network.version
    assert.notEqual(changed, version)
    await second.read()
    assert.equal(second.network.version, changed)
    await second.setTariffs({})
    assert.equal(second.network.version, version)
    assert.deepEqual((await stored()).slice(-2).toSorted(), [version, changed].toSorted())
  })

  it('keeps every version as it was', async () => {
    const warehouses = another()
    await warehouses.read()
    const before = warehouses.network
    await warehouses.save([site('LDS', { name: 'Leeds', cutOff: '09:00' })])
    assert.deepEqual(await warehouses.networkAt(before.version), before)
    assert.deepEqual(await another().networkAt(before.version), before)
    assert.equal(await another().networkAt('0000000000000000'), undefined)
  })

  it('tells its listeners of a change, once, and only after the version is kept', async () => {
    const warehouses = another()
    const heard: string[] = []
    warehouses.onChange(({ version }) => void heard.push(version))
    await warehouses.read()
    await warehouses.read()
    assert.deepEqual(heard, ['', warehouses.network.version])
    assert.ok((await stored()).includes(heard[1] ?? ''))
  })

  it('sums what places have on their hands where one has a capacity, and else asks for nothing', async () => {
    await database.read(
      `insert into inventory.levels (sku, place, on_hand, reserved) values ('mug', 'LDS', 9, 7), ('cup', 'LDS', 9, 3), ('mug', 'LON', 5, 0)`,
    )
    const warehouses = another()
    await warehouses.save([site('LDS')])
    assert.deepEqual([[...warehouses.backlog], utilisationOf(warehouses.network, warehouses.backlog)], [[], undefined])
    await warehouses.save([site('LDS', { unitsPerDay: 4 })])
    assert.deepEqual([...warehouses.backlog], [['LDS', 10]])
    assert.deepEqual(utilisationOf(warehouses.network, warehouses.backlog), [2.5, 0])
  })

  it('keeps who changed what, once', async () => {
    const facts = async () =>
      (
        await database.read<{ type: string; actor: string; body: Readonly<Record<string, unknown>> }>(
          `select type, actor, body from platform.journal where type in ('WarehouseAdded', 'WarehouseChanged', 'CarriageChanged') order by position`,
        )
      ).map(({ type, actor, body }) => [type, actor, body['warehouse'] ?? body['is']])
    const before = (await facts()).length
    const warehouses = another()
    const owner = { actor: 'owner:anna' }
    const hull = wholeWarehouse(site('HUL'))
    await warehouses.save([hull], owner)
    await warehouses.save([hull], owner)
    await warehouses.save([{ ...hull, cutOff: '11:00' }])
    await warehouses.setTariffs({ lanes: 'listed' }, owner)
    await warehouses.setTariffs({ lanes: 'listed' }, owner)
    await assert.rejects(warehouses.save([{ ...hull, timeZone: 'Europe/Hull' }]), /timeZone/)
    await warehouses.setTariffs({})
    assert.deepEqual((await facts()).slice(before), [
      ['WarehouseAdded', 'owner:anna', 'HUL'],
      ['WarehouseChanged', 'system', 'HUL'],
      ['CarriageChanged', 'owner:anna', { lanes: 'listed' }],
      ['CarriageChanged', 'system', {}],
    ])
  })

  it('decides each change on what the one before it left, wherever that is made', async () => {
    const warehouses = another()
    const lane = { from: 'LDS' as Place, to: 'YRK' as Place, fixedCents: 1, perKgCents: 0, days: 1 }
    const waits = () =>
      database.read(`select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%inventory.network where%'`)
    let saying: Promise<unknown> | undefined
    await database.batch(async (work) => {
      const store = postgresWarehouses(database)
      await store.lock(work)
      work.add(store.save([site('YRK')]))
      saying = warehouses.setTariffs({ overrides: [lane] })
      // As long as this batch holds the network, the other has decided nothing.
      while ((await waits()).length === 0) await new Promise((resolve) => setImmediate(resolve))
    })
    await saying
    assert.deepEqual(warehouses.settings.overrides, [lane])
    await warehouses.setTariffs({})
  })

  it('says so when a read in the background fails, and goes on with what it knew', async () => {
    let broken = false
    let elapsed = 0
    const faults: string[] = []
    const warehouses = new Warehouses({
      ...shared(),
      store: postgresWarehouses({
        read: (...asked) => (broken ? Promise.reject(new Error('no connection')) : database.read(...asked)),
      }),
      warn: (fault, what) => void faults.push(`${what}: ${String(fault)}`),
      elapsedMs: () => elapsed,
    })
    await warehouses.read()
    const { version } = warehouses.network
    broken = true
    elapsed = 60_000
    assert.equal(warehouses.network.version, version)
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(faults.toSorted(), [
      'warehouses are read later: Error: no connection',
      'what warehouses have on their hands is read later: Error: no connection',
    ])
  })
})
