import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { heartDatabase } from '../../../tests/support/heart.ts'
import { Aborted, type SqlWrite } from '../store/work.ts'
import { compose } from './compose.ts'
import type { Database } from './database.ts'

const things = (rows: readonly Readonly<{ id: number; name: string | null; body?: unknown }>[]): SqlWrite => ({
  name: 'things',
  sql: 'insert into things (id, name, body) select * from unnest($1::int[], $2::text[], $3::json[])',
  types: ['int4', 'text', 'json'],
  columns: [rows.map(({ id }) => id), rows.map(({ name }) => name), rows.map(({ body }) => JSON.stringify(body ?? {}))],
})
const renamed = (rows: readonly Readonly<{ id: number; name: string }>[], guarded = true): SqlWrite => ({
  name: 'things.renamed',
  guarded,
  sql: 'update things set name = t.name from unnest($1::int[], $2::text[]) as t (id, name) where things.id = t.id returning 1',
  types: ['int4', 'text'],
  columns: [rows.map(({ id }) => id), rows.map(({ name }) => name)],
})

describe('Composing writes', () => {
  it('makes one part of all writes of one name, whatever their order', () => {
    const composed = compose([things([{ id: 1, name: 'a' }]), renamed([{ id: 1, name: 'b' }]), things([{ id: 2, name: 'c' }])])
    assert.equal(composed?.text.match(/insert into things/g)?.length, 1)
    assert.deepEqual(composed?.values, ['{1,2}', '{a,c}', '{}', '{1}', 'b'])
    const other = compose([renamed([{ id: 9, name: 'x y' }]), things([{ id: 8, name: null }])])
    assert.equal(other?.name, composed?.name)
    assert.equal(other?.text, composed?.text)
    assert.deepEqual(other?.values, ['{8}', '{NULL}', '{}', '{9}', 'x y'])
  })

  it('sends once what is the same in all rows, and as an array what ever differed', () => {
    const named = (...names: readonly string[]) => compose([renamed(names.map((name, id) => ({ id, name })))])
    const [same, differing, sameAgain] = [named('a', 'a'), named('a', 'b'), named('c', 'c')]
    assert.deepEqual(same?.values, ['{0,1}', 'a'])
    assert.deepEqual(differing?.values, ['{0,1}', '{a,b}'])
    assert.deepEqual(sameAgain?.values, ['{0,1}', '{c,c}'])
    assert.notEqual(differing?.name, same?.name)
    assert.equal(sameAgain?.name, differing?.name)
  })

  it('says nothing where nothing is to be saved', () => {
    assert.equal(compose([]), undefined)
    assert.equal(compose([things([])]), undefined)
  })
})

describe('A composed statement', () => {
  let database: Database
  let close: () => Promise<void>
  let next = 1
  before(async () => {
    ;({ database, close } = await heartDatabase([]))
    await database.read('create table things (id int primary key, name text, body json)')
  })
  after(() => close())

  const stored = async (from: number) =>
    database.read<{ id: number; name: string | null; body: unknown }>(
      'select id, name, body from things where id >= $1 order by id',
      [from],
    )
  const roundTrip = async (values: readonly unknown[]): Promise<void> => {
    const from = next
    const rows = values.map((value) => ({ id: next++, name: typeof value === 'string' ? value : null, body: { value } }))
    await database.save([things(rows)])
    assert.deepEqual(await stored(from), rows)
  }

  it('keeps quotes, backslashes, newlines, braces, commas, the word NULL and every script', () =>
    roundTrip([
      '"',
      '\\',
      '\\"',
      'line\nline\r\n\t',
      '{a,b}',
      ',',
      'NULL',
      '',
      ' ',
      'żółć 漢字 🧶 \u202e',
      'a\u001fb',
      '\u001f',
      '$1',
      "it's",
      '\u0001\u007f',
    ]))

  it('keeps every text without a NUL, and every JSON', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((value) => !value.includes('\0'))
    const strange = fc.string({
      unit: fc.constantFrom('"', '\\', '\n', '\u001f', '{', '}', ',', 'u', '0', 'é', '🧶'),
      maxLength: 12,
    })
    await fc.assert(fc.asyncProperty(fc.array(fc.oneof(text, strange), { minLength: 1, maxLength: 8 }), roundTrip), { numRuns: 80 })
  })

  it('keeps what is the same in all rows', async () => {
    await database.read('create table uniform (id int primary key, name text, body json)')
    const uniform = (rows: Parameters<typeof things>[0]): SqlWrite => ({
      ...things(rows),
      name: 'uniform',
      sql: 'insert into uniform (id, name, body) select * from unnest($1::int[], $2::text[], $3::json[])',
    })
    const rows = (name: string | null, ...ids: readonly number[]) => ids.map((id) => ({ id, name, body: { "it's": 'a\u001f"b"' } }))
    const all = [rows('{"a b",NULL}', 1, 2), rows(null, 3, 4), rows('', 5)].map((some) => ({ some }))
    for (const { some } of all) await database.save([uniform(some)])
    assert.deepEqual(
      await database.read('select id, name, body from uniform order by id'),
      all.flatMap(({ some }) => some),
    )
  })

  it('aborts as a whole when a guarded write misses a row', async () => {
    const from = next
    next += 2
    await database.save([things([{ id: from, name: 'first' }])])
    const saved = database.save([
      things([{ id: from + 1, name: 'never' }]),
      renamed([
        { id: from, name: 'changed' },
        { id: -1, name: 'nobody' },
      ]),
    ])
    await assert.rejects(saved, (fault) => fault instanceof Aborted && fault.reason === 'guard')
    assert.deepEqual(
      (await stored(from)).map(({ name }) => name),
      ['first'],
    )
    await database.save([renamed([{ id: -1, name: 'nobody' }], false)])
  })

  it('counts guards over all writes that were joined', async () => {
    const from = next
    next += 2
    await database.save([
      things([
        { id: from, name: 'a' },
        { id: from + 1, name: 'b' },
      ]),
    ])
    await database.save([renamed([{ id: from, name: 'x' }]), renamed([{ id: from + 1, name: 'y' }])])
    const half = database.save([renamed([{ id: from, name: 'z' }]), renamed([{ id: -1, name: 'z' }])])
    await assert.rejects(half, Aborted)
    assert.deepEqual(
      (await stored(from)).map(({ name }) => name),
      ['x', 'y'],
    )
  })

  it('says that a taken key is a conflict, and saves nothing of the batch', async () => {
    const from = next
    next += 2
    await database.save([things([{ id: from, name: 'a' }])])
    const saved = database.batch(async (work) => {
      work.add(things([{ id: from + 1, name: 'b' }]))
      work.add(things([{ id: from, name: 'again' }]))
    })
    await assert.rejects(saved, (fault) => fault instanceof Aborted && fault.reason === 'conflict')
    assert.equal((await stored(from)).length, 1)
  })
})
