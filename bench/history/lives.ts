/**
 * A few orders that the product itself takes from placing to their end, each in its own way: what a long history is
 * copied from. Four in five are delivered, as in a shop.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { isRefusal } from '../../src/kernel/decider.ts'
import type { OrderId, PersonRef, Place } from '../../src/kernel/ids.ts'
import { letExpire, payAll, type Placed, until, type Watch, workOff } from '../../src/cli/demo-play.ts'
import { intakeOrder } from '../../src/orders/intake-service.ts'
import { newId } from '../../src/platform/ids.ts'
import type { OrderAsked } from '../../src/orders/service.ts'
import type { Shop } from '../../src/shop.ts'

export const livesCount = 40
const origin = { actor: 'owner:bench' }
const watch: Watch = { stage: () => undefined, step: () => undefined }

type Kind = 'delivered' | 'onAccount' | 'noted' | 'part' | 'cancelled' | 'refunded' | 'returned' | 'declined' | 'expired'
/** By position; whoever is not named is delivered without ado. */
const kinds: Readonly<Record<number, Kind>> = {
  3: 'onAccount',
  7: 'noted',
  11: 'part',
  14: 'cancelled',
  17: 'onAccount',
  19: 'refunded',
  23: 'returned',
  27: 'noted',
  29: 'cancelled',
  31: 'returned',
  34: 'declined',
  37: 'expired',
}
const kindOf = (index: number): Kind => kinds[index] ?? 'delivered'
/** Lines of each order, in turn: two in the middle, now and then a large basket. */
const linesInTurn = [1, 2, 2, 3, 1, 4, 2, 6, 2, 1, 3, 2, 12] as const
/** Each order has products of its own, so that one order's rows never name another's. */
const productsEach = 12
/** Long enough to be placed, short enough to be waited for. */
const impatientSeconds = 1

/** How an order's customer is called: copies put other names in its place. */
export const customerOf = (index: number): Readonly<{ user: string; email: string; name: string; externalRef: string }> => {
  const number = `c${String(index).padStart(5, '0')}`
  return { user: `user-${number}`, email: `mail-${number}@example.com`, name: `Customer ${number}`, externalRef: `ref-${number}` }
}
/** Half of the orders come from people with an account, every fourth names itself in the caller's own books. */
const hasAccount = (index: number): boolean => index % 2 === 0
const hasExternalRef = (index: number): boolean => index % 4 === 1

type Lived = Placed & Readonly<{ kind: Kind }>

/** The shop must be started. @returns the orders, all at their end, in the order in which they were placed. */
export const liveOrders = async (shop: Shop): Promise<readonly OrderId[]> => {
  const lived: Lived[] = []
  for (let index = 0; index < livesCount; index++) lived.push(await placeOne(shop, index))
  const byKind = (...of: readonly Kind[]): Lived[] => lived.filter(({ kind }) => of.includes(kind))
  for (const { id } of byKind('cancelled')) await cancel(shop, id)
  for (const { id } of byKind('noted')) await note(shop, id)
  await payAll(
    shop,
    lived.filter(({ kind }) => kind !== 'cancelled' && kind !== 'onAccount'),
    watch,
  )
  for (const { id } of byKind('refunded')) await cancel(shop, id)
  for (const { id } of byKind('part')) await cancel(shop, id, [{ line: 0, quantity: 1 }])
  await letExpire(shop, byKind('expired'))
  await workOff(shop, lived, watch)
  for (const { id } of byKind('returned')) await takeBack(shop, id)
  await shop.settled()
  await allOver(shop, lived)
  return lived.map(({ id }) => id)
}

const placeOne = async (shop: Shop, index: number): Promise<Lived> => {
  const { user, email, name, externalRef } = customerOf(index)
  const kind = kindOf(index)
  const count = linesInTurn[index % linesInTurn.length] ?? 2
  const asked = await intakeOrder(shop.intake, {
    dialect: 'v1',
    channel: 'web',
    source: 'Web',
    user: hasAccount(index) ? user : undefined,
    customer: { email, name },
    address: { name, lines: ['1 High St'], city: 'Leeds', postalCode: 'LS1 4AP', country: 'GB' },
    lines: Array.from({ length: count }, (_, line) => ({
      sku: `S${1 + index * productsEach + line}`,
      quantity: 1 + ((index + line) % 3),
    })),
    promotionCodes: index % 3 === 0 ? ['BENCH'] : [],
    onShortage: 'refuse',
    shippingMethod: 'standard',
    terms: kind === 'onAccount' ? 'on_account' : 'prepaid',
    capture: index % 5 === 0 ? 'shipment' : 'placement',
    externalRef: hasExternalRef(index) ? externalRef : undefined,
    origin,
    key: { scope: 'bench:place-order', key: randomUUID(), hash: randomBytes(32).toString('base64url') },
  })
  if (isRefusal(asked)) throw new Error(`order ${index}: ${asked.detail}`)
  const outcome = await shop.placement.place(kind === 'expired' ? { ...asked, reservedSeconds: impatientSeconds } : asked)
  if (isRefusal(outcome)) throw new Error(`order ${index}: ${outcome.detail}`)
  const pays = kind === 'expired' ? 'never' : kind === 'declined' ? 'refuse' : 'pay'
  return { id: outcome.id, sample: nothing, pays, kind }
}
const nothing: Placed['sample'] = { externalRef: '', at: '' as Placed['sample']['at'], country: '', currency: 'GBP', lines: [] }

const handled = async (shop: Shop, asked: OrderAsked): Promise<void> => {
  const outcome = await shop.orders.handle(asked)
  if (isRefusal(outcome)) throw new Error(`order ${asked.id}: ${outcome.detail}`)
}

const cancel = (shop: Shop, id: OrderId, lines?: readonly Readonly<{ line: number; quantity: number }>[]): Promise<void> =>
  handled(shop, {
    id,
    command: { do: 'cancel', reason: 'customer_request', by: 'bench', refund: 'auto', ...(lines === undefined ? {} : { lines }) },
    origin,
  })

const note = (shop: Shop, id: OrderId): Promise<void> => {
  const ref = newId(shop.now()) as string as PersonRef
  return handled(shop, {
    id,
    command: { do: 'addNote', note: ref, by: 'bench' },
    origin,
    person: { ref, body: { note: 'Leave it with the neighbour.', by: 'bench' } },
  })
}

/** The first line comes back whole, to the shelf. */
const takeBack = async (shop: Shop, order: OrderId): Promise<void> => {
  const read = await shop.reads.one(order)
  const quantity = read?.order.progress.counters.delivered[0] ?? 0
  const place = read?.order.progress.plan[0]?.place ?? ('' as Place)
  const id = newId(shop.now())
  const steps = [
    { do: 'expect', lines: [{ line: 0, quantity }], reason: 'too_small' },
    { do: 'receive', place, lines: [{ line: 0, quantity, disposition: 'restock' }], refund: 'auto' },
  ] as const
  for (const step of steps) {
    const outcome = await shop.returns.service.handle({ id, order, step, origin })
    if (isRefusal(outcome)) throw new Error(`the return of order ${order}: ${outcome.detail}`)
  }
}

const allOver = (shop: Shop, lived: readonly Lived[]): Promise<void> =>
  until(shop, async () => {
    const facts = await shop.reads.facts(lived.map(({ id }) => id))
    return [...facts.values()].every(({ status }) => status === 'completed' || status === 'cancelled')
  })
