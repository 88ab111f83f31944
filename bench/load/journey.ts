/** A shopper's way through `/v1`, seven requests one after the other, as many shoppers as connections. Requests are counted. */
import { setTimeout as wait } from 'node:timers/promises'
import type { AskedOf, Loaded } from './asked.ts'
import type { LoadConnection } from './connection.ts'
import { anySku, idIn, orderBody, uniqueKeys } from './requests.ts'
import { retryAfterMs, Tally } from './tally.ts'

/**
 * The seven. Address, delivery and payment are parts of the placement in `/v1`, so three requests stand for what a shopper
 * does meanwhile: a changed quantity, a look at the cart, and the page to pay at.
 */
export const journeySteps = [
  'POST /v1/carts',
  'POST /v1/carts/:cartId/items',
  'POST /v1/carts/:cartId/items',
  'PATCH /v1/carts/:cartId/items/:sku',
  'GET /v1/carts/:cartId',
  'POST /v1/orders',
  'GET /v1/orders/:id/payments',
] as const

export const travel = async (asked: AskedOf<'journey'>, connections: readonly LoadConnection[]): Promise<Loaded> => {
  const keys = uniqueKeys()
  const tally = new Tally(200, 201).during(asked.seconds)
  await Promise.all(
    connections.map(async (connection) => {
      while (!tally.isOver) await journey(connection, anySku(asked), anySku(asked), keys, tally)
    }),
  )
  return tally.loaded()
}

const journey = async (connection: LoadConnection, one: string, other: string, keys: () => string, tally: Tally): Promise<void> => {
  const ask = async (method: string, path: string, body?: string, headers = ''): Promise<string> => {
    const since = performance.now()
    const request = { method, path, headers, ...(body === undefined ? {} : { body }) }
    let answer = await connection.request(request)
    for (; answer.status === 503; answer = await connection.request(request)) {
      tally.shed += 1
      await wait(retryAfterMs(answer))
    }
    if (!tally.take(answer, since)) throw new Error(`${method} ${path} was answered with ${answer.status}: ${answer.body}`)
    tally.done += 1
    return answer.body
  }
  const cart = JSON.parse(await ask('POST', '/v1/carts', '{}')) as { cartId: string; token: string }
  const token = `cart-token: ${cart.token}\r\n`
  const path = `/v1/carts/${cart.cartId}`
  for (const sku of [one, other]) await ask('POST', `${path}/items`, `{"sku":"${sku}","quantity":1}`, token)
  await ask('PATCH', `${path}/items/${one}`, '{"quantity":2}', token)
  await ask('GET', path, undefined, token)
  const order = idIn(await ask('POST', '/v1/orders', orderBody([one, other]), `idempotency-key: ${keys()}\r\n`))
  await ask('GET', `/v1/orders/${order}/payments`)
}
