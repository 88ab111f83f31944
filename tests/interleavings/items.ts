/**
 * Cases that are made of orders: each party does its operation to every item of its case in one turn of the event loop, so
 * that one item is a single command and several are one batch. The second party takes them the other way round: whoever
 * locks in the order of asking meets the other one halfway.
 */
import type { OrderId, Place } from '../../src/kernel/ids.ts'
import { isRefusal } from '../../src/kernel/decider.ts'
import type { Live } from '../../src/orders/order.ts'
import type { PlaceAnswer } from '../../src/orders/placement-service.ts'
import type { PlacedLine } from '../../src/orders/contract.ts'
import { wrong } from './answers.ts'
import type { Case, Pair, Wrong } from './pair.ts'
import type { Ran } from './schedule.ts'
import { leeds, ordering, units, type World } from './world.ts'

/** One product with its stock, and the order that has some of it already, where the pair is about an order. */
export type Item = Readonly<{ sku: string; order: OrderId; payment: string; extra: string }>
/** An operation as one process does it to one item. */
export type Operation = (world: World, process: number, item: Item) => Promise<unknown>

export type Setting = Readonly<{
  /** Units that are received before anything else. */
  stock: number
  place?: Place
  /** Placed on them beforehand, and heard of by all rooms if it is to be paid; none where absent. */
  order?: Readonly<{ quantity: number; reservedSeconds?: number; prepaid?: boolean; capture?: 'shipment'; unheard?: boolean }> &
    Partial<PlacedLine>
  /** What happens to all items before the race; it may say what `extra` is. */
  before?: (world: World, items: readonly Item[]) => Promise<readonly Item[] | undefined>
  /** Whether all processes have seen the levels; else each looks first. `empty`: as they were before units came. */
  learnt?: boolean | 'empty'
}>

/** What came of one item: what each party answered about it, and its order and free units as they are now. */
export type After = Readonly<{
  item: Item
  answers: readonly unknown[]
  order: Live | undefined
  free: number
  world: World
}>
export type Judged = Readonly<{
  setting: Setting
  parties: readonly Operation[]
  /** Whether this is a lawful end. */
  lawful: (after: After) => boolean | Promise<boolean>
  invariant: string
  /** Processes of the parties, where they are not 0, 1, 2. */
  processes?: readonly number[]
}>

export const raced = (name: string, judged: Judged, items = 1): Pair => ({
  name: items === 1 ? name : `${name}, batches of ${items}`,
  prepare: async (world, count) => {
    const made = await itemsOf(world, judged.setting, count * items)
    return Array.from({ length: count }, (_, index) => caseOf(world, judged, made.slice(index * items, (index + 1) * items)))
  },
})
/** The pair with one command a batch, and with two. */
export const alsoInBatches = (name: string, judged: Judged): readonly Pair[] => [raced(name, judged), raced(name, judged, 2)]

const itemsOf = async (world: World, setting: Setting, count: number): Promise<readonly Item[]> => {
  const { stock, place = leeds, order, before, learnt = true } = setting
  const skus = Array.from({ length: count }, () => world.fresh('thing'))
  if (learnt === 'empty') await world.learn(skus)
  if (stock > 0) await world.stock(skus.map((sku) => ({ sku, place, quantity: stock })))
  const orders = order === undefined ? [] : await Promise.all(skus.map((sku) => placed(world, sku, order)))
  if (order?.prepaid === true && order.unheard !== true) await world.settle()
  const payments = order?.prepaid === true ? await paymentsOf(world, orders) : new Map<string, string>()
  const items = skus.map((sku, index): Item => {
    const id = orders[index]
    return { sku, order: id ?? ('' as OrderId), payment: payments.get(id ?? '') ?? '', extra: '' }
  })
  const ready = (await before?.(world, items)) ?? items
  if (learnt === true) await world.learn(skus)
  return ready
}

const placed = async (world: World, sku: string, order: NonNullable<Setting['order']>): Promise<OrderId> => {
  const { quantity, reservedSeconds, prepaid, capture, unheard: _, ...more } = order
  const outcome = await world.shop(0).placement.place(
    ordering([units(sku, quantity, more)], {
      terms: prepaid === true ? 'prepaid' : 'outside',
      ...(reservedSeconds === undefined ? {} : { reservedSeconds }),
      ...(capture === undefined ? {} : { capture }),
    }),
  )
  if (isRefusal(outcome)) throw new Error(`the order of a case was refused: ${outcome.detail}`)
  return outcome.id
}

/** The first payment of each order. */
export const paymentsOf = async (world: World, orders: readonly string[]): Promise<Map<string, string>> => {
  const rows = await world.rows<{ id: string; order: string }>(
    'select id, order_id as "order" from payments.payments where order_id = any($1::uuid[]) order by id desc',
    [orders],
  )
  return new Map(rows.map(({ id, order }) => [order, id]))
}

const caseOf = (world: World, { parties, lawful, invariant, processes }: Judged, items: readonly Item[]): Case => ({
  skus: items.map(({ sku }) => sku),
  parties: parties.map((operation, party) => () => {
    const process = processes?.[party] ?? party
    const mine = party % 2 === 0 ? items : items.toReversed()
    return Promise.all(mine.map(async (item) => [item.sku, await operation(world, process, item)] as const))
  }),
  judge: async (ended) => [...threw(ended), ...(await judgeAll(world, items, ended, lawful, invariant))],
})

/** An operation of the product answers, whatever it is raced against. */
export const threw = (ended: Ran['ended']): readonly Wrong[] => ended.flatMap((one) => wrong('answer', 'answer' in one, one))

const judgeAll = async (
  world: World,
  items: readonly Item[],
  ended: Ran['ended'],
  lawful: Judged['lawful'],
  invariant: string,
): Promise<readonly Wrong[]> => {
  const answered = ended.map((one) => new Map('answer' in one ? (one.answer as readonly (readonly [string, unknown])[]) : []))
  const stored = await world.shop(0).orderStore.get(items.flatMap(({ order }) => (order === '' ? [] : [order])))
  const found: Wrong[] = []
  for (const item of items) {
    const state = stored.get(item.order)?.state
    const answers = answered.map((of) => of.get(item.sku))
    const free = await freeOf(world, item.sku)
    const order = state?.status === 'live' ? state : undefined
    const holds = await lawful({ item, answers, order, free, world })
    const shown = answers.map((answer) => (isRefusal(answer) ? answer.refused : shortly(answer)))
    found.push(
      ...wrong(invariant, holds, { item, answers: shown, phase: order?.progress.phase, money: order?.progress.money, free }),
    )
  }
  return found
}

const shortly = (answer: unknown): unknown => {
  if (typeof answer !== 'object' || answer === null) return answer
  if (answer instanceof Error) return answer.message
  return 'replayed' in answer ? { replayed: answer.replayed, ...('id' in answer ? { id: answer.id } : {}) } : 'done'
}

const freeOf = async (world: World, sku: string): Promise<number> => {
  const [row] = await world.rows<{ free: number | null }>(
    'select sum(on_hand - reserved)::int as free from inventory.levels where sku = $1',
    [sku],
  )
  return row?.free ?? 0
}

export const isPlaced = (answer: unknown): answer is PlaceAnswer =>
  typeof answer === 'object' && answer !== null && 'order' in answer && !isRefusal(answer)
export const refusedAs = (answer: unknown, ...reasons: readonly string[]): boolean =>
  isRefusal(answer) && reasons.includes(answer.refused)
