/** What stands still is seen, with its reason, and can be set going again. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { eventually, startWaybill, type Waybill } from '../support/waybill.ts'

type Row = Readonly<{
  ref: string
  orderId: string | null
  number: string | null
  status: string | null
  reason: string
  detail: string
  ageSeconds: number
  waitsFor: string
}>
type Page = Readonly<{ data: readonly Row[]; page: Readonly<{ next: string | null }> }>
type Order = Readonly<{ id: string; number: string }>

describe('The stuck list', () => {
  let waybill: Waybill
  let order: Order
  const stuck = async (query = ''): Promise<Page> => {
    const { status, body } = await waybill.ask('GET', `/v1/stuck${query}`)
    assert.equal(status, 200, JSON.stringify(body))
    return body as Page
  }
  const reasons = async (query = '') => (await stuck(query)).data.map(({ reason, orderId }) => [reason, orderId])
  const plant = (statement: string, values: readonly unknown[]) => waybill.shop.database.read(statement, values)
  const place = async (): Promise<Order> =>
    (
      await waybill.ask('POST', '/v1/orders', {
        lines: [{ sku: '85123A', quantity: 1 }],
        customer: { email: 'anna@example.com' },
        shippingAddress: { country: 'GB', postalCode: 'LS1 4AP', city: 'Leeds' },
      })
    ).body as Order

  before(async () => {
    waybill = await startWaybill({}, true)
    order = await place()
    await waybill.shop.settled()
  })
  after(() => waybill.stop())

  it('is empty while everybody does his part in time', async () => {
    assert.deepEqual(await stuck(), { data: [], page: { next: null } })
  })

  it('is for the office', async () => {
    const { key } = await waybill.shop.keys.make({ role: 'customer', label: 'Ann', user: 'ann' }, waybill.shop.now())
    assert.equal((await waybill.ask('GET', '/v1/stuck', undefined, { key })).status, 403)
    assert.equal((await waybill.ask('GET', '/v1/stuck', undefined, { key: null })).status, 401)
    assert.equal((await waybill.ask('POST', '/v1/dead-letters/orders.listing/1/replay', undefined, { key })).status, 403)
  })

  it('shows an order that is not paid, once it is past its mark or as old as is asked', async () => {
    const { data } = await stuck('?olderThanSeconds=0')
    assert.deepEqual(
      data.map(({ ref, number, status, reason, waitsFor }) => ({ ref, number, status, reason, waitsFor })),
      [{ ref: `order:${order.id}`, number: order.number, status: 'received', reason: 'unpaid', waitsFor: 'customer' }],
    )
    await plant(`update orders.orders set placed_at = placed_at - interval '2 hours' where id = $1`, [order.id])
    const [late] = (await stuck()).data
    assert.deepEqual([late?.reason, late?.orderId], ['unpaid', order.id])
    assert.ok((late?.ageSeconds ?? 0) >= 7_200)
    assert.deepEqual(await reasons('?olderThanSeconds=86400'), [])
  })

  it('shows an order whose reservation nobody ended', async () => {
    // The reaper takes what is due each second; here it is stopped, as if no process had one.
    await waybill.shop.reaper.stop()
    const forgotten = await place()
    await waybill.shop.settled()
    await plant(
      `update orders.orders set expires_at = now() - interval '5 minutes', updated_at = now() - interval '5 minutes',
         progress = (progress::jsonb || jsonb_build_object('expiresAt', to_char((now() - interval '5 minutes') at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))::json
        where id = $1`,
      [forgotten.id],
    )
    const row = (await stuck()).data.find(({ orderId }) => orderId === forgotten.id)
    assert.deepEqual([row?.reason, row?.waitsFor], ['expiry_overdue', 'system'])
    await plant('delete from orders.listing where id = $1', [forgotten.id])
    await plant('delete from orders.orders where id = $1', [forgotten.id])
  })

  it('shows a dead letter with its order, and replays it', async () => {
    await plant(
      `insert into platform.parked (consumer, position, key, reason, due_at, attempts, dead)
       select 'orders.listing', position, stream::text, 'failed: planted', now(), 8, true from platform.journal where stream = $1 and version = 1`,
      [order.id],
    )
    const [letter] = (await stuck()).data
    assert.deepEqual(
      [letter?.reason, letter?.orderId, letter?.number, letter?.waitsFor],
      ['dead_letter', order.id, order.number, 'system'],
    )
    assert.match(letter?.detail ?? '', /orders\.listing gave up on OrderPlaced: failed: planted/)
    const [, consumer, position] = letter?.ref.split(':') ?? []
    const replayed = await waybill.ask('POST', `/v1/dead-letters/${consumer}/${position}/replay`)
    assert.equal(replayed.status, 202, JSON.stringify(replayed.body))
    assert.equal(
      (await reasons()).some(([reason]) => reason === 'dead_letter'),
      false,
    )
    await eventually(waybill, 'the letter to be handled', async () =>
      (await plant('select 1 from platform.parked', [])).length === 0 ? true : undefined,
    )
    assert.equal((await waybill.ask('POST', `/v1/dead-letters/${consumer}/${position}/replay`)).status, 404)
  })

  it('shows a dead task with its order, and tries it again', async () => {
    const [payment] = await waybill.shop.database.read<{ id: string }>('select id from payments.payments where order_id = $1', [
      order.id,
    ])
    const task = crypto.randomUUID()
    await plant(
      `insert into platform.tasks (id, kind, key, due_at, attempt, dead, last_error, body, created_at)
       values ($1, 'payment.nothing_handles_this', $2, now(), 12, true, 'the provider is away', '{}', now() - interval '1 hour')`,
      [task, payment?.id],
    )
    const row = (await stuck()).data.find(({ ref }) => ref === `dead_task:${task}`)
    assert.deepEqual([row?.reason, row?.orderId, row?.waitsFor], ['dead_task', order.id, 'payment'])
    assert.equal(row?.detail, 'payment.nothing_handles_this was given up after 12 tries: the provider is away')
    assert.equal((await waybill.ask('POST', `/v1/dead-tasks/${task}/retry`)).status, 202)
    assert.deepEqual(await plant('select dead, attempt from platform.tasks where id = $1', [task]), [{ dead: false, attempt: 0 }])
    await plant('delete from platform.tasks where id = $1', [task])
    assert.equal((await waybill.ask('POST', `/v1/dead-tasks/${task}/retry`)).status, 404)
  })

  it('shows money whose whereabouts are unknown or that could not go back, and messages that did not arrive', async () => {
    const set = (state: object) =>
      plant('update payments.payments set trouble = true, state = (state::jsonb || $2::jsonb)::json where order_id = $1', [
        order.id,
        JSON.stringify(state),
      ])
    const failed = { id: 'r1', amount: 5, step: 'failed', owed: false }
    await set({ unknown: 'capture' })
    assert.ok((await reasons()).some(([reason, about]) => reason === 'payment_unknown' && about === order.id))
    await set({ unknown: null, refunds: [failed] })
    assert.ok((await reasons()).some(([reason, about]) => reason === 'refund_failed' && about === order.id))
    await set({ refunds: [failed, { ...failed, id: 'r2', step: 'done' }], captures: [{ id: 'c', amount: 5, step: 'failed' }] })
    assert.deepEqual(
      (await reasons()).filter(([reason]) => reason?.includes('failed')),
      [['capture_failed', order.id]],
    )
    await set({ captures: [], refunds: [] })
    await plant(
      `insert into notifications.notifications (id, order_id, kind, channel, subject, status, last_error, person, facts, created_at)
       values ($1, $2, 'paid', 'email', 'x', 'FAILED', 'no such mailbox', $1, '{}', now())`,
      [crypto.randomUUID(), order.id],
    )
    const row = (await stuck()).data.find(({ reason }) => reason === 'notification_failed')
    assert.equal(row?.detail, 'paid by email: no such mailbox')
  })

  it('goes page by page: every row once', async () => {
    const more = [await place(), await place()]
    await waybill.shop.settled()
    const seen: string[] = []
    let next: string | null = null
    for (let pages = 0; pages < 20; pages++) {
      const page: Page = await stuck(`?olderThanSeconds=0&limit=1${next === null ? '' : `&after=${next}`}`)
      seen.push(...page.data.map(({ ref }) => ref))
      next = page.page.next
      if (next === null) break
    }
    assert.equal(next, null)
    assert.deepEqual(seen.toSorted(), [...new Set(seen)].toSorted())
    for (const { id } of [order, ...more]) assert.ok(seen.includes(`order:${id}`))
    assert.ok(seen.some((ref) => ref.startsWith('notification:')))
    assert.equal((await waybill.ask('GET', '/v1/stuck?after=made-up')).status, 400)
  })
})
