/** Those who wait for supply, and what becomes of it. */
import { isRefusal } from '../../../src/kernel/decider.ts'
import type { Day, Sku } from '../../../src/kernel/ids.ts'
import { alsoInBatches, type Item, isPlaced, refusedAs, type Setting } from '../items.ts'
import { adjust, cancel, changeSupply, receive, receiveSupply, reserve } from '../operations.ts'
import type { Pair } from '../pair.ts'
import { leeds, ordering, origin, units, type World } from '../world.ts'

/** Near enough for sourcing to wait for it. */
const someDay = new Date(Date.now() + 10 * 86_400_000).toISOString().slice(0, 10) as Day
const waits = { ifShort: 'backorder' } as const

/** Supply of one unit is announced; its id is the item's `extra`. */
const announced = async (world: World, items: readonly Item[]): Promise<readonly Item[]> =>
  Promise.all(
    items.map(async (item) => {
      const outcome = await world.shop(0).inventory.handle({
        command: { do: 'expect', sku: item.sku as Sku, place: leeds, day: someDay, quantity: 1, kind: 'purchase' },
        origin,
      })
      if (isRefusal(outcome)) throw new Error(outcome.detail)
      return { ...item, extra: outcome.supply?.id ?? '' }
    }),
  )
/** And an order waits for it. */
const awaited = async (world: World, items: readonly Item[]): Promise<readonly Item[]> => {
  const ready = await announced(world, items)
  return Promise.all(
    ready.map(async (item) => {
      const outcome = await world.shop(0).placement.place(ordering([units(item.sku, 1, waits)]))
      if (isRefusal(outcome)) throw new Error(outcome.detail)
      return { ...item, order: outcome.id }
    }),
  )
}
const supply: Setting = { stock: 0, before: announced }
const waiting: Setting = { stock: 0, before: awaited }

export const supplyPairs: readonly Pair[] = [
  ...alsoInBatches('receive/allocate', {
    setting: waiting,
    parties: [receive(1), reserve(1, { ifShort: 'cancelLine' })],
    invariant: 'I3',
    // Who waited comes first, whatever the order.
    lawful: ({ order, free }) => order?.progress.counters.reserved[0] === 1 && free === 0,
  }),
  ...alsoInBatches('receive supply/receive supply', {
    setting: waiting,
    parties: [receiveSupply(1), receiveSupply(1)],
    invariant: 'I4',
    lawful: ({ answers, order, free }) =>
      order?.progress.counters.reserved[0] === 1 &&
      free === 0 &&
      answers.filter((answer) => refusedAs(answer, 'supply_closed')).length === 1,
  }),
  ...alsoInBatches('receive supply/cancel', {
    setting: waiting,
    parties: [receiveSupply(1), cancel],
    invariant: 'I4',
    lawful: ({ order, free }) => order?.progress.phase === 'cancelled' && free === 1,
  }),
  ...alsoInBatches('receive/cancel', {
    setting: waiting,
    parties: [receive(1), cancel],
    invariant: 'I4',
    lawful: ({ order, free }) => order?.progress.phase === 'cancelled' && free === 1,
  }),
  ...alsoInBatches('backorder/backorder', {
    setting: supply,
    parties: [reserve(1, waits), reserve(1, waits)],
    invariant: 'I3',
    lawful: ({ answers }) => answers.some(isPlaced),
  }),
  ...alsoInBatches('backorder/receive supply', {
    setting: supply,
    parties: [reserve(1, waits), receiveSupply(1)],
    invariant: 'I3',
    lawful: ({ answers: [bought], free }) => isPlaced(bought) && free === 0,
  }),
  ...alsoInBatches('lose supply/cancel', {
    setting: waiting,
    parties: [changeSupply(0), cancel],
    invariant: 'I8',
    lawful: ({ order, free }) => order?.progress.phase === 'cancelled' && free === 0,
  }),
  ...alsoInBatches('lose supply/receive', {
    setting: waiting,
    parties: [changeSupply(0), receive(1)],
    invariant: 'I4',
    lawful: ({ order, free }) => order?.progress.counters.reserved[0] === 1 && free === 0,
  }),
  ...alsoInBatches('receive supply/adjust', {
    setting: { stock: 1, before: announced },
    parties: [receiveSupply(1), adjust(-1)],
    invariant: 'I4',
    lawful: ({ free }) => free === 1,
  }),
]
