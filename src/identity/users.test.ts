import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { testDatabase } from '../../tests/support/database.ts'
import { isRefusal } from '../kernel/decider.ts'
import { instant } from '../kernel/time.ts'
import { Database } from '../platform/postgres/database.ts'
import { migrate } from '../platform/postgres/migrations.ts'
import { MemoryRecords } from '../platform/records/memory.ts'
import { PostgresRecords } from '../platform/records/postgres.ts'
import type { Records } from '../platform/records/records.ts'
import { MemoryBatches } from '../platform/store/memory.ts'
import type { Batches } from '../platform/store/work.ts'
import { addressOf, type UserView } from './users.ts'
import { type UserOutcome, Users } from './users-service.ts'
import { MemoryUsers } from './users-store.memory.ts'
import { PostgresUsers, type UserRepository } from './users-store.ts'

type World = Readonly<{ batches: Batches; records: Records; store: UserRepository; people: () => Promise<number> }>
type Kind = Readonly<{ name: string; open: () => Promise<World>; close: () => Promise<void> }>
const folder = (path: string): string => join(import.meta.dirname, '..', path, 'migrations')
const origin = { actor: 'test' }

const inMemory = (): Kind => ({
  name: 'memory',
  open: () => {
    const records = new MemoryRecords()
    const store = new MemoryUsers(records)
    return Promise.resolve({ batches: new MemoryBatches(), records, store, people: () => Promise.resolve(0) })
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
      const rooms = ['platform', 'identity'].map((room) => ({ room, folder: folder(room) }))
      await migrate(client, rooms, () => undefined)
      await client.end()
      stop = async () => {
        await database.close()
        await drop()
      }
      const people = async () =>
        (await database.read<{ count: number }>('select count(*)::int as count from platform.people'))[0]?.count ?? -1
      return { batches: database, records: new PostgresRecords(database), store: new PostgresUsers(database), people }
    },
    close: () => stop(),
  }
}

describe('An address', () => {
  it('may be a plain string', () =>
    assert.deepEqual(addressOf('1 High St'), { country: '', postalCode: '', address: '1 High St', phoneNumber: '' }))
  it('is completed', () =>
    assert.deepEqual(addressOf({ country: 'GB' }), { country: 'GB', postalCode: '', address: '', phoneNumber: '' }))
})

for (const kind of [inMemory(), onPostgres()]) {
  describe(`Users on ${kind.name}`, () => {
    let world: World
    let users: Users
    const home = addressOf({ country: 'GB', postalCode: 'LS1 4AP', address: '1 High St', phoneNumber: '+441130000000' })
    const open = () => new Users({ ...world, now: () => instant(Date.now()) })
    const viewed = (outcome: UserOutcome): UserView => {
      assert.ok(!isRefusal(outcome), JSON.stringify(outcome))
      return outcome
    }
    const reason = (outcome: UserOutcome) => (isRefusal(outcome) ? outcome.refused : 'accepted')
    before(async () => {
      world = await kind.open()
      users = open()
    })
    after(() => kind.close())

    it('are created, once', async () => {
      const created = viewed(await users.create({ userId: 'ada', profile: { name: 'Ada', address: home } }, origin))
      assert.deepEqual([created.userId, created.name, created.version], ['ada', 'Ada', 1])
      assert.equal(reason(await users.create({ userId: 'ada', profile: {} }, origin)), 'user_exists')
      assert.equal(reason(await users.create({ userId: 'a/b', profile: {} }, origin)), 'user_invalid')
      const view = viewed(await users.view('ada'))
      assert.deepEqual([view.name, view.email, view.address], ['Ada', undefined, home])
    })

    it('get an id where none is given', async () => {
      const { userId } = viewed(await users.create({ profile: { name: 'Nobody' } }, origin))
      assert.match(userId, /^[0-9a-f-]{36}$/)
      assert.equal(viewed(await users.view(userId)).name, 'Nobody')
    })

    it('keep what an update leaves out, and the old row for old orders', async () => {
      const before = viewed(await users.view('ada'))
      const after = viewed(await users.update('ada', { email: 'ada@example.com' }, origin))
      assert.deepEqual([after.name, after.email, after.address, after.version], ['Ada', 'ada@example.com', home, 2])
      assert.ok(before.person !== undefined && after.person !== undefined && before.person !== after.person)
      assert.equal((await world.records.people([before.person])).get(before.person)?.['name'], 'Ada')
      assert.equal(reason(await users.update('ada', {}, origin, 1)), 'version_mismatch')
      assert.equal(reason(await users.update('nobody', {}, origin)), 'user_not_found')
    })

    it('are made known by an order, and stay as they are when known', async () => {
      await users.ensure(['new', 'ada', 'new'])
      await world.batches.batch((work) =>
        Promise.resolve(work.add(users.ensureWrites(['new'], work.now), users.ensureWrites(['new', 'ada'], work.now))),
      )
      assert.equal(viewed(await users.view('new')).version, 1)
      assert.equal(viewed(await users.view('ada')).name, 'Ada')
      const contacts = await users.contactOf(['ada', 'new', 'nobody'])
      assert.deepEqual([...contacts.keys()].toSorted(), ['ada', 'new'])
      assert.deepEqual(contacts.get('ada')?.address, home)
      assert.equal(contacts.get('new')?.ref, undefined)
    })

    it('are decided one after the other when commands for one come together', async () => {
      const outcomes = await Promise.all([
        users.create({ userId: 'bob', profile: { name: 'Bob' } }, origin),
        users.update('bob', { phone: '1' }, origin),
        users.create({ userId: 'bob', profile: {} }, origin),
        users.create({ userId: 'eve', profile: {} }, origin),
      ])
      assert.deepEqual(outcomes.map(reason), ['accepted', 'accepted', 'user_exists', 'accepted'])
      assert.equal(viewed(await users.view('bob')).name, 'Bob')
    })

    it('are erased with every row they ever had, and may come back as someone new', async () => {
      const { id, person } = viewed(await users.view('ada'))
      const rows = await world.people()
      assert.equal(reason(await users.delete('ada', origin)), 'accepted')
      assert.equal(await world.people(), Math.max(0, rows - 2))
      assert.ok(person !== undefined)
      assert.deepEqual((await world.records.people([person])).get(person) ?? {}, {})
      assert.equal(reason(await users.view('ada')), 'user_not_found')
      assert.equal(reason(await users.delete('ada', origin)), 'user_not_found')
      await users.ensure(['ada'])
      const again = viewed(await users.view('ada'))
      assert.notEqual(again.id, id)
      assert.equal(again.name, undefined)
    })
  })
}
