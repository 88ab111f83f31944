import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FastifyRequest } from 'fastify'
import { Problem } from '../../kernel/problem.ts'
import { etag, ifMatch } from './versions.ts'

const seen = (header?: string): number | undefined => ifMatch({ headers: { 'if-match': header } } as unknown as FastifyRequest)

describe('If-Match', () => {
  it('is read as the ETag was given', () => {
    assert.equal(seen(etag(7)), 7)
    assert.equal(seen(etag(0)), 0)
  })

  it('is read where quotes, the letter or a weak mark got lost or were added on the way', () => {
    assert.deepEqual(['W/"v7"', 'v7', '"7"', '7', '  "v7" '].map(seen), [7, 7, 7, 7, 7])
  })

  it('means any version where there is none, or a star', () => {
    assert.deepEqual([seen(), seen('*'), seen(' * ')], [undefined, undefined, undefined])
  })

  it('is refused where it is anything else', () => {
    for (const header of ['', 'seven', '"v-1"', '"v1.5"', '"v7", "v8"', '"v1234567890"', 'v7 or 1=1'])
      assert.throws(
        () => seen(header),
        (fault) => fault instanceof Problem && fault.code === 'if_match_invalid' && fault.kind.status === 400,
        header,
      )
  })
})
