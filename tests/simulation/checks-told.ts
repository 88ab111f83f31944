/** What customers are told and people look up. */
import { toldKey } from '../../src/notifications/store.ts'
import type { Seen } from './state.ts'

/** I9: what is said to be sent was sent, nobody is told the same twice, and in the end everybody is told. */
export const everybodyTold = ({ messages, mailed, orders, isEnd }: Seen): readonly string[] => {
  // A seed without a mail server has no messages.
  if (messages === undefined || mailed === undefined) return []
  const found: string[] = []
  for (const { id, status } of messages)
    if (status === 'SENT' && !mailed.has(id)) found.push(`message ${id} is said to be sent, and no server took it`)
  for (const [id, copies] of mailed)
    if (new Set(copies.map(({ to, subject }) => `${to.address}\n${subject}`)).size > 1)
      found.push(`message ${id} went out again as another`)
  const told = new Map<string, string>()
  for (const row of messages) {
    const before = told.get(toldKey(row))
    if (before !== undefined) found.push(`${row.kind} of ${row.order} is told in ${before} and in ${row.id}`)
    told.set(toldKey(row), row.id)
  }
  if (!isEnd) return found
  for (const { id, status, lastError } of messages)
    if (status !== 'SENT' && status !== 'FAILED') found.push(`message ${id} is still to be sent: ${lastError ?? 'never tried'}`)
  const heard = new Set(messages.map(({ order }) => order as string))
  for (const [id, { state }] of orders)
    if (state.status === 'live' && state.progress.contact !== undefined && !heard.has(id))
      found.push(`order ${id}: its customer heard nothing`)
  return found
}

/** I10: in the end every order is found as it is, and no other. */
export const listsAgree = ({ listed, orders, isEnd }: Seen): readonly string[] => {
  if (listed === undefined || !isEnd) return []
  const rows = new Map([...listed].map(([id, { number, status, total }]) => [id, `${number} ${status} ${total}`]))
  const found: string[] = []
  for (const [id, { state }] of orders) {
    if (state.status !== 'live') continue
    const is = `${state.placed.number} ${state.progress.status} ${state.progress.totals.total}`
    if (rows.get(id) !== is) found.push(`order ${id} is ${is}, and is listed as ${rows.get(id) ?? 'nothing'}`)
    rows.delete(id)
  }
  return [...found, ...[...rows.keys()].map((id) => `order ${id} is listed, and is not there`)]
}
