/** Money beside what becomes of the order it pays for. */
import { isRefusal } from '../../../src/kernel/decider.ts'
import { captured, type Session } from '../../../src/payments/adapters/simulated-session.ts'
import { type After, alsoInBatches, isPlaced, type Item, type Judged, type Operation, raced, refusedAs } from '../items.ts'
import { cancel, cancelUnits, expire, hearsOf, pay, reserve, webhook } from '../operations.ts'
import type { Pair } from '../pair.ts'
import { keyed, origin, type World } from '../world.ts'

type Books = Readonly<{ captured: number; refunded: number; voided: number; atProvider: number; backFromProvider: number }>

/** What our money log and the provider's own books say of an order's payments; undefined where they differ. */
const booksOf = async (world: World, { order }: Item): Promise<Books | undefined> => {
  const [ours] = await world.rows<Omit<Books, 'atProvider' | 'backFromProvider'>>(
    `select coalesce(sum(amount) filter (where kind = 'capture'), 0)::int as captured, coalesce(sum(amount) filter (where kind = 'refund'), 0)::int as refunded,
        coalesce(sum(amount) filter (where kind = 'void'), 0)::int as voided from payments.money_log where order_id = $1`,
    [order],
  )
  const sessions = await world.rows<{ session: Session }>(
    'select session from payments.simulated_sessions where payment in (select id from payments.payments where order_id = $1)',
    [order],
  )
  const atProvider = sessions.reduce((sum, { session }) => sum + captured(session), 0)
  const backFromProvider = sessions.reduce(
    (sum, { session }) => sum + session.refunds.reduce((all, { amount }) => all + amount, 0),
    0,
  )
  const same = ours?.captured === atProvider && ours.refunded === backFromProvider
  return same ? { ...ours, atProvider, backFromProvider } : undefined
}

/** An order of one unit for 1.00 that is to be paid, and whose reservation is over. */
const unpaid = { quantity: 1, prepaid: true, reservedSeconds: 0 } as const
const price = 100
const paid = async (world: World, items: readonly Item[]): Promise<undefined> => {
  for (const item of items) await webhook(world, 0, item)
  await world.settle()
}

const isKept = async ({ world, item, order }: After): Promise<boolean> => {
  const books = await booksOf(world, item)
  return order?.progress.secured === true && order.progress.phase === 'open' && books?.captured === price && books.refunded === 0
}
/** Closed, and all the money that came is back. */
const isGivenBack = async ({ world, item, order }: After, ...phases: readonly string[]): Promise<boolean> => {
  const books = await booksOf(world, item)
  return phases.includes(order?.progress.phase ?? '') && books !== undefined && books.captured === books.refunded
}

const refund =
  (amount: number | undefined, key: string): Operation =>
  (world, process, { payment, sku }) =>
    world
      .shop(process)
      .payments.service.refund(
        payment,
        { reason: 'broken', ...(amount === undefined ? {} : { amount }) },
        { origin, key: keyed(`${key} ${sku}`) },
      )
const capture =
  (id: string): Operation =>
  (world, process, { payment }) =>
    world.shop(process).payments.service.handle({ id: payment, command: { do: 'requestCapture', capture: id }, origin })
const attempt =
  (key: string): Operation =>
  async (world, process, { order, sku }) => {
    const facts = (await world.shop(process).reads.facts([order])).get(order)
    if (facts === undefined) throw new Error('the order is not there')
    return world.shop(process).payments.service.attempt(facts, 'PAYPAL', { origin, key: keyed(`${key} ${sku}`) })
  }

/** Pages on which a buyer could pay for the order now. */
const openPayments = async (world: World, { order }: Item): Promise<number> => {
  const rows = await world.rows(`select 1 from payments.payments where order_id = $1 and (state->>'wanted')::int > 0`, [order])
  return rows.length
}

const once = async ({ world, item, order }: After): Promise<boolean> => {
  const books = await booksOf(world, item)
  return books?.captured === price && books.refunded === 0 && order?.progress.secured === true
}

const refunds = (
  amounts: readonly [number | undefined, number | undefined],
  keys: readonly [string, string],
  back: number,
): Judged => ({
  setting: { stock: 1, order: { quantity: 1, prepaid: true }, before: paid },
  parties: [refund(amounts[0], keys[0]), refund(amounts[1], keys[1])],
  invariant: 'I5',
  lawful: async ({ world, item, answers }) => {
    const refused = answers.filter((answer) => refusedAs(answer, 'refund_exceeds_captured', 'not_refundable')).length
    const books = await booksOf(world, item)
    return (
      books?.captured === price && books.refunded === back && (keys[0] === keys[1] || back === 80 ? refused === 0 : refused === 1)
    )
  },
})

export const moneyPairs: readonly Pair[] = [
  ...alsoInBatches('pay/expire', {
    setting: { stock: 1, order: unpaid },
    parties: [pay, expire],
    invariant: 'I11',
    lawful: isKept,
  }),
  raced('pay/expire/reserve', {
    setting: { stock: 1, order: unpaid },
    parties: [pay, expire, reserve(1)],
    invariant: 'I11',
    lawful: async (after) => {
      const { answers, free } = after
      if (free !== 0) return false
      return isPlaced(answers[2])
        ? isGivenBack(after, 'expired', 'cancelled')
        : refusedAs(answers[2], 'insufficient_stock') && isKept(after)
    },
  }),
  ...alsoInBatches('pay/cancel', {
    setting: { stock: 1, order: { quantity: 1, prepaid: true } },
    parties: [pay, cancel],
    invariant: 'I5',
    lawful: async (after) => after.free === 1 && isGivenBack(after, 'cancelled'),
  }),
  ...alsoInBatches('expire/cancel', {
    setting: { stock: 1, order: unpaid },
    parties: [expire, cancel],
    invariant: 'I11',
    lawful: ({ order, free }) => free === 1 && (order?.progress.phase === 'expired' || order?.progress.phase === 'cancelled'),
  }),
  ...alsoInBatches('expire/expire', {
    setting: { stock: 1, order: unpaid },
    parties: [expire, expire],
    invariant: 'I11',
    lawful: ({ order, free }) => free === 1 && order?.progress.phase === 'expired',
  }),
  ...alsoInBatches('one webhook/one webhook', {
    setting: { stock: 1, order: { quantity: 1, prepaid: true } },
    parties: [webhook, webhook],
    invariant: 'I6',
    lawful: once,
  }),
  ...alsoInBatches('pay/pay', {
    setting: { stock: 1, order: { quantity: 1, prepaid: true } },
    parties: [pay, pay],
    invariant: 'I6',
    lawful: once,
  }),
  ...alsoInBatches('pay/cancel units', {
    setting: { stock: 2, order: { quantity: 2, prepaid: true } },
    parties: [pay, cancelUnits(1)],
    invariant: 'I5',
    lawful: async ({ world, item, order, free }) => {
      const books = await booksOf(world, item)
      return free === 1 && order?.progress.secured === true && books !== undefined && books.captured - books.refunded === price
    },
  }),
  ...alsoInBatches('capture/capture', {
    setting: { stock: 1, order: { quantity: 1, prepaid: true, capture: 'shipment' }, before: paid },
    parties: [capture('first'), capture('second')],
    invariant: 'I6',
    lawful: async (after) => after.answers.filter(isRefusal).length === 1 && (await once(after)),
  }),
  ...alsoInBatches('capture/cancel', {
    setting: { stock: 1, order: { quantity: 1, prepaid: true, capture: 'shipment' }, before: paid },
    parties: [
      capture('first'),
      async (world, process, item) => {
        const cancelled = await cancel(world, process, item)
        await hearsOf('payments.orders')(world, process, item)
        return cancelled
      },
    ],
    invariant: 'I5',
    lawful: async (after) => after.free === 1 && (await isGivenBack(after, 'cancelled')),
  }),
  raced('refund/refund', refunds([undefined, undefined], ['one', 'other'], price)),
  raced('refund/refund, more than there is', refunds([60, 60], ['one', 'other'], 60)),
  raced('refund/refund, of a part', refunds([40, 40], ['one', 'other'], 80)),
  raced('refund/refund, one key', refunds([60, 60], ['one', 'one'], 60)),
  raced('refund/cancel', {
    setting: { stock: 1, order: { quantity: 1, prepaid: true }, before: paid },
    parties: [
      refund(60, 'one'),
      async (world, process, item) => {
        const cancelled = await cancel(world, process, item)
        await hearsOf('payments.orders')(world, process, item)
        return cancelled
      },
    ],
    invariant: 'I5',
    lawful: async (after) => after.free === 1 && (await isGivenBack(after, 'cancelled')),
  }),
  raced('pay/attempt', {
    setting: { stock: 1, order: { quantity: 1, prepaid: true } },
    parties: [pay, attempt('one')],
    invariant: 'I6',
    // Who pays on a page that was closed for another one gets his money back.
    lawful: async (after) => (await isKept(after)) || (!isRefusal(after.answers[1]) && (await isGivenBack(after, 'open'))),
  }),
  raced('attempt/first payment', {
    setting: { stock: 1, order: { quantity: 1, prepaid: true, unheard: true } },
    parties: [attempt('one'), hearsOf('payments.orders')],
    invariant: 'I6',
    lawful: async ({ world, item }) => (await openPayments(world, item)) === 1,
  }),
  raced('attempt/attempt', {
    setting: { stock: 1, order: { quantity: 1, prepaid: true } },
    parties: [attempt('one'), attempt('other')],
    invariant: 'I6',
    lawful: async ({ world, item, answers }) =>
      (await openPayments(world, item)) === 1 && answers.filter((answer) => refusedAs(answer, 'payment_open')).length === 1,
  }),
  raced('attempt/attempt, one key', {
    setting: { stock: 1, order: { quantity: 1, prepaid: true } },
    parties: [attempt('one'), attempt('one')],
    invariant: 'I2',
    lawful: ({ answers: [one, other] }) =>
      !isRefusal(one) && !isRefusal(other) && (one as { id: string }).id === (other as { id: string }).id,
  }),
]
