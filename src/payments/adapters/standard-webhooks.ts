/** Signatures of the Standard Webhooks specification: HMAC-SHA256 over `id.timestamp.body`, secrets as `whsec_<base64>`. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { type Refusal, refuse } from '../../kernel/decider.ts'
import type { Instant } from '../../kernel/ids.ts'
import { milliseconds } from '../../kernel/time.ts'
import type { WebhookHeaders } from '../provider.ts'

/** Older or newer news is not accepted, so that a recorded request is soon worthless (the specification's own value). */
export const toleranceSeconds = 300
const idLengthMax = 200
const secretPattern = /^whsec_[A-Za-z0-9+/]+={0,2}$/

export const isSecret = (text: string): boolean => secretPattern.test(text)

export const signature = (secret: string, id: string, timestamp: number, body: Buffer | string): string => {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`
}

/** @returns the webhook's id. */
export const verified = (
  secret: string,
  body: Buffer,
  headers: WebhookHeaders,
  now: Instant,
): string | Refusal<'webhook_signature_invalid'> => {
  const id = one(headers['webhook-id'])
  const timestamp = one(headers['webhook-timestamp'])
  const signatures = one(headers['webhook-signature'])
  if (id === undefined || timestamp === undefined || signatures === undefined) {
    return refuse('webhook_signature_invalid', 'the headers webhook-id, webhook-timestamp and webhook-signature are required')
  }
  if (id === '' || id.length > idLengthMax || !/^\d{1,12}$/.test(timestamp)) {
    return refuse('webhook_signature_invalid', 'webhook-id or webhook-timestamp is malformed')
  }
  const age = Math.abs(milliseconds(now) / 1000 - Number(timestamp))
  if (age > toleranceSeconds) {
    return refuse('webhook_signature_invalid', `webhook-timestamp is more than ${toleranceSeconds} s away from now`)
  }
  const right = Buffer.from(signature(secret, id, Number(timestamp), body))
  // Several signatures, parted by spaces, while a secret is being replaced: one that fits is enough.
  const fits = signatures.split(' ').some((text) => {
    const given = Buffer.from(text)
    return given.length === right.length && timingSafeEqual(given, right)
  })
  return fits ? id : refuse('webhook_signature_invalid', 'webhook-signature does not fit the body')
}

const one = (header: string | readonly string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : header?.length === 1 ? header[0] : undefined
