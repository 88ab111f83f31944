/** What warehouses and carriers do, beside the customer who changes his mind. */
import { isRefusal } from '../../../src/kernel/decider.ts'
import type { OrderId, Sku } from '../../../src/kernel/ids.ts'
import { newId } from '../../../src/platform/ids.ts'
import { type After, alsoInBatches, type Item, type Operation, refusedAs, type Setting } from '../items.ts'
import { cancel, cancelUnits, changeUnits, hearsOf, replan, reserve } from '../operations.ts'
import type { Pair } from '../pair.ts'
import { keyed, leeds, london, origin, type World } from '../world.ts'

const settled = async (world: World): Promise<undefined> => {
  await world.settle()
}
/** The order's work is done: its parcel stands at the door. */
const packed = async (world: World, items: readonly Item[]): Promise<readonly Item[]> => {
  await world.settle()
  const done = await Promise.all(items.map(({ order }) => world.shop(0).fulfilment.service.assembleAll(order, origin)))
  const refused = done.find((one) => isRefusal(one))
  if (refused !== undefined) throw new Error(`a case could not be packed: ${JSON.stringify(refused)}`)
  await world.settle()
  return items
}
const shipped = async (world: World, items: readonly Item[]): Promise<readonly Item[]> => {
  await packed(world, items)
  await Promise.all(items.map(({ order }) => world.shop(0).shipping.service.handOver(order, origin)))
  await world.settle()
  return items
}

type Work = Readonly<{ id: string; status: string }>
const workOf = async (world: World, order: OrderId): Promise<readonly Work[]> =>
  world.rows<Work>(`select id, state->>'status' as status from fulfilment.fulfilment_orders where order_id = $1 order by id`, [
    order,
  ])
/** All of it was called off, or none of its units was found. */
const isIdle = (work: readonly Work[]): boolean => work.every(({ status }) => status === 'cancelled' || status === 'short')

const fulfilling =
  (command: Readonly<{ do: 'pick' }> | Readonly<{ do: 'pack' }> | Readonly<{ do: 'short' }>): Operation =>
  async (world, process, { order }) => {
    const [work] = await workOf(world, order)
    if (work === undefined) throw new Error('the warehouse has no work')
    const { service } = world.shop(process).fulfilment
    if (command.do === 'pick') return service.handle({ id: work.id, command: { do: 'pick' }, origin })
    if (command.do === 'short')
      return service.handle({ id: work.id, command: { do: 'short', lines: [{ line: 0, quantity: 1 }], by: 'ann' }, origin })
    const parcel = newId(world.shop(process).now())
    return service.handle({ id: work.id, command: { do: 'pack', parcels: [{ parcel }] }, origin })
  }
const assemble: Operation = (world, process, { order }) => world.shop(process).fulfilment.service.assembleAll(order, origin)
/** Picked, packed and handed over by one request, before shipping has heard of the parcel. */
const shipAtOnce: Operation = async (world, process, item) => {
  const assembled = await world.shop(process).fulfilment.service.assembleAll(item.order, origin)
  if (isRefusal(assembled)) return assembled
  return world.shop(process).shipping.service.handOver(item.order, origin, assembled.packed)
}
/** The parcel goes, and stock, the warehouse and the order hear of it. */
const ship: Operation = async (world, process, item) => {
  const handed = await world.shop(process).shipping.service.handOver(item.order, origin)
  for (const room of ['inventory.moves', 'fulfilment.parcels', 'orders.parcels']) await hearsOf(room)(world, process, item)
  return handed
}

/** Cancelled, its units on the shelf again and nobody works for it. */
const isUndone = async ({ world, item, order, free }: After, stock: number): Promise<boolean> =>
  order?.progress.phase === 'cancelled' && free === stock && isIdle(await workOf(world, item.order))
const parcelsOf = async (world: World, { order }: Item): Promise<readonly string[]> => {
  const rows = await world.rows<{ status: string }>(`select state->>'status' as status from shipping.parcels where order_id = $1`, [
    order,
  ])
  return rows.map(({ status }) => status)
}

/** Either the carrier has it, and the customer was told that he comes too late, or nothing of it is left. */
const goneOrUndone = async (after: After): Promise<boolean> => {
  const parcels = await parcelsOf(after.world, after.item)
  if (refusedAs(after.answers[0], 'order_not_cancellable'))
    return after.order?.progress.phase !== 'cancelled' && after.free === 0 && parcels.every((status) => status === 'picked_up')
  return (await isUndone(after, 1)) && parcels.every((status) => status === 'cancelled')
}

const one = { stock: 1, order: { quantity: 1 } } as const satisfies Setting
const two = { stock: 2, order: { quantity: 2 } } as const satisfies Setting

const returning = async (world: World, items: readonly Item[]): Promise<readonly Item[]> => {
  await shipped(world, items)
  const { service } = world.shop(0).returns
  return Promise.all(
    items.map(async (item) => {
      const id = newId(world.shop(0).now())
      const lines = [{ line: 0, quantity: 1 }]
      const outcome = await service.handle({ id, order: item.order, step: { do: 'expect', lines, reason: 'broken' }, origin })
      if (isRefusal(outcome)) throw new Error(outcome.detail)
      return { ...item, extra: id }
    }),
  )
}
const comesBack =
  (key: string): Operation =>
  (world, process, { order, extra, sku }) =>
    world.shop(process).returns.service.handle({
      id: extra,
      order,
      step: { do: 'receive', place: leeds, lines: [{ line: 0, quantity: 1, disposition: 'restock' }], refund: 'auto' },
      origin,
      key: keyed(`${key} ${sku}`),
    })
const announces =
  (key: string): Operation =>
  (world, process, { order, sku }) =>
    world.shop(process).returns.service.handle({
      id: newId(world.shop(process).now()),
      order,
      step: { do: 'expect', lines: [{ line: 0, quantity: 1 }], reason: 'broken' },
      origin,
      key: keyed(`${key} ${sku}`),
    })

/** Units on their way from London to Leeds, asked for by nobody's order; the transfer's id is the item's `extra`. */
const travelling = async (world: World, items: readonly Item[]): Promise<readonly Item[]> => {
  const { service } = world.shop(0).fulfilment
  const sent = await Promise.all(
    items.map(async (item) => {
      const id = newId(world.shop(0).now())
      const lines = [{ line: 0, sku: item.sku as Sku, quantity: 1 }]
      await service.handleTransfer({ id, command: { do: 'request', from: london, to: leeds, lines }, origin })
      await service.handleTransfer({ id, command: { do: 'send' }, origin })
      return { ...item, extra: id }
    }),
  )
  await world.settle()
  return sent
}
const arrives: Operation = async (world, process, { extra }) => {
  const received = await world.shop(process).fulfilment.service.handleTransfer({ id: extra, command: { do: 'receive' }, origin })
  await world.deliver(process, 'inventory.moves', [extra])
  return received
}

export const warehousePairs: readonly Pair[] = [
  ...alsoInBatches('cancel/release to the warehouse', {
    setting: one,
    parties: [cancel, hearsOf('fulfilment.orders')],
    invariant: 'I8',
    lawful: (after) => isUndone(after, 1),
  }),
  ...alsoInBatches('cancel/pick', {
    setting: { ...one, before: settled },
    parties: [cancel, fulfilling({ do: 'pick' })],
    invariant: 'I8',
    lawful: (after) => isUndone(after, 1),
  }),
  ...alsoInBatches('cancel/assemble', {
    setting: { ...one, before: settled },
    parties: [cancel, assemble],
    invariant: 'I8',
    lawful: (after) => isUndone(after, 1),
  }),
  ...alsoInBatches('cancel/ship', {
    setting: { ...one, before: packed },
    parties: [cancel, ship],
    invariant: 'I8',
    lawful: goneOrUndone,
  }),
  ...alsoInBatches('cancel/ship at once', {
    setting: { ...one, before: settled },
    parties: [cancel, shipAtOnce],
    invariant: 'I8',
    lawful: goneOrUndone,
  }),
  ...alsoInBatches('change units/ship', {
    setting: { ...two, before: packed },
    parties: [changeUnits(1), ship],
    invariant: 'I8',
    lawful: ({ answers: [changed], order, free }) =>
      isRefusal(changed)
        ? order?.progress.counters.shipped[0] === 2 && free === 0
        : order?.progress.counters.shipped[0] === 0 && order.progress.counters.current[0] === 1 && free === 1,
  }),
  ...alsoInBatches('cancel units/pack', {
    setting: { ...two, before: settled },
    parties: [cancelUnits(1), assemble],
    invariant: 'I8',
    lawful: ({ order, free }) => order?.progress.counters.current[0] === 1 && free === 1,
  }),
  ...alsoInBatches('ship/ship', {
    setting: { ...one, before: packed },
    parties: [
      (world, process, { order }) => world.shop(process).shipping.service.handOver(order, origin),
      (world, process, { order }) => world.shop(process).shipping.service.handOver(order, origin),
    ],
    invariant: 'I4',
    lawful: async ({ world, item, order, free }) =>
      free === 0 && order?.progress.counters.shipped[0] === 1 && (await parcelsOf(world, item)).length === 1,
  }),
  ...alsoInBatches('short/cancel', {
    setting: { ...one, before: settled },
    parties: [
      async (world, process, item) => {
        const outcome = await fulfilling({ do: 'short' })(world, process, item)
        await hearsOf('orders.fulfilment')(world, process, item)
        return outcome
      },
      cancel,
    ],
    invariant: 'I8',
    lawful: async ({ order, world, item }) => order?.progress.phase === 'cancelled' && isIdle(await workOf(world, item.order)),
  }),
  ...alsoInBatches('return comes back/return comes back', {
    setting: { ...one, before: returning },
    parties: [comesBack('one'), comesBack('other')],
    invariant: 'I4',
    lawful: ({ answers, order, free }) =>
      free === 1 &&
      order?.progress.counters.returned[0] === 1 &&
      answers.filter((answer) => refusedAs(answer, 'return_not_open')).length === 1,
  }),
  ...alsoInBatches('return comes back/return comes back, one key', {
    setting: { ...one, before: returning },
    parties: [comesBack('one'), comesBack('one')],
    invariant: 'I2',
    lawful: ({ answers, order, free }) =>
      free === 1 && order?.progress.counters.returned[0] === 1 && answers.every((answer) => !isRefusal(answer)),
  }),
  ...alsoInBatches('announce return/announce return', {
    setting: { ...one, before: shipped },
    parties: [announces('one'), announces('other')],
    invariant: 'I4',
    lawful: ({ answers }) => answers.filter((answer) => refusedAs(answer, 'quantity_exceeds_returnable')).length === 1,
  }),
  ...alsoInBatches('announce return/announce return, one key', {
    setting: { ...one, before: shipped },
    parties: [announces('one'), announces('one')],
    invariant: 'I2',
    lawful: ({ answers: [first, second] }) =>
      !isRefusal(first) && !isRefusal(second) && (first as { id: string }).id === (second as { id: string }).id,
  }),
  ...alsoInBatches('transfer arrives/transfer arrives', {
    setting: { stock: 1, place: london, before: travelling },
    parties: [arrives, arrives],
    invariant: 'I4',
    lawful: ({ free }) => free === 1,
  }),
  ...alsoInBatches('transfer arrives/reserve', {
    setting: { stock: 1, place: london, before: travelling },
    parties: [arrives, reserve(1, { ifShort: 'cancelLine' })],
    invariant: 'I4',
    lawful: ({ answers: [received], free }) => !isRefusal(received) && (free === 0 || free === 1),
  }),
  ...alsoInBatches('replan/release to the warehouse', {
    setting: {
      stock: 1,
      place: london,
      order: { quantity: 1 },
      before: async (world, items) => {
        // By now it could leave from next door.
        await world.stock(items.map(({ sku }) => ({ sku, quantity: 1 })))
        return items
      },
    },
    parties: [replan, hearsOf('fulfilment.orders')],
    invariant: 'I8',
    lawful: async ({ world, item, order, free }) => {
      const work = (await workOf(world, item.order)).filter(({ status }) => status !== 'cancelled')
      return free === 1 && order?.progress.phase === 'open' && work.length === 1
    },
  }),
]
