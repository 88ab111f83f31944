/** The body of a simulated webhook, checked: `{type, data: {paymentId, reference, amount, currency, captured?, reason?}}`. */
import { type Refusal, refuse } from '../../kernel/decider.ts'
import type { ProviderNews } from '../provider.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const currencyCode = /^[A-Z]{3}$/
const textLengthMax = 200

export const newsIn = (rawBody: Buffer, id: string): ProviderNews | Refusal<'webhook_invalid'> => {
  const body = parsed(rawBody)
  const data = isObject(body) ? body['data'] : undefined
  if (!isObject(body) || !isObject(data)) return invalid('', 'the body must be JSON {type, data}')
  const { type } = body
  const { paymentId, reference, amount, currency, captured, reason } = data
  if (!isText(type)) return invalid('/type', 'type must be a text such as Payment_Success')
  if (paymentId !== undefined && !(isText(paymentId) && uuid.test(paymentId))) return invalid('/data/paymentId', 'must be a UUID')
  if (reference !== undefined && !isText(reference)) return invalid('/data/reference', 'must be a text')
  if (paymentId === undefined && reference === undefined) return invalid('/data/paymentId', 'paymentId or reference is required')
  if (typeof amount !== 'number' || !Number.isSafeInteger(amount) || amount < 0) {
    return invalid('/data/amount', 'must be a whole number of minor units')
  }
  if (!isText(currency) || !currencyCode.test(currency)) return invalid('/data/currency', 'must be an ISO 4217 code')
  if (captured !== undefined && typeof captured !== 'boolean') return invalid('/data/captured', 'must be true or false')
  if (reason !== undefined && !isText(reason)) return invalid('/data/reason', 'must be a text')
  return { id, type, payment: paymentId, reference, amount, currency, captured, reason }
}

const parsed = (rawBody: Buffer): unknown => {
  try {
    return JSON.parse(rawBody.toString('utf8'))
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.length <= textLengthMax

const invalid = (pointer: string, detail: string): Refusal<'webhook_invalid'> =>
  refuse('webhook_invalid', `${pointer === '' ? 'the webhook' : pointer}: ${detail}`, {
    errors: [{ pointer, code: 'invalid', detail }],
  })
