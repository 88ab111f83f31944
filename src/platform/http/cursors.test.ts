import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { digestOf, readCursor, readSigned, signCursor, signFor, useCursorSecret } from './cursors.ts'

describe('A text that is signed for one purpose', () => {
  it('is read for that purpose, whatever is in it', () => {
    for (const text of ['', 'plain', '{"a":"ü.€"}', 'x'.repeat(500)]) assert.equal(readSigned('one', signFor('one', text)), text)
  })

  it('is nothing for another purpose, nor is a cursor', () => {
    assert.equal(readSigned('two', signFor('one', 'text')), undefined)
    assert.equal(readSigned('one', signCursor('text')), undefined)
    assert.throws(() => readCursor(signFor('one', 'text')), /cursor/i)
  })

  it('is nothing once a character is changed, added or taken away', () => {
    const token = signFor('one', 'thirty')
    for (let at = 0; at < token.length; at++) {
      const changed = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`
      assert.equal(readSigned('one', changed), undefined, `character ${at}`)
    }
    for (const wrong of ['', '.', `${token}=`, `${token}A`, token.slice(0, -1), ` ${token}`])
      assert.equal(readSigned('one', wrong), undefined)
  })

  it('is nothing under another secret, and the same under the same', () => {
    const [first, second] = [randomBytes(32), randomBytes(32)]
    useCursorSecret(first)
    const token = signFor('one', 'text')
    useCursorSecret(second)
    assert.equal(readSigned('one', token), undefined)
    useCursorSecret(first)
    assert.equal(readSigned('one', token), 'text')
  })
})

describe('A digest', () => {
  it('is short, and differs with the text', () => {
    assert.equal(digestOf('a').length, 22)
    assert.notEqual(digestOf('a'), digestOf('b'))
  })
})
