/** Messages, from an order's events in the journal to the outbox, on PostgreSQL. */
import assert from 'node:assert/strict'
import { after, before, describe, it, mock } from 'node:test'
import type { FastifyInstance } from 'fastify'
import type { Instant, OrderId, PersonRef } from '../../src/kernel/ids.ts'
import { outboxMail } from '../../src/notifications/adapters/outbox-store.ts'
import { type Mail, type MailPort, Undeliverable } from '../../src/notifications/adapters/ports.ts'
import type { NotificationView } from '../../src/notifications/contract.ts'
import { createNotifications, type Notifications, notificationsInPostgres } from '../../src/notifications/notifications.ts'
import type { OrderEventOf } from '../../src/orders/contract.ts'
import { JournalReader } from '../../src/platform/bus/journal.ts'
import { newId } from '../../src/platform/ids.ts'
import { silentLog } from '../../src/platform/log.ts'
import type { Database } from '../../src/platform/postgres/database.ts'
import { PostgresRecords } from '../../src/platform/records/postgres.ts'
import type { Person } from '../../src/platform/records/records.ts'
import { following } from '../../src/shop-wiring.ts'
import { appendOrder, asOwner, became, both, databaseWith, edgeOf, type Moment, parcel, placed, reserved } from './insight-story.ts'

const at = '2026-05-04T09:00:00.000Z'
const zoe = { name: 'Zoë Żółć', email: 'zoe@example.com', phone: '+44 7700 900123' }

let database: Database
let close: () => Promise<void>
let records: PostgresRecords
let room: Notifications
let consumers: ReturnType<typeof following>['consumers']
let tasks: ReturnType<typeof following>['tasks']
let edge: FastifyInstance

/** A mail server of the test's own: it answers what it is told to, and remembers what it was asked. */
const asked: Mail[] = []
let answer: (mail: Mail) => Error | undefined = () => undefined
/** The outbox by itself, or with the test's server before it. */
const guarded = (mail: MailPort): MailPort => ({
  send: async (sent) => {
    asked.push(sent)
    const fault = answer(sent)
    if (fault !== undefined) throw fault
    await mail.send(sent)
  },
  close: () => mail.close(),
})

before(async () => {
  ;({ database, close } = await databaseWith('notifications'))
  records = new PostgresRecords(database)
  room = createNotifications({
    batches: database,
    records,
    storage: notificationsInPostgres(database),
    now: () => database.nowEstimate(),
    shop: { name: 'The Shop' },
    orderUrl: (order) => `https://shop.example/track/${order}`,
    committed: () => undefined,
    mail: guarded(outboxMail(database)),
  })
  const [journal, log, backlog] = [new JournalReader(database), silentLog, () => 0]
  ;({ consumers, tasks } = following({ database, journal, reactions: room.reactions, handlers: room.tasks, log, backlog }))
  await consumers.start()
  edge = await edgeOf([room.routes])
})
after(async () => {
  await edge.close()
  await consumers.stop()
  await room.close()
  await close()
})

const describePerson = async (body: Person): Promise<PersonRef> => {
  const ref = newId(at as Instant) as string as PersonRef
  await database.batch(async (work) => work.add(records.describe([{ ref, body }])))
  return ref
}
const order = async (
  person: Person | undefined,
  more: Partial<OrderEventOf<'OrderPlaced'>>,
  ...life: readonly Moment[]
): Promise<OrderId> => {
  const contact = person === undefined ? undefined : await describePerson(person)
  return appendOrder(database, placed(at, { ...(contact === undefined ? {} : { contact }), ...more }), life)
}
/** Everything that is due now, and what comes of it; a failed task waits for its next try. */
const settle = async (): Promise<void> => {
  await consumers.settle()
  while ((await tasks.round()) > 0);
}
const nextTry = (): Promise<unknown> =>
  database.read(`update platform.tasks set due_at = now() - interval '1 second' where not dead`)
const get = async <Answer>(url: string): Promise<Answer> => {
  const response = await edge.inject({ url, headers: asOwner })
  assert.equal(response.statusCode, 200, response.body)
  return response.json<Answer>()
}
const messagesOf = async (id: OrderId): Promise<NotificationView[]> =>
  (await get<{ data: NotificationView[] }>(`/v1/orders/${id}/notifications`)).data.toReversed()
const kindsOf = async (id: OrderId, channel = 'email'): Promise<string[]> =>
  (await messagesOf(id)).filter((row) => row.channel === channel).map(({ kind }) => kind)
type Entry = Readonly<{ id: string; channel: string; to: string; subject?: string; text: string; html?: string; status: string }>
const outbox = async (): Promise<Entry[]> => (await get<{ data: Entry[] }>('/v1/notifications/outbox?limit=200')).data

describe('An order from placement to the door', () => {
  let id: OrderId
  before(async () => {
    id = await order(
      zoe,
      { user: 'user-1' },
      [0, reserved('2026-05-06', 2)],
      [60, { type: 'OrderSecured' }],
      [60, became('paid')],
      [3_600, became('ready')],
      [7_000, parcel('p1', 'label_created', both)],
      [7_200, parcel('p1', 'picked_up', both)],
      [7_200, became('in_transit')],
      [9_000, parcel('p1', 'in_transit', both)],
      [80_000, parcel('p1', 'out_for_delivery', both)],
      [86_000, { ...(parcel('p1', 'failed_attempt', both) as OrderEventOf<'ParcelProgressed'>), attempts: 1 }],
      [160_000, { ...(parcel('p1', 'out_for_delivery', both) as OrderEventOf<'ParcelProgressed'>), attempts: 1 }],
      [170_000, parcel('p1', 'delivered', both)],
      [170_000, became('completed')],
    )
    await settle()
  })

  const steps = ['placed', 'paid', 'ready', 'shipped', 'out_for_delivery', 'failed_attempt', 'out_for_delivery', 'delivered']
  it('is told by mail and by text at every step, each once', async () => {
    assert.deepEqual(await kindsOf(id), steps)
    assert.deepEqual(await kindsOf(id, 'sms'), steps)
    assert.ok(
      (await messagesOf(id)).every(
        ({ status, attempts, sentAt, userId }) =>
          status === 'SENT' && attempts === 1 && sentAt !== undefined && userId === 'user-1',
      ),
    )
  })

  it('can be read in the outbox as it was sent', async () => {
    const mine = (await outbox()).toReversed()
    const mail = mine.find(({ channel }) => channel === 'email') ?? assert.fail('no mail')
    assert.equal(mail.to, 'Zoë Żółć <zoe@example.com>')
    assert.match(mail.subject ?? '', /^We have received your order \d+$/)
    assert.ok(mail.text.includes('2 × A mug') && mail.text.includes(`https://shop.example/track/${id}`))
    assert.ok(mail.html?.includes('"@type":"Order"'))
    assert.ok(mine.some(({ channel, to, status }) => channel === 'sms' && to === '+447700900123' && status === 'delivered'))
  })

  it('leaves no personal data but in the outbox and the book of texts', async () => {
    for (const table of ['notifications.orders', 'notifications.notifications', 'platform.tasks'])
      assert.deepEqual(await database.read(`select 1 from ${table} t where t::text ~ 'Zo|example|900123'`), [], table)
    const person = await database.read<{ person: PersonRef }>('select person from notifications.outbox limit 1')
    await room.forget(person.map(({ person }) => person))
    assert.deepEqual(await outbox(), [])
  })
})

describe('One message an event', () => {
  it('however often the events are read', async () => {
    const id = await order(zoe, {}, [0, { type: 'OrderCancelled', reason: 'customer_request', refund: 'auto' }])
    await settle()
    const before = asked.length
    const envelopes = (await new JournalReader(database).history(id)).filter(({ event }) =>
      room.reactions[0]?.on.includes(event.type),
    )
    await database.batch(async (work) => {
      await room.reactions[0]?.react(work, envelopes)
    })
    await settle()
    assert.equal(asked.length, before)
    assert.deepEqual(await kindsOf(id), ['placed', 'cancelled'])
  })

  it('also where its task runs twice', async () => {
    const id = await order(zoe, {})
    await settle()
    const [row] = await messagesOf(id)
    const task = { id: 'x', kind: 'notification.send', key: id, attempt: 1, dueAt: at as Instant, body: { notification: row?.id } }
    const before = asked.length
    assert.deepEqual(await room.tasks[0]?.run([task]), ['done'])
    assert.equal(asked.length, before)
  })
})

describe('What else may happen to an order', () => {
  const totals = { subtotal: 500, discount: 0, shipping: 0, tax: 0, total: 500 }
  it('is told in its own words', async () => {
    const id = await order(
      zoe,
      { terms: 'outside' },
      [0, reserved('2026-05-20', 1, 'backorder')],
      [0, { type: 'OrderSecured' }],
      [10, reserved('2026-05-25', 1)],
      [20, { type: 'BackorderFilled', fills: [] }],
      [30, { type: 'UnitsCancelled', reason: 'x', lines: [{ line: 0, quantity: 1 }], totals, refund: 'auto' }],
      [40, { type: 'MoneyRecorded', payment: 'p', step: 'refunded', amount: 500 }],
      [50, { type: 'UnitsReturned', return: 'r', lines: [{ line: 0, quantity: 1 }], refund: 500 }],
    )
    const failed = await order(zoe, {}, [0, { type: 'OrderCancelled', reason: 'payment_failed', refund: 'auto' }])
    const late = await order(zoe, {}, [0, { type: 'OrderExpired' }], [5, { type: 'ReopenRefused', payment: 'p', reason: 'sold' }])
    await settle()
    assert.deepEqual(await kindsOf(id), [
      'placed',
      'backordered',
      'delayed',
      'filled',
      'units_cancelled',
      'refunded',
      'return_received',
    ])
    assert.deepEqual(await kindsOf(failed), ['placed', 'payment_failed'])
    assert.deepEqual(await kindsOf(late), ['placed', 'expired', 'payment_returned'])
  })

  it('is told to the new address once it has changed', async () => {
    const contact = await describePerson({ email: 'new@example.com' })
    const destination = { country: 'GB', postalCode: 'M1', latitude: 53.5, longitude: -2.2 }
    const id = await order(zoe, {}, [5, { type: 'AddressChanged', contact, destination, by: 'x' }], [9, became('ready')])
    await settle()
    assert.deepEqual(await kindsOf(id), ['placed', 'ready'])
    // Both messages were due together, so either may have gone first.
    assert.deepEqual(new Set(asked.slice(-2).map(({ to }) => to.address)), new Set(['zoe@example.com', 'new@example.com']))
  })

  it('is not told where it is imported history, or where nobody can be reached', async () => {
    const imported = await order(zoe, { dialect: 'import' }, [0, became('ready')])
    const nobody = await order(undefined, {}, [0, became('ready')])
    const nameless = await order({ name: 'No Address' }, {})
    await settle()
    for (const id of [imported, nobody, nameless]) assert.deepEqual(await messagesOf(id), [])
  })

  it('is told on the channels its user wants', async () => {
    const url = '/v1/users/user-2/notification-channels'
    const response = await edge.inject({ method: 'PUT', url, headers: asOwner, payload: { sms: false } })
    assert.deepEqual(response.json(), { email: true, sms: false })
    const id = await order(zoe, { user: 'user-2' })
    await settle()
    assert.deepEqual([await kindsOf(id), await kindsOf(id, 'sms')], [['placed'], []])
  })
})

describe('A message that cannot be sent', () => {
  const retry = (id: string, key: string) =>
    edge.inject({ method: 'POST', url: `/v1/notifications/${id}/retry`, headers: { ...asOwner, 'idempotency-key': key } })
  const onlyMail = { email: 'zoe@example.com' }

  it('is tried again while that may help, under the same id', async () => {
    answer = () => new Error('greylisted, <zoe@example.com> come back later')
    const id = await order(onlyMail, {})
    await settle()
    const [waiting] = await messagesOf(id)
    assert.deepEqual([waiting?.status, waiting?.lastError], ['PENDING', 'greylisted, <(address)> come back later'])
    answer = () => undefined
    await nextTry()
    await settle()
    const [sent] = await messagesOf(id)
    assert.deepEqual([sent?.status, sent?.attempts, sent?.lastError], ['SENT', 2, undefined])
    assert.equal(asked.filter((mail) => mail.id === sent?.id).length, 2)
  })

  it('fails in the end, with the reason, and can be sent again by hand', async () => {
    answer = () => new Error('out of order')
    const id = await order(onlyMail, {})
    await settle()
    for (let attempt = 2; attempt <= 12; attempt += 1) {
      await nextTry()
      await settle()
    }
    const [failed] = await messagesOf(id)
    assert.ok(failed)
    assert.deepEqual([failed.status, failed.attempts, failed.lastError], ['FAILED', 12, 'out of order'])
    assert.deepEqual(await database.read('select 1 from platform.tasks where dead'), [])
    const { data } = await get<{ data: NotificationView[] }>('/v1/notifications?status=FAILED')
    assert.deepEqual(
      data.map(({ id }) => id),
      [failed.id],
    )

    answer = () => undefined
    const first = await retry(failed.id, 'key-1')
    assert.deepEqual([first.statusCode, first.json<NotificationView>().status], [200, 'PENDING'])
    const again = await retry(failed.id, 'key-1')
    assert.deepEqual([again.statusCode, again.headers['idempotent-replayed']], [200, 'true'])
    await settle()
    assert.equal((await messagesOf(id))[0]?.status, 'SENT')
    const refused = await retry(failed.id, 'key-2')
    assert.deepEqual([refused.statusCode, refused.json<{ code: string }>().code], [409, 'notification_not_failed'])
  })

  it('fails at once where no try can help', async () => {
    answer = () => new Undeliverable('no such mailbox')
    const id = await order(onlyMail, {})
    await settle()
    answer = () => undefined
    const [row] = await messagesOf(id)
    assert.deepEqual([row?.status, row?.attempts], ['FAILED', 1])
  })

  it('fails where its person was erased meanwhile', async () => {
    const contact = await describePerson(onlyMail)
    const id = await appendOrder(database, placed(at, { contact }))
    await consumers.settle()
    await database.read('delete from platform.people where ref = $1', [contact])
    await settle()
    assert.equal((await messagesOf(id))[0]?.lastError, 'the recipient was erased')
  })

  it('needs a key, and an id that exists, to be sent again', async () => {
    const unknown = newId(at as Instant)
    const keyless = await edge.inject({ method: 'POST', url: `/v1/notifications/${unknown}/retry`, headers: asOwner })
    assert.equal(keyless.statusCode, 400)
    assert.equal((await retry(unknown, 'key-3')).statusCode, 404)
  })
})

describe('A text to a phone', () => {
  const to = async (phone: string): Promise<NotificationView | undefined> => {
    const id = await order({ phone }, {})
    await settle()
    await nextTry()
    await settle()
    return (await messagesOf(id))[0]
  }
  it('fails where the number does not exist', async () => {
    const row = await to('+447700900000')
    assert.deepEqual([row?.status, row?.lastError], ['FAILED', 'the number does not exist'])
  })
  it('fails when the provider reports later that it did not arrive', async () => {
    const row = await to('+447700900001')
    assert.deepEqual([row?.status, row?.lastError], ['FAILED', 'undelivered'])
  })
  it('is tried again where the provider is busy', async () => {
    const row = await to('+447700900002')
    assert.deepEqual([row?.status, row?.attempts], ['SENT', 2])
  })
})

describe('Many messages at once', () => {
  const placedAtOnce = async (count: number): Promise<OrderId[]> => {
    const ids: OrderId[] = []
    for (let index = 0; index < count; index++) ids.push(await order({ email: `someone-${index}@example.com` }, {}))
    await consumers.settle()
    return ids
  }

  it('are sent with as many statements as one', async () => {
    // The reactions' loop asks for other things meanwhile.
    const isOurs = (name: unknown): boolean => typeof name === 'string' && /^(?:tasks|notification|people)_/.test(name)
    const statementsOf = async (count: number): Promise<readonly unknown[]> => {
      await placedAtOnce(count)
      const [reads, saves] = [mock.method(database, 'read'), mock.method(database, 'save')]
      assert.equal(await tasks.round(), count)
      mock.restoreAll()
      return [...reads.mock.calls.map(({ arguments: [, , name] }) => name).filter(isOurs), saves.mock.callCount()]
    }
    // In however many bundles the reaction wrote them; the one that is saved is the outbox.
    const each = ['tasks_claim', 'notification_due', 'people_by_ref', 'notification_finish', 'tasks_done', 1]
    assert.deepEqual([await statementsOf(1), await statementsOf(70)], [each, each])
  })

  it('are sent but for the one that cannot be', async () => {
    answer = ({ to }) => (to.address === 'someone-7@example.com' ? new Error('no such host') : undefined)
    const ids = await placedAtOnce(50)
    await tasks.round()
    answer = () => undefined
    const statuses = await Promise.all(ids.map(async (id) => (await messagesOf(id))[0]?.status))
    assert.deepEqual(
      statuses.map((status, index) => (status === 'SENT' ? undefined : `${index} ${status}`)).filter((bad) => bad !== undefined),
      ['7 PENDING'],
    )
    assert.deepEqual(await database.read('select key, attempt, last_error from platform.tasks where last_error is not null'), [
      { key: ids[7], attempt: 1, last_error: 'email: no such host' },
    ])
    await nextTry()
    await settle()
    assert.equal((await messagesOf(ids[7] ?? assert.fail()))[0]?.status, 'SENT')
  })
})

describe('The list of messages', () => {
  it('comes in pages, newest first, by status and by user', async () => {
    const url = '/v1/notifications?user=user-1&limit=3'
    type Page = { data: NotificationView[]; page: { next: string | null } }
    const ids: string[] = []
    for (let next: string | null = ''; next !== null; ) {
      const page: Page = await get<Page>(next === '' ? url : `${url}&after=${next}`)
      ids.push(...page.data.map(({ id }) => id))
      next = page.page.next
    }
    assert.equal(ids.length, 16)
    assert.deepEqual(ids, [...ids].sort().toReversed())
    assert.equal((await get<Page>('/v1/notifications?user=user-1&status=FAILED')).data.length, 0)
  })

  it('is refused to customers, and with a cursor of one’s own making', async () => {
    const customer = await edge.inject({ url: '/v1/notifications', headers: { authorization: 'Bearer customer' } })
    assert.equal(customer.statusCode, 403)
    assert.equal((await edge.inject({ url: '/v1/notifications?after=abc', headers: asOwner })).statusCode, 400)
  })
})
