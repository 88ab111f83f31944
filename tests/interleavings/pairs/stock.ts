/** Reserving, and what gives or takes units beside it. */
import { type CartOwner, sameness } from '../../../src/carts/contract.ts'
import { cartIdOf } from '../../../src/carts/service-owner.ts'
import { isRefusal } from '../../../src/kernel/decider.ts'
import type { Sku } from '../../../src/kernel/ids.ts'
import type { PlaceOutcome } from '../../../src/orders/placement-service.ts'
import { all, answers, wrong } from '../answers.ts'
import { alsoInBatches, isPlaced, type Judged, type Operation, raced, refusedAs, threw } from '../items.ts'
import {
  adjust,
  adjustOnce,
  cancel,
  cancelUnits,
  cancelUnitsOnce,
  changeUnits,
  count,
  expire,
  receive,
  reserve,
  reserveWithKey,
} from '../operations.ts'
import type { Pair } from '../pair.ts'
import { ordering, origin, units } from '../world.ts'

/** Buyers and one unit too few. In one process both plan on the same memory, in two each has its own. */
const lastUnits = (name: string, processes: readonly number[], learnt: boolean, orders: number, more = {}): Pair => ({
  name: `reserve/reserve${name}`,
  prepare: async (world, count) => {
    const skus = Array.from({ length: count }, () => world.fresh('last'))
    const wanted = processes.length * orders
    await world.stock(skus.map((sku) => ({ sku, quantity: wanted - 1 })))
    if (learnt) await world.learn(skus)
    return skus.map((sku) => ({
      skus: [sku],
      parties: processes.map((process) => () => {
        const { placement } = world.shop(process)
        return all(orders, () => placement.place(ordering([units(sku, 1, more)])))
      }),
      judge: (ended) => {
        const outcomes = answers<readonly PlaceOutcome[]>(ended).flat()
        const sold = outcomes.filter((outcome) => !isRefusal(outcome) && outcome.order.progress.phase === 'open').length
        const lawful = outcomes.every((outcome) => !isRefusal(outcome) || outcome.refused === 'insufficient_stock')
        return [...threw(ended), ...wrong('I3', outcomes.length === wanted && sold === wanted - 1 && lawful, { sold, ended })]
      },
    }))
  },
})

const dropped = { ifShort: 'cancelLine' } as const
const isOpen = (answer: unknown): boolean => isPlaced(answer) && answer.order.progress.phase === 'open'

/** One unit, which an order holds that gives it back while another one asks for it. */
const givenBack = (
  give: Judged['parties'][number],
  phase: string,
  more: Partial<NonNullable<Judged['setting']['order']>>,
): Judged => ({
  setting: { stock: 1, order: { quantity: 1, ...more } },
  parties: [reserve(1), give],
  invariant: 'I3',
  lawful: ({ answers: [bought], order, free }) =>
    order?.progress.phase === phase &&
    (isPlaced(bought) || refusedAs(bought, 'insufficient_stock')) &&
    free === (isPlaced(bought) ? 0 : 1),
})

const sameKey = (bodies: readonly [string, string], setting: Judged['setting'] = { stock: 4 }): Judged => ({
  setting,
  parties: bodies.map((body) => reserveWithKey(2, body)),
  invariant: 'I2',
  lawful: ({ answers: [one, other], free }) => {
    if (free !== setting.stock - 2) return false
    if (bodies[0] !== bodies[1])
      return isPlaced(one)
        ? refusedAs(other, 'idempotency_key_reused')
        : isPlaced(other) && refusedAs(one, 'idempotency_key_reused')
    return isPlaced(one) && isPlaced(other) && one.id === other.id && one.replayed !== other.replayed
  },
})

const ownerOf = (sku: string): CartOwner => `user:${sku}` as CartOwner
const orderCart: Operation = async (world, process, { sku }) => {
  const cart = { cartId: cartIdOf(ownerOf(sku)), owner: ownerOf(sku), items: sameness([{ sku: sku as Sku, quantity: 1 }]) }
  return world.shop(process).placement.place({ ...ordering([units(sku, 1)]), cart })
}

export const stockPairs: readonly Pair[] = [
  lastUnits('', [0, 1], true, 1),
  lastUnits(', not learnt', [0, 1], false, 1),
  lastUnits(', one process', [0, 0], true, 1),
  lastUnits(', one process, batches of two', [0, 0], true, 2),
  lastUnits(', batches of two', [0, 1], true, 2),
  lastUnits(', not learnt, batches of two', [0, 1], false, 2),
  // What may be left out is decided under the lock where units are short.
  lastUnits(', or left out', [0, 1], true, 1, dropped),
  ...alsoInBatches('reserve/release', givenBack(cancel, 'cancelled', {})),
  ...alsoInBatches('reserve/expire', givenBack(expire, 'expired', { reservedSeconds: 0, prepaid: true })),
  raced('reserve/release, one process', { ...givenBack(cancel, 'cancelled', {}), processes: [0, 0] }),
  raced('reserve/expire, one process', {
    ...givenBack(expire, 'expired', { reservedSeconds: 0, prepaid: true }),
    processes: [0, 0],
  }),
  ...alsoInBatches('release/release', {
    setting: { stock: 2, order: { quantity: 2 } },
    parties: [cancelUnits(1), cancel],
    invariant: 'I4',
    lawful: ({ order, free }) => order?.progress.phase === 'cancelled' && free === 2,
  }),
  ...alsoInBatches('adjust/reserve', {
    setting: { stock: 2 },
    parties: [adjust(-1), reserve(2)],
    invariant: 'I3',
    lawful: ({ answers: [adjusted, bought], free }) =>
      isPlaced(bought)
        ? refusedAs(adjusted, 'quantity_reserved') && free === 0
        : refusedAs(bought, 'insufficient_stock') && !isRefusal(adjusted) && free === 1,
  }),
  raced('adjust/reserve, one process', {
    setting: { stock: 2 },
    parties: [reserve(2), adjust(-1)],
    processes: [0, 0],
    invariant: 'I3',
    lawful: ({ answers: [bought, adjusted], free }) => (isPlaced(bought) ? isRefusal(adjusted) && free === 0 : free === 1),
  }),
  ...alsoInBatches('count/reserve', {
    setting: { stock: 3 },
    parties: [count(2), reserve(2)],
    invariant: 'I3',
    lawful: ({ answers: [counted, bought], free }) => isPlaced(bought) && !isRefusal(counted) && free === 0,
  }),
  // Each says what it found: one of them is right afterwards, not what lies between.
  ...alsoInBatches('count/count', {
    setting: { stock: 3 },
    parties: [count(2), count(5)],
    invariant: 'I4',
    lawful: ({ free }) => free === 2 || free === 5,
  }),
  ...alsoInBatches('receive/receive', {
    setting: { stock: 1 },
    parties: [receive(2), receive(3)],
    invariant: 'I4',
    lawful: ({ free }) => free === 6,
  }),
  ...alsoInBatches('receive/receive, of a new product', {
    setting: { stock: 0 },
    parties: [receive(2), receive(3)],
    invariant: 'I4',
    lawful: ({ free }) => free === 5,
  }),
  ...alsoInBatches('receive/reserve', {
    setting: { stock: 1 },
    parties: [receive(1), reserve(2)],
    invariant: 'I3',
    lawful: ({ answers: [, bought], free }) =>
      isPlaced(bought) ? free === 0 : refusedAs(bought, 'insufficient_stock') && free === 2,
  }),
  ...alsoInBatches('receive/reserve, or left out', {
    setting: { stock: 0 },
    parties: [receive(1), reserve(1, dropped)],
    invariant: 'I3',
    lawful: ({ answers: [, bought], free }) => isPlaced(bought) && free === (isOpen(bought) ? 0 : 1),
  }),
  ...alsoInBatches('change units/reserve', {
    setting: { stock: 2, order: { quantity: 1 } },
    parties: [changeUnits(2), reserve(1)],
    invariant: 'I3',
    lawful: ({ answers: [changed, bought], free }) => free === 0 && isRefusal(changed) === isPlaced(bought),
  }),
  ...alsoInBatches('one key/one key', sameKey(['body', 'body'])),
  ...alsoInBatches('one key/one key, another body', sameKey(['body', 'other'])),
  // Both look short in memory, so both are decided under the lock, where one waits for the other.
  ...alsoInBatches('one key/one key, the last units', sameKey(['body', 'body'], { stock: 2, learnt: 'empty' })),
  ...alsoInBatches('one key/one key, the last units, another body', sameKey(['body', 'other'], { stock: 2, learnt: 'empty' })),
  ...alsoInBatches('cancel units/cancel units, one key', {
    setting: { stock: 3, order: { quantity: 3 } },
    parties: [cancelUnitsOnce(2), cancelUnitsOnce(2)],
    invariant: 'I2',
    lawful: ({ answers, order, free }) =>
      free === 2 && order?.progress.counters.current[0] === 1 && answers.every((answer) => !isRefusal(answer)),
  }),
  ...alsoInBatches('adjust/adjust, one key', {
    setting: { stock: 3, order: { quantity: 1 } },
    parties: [adjustOnce(-2), adjustOnce(-2)],
    invariant: 'I2',
    lawful: ({ answers, free }) => free === 0 && answers.every((answer) => !isRefusal(answer)),
  }),
  ...alsoInBatches('one cart/one cart', {
    setting: {
      stock: 2,
      before: async (world, items) => {
        const { catalog, carts } = world.shop(0)
        await catalog.save(
          items.map(({ sku }) => ({ sku: sku as Sku, name: sku, unitPrice: 100, currency: 'GBP', grams: 500 })),
          origin,
        )
        await Promise.all(items.map(({ sku }) => carts.add(ownerOf(sku), sku, 1)))
        return items
      },
    },
    parties: [orderCart, orderCart],
    invariant: 'I2',
    lawful: ({ answers, free }) =>
      free === 1 &&
      answers.filter(isPlaced).length === 1 &&
      answers.filter((answer) => refusedAs(answer, 'cart_empty')).length === 1,
  }),
]

/** Three at once: sampled beyond the fewest switches. */
export const stockTriples: readonly Pair[] = [
  lastUnits('/reserve', [0, 1, 2], true, 1),
  lastUnits('/reserve, not learnt', [0, 1, 2], false, 1),
  lastUnits('/reserve, one process of two', [0, 0, 1], true, 2),
  raced('reserve/release/expire', {
    setting: { stock: 1, order: { quantity: 1, reservedSeconds: 0, prepaid: true } },
    parties: [reserve(1), cancel, expire],
    invariant: 'I11',
    lawful: ({ answers: [bought], order, free }) =>
      free === (isPlaced(bought) ? 0 : 1) && (order?.progress.phase === 'cancelled' || order?.progress.phase === 'expired'),
  }),
  raced('receive/reserve/release', {
    setting: { stock: 1, order: { quantity: 1 } },
    parties: [receive(1), reserve(2), cancel],
    invariant: 'I3',
    lawful: ({ answers: [, bought], order, free }) =>
      order?.progress.phase === 'cancelled' &&
      (isPlaced(bought) ? free === 0 : refusedAs(bought, 'insufficient_stock') && free === 2),
  }),
  raced('adjust/reserve/release', {
    setting: { stock: 2, order: { quantity: 1 } },
    parties: [adjust(-1), reserve(1), cancel],
    invariant: 'I3',
    lawful: ({ answers: [adjusted, bought], free }) => free === 2 - (isRefusal(adjusted) ? 0 : 1) - (isPlaced(bought) ? 1 : 0),
  }),
]
