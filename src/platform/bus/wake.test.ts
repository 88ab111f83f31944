import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { testDatabase } from '../../../tests/support/database.ts'
import { silentLog } from '../log.ts'
import { Database } from '../postgres/database.ts'
import { WakeUps } from './wake.ts'

describe('Wake-ups', () => {
  let test: Awaited<ReturnType<typeof testDatabase>>
  let database: Database

  before(async () => {
    test = await testDatabase()
    database = new Database(test.config, () => undefined)
  })
  after(async () => {
    await database.close()
    await test.drop()
  })

  /** A process of its own, as far as the database can tell. */
  const started = async (): Promise<WakeUps> => {
    const wakeUps = new WakeUps(database, silentLog)
    await wakeUps.start()
    return wakeUps
  }
  const heard = (wakeUps: WakeUps): Promise<void> => new Promise((resolve) => wakeUps.once(resolve))

  it('tell this process at once', async () => {
    const alone = await started()
    let told = 0
    alone.on(() => (told += 1))
    alone.signal()
    assert.equal(told, 1)
    await alone.stop()
  })

  it('tell another process that listens', async () => {
    const [one, other] = await Promise.all([started(), started()])
    const told = heard(other)
    one.signal()
    await told
    await Promise.all([one.stop(), other.stop()])
  })

  it('cost no commit where nobody else listens', async () => {
    const alone = await started()
    const bystander = await database.client()
    let notified = 0
    bystander.on('notification', () => (notified += 1))
    await bystander.query('listen waybill_journal')
    for (let round = 0; round < 20; round++) alone.signal()
    // Stopping ends the connection behind whatever was sent on it; the bystander's next answer comes behind its notices.
    await alone.stop()
    await bystander.query('select 1')
    assert.equal(notified, 0)
    await bystander.end()
  })
})
