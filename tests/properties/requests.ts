/** Properties of what comes in over HTTP: cursors, signed texts, idempotency, ids, texts and days. */
import assert from 'node:assert/strict'
import type { FastifyRequest } from 'fastify'
import fc from 'fast-check'
import { Problem, problemType } from '../../src/kernel/problem.ts'
import { digestOf, readCursor, readSigned, signCursor, signFor } from '../../src/platform/http/cursors.ts'
import { optionalKey, requestHash } from '../../src/platform/http/idempotency.ts'
import { isDay, isMoment, isStorable, unstorableIn } from '../../src/platform/http/texts.ts'
import { idAt, newId } from '../../src/platform/ids.ts'
import { anyText, at, day, moment, plainText } from './generators.ts'
import type { Property } from './property.ts'

type Asked = Readonly<{ method: string; url: string; body: string | undefined }>
const asked = fc.record({
  method: fc.constantFrom('POST', 'PUT', 'DELETE'),
  url: fc.constantFrom('/v1/orders', '/v1/orders/1/cancel', '/v1/orders?x=1', '/v1/payments'),
  body: fc.option(fc.oneof(plainText, fc.json()), { nil: undefined }),
})
/** Only what the hash and the key look at. */
const requestOf = ({ method, url, body }: Asked, key?: string): FastifyRequest => {
  const rawBody = body === undefined ? undefined : Buffer.from(body)
  const headers = key === undefined ? {} : { 'idempotency-key': key }
  return { method, url, rawBody, headers, principal: { id: 'key:1' } } as unknown as FastifyRequest
}

const problemIn = (act: () => unknown): Problem | undefined => {
  try {
    act()
    return undefined
  } catch (fault) {
    if (fault instanceof Problem) return fault
    throw fault
  }
}

export const requestProperties: readonly Property[] = [
  {
    name: 'a cursor leads back to where it was given out',
    property: fc.property(plainText, (value) => assert.equal(readCursor(signCursor(value)), value)),
  },
  {
    name: 'a cursor that we did not give out is a problem of its own, whatever it is',
    property: fc.property(anyText, plainText, fc.nat(200), (text, value, index) => {
      const own = signCursor(value)
      const at = index % own.length
      const changed = `${own.slice(0, at)}${own[at] === 'x' ? 'y' : 'x'}${own.slice(at + 1)}`
      assert.equal(problemIn(() => readCursor(text))?.code, 'cursor_invalid')
      assert.equal(problemIn(() => readCursor(changed))?.code, 'cursor_invalid')
    }),
  },
  {
    name: 'a signed text is read for its purpose only, and in its one spelling',
    property: fc.property(plainText, anyText, fc.nat(200), (value, text, index) => {
      const token = signFor('one', value)
      assert.equal(readSigned('one', token), value)
      assert.equal(readSigned('two', token), undefined)
      assert.equal(readSigned('one', text), undefined)
      const at = index % token.length
      assert.equal(readSigned('one', `${token.slice(0, at)}${token[at] === 'x' ? 'y' : 'x'}${token.slice(at + 1)}`), undefined)
      assert.equal(readSigned('one', `${token}=`), undefined)
    }),
  },
  {
    name: 'two requests have one hash exactly when method, path and body are the same, byte for byte',
    invariant: 'I2',
    property: fc.property(asked, asked, (one, other) => {
      const isSame = one.method === other.method && one.url === other.url && (one.body ?? '') === (other.body ?? '')
      assert.equal(requestHash(requestOf(one)) === requestHash(requestOf(other)), isSame)
      assert.equal(requestHash(requestOf(one)), requestHash(requestOf({ ...one })))
    }),
  },
  {
    name: 'a key is the same bare and quoted, and one that is too long or empty is refused',
    invariant: 'I2',
    property: fc.property(fc.stringMatching(/^[!#-~]{0,300}$/), asked, (key, request) => {
      const claim = (text: string): string | undefined => optionalKey(requestOf(request, text), 'place', at)?.key
      if (key === '' || key.length > 255) {
        assert.equal(problemIn(() => claim(key))?.code, 'idempotency_key_invalid')
        return
      }
      assert.equal(claim(key), key)
      assert.equal(claim(` ${key} `), key)
      assert.equal(claim(`"${key}"`), key)
    }),
  },
  {
    name: 'ids rise, are never the same, and are UUIDs of version 7 that say when, also when the clock goes back',
    property: fc.property(fc.array(moment, { minLength: 2, maxLength: 40 }), (moments) => {
      const ids = moments.map((when) => newId(when))
      for (const [index, id] of ids.entries()) {
        assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
        if (index > 0) assert.ok(id > (ids[index - 1] ?? ''), `${ids[index - 1]} then ${id}`)
        assert.ok(Number.parseInt(id.slice(0, 13).replace('-', ''), 16) >= Date.parse(moments[index] ?? ''))
      }
      assert.ok(idAt(0) > (ids.at(-1) ?? ''))
    }),
  },
  {
    name: 'what a database cannot hold is found wherever it is in a body, and nothing else is',
    property: fc.property(
      fc.jsonValue({ stringUnit: 'binary', maxDepth: 4 }),
      fc.option(fc.constantFrom('\0', '\ud800', 'a\udfffb')),
      (value, planted) => {
        const body = planted === null ? value : { lines: [value, { note: planted }] }
        const texts: string[] = []
        JSON.stringify(body, (name, inner: unknown) => {
          texts.push(name, ...(typeof inner === 'string' ? [inner] : []))
          return inner
        })
        const isWrong = texts.some((text) => text.includes('\0') || !text.isWellFormed())
        assert.equal(unstorableIn(JSON.stringify(body), body) !== undefined, isWrong)
      },
    ),
  },
  {
    name: 'texts are storable when a database gives them back as they were',
    property: fc.property(anyText, (text) => {
      const throughUtf8 = Buffer.from(text, 'utf8').toString('utf8')
      assert.equal(isStorable(text), throughUtf8 === text && !text.includes('\0'))
    }),
  },
  {
    name: 'days and moments that exist are taken, everything else is not',
    property: fc.property(
      day,
      moment,
      anyText,
      fc.integer({ min: 1, max: 31 }),
      fc.integer({ min: 1, max: 12 }),
      (known, when, text, date, month) => {
        assert.ok(isDay(known) && isMoment(known) && isMoment(when))
        const typed = `2026-${String(month).padStart(2, '0')}-${String(date).padStart(2, '0')}`
        assert.equal(isDay(typed), date <= new Date(Date.UTC(2026, month, 0)).getUTCDate())
        if (isDay(text)) assert.match(text, /^\d{4}-\d{2}-\d{2}$/)
        if (isMoment(text)) assert.ok(!Number.isNaN(Date.parse(text)))
      },
    ),
  },
  {
    name: 'different texts have different digests, and every problem has an address of its own',
    property: fc.property(anyText, anyText, fc.stringMatching(/^[a-z]+(_[a-z]+)*$/), (one, other, code) => {
      assert.equal(digestOf(one) === digestOf(other), Buffer.from(one).equals(Buffer.from(other)))
      assert.equal(problemType(code).split('/').at(-1)?.replaceAll('-', '_'), code)
    }),
  },
]
