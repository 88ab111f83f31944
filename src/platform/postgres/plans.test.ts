import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type TestDatabase, testDatabase } from '../../../tests/support/database.ts'
import { Database } from './database.ts'

const lookup = 'select t.v from unnest($1::int[]) k (id) join public.things t using (id)'

describe('A statement that is planned once a connection', () => {
  let place: TestDatabase
  let database: Database
  const ask = () => database.read(lookup, [[1, 2, 3]], 'things_by_id')
  const plan = async (): Promise<string> => {
    const rows = await database.read<{ 'QUERY PLAN': string }>(`explain execute things_by_id('{1,2,3}')`, [], 'things_explain')
    return rows.map((row) => row['QUERY PLAN']).join('\n')
  }
  before(async () => {
    place = await testDatabase()
    database = new Database(place.config, (fault) => assert.fail(fault))
    await database.read('create table public.things (id int primary key, v int)')
    await database.read('vacuum analyze public.things')
  })
  after(async () => {
    await database.close()
    await place.drop()
  })

  it('is planned anew when its table has grown meanwhile: what it looked up in an empty one it would walk for ever', async () => {
    await ask()
    assert.doesNotMatch(await plan(), /Index Cond/, 'planned on an empty table it walks')
    await database.read('insert into public.things select n, n from generate_series(1, 50000) n')
    for (let uses = 0; uses < 16; uses++) await ask()
    assert.match(await plan(), /Index Cond: \(id = k\.id\)/)
  })
})
