/** PROMISES §1.2: what is repeated under its key is answered only when the standby has what was saved under that key. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { Database } from '../../src/platform/postgres/database.ts'
import { migrate } from '../../src/platform/postgres/migrations.ts'
import { newId } from '../../src/platform/ids.ts'
import { PostgresRecords } from '../../src/platform/records/postgres.ts'
import { startTestCluster, type TestCluster } from '../support/database.ts'

describe('While the standby is away', () => {
  let cluster: TestCluster
  let database: Database
  let records: PostgresRecords
  let owner: pg.Client
  let written: Promise<unknown>

  /** A setting of the whole server: hence a server of its own. A standby of this name never comes. */
  const standby = async (name: string): Promise<void> => {
    await owner.query(`alter system set synchronous_standby_names = '${name}'`)
    await owner.query('select pg_reload_conf()')
  }
  const waiting = async (): Promise<number> => {
    const { rows } = await owner.query<{ n: number }>(
      `select count(*)::int as n from pg_stat_activity where wait_event = 'SyncRep'`,
    )
    return rows[0]?.n ?? 0
  }
  /** @returns whether it ended; else it waits for its standby. */
  const endsOrWaits = async (run: Promise<unknown>, others = 0): Promise<boolean> => {
    const ended = new Set<unknown>()
    const end = (): void => void ended.add(run)
    run.then(end, end)
    while (ended.size === 0 && (await waiting()) === others);
    return ended.size > 0
  }

  const claim = { scope: 'place-order', key: 'once', hash: 'h', expiresAt: undefined }
  const claimed = (key: string) => database.batch((work) => records.claimed(work, [{ ...claim, key }]))

  before(async () => {
    cluster = await startTestCluster()
    owner = new pg.Client(cluster.connection)
    await owner.connect()
    await migrate(
      owner,
      [{ room: 'platform', folder: new URL('../../src/platform/migrations', import.meta.url).pathname }],
      () => undefined,
    )
    await owner.query('create table written (n int)')
    // Clusters for tests do not wait for their disk: who connects from here on does.
    await owner.query('alter role current_user set synchronous_commit = on')
    database = new Database(cluster.connection, () => undefined)
    records = new PostgresRecords(database)
    await database.batch(async (work) => work.add(records.claim([{ ...claim, object: newId(work.now) }])))
    await standby('away')
    // Another process of the server takes the setting over in its own time: from here on somebody waits.
    for (let isOver = true; isOver; ) {
      written = database.read('insert into written values (1)')
      isOver = await endsOrWaits(written)
    }
  })
  after(async () => {
    await standby('')
    await database.close()
    await owner.end()
    await cluster.stop()
  })

  it('a key that nobody used is looked for and not found at once', async () => {
    assert.equal((await claimed('another')).size, 0)
  })

  it('a key that was used is answered when the standby is back', async () => {
    const answer = claimed('once')
    assert.equal(await endsOrWaits(answer, 1), false)
    await standby('')
    assert.equal((await answer).size, 1)
    await written
  })
})
