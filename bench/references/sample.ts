/** One order, as Waybill answers it: what the bare route sends back. */
import { randomUUID } from 'node:crypto'
import { orderBody } from '../load/requests.ts'
import { ownerKey, type Served } from '../world.ts'

export const sampleAnswer = async ({ url }: Served): Promise<string> => {
  const answer = await fetch(`${url}/v1/orders`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ownerKey}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: orderBody(['S1', 'S1']),
  })
  const text = await answer.text()
  if (answer.status !== 201) throw new Error(`an order was answered with ${answer.status}: ${text}`)
  return text
}
