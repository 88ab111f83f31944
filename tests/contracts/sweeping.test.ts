/** What is deleted when its time is over: idempotency keys, and mails and texts that were kept to be looked at. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import type { Instant, PersonRef } from '../../src/kernel/ids.ts'
import { addSeconds, instant } from '../../src/kernel/time.ts'
import { idAt, leastIdAt, newId } from '../../src/platform/ids.ts'
import { notificationsInPostgres, type NotificationStorage } from '../../src/notifications/notifications.ts'
import { notificationsInMemory } from '../../src/notifications/store.memory.ts'
import { type Logger, silentLog } from '../../src/platform/log.ts'
import type { Database } from '../../src/platform/postgres/database.ts'
import { PostgresRecords } from '../../src/platform/records/postgres.ts'
import { keyName, type KeyClaim } from '../../src/platform/records/records.ts'
import { MemoryBatches, MemoryStore } from '../../src/platform/store/memory.ts'
import { swept } from '../../src/platform/store/sweeping.ts'
import type { Batches } from '../../src/platform/store/work.ts'
import { housekeeping } from '../../src/shop-wiring.ts'
import { heartDatabase } from '../support/heart.ts'

const now = instant(Date.now())
/** As `newId`, which never goes back in time. */
let made = 0
const newIdAt = (at: Instant): string => leastIdAt(at).replace(/.{4}$/, (++made).toString(16).padStart(4, '0'))

const minute = (count: number): Instant => addSeconds(now, 60 * count)

describe('The least id of an instant', () => {
  it('comes before every id made then or later, and behind all made before', () => {
    const at = instant(Date.parse('2031-05-06T07:08:09.123Z'))
    const earlier = idAt(Date.parse(at) - 1)
    const [first, later] = [newId(at), newId(addSeconds(at, 1))]
    assert.deepEqual([leastIdAt(at), later, earlier, first].sort(), [earlier, leastIdAt(at), first, later])
  })
})

describe('Idempotency keys', () => {
  let database: Database
  let close: () => Promise<void>
  let records: PostgresRecords
  before(async () => {
    ;({ database, close } = await heartDatabase())
    records = new PostgresRecords(database)
  })
  after(() => close())

  const claim = (key: string, expiresAt?: Instant): KeyClaim => ({ scope: 'ann:cancel', key, hash: 'h', expiresAt })
  const use = (...claims: readonly KeyClaim[]): Promise<void> =>
    database.batch(async (work) => work.add(records.claim(claims.map((one) => ({ ...one, object: randomUUID() })))))
  const known = async (...claims: readonly KeyClaim[]): Promise<string[]> => {
    const found = await database.batch((work) => records.claimed(work, claims))
    return claims.filter((one) => found.has(keyName(one))).map(({ key }) => key)
  }
  const forget = (): Promise<number> => swept(database, (work, rowsMax) => records.forgetKeys(work, rowsMax))

  it('are forgotten once past their end, those of orders never, and may be used again', async () => {
    const all = [claim('of an order'), claim('past', minute(-1)), claim('not yet', minute(60))]
    await use(...all)
    assert.equal(await forget(), 1)
    assert.deepEqual(await known(...all), ['of an order', 'not yet'])
    assert.equal(await forget(), 0)
    await use(claim('past', minute(60)))
    assert.deepEqual(await known(...all), ['of an order', 'past', 'not yet'])
  })

  it('are forgotten in several batches where they are many', async () => {
    await use(...Array.from({ length: 2_001 }, (_, index) => claim(`many ${index}`, minute(-2))))
    assert.equal(await forget(), 2_001)
  })

  it('that somebody holds wait for the next time', async () => {
    await use(claim('held', minute(-1)), claim('free', minute(-1)))
    const other = await database.client()
    try {
      await other.query(`begin; select 1 from platform.keys where key = 'held' for update`)
      assert.equal(await forget(), 1)
      await other.query('commit')
      assert.equal(await forget(), 1)
    } finally {
      await other.end()
    }
  })
})

describe('A sweep', () => {
  it('ends where it finds less than it may delete, or after so many batches, with the rest for the next time', async () => {
    let left = 100_000
    const sweep = (_work: unknown, rowsMax: number): Promise<number> => {
      const count = Math.min(left, rowsMax)
      left -= count
      return Promise.resolve(count)
    }
    const batches = new MemoryBatches(() => now)
    assert.deepEqual([await swept(batches, sweep), await swept(batches, sweep), await swept(batches, sweep)], [60_000, 40_000, 0])
  })
})

describe('Housekeeping', () => {
  it('goes round again and again; what cannot be deleted now is said, and keeps the rest from nothing', async (test) => {
    test.mock.timers.enable({ apis: ['setInterval'] })
    const done: string[] = []
    const told: unknown[] = []
    const log = { ...silentLog, warn: (about: unknown) => void told.push(about) } as Logger
    const fault = new Error('no database')
    const sweeps = {
      carts: () => Promise.reject(fault),
      keys: () => {
        done.push('keys')
        return Promise.resolve(1)
      },
    }
    const keeping = housekeeping(sweeps, log)
    keeping.start()
    for (const round of [1, 2]) {
      test.mock.timers.tick(600_000)
      while (done.length < round) await new Promise((resolve) => setImmediate(resolve))
    }
    await keeping.stop()
    test.mock.timers.tick(600_000)
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(done, ['keys', 'keys'])
    assert.deepEqual(told, [
      { fault, what: 'carts' },
      { fault, what: 'carts' },
    ])
  })
})

type Form = Readonly<{ batches: Batches; storage: NotificationStorage; close: () => Promise<void> }>
const forms: Readonly<Record<string, () => Promise<Form>>> = {
  memory: () => {
    const store = new MemoryStore()
    return Promise.resolve({
      batches: new MemoryBatches(() => now, store),
      storage: notificationsInMemory(() => now, store),
      close: () => Promise.resolve(),
    })
  },
  PostgreSQL: async () => {
    const { database, close } = await heartDatabase(['platform', 'notifications'])
    return { batches: database, storage: notificationsInPostgres(database), close }
  },
}

for (const [form, open] of Object.entries(forms)) {
  describe(`Mails and texts that were kept, in ${form}`, () => {
    let on: Form
    before(async () => {
      on = await open()
    })
    after(() => on.close())

    const person = newId(now) as string as PersonRef
    const keep = async (at: Instant, subject: string): Promise<void> => {
      await on.storage.outbox.send({ id: newIdAt(at), person, to: { address: 'a@example.com' }, subject, text: 't', html: 'h' })
      await on.storage.book.enter([{ sms: { id: newIdAt(at), person, to: '+44', text: subject }, first: 'queued' }])
    }
    const kept = async (): Promise<string[]> =>
      (await on.storage.store.outbox(100)).map(({ subject, text, channel }) => `${channel} ${subject ?? text}`).sort()

    it('are deleted when they are old, however many at once', async () => {
      for (const [index, name] of ['old', 'older', 'oldest'].entries()) await keep(minute(-100 - index), name)
      await keep(minute(-99), 'young')
      const sweep = (rowsMax: number) => on.batches.batch((work) => on.storage.sweepOutbox(work, minute(-99), rowsMax))
      assert.equal(await sweep(2), 2)
      assert.equal((await kept()).length, 6)
      assert.equal(await sweep(500), 4)
      assert.deepEqual(await kept(), ['email young', 'sms young'])
      assert.equal(await sweep(500), 0)
    })
  })
}
