import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { heartDatabase } from '../../../tests/support/heart.ts'
import { bareArray, bound, textArray, uuidArray } from './arrays.ts'
import type { Database } from './database.ts'

describe('An array as it is sent', () => {
  let database: Database
  let close: () => Promise<void>
  before(async () => {
    ;({ database, close } = await heartDatabase([]))
  })
  after(() => close())

  const read = async (type: string, value: unknown): Promise<unknown> =>
    (await database.read<{ read: unknown }>(`select $1::${type}[] as read`, [value]))[0]?.read

  it('is read as the same UUIDs, whatever their case, with nulls and without any', async () => {
    const uuids = fc.array(fc.oneof(fc.uuid(), fc.constant(null)), { maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(uuids, async (values) => {
        const sent = uuidArray(values.map((value, index) => (index % 2 === 0 ? value : (value?.toUpperCase() ?? null))))
        assert.ok(Buffer.isBuffer(sent))
        assert.deepEqual(await read('uuid', sent), values)
      }),
      { numRuns: 60 },
    )
  })

  it('leaves to PostgreSQL what is no UUID as we write them', async () => {
    const plain = '0190a6c0-7d4a-7cc1-8a3e-5d1f6b2c9e01'
    assert.deepEqual(await read('uuid', uuidArray([plain, `{${plain}}`.replace(/[{}]/g, '').replaceAll('-', '')])), [plain, plain])
    for (const odd of ['', 'none', `${plain}0`, plain.replace('a', 'g'), plain.replace('-', '_'), plain.replace('a', 'ａ')])
      await assert.rejects(async () => read('uuid', uuidArray([plain, odd])), /invalid input syntax|malformed/, odd)
  })

  it('is read as the same texts', async () => {
    const odd = [
      '',
      ' ',
      'NULL',
      'null',
      'Null',
      'NULLS',
      '{}',
      'a,b',
      '"',
      '\\',
      'a b',
      'żółć',
      'a@b.example',
      'x-y/z:1+2_3',
      "it's",
      null,
    ]
    assert.deepEqual(await read('text', textArray(odd)), odd)
    const text = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((value) => !value.includes('\0'))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(text, fc.constant(null)), { maxLength: 6 }), async (values) => {
        assert.deepEqual(await read('text', textArray(values)), values)
      }),
      { numRuns: 60 },
    )
  })

  it('is what a named statement says it is', async () => {
    const id = '0190a6c0-7d4a-7cc1-8a3e-5d1f6b2c9e01'
    const text = 'select $1::uuid[] as ids, $2::text as one, $3::text[] as texts, $4::int[] as numbers, ($5::date[])[1] as day'
    const values = [[id, null], '{a,"b"}', ['a b', ''], [1, null], ['2026-11-22']]
    const sent = bound(text, values)
    assert.ok(Buffer.isBuffer(sent[0]))
    assert.equal(sent[1], values[1])
    const [row] = await database.read<Record<string, unknown>>(text, values, 'bound')
    assert.deepEqual(row, { ids: [id, null], one: values[1], texts: ['a b', ''], numbers: [1, null], day: '2026-11-22' })
    assert.deepEqual(await database.read('select cardinality($1::uuid[]) as n', [[]], 'none'), [{ n: 0 }])
  })

  it('is read as the same numbers and truth values', async () => {
    assert.deepEqual(await read('int', bareArray([1, -2, null, 2_147_483_647])), [1, -2, null, 2_147_483_647])
    assert.deepEqual(await read('bool', bareArray([true, null, false])), [true, null, false])
  })
})
