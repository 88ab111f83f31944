/** Cursors are opaque and signed: a caller can only go on where a list stopped, not anywhere he likes. */
import { createHmac, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto'
import { Problem } from '../../kernel/problem.ts'

/** A key object: signing with bare bytes makes one each time, which costs seven times as much as the signature. */
let secret: KeyObject = createSecretKey(randomBytes(32))

/** All instances of one shop share the secret kept in their database. */
export const useCursorSecret = (shared: Buffer): void => {
  secret = createSecretKey(shared)
}

const signatureOf = (value: string): string => createHmac('sha256', secret).update(value).digest('base64url').slice(0, 16)

export const signCursor = (value: string): string => Buffer.from(`${signatureOf(value)}${value}`).toString('base64url')

export const readCursor = (cursor: string): string => {
  const text = Buffer.from(cursor, 'base64url').toString()
  const [signature, value] = [text.slice(0, 16), text.slice(16)]
  const [given, expected] = [Buffer.from(signature), Buffer.from(signatureOf(value))]
  if (given.length === expected.length && timingSafeEqual(given, expected)) return value
  throw new Problem(
    'cursor_invalid',
    { status: 400, title: 'Cursor is not usable' },
    'Use the cursor from page.next as it is, or start again without one.',
  )
}
