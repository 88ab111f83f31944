/** Cursors are opaque and signed: a caller can only go on where a list stopped, not anywhere he likes. */
import { createHash, createHmac, createSecretKey, hkdfSync, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto'
import { Problem } from '../../kernel/problem.ts'

/** A key object: signing with bare bytes makes one each time, which costs seven times as much as the signature. */
let secret: KeyObject = createSecretKey(randomBytes(32))

/** All instances of one shop share the secret kept in their database. */
export const useCursorSecret = (shared: Buffer): void => {
  secret = createSecretKey(shared)
  ownSecrets.clear()
}

/** One secret a purpose, so that what was signed for one is nothing for another. */
const ownSecrets = new Map<string, KeyObject>()
const secretFor = (purpose: string): KeyObject => {
  const known = ownSecrets.get(purpose)
  if (known !== undefined) return known
  const own = createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', purpose, 32)))
  ownSecrets.set(purpose, own)
  return own
}

/** A text that can be given away, and is known again when it comes back: `readSigned` with the same purpose. */
export const signFor = (purpose: string, value: string): string => {
  const signature = createHmac('sha256', secretFor(purpose)).update(value).digest('base64url')
  return `${Buffer.from(value).toString('base64url')}.${signature}`
}

/** What was signed for this purpose; undefined for anything else. */
export const readSigned = (purpose: string, token: string): string | undefined => {
  const dot = token.indexOf('.')
  if (dot < 0) return undefined
  const value = Buffer.from(token.slice(0, dot), 'base64url').toString()
  // Compared whole, so that no second spelling of a token passes.
  const [given, expected] = [Buffer.from(token), Buffer.from(signFor(purpose, value))]
  return given.length === expected.length && timingSafeEqual(given, expected) ? value : undefined
}

/** Two texts with the same digest are the same text, to whoever cannot spend 2^64 tries. */
export const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 22)

const signatureOf = (value: string): string => createHmac('sha256', secret).update(value).digest('base64url').slice(0, 16)

export const signCursor = (value: string): string => Buffer.from(`${signatureOf(value)}${value}`).toString('base64url')

export const readCursor = (cursor: string): string => {
  const value = Buffer.from(cursor, 'base64url').toString().slice(16)
  // Compared whole, so that no second spelling of a cursor passes.
  const [given, expected] = [Buffer.from(cursor), Buffer.from(signCursor(value))]
  if (given.length === expected.length && timingSafeEqual(given, expected)) return value
  throw new Problem(
    'cursor_invalid',
    { status: 400, title: 'Cursor is not usable' },
    'Use the cursor from page.next as it is, or start again without one.',
  )
}
