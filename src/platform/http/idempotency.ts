/** The Idempotency-Key header: bare or as a quoted structured-field string, both the same key. */
import { hash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Instant } from '../../kernel/ids.ts'
import { Problem } from '../../kernel/problem.ts'
import { addSeconds } from '../../kernel/time.ts'
import { type KeyClaim, keyHoursKept } from '../records/records.ts'

/** Stripe's limit, and that of the protocols which copied it. */
const keyLengthMax = 255

const keyOf = (request: FastifyRequest): string | undefined => {
  const header = request.headers['idempotency-key']
  if (header === undefined) return undefined
  const text = Array.isArray(header) ? header.join(',') : header
  const trimmed = text.trim()
  const key = trimmed.startsWith('"') ? (/^"(.*)"$/.exec(trimmed)?.[1] ?? trimmed) : trimmed
  if (key === '' || key.length > keyLengthMax) {
    throw new Problem(
      'idempotency_key_invalid',
      { status: 400, title: 'Idempotency-Key is not usable' },
      `Idempotency-Key must have 1 to ${keyLengthMax} characters.`,
    )
  }
  return key
}

/** The same request twice is the same method, path and body, byte for byte. */
export const requestHash = (request: FastifyRequest): string =>
  // In one call: a hash object and its two updates cost twice as much as hashing.
  hash('sha256', hashed(request), 'base64url')

const hashed = ({ method, url, rawBody }: FastifyRequest): Buffer => {
  const head = Buffer.from(`${method} ${url}\n`)
  return rawBody === undefined ? head : Buffer.concat([head, rawBody])
}

/** @param keptFor `for_ever` for orders; other keys are kept 72 hours from `now`. */
export const optionalKey = (
  request: FastifyRequest,
  operation: string,
  now: Instant,
  keptFor: 'for_ever' | 'days' = 'days',
): KeyClaim | undefined => {
  const key = keyOf(request)
  if (key === undefined) return undefined
  const expiresAt = keptFor === 'for_ever' ? undefined : addSeconds(now, keyHoursKept * 3600)
  return { scope: `${request.principal.id}:${operation}`, key, hash: requestHash(request), expiresAt }
}

/** On those POSTs of `/v1` that create or move money or stock. */
export const requiredKey = (
  request: FastifyRequest,
  operation: string,
  now: Instant,
  keptFor: 'for_ever' | 'days' = 'days',
): KeyClaim => {
  const claim = optionalKey(request, operation, now, keptFor)
  if (claim !== undefined) return claim
  throw new Problem(
    'idempotency_key_required',
    { status: 400, title: 'Idempotency-Key is missing' },
    'Send an Idempotency-Key header with a fresh random value (a UUID); send the same one again when you repeat this request.',
  )
}
